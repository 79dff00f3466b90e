"""The talks of a product's users, as they are told of together."""

from __future__ import annotations

from collections.abc import Sequence

from store.file.database import Connection
from store.rows import fetch, record_of
from thresher.model import Record


def newest_talks(con: Connection, sources: Sequence[str], limit: int) -> list[Record]:
    """The newest live talks of these sources, those whose time nobody knows last."""
    found = fetch(
        con,
        """SELECT * FROM records
           WHERE is_latest AND NOT blanked AND role = 'battle' AND status IN ('live', 'edited') AND list_contains(?, source)
           ORDER BY created_at DESC NULLS LAST, record_key LIMIT ?""",
        [list(sources), limit],
    )
    return [record_of(row) for row in found]
