"""Texts to vectors, and the nearest among them: encoders, their engines, the index."""
