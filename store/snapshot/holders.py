"""Which published snapshots hold something: what left the benchmark is still in what was frozen before."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow.parquet as pq

_COLUMNS = ["item_id", "source", "site", "native_id"]


def holders(folder: Path, record_keys: Collection[str], item_ids: Collection[str]) -> list[Path]:
    """The snapshots in ``folder`` with a row of one of these records or items, by name. A file that cannot be read counts: nobody knows."""
    wanted_keys, wanted_items = set(record_keys), set(item_ids)
    snapshots = sorted(path for path in folder.glob("*") if path.is_dir() and not path.name.startswith("."))
    return [path for path in snapshots if any(_holds(file, wanted_keys, wanted_items) for file in sorted(path.rglob("*.parquet")))]


def _holds(file: Path, record_keys: set[str], item_ids: set[str]) -> bool:
    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(columns=_COLUMNS):
                ids, *parts = (batch.column(name).to_pylist() for name in _COLUMNS)
                if not item_ids.isdisjoint(ids) or not record_keys.isdisjoint(":".join(key) for key in zip(*parts, strict=True)):
                    return True
    except (OSError, ValueError, KeyError):
        return True
    return False
