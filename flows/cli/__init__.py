"""The ``thresher`` command: ``app`` puts it together, one module for each family of commands."""
