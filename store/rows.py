"""Records as rows and back. Bulk data enters DuckDB as Arrow tables, never row by row."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from thresher.model import Battle, Exercise, Message, Quote, Record, Response
from thresher.text import content_hash

if TYPE_CHECKING:
    import duckdb

GONE = frozenset({"deleted", "removed", "gone"})
"""The statuses under which no text is kept."""

MARKS_THAT_MATTER = ("accepted", "accepted_id", "closed", "solved")
"""A change of these makes a new revision; votes and counts are updated in place."""

STAMP = pa.timestamp("us", tz="UTC")
"""TIMESTAMPTZ in Arrow."""

RECORD_SCHEMA: dict[str, pa.DataType] = {
    **dict.fromkeys(("record_key", "source", "site", "native_id", "url", "role", "title", "text", "thread_id", "parent_id"), pa.string()),
    "position": pa.int32(),
    "author_key": pa.string(),
    "created_at": STAMP,
    "edited_at": STAMP,
    **dict.fromkeys(
        ("language", "quotes", "detail", "marks", "status", "licence", "licence_evidence", "export_class", "attribution"), pa.string()
    ),
}


class RecordRow(NamedTuple):
    """One record in the columns of RECORD_SCHEMA, in its order."""

    record_key: str
    source: str
    site: str
    native_id: str
    url: str
    role: str
    title: str
    text: str
    thread_id: str
    parent_id: str | None
    position: int
    author_key: str | None
    created_at: datetime | None
    edited_at: datetime | None
    language: str
    quotes: str
    detail: str | None
    marks: str
    status: str
    licence: str
    licence_evidence: str
    export_class: str
    attribution: str


@dataclass(frozen=True, slots=True)
class Hashes:
    """``content`` changes with what is said and how it stands; ``meta`` with anything else."""

    content: str
    meta: str


def record_row(record: Record) -> tuple[RecordRow, Hashes]:
    """The row of a record, without text where the source took it away, and its hashes."""
    row = RecordRow(
        record.key, record.source, record.site, record.native_id, record.url, record.role, record.title, record.text, record.thread_id,
        record.parent_id, max(-(2**31), min(2**31 - 1, record.position)), record.author_key, _utc(record.created_at),
        _utc(record.edited_at),
        record.language, dumps([plain(q) for q in record.quotes]) if record.quotes else "[]",
        None if record.detail is None else dumps({type(record.detail).__name__.lower(): plain(record.detail)}),
        dumps(record.marks) if record.marks else "{}", record.status, record.licence, record.licence_evidence, record.export_class,
        record.attribution,
    )  # fmt: skip
    if record.status in GONE:
        row = without_text(row)
    return row, Hashes(_content(record, row), _meta(row))


def without_text(row: RecordRow) -> RecordRow:
    """The row as ``removal`` leaves it: what identifies the record, and nothing that somebody wrote."""
    marks = row.marks if row.status in GONE else "{}"
    return row._replace(url="", title="", text="", author_key=None, quotes="[]", detail=None, marks=marks, attribution="")


def _content(record: Record, row: RecordRow) -> str:
    marks = (
        "{}"
        if record.marks.keys().isdisjoint(MARKS_THAT_MATTER)
        else dumps({m: record.marks[m] for m in MARKS_THAT_MATTER if m in record.marks})
    )
    return content_hash(row.title, row.text, row.quotes, row.detail or "", row.status, marks)


def _meta(row: RecordRow) -> str:
    stamps = tuple(t.isoformat() if t else "" for t in (row.created_at, row.edited_at))
    return content_hash(
        row.url, row.role, row.thread_id, row.parent_id or "", str(row.position), row.author_key or "", *stamps,
        row.language, row.marks, row.licence, row.licence_evidence, row.export_class, row.attribution,
    )  # fmt: skip


def record_of(row: Mapping[str, Any]) -> Record:
    """The record that a row was made of."""
    return Record(
        source=row["source"], site=row["site"], native_id=row["native_id"], url=row["url"], role=row["role"], text=row["text"],
        title=row["title"],
        thread_id=row["thread_id"], parent_id=row["parent_id"], position=row["position"], author_key=row["author_key"],
        created_at=row["created_at"], edited_at=row["edited_at"], language=row["language"],
        quotes=() if row["quotes"] == "[]" else tuple(Quote(**q) for q in json.loads(row["quotes"])), detail=_detail_of(row["detail"]),
        marks=json.loads(row["marks"]),
        status=row["status"], licence=row["licence"], licence_evidence=row["licence_evidence"], export_class=row["export_class"],
        attribution=row["attribution"],
    )  # fmt: skip


def _detail_of(text: str | None) -> Exercise | Battle | None:
    if text is None:
        return None
    ((kind, body),) = json.loads(text).items()
    if kind == "exercise":
        return Exercise(**{**body, "choices": tuple(body["choices"]), "figures": tuple(body["figures"])})
    return Battle(
        **{**body, "messages": tuple(Message(**m) for m in body["messages"]), "responses": tuple(Response(**r) for r in body["responses"])}
    )


_FIELDS: dict[type, tuple[str, ...]] = {}
_SCALARS = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """A dataclass as dicts and lists, for JSON."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is tuple or kind is list:
        return [plain(v) for v in value]
    if not is_dataclass(value):
        return value
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(f.name for f in fields(value))
    return {name: plain(getattr(value, name)) for name in _FIELDS[kind]}


def dumps(value: Any) -> str:
    """JSON with sorted keys, as short as it can be; what is not a number in JSON becomes null, what JSON cannot hold becomes text."""
    try:
        return _STRICT(value)
    except (ValueError, TypeError):
        return _STRICT(_finite(value))


def _foreign(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(value, key=str) if isinstance(value, set | frozenset) else str(value)


_STRICT = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_foreign).encode


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_finite(v) for v in value]
    return value


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def table(schema: Mapping[str, pa.DataType], rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Rows as an Arrow table. Lone surrogates, which UTF-8 cannot hold, become U+FFFD."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table({name: _array(values, kind) for (name, kind), values in zip(schema.items(), columns, strict=True)})


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except (UnicodeEncodeError, pa.ArrowInvalid):
        return pa.array([_encodable(v) for v in values], kind)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    return [_encodable(v) for v in value] if isinstance(value, list | tuple) else value


def fetch(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = (), **tables: pa.Table) -> list[dict[str, Any]]:
    """The rows of a query as dicts; ``tables`` can be read in it under their names."""
    for name, data in tables.items():
        con.register(name, data)
    try:
        result: pa.Table = con.sql(sql, params=list(parameters)).to_arrow_table()
    finally:
        for name in tables:
            con.unregister(name)
    rows: list[dict[str, Any]] = result.to_pylist()
    return rows


def run(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = (), **tables: pa.Table) -> None:
    """Execute a statement that changes rows; ``tables`` can be read in it under their names."""
    for name, data in tables.items():
        con.register(name, data)
    try:
        con.execute(sql, list(parameters))
    finally:
        for name in tables:
            con.unregister(name)


def keys(name: str, values: Iterable[str]) -> pa.Table:
    """A table of one text column."""
    return table({name: pa.string()}, [(v,) for v in values])
