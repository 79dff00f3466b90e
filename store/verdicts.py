"""What persons decided: verdicts on items, and tombstones. Neither can be harvested again, so both are kept in ``verdicts.jsonl`` too,
written before the database is, and ``replay`` brings them into a rebuilt database."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from store import decisions, removal
from store.file.checksums import table_names
from store.file.database import Connection, Database
from store.rows import fetch
from thresher.disk import BadLine, append_lines, bad_lines, read_lines
from thresher.errors import UsageError
from thresher.failpoint import failpoint
from thresher.model import Record
from thresher.text import canonical_url

FILE = "verdicts.jsonl"
UNMERGED = "unmerged"
"""The verdict that an item is not the one that it was merged into."""
VERDICTS = ("proposed", "active", "retired", "rejected", "waived", "verified", "disputed")
"""The first five set an item's life, the last two say what its key is worth."""

TombstoneKind = Literal["record", "author", "url"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One person's word on one item, at the version that was on the screen."""

    item_id: str
    verdict: str
    author: str
    reason: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Hashes of what must not be harvested again."""

    hashes: frozenset[str]

    def cover(self, record: Record) -> bool:
        """Whether the record itself, its author or its address is buried."""
        if not self.hashes:
            return False
        covering = [tombstone_hash("record", record.key), tombstone_hash("url", canonical_url(record.url))]
        if record.author_key:
            covering.append(tombstone_hash("author", record.author_key))
        return not self.hashes.isdisjoint(covering)


def tombstones(con: Connection) -> Tombstones:
    """Every tombstone there is."""
    return Tombstones(frozenset(row[0] for row in con.execute("SELECT hash FROM tombstones").fetchall()))


def tombstone_hash(kind: TombstoneKind, value: str) -> str:
    """What is kept of the thing removed: ``value`` is a record key, an author key or a canonical URL."""
    return hashlib.sha256(f"{kind}\0{value}".encode("utf-8", "replace")).hexdigest()


def refuse_unknown(verdicts: Sequence[Verdict]) -> None:
    """UsageError for a word that is no verdict."""
    for verdict in verdicts:
        if verdict.verdict not in VERDICTS:
            raise UsageError(f"{verdict.verdict!r} is no verdict; there are: {', '.join(VERDICTS)}")


def save_verdicts(database: Database, verdicts: Sequence[Verdict], *, now: datetime | None = None) -> None:
    """Add verdicts in one transaction. UsageError where an item or a word is not known; nothing is ever overwritten."""
    refuse_unknown(verdicts)
    at = (now or datetime.now(UTC)).isoformat()
    with database.transaction() as con:
        for verdict in verdicts:
            if not con.execute("SELECT 1 FROM items WHERE item_id = ?", [verdict.item_id]).fetchall():
                raise UsageError(f"there is no item {verdict.item_id!r}")
        lines = [
            {"type": "verdict", "verdict_id": secrets.token_hex(8), "item_id": v.item_id, "version": v.version, "author": v.author,
            "at": at,
             "verdict": v.verdict, "reason": v.reason} for v in verdicts
        ]  # fmt: skip
        append_lines(database.folder / FILE, lines)
        _apply(con, lines)


def canonical_of(con: Connection, item_id: str) -> str:
    """The item that this one is merged into; UsageError where it is not."""
    rows = con.execute("SELECT merged_into FROM items WHERE item_id = ? AND merged_into IS NOT NULL", [item_id]).fetchall()
    if not rows:
        raise UsageError(f"item {item_id!r} is not merged into another: `thresher show` lists under an item what was merged into it")
    return str(rows[0][0])


def unmerge(database: Database, run_id: str, item_id: str, author: str, reason: str = "", *, now: datetime | None = None) -> str:
    """Part a merged item from its canonical one, whose id is returned, for good: the dedupe never merges the two again. UsageError where it
    is not merged. Part of a run, so that a rebuild parts them at the same point of the order of runs."""
    with database.transaction() as con:
        canonical = canonical_of(con, item_id)
        version = con.execute("SELECT version FROM items WHERE item_id = ?", [item_id]).fetchall()[0][0]
        line = {"type": UNMERGED, "run_id": run_id, "verdict_id": secrets.token_hex(8), "item_id": item_id, "version": version,
                "author": author, "at": (now or datetime.now(UTC)).isoformat(), "verdict": UNMERGED, "reason": reason}  # fmt: skip
        append_lines(database.folder / FILE, [line])
        failpoint("verdicts.unmerge")
        _part(con, line)
    return canonical


def take_down(database: Database, kind: TombstoneKind, value: str, reason: str, *, now: datetime | None = None) -> list[str]:
    """Bury a record (by key), an author (by key) or an address: its text leaves the database, and it is never harvested again.

    Returns the keys of the records that were emptied, for the archive. The file is rewritten, because freed blocks keep their bytes.
    """
    line = {"type": "tombstone", "kind": kind, "hash": tombstone_hash(kind, canonical_url(value) if kind == "url" else value),
            "reason": reason, "at": (now or datetime.now(UTC)).isoformat()}  # fmt: skip
    with database.writer():
        with database.transaction() as con:
            append_lines(database.folder / FILE, [line])
            emptied = _apply(con, [line])
        if emptied:
            database.compact()
    return emptied


def replay(con: Connection, folder: Path) -> int:
    """Bring the verdicts and tombstones of ``verdicts.jsonl`` into a rebuilt database; those that it has are passed over. Returns how
    many lines."""
    lines = list(read_lines(folder / FILE, _check))
    _apply(con, lines)
    return len(lines)


def replay_unmerged(con: Connection, folder: Path, run_id: str) -> None:
    """Part again what was parted in a run, as far as it is merged in the rebuilt database."""
    for line in read_lines(folder / FILE, _check):
        if line["type"] == UNMERGED and line["run_id"] == run_id:
            _part(con, line)


def damaged_lines(folder: Path) -> list[BadLine]:
    """The lines of ``verdicts.jsonl`` that cannot be used."""
    return bad_lines(folder / FILE, _check)


def unwritten(con: Connection, folder: Path) -> int:
    """How many verdicts and tombstones of the database ``verdicts.jsonl`` lacks: a rebuild would forget them."""
    if not {"verdicts", "tombstones"} <= set(table_names(con)):
        return 0
    lines = list(read_lines(folder / FILE, _check))
    written = {line.get("verdict_id") or (line["kind"], line["hash"]) for line in lines}
    stored = [row[0] for row in con.execute("SELECT verdict_id FROM verdicts").fetchall()]
    return sum(key not in written for key in [*stored, *con.execute("SELECT kind, hash FROM tombstones").fetchall()])


_FIELDS = {
    "verdict": ("verdict_id", "item_id", "author", "verdict", "reason", "at"),
    UNMERGED: ("verdict_id", "item_id", "author", "verdict", "reason", "at", "run_id"),
    "tombstone": ("kind", "hash", "reason", "at"),
}


def _check(line: dict[str, Any]) -> None:
    if line["type"] not in _FIELDS:
        raise ValueError(f"{line['type']!r} is none of {', '.join(_FIELDS)}")
    for name in _FIELDS[line["type"]]:
        if type(line[name]) is not str:
            raise TypeError(f"{name} is no text")
    if line["type"] == "tombstone":
        if line["kind"] not in get_args(TombstoneKind):
            raise ValueError(f"{line['kind']!r} is no kind of tombstone")
    elif type(line["version"]) is not int:
        raise TypeError("version is no number")
    datetime.fromisoformat(line["at"])


def _apply(con: Connection, lines: Sequence[dict[str, Any]]) -> list[str]:
    emptied: list[str] = []
    for line in lines:
        if line["type"] == "verdict":
            _insert(con, line)
        elif line["type"] == "tombstone":
            con.execute(
                "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?, ?)",
                [line["kind"], line["hash"], line["reason"], datetime.fromisoformat(line["at"])],
            )
            emptied += _buried(con, line["kind"], line["hash"])
    if emptied:
        removal.take_out(con, emptied)
    return emptied


def _insert(con: Connection, line: dict[str, Any]) -> None:
    con.execute(
        "INSERT INTO verdicts SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (FROM verdicts WHERE verdict_id = ?)",
        [
            *(line[name] for name in ("verdict_id", "item_id", "version", "author")),
            datetime.fromisoformat(line["at"]),
            line["verdict"],
            line["reason"],
            line["verdict_id"],
        ],
    )


def _part(con: Connection, line: dict[str, Any]) -> None:
    _insert(con, line)
    if con.execute("SELECT 1 FROM items WHERE item_id = ? AND merged_into IS NOT NULL", [line["item_id"]]).fetchall():
        decisions.undo_merge(con, line["item_id"])


def _buried(con: Connection, kind: TombstoneKind, wanted: str) -> list[str]:
    """The stored records that a tombstone covers."""
    column = {"record": "record_key", "author": "author_key", "url": "url"}[kind]
    rows = fetch(con, f"SELECT DISTINCT record_key, {column} AS value FROM records WHERE {column} IS NOT NULL AND {column} <> ''")
    return [r["record_key"] for r in rows if tombstone_hash(kind, canonical_url(r["value"]) if kind == "url" else r["value"]) == wanted]
