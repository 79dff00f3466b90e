"""What a snapshot has, lacks and says otherwise than the one before it, and the version that follows from that."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from store.file.database import Connection
from store.rows import fetch
from store.snapshot.registry import MANIFEST

FIRST: Final = "1.0.0"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")

_BEFORE = """
    SELECT name, path FROM snapshots
    WHERE name <> ? AND number < coalesce((SELECT number FROM snapshots WHERE name = ?), 2147483647)
    ORDER BY number DESC LIMIT 1"""

_DIFFERING = """
    WITH old AS (SELECT config, item_id, row_hash FROM snapshot_items WHERE name = ?)
    SELECT config || '/' || item_id AS place,
           CASE WHEN old.row_hash IS NULL THEN 'added' WHEN given.row_hash IS NULL THEN 'removed' ELSE 'changed' END AS what
    FROM given FULL JOIN old USING (config, item_id) WHERE given.row_hash IS DISTINCT FROM old.row_hash ORDER BY place"""


@dataclass(frozen=True, slots=True)
class Difference:
    """Places, as ``config/item_id``, that are new, gone and changed since the snapshot ``since``; none of a first one."""

    since: str | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    version: str = FIRST

    @property
    def listed(self) -> dict[str, Any]:
        """As it stands in difference.json."""
        return {"since": self.since, "added": self.added, "removed": self.removed, "changed": self.changed}


def measure(con: Connection, name: str, hashes: pa.Table) -> Difference:
    """Since the snapshot before. ``hashes`` are of the rows that leave now (``store.snapshot.registry.RowHashes``)."""
    before = fetch(con, _BEFORE, [name, name])
    if not before:
        return Difference()
    since = before[0]["name"]
    rows = fetch(con, _DIFFERING, [since], given=hashes)
    added, removed, changed = (tuple(row["place"] for row in rows if row["what"] == what) for what in ("added", "removed", "changed"))
    version = following(_version_of(Path(before[0]["path"])), len(added), len(removed), len(changed))
    return Difference(since, added, removed, changed, version)


def following(version: str, added: int, removed: int, changed: int) -> str:
    """The next version, as Croissant 1.1 counts: MAJOR where rows were removed, MINOR where some came, PATCH where some changed."""
    match = _VERSION.fullmatch(version)
    major, minor, patch = map(int, match.groups()) if match else (1, 0, 0)
    if removed:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if added else f"{major}.{minor}.{patch + 1}" if changed else f"{major}.{minor}.{patch}"


def _version_of(folder: Path) -> str:
    """The version of a frozen snapshot; the first one where its folder is gone, or older than versions are."""
    try:
        return str(json.loads((folder / MANIFEST).read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return FIRST
