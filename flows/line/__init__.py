"""The line from pages to decided items, without Prefect: what the flows and the command both run."""
