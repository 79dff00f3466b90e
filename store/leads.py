"""Readings and leads into the database: what each post says, and the reported failures that make no item yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from store.file.database import Connection
from store.rows import arrow_schema, dumps, keys, plain, run, table
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
    held: str
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
                       made(r.model), r.kind, r.missing, r.held, run_id)
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
