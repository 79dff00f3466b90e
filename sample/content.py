"""Reads ``world/``: what the sites show, on which night."""

from __future__ import annotations

import hashlib
import re
import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

WORLD = Path(__file__).with_name("world")
SECOND_NIGHT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Edits, deletions and new comments of the second night happen in the hours after this."""

_CODE_POINT = re.compile("⟦([0-9A-F]{2,6})⟧")

Entry = dict[str, Any]


@cache
def tables(name: str) -> tuple[Entry, ...]:
    """The entries of every ``world/<name>*.toml``, in the order of the files' names. A file has one array of tables."""
    found: list[Entry] = []
    for path in sorted(WORLD.glob(f"{name}*.toml")):
        for rows in tomllib.loads(path.read_text(encoding="utf-8")).values():
            found.extend(rows)
    return tuple(found)


def reveal(text: str) -> str:
    """``⟦200B⟧`` becomes the character with that code point: what is invisible or may not stand in a file is written so in ``world/``."""
    return _CODE_POINT.sub(lambda m: chr(int(m[1], 16)), text.strip("\n"))


def on(entry: Entry, night: int) -> Entry | None:
    """An entry as it is on that night; None where it is not yet written. Its ``night2`` table stands over it from the second night on,
    and ``changed`` says whether that table did."""
    if entry.get("night", 1) > night:
        return None
    over = entry.get("night2") if night >= 2 else None
    return {**entry, **over, "changed": True} if over else {**entry, "changed": False}


def blob_id(data: bytes) -> str:
    """The id that git gives a file with these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def minutes(seed: str, most: int) -> timedelta:
    """A span that looks random and never changes: 1 to ``most`` minutes."""
    return timedelta(minutes=1 + number(seed, most))


def number(seed: str, below: int) -> int:
    """A number from 0 that looks random and never changes."""
    return int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:6], "big") % below


def iso(moment: datetime) -> str:
    """As Discourse and the Hub write times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
