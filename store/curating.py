"""What the page for curation needs of the store: every item of the benchmark with its evidence, and the journal of verdicts as it grows.

The page keeps all of it in memory and holds no connection: while one process writes, no other may open the file, and a person who decides
must not be in the way of a harvest, nor a harvest in theirs.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
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


def items(con: Connection) -> list[dict[str, Any]]:
    """Every item of ``items_current``, by id, JSON-ready: its columns, how its source has it under ``harvested``
    (``edits.Harvested``), and what is known of it under ``reports``, ``neighbours``, ``cluster`` and ``verdicts``; that of an edit has its
    texts."""
    current = {
        row["item_id"]: row
        for row in rows(
            con,
            """SELECT c.* EXCLUDE (prompt, tier, export_class), c.tier::VARCHAR AS tier, c.export_class::VARCHAR AS export_class,
                      {'version': i.version, 'messages': i.messages, 'target': i.target, 'aliases': i.aliases, 'rubric': i.rubric,
                       'tags': i.tags, 'key_status': i.key_status} AS harvested
               FROM items_current c JOIN items i ON i.item_id = c.item_id ORDER BY c.item_id""",
        )
    }
    for item in current.values():
        item["harvested"]["messages"] = json.loads(item["harvested"]["messages"])
        item["messages"] = item["harvested"]["messages"]
        item |= {"reports": [], "neighbours": [], "cluster": None, "verdicts": []}
    for report in _reports(con):
        if known := current.get(report.pop("canonical")):
            known["reports"].append(report)
    for pair in _neighbours(con):
        if (known := current.get(pair.pop("item_id"))) and len(known["neighbours"]) < _NEIGHBOURS:
            known["neighbours"].append(pair)
    for member in rows(
        con, "SELECT DISTINCT m.item_id, c.cluster_id, c.label, c.reports FROM cluster_members m JOIN failure_clusters c USING (cluster_id)"
    ):
        if known := current.get(member.pop("item_id")):
            known["cluster"] = member
    texts = edits.of(con)
    for verdict in rows(con, "SELECT * FROM verdicts ORDER BY given_at, verdict_id"):
        if known := current.get(verdict["item_id"]):
            known["verdicts"].append(verdict | texts.get(verdict["verdict_id"], {}))
    return list(current.values())


def _reports(con: Connection) -> Iterator[dict[str, Any]]:
    for report in rows(
        con,
        f"""SELECT coalesce(i.merged_into, i.item_id) AS canonical, r.record_key, r.source, r.site, r.url, r.tier::VARCHAR AS tier, r.claim,
                   r.failing, r.created_at, r.attribution, r.licence
            FROM reports r JOIN items i ON i.item_id = r.item_id WHERE r.live
            QUALIFY row_number() OVER (PARTITION BY canonical ORDER BY r.tier DESC, r.lead_order) <= {_REPORTS}
            ORDER BY canonical, r.tier DESC, r.lead_order""",
    ):
        claim = json.loads(report["claim"]) if report["claim"] else None
        yield {**report, "claim": claim, "failing": json.loads(report["failing"])}


def _neighbours(con: Connection) -> list[dict[str, Any]]:
    """Pairs that the dedupe found related, from both sides, the nearest first."""
    return rows(
        con,
        """WITH pairs AS (
               SELECT item_id, other_id, score, reason FROM decisions WHERE verdict = 'related' AND NOT undone
               UNION ALL SELECT other_id, item_id, score, reason FROM decisions WHERE verdict = 'related' AND NOT undone
           )
           SELECT item_id, other_id, score, reason FROM pairs ORDER BY item_id, score DESC, other_id""",
    )


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
