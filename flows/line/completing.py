"""A lead completed by a person, or reopened: written down, judged at once by the same rules, and decided by the same dedupe."""

from __future__ import annotations

from dataclasses import replace

from flows.line.deduplicating import deduplicate_items
from flows.line.judging import judge_source
from flows.line.run import LiveRun
from store import completions, leads, pages
from thresher.errors import UsageError
from thresher.model import Completion, Record
from thresher.readers.completion import lacks
from thresher.redaction.records import REPLACED_ID, private
from thresher.text import clean


def complete(run: LiveRun, given: Completion, *, embed: bool = True) -> str:
    """Add what a person says to a lead, whose item is returned. UsageError where the lead cannot be asked with it, and says why; then
    nothing is written."""
    work = run.work
    with work.database.reader() as con:
        completions.refuse_no_lead(con, given.record_key)
        record, lead = pages.latest(con, given.record_key), leads.lead_of(con, given.record_key)
    given = redacted(given, record, work.salt)
    if reason := lacks(record, lead, given, work.rules):
        raise UsageError(f"{record.key} cannot be asked with this: {reason} ({work.rules.reasons[reason]})")
    completions.complete(work.database, run.run_id, given)
    judge_source(run, record.source)
    if embed:
        deduplicate_items(run)
    with work.database.reader() as con:
        return completions.item_of(con, record.key)


def reopen(run: LiveRun, record_key: str, author: str, reason: str, *, embed: bool = True) -> None:
    """Take a completion back: the record is a lead again, and its item goes where nobody else reports it."""
    work = run.work
    completions.reopen(work.database, run.run_id, record_key, author, reason)
    judge_source(run, record_key.partition(":")[0])
    if embed:
        deduplicate_items(run)


def redacted(given: Completion, record: Record, salt: str) -> Completion:
    """Without personal data and keys, before anything is written down; what was replaced leaves its keyed hash."""
    texts = private(replace(record, title=clean(given.context), text=clean(given.prompt), quotes=(), detail=None, marks={}), salt)
    reason = private(replace(record, title="", text=clean(given.reason), quotes=(), detail=None, marks={}), salt).text
    return replace(given, context=texts.title, prompt=texts.text, reason=reason, hidden=str(texts.marks.get(REPLACED_ID, "")))
