"""Records as rows and back. Bulk data enters DuckDB as Arrow tables, never row by row."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from operator import attrgetter
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_type_hints

import pyarrow as pa

from thresher.model import Battle, Exercise, Message, Quote, Record, Response
from thresher.redaction.records import REPLACED_ID
from thresher.text import content_hash

if TYPE_CHECKING:
    import duckdb


class _NoPandas:
    """A finder of modules that says of pandas that it is not there."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _settle_pandas() -> None:
    """Arrow imports pandas at the first array of a process, if it can: a quarter of a second that nothing here gains from. Where it is not
    there at that moment Arrow does without it for good, and everybody else can still import it."""
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(_NoPandas)


_settle_pandas()

GONE = frozenset({"deleted", "removed", "gone"})
"""The statuses under which no text is kept."""

MARKS_THAT_MATTER = ("accepted", "accepted_id", "closed", "solved", REPLACED_ID)
"""A change of these makes a new revision; votes and counts are updated in place."""

STAMP = pa.timestamp("us", tz="UTC")
"""TIMESTAMPTZ in Arrow."""

_ARROW: dict[object, pa.DataType] = {
    str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), datetime: STAMP, list[str]: pa.list_(pa.string()),
}  # fmt: skip


def arrow_schema(row: type[tuple[Any, ...]]) -> dict[str, pa.DataType]:
    """The Arrow types of a NamedTuple's fields, in their order; ``X | None`` is that of ``X``."""
    schema = {}
    for name, hint in get_type_hints(row).items():
        kinds = [kind for kind in get_args(hint) if kind is not type(None)] if isinstance(hint, UnionType) else [hint]
        schema[name] = _ARROW[kinds[0]]
    return schema


class RecordRow(NamedTuple):
    """The columns of a record, said once: schemas, hashes and statements are made of these names."""

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


RECORD_SCHEMA = arrow_schema(RecordRow)
IDENTITY = ("record_key", "source", "site", "native_id")
TEXT = ("title", "text", "quotes", "detail")
META = tuple(column for column in RecordRow._fields if column not in {*IDENTITY, *TEXT, "status"})
"""What ``Hashes.meta`` is made of, with the votes and counts among the marks."""
BLANK: dict[str, Any] = {
    "url": "", "title": "", "text": "", "author_key": None, "quotes": "[]", "detail": None, "attribution": "",
}  # fmt: skip
"""What a record without text has in place of what somebody wrote."""


@dataclass(frozen=True, slots=True)
class Hashes:
    """``content`` changes with what is said and how it stands; ``meta`` with anything else."""

    content: str
    meta: str


def record_row(record: Record) -> tuple[RecordRow, Hashes]:
    """The row of a record, without text where the source took it away, and its hashes."""
    row = RecordRow._make([column(record) for column in _COLUMNS])
    if record.status in GONE:
        row = without_text(row)
    return row, Hashes(_content(record, row.title, row.text, row.quotes, row.detail), _meta(row))


def content_of(record: Record) -> str:
    """``Hashes.content`` of the record, without the row."""
    blank = record.status in GONE
    return _content(record, *(BLANK[name] if blank else column(record) for name, column in zip(TEXT, _TEXT_COLUMNS, strict=True)))


def without_text(row: RecordRow) -> RecordRow:
    """The row as ``removal`` leaves it: what identifies the record, and nothing that somebody wrote."""
    row = row._replace(**BLANK)
    return row if row.status in GONE else row._replace(marks="{}")


def _content(record: Record, title: str, text: str, quotes: str, detail: str | None) -> str:
    marks = (
        "{}"
        if record.marks.keys().isdisjoint(MARKS_THAT_MATTER)
        else dumps({m: record.marks[m] for m in MARKS_THAT_MATTER if m in record.marks})
    )
    return content_hash(title, text, quotes, detail or "", record.status, marks)


def _meta(row: RecordRow) -> str:
    return content_hash(*map(_as_text, _meta_values(row)))


_meta_values = attrgetter(*META)


def _as_text(value: str | int | datetime | None) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def record_of(row: Mapping[str, Any]) -> Record:
    """The record that a row was made of."""
    quotes = () if row["quotes"] == "[]" else tuple(Quote(**q) for q in json.loads(row["quotes"]))
    as_stored = {name: row[name] for name in _AS_STORED}
    return Record(**as_stored, quotes=quotes, detail=_detail_of(row["detail"]), marks=json.loads(row["marks"]))


def _detail_of(text: str | None) -> Exercise | Battle | None:
    if text is None:
        return None
    ((kind, body),) = json.loads(text).items()
    if kind == "exercise":
        return Exercise(**{**body, **{name: tuple(body.get(name, ())) for name in ("choices", "figures", "pieces")}})
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


def _position(record: Record) -> int:
    """INTEGER in the database."""
    return max(-(2**31), min(2**31 - 1, record.position))


_CONVERTED: dict[str, Callable[[Record], Any]] = {
    "record_key": lambda record: record.key,
    "position": _position,
    "created_at": lambda record: _utc(record.created_at),
    "edited_at": lambda record: _utc(record.edited_at),
    "quotes": lambda record: dumps([plain(q) for q in record.quotes]) if record.quotes else "[]",
    "detail": lambda record: None if record.detail is None else dumps({type(record.detail).__name__.lower(): plain(record.detail)}),
    "marks": lambda record: dumps(record.marks) if record.marks else "{}",
}
_COLUMNS = tuple(_CONVERTED.get(name, attrgetter(name)) for name in RecordRow._fields)
_TEXT_COLUMNS = tuple(_CONVERTED.get(name, attrgetter(name)) for name in TEXT)
_AS_STORED = tuple(name for name in RecordRow._fields if name not in {"record_key", "quotes", "detail", "marks"})


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
