"""The parts of the door to the network; ``thresher.net.client`` puts them together."""
