"""What every part of thresher shares: the nouns, the network door, the archive, the rules, the settings."""

__version__ = "0.1.0"
