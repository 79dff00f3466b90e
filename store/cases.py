"""Items as cases of rules: what the benchmark knows of each, and what persons said of it in ``ties.jsonl``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from store.file.database import Connection
from thresher.disk import BadLine, append_lines, bad_lines, read_lines
from thresher.rulebook.ties import Evidence, Word

FILE = "ties.jsonl"
_OUT = ("rejected", "retired", "waived")


def evidence(con: Connection) -> list[Evidence]:
    """That of each item of the benchmark by id; what was rejected, retired or waived is left out."""
    rows = con.execute(
        """WITH said AS (
               SELECT coalesce(i.merged_into, i.item_id) AS item_id, list_sort(list_distinct(list(c.phrase))) AS phrases
               FROM claims c JOIN items i USING (item_id) GROUP BY ALL
           ),
           read AS (
               SELECT coalesce(i.merged_into, i.item_id) AS item_id, list_sort(list_distinct(list(d.kind))) AS failures
               FROM reports r JOIN items i USING (item_id) JOIN readings d ON d.record_key = r.record_key AND d.kind <> ''
               WHERE r.live GROUP BY ALL
           )
           SELECT c.item_id, c.kind, c.tier::VARCHAR, c.tags, c.prompt, coalesce(d.failures, []), coalesce(s.phrases, [])
           FROM items_current c LEFT JOIN said s USING (item_id) LEFT JOIN read d USING (item_id)
           WHERE c.status NOT IN (?, ?, ?) ORDER BY c.item_id""",
        _OUT,
    ).fetchall()
    return [Evidence(one, kind, tier, tuple(tags), prompt, tuple(f), tuple(p)) for one, kind, tier, tags, prompt, f, p in rows]


def tie(folder: Path, word: Word, author: str, reason: str, at: datetime) -> None:
    """Write a person's word down; it is on the disk when this returns, and overwrites nothing."""
    append_lines(folder / FILE, [{**word._asdict(), "author": author, "reason": reason, "at": at.isoformat()}])


def said(con: Connection, folder: Path) -> list[Word]:
    """What persons said, oldest first; of an item that was merged since, it is said of the one it went into."""
    heirs: Mapping[str, str] = dict(con.execute("SELECT item_id, merged_into FROM items WHERE merged_into IS NOT NULL").fetchall())
    lines = read_lines(folder / FILE, check_line)
    return [Word(heirs.get(line["item_id"], line["item_id"]), line["rule_id"], line["holds"]) for line in lines]


def damaged_lines(folder: Path) -> list[BadLine]:
    """The lines of ``ties.jsonl`` that cannot be used."""
    return bad_lines(folder / FILE, check_line)


def check_line(line: Mapping[str, Any]) -> None:
    """KeyError or TypeError for a line that lacks what its readers use."""
    for name in ("item_id", "rule_id", "author", "reason", "at"):
        if type(line[name]) is not str:
            raise TypeError(f"{name} is no text")
    if type(line["holds"]) is not bool:
        raise TypeError("holds is neither true nor false")
    datetime.fromisoformat(line["at"])
