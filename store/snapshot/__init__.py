"""Frozen sets of items: what may leave, and in which form."""
