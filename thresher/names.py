"""Names of models in folded text: families with their aliases, versions and variants, and the one name under which each is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from thresher.cues import NOTHING, fold

_VERSION = re.compile(r"(?P<gap>[ -]?)v?(?P<number>\d{1,2}(?:\.\d{1,2}|-\d(?!\d))?)(?P<letter>[ok](?!\w))?(?![\w%$]|\.\d)")
_SIZE = re.compile(r"[ -]?(\d{1,3}(?:\.\d)?b)(?!\w)")
_COUNTED = re.compile(
    r"\s+(?:times|x|questions?|prompts?|different|days?|hours?|minutes?|weeks?|months?|years?|more|or|and|to|of|simple|easy|things?|words?|numbers?)(?!\w)"
)
_JOINED = frozenset("_/.-")
_MAX_MENTIONS = 100
_END_OF_LATIN = 0x250


@dataclass(frozen=True, slots=True)
class Family:
    """One line of models: ``name`` as it is counted, ``joiner`` between name and version, variants such as ``sonnet``."""

    name: str
    aliases: tuple[str, ...]
    variants: tuple[str, ...] = ()
    joiner: str = " "
    variant_first_from: float = 100.0
    """From this version on the variant stands before it: Claude 3.5 Sonnet, but Claude Sonnet 4.5."""
    ambiguous: bool = False
    """The bare name is an animal or a poet more often than a model."""


@dataclass(frozen=True, slots=True)
class Named:
    """One mention: where it stands, and the canonical name."""

    start: int
    end: int
    name: str
    sure: bool = True
    """That a model is meant: the family is not ambiguous, or a version stands there."""


class Names:
    """All families. What it answers never changes after construction."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._by_alias = {fold(a): f for f in families for a in f.aliases}
        self._patterns: dict[str, re.Pattern[str]] = {}
        ordered = sorted(self._by_alias, key=lambda a: (-len(a), a))
        aliases = "|".join(re.escape(a) for a in ordered)
        self._ordered = tuple(ordered)
        self._needles = tuple(a for a in ordered if not any(o != a and o in a for o in ordered))
        variants = "|".join(re.escape(fold(v)) for v in sorted({v for f in families for v in f.variants}, key=lambda v: (-len(v), v)))
        self.source = rf"(?:{aliases})(?:[ -]?v?\d{{1,2}}(?:\.\d{{1,2}})?[ok]?)?" + (rf"(?:[ -](?:{variants}))?" if variants else "")
        """A regular expression for a mention, to be put inside others (``<model>``)."""

    def find(self, folded: str, limit: int = 50) -> list[Named]:
        """The mentions in the text, at most ``limit``, in order, not overlapping."""
        for needle in self._needles:
            if needle in folded:
                break
        else:
            return []
        places = [place for alias in self._ordered if alias in folded for place in _whole_words(folded, alias)]
        mentions: list[Named] = []
        for start, alias in sorted(places, key=lambda p: (p[0], -len(p[1]))):
            if len(mentions) >= limit:
                break
            if not mentions or start >= mentions[-1].end:
                mentions.append(self._extend(folded, start, alias))
        return mentions

    def canonical(self, label: str) -> str:
        """The canonical name in a short label, or the label itself where no family is known."""
        named = self.find(fold(label), limit=1)
        return named[0].name if named else label

    def _variant(self, family: Family) -> re.Pattern[str]:
        """A variant of the family behind its name, compiled when the family is first met."""
        if family.name not in self._patterns:
            words = "|".join(re.escape(fold(v)) for v in sorted(family.variants, key=lambda v: -len(v)))
            self._patterns[family.name] = re.compile(rf"[ -]?({words})(?!\w)" if words else NOTHING)
        return self._patterns[family.name]

    def _extend(self, folded: str, start: int, alias: str) -> Named:
        family = self._by_alias[alias]
        end = start + len(alias)
        version, variants = "", []
        for _ in range(4):
            if part := self._variant(family).match(folded, end):
                variants.append(part.group(1))
            elif part := _SIZE.match(folded, end):
                variants.append(part.group(1).upper())
            elif not version and (part := _VERSION.match(folded, end)) and not (part["gap"] == " " and _COUNTED.match(folded, part.end())):
                version = part["number"].replace("-", ".") + (part["letter"] or "")
            else:
                break
            end = part.end()
        extra = [v if v.isupper() else v.title() if family.joiner == " " else v for v in variants]
        if version and extra and float(version.rstrip("ok")) >= family.variant_first_from:
            return Named(start, end, " ".join([family.name, *extra, version]))
        name = family.name + (family.joiner + version if version else "")
        return Named(start, end, " ".join([name, *extra]), sure=not family.ambiguous or end > start + len(alias))


def _whole_words(folded: str, alias: str) -> Iterator[tuple[int, str]]:
    """Where an alias stands as a word of its own: not inside an address or a longer word; digits may follow it (``gpt4``). Scripts without
    spaces have no such borders."""
    start = folded.find(alias)
    for _ in range(_MAX_MENTIONS):
        if start < 0:
            return
        before, after = folded[start - 1 : start], folded[start + len(alias) : start + len(alias) + 1]
        emphasised = folded[max(0, start - 2) : start] == "__"
        if not alias.isascii() or (
            not (_latin(before) or before.isdigit() or (before in _JOINED and not emphasised)) and not (_latin(after) or after == "_")
        ):
            yield start, alias
        start = folded.find(alias, start + len(alias))


def _latin(character: str) -> bool:
    return character.isalpha() and ord(character) < _END_OF_LATIN
