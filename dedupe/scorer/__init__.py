"""How probable it is that two texts ask the same in other words: the learned part, and how it is trained."""
