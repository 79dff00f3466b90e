"""The page on which a person decides, over the store alone."""
