"""What people and programs ask of the store: the state of the benchmark, what a run did, one item with all that is known of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from store.file.database import Connection
from store.rows import fetch
from thresher.errors import UsageError


def status(con: Connection) -> dict[str, Any]:
    """The numbers of the benchmark as it stands: JSON-ready."""
    return {
        "items": _one(con, "SELECT count(*) FROM items_current"),
        "by_status": _counts(con, "SELECT status, count(*) FROM items_current GROUP BY 1 ORDER BY 1"),
        "by_kind": _counts(con, "SELECT kind, count(*) FROM items_current GROUP BY 1 ORDER BY 1"),
        "by_tier": _counts(con, "SELECT tier::VARCHAR, count(*) FROM items_current GROUP BY tier ORDER BY tier"),
        "by_source": _counts(con, "SELECT source, count(*) FROM items_current GROUP BY 1 ORDER BY 1"),
        "by_export_class": _counts(
            con, "SELECT export_class::VARCHAR, count(*) FROM items_current GROUP BY export_class ORDER BY export_class"
        ),
        "reports": _one(con, "SELECT count(*) FROM reports WHERE live"),
        "merged": _one(con, "SELECT count(*) FROM items WHERE merged_into IS NOT NULL"),
        "retired": _one(con, "SELECT count(*) FROM items WHERE lifecycle = 'retired'"),
        "records": _one(con, "SELECT count(*) FROM records WHERE is_latest"),
        "records_due": _one(con, "SELECT count(*) FROM records WHERE is_latest AND judged_by IS NULL"),
        "embedding_pending": _one(con, "SELECT count(*) FROM items ANTI JOIN embeddings USING (item_id) WHERE lifecycle <> 'retired'"),
        "refused": _counts(con, "SELECT reason, count(*) FROM refusals GROUP BY 1 ORDER BY 2 DESC, 1"),
        "dead_letters": _one(con, "SELECT count(*) FROM dead_letters WHERE NOT resolved"),
        "tombstones": _one(con, "SELECT count(*) FROM tombstones"),
        "verdicts": _one(con, "SELECT count(*) FROM verdicts"),
        "last_run": last_run(con),
        "snapshots": _plain(fetch(con, "SELECT name, items, sha256 FROM snapshots ORDER BY number")),
    }


def last_run(con: Connection) -> dict[str, Any] | None:
    """The newest run, or None before the first."""
    rows = fetch(
        con, "SELECT run_id, command, state, started_at, finished_at, error FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1"
    )
    return _plain(rows)[0] if rows else None


def run_report(con: Connection, run_id: str) -> dict[str, Any]:
    """What one run did with each source; for each, records = landed + merged + the sum of refused. UsageError for an unknown run."""
    runs = fetch(
        con,
        "SELECT run_id, command, state, started_at, finished_at, error, rules_version, dedupe_version, encoder FROM runs WHERE run_id = ?",
        [run_id],
    )
    if not runs:
        raise UsageError(f"there is no run {run_id!r}")
    reasons: dict[str, dict[str, int]] = {}
    for row in fetch(con, "SELECT source, reason, refused FROM run_refusals WHERE run_id = ? ORDER BY source, reason", [run_id]):
        reasons.setdefault(row["source"], {})[row["reason"]] = row["refused"]
    sources = {}
    for row in fetch(con, "SELECT * EXCLUDE (run_id) FROM run_sources WHERE run_id = ? ORDER BY source", [run_id]):
        name = row.pop("source")
        sources[name] = {**row, "refused": reasons.get(name, {})}
    return {**_plain(runs)[0], "sources": sources}


def item(con: Connection, item_id: str) -> dict[str, Any]:
    """An item with its reports, the items merged into it, decisions and verdicts. A prefix of the id will do where it names one item only;
    UsageError otherwise."""
    found = fetch(con, "SELECT * FROM items WHERE starts_with(item_id, ?) ORDER BY item_id LIMIT 2", [item_id])
    if len(found) != 1:
        raise UsageError(f"{'more than one item begins' if found else 'no item begins'} with {item_id!r}")
    stored = found[0]
    key = stored["item_id"]
    current = fetch(con, "SELECT * EXCLUDE (messages), messages FROM items_current WHERE item_id = ?", [key])
    reports = fetch(
        con,
        """SELECT r.* FROM reports r JOIN items i ON i.item_id = r.item_id
           WHERE i.item_id = ? OR i.merged_into = ? ORDER BY r.live DESC, r.lead_order""",
        [key, key],
    )
    return {
        **_decoded({**stored, **(current[0] if current else {})}),
        "reports": [_decoded(r) for r in reports],
        "merged": [r["item_id"] for r in fetch(con, "SELECT item_id FROM items WHERE merged_into = ? ORDER BY 1", [key])],
        "decisions": _plain(
            fetch(con, "SELECT * FROM decisions WHERE item_id = ? OR other_id = ? ORDER BY item_id, score DESC", [key, key])
        ),
        "verdicts": _plain(fetch(con, "SELECT * FROM verdicts WHERE item_id = ? ORDER BY given_at, verdict_id", [key])),
    }


def growth(con: Connection) -> list[dict[str, Any]]:
    """What each run brought, oldest first."""
    return _plain(fetch(con, "SELECT * FROM growth_by_night"))


def sites(con: Connection) -> list[dict[str, Any]]:
    """Every harvested site with how much of it is there and how far it was read."""
    return _plain(
        fetch(
            con,
            """SELECT p.source, p.site, count(*) AS pages, max(p.last_fetched) AS last_fetched,
                      (SELECT count(*) FROM records r WHERE r.source = p.source AND r.site = p.site AND r.is_latest) AS records,
                      (SELECT value FROM cursors c WHERE c.source = p.source AND c.site = p.site) AS cursor
               FROM pages p GROUP BY ALL ORDER BY 1, 2""",
        )
    )


def _one(con: Connection, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0])


def _counts(con: Connection, sql: str) -> dict[str, int]:
    return {str(name): int(n) for name, n in con.execute(sql).fetchall()}


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()} for row in rows]


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its JSON columns as values."""
    plain = _plain([row])[0]
    return {k: json.loads(v) if k in ("messages", "claim", "failing") and isinstance(v, str) else v for k, v in plain.items()}
