"""The rulebook: principles, rules and decided cases by which one response is better than another, in versions that can be cited."""
