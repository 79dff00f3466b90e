"""Rows for those who only look, by DuckDB alone. ``store.rows.fetch`` gives the same through Arrow, for which a process first imports
numpy and pandas: most of what a short command would take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from store.file.database import Connection


def rows(con: Connection, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
    """The rows of a query as dicts, JSON-ready: moments are ISO 8601."""
    cursor = con.execute(sql, dict(parameters) if isinstance(parameters, Mapping) else list(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]


def counts(con: Connection, sql: str) -> dict[str, int]:
    """The two columns of a query: a name and how often."""
    return {str(name): int(n) for name, n in con.execute(sql).fetchall()}


def count(con: Connection, sql: str) -> int:
    """The one number that a query gives."""
    return int(con.execute(sql).fetchall()[0][0])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
