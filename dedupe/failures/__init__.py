"""Failure clusters: what a claim says in a short phrase, and which phrases mean one failure."""
