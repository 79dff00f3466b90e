"""What the page for curation needs of the store: every item of the benchmark with its evidence, and the journal of verdicts as it grows.

The page keeps all of it in memory and holds no connection: while one process writes, no other may open the file, and a person who decides
must not be in the way of a harvest, nor a harvest in theirs.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from store import edits, verdicts
from store.edits import Edit
from store.file.database import Connection
from store.reading import rows
from store.verdicts import Verdict
from thresher.disk import append_lines, read_lines

_REPORTS = 5
"""Reports of an item that the page shows; the others are counted."""
_NEIGHBOURS = 3
MOST_LEADS = 2_000
"""Leads that the page holds with their posts."""


def _among(column: str) -> str:
    """Only what was asked for, or all where nothing was."""
    return f"($only IS NULL OR list_contains($only::VARCHAR[], {column}))"


def items(con: Connection, only: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Every item of ``items_current``, or ``only`` some, by id, JSON-ready: its columns, how its source has it under ``harvested``
    (``edits.Harvested``), and what is known of it under ``reports``, ``merged``, ``neighbours``, ``cluster``, ``reading`` and ``verdicts``;
    that of an edit has its texts."""
    current = {row["item_id"]: row for row in _current(con, only)}
    for item in current.values():
        item["harvested"]["messages"] = json.loads(item["harvested"]["messages"])
        item["messages"] = item["harvested"]["messages"]
        item |= {"reports": [], "merged": [], "neighbours": [], "cluster": None, "reading": None, "verdicts": []}

    def gather(place: str, key: str, found: Iterable[dict[str, Any]]) -> None:
        for one in found:
            if known := current.get(one.pop(key)):
                known[place].append(one)

    wanted = {"only": None if only is None else list(only)}
    gather("reports", "canonical", _reports(con, wanted))
    gather("merged", "merged_into", rows(con, _MERGED, wanted))
    gather("neighbours", "item_id", rows(con, _NEAREST, wanted))
    for member in rows(con, _CLUSTERED, wanted):
        if known := current.get(member.pop("item_id")):
            known["cluster"] = member
    for reading in rows(con, _READ, wanted):
        if known := current.get(reading.pop("item_id")):
            known["reading"] = reading
    texts = edits.of(con)
    for verdict in rows(con, f"SELECT * FROM verdicts WHERE {_among('item_id')} ORDER BY given_at, verdict_id", wanted):
        if known := current.get(verdict["item_id"]):
            known["verdicts"].append(verdict | texts.get(verdict["verdict_id"], {}))
    return list(current.values())


_ITEMS = """
    SELECT c.* EXCLUDE (prompt, tier, export_class), c.tier::VARCHAR AS tier, c.export_class::VARCHAR AS export_class,
           {'version': i.version, 'messages': i.messages, 'target': i.target, 'aliases': i.aliases, 'rubric': i.rubric,
            'tags': i.tags, 'key_status': coalesce(k.key_status, i.key_status)} AS harvested
    FROM items_current c JOIN items i ON i.item_id = c.item_id LEFT JOIN derived_keys k ON k.item_id = c.item_id"""
_MERGED = f"""
    SELECT merged_into, item_id, messages ->> '$[#-1].content' AS text FROM items
    WHERE merged_into IS NOT NULL AND {_among("merged_into")} ORDER BY merged_into, item_id"""
_NEAREST = f"""
    WITH pairs AS (
        SELECT item_id, other_id, score, reason FROM decisions WHERE verdict = 'related' AND NOT undone
        UNION ALL SELECT other_id, item_id, score, reason FROM decisions WHERE verdict = 'related' AND NOT undone
    )
    SELECT p.*, o.messages ->> '$[#-1].content' AS text FROM pairs p JOIN items o ON o.item_id = p.other_id
    WHERE o.merged_into IS NULL AND o.lifecycle <> 'retired' AND {_among("p.item_id")}
    QUALIFY row_number() OVER (PARTITION BY p.item_id ORDER BY score DESC, other_id) <= {_NEIGHBOURS}
    ORDER BY p.item_id, score DESC, other_id"""
"""Pairs that the dedupe called related, from both sides, the nearest first."""
_CLUSTERED = f"""
    SELECT DISTINCT m.item_id, c.cluster_id, c.label, c.reports FROM cluster_members m JOIN failure_clusters c USING (cluster_id)
    WHERE {_among("m.item_id")}"""

_READ = f"""
    SELECT coalesce(i.merged_into, i.item_id) AS item_id, max(g.fails) AS fails, max((g.prompt ->> '$.confidence')::DOUBLE) AS prompt,
           max((g.response ->> '$.confidence')::DOUBLE) AS response
    FROM reports r JOIN items i ON i.item_id = r.item_id JOIN readings g ON g.record_key = r.record_key
    WHERE r.live AND {_among("coalesce(i.merged_into, i.item_id)")} GROUP BY 1"""
"""How sure readers are of the failure, of the prompt and of the failing answer: the surest of its reports."""


def _current(con: Connection, only: Sequence[str] | None) -> list[dict[str, Any]]:
    """One id at a time where there are few: DuckDB takes ``=`` through the view to the tables."""
    if only is None:
        return rows(con, f"{_ITEMS} ORDER BY c.item_id")
    return [row for item_id in only for row in rows(con, f"{_ITEMS} WHERE c.item_id = ?", [item_id])]


def _reports(con: Connection, wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for report in rows(
        con,
        f"""SELECT coalesce(i.merged_into, i.item_id) AS canonical, r.record_key, r.source, r.site, r.url, r.tier::VARCHAR AS tier, r.claim,
                   r.failing, r.created_at, r.attribution, r.licence
            FROM reports r JOIN items i ON i.item_id = r.item_id
            WHERE r.live AND {_among("coalesce(i.merged_into, i.item_id)")}
            QUALIFY row_number() OVER (PARTITION BY canonical ORDER BY r.tier DESC, r.lead_order) <= {_REPORTS}
            ORDER BY canonical, r.tier DESC, r.lead_order""",
        wanted,
    ):
        claim = json.loads(report["claim"]) if report["claim"] else None
        yield {**report, "claim": claim, "failing": json.loads(report["failing"])}


def leads(con: Connection) -> list[dict[str, Any]]:
    """Open leads with their posts, the surest first, at most ``MOST_LEADS``."""
    return rows(
        con,
        f"""SELECT record_key, source, site, reason, fails, model, language, claim, prompt, title, text, url, said_at, licence
            FROM open_leads ORDER BY fails DESC, record_key LIMIT {MOST_LEADS}""",
    )


def evidence(con: Connection, item_id: str) -> list[dict[str, Any]]:
    """The records of which an item is made and that report it, as they are kept: each with its text, with ``spans`` of it that the claims
    name (``sort``, ``start``, ``end``), and with its ``pictures`` (``position`` and what was read in it)."""
    claims = rows(
        con,
        f"""SELECT r.record_key, r.claim FROM reports r JOIN items i ON i.item_id = r.item_id
            WHERE r.live AND (i.item_id = ? OR i.merged_into = ?) ORDER BY r.tier DESC, r.lead_order LIMIT {_REPORTS}""",
        [item_id, item_id],
    )
    spans: dict[str, list[dict[str, Any]]] = {row["record_key"]: [] for row in claims}
    for row in claims:
        for sort, span in json.loads(row["claim"] or "{}").items():
            if isinstance(span, dict) and span.get("part", "text") == "text":
                spans.setdefault(span["record_key"], []).append({"sort": sort, **span})
    records = rows(
        con,
        """SELECT record_key, role, title, text, url, created_at FROM records
           WHERE is_latest AND list_contains(?, record_key) ORDER BY created_at, record_key""",
        [list(spans)],
    )
    shown = rows(
        con,
        "SELECT record_key, position, text, refused FROM pictures WHERE list_contains(?, record_key) ORDER BY record_key, position",
        [list(spans)],
    )
    for record in records:
        of_it = [span for span in spans[record["record_key"]] if record["text"][span["start"] : span["end"]] == span["text"]]
        record["spans"] = [{name: span[name] for name in ("sort", "start", "end")} for span in of_it]
        record["pictures"] = [picture for picture in shown if picture["record_key"] == record["record_key"]]
    return records


def picture_page(con: Connection, record_key: str, position: int) -> tuple[str, int] | None:
    """The archive file and the place in it of a picture that was fetched."""
    found = con.execute(
        """SELECT g.archive_file, g.archive_offset FROM pictures p JOIN pages g ON g.page_id = p.page_id
           WHERE p.record_key = ? AND p.position = ? AND g.archive_file <> '' AND g.bytes > 0""",
        [record_key, position],
    ).fetchall()
    return (str(found[0][0]), int(found[0][1])) if found else None


class VerdictLog:
    """The journal of verdicts, written and followed without the database. Thread-safe; other processes may write to it too."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / verdicts.FILE
        self._lock = threading.Lock()
        self._read = 0
        """Bytes of whole lines that were read already."""
        self._seen: set[str] = set()

    def news(self) -> list[dict[str, Any]]:
        """The verdicts that were written since the last look, whoever wrote them; all of them the first time."""
        with self._lock:
            return self._news()

    def _news(self) -> list[dict[str, Any]]:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size == self._read:
            return []
        start = self._read if self._read < size else 0  # a shorter file was written anew
        lines = [line for line in read_lines(self._path, verdicts.check_line, start) if line["type"] in verdicts.ON_THE_PAGE]
        self._read = start + self._whole_lines(start)
        fresh = [line for line in lines if line["verdict_id"] not in self._seen]
        self._seen.update(line["verdict_id"] for line in fresh)
        return fresh

    def _whole_lines(self, start: int) -> int:
        """The bytes from there to the end of the last line that is there as a whole: another process may be writing the next one."""
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read().rfind(b"\n") + 1

    def add(self, given: Sequence[Verdict | Edit], roles: Mapping[str, Sequence[str]] | None = None) -> None:
        """Write verdicts and edits down; they are on the disk when this returns, and in the database when a run next takes them up
        (``verdicts.take_up``). ``roles`` are those of the messages of each edited item. UsageError for a word that is no verdict."""
        verdicts.refuse_unknown([one for one in given if isinstance(one, Verdict)])
        at, lines = datetime.now(UTC), []
        for number, one in enumerate(given):
            verdict_id, moment = secrets.token_hex(8), (at + timedelta(microseconds=number)).isoformat()
            if isinstance(one, Edit):
                lines.append(edits.line_of(one, (roles or {})[one.item_id], verdict_id, moment))
            else:
                lines.append(verdicts.line_of(one, verdict_id, moment))
        with self._lock:
            append_lines(self._path, lines)
