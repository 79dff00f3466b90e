"""Readings and leads into the database: what each post says, and the reported failures that make no item yet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from store.file.database import Connection
from store.rows import arrow_schema, dumps, fetch, keys, plain, run, table
from thresher.errors import StoreError
from thresher.model import Lead, Marked, Reading, Record, Span
from thresher.rules.language import language_of
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
    language: str
    run_id: str


_READING, _LEAD = arrow_schema(ReadingRow), arrow_schema(LeadRow)


def land_readings(con: Connection, run_id: str, source: str, readings: Sequence[tuple[Reading, int]], judged: Sequence[str]) -> None:
    """Keep the reading of each record and the revision that it is of, in the place of the one before. Of ``judged`` records that nobody
    read this time, none is left: the post that made them worth reading may be gone."""
    run(con, "DELETE FROM readings USING given WHERE readings.record_key = given.record_key", given=keys("record_key", judged))
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
    run(con, "INSERT INTO readings BY NAME SELECT * FROM given", given=given)


def lead_row(lead: Lead, record: Record, revision: int, run_id: str) -> LeadRow:
    """The row of a lead; ``lead_hash`` changes with anything that it says."""
    language = record.language or language_of(record.text or record.title)
    claim, prompt = (None if span is None else dumps(plain(span)) for span in (lead.claim, lead.prompt))
    hashed = content_hash(lead.reason, repr(lead.fails), lead.model, claim or "", prompt or "", str(revision))
    return LeadRow(record.key, record.source, revision, lead.reason, lead.fails, lead.model, claim, prompt, hashed, language, run_id)


def land_leads(con: Connection, leads: Sequence[LeadRow]) -> None:
    """Rows of records that have none."""
    if leads:
        run(con, "INSERT INTO leads BY NAME SELECT * FROM given", given=table(_LEAD, leads))


def leave_leads(con: Connection, record_keys: Sequence[str]) -> None:
    """These records are no leads any more."""
    run(con, "DELETE FROM leads USING given WHERE leads.record_key = given.record_key", given=keys("record_key", record_keys))


def forget(con: Connection, record_keys: Sequence[str]) -> None:
    """Nothing that was read in these records is kept, nor what persons added to them."""
    leave_leads(con, record_keys)
    run(con, "DELETE FROM completions USING given WHERE completions.record_key = given.record_key", given=keys("record_key", record_keys))
    run(con, "DELETE FROM readings USING given WHERE readings.record_key = given.record_key", given=keys("record_key", record_keys))


def lead_of(con: Connection, record_key: str) -> Lead:
    """The lead of a record. StoreError where it is none."""
    rows = fetch(con, "SELECT * FROM leads WHERE record_key = ?", [record_key])
    if not rows:
        raise StoreError(f"{record_key} is no lead")
    row = rows[0]
    claim, prompt = (Span(**json.loads(row[name])) if row[name] else None for name in ("claim", "prompt"))
    return Lead(record_key, row["reason"], row["fails"], claim, prompt, row["model"])
