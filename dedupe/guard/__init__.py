"""What keeps near misses apart: every difference between two texts that look alike, by its name."""
