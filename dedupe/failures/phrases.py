"""What went wrong, as a short phrase: "miscounts letters in a word", whoever said it of which model in which words.

The rules (``phrases.toml``) know common failures by the complainer's words or by the task that was set; what they do not know is
extracted: the clause with a word of failure, its verb in one form, without names, numbers, greetings, the first person and hedges. Where
nothing was said but the right answer ("It's 12."), the task says what went wrong. Pure: the same words give the same phrase.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from thresher.cues import Cue, any_of, fold
from thresher.names import Names

MAX_WORDS = 12
_ENOUGH = 3
_PROMPT_ENDS = 300
"""Characters at either end of a long prompt in which the task is looked for; between them stands what it is about."""

_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_LINK = re.compile(r"\b(?:https?://|www\.)\S{1,500}")
_QUOTED = re.compile('["\u201c\u201e\u00ab][^"\u201d\u00bb\n]{41,200}["\u201d\u201c\u00bb]')
_CLAUSE = re.compile(r"[.!?;:()\n]|\s-\s|,\s|\bbut\b|\bbecause\b|\bwhile\b")
_TIMES = re.compile(r"(\d)\s?[\u00d7x*]\s?(?=\d)")
_WORD = re.compile(r"[^\W\d_][\w'-]*")


@dataclass(frozen=True, slots=True)
class Phrase:
    """At most twelve words and one of ``categories()``. ``known``: it is one that the rules have by heart; else it was extracted."""

    text: str
    category: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class _Failure:
    phrase: Phrase
    claim: tuple[tuple[Cue, ...], ...]
    prompt: Cue

    def claimed(self, words: str) -> bool:
        """Whether one of the rows is found, with all its groups."""
        return any(all(group.search(words) for group in row) for row in self.claim)


@dataclass(frozen=True, slots=True)
class _Words:
    version: str
    categories: tuple[str, ...]
    failures: tuple[_Failure, ...]
    verbs: tuple[tuple[str, Cue], ...]
    dropped: frozenset[str]
    about: tuple[tuple[str, Cue], ...]


@lru_cache(maxsize=1)
def _words() -> _Words:
    lists: dict[str, Any] = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text("utf-8"))
    groups: dict[str, str] = lists["groups"]
    failures = tuple(
        _Failure(Phrase(f["phrase"], f["category"]), tuple(_row(row, groups) for row in f["claim"]), any_of(f.get("prompt", ())))
        for f in lists["failure"]
    )
    verbs = tuple((verb, any_of(forms.split("|"))) for verb, forms in lists["extract"]["verbs"])
    about = tuple((a["category"], _group(a["words"], groups)) for a in lists["about"])
    return _Words(lists["version"], tuple(lists["categories"]), failures, verbs, frozenset(lists["extract"]["dropped"].split()), about)


def _row(row: str, groups: dict[str, str]) -> tuple[Cue, ...]:
    return tuple(_group(group, groups) for group in row.split(" & "))


def _group(group: str, groups: dict[str, str]) -> Cue:
    if " " in group:
        return any_of([group])
    named = [groups[part[1:]] if part.startswith("$") else part for part in group.split("|")]
    return any_of([word.replace("_", " ") for part in named for word in part.split("|")])


def version() -> str:
    """Of the rules; another version may give another phrase."""
    return _words().version


def categories() -> tuple[str, ...]:
    """What a failure can be a failure of; the last is ``other``."""
    return _words().categories


def known_phrases() -> tuple[Phrase, ...]:
    """Every phrase that the rules have by heart, in their order."""
    return tuple(f.phrase for f in _words().failures)


def distil(words: str, prompt: str = "", names: Names | None = None, *, by_heart: bool = True) -> Phrase:
    """The phrase of a claim: ``words`` are the complainer's, ``prompt`` is what the model was asked, ``names`` are models' names to leave
    out. Without ``by_heart`` it is extracted, whatever failure the words make one think of."""
    claim, task = _plain(words, names), _task(prompt)
    for failure in _words().failures if by_heart else ():
        if failure.claimed(claim):
            return failure.phrase
    for failure in _words().failures if by_heart else ():
        if task and failure.prompt.search(task):
            return failure.phrase
    return _extracted(claim, _plain(task, names))


def _plain(text: str, names: Names | None) -> str:
    """Folded words without code, links, quotations, emphasis and names of models."""
    folded = fold(_LINK.sub(" ", _QUOTED.sub(" ", _CODE.sub(" ", text))))
    folded = folded.replace("*", "").replace("`", "").replace("#", " ")
    for named in reversed(names.find(folded) if names else []):
        folded = f"{folded[: named.start]} it {folded[named.end :]}"
    return " ".join(folded.split(" "))


def _task(prompt: str) -> str:
    """What was asked, folded: both ends of a long prompt, each its own sentence."""
    folded = _TIMES.sub(r"\1 multiplied by ", fold(prompt).strip()).replace("%", " percent ")
    return folded if len(folded) <= 2 * _PROMPT_ENDS else f"{folded[:_PROMPT_ENDS]}\n{folded[-_PROMPT_ENDS:]}"


def _extracted(claim: str, task: str) -> Phrase:
    """The clause that says most of what failed; where it says next to nothing, the task with it."""
    clauses = [c for c in _CLAUSE.split(claim) if c]
    failing = [c for c in clauses if any(forms.search(c) for _, forms in _words().verbs)]
    what = list(_content(max(failing or clauses or [""], key=lambda c: min(len(list(_content(c))), _ENOUGH))))
    if len(what) < _ENOUGH:
        what = ["gets", "wrong", *list(_content(task))] if task else what
    text = " ".join(what[:MAX_WORDS]) if len(what) > 1 else "gives a wrong answer"
    about = next((category for category, words in _words().about if words.search(text)), categories()[-1])
    return Phrase(text, about, known=False)


def _content(text: str) -> Iterator[str]:
    """The words that say what it is about, in their order."""
    for match in _WORD.finditer(text):
        word = match.group().strip("'-")
        if word and word not in _words().dropped:
            yield word
