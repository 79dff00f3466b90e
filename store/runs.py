"""What each run did: opened, counted, closed in balance or failed."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from store.file.database import Connection
from thresher import __version__
from thresher.redaction import redact

if TYPE_CHECKING:
    import duckdb

RunState = Literal["running", "finished", "failed", "partial"]

_COUNTS = ("pages", "added", "revised", "unchanged", "tombstoned", "dead", "records", "candidates", "landed", "merged", "leads", "refused")


def open_run(
    con: Connection, command: str, *, rules_version: str = "", dedupe_version: str = "", encoder: str = "", now: datetime | None = None
) -> str:
    """A new run in state ``running``. It starts after every run before it, also where the clock went back, and its id sorts so.

    A run found running is a dead process's, since the lease is ours: it becomes ``failed``.
    """
    now = _after_all(con, now or datetime.now(UTC))
    con.execute(
        "UPDATE runs SET state = 'failed', finished_at = ?, error = 'its process ended before the run did' WHERE state = 'running'", [now]
    )
    run_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    con.execute(
        "INSERT INTO runs BY NAME SELECT ? AS run_id, ? AS command, ? AS started_at, 'running' AS state, ? AS thresher_version, "
        "? AS rules_version, ? AS dedupe_version, ? AS encoder",
        [run_id, command, now, __version__, rules_version, dedupe_version, encoder],
    )
    return run_id


def _after_all(con: Connection, now: datetime) -> datetime:
    last = con.execute("SELECT max(started_at) FROM runs").fetchall()[0][0]
    return now if last is None or now > last else last + timedelta(microseconds=1)


def last_observed(con: Connection) -> datetime | None:
    """The latest moment at which a record was seen or a run began; None in an empty benchmark."""
    moment: datetime | None = con.execute(
        "SELECT greatest((SELECT max(last_seen) FROM records), (SELECT max(started_at) FROM runs))"
    ).fetchall()[0][0]
    return moment


def unfinished(con: Connection) -> list[str]:
    """Runs that did not reach their end since the last one that did, oldest first."""
    rows = con.execute(
        """SELECT run_id FROM runs WHERE state = 'running' OR (state = 'failed' AND started_at >
               coalesce((SELECT max(started_at) FROM runs WHERE state IN ('finished', 'partial')), TIMESTAMPTZ '-infinity'))
           ORDER BY started_at"""
    ).fetchall()
    return [row[0] for row in rows]


def fail_run(con: Connection, run_id: str, error: str) -> None:
    """Say that a run did not reach its end."""
    con.execute(
        "UPDATE runs SET state = 'failed', finished_at = ?, error = ? WHERE run_id = ?",
        [datetime.now(UTC), redact(error)[0][:2000], run_id],
    )


def begin_source(con: Connection, run_id: str, source: str) -> int:
    """Say that a run is at a source; returns how many runs were before it, those that were killed there among them."""
    before = con.execute("SELECT count(*) FROM run_sources WHERE source = ? AND run_id <> ?", [source, run_id]).fetchall()
    add_counts(con, run_id, source)
    return int(before[0][0])


def finish_source(con: Connection, run_id: str, source: str, state: RunState, error: str = "") -> None:
    """Say how one source of a run ended."""
    add_counts(con, run_id, source)
    con.execute(
        "UPDATE run_sources SET state = ?, error = ? WHERE run_id = ? AND source = ?", [state, redact(error)[0][:2000], run_id, source]
    )


def _told(error: str) -> str:
    """What is kept of an error: not what somebody wrote that it tripped over."""
    return redact(error)[0][:2000]


def add_counts(con: duckdb.DuckDBPyConnection, run_id: str, source: str, **counts: int) -> None:
    """Add to the counts of one source in one run; the names are the columns of ``run_sources``."""
    unknown = set(counts) - set(_COUNTS)
    if unknown:
        raise ValueError(f"no such counts: {sorted(unknown)}")
    con.execute("INSERT INTO run_sources (run_id, source) SELECT ?, ? WHERE NOT EXISTS (FROM run_sources WHERE run_id = ? AND source = ?)",
                [run_id, source, run_id, source])  # fmt: skip
    if counts:
        sets = ", ".join(f"{name} = {name} + ?" for name in counts)
        con.execute(f"UPDATE run_sources SET {sets} WHERE run_id = ? AND source = ?", [*counts.values(), run_id, source])


def add_refusals(con: duckdb.DuckDBPyConnection, run_id: str, source: str, reasons: dict[str, int]) -> None:
    """Add to how often each reason was given in one run; what is given no more is forgotten."""
    for reason, refused in reasons.items():
        con.execute(
            "INSERT INTO run_refusals VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET refused = refused + excluded.refused",
            [run_id, source, reason, refused],
        )
    if any(refused < 0 for refused in reasons.values()):
        con.execute("DELETE FROM run_refusals WHERE run_id = ? AND source = ? AND refused = 0", [run_id, source])
