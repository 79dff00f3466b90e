"""What a labelling tool is given of items, and what says whether its labels can be taken."""

from __future__ import annotations

from typing import Any

from store.file.database import Connection
from store.reading import rows

_FAILING = 3
"""Answers of an item that are shown."""


def items(con: Connection, status: str) -> list[dict[str, Any]]:
    """The items of a status as they are read, by id: texts, labels, version, the answers that failed as one text, and the last verdict on
    their life with who gave it (empty where nobody did)."""
    return rows(
        con,
        f"""WITH failed AS (
                SELECT coalesce(i.merged_into, i.item_id) AS item_id, unnest(from_json(r.failing, '["JSON"]')) ->> '$.text' AS text
                FROM reports r JOIN items i USING (item_id) WHERE r.live
            ),
            failing AS (SELECT item_id, list(DISTINCT text ORDER BY text)[:{_FAILING}] AS texts FROM failed GROUP BY item_id),
            said AS (
                SELECT item_id, arg_max(verdict, (given_at, verdict_id)) AS word, arg_max(author, (given_at, verdict_id)) AS author
                FROM verdicts WHERE verdict IN ('proposed', 'active', 'retired', 'rejected', 'waived') GROUP BY item_id
            )
            SELECT c.item_id, c.version, c.kind, c.tier::VARCHAR AS tier, c.status, c.source, c.url, c.prompt, c.target, c.rubric,
                   coalesce(array_to_string(f.texts, E'\\n\\n'), '') AS failing,
                   coalesce(s.word, '') AS said, coalesce(s.author, '') AS said_by
            FROM items_current c LEFT JOIN failing f USING (item_id) LEFT JOIN said s USING (item_id)
            WHERE c.status = ? ORDER BY c.item_id""",
        [status],
    )


def versions(con: Connection) -> dict[str, int]:
    """The version of each item that can be decided."""
    return dict(con.execute("SELECT item_id, version FROM items_current").fetchall())


def verdict_ids(con: Connection) -> frozenset[str]:
    """Of every verdict that was taken up."""
    return frozenset(one for (one,) in con.execute("SELECT verdict_id FROM verdicts").fetchall())
