"""What people and programs ask of the store: what a run did, one item with all that is known of it, the failure clusters. Nothing is
written, and nothing that is slow to import is needed."""

from __future__ import annotations

import json
from typing import Any, Literal

from store import evaluation
from store.file.database import Connection
from store.reading import counts, rows
from thresher.errors import UsageError

TRENDS = ("new", "resurfaced", "growing", "steady", "fading")


def last_run(con: Connection) -> dict[str, Any] | None:
    """The newest run, or None before the first."""
    runs = rows(
        con, "SELECT run_id, command, state, started_at, finished_at, error FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1"
    )
    return runs[0] if runs else None


def run_report(con: Connection, run_id: str) -> dict[str, Any]:
    """What one run did with each source; for each, records = landed + merged + leads + the sum of refused. UsageError for an
    unknown run."""
    runs = rows(
        con,
        "SELECT run_id, command, state, started_at, finished_at, error, rules_version, dedupe_version, encoder FROM runs WHERE run_id = ?",
        [run_id],
    )
    if not runs:
        raise UsageError(f"there is no run {run_id!r}")
    reasons: dict[str, dict[str, int]] = {}
    for row in rows(con, "SELECT source, reason, refused FROM run_refusals WHERE run_id = ? ORDER BY source, reason", [run_id]):
        reasons.setdefault(row["source"], {})[row["reason"]] = row["refused"]
    sources = {}
    for row in rows(con, "SELECT * EXCLUDE (run_id) FROM run_sources WHERE run_id = ? ORDER BY source", [run_id]):
        name = row.pop("source")
        sources[name] = {**row, "refused": reasons.get(name, {})}
    return {**runs[0], "sources": sources}


def item(con: Connection, beginning: str) -> dict[str, Any]:
    """An item with its reports, the items merged into it, decisions, verdicts and what trials say of it. A beginning of an id will do
    where it names one item only; UsageError otherwise."""
    stored = _stored(con, beginning)
    # One id at a time: DuckDB takes ``=`` through the view to the tables, a list of ids only to its result, which is the whole benchmark.
    current = rows(con, "SELECT * FROM items_current WHERE item_id = ?", [stored["item_id"]])
    return {**_decoded({**stored, **(current[0] if current else {})}), **_history(con, stored["item_id"])}


def _stored(con: Connection, beginning: str) -> dict[str, Any]:
    matches = rows(con, "SELECT * FROM items WHERE starts_with(item_id, ?) ORDER BY item_id LIMIT 2", [beginning])
    if len(matches) != 1:
        raise UsageError(f"{'more than one item begins' if matches else 'no item begins'} with {beginning!r}")
    return matches[0]


def _history(con: Connection, item_id: str) -> dict[str, Any]:
    """What the sources, the dedupe and people said of an item."""
    reports = rows(
        con,
        """SELECT r.* FROM reports r JOIN items i ON i.item_id = r.item_id
           WHERE i.item_id = ? OR i.merged_into = ? ORDER BY r.live DESC, r.lead_order""",
        [item_id, item_id],
    )
    return {
        "reports": [_decoded(report) for report in reports],
        "merged": [row["item_id"] for row in rows(con, "SELECT item_id FROM items WHERE merged_into = ? ORDER BY 1", [item_id])],
        "decisions": rows(
            con, "SELECT * FROM decisions WHERE item_id = ? OR other_id = ? ORDER BY item_id, score DESC", [item_id, item_id]
        ),
        "verdicts": rows(con, "SELECT * FROM verdicts WHERE item_id = ? ORDER BY given_at, verdict_id", [item_id]),
        "completions": rows(
            con,
            """SELECT c.* FROM completions c JOIN reports r ON r.record_key = c.record_key AND r.live JOIN items i ON i.item_id = r.item_id
               WHERE i.item_id = ? OR i.merged_into = ? ORDER BY c.given_at, c.record_key""",
            [item_id, item_id],
        ),
        "trials": evaluation.states_of(con, item_id),
        "key_queue": rows(con, "SELECT reason, why FROM key_queue WHERE item_id = ? ORDER BY reason", [item_id]),
    }


_CURRENT = "FROM items i WHERE merged_into IS NULL AND EXISTS (FROM reports r WHERE r.item_id = i.item_id AND r.live)"
"""The rows of ``items_current``, without what that view works out about each."""


def some_items(con: Connection, kind: str, limit: int) -> list[str]:
    """Ids of items drawn at random, of one kind or, where it is empty, of any. UsageError where there is no item of that kind."""
    drawn = rows(con, f"SELECT item_id {_CURRENT} AND (kind = ? OR ? = '') ORDER BY random() LIMIT ?", [kind, kind, limit])
    if kind and not drawn:
        kinds = counts(con, f"SELECT kind, count(*) {_CURRENT} GROUP BY 1 ORDER BY 1")
        there = ", ".join(f"{name} ({n:,})" for name, n in kinds.items()) or "no item of any kind"
        raise UsageError(f"no item is of kind {kind!r}; there are: {there}")
    return [row["item_id"] for row in drawn]


Sight = Literal["witnessed again", "witnessed complaint", "keyed exercise"]

_SIGHTS: dict[Sight, str] = {
    "witnessed again": "tier = 'witnessed' AND report_count > 1",
    "witnessed complaint": "kind = 'complaint' AND tier = 'witnessed'",
    "keyed exercise": "kind = 'exercise' AND key_status = 'sourced' AND len(prompt) < 600",
}


def sights(con: Connection, sight: Sight) -> list[str]:
    """Ids of items worth showing to somebody who is new here, the most reported first."""
    return [
        row["item_id"] for row in rows(con, f"SELECT item_id FROM items_current WHERE {_SIGHTS[sight]} ORDER BY report_count DESC, item_id")
    ]


def failure_clusters(
    con: Connection, *, category: str = "", trend: str = "", least: int = 1, limit: int | None = None
) -> list[dict[str, Any]]:
    """Failure clusters, the most reported first."""
    if trend and trend not in TRENDS:
        raise UsageError(f"trend {trend!r} is not known: use {', '.join(TRENDS)}")
    return rows(
        con,
        f"""SELECT * FROM failure_clusters WHERE (category = ? OR ? = '') AND (trend = ? OR ? = '') AND reports >= ?
            ORDER BY reports DESC, cluster_id LIMIT {"ALL" if limit is None else int(limit)}""",
        [category, category, trend, trend, least],
    )


def failure_cluster(con: Connection, beginning: str) -> dict[str, Any]:
    """A cluster with its members and its history. The beginning of an id will do where it names one only; that of a merged cluster leads
    to the one it went to. UsageError otherwise."""
    matches = rows(con, "SELECT * FROM failure_clusters WHERE starts_with(cluster_id, ?) LIMIT 2", [beginning])
    if not matches:
        merged = "SELECT DISTINCT other_id FROM cluster_history WHERE event = 'merged' AND starts_with(cluster_id, ?) LIMIT 2"
        heirs = rows(con, merged, [beginning])
        if len(heirs) == 1:
            return failure_cluster(con, heirs[0]["other_id"])
    if len(matches) != 1:
        raise UsageError(f"{'more than one cluster begins' if matches else 'no cluster begins'} with {beginning!r}")
    key = matches[0]["cluster_id"]
    members = rows(
        con,
        """SELECT record_key, item_id, source, site, tier, url, said_at, phrase, similarity, made_by, words, is_lead FROM cluster_members
           WHERE cluster_id = ? ORDER BY similarity DESC, said_at, record_key""",
        [key],
    )
    history = rows(
        con,
        """SELECT h.event, h.cluster_id, h.other_id, h.run_id, u.started_at FROM cluster_history h LEFT JOIN runs u USING (run_id)
           WHERE h.cluster_id = ? OR h.other_id = ? ORDER BY u.started_at, h.event, h.cluster_id""",
        [key, key],
    )
    return {**matches[0], "members": members, "history": history}


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its JSON columns as values."""
    return {k: json.loads(v) if k in ("messages", "claim", "failing") and isinstance(v, str) else v for k, v in row.items()}
