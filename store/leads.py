"""Readings and leads in the database: what each post says, and the reported failures that make no item yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from store.file.database import Connection
from store.reading import counts, rows
from store.rows import arrow_schema, dumps, keys, plain, run, table
from thresher.errors import UsageError
from thresher.model import Lead, Marked, Reading
from thresher.text import content_hash


class ReadingRow(NamedTuple):
    """The columns of a reading."""

    record_key: str
    source: str
    revision: int
    fails: float
    reader: str
    reader_version: str
    prompt: str | None
    response: str | None
    claim: str | None
    model: str | None
    kind: str
    missing: str
    run_id: str


class LeadRow(NamedTuple):
    """The columns of a lead."""

    record_key: str
    source: str
    revision: int
    reason: str
    fails: float
    model: str
    claim: str | None
    prompt: str | None
    lead_hash: str
    run_id: str


_READING, _LEAD = arrow_schema(ReadingRow), arrow_schema(LeadRow)


def land_readings(con: Connection, run_id: str, source: str, readings: Sequence[tuple[Reading, int]]) -> None:
    """Keep the reading of each record and the revision that it is of, in the place of the one before."""
    if not readings:
        return

    def made(marked: Marked | None) -> str | None:
        return None if marked is None else dumps(plain(marked))

    given = table(
        _READING,
        [
            ReadingRow(r.record_key, source, revision, r.fails, r.reader, r.version, made(r.prompt), made(r.response), made(r.claim),
                       made(r.model), r.kind, r.missing, run_id)
            for r, revision in readings
        ],
    )  # fmt: skip
    run(con, "DELETE FROM readings USING given WHERE readings.record_key = given.record_key", given=given)
    run(con, "INSERT INTO readings BY NAME SELECT * FROM given", given=given)


def lead_row(lead: Lead, source: str, revision: int, run_id: str) -> LeadRow:
    """The row of a lead; ``lead_hash`` changes with anything that it says."""
    claim, prompt = (None if span is None else dumps(plain(span)) for span in (lead.claim, lead.prompt))
    hashed = content_hash(lead.reason, repr(lead.fails), lead.model, claim or "", prompt or "", str(revision))
    return LeadRow(lead.record_key, source, revision, lead.reason, lead.fails, lead.model, claim, prompt, hashed, run_id)


def land_leads(con: Connection, leads: Sequence[LeadRow]) -> None:
    """Rows of records that have none."""
    if leads:
        run(con, "INSERT INTO leads BY NAME SELECT * FROM given", given=table(_LEAD, leads))


def leave_leads(con: Connection, record_keys: Sequence[str]) -> None:
    """These records are no leads any more."""
    run(con, "DELETE FROM leads USING given WHERE leads.record_key = given.record_key", given=keys("record_key", record_keys))


def forget(con: Connection, record_keys: Sequence[str]) -> None:
    """Nothing that was read in these records is kept."""
    leave_leads(con, record_keys)
    run(con, "DELETE FROM readings USING given WHERE readings.record_key = given.record_key", given=keys("record_key", record_keys))


def leads(con: Connection, *, reason: str = "", model: str = "", limit: int | None = None) -> list[dict[str, Any]]:
    """Open leads, the surest first; ``model`` is part of a model's name."""
    return rows(
        con,
        f"""SELECT record_key, source, site, reason, fails, model, claim, prompt, url, said_at FROM open_leads
            WHERE (reason = ? OR ? = '') AND (contains(lower(model), lower(?)) OR ? = '')
            ORDER BY fails DESC, record_key LIMIT {"ALL" if limit is None else int(limit)}""",
        [reason, reason, model, model],
    )


def lead(con: Connection, key: str) -> dict[str, Any]:
    """One lead with its post, by its record's key or an unmistakable part of it. UsageError where there is none, or more than one."""
    found = rows(con, "SELECT * FROM open_leads WHERE record_key = ?", [key]) or rows(
        con, "SELECT * FROM open_leads WHERE contains(record_key, ?) ORDER BY record_key LIMIT 2", [key]
    )
    if len(found) != 1:
        raise UsageError(f"{'more than one lead has' if found else 'no lead has'} {key!r} in its key")
    return found[0]


def leads_by_reason(con: Connection) -> dict[str, int]:
    """How many leads lack what, the most first."""
    return counts(con, "SELECT reason, count(*) FROM leads GROUP BY 1 ORDER BY 2 DESC, 1")
