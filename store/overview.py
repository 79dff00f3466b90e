"""The benchmark as it stands: what it holds, how it grew, what each source brought and what waits. What ``thresher status`` prints."""

from __future__ import annotations

from typing import Any

from store import evaluation, open_leads
from store.file.database import Connection
from store.queries import last_run
from store.reading import count, counts, rows

_COMPOSITION = """
    WITH own AS (
        SELECT item_id, max(tier) AS tier, min(export_class) AS export_class, arg_min(source, lead_order) AS source
        FROM reports WHERE live GROUP BY item_id
    ), merged AS (
        SELECT i.merged_into AS item_id, max(o.tier) AS tier, min(o.export_class) AS export_class
        FROM items i JOIN own o USING (item_id) WHERE i.merged_into IS NOT NULL GROUP BY i.merged_into
    )
    SELECT i.kind, CASE WHEN p.item_id IS NOT NULL THEN 'reproduced'::tier ELSE greatest(o.tier, m.tier) END AS tier,
           coalesce(v.key_status, k.key_status, i.key_status) AS key_status,
           CASE WHEN i.lifecycle = 'retired' THEN i.lifecycle ELSE coalesce(v.lifecycle, i.lifecycle) END AS status,
           o.source, least(o.export_class, m.export_class) AS export_class, count(*) AS items
    FROM items i JOIN own o USING (item_id) LEFT JOIN merged m USING (item_id) LEFT JOIN last_verdicts v USING (item_id)
    LEFT JOIN reproduced_items p USING (item_id) LEFT JOIN derived_keys k USING (item_id)
    WHERE i.merged_into IS NULL GROUP BY ALL ORDER BY ALL"""
"""``items_current`` counted by all that the page shows, in one pass: that view also dates every item, for which it groups all records."""


def status(con: Connection) -> dict[str, Any]:
    """The numbers of the benchmark, JSON-ready."""
    composition = rows(con, _COMPOSITION)
    return {
        "items": sum(row["items"] for row in composition),
        "by_status": _summed(composition, "status"),
        "by_kind": _summed(composition, "kind"),
        "by_tier": _summed(composition, "tier", _labels(con, "tier")),
        "by_key_status": _summed(composition, "key_status"),
        "by_source": _summed(composition, "source"),
        "by_export_class": _summed(composition, "export_class", _labels(con, "export_class")),
        "composition": _merged(composition, ("kind", "tier", "key_status")),
        "reports": count(con, "SELECT count(*) FROM reports WHERE live"),
        "merged": count(con, "SELECT count(*) FROM items WHERE merged_into IS NOT NULL"),
        "retired": count(con, "SELECT count(*) FROM items WHERE lifecycle = 'retired'"),
        "records": count(con, "SELECT count(*) FROM records WHERE is_latest"),
        "records_due": count(con, "SELECT count(*) FROM records WHERE is_latest AND judged_by IS NULL"),
        "embedding_pending": count(con, "SELECT count(*) FROM items ANTI JOIN embeddings USING (item_id) WHERE lifecycle <> 'retired'"),
        "undecided": count(con, "SELECT count(DISTINCT item_id) FROM dedupe_queue"),
        "leads": open_leads.leads_by_reason(con),
        "refused": counts(con, "SELECT reason, count(*) FROM refusals GROUP BY 1 ORDER BY 2 DESC, 1"),
        "dead_letters": count(con, "SELECT count(*) FROM dead_letters WHERE NOT resolved"),
        "tombstones": count(con, "SELECT count(*) FROM tombstones"),
        "verdicts": count(con, "SELECT count(*) FROM verdicts"),
        "leads_completed": count(con, "SELECT count(*) FROM completions"),
        "trials": {"by_state": evaluation.states(con), "by_model": evaluation.results(con), "key_queue": evaluation.key_queue_size(con)},
        "last_run": last_run(con),
        "snapshots": snapshots(con),
    }


def snapshots(con: Connection) -> list[dict[str, Any]]:
    """What was frozen, in that order."""
    return rows(con, "SELECT name, items, sha256, created_at FROM snapshots ORDER BY number")


def _labels(con: Connection, name: str) -> list[str]:
    """The values of an ENUM type in its own order, weakest first."""
    return [str(label) for (label,) in con.execute(f"SELECT unnest(enum_range(NULL::{name}))::VARCHAR").fetchall()]


def _summed(composition: list[dict[str, Any]], column: str, order: list[str] | None = None) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in composition:
        sums[row[column]] = sums.get(row[column], 0) + row["items"]
    return {name: sums[name] for name in (order or sorted(sums)) if name in sums}


def _merged(composition: list[dict[str, Any]], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    sums: dict[tuple[str, ...], int] = {}
    for row in composition:
        key = tuple(row[column] for column in columns)
        sums[key] = sums.get(key, 0) + row["items"]
    return [{**dict(zip(columns, key, strict=True)), "items": items} for key, items in sorted(sums.items())]


def growth(con: Connection) -> list[dict[str, Any]]:
    """What each run brought, oldest first."""
    return rows(con, "SELECT * FROM growth_by_night")


def sites(con: Connection) -> list[dict[str, Any]]:
    """Every harvested site with how much of it is there and how far it was read."""
    return rows(
        con,
        """SELECT p.source, p.site, count(*) AS pages, max(p.last_fetched) AS last_fetched,
                  (SELECT count(*) FROM records r WHERE r.source = p.source AND r.site = p.site AND r.is_latest) AS records,
                  (SELECT value FROM cursors c WHERE c.source = p.source AND c.site = p.site) AS cursor
           FROM pages p GROUP BY ALL ORDER BY 1, 2""",
    )


def visits(con: Connection) -> list[dict[str, Any]]:
    """The last run of each source that brought or tried something: when, how it ended, and its error."""
    return rows(
        con,
        """SELECT s.source, u.run_id, u.command, u.started_at, s.error, s.records, s.landed,
                  CASE WHEN s.state = 'running' THEN u.state ELSE s.state END AS state  -- a rebuild says nothing of single sources
           FROM run_sources s JOIN runs u USING (run_id)
           QUALIFY row_number() OVER (PARTITION BY s.source ORDER BY u.started_at DESC, u.run_id DESC) = 1 ORDER BY s.source""",
    )


def dead_letters(con: Connection) -> list[dict[str, Any]]:
    """What could not be parsed and has not been since, by source and reason, the most first."""
    return rows(con, "SELECT source, reason, count(*) AS letters FROM dead_letters WHERE NOT resolved GROUP BY ALL ORDER BY 3 DESC, 1, 2")


def rising_failures(con: Connection, limit: int) -> list[dict[str, Any]]:
    """Failure clusters that grow, those that came back, and new ones, the most reported first."""
    return rows(
        con,
        """SELECT cluster_id, label, category, reports, leads, sources, authors, trend, last_7 FROM failure_clusters
           WHERE trend IN ('growing', 'resurfaced', 'new')
           ORDER BY trend = 'new', trend = 'resurfaced', reports DESC, cluster_id LIMIT ?""",
        [limit],
    )


def landed_since_snapshot(con: Connection) -> int:
    """Items that runs landed after the last snapshot was made; all where there is none."""
    return count(
        con,
        """SELECT coalesce(sum(s.landed), 0) FROM run_sources s JOIN runs u USING (run_id)
           WHERE u.started_at > coalesce((SELECT max(created_at) FROM snapshots), TIMESTAMPTZ '-infinity')""",
    )
