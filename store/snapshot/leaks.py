"""No word run of a withheld text leaves in a snapshot.

Withheld is every text of a record that its licence or class keeps from leaving as text, whether an item was made of it or not; a refused
record under an open licence is not. Of a record of class ``derived`` the prompt is what may leave, so the words of its prompt are not
withheld: the item's, and what was asked of the models that the record compares.

The runs of what leaves go into a sieve, those of withheld texts that pass it are kept, and what leaves is looked at for these. So no set of
all runs is ever held: of a million items they would take a gigabyte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from store.file.database import Connection
from store.snapshot.runs import WORDS, Exact, Hashes, Owners, Sieve, runs_of

_BATCH = 500
"""Texts that are hashed at once: their letters should fit a processor's cache."""
_RUNS_OF_ITEM = 100


def strings_in(value: Any) -> Iterator[str]:
    """Every string inside a JSON-like value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings_in(inner)


def sieve_for(con: Connection) -> Sieve:
    """An empty one that is large enough for what may leave."""
    return Sieve(_RUNS_OF_ITEM * con.execute("SELECT count(*) FROM items WHERE merged_into IS NULL").fetchall()[0][0])


def add_runs(sieve: Sieve, rows: pa.Table) -> None:
    """Put the runs of rows into it."""
    for batch in rows.to_batches(_BATCH):
        sieve.add(_runs_in_rows(batch)[0])


def leaking_runs(con: Connection, exported: Sieve, known_licences: Sequence[str]) -> Exact:
    """The runs of withheld texts, as far as ``exported`` does not rule out that they leave."""
    parts = []
    for texts, record, allowed in _withheld(con, known_licences):
        hashes, owner = runs_of(texts)
        hit = exported.may_hold(hashes)
        hashes, owner = hashes[hit], record[owner[hit]]
        own, own_owner = runs_of(allowed)
        parts.append(hashes[~np.isin(_of(hashes, owner), _of(own, own_owner))])
    return Exact(parts)


def items_with(path: Path, leaking: Exact) -> Iterator[str]:
    """The items of a file, as it lies on disk, that hold a leaking run; of a file that is no Parquet ``?``."""
    for item_ids, hashes, owner in _runs_in_file(path) if len(leaking) else ():
        for index in np.unique(owner[leaking.holds(hashes)]).tolist():
            yield item_ids[index].as_py()


def _runs_in_file(path: Path) -> Iterator[tuple[pa.Array, Hashes, Owners]]:
    """Of a Parquet or text file: the items of some rows, the hashes of the runs in them, and for each the index of its row."""
    if path.suffix != ".parquet":
        yield pa.array(["?"]), *runs_of([path.read_text(encoding="utf-8")])
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            yield batch["item_id"], *_runs_in_rows(batch)


def _runs_in_rows(batch: pa.RecordBatch) -> tuple[Hashes, Owners]:
    texts = dict.fromkeys(place for column in batch.columns for place in _texts(column) if len(place[1]) >= WORDS)
    hashes, owner = runs_of([text for _, text in texts])
    return hashes, np.array([row for row, _ in texts], np.int64)[owner]


def _texts(column: pa.Array) -> Iterator[tuple[int, str]]:
    """Each text of a column of texts, of lists, or of lists of structs, with the index of its row; none of another column."""
    if pa.types.is_string(column.type):
        yield from enumerate(column.to_pylist())
    elif pa.types.is_list(column.type):
        rows, inner = column.value_parent_indices().to_pylist(), column.flatten()
        for part in inner.flatten() if pa.types.is_struct(inner.type) else [inner]:
            yield from zip(rows, part.to_pylist(), strict=True)


def _of(hashes: Hashes, owner: Owners) -> Hashes:
    """One number for a run and whose it is."""
    return hashes + owner.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)


_WITHHELD = """
    SELECT r.title, r.text, r.quotes, r.detail, r.export_class::VARCHAR AS export_class,
           CASE WHEN r.export_class = 'derived' THEN m.messages ELSE '[]' END AS messages
    FROM records r LEFT JOIN (
        SELECT p.record_key, any_value(i.messages ORDER BY i.item_id) AS messages FROM reports p JOIN items i ON i.item_id = p.item_id
        WHERE p.live AND p.export_class = 'derived' GROUP BY p.record_key
    ) m ON m.record_key = r.record_key
    WHERE NOT r.blanked AND NOT (r.export_class = 'full' AND list_contains(?::VARCHAR[], lower(r.licence)))"""


def _withheld(con: Connection, known_licences: Sequence[str]) -> Iterator[tuple[list[str], Owners, list[str]]]:
    """In batches, the texts of every revision of every record that may not leave as text, for each the index of its record, and what of
    each record may."""
    reader: pa.RecordBatchReader = con.sql(_WITHHELD, params=[list(known_licences)]).to_arrow_reader(_BATCH)
    for batch in reader:
        texts: list[str] = []
        owner: list[int] = []
        allowed = []
        for record, row in enumerate(batch.to_pylist()):
            detail = json.loads(row["detail"] or "null")
            parts = [row["title"], row["text"], *_strings(row["quotes"]), *strings_in(detail)]
            texts += parts
            owner += [record] * len(parts)
            prompt = [m["content"] for m in json.loads(row["messages"] or "[]")] + _asked(row["export_class"], detail)
            allowed.append("\n".join(prompt))
        yield texts, np.array(owner, np.int64), allowed


def _strings(written: str) -> Iterable[str]:
    return strings_in(json.loads(written)) if written != "[]" else ()


def _asked(export_class: str, detail: Any) -> list[str]:
    """The turns of people in a battle of class ``derived``, refused or not."""
    battle = (detail or {}).get("battle") if export_class == "derived" else None
    return [m["content"] for m in (battle or {}).get("messages", ()) if m["role"] == "user"]
