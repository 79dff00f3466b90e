"""Multiple choice: which list holds the options, and which of them the solution names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.etree import _Element

from thresher.formats.cnxml.document import cnx, plain

_LIST, _ITEM = cnx("list"), cnx("item")
_LETTERS = re.compile(r"\(?([A-Za-z])\)?\.?(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)\(?([A-Za-z])\)?\.?)*")
_ONE = re.compile(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])")
_SETS = frozenset({"multiple-choice", "ap-test-prep", "review-questions", "check-understanding"})
_TASK = re.compile(
    r"(?:assume|calculate|choose|compare|compute|construct|create|derive|describe|design|determine|discuss|draw|estimate|evaluate"
    r"|explain|find|give|graph|how|identify|if|in|indicate|justify|label|list|make|now|outline|plot|predict|propose|prove|rank|select"
    r"|show|sketch|solve|state|suppose|use|using|verify|what|when|which|why|write|is|are|does|do)\b",
    re.IGNORECASE,
)
"""How the parts of a long problem begin, and options do not."""


@dataclass(frozen=True, slots=True)
class Options:
    """The list with the options and the indices of those that the solution names."""

    element: _Element
    items: tuple[_Element, ...]
    answers: tuple[int, ...]


def find_options(problem: _Element, solution: str, classes: frozenset[str]) -> Options | None:
    """The options of a multiple-choice problem, or None for any other.

    Sure where the solution is nothing but letters that name items of the last lettered list. Without a solution, only in a section of
    multiple-choice questions and only where no item reads like a task: a lettered list is more often the parts of one long problem.
    """
    lists = [el for el in problem.iter(_LIST) if (el.get("number-style") or "").endswith("alpha") and el.get("list-type") == "enumerated"]
    if not lists or "circled" in (lists[-1].get("class") or "").split():
        return None
    items = tuple(i for i in lists[-1] if i.tag == _ITEM)
    if len(items) < 2:
        return None
    if solution:
        indices = tuple(ord(c.lower()) - 97 for c in _ONE.findall(solution)) if _LETTERS.fullmatch(solution) else ()
        return Options(lists[-1], items, indices) if indices and all(i < len(items) for i in indices) else None
    if classes & _SETS and len(lists) == 1 and not any(_is_task(plain(i)) for i in items):
        return Options(lists[-1], items, ())
    return None


def _is_task(text: str) -> bool:
    return text.endswith("?") or bool(_TASK.match(text))
