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

from store import decisions, dedupe_queue, edits, removal
from store.file.checksums import table_names
from store.file.database import Connection, Database
from store.rows import fetch, keys
from thresher.disk import BadLine, amend_lines, append_lines, bad_lines, read_lines
from thresher.errors import UsageError
from thresher.failpoint import failpoint
from thresher.model import Decision, Record
from thresher.text import canonical_url

FILE = "verdicts.jsonl"
MERGED, UNMERGED = "merged", "unmerged"
"""The verdicts that an item repeats another, and that it is not the one that it was merged into."""
COMPLETED, REOPENED = "completed", "reopened"
"""That a person added to a lead what it lacked, and took it back: ``store.completions``."""
LIFE = ("proposed", "active", "retired", "rejected", "waived")
KEY = ("verified", "disputed", "unverified")
USE = ("trainable", "eval_only", "either")
VERDICTS = (*LIFE, *KEY, *USE)
"""Those of ``LIFE`` set an item's life, those of ``KEY`` say what its key is worth: ``unverified`` takes back what was said of it. Those of
``USE`` say whether it may be trained on, for ``thresher split``; ``either`` takes that back."""

ON_THE_PAGE = ("verdict", edits.EDITED)
"""The lines that are written without the database, which takes them up with the next run."""

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

    def cover_key(self, record_key: str) -> bool:
        """Whether the record itself is buried."""
        return bool(self.hashes) and tombstone_hash("record", record_key) in self.hashes


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


def save_verdicts(
    database: Database, verdicts: Sequence[Verdict], *, ids: Sequence[str] | None = None, now: datetime | None = None
) -> None:
    """Add verdicts in one transaction, under these ids or new ones. UsageError where an item or a word is not known; nothing is ever
    overwritten."""
    refuse_unknown(verdicts)
    at = (now or datetime.now(UTC)).isoformat()
    with database.transaction() as con:
        for verdict in verdicts:
            if not con.execute("SELECT 1 FROM items WHERE item_id = ?", [verdict.item_id]).fetchall():
                raise UsageError(f"there is no item {verdict.item_id!r}")
        named = zip(verdicts, ids or [secrets.token_hex(8) for _ in verdicts], strict=True)
        lines = [line_of(verdict, verdict_id, at) for verdict, verdict_id in named]
        append_lines(database.folder / FILE, lines)
        _apply(con, lines)


def line_of(verdict: Verdict, verdict_id: str, at: str) -> dict[str, Any]:
    """The line of the journal for one verdict."""
    return {"type": "verdict", "verdict_id": verdict_id, "item_id": verdict.item_id, "version": verdict.version, "author": verdict.author,
            "at": at, "verdict": verdict.verdict, "reason": verdict.reason}  # fmt: skip


def untaken(database: Database) -> list[dict[str, Any]]:
    """The lines of verdicts and edits that the journal has and the database has not: given on the page, or just before a crash."""
    written = [line for line in read_lines(database.folder / FILE, check_line) if line["type"] in ON_THE_PAGE]
    if not written:
        return []
    with database.reader() as con:
        stored = {row[0] for row in con.execute("SELECT verdict_id FROM verdicts").fetchall()}
    return [line for line in written if line["verdict_id"] not in stored]


def take_up(database: Database) -> None:
    """Bring them into the database; nothing is written where there are none."""
    if lines := untaken(database):
        with database.transaction() as con:
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


def merge(
    database: Database, run_id: str, item_id: str, other_id: str, author: str, reason: str = "", *, now: datetime | None = None
) -> None:
    """Merge a canonical item into another one, as the dedupe would. UsageError where one of them is not canonical, or they are one. Part of
    a run, as ``unmerge``."""
    with database.transaction() as con:
        if item_id == other_id or _canonical(con, item_id, other_id) != {item_id, other_id}:
            raise UsageError(f"{item_id} cannot be merged into {other_id}: both must be items of their own")
        version = con.execute("SELECT version FROM items WHERE item_id = ?", [item_id]).fetchall()[0][0]
        line = {"type": MERGED, "run_id": run_id, "verdict_id": secrets.token_hex(8), "item_id": item_id, "other_id": other_id,
                "version": version, "author": author, "at": (now or datetime.now(UTC)).isoformat(), "verdict": MERGED,
                "reason": reason}  # fmt: skip
        append_lines(database.folder / FILE, [line])
        failpoint("verdicts.merge")
        _join(con, line, run_id)


def _canonical(con: Connection, *item_ids: str) -> set[str]:
    rows = con.execute(
        "SELECT item_id FROM items WHERE list_contains(?, item_id) AND merged_into IS NULL AND lifecycle <> 'retired'", [list(item_ids)]
    ).fetchall()
    return {row[0] for row in rows}


@dataclass(frozen=True, slots=True)
class Grave:
    """What is to be buried: a record (by key), an author (by key) or an address."""

    kind: TombstoneKind
    value: str

    @property
    def hash(self) -> str:
        """All that is kept of it."""
        return tombstone_hash(self.kind, canonical_url(self.value) if self.kind == "url" else self.value)


@dataclass(frozen=True, slots=True)
class Covered:
    """What graves cover of a benchmark. ``answers`` are the records beside them in their threads, which stay; ``dropped`` the items that
    nobody else reports; of the others another report gives the wording."""

    records: list[str]
    answers: list[str]
    reports: int
    items: list[str]
    dropped: list[str]
    vectors: int


def covered(con: Connection, graves: Sequence[Grave]) -> Covered:
    """What a takedown of these would take."""
    records = sorted({key for grave in graves for key in _buried(con, grave.kind, grave.hash)})
    gone = keys("record_key", records)
    items = fetch(
        con,
        """SELECT item_id, bool_and(record_key IN (SELECT record_key FROM gone)) AS dropped,
                  count(*) FILTER (record_key IN (SELECT record_key FROM gone)) AS reports
           FROM reports WHERE live AND item_id IN (SELECT item_id FROM reports SEMI JOIN gone USING (record_key))
           GROUP BY item_id ORDER BY item_id""",
        gone=gone,
    )
    answers = fetch(
        con,
        """SELECT DISTINCT r.record_key FROM records r
           SEMI JOIN (SELECT source, site, thread_id FROM records SEMI JOIN gone USING (record_key) WHERE thread_id <> '') t
               ON r.source = t.source AND r.site = t.site AND r.thread_id = t.thread_id
           ANTI JOIN gone g ON g.record_key = r.record_key
           WHERE r.is_latest AND r.text <> '' ORDER BY 1""",
        gone=gone,
    )
    dropped = [row["item_id"] for row in items if row["dropped"]]
    vectors = fetch(con, "SELECT count(*) AS n FROM embeddings SEMI JOIN given USING (item_id)", given=keys("item_id", dropped))
    stay = [row["record_key"] for row in answers]
    return Covered(records, stay, sum(row["reports"] for row in items), [row["item_id"] for row in items], dropped, int(vectors[0]["n"]))


def author_of(con: Connection, record_key: str) -> str | None:
    """The hash that stands for the author of a record; None where there is none."""
    rows = con.execute("SELECT author_key FROM records WHERE record_key = ? AND author_key IS NOT NULL LIMIT 1", [record_key]).fetchall()
    return str(rows[0][0]) if rows else None


def take_down(database: Database, graves: Sequence[Grave], reason: str, *, now: datetime | None = None) -> list[str]:
    """Bury: the text leaves the database, and is never harvested again. Returns the keys of the records that left.

    Freed blocks of the file keep their bytes until it is rewritten (``Database.compact``).
    """
    at = (now or datetime.now(UTC)).isoformat()
    lines = [{"type": "tombstone", "kind": grave.kind, "hash": grave.hash, "reason": reason, "at": at} for grave in graves]
    with database.transaction() as con:
        append_lines(database.folder / FILE, lines)
        failpoint("verdicts.takedown")
        return _apply(con, lines)


def replay(con: Connection, folder: Path) -> int:
    """Bring the verdicts and tombstones of ``verdicts.jsonl`` into a rebuilt database; those that it has are passed over. Returns how
    many lines."""
    lines = list(read_lines(folder / FILE, check_line))
    _apply(con, [line for line in lines if line["type"] != edits.EDITED])
    return len(lines)


def replay_edits(con: Connection, folder: Path) -> None:
    """Bring the edits into a rebuilt database, when all else is there: a post that was deleted before its item was edited must not take the
    edit along."""
    _apply(con, [line for line in read_lines(folder / FILE, check_line) if line["type"] == edits.EDITED])


def purge_edits(con: Connection, folder: Path) -> None:
    """Take out of the journal the texts of edits that left the database, and of those that were given meanwhile to an item that left."""
    emptied = edits.emptied(con)
    there = {row[0] for row in con.execute("SELECT item_id FROM items").fetchall()}

    def amended(line: dict[str, Any]) -> dict[str, Any]:
        gone = line["type"] == edits.EDITED and (line["verdict_id"] in emptied or line["item_id"] not in there)
        return edits.without_texts(line) if gone else line

    amend_lines(folder / FILE, check_line, amended)


def replay_merges(con: Connection, folder: Path, past_run: str, run_id: str) -> None:
    """Merge and part again what was in a run, as far as the rebuilt database has it; ``run_id`` is the run that rebuilds it."""
    for line in read_lines(folder / FILE, check_line):
        if line["type"] == UNMERGED and line["run_id"] == past_run:
            _part(con, line)
        elif line["type"] == MERGED and line["run_id"] == past_run:
            _join(con, line, run_id)


def damaged_lines(folder: Path) -> list[BadLine]:
    """The lines of ``verdicts.jsonl`` that cannot be used."""
    return bad_lines(folder / FILE, check_line)


def unwritten(con: Connection, folder: Path) -> int:
    """How many verdicts, completions and tombstones of the database ``verdicts.jsonl`` lacks: a rebuild would forget them."""
    if not {"verdicts", "tombstones"} <= set(table_names(con)):
        return 0
    lines = list(read_lines(folder / FILE, check_line))
    written = {line.get("verdict_id") or (line["kind"], line["hash"]) for line in lines}
    tables = [name for name in ("verdicts", "completions") if name in table_names(con)]
    stored = [row[0] for name in tables for row in con.execute(f"SELECT verdict_id FROM {name}").fetchall()]
    return sum(key not in written for key in [*stored, *con.execute("SELECT kind, hash FROM tombstones").fetchall()])


_FIELDS = {
    "verdict": ("verdict_id", "item_id", "author", "verdict", "reason", "at"),
    UNMERGED: ("verdict_id", "item_id", "author", "verdict", "reason", "at", "run_id"),
    MERGED: ("verdict_id", "item_id", "other_id", "author", "verdict", "reason", "at", "run_id"),
    COMPLETED: ("verdict_id", "record_key", "prompt", "context", "hidden", "author", "reason", "at", "run_id"),
    REOPENED: ("verdict_id", "record_key", "author", "reason", "at", "run_id"),
    edits.EDITED: ("verdict_id", "item_id", "author", "verdict", "reason", "at"),
    "tombstone": ("kind", "hash", "reason", "at"),
}


def check_line(line: dict[str, Any]) -> None:
    """KeyError, TypeError or ValueError for a line that lacks what its readers use."""
    if line["type"] not in _FIELDS:
        raise ValueError(f"{line['type']!r} is none of {', '.join(_FIELDS)}")
    for name in _FIELDS[line["type"]]:
        if type(line[name]) is not str:
            raise TypeError(f"{name} is no text")
    if line["type"] == "tombstone":
        if line["kind"] not in get_args(TombstoneKind):
            raise ValueError(f"{line['kind']!r} is no kind of tombstone")
    elif line["type"] in ("verdict", edits.EDITED, MERGED, UNMERGED) and type(line["version"]) is not int:
        raise TypeError("version is no number")
    if line["type"] == edits.EDITED:
        edits.check(line)
    datetime.fromisoformat(line["at"])


def _apply(con: Connection, lines: Sequence[dict[str, Any]]) -> list[str]:
    emptied: list[str] = []
    for line in lines:
        if line["type"] in ON_THE_PAGE:
            _insert(con, line)
            if line["type"] == edits.EDITED:
                edits.insert(con, line)
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


def _join(con: Connection, line: dict[str, Any], run_id: str) -> None:
    _insert(con, line)
    item_id, other_id = line["item_id"], line["other_id"]
    if _canonical(con, item_id, other_id) == {item_id, other_id}:
        decisions.save_decisions(con, run_id, [Decision(item_id, "same", other_id, 1.0, 1.0, decisions.BY_A_PERSON, line["reason"], "")])
        dedupe_queue.put(con, [item_id])


def _buried(con: Connection, kind: TombstoneKind, wanted: str) -> list[str]:
    """The stored records that a tombstone covers."""
    column = {"record": "record_key", "author": "author_key", "url": "url"}[kind]
    rows = fetch(con, f"SELECT DISTINCT record_key, {column} AS value FROM records WHERE {column} IS NOT NULL AND {column} <> ''")
    return [r["record_key"] for r in rows if tombstone_hash(kind, canonical_url(r["value"]) if kind == "url" else r["value"]) == wanted]
