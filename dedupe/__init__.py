"""Which items say the same: vectors, nearest neighbours, and a guard that keeps near misses apart.

Importing this package loads no model, no torch and no OpenVINO; ``dedupe.vectors.engines.open_encoder`` does.
"""
