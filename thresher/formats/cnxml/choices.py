"""Multiple choice: which list holds the options, and which of them the solution names.

Books write options as a lettered list, as items that bring their letter in their text, as a bare list, or as paragraphs one below the
other; solutions name one by its letter, its letter and words, its words alone, or in a sentence. A list of tasks is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml.etree import _Element

from thresher.formats.books.document import plain
from thresher.formats.cnxml.document import cnx

_LIST, _ITEM, _PARA, _LABEL = cnx("list"), cnx("item"), cnx("para"), cnx("label")
_LETTERS = re.compile(r"\(?([A-Za-z])\)?\.?(?:(?:\s*,\s*(?:and\s+)?|\s+(?:and|y|e|et|und|i)\s+|\s*&\s*)\(?([A-Za-z])\)?\.?)*")
_ONE = re.compile(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])")
_ONE_LETTER = re.compile(r"\(?[A-Za-z]\)?\.?|[\u24d0-\u24e9]")
_OWN_LETTER = re.compile(r"\s*[*_]{0,2}(?:(?:\(([A-Za-z])\)|([A-Za-z])[.):])[*_]{0,2}\s+|([\u24d0-\u24e9\u24b6-\u24cf])[*_]{0,2}\s*)")
_NAMED = re.compile(r"[*_]{0,2}(?:\(([A-Za-z])\)|([A-Za-z])(?:[.):;,]|\s*[-\u2013\u2014]))[*_]{0,2}\s+(.+)", re.DOTALL)
_SENTENCE = re.compile(
    r"[^.\n]{0,60}\b(?i:answer|correct|option|choice|respuesta|correcta|opci[oó]n|r[eé]ponse|bonne|antwort|richtig\w*|l[oö]sung|resposta"
    r"|op[cç][aã]o|alternativa|risposta|corretta|odpowied\w+|poprawn\w+|prawid[lł]ow\w+)\b[^.\n]{0,30}?[\s(:*_]"
    r"(?:(?<=\()(?P<a>[A-Ha-h])\)|(?P<b>[B-H])(?!\w)|(?P<c>[Aa-h])(?=[.,;:*_]|\Z))(?!\.\w).*",
    re.DOTALL,
)
"""A sentence that says which letter is right, in the languages whose exercises are read."""
_PARTS = re.compile(r"\(?a[.)]\s(?=.*?\(?b[.)]\s)", re.DOTALL)
"""How the answers to the parts of one problem begin."""
_SETS = frozenset({"multiple-choice", "ap-test-prep", "review-questions", "check-understanding"})
_TASK = re.compile(
    r"(?:assume|calculate|choose|compare|compute|construct|create|derive|describe|design|determine|discuss|draw|estimate|evaluate"
    r"|explain|find|give|graph|how|identify|if|in|indicate|justify|label|list|make|now|outline|plot|predict|propose|prove|rank|select"
    r"|show|sketch|solve|state|suppose|use|using|verify|what|when|which|why|write|is|are|does|do)\b",
    re.IGNORECASE,
)
"""How the parts of a long problem begin, and options do not."""
_LETTER_AND_SPACE = 8
"""Characters in which a letter, its marks and the word behind it show."""
_LONGEST = 600
"""Characters of a solution that names an option and explains it."""
_MOST = 12
"""Options; longer lists are something else."""


@dataclass(frozen=True, slots=True)
class Options:
    """The elements that hold the options (a list, or paragraphs), the options as text, and the indices of those that the solution names."""

    elements: tuple[_Element, ...]
    items: tuple[str, ...]
    answers: tuple[int, ...]


def find_options(problem: _Element, solution: str, classes: frozenset[str], text: Callable[[_Element], str]) -> Options | None:
    """The options of a multiple-choice problem, or None for any other; ``text`` renders an element.

    Sure where the solution names items of the last list. Without a solution, only in a section of multiple-choice questions and only where
    no item reads like a task: a lettered list is more often the parts of one long problem.
    """
    if len(solution) > _LONGEST or _PARTS.match(solution):
        return None
    lists = [el for el in problem.iter(_LIST) if any(i.tag == _ITEM for i in el)]
    # Circled letters number the parts of a problem, unless the book answers with one of them.
    if lists and "circled" in (lists[-1].get("class") or "").split() and not _ONE_LETTER.fullmatch(solution):
        return None
    options = [i for i in lists[-1] if i.tag == _ITEM] if lists else _paragraphs(problem)
    if not 2 <= len(options) <= _MOST:
        return None
    own = all(_letter_of(option) == n for n, option in enumerate(options))
    lettered = own or (bool(lists) and _has_letters(lists[-1]))
    if not solution and not (lettered and classes & _SETS and len(lists) <= 1):
        return None
    tasks = any(_is_task(plain(o)) for o in options)
    items = tuple(" ".join((_OWN_LETTER.sub("", f"{text(o)} ", count=1) if own else text(o)).split()) for o in options)
    answers = _answers(solution, items, lettered=lettered, tasks=tasks) if solution else ()
    if not all(items) or (tasks if not solution else not answers):
        return None
    return Options((lists[-1],) if lists else tuple(options), items, answers)


def _has_letters(el: _Element) -> bool:
    return el.get("list-type") == "enumerated" and (el.get("number-style") or "").endswith("alpha")


def _letter_of(item: _Element) -> int:
    """The place in the alphabet of the letter that an item begins with; -1 without one."""
    label = item.find(_LABEL)
    match = _OWN_LETTER.match(f"{plain(label)} " if label is not None else _beginning(item))
    return _place(match.group(1) or match.group(2) or match.group(3)) if match else -1


def _beginning(el: _Element) -> str:
    """The first words of an element."""
    text = ""
    for piece in el.itertext():
        text = f"{text}{piece!s}".lstrip()
        if len(text) > _LETTER_AND_SPACE:
            break
    return " ".join(text.split())


def _paragraphs(problem: _Element) -> list[_Element]:
    """Paragraphs at the end of a problem that begin with A, B, C in turn."""
    paras = [p for p in problem if p.tag == _PARA]
    start = next((i for i, p in enumerate(paras) if _letter_of(p) == 0), len(paras))
    tail = paras[start:]
    return tail if start and all(_letter_of(p) == n for n, p in enumerate(tail)) else []


def _place(letter: str) -> int:
    code = ord(letter)
    for first in (0x24D0, 0x24B6):
        if first <= code < first + 26:
            return code - first
    return ord(letter.lower()) - 97


def _answers(solution: str, items: Sequence[str], *, lettered: bool, tasks: bool) -> tuple[int, ...]:
    """The indices of the options that a solution names; none where it does something else."""
    if _LETTERS.fullmatch(solution):
        indices = tuple(dict.fromkeys(_place(c) for c in _ONE.findall(solution)))
        return indices if all(i < len(items) for i in indices) else ()
    folded = [_folded(i) for i in items]
    own = _folded(solution)
    if folded.count(own) == 1:
        return (folded.index(own),)
    if not lettered or tasks:
        return ()
    if (match := _NAMED.fullmatch(solution)) and (n := _place(match.group(1) or match.group(2))) < len(items):
        words = _folded(match.group(3))
        if words == folded[n] or (len(folded[n]) > 3 and words.startswith(f"{folded[n]} ")):
            return (n,)
        return ()
    if (match := _SENTENCE.fullmatch(solution)) and (n := _place(match["a"] or match["b"] or match["c"])) < len(items):
        return (n,)
    return ()


def _folded(text: str) -> str:
    """Words alone, as they are compared."""
    return " ".join(re.sub(r"[.,;:!*_\"'\u2018\u2019\u201c\u201d]+", " ", text).casefold().split())


def _is_task(text: str) -> bool:
    return text.endswith("?") or bool(_TASK.match(text))
