"""What persons added to leads. Nobody can harvest it again, so it stands in ``verdicts.jsonl`` too, written before the database is; a
rebuild replays it in the run in which it was given. What a source deletes takes it along: it is about that post."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store import verdicts
from store.file.database import Connection, Database
from store.rows import fetch
from thresher.disk import append_lines, keep_lines, read_lines
from thresher.errors import UsageError
from thresher.failpoint import failpoint
from thresher.model import Completion


def completions(con: Connection) -> dict[str, Completion]:
    """Every completion that holds, by the key of its record."""
    rows = fetch(con, "SELECT record_key, prompt, context, hidden, author, reason, given_at FROM completions")
    return {row["record_key"]: Completion(**row) for row in rows}


def complete(database: Database, run_id: str, given: Completion) -> None:
    """Add it to its lead, which is judged again then. UsageError where the record is no lead, or no longer one."""
    with database.transaction() as con:
        refuse_no_lead(con, given.record_key)
        line = {
            "type": verdicts.COMPLETED, "run_id": run_id, "verdict_id": secrets.token_hex(8), "record_key": given.record_key,
            "prompt": given.prompt, "context": given.context, "hidden": given.hidden, "author": given.author, "reason": given.reason,
            "at": given.given_at.isoformat(),
        }  # fmt: skip
        append_lines(database.folder / verdicts.FILE, [line])
        failpoint("completions.complete")
        _apply(con, line)


def reopen(database: Database, run_id: str, record_key: str, author: str, reason: str = "", *, now: datetime | None = None) -> None:
    """Take a completion back: the record is judged again without it. UsageError where there is none."""
    with database.transaction() as con:
        if record_key not in completions(con):
            raise UsageError(f"{record_key} was not completed, so there is nothing to undo")
        line = {
            "type": verdicts.REOPENED, "run_id": run_id, "verdict_id": secrets.token_hex(8), "record_key": record_key, "author": author,
            "reason": reason, "at": (now or datetime.now(UTC)).isoformat(),
        }  # fmt: skip
        append_lines(database.folder / verdicts.FILE, [line])
        failpoint("completions.reopen")
        _apply(con, line)


def key_of(con: Connection, part: str) -> str:
    """The key of the completed record that has this part in its key. UsageError where none has, or more than one."""
    matching = sorted(key for key in completions(con) if part in key)
    exact = [key for key in matching if key == part] or matching
    if len(exact) != 1:
        raise UsageError(f"{'more than one completed lead has' if exact else 'no completed lead has'} {part!r} in its key")
    return exact[0]


def item_of(con: Connection, record_key: str) -> str:
    """The item that a record reports by now, the one that it was merged into where it was."""
    rows = con.execute(
        "SELECT coalesce(i.merged_into, i.item_id) FROM reports r JOIN items i USING (item_id) WHERE r.record_key = ? AND r.live",
        [record_key],
    ).fetchall()
    return str(rows[0][0]) if rows else ""


def replay(con: Connection, folder: Path, run_id: str) -> int:
    """Complete and reopen again what was in a run; returns how many lines that was."""
    lines = [line for line in read_lines(folder / verdicts.FILE, verdicts.check_line) if line["type"] in _OURS and line["run_id"] == run_id]
    for line in lines:
        _apply(con, line)
    return len(lines)


def purge(con: Connection, folder: Path, record_keys: Collection[str]) -> None:
    """Take out of the journal what was added to these records, as far as it left the database."""
    left = set(record_keys) - completions(con).keys()
    keep_lines(folder / verdicts.FILE, verdicts.check_line, lambda line: line["type"] not in _OURS or line["record_key"] not in left)


_OURS = frozenset((verdicts.COMPLETED, verdicts.REOPENED))


def _apply(con: Connection, line: dict[str, Any]) -> None:
    """Nothing where the record left since, so that what was said of it does not come back."""
    key = line["record_key"]
    con.execute("DELETE FROM completions WHERE record_key = ?", [key])
    if line["type"] == verdicts.COMPLETED:
        values = [line[name] for name in ("verdict_id", "record_key", "prompt", "context", "hidden", "author", "reason")]
        con.execute(
            "INSERT INTO completions SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (FROM records WHERE record_key = ? AND is_latest AND NOT "
            "blanked)",
            [*values, datetime.fromisoformat(line["at"]), key],
        )
    con.execute("UPDATE records SET judged_by = NULL WHERE record_key = ? AND is_latest", [key])


def refuse_no_lead(con: Connection, key: str) -> None:
    """UsageError that says what became of a record that is no lead."""
    if con.execute("SELECT 1 FROM leads WHERE record_key = ?", [key]).fetchall():
        return
    if done := completions(con).get(key):
        raise UsageError(
            f"{key} was completed by {done.author} on {done.given_at:%Y-%m-%d}; `thresher leads complete {key} --undo` takes that back"
        )
    rows = fetch(
        con,
        """SELECT r.status, p.item_id, f.reason FROM records r LEFT JOIN reports p ON p.record_key = r.record_key AND p.live
           LEFT JOIN refusals f ON f.record_key = r.record_key WHERE r.record_key = ? AND r.is_latest""",
        [key],
    )
    if not rows:
        raise UsageError(f"there is no record {key!r}: `thresher leads list` shows the keys of leads")
    if rows[0]["item_id"]:
        raise UsageError(f"{key} is no lead: it is a report of item {rows[0]['item_id'][:12]} already")
    raise UsageError(f"{key} is no lead any more: it was refused as {rows[0]['reason'] or rows[0]['status']}")
