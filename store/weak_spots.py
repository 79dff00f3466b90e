"""What is failed and reported most, for who looks for more of it: posts by failure cluster, and how models did on the items of each."""

from __future__ import annotations

from dataclasses import dataclass

from store.file.database import Connection
from store.reading import rows


@dataclass(frozen=True, slots=True)
class Post:
    """What one record says of a failure. ``author`` is its keyed hash, else the key of the record."""

    cluster_id: str
    language: str
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A failure cluster: how it grows, and on how many pairs of an item and a model it was asked and failed last."""

    cluster_id: str
    label: str
    trend: str
    asked: int
    failed: int


_LONGEST = 2_000
"""Characters of a post: the complaint is mostly in its first paragraphs."""
_MOST = 20_000
"""Posts that are looked at, so that no night reads all of a large benchmark: the words of old ones were searched for before."""


def posts(con: Connection) -> list[Post]:
    """The newest reports and leads that are in a cluster, their language (two or three letters) as the reader or the site tells it."""
    told = rows(
        con,
        """WITH said AS (
               SELECT m.cluster_id, coalesce(nullif(o.language, ''), nullif(l.language, ''), i.language, '') AS language,
                      coalesce(m.author_key, m.record_key) AS author, left(concat_ws(' ', o.title, o.text), $longest) AS text
               FROM cluster_members m JOIN records o ON o.record_key = m.record_key AND o.is_latest
               LEFT JOIN leads l ON l.record_key = m.record_key LEFT JOIN items i ON i.item_id = m.item_id
               ORDER BY m.said_at DESC, m.record_key LIMIT $most
           )
           SELECT DISTINCT cluster_id, author, text,
                  coalesce(nullif(regexp_extract(lower(language), '^([a-z]{2,3})(?:$|[-_])', 1), ''), 'en') AS language
           FROM said ORDER BY ALL""",
        {"longest": _LONGEST, "most": _MOST},
    )
    return [Post(**row) for row in told]


def spots(con: Connection) -> list[Spot]:
    """Every cluster, the most reported first. Items that are waived, rejected or retired, or whose key is in question, do not
    count."""
    told = rows(
        con,
        """WITH last AS (
               SELECT item_id, k, n FROM trial_rounds WHERE n > 0
               QUALIFY row_number() OVER (PARTITION BY item_id, model ORDER BY round DESC) = 1
           ),
           members AS (
               SELECT DISTINCT m.cluster_id, m.item_id FROM cluster_members m
               SEMI JOIN (FROM items_current WHERE status IN ('proposed', 'active')) c ON c.item_id = m.item_id
               ANTI JOIN doubted_items d ON d.item_id = m.item_id
           )
           SELECT f.cluster_id, f.label, f.trend, count(l.item_id) AS asked, count(*) FILTER (l.k >= least(2, l.n)) AS failed
           FROM failure_clusters f LEFT JOIN members m USING (cluster_id) LEFT JOIN last l ON l.item_id = m.item_id
           GROUP BY ALL ORDER BY any_value(f.reports) DESC, f.cluster_id""",
    )
    return [Spot(**row) for row in told]
