"""The rulebook: principles, rules and decided cases by which one response is better than another, in versions that can be cited."""

from thresher.rulebook.model import Amendment, Case, Rule, Rulebook
from thresher.rulebook.reading import load

__all__ = ["Amendment", "Case", "Rule", "Rulebook", "load"]
