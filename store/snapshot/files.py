"""The Parquet files of a snapshot, one for each configuration: the same rows give the same bytes, in whichever way they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

IDS: Final = "ids"
FILE: Final = "test-00000-of-00001.parquet"
ROW_GROUP: Final = 4_000
DRAFT_LEVEL: Final = 1
"""How hard zstd tries on a file that is written anew soon."""
_LEVEL: Final = 9

_STRINGS = pa.list_(pa.string())
TEXT_SCHEMA = pa.schema(
    [
        ("item_id", pa.string()), ("version", pa.int32()), ("kind", pa.string()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))), ("input", pa.string()),
        ("question", pa.string()), ("answer", pa.string()),
        ("target", pa.string()), ("aliases", _STRINGS), ("choices", _STRINGS), ("rubric", pa.string()),
        ("tier", pa.string()), ("key_status", pa.string()), ("lifecycle", pa.string()), ("language", pa.string()), ("tags", _STRINGS),
        ("rule", pa.string()), ("rule_version", pa.string()), ("strength", pa.float64()), ("reports", pa.int64()),
        ("failing_models", _STRINGS), ("failing_hashes", _STRINGS),
        ("source", pa.string()), ("site", pa.string()), ("native_id", pa.string()), ("url", pa.string()), ("content_hash", pa.string()),
        ("licence", pa.string()), ("attribution", pa.string()), ("export_class", pa.string()), ("canary", pa.string()),
    ]
)  # fmt: skip
"""Of the configs with text. ``target`` is one string: runners score a list as wrong without a word."""
IDS_SCHEMA = pa.schema(
    [
        ("item_id", pa.string()), ("source", pa.string()), ("site", pa.string()), ("native_id", pa.string()), ("thread_id", pa.string()),
        ("content_hash", pa.string()), ("kind", pa.string()), ("tier", pa.string()),
        ("key_at_source", pa.string()), ("lifecycle", pa.string()), ("language", pa.string()),
        ("tags", _STRINGS), ("rule", pa.string()), ("rule_version", pa.string()), ("reports", pa.int64()), ("licence", pa.string()),
        ("response_hashes", _STRINGS), ("better", pa.string()),
    ]
)  # fmt: skip


class Files:
    """Rows on their way into files, in row groups of a fixed size. ``look`` is shown each group before it is written."""

    def __init__(self, folder: Path, *, level: int = _LEVEL, look: Callable[[pa.Table], None] = lambda _: None) -> None:
        self._folder, self._level, self._look = folder, level, look
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: dict[str, list[dict[str, Any]]] = {}

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *error: object) -> None:
        for config, writer in self._writers.items():
            if error[0] is None:
                self._flush(config)
            writer.close()

    def put(self, config: str, row: dict[str, Any]) -> None:
        """Add a row."""
        if config not in self._writers:
            self._waiting[config] = []
            self._writers[config] = _writer(self._folder / config / FILE, IDS_SCHEMA if config == IDS else TEXT_SCHEMA, self._level)
        self._waiting[config].append(row)
        if len(self._waiting[config]) == ROW_GROUP:
            self._flush(config)

    def _flush(self, config: str) -> None:
        writer, rows = self._writers[config], self._waiting[config]
        if rows:
            group = pa.Table.from_pylist(rows, schema=writer.schema)
            self._look(group)
            writer.write_table(group)
            rows.clear()


def parquet(folder: Path) -> list[Path]:
    """The Parquet files of a snapshot."""
    return sorted(folder.rglob("*.parquet"))


def rewrite(folder: Path, without: Collection[str], more: Mapping[str, list[dict[str, Any]]]) -> None:
    """Write drafts anew without some items, and with the rows in ``more``, by item, among those of ``ids``: what lies there then is what
    would have been written so at once."""
    dropped = pa.array(sorted(without), pa.string())
    for path in parquet(folder):
        if path.parent.name != IDS:
            _replace(path, (_without(batch, dropped) for batch in _batches(path)), TEXT_SCHEMA)
    ids = folder / IDS / FILE
    if more or ids.exists():
        _replace(ids, _merged(_batches(ids) if ids.exists() else (), more), IDS_SCHEMA)


def held(folder: Path) -> tuple[dict[str, int], dict[str, Counter[str]]]:
    """How many rows each configuration has, and how many of which licence, by the files as they lie there."""
    rows: dict[str, int] = {}
    licences: dict[str, Counter[str]] = {}
    for path in parquet(folder):
        with pq.ParquetFile(path) as file:
            config = path.parent.name
            rows[config] = file.metadata.num_rows
            licences[config] = Counter()
            for batch in file.iter_batches(ROW_GROUP, columns=["licence"]):
                for one in pc.value_counts(pc.utf8_lower(batch["licence"])).to_pylist():
                    licences[config][one["values"]] += one["counts"]
    return rows, licences


def _writer(path: Path, schema: pa.Schema, level: int = _LEVEL) -> pq.ParquetWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=level, version="2.6", write_page_index=True, use_content_defined_chunking=True,
    )  # fmt: skip


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(ROW_GROUP)


def _without(batch: pa.RecordBatch, dropped: pa.Array) -> pa.RecordBatch:
    return batch.filter(pc.invert(pc.is_in(batch["item_id"], dropped)))


def _merged(batches: Iterable[pa.RecordBatch], more: Mapping[str, list[dict[str, Any]]]) -> Iterator[pa.RecordBatch]:
    """The rows of ``ids`` and those of ``more``, by item."""
    waiting = sorted(more)
    for batch in batches:
        last = batch["item_id"][len(batch) - 1].as_py()
        here = [item_id for item_id in waiting if item_id < last]
        waiting = waiting[len(here) :]
        table = pa.Table.from_batches([batch, *_of_items(here, more)])
        yield from table.sort_by("item_id").combine_chunks().to_batches()
    yield from _of_items(waiting, more)


def _of_items(item_ids: Iterable[str], more: Mapping[str, list[dict[str, Any]]]) -> list[pa.RecordBatch]:
    rows = list(chain.from_iterable(more[item_id] for item_id in item_ids))
    return [pa.RecordBatch.from_pylist(rows, schema=IDS_SCHEMA)] if rows else []


def _replace(path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
    """Write these rows in the place of a file, in row groups of the fixed size; no file where there are none."""
    partial = path.with_suffix(".partial")
    waiting = pa.Table.from_batches([], schema)
    written = 0
    with _writer(partial, schema) as writer:
        for batch in batches:
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch], schema)])
            while len(waiting) >= ROW_GROUP:
                written += ROW_GROUP
                writer.write_table(waiting.slice(0, ROW_GROUP).combine_chunks())
                waiting = waiting.slice(ROW_GROUP)
        if len(waiting):
            writer.write_table(waiting.combine_chunks())
    if written + len(waiting):
        partial.replace(path)
    else:
        partial.unlink()
        path.unlink(missing_ok=True)
        path.parent.rmdir()
