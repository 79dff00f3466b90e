"""Every answer as it came, in WARC files, and what the runs did with them, in order."""
