"""The reported failures that make no item yet, as they are looked at; who only looks loads nothing that lands rows."""

from __future__ import annotations

from typing import Any

from store.file.database import Connection
from store.reading import counts, rows
from thresher.errors import UsageError


def leads(
    con: Connection,
    *,
    missing: str = "",
    model: str = "",
    cluster: str = "",
    source: str = "",
    language: str = "",
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Open leads, the surest first; ``model`` is part of a model's name, ``cluster`` the beginning of the id of a failure cluster.
    ``kind`` and ``missing`` are of its reading, if any."""
    wanted = {"reason": missing, "source": source, "language": language}
    where = " AND ".join(f"({column} = ${column} OR ${column} = '')" for column in wanted)
    return rows(
        con,
        f"""SELECT record_key, source, site, reason, fails, kind, missing, model, language, cluster_id, claim, prompt, url, said_at
            FROM open_leads LEFT JOIN (SELECT record_key, kind, missing FROM readings) USING (record_key)
            WHERE {where} AND (contains(lower(model), lower($model)) OR $model = '')
              AND (starts_with(cluster_id, $cluster) OR $cluster = '')
            ORDER BY fails DESC, record_key LIMIT {"ALL" if limit is None else int(limit)}""",
        {**wanted, "model": model, "cluster": cluster},
    )


def lead(con: Connection, key: str) -> dict[str, Any]:
    """One lead with its post, by its record's key or an unmistakable part of it. UsageError where there is none, or more than one."""
    read = "SELECT * FROM open_leads LEFT JOIN (SELECT record_key, kind, missing FROM readings) USING (record_key)"
    found = rows(con, f"{read} WHERE record_key = ?", [key]) or rows(
        con, f"{read} WHERE contains(record_key, ?) ORDER BY record_key LIMIT 2", [key]
    )
    if len(found) != 1:
        raise UsageError(f"{'more than one lead has' if found else 'no lead has'} {key!r} in its key")
    return found[0]


def key_of(con: Connection, part: str) -> str:
    """The key of the lead that has this part in its key, else of the record, else the part itself. UsageError where more than one has."""
    if rows(con, "SELECT 1 FROM records WHERE record_key = ? LIMIT 1", [part]):
        return part
    for table in ("leads", "records"):
        found = rows(con, f"SELECT DISTINCT record_key FROM {table} WHERE contains(record_key, ?) ORDER BY 1 LIMIT 2", [part])
        if len(found) > 1:
            raise UsageError(f"more than one of the {table} has {part!r} in its key")
        if found:
            return str(found[0]["record_key"])
    return part


def leads_by_reason(con: Connection) -> dict[str, int]:
    """How many leads lack what, the most first."""
    return counts(con, "SELECT reason, count(*) FROM leads GROUP BY 1 ORDER BY 2 DESC, 1")
