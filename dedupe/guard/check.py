"""Whether two texts that look alike ask the same: every difference names itself.

No cosine can tell ``12 * 7`` from ``13 * 7``; this can. ``check`` first compares what stands around the prompts (kind, options, target).
Texts of which every difference is explained as format, spelling or a cut-off end are one text (``alignment``, ``cutoff``).
Of all others, those that share nearly all are apart; where many words differ it is a rewording, which only what counts in any wording
can still forbid, and for which the caller asks more. Pure: no model, no clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

from dedupe.guard import edges
from dedupe.guard.asking import mood
from dedupe.guard.cutoff import is_cut_from
from dedupe.guard.differences import Finding, compare_profiles, differ
from dedupe.guard.features import Profile, profile
from dedupe.guard.options import Choice, choice, meant, same_answer, same_options
from thresher.redaction.records import hides_something
from thresher.text import normalise

APART_KINDS = frozenset(("reply", "alternate", "review", "step", "transcript"))
"""Kinds that ask something of their own about a text; the other kinds may share one prompt."""

SHORT_TARGET = 60
"""Characters up to which a target is an answer, and not an explanation in somebody's own words."""


@dataclass(frozen=True, slots=True)
class Comparable:
    """What the dedupe sees of an item."""

    item_id: str
    prompt: str
    choices: tuple[str, ...] = ()
    target: str = ""
    kind: str = ""
    language: str = ""
    earlier: str = ""
    """The turns of a conversation before the last, as one text; ``prompt`` holds them too."""


@lru_cache(maxsize=16384)
def profile_of(text: str) -> Profile:
    """``features.profile``, remembered: an item is compared with many."""
    return profile(text)


def check(a: Comparable, b: Comparable) -> Finding:
    """Symmetric: ``check(a, b) == check(b, a)``. Texts that are not equal as they stand are compared without what stands around them."""
    finding = _check(a, b)
    if finding.match == "form":
        return finding
    bare = edges.without(a.prompt, b.prompt)
    if bare is None:
        return finding
    again = _check(replace(a, prompt=bare[0]), replace(b, prompt=bare[1]))
    return again if again.match == "form" else finding


def _check(a: Comparable, b: Comparable) -> Finding:
    if hides_something(a.prompt, a.target, *a.choices, b.prompt, b.target, *b.choices):
        return Finding("apart", "what a tag stands for")  # equal words would have given them one id
    here, there = choice(a.prompt, a.choices), choice(b.prompt, b.choices)
    reason = _frame(a, b, here, there)
    if reason:
        return Finding("apart", reason)
    first, second = profile_of(here.stem), profile_of(there.stem)
    if first.empty or second.empty:
        return Finding("apart", "empty text")
    # Numbers come before all else: the end of a cut-off text could hide that they differ.
    if differ(first.numbers, second.numbers) == "conflict":
        return Finding("apart", "numbers")
    if _is_cut(a, b):
        return Finding("form", "cut off")
    finding = _compare_stems(a, b, here, there)
    if finding.match == "form" and _folded(a.prompt) == _folded(b.prompt):
        return Finding("form", "equal but for case and white space")
    if finding.match == "reworded":
        reason = _forbids_rewording(a, b)
        return Finding("apart", reason) if reason else finding
    return finding


def _compare_stems(a: Comparable, b: Comparable, here: Choice, there: Choice) -> Finding:
    """What the texts without their options say, and where that finds a difference, the whole prompts."""
    finding = Finding("apart", "options")
    if same_options(here.options, there.options):
        finding = compare_profiles(profile_of(here.stem), profile_of(there.stem))
    # What looked like an option may be part of the question ("A. Lincoln"): then the whole prompts are equal where the stems are not.
    if finding.match != "form" and a.choices == b.choices and (here.stem, there.stem) != (a.prompt, b.prompt):
        whole = compare_profiles(profile_of(a.prompt), profile_of(b.prompt))
        return whole if whole.match == "form" else finding
    return finding


def _forbids_rewording(a: Comparable, b: Comparable) -> str:
    """Why two items are not one in other words, whatever their words say; ``""`` where nothing forbids it."""
    # A textbook asks the same in many ways on purpose: each of them is an exercise of its own.
    if a.kind == b.kind == "exercise":
        return "another exercise"
    if _folded(a.earlier) != _folded(b.earlier):
        return "earlier turns"
    # An answer lies near its question, and is no rewording of it.
    if {mood(item.prompt.removeprefix(item.earlier)) for item in (a, b)} == {"asks", "tells"}:
        return "a question and a statement"
    return ""


def _is_cut(a: Comparable, b: Comparable) -> bool:
    # Nearly all pairs begin otherwise, and looking for a cut is slow.
    if a.prompt[:3].casefold() != b.prompt[:3].casefold():
        return False
    return is_cut_from(a.prompt, b.prompt) or is_cut_from(b.prompt, a.prompt)


@lru_cache(maxsize=16384)
def _folded(text: str) -> str:
    return normalise(text)


def _frame(a: Comparable, b: Comparable, here: Choice, there: Choice) -> str:
    """What differs around the prompt."""
    if a.language and b.language and a.language != b.language:
        return "language"
    if a.kind != b.kind and (a.kind in APART_KINDS or b.kind in APART_KINDS):
        return "kind"
    if (a.choices or b.choices) and not same_options(here.options, there.options):
        return "options"
    if a.kind == b.kind == "preference":
        return "" if same_answer(a.target, b.target) else "target"
    return "target" if _targets_clash(meant(a.target, here.options), meant(b.target, there.options)) else ""


def _targets_clash(a: str, b: str) -> bool:
    """Short targets are answers and must be equal. Long ones explain, in words of their own: of their numbers most must be equal."""
    if not a or not b or same_answer(a, b):
        return False
    if max(len(a), len(b)) <= SHORT_TARGET:
        return True
    here, there = Counter(profile_of(a).numbers), Counter(profile_of(b).numbers)
    return bool(here and there) and 2 * (here & there).total() < max(here.total(), there.total())
