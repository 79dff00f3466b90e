"""How the benchmark grew, what it is about, and what is thin in it: the rows of ``thresher report`` beside those of ``store.overview``."""

from __future__ import annotations

from typing import Any

from store.file.database import Connection
from store.reading import rows

TAGS = 24
CLUSTERS = 30
WEEKS = 26
FEW = 10
"""A kind at a tier, or a tag, of fewer items is thin: a score over so few says nothing."""
UNMADE = 5
"""So many reports of one failure ought to have made an item."""

_CANONICAL = "merged_into IS NULL AND lifecycle <> 'retired'"


def by_day(con: Connection) -> list[dict[str, Any]]:
    """What the runs of each day brought, by source; on the first two days by the minute in which each began. All in UTC."""
    return rows(
        con,
        """WITH run AS (
               SELECT *, u.started_at AT TIME ZONE 'UTC' AS began,
                      (SELECT count(DISTINCT started_at::DATE) FROM runs) < 3 AS young
               FROM run_sources s JOIN runs u USING (run_id)
           )
           SELECT left(strftime(began, '%Y-%m-%d %H:%M'), CASE WHEN young THEN 16 ELSE 10 END) AS day, source,
                  sum(records)::BIGINT AS records, sum(landed)::BIGINT AS landed, sum(merged)::BIGINT AS merged,
                  sum(refused)::BIGINT AS refused
           FROM run GROUP BY ALL ORDER BY ALL""",
    )


def tags(con: Connection) -> list[dict[str, Any]]:
    """The commonest tags of canonical items."""
    sql = f"SELECT tag, count(*) AS items FROM (SELECT unnest(tags) AS tag FROM items WHERE {_CANONICAL}) GROUP BY ALL ORDER BY 2 DESC, 1"
    return rows(con, f"{sql} LIMIT {TAGS}")


def languages(con: Connection) -> list[dict[str, Any]]:
    """Of canonical items, the most first."""
    return rows(con, f"SELECT language, count(*) AS items FROM items WHERE {_CANONICAL} GROUP BY ALL ORDER BY 2 DESC, 1")


def refused(con: Connection) -> list[dict[str, Any]]:
    """Records that give no item, by source and reason."""
    return rows(con, "SELECT source, reason, count(*) AS records FROM refusals GROUP BY ALL ORDER BY 3 DESC, 1, 2")


def duplicates(con: Connection) -> list[dict[str, Any]]:
    """What the dedupe said, by verdict and method."""
    return rows(con, "SELECT verdict, method, count(*) AS items FROM decisions WHERE NOT undone GROUP BY ALL ORDER BY 3 DESC, 1, 2")


def clusters(con: Connection) -> list[dict[str, Any]]:
    """Failures: those that grow, came back or are new first, then the most reported; each with its reports by week, the oldest first."""
    top = rows(
        con,
        f"""SELECT cluster_id, label, category, trend, reports, leads, items, sources, authors, last_7, last_seen FROM failure_clusters
            ORDER BY trend NOT IN ('growing', 'resurfaced', 'new'), reports DESC, cluster_id LIMIT {CLUSTERS}""",
    )
    weekly = rows(
        con,
        f"""WITH newest AS (SELECT max(said_at) AS moment FROM cluster_members)
            SELECT cluster_id, date_diff('week', said_at, moment) AS ago, count(*) AS reports FROM cluster_members, newest
            WHERE said_at > moment - INTERVAL {7 * WEEKS} DAY AND list_contains($ids, cluster_id) GROUP BY ALL""",
        {"ids": [row["cluster_id"] for row in top]},
    )
    weeks = {row["cluster_id"]: [0] * WEEKS for row in top}
    for row in weekly:
        if 0 <= row["ago"] < WEEKS:
            weeks[row["cluster_id"]][WEEKS - 1 - row["ago"]] += row["reports"]
    return [{**row, "weeks": weeks[row["cluster_id"]]} for row in top]


def unmade(con: Connection) -> list[dict[str, Any]]:
    """Failures that many report and that no item asks: their leads want a person."""
    where = f"items = 0 AND reports >= {UNMADE}"
    return rows(con, f"SELECT cluster_id, label, reports FROM failure_clusters WHERE {where} ORDER BY reports DESC, cluster_id")


def newest_pages(con: Connection) -> list[dict[str, Any]]:
    """When each site last answered with a page: true whatever a scheduler believes."""
    return rows(
        con,
        "SELECT source, site, count(*) AS pages, max(last_fetched) AS last_fetched FROM pages GROUP BY ALL ORDER BY ALL",
    )
