"""What a source should bring, as its ``[expect]`` says, beside what it brought; and fields that it does not know.

A site that answers with nothing looks like one where nothing happened, and one that renames a field like one whose users stopped having
names. Both are seen here: in how many records came, and in how many of them say who, when and what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scrapers.settings import Expect, FillName
from store.pages import PageResult
from thresher.model import Battle, Exercise, Record

FILL_FROM = 100
"""With fewer records than this in a harvest, shares say nothing."""
FIELDS_SHOWN = 10
UNKNOWN = frozenset(("unknown_layout",))
"""Dead letters of rows that are whole, in a file whose kind nobody knows."""

FILLED: dict[FillName, Callable[[Record], bool]] = {
    "text": lambda record: bool(record.text.strip()),
    "title": lambda record: bool(record.title),
    "author": lambda record: record.author_key is not None,
    "created_at": lambda record: record.created_at is not None,
    "parent": lambda record: record.parent_id is not None,
    "language": lambda record: bool(record.language),
    "licence": lambda record: record.licence != "unknown",
    "solution": lambda record: isinstance(record.detail, Exercise) and bool(record.detail.solution.strip()),
    "vote": lambda record: isinstance(record.detail, Battle) and record.detail.vote != "none",
}


@dataclass
class Tally:
    """What a source brought in one harvest: records that are shown (not deleted ones, which have neither author nor text), how many of
    them are filled with what, and the fields that the source does not know."""

    names: tuple[FillName, ...] = ()
    """What is counted: what the source's ``[expect.fill]`` names."""
    shown: int = 0
    filled: Counter[FillName] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    """Dead letters by reason."""
    first_dead: dict[str, str] = field(default_factory=dict)
    """What the first of each reason said."""
    barren: Counter[str] = field(default_factory=Counter)
    """Pages that gave dead letters and nothing else, by the reason of the first one; without those of which each row is told (UNKNOWN)."""
    example: str = ""
    """What was wrong with one of them."""

    def add(self, result: PageResult) -> None:
        """Count one page."""
        shown = [record for record in result.records if record.status in {"live", "edited"}]
        self.shown += len(shown)
        for name in self.names:
            self.filled[name] += sum(map(FILLED[name], shown))
        self.unread.update(result.unread)
        for dead in result.dead:
            self.dead[dead.reason] += 1
            self.first_dead.setdefault(dead.reason, dead.detail)
        if result.dead and not result.records and result.dead[0].reason not in UNKNOWN:
            self.barren[result.dead[0].reason] += 1
            self.example = self.example or f"{result.page.url}: {result.dead[0].detail}"

    def share(self, name: FillName) -> float:
        """Of the records that are shown, those that are filled with it."""
        return self.filled[name] / self.shown if self.shown else 0.0

    def merge(self, other: Tally) -> None:
        """Add what another site of the source brought."""
        self.shown += other.shown
        self.filled.update(other.filled)
        self.unread.update(other.unread)
        self.dead.update(other.dead)
        self.first_dead = {**other.first_dead, **self.first_dead}
        self.barren.update(other.barren)
        self.example = self.example or other.example

    def notes(self) -> list[str]:
        """What the user should know and nobody did wrong."""
        if not self.unread:
            return []
        names = ", ".join(f"{name} ({count})" for name, count in self.unread.most_common(FIELDS_SHOWN))
        more = ", ..." if len(self.unread) > FIELDS_SHOWN else ""
        fields = "1 field" if len(self.unread) == 1 else f"{len(self.unread)} fields"
        return [f"{fields} not seen before: {names}{more}; use them in the source, or add them to its ignored ones"]


def violations(expect: Expect, tally: Tally, *, records: int, first: bool) -> Iterator[str]:
    """What is not as expected, each with what to do. ``first`` says that every site was visited for the first time: only then the number
    of records says something."""
    if first and records < expect.min_records:
        yield (
            f"a first harvest brought {records} records, [expect] says at least {expect.min_records}: read a page of it in the archive, "
            f"or lower min_records"
        )
    if first and records > expect.max_records > 0:
        yield (
            f"a first harvest brought {records} records, [expect] says at most {expect.max_records}: look for a listing that repeats "
            f"itself or a site that was not meant, or raise max_records"
        )
    if tally.shown < FILL_FROM:
        return
    for name, wanted in expect.fill.items():
        share = tally.share(name)
        if not wanted.min <= share <= wanted.max:
            bounds = f"at least {wanted.min:.0%}" if share < wanted.min else f"at most {wanted.max:.0%}"
            yield (
                f"{share:.1%} of {tally.shown} records have {name}, [expect.fill] says {bounds}: the site may have renamed or moved it; "
                f"read a page of it in the archive and repair the source, or change the share"
            )
