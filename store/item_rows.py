"""What landing writes: a candidate and its record as the rows of an item and a report, with the hashes that tell whether they changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from store.rows import arrow_schema, dumps, plain
from thresher.model import EXPORT_CLASSES, Candidate, Claim, Record
from thresher.redaction.records import hides_something
from thresher.text import content_hash, content_id


@dataclass(frozen=True, slots=True)
class Report:
    """A candidate with the record that it is a report of."""

    candidate: Candidate
    record: Record
    revision: int
    item_id: str
    lead_order: str
    payload_hash: str
    report_hash: str


def report_of(record: Record, candidate: Candidate, revision: int) -> Report:
    """With the id of its item, its place among the item's reports, and the hashes of the wording and of all else that the report says."""
    created = (
        record.created_at.astimezone(UTC).isoformat() if record.created_at and record.created_at.tzinfo else str(record.created_at or "~")
    )
    messages = [(m.role, m.content) for m in candidate.messages]
    payload = content_hash(
        candidate.kind, dumps(messages), candidate.target, dumps(candidate.aliases), dumps(candidate.choices), candidate.rubric,
        candidate.key_status, candidate.language, dumps(candidate.tags), candidate.rule, candidate.rule_version,
    )  # fmt: skip
    evidence = content_hash(
        payload, str(revision), candidate.tier, repr(candidate.strength), _claim(candidate.claim), dumps(plain(candidate.failing)),
        record.url, record.attribution, _licence(candidate, record), _export_class(candidate, record),
    )  # fmt: skip
    order = " ".join((created, record.source, record.site, record.native_id))
    item_id = content_id(messages, candidate.choices, candidate.target, _hidden(candidate))
    return Report(candidate, record, revision, item_id, order, payload, evidence)


def _claim(claim: Claim | None) -> str:
    """As JSON; pictures are named where there are some."""
    return dumps({name: value for name, value in plain(claim).items() if name != "pictures" or value} if claim else None)


def _hidden(candidate: Candidate) -> str:
    """What tells apart items that look alike because of a tag; where it is not known what the tag stands for, the record does."""
    if not hides_something(*(m.content for m in candidate.messages), *candidate.choices, candidate.target):
        return ""
    return candidate.hidden or candidate.record_key


def _licence(candidate: Candidate, record: Record) -> str:
    return record.licence if candidate.licence == "unknown" else candidate.licence


def _export_class(candidate: Candidate, record: Record) -> str:
    """The least of what the candidate and its record allow."""
    return min(candidate.export_class, record.export_class, key=EXPORT_CLASSES.index)


class ItemRow(NamedTuple):
    """The columns of an item that landing writes."""

    item_id: str
    version: int
    kind: str
    messages: str
    target: str
    aliases: list[str]
    choices: list[str]
    rubric: str
    key_status: str
    lifecycle: str
    language: str
    tags: list[str]
    rule: str
    rule_version: str
    lead_record: str
    lead_order: str
    payload_hash: str
    created_run: str


class ReportRow(NamedTuple):
    """The columns of a report."""

    item_id: str
    record_key: str
    source: str
    site: str
    native_id: str
    revision: int
    rule: str
    rule_version: str
    tier: str
    strength: float
    claim: str | None
    failing: str
    url: str
    licence: str
    export_class: str
    attribution: str
    created_at: datetime | None
    lead_order: str
    report_hash: str
    live: bool
    run_id: str


class RefusalRow(NamedTuple):
    """The columns of a refusal."""

    record_key: str
    source: str
    revision: int
    reason: str
    detail: str
    rules_version: str
    run_id: str


ITEM, REPORT, REFUSAL = arrow_schema(ItemRow), arrow_schema(ReportRow), arrow_schema(RefusalRow)


def item_row(report: Report, version: int, run_id: str) -> ItemRow:
    """The item in the wording of this report."""
    candidate = report.candidate
    return ItemRow(
        item_id=report.item_id, version=version, kind=candidate.kind, messages=dumps([plain(m) for m in candidate.messages]),
        target=candidate.target, aliases=list(candidate.aliases), choices=list(candidate.choices), rubric=candidate.rubric,
        key_status=candidate.key_status, lifecycle="proposed", language=candidate.language, tags=list(candidate.tags),
        rule=candidate.rule, rule_version=candidate.rule_version, lead_record=candidate.record_key, lead_order=report.lead_order,
        payload_hash=report.payload_hash, created_run=run_id,
    )  # fmt: skip


def report_row(report: Report, run_id: str) -> ReportRow:
    """The report, live."""
    candidate, record = report.candidate, report.record
    return ReportRow(
        item_id=report.item_id, record_key=candidate.record_key, source=record.source, site=record.site, native_id=record.native_id,
        revision=report.revision, rule=candidate.rule, rule_version=candidate.rule_version, tier=candidate.tier,
        strength=candidate.strength, claim=None if candidate.claim is None else _claim(candidate.claim),
        failing=dumps(plain(candidate.failing)) if candidate.failing else "[]", url=record.url, licence=_licence(candidate, record),
        export_class=_export_class(candidate, record), attribution=record.attribution, created_at=record.created_at,
        lead_order=report.lead_order, report_hash=report.report_hash, live=True, run_id=run_id,
    )  # fmt: skip
