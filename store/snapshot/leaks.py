"""No word run of a withheld text leaves in a snapshot.

A run is eight words in a row. Withheld is every text of a record that its licence or class keeps from leaving as text, whether an item
was made of it or not; a refused record under an open licence is not. Of a record of class ``derived`` the prompt is what may leave, so the
words of its prompt are not withheld: the item's, and what was asked of the models that the record compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from numpy.typing import NDArray

from store.file.database import Connection
from thresher.text import normalise

WORDS = 8

Hashes = NDArray[np.uint64]

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f"
_WORD = re.compile(f"[{_IDEOGRAPHS}]|[^\\W_{_IDEOGRAPHS}]+")
"""A word; scripts that write none between spaces count by character."""
_POWERS = np.array([pow(0x9E3779B97F4A7C15, k, 2**64) for k in range(WORDS)], dtype=np.uint64)
_BATCH = 2000


class Runs:
    """Hashes of the word runs of texts. Keeps the words that it met, so one object serves a whole check."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}

    def of(self, texts: Sequence[str]) -> tuple[Hashes, NDArray[np.int64]]:
        """The hash of every run, and for each the index of the text that it is in."""
        hashes_of_words = self._words
        words: list[int] = []
        lengths = []
        for text in texts:
            before = len(words)
            for word in _WORD.findall(normalise(text)):
                hashed = hashes_of_words.get(word)
                if hashed is None:
                    hashed = hashes_of_words[word] = xxhash.xxh3_64_intdigest(word.encode())
                words.append(hashed)
            lengths.append(len(words) - before)
        if len(words) < WORDS:
            return np.empty(0, np.uint64), np.empty(0, np.int64)
        flat = np.array(words, dtype=np.uint64)
        owner = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
        count = len(flat) - WORDS + 1
        hashes = np.zeros(count, dtype=np.uint64)
        for k in range(WORDS):
            hashes += flat[k : k + count] * _POWERS[k]
        whole = owner[:count] == owner[WORDS - 1 :]
        return hashes[whole], owner[:count][whole]


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


def runs_in_file(runs: Runs, path: Path) -> Iterator[tuple[list[dict[str, Any]], Hashes, NDArray[np.int64]]]:
    """Of a Parquet or text file as it lies on disk: rows, the hashes of the runs in them, and for each the index of its row."""
    if path.suffix != ".parquet":
        hashes, _ = runs.of([path.read_text(encoding="utf-8")])
        yield [{}], hashes, np.zeros(len(hashes), np.int64)
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            rows = batch.to_pylist()
            texts = [(i, text) for i, row in enumerate(rows) for text in dict.fromkeys(strings_in(row)) if len(text) >= WORDS]
            hashes, owner = runs.of([text for _, text in texts])
            yield rows, hashes, np.array([i for i, _ in texts], dtype=np.int64)[owner]


def exported_runs(runs: Runs, files: Iterable[Path]) -> Hashes:
    """The runs of all these files, sorted, each once."""
    parts = [hashes for path in files for _, hashes, _ in runs_in_file(runs, path)]
    return distinct(parts)


def distinct(parts: Sequence[Hashes]) -> Hashes:
    """All of them, sorted, each once."""
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint64)


def leaking_runs(con: Connection, runs: Runs, exported: Hashes, known_licences: Sequence[str]) -> Hashes:
    """Those of the exported runs that a withheld text holds, sorted."""
    parts = [np.empty(0, np.uint64)]
    for withheld, allowed in _withheld(con, known_licences):
        hashes, owner = runs.of(withheld)
        hit = _among(hashes, exported)
        hashes, owner = hashes[hit], owner[hit]
        if len(hashes):
            hit_by = np.unique(owner)
            own, own_owner = runs.of([allowed[n] for n in hit_by.tolist()])
            mine = set(zip(own.tolist(), hit_by[own_owner].tolist(), strict=True))
            others = [h for h, o in zip(hashes.tolist(), owner.tolist(), strict=True) if (h, o) not in mine]
            parts.append(np.array(others, dtype=np.uint64))
    return distinct(parts)


def rows_with(runs: Runs, path: Path, leaking: Hashes) -> Iterator[dict[str, Any]]:
    """The rows of a file that hold a leaking run."""
    if not len(leaking):
        return
    for rows, hashes, owner in runs_in_file(runs, path):
        for index in np.unique(owner[_among(hashes, leaking)]):
            yield rows[index]


def _among(hashes: Hashes, ordered: Hashes) -> NDArray[np.bool_]:
    if not len(ordered):
        return np.zeros(len(hashes), np.bool_)
    place = np.minimum(np.searchsorted(ordered, hashes), len(ordered) - 1)
    return np.asarray(ordered[place] == hashes, np.bool_)


_WITHHELD = """
    SELECT r.title, r.text, r.quotes, r.detail, r.export_class::VARCHAR AS export_class,
           CASE WHEN r.export_class = 'derived' THEN m.messages ELSE '[]' END AS messages
    FROM records r LEFT JOIN (
        SELECT p.record_key, any_value(i.messages ORDER BY i.item_id) AS messages FROM reports p JOIN items i ON i.item_id = p.item_id
        WHERE p.live AND p.export_class = 'derived' GROUP BY p.record_key
    ) m ON m.record_key = r.record_key
    WHERE NOT r.blanked AND NOT (r.export_class = 'full' AND list_contains(?::VARCHAR[], lower(r.licence)))"""


def _withheld(con: Connection, known_licences: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """In batches, the texts of every revision of every record that may not leave as text, each with what of the record may."""
    reader: pa.RecordBatchReader = con.sql(_WITHHELD, params=[list(known_licences)]).to_arrow_reader(_BATCH)
    for batch in reader:
        withheld, allowed = [], []
        for row in batch.to_pylist():
            parts = [row["title"], row["text"], *strings_in(json.loads(row["quotes"])), *strings_in(json.loads(row["detail"] or "null"))]
            prompt = "\n".join(strings_in([m["content"] for m in [*json.loads(row["messages"] or "[]"), *_asked(row)]]))
            withheld += parts
            allowed += [prompt] * len(parts)
        yield withheld, allowed


def _asked(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The turns of people in a battle of class ``derived``, refused or not."""
    if row["export_class"] != "derived":
        return []
    battle = json.loads(row["detail"] or "{}").get("battle") or {}
    return [m for m in battle.get("messages", ()) if m["role"] == "user"]
