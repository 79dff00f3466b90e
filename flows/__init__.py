"""The line as steps, the Prefect flows that order them, and the command."""
