"""The parts of the door to the network; ``thresher.client`` puts them together."""
