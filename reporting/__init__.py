"""Pages that are made once and then only read: the report on a benchmark, and a site of its items and failures. Over the store alone."""
