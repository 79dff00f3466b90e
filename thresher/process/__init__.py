"""How an answer was reached, looked at by code: transcripts read into steps (``reading``), and what stands out in them (``notes``)."""
