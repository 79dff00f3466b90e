"""The DuckDB file itself: who may write it, what is known to be in it, what its errors mean."""
