"""Landing what the rules said: an item for each distinct content, a report for each candidate, a refusal for every other record.

An item has the wording of the first of its live reports (by date, source, site and native id), whichever landed first. So items too do
not depend on the order of the harvest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from store import dedupe_queue
from store import leads as leads_store
from store.file.database import Connection
from store.item_rows import ITEM, REFUSAL, REPORT, RefusalRow, Report, item_row, report_of, report_row
from store.removal import settle_items
from store.rows import GONE, content_of, fetch, keys, run, table
from store.runs import add_counts, add_refusals
from thresher.errors import StoreError
from thresher.failpoint import failpoint
from thresher.model import Candidate, Lead, Reading, Record, Refusal

Outcome = Candidate | Lead | Refusal


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """What became of the records of a batch that were due, or that came out differently than before: records = landed + merged +
    leads + refused."""

    records: int = 0
    candidates: int = 0
    landed: int = 0
    merged: int = 0
    leads: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)


def land_outcomes(
    con: Connection,
    run_id: str,
    source: str,
    outcomes: Sequence[Outcome],
    records: Sequence[Record],
    readings: Mapping[str, Reading] | None = None,
) -> OutcomeCounts:
    """Land one outcome for each of ``records`` (whole threads, as ``pages.unjudged_threads`` gives them) and mark them judged;
    with the readings that they were made of, by record.

    An exact duplicate becomes a report of the item that is there. An outcome that differs from the record's last one replaces it; an item
    left without live reports is retired. A record that changed since it was read stays due.

    StoreError where a record has no outcome, or two.
    """
    outcome_of = _by_record(outcomes, records)
    standing = _standing(con, records)
    rules_version = _rules_version(con, run_id)
    counts = _Batch(con, run_id, source, rules_version)
    for record in records:
        present = standing.get(record.key)
        if present is not None:
            counts.take(record, _of_what_is_there(record, outcome_of[record.key]), present, (readings or {}).get(record.key))
    landed = counts.write()
    failpoint("store.outcomes")
    return landed


def _by_record(outcomes: Sequence[Outcome], records: Sequence[Record]) -> dict[str, Outcome]:
    outcome_of = {o.record_key: o for o in outcomes}
    record_keys = {r.key for r in records}
    if len(outcome_of) != len(outcomes) or len(record_keys) != len(records):
        twice = [k for k, n in Counter(o.record_key for o in outcomes).items() if n > 1] or [
            k for k, n in Counter(r.key for r in records).items() if n > 1
        ]
        raise StoreError(f"record {twice[0]} was judged twice in one batch")
    if outcome_of.keys() != record_keys:
        odd = sorted(outcome_of.keys() ^ record_keys)[0]
        raise StoreError(f"record {odd} has {'no outcome' if odd in record_keys else 'an outcome, but is not in the batch'}")
    return outcome_of


def _of_what_is_there(record: Record, outcome: Outcome) -> Outcome:
    """What the source took away gives no item, whatever the rules say."""
    return Refusal(record.key, record.status) if record.status in GONE and not isinstance(outcome, Refusal) else outcome


def _standing(con: Connection, records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Each record's latest revision with its present outcome; without those that changed since they were read."""
    given = table({"record_key": pa.string(), "content_hash": pa.string()}, [(r.key, content_of(r)) for r in records])
    rows = fetch(
        con,
        """WITH places AS MATERIALIZED (SELECT rowid AS place FROM records SEMI JOIN given USING (record_key) WHERE is_latest)
           SELECT r.record_key, r.revision, r.judged_by IS NULL AS due, f.reason, f.detail, p.item_id, p.report_hash, l.lead_hash,
                  coalesce(f.run_id, l.run_id) AS left_run
           FROM records r JOIN places ON r.rowid = places.place
           JOIN given g ON r.record_key = g.record_key AND (r.content_hash = g.content_hash OR r.blanked)
           LEFT JOIN refusals f ON f.record_key = r.record_key
           LEFT JOIN leads l ON l.record_key = r.record_key
           LEFT JOIN reports p ON p.record_key = r.record_key AND p.live""",
        given=given,
    )
    return {r["record_key"]: r for r in rows}


def _rules_version(con: Connection, run_id: str) -> str:
    rows = con.execute("SELECT rules_version FROM runs WHERE run_id = ?", [run_id]).fetchall()
    if not rows:
        raise StoreError(f"run {run_id} was never opened")
    return str(rows[0][0]) or "unversioned"


class _Batch:
    """The outcomes of one batch, gathered for a few bulk statements."""

    def __init__(self, con: Connection, run_id: str, source: str, rules_version: str) -> None:
        self._con = con
        self._run_id = run_id
        self._source = source
        self._rules_version = rules_version
        self._judged: list[str] = []
        self._reports: list[Report] = []
        self._refusals: list[tuple[Refusal, int]] = []
        self._leads: list[leads_store.LeadRow] = []
        self._readings: list[tuple[Reading, int]] = []
        self._left: set[str] = set()
        self._refused: Counter[str] = Counter()
        self._again: Counter[str] = Counter()
        """Leads and refusals of this very run that are replaced, by reason; a lead has none."""

    def take(self, record: Record, outcome: Outcome, standing: Mapping[str, Any], reading: Reading | None) -> None:
        """Note what the record's outcome changes, if anything."""
        due, old_item = bool(standing["due"]), standing["item_id"]
        self._judged.append(record.key)
        if reading is not None and record.status not in GONE:
            self._readings.append((reading, standing["revision"]))
        if isinstance(outcome, Refusal):
            if not due and (standing["reason"], standing["detail"]) == (outcome.reason, outcome.detail):
                return
            self._refused[outcome.reason] += 1
            self._refusals.append((outcome, standing["revision"]))
        elif isinstance(outcome, Lead):
            lead = leads_store.lead_row(outcome, record, standing["revision"], self._run_id)
            if not due and standing["lead_hash"] == lead.lead_hash:
                return
            self._leads.append(lead)
        else:
            report = report_of(record, outcome, standing["revision"])
            if not due and (old_item, standing["report_hash"]) == (report.item_id, report.report_hash):
                return
            self._reports.append(report)
            if old_item == report.item_id:
                return
        if standing["left_run"] == self._run_id:
            self._again[standing["reason"] or ""] += 1
        if old_item is not None:
            self._left.add(old_item)

    def write(self) -> OutcomeCounts:
        """The bulk statements."""
        con = self._con
        changed = [r.candidate.record_key for r in self._reports] + [f.record_key for f, _ in self._refusals]
        changed += [lead.record_key for lead in self._leads]
        run(con, "UPDATE reports SET live = false FROM changed WHERE reports.record_key = changed.record_key AND reports.live",
            changed=keys("record_key", changed))  # fmt: skip
        run(con, "DELETE FROM refusals USING changed WHERE refusals.record_key = changed.record_key", changed=keys("record_key", changed))
        leads_store.leave_leads(con, changed)
        landed = self._land_items()
        self._land_reports()
        self._land_refusals()
        leads_store.land_leads(con, self._leads)
        leads_store.land_readings(con, self._run_id, self._source, self._readings, self._judged)
        settle_items(con, sorted(self._left))
        run(
            con,
            """UPDATE records SET judged_by = ? FROM judged
               WHERE records.record_key = judged.record_key AND is_latest AND judged_by IS DISTINCT FROM ?""",
            [self._rules_version, self._rules_version],
            judged=keys("record_key", self._judged),
        )
        refused = sum(self._refused.values())
        reports, leads = len(self._reports), len(self._leads)
        counts = OutcomeCounts(len(changed), reports, landed, reports - landed, leads, dict(sorted(self._refused.items())))
        # a record that is judged a second time in a run, since its picture was read, counts by its last outcome
        add_counts(
            con,
            self._run_id,
            self._source,
            records=counts.records - self._again.total(),
            candidates=counts.candidates,
            landed=landed,
            merged=counts.merged,
            leads=leads - self._again[""],
            refused=refused - (self._again.total() - self._again[""]),
        )
        change = Counter(counts.refused)
        change.subtract({reason: n for reason, n in self._again.items() if reason})
        add_refusals(con, self._run_id, self._source, {reason: n for reason, n in sorted(change.items()) if n})
        return counts

    def _land_items(self) -> int:
        """New items, and items that get another wording; returns how many are new."""
        first: dict[str, Report] = {}
        for report in sorted(self._reports, key=lambda r: r.lead_order):
            first.setdefault(report.item_id, report)
        stored = {
            r["item_id"]: r
            for r in fetch(
                self._con,
                "SELECT item_id, version, lifecycle, lead_record, lead_order, payload_hash FROM items SEMI JOIN given USING (item_id)",
                given=keys("item_id", first),
            )
        }
        new = [item_row(r, 1, self._run_id) for i, r in first.items() if i not in stored]
        reworded = [
            item_row(r, stored[i]["version"] + (stored[i]["payload_hash"] != r.payload_hash), self._run_id)
            for i, r in first.items()
            if i in stored and _takes_over(r, stored[i])
        ]
        if new:
            run(self._con, "INSERT INTO items BY NAME SELECT * FROM new_items", new_items=table(ITEM, new))
        if reworded:
            self._reword(table(ITEM, reworded))
        revived = [i for i in first if i in stored and stored[i]["lifecycle"] == "retired"]
        if revived:
            run(
                self._con,
                "DELETE FROM decisions USING revived WHERE decisions.item_id = revived.item_id AND NOT undone",
                revived=keys("item_id", revived),
            )
        dedupe_queue.put(self._con, [i for i in first if i not in stored] + revived)
        return len(new)

    def _reword(self, items: pa.Table) -> None:
        sets = ", ".join(f"{c} = given.{c}" for c in ITEM if c not in ("item_id", "created_run"))
        run(self._con, f"UPDATE items SET {sets} FROM given WHERE items.item_id = given.item_id", given=items)

    def _land_reports(self) -> None:
        if not self._reports:
            return
        rows = table(REPORT, [report_row(r, self._run_id) for r in self._reports])
        run(
            self._con,
            "DELETE FROM reports USING given WHERE reports.item_id = given.item_id AND reports.record_key = given.record_key",
            given=rows,
        )
        run(self._con, "INSERT INTO reports BY NAME SELECT * FROM given", given=rows)

    def _land_refusals(self) -> None:
        if self._refusals:
            rows = [
                RefusalRow(f.record_key, self._source, revision, f.reason, f.detail[:2000], self._rules_version, self._run_id)
                for f, revision in self._refusals
            ]
            run(self._con, "INSERT INTO refusals BY NAME SELECT * FROM given", given=table(REFUSAL, rows))


def _takes_over(report: Report, item: Mapping[str, Any]) -> bool:
    """Whether the item gets this report's wording: it comes before the lead's, it is the lead's own, or there is no lead."""
    lead = item["lead_order"]
    return lead is None or report.lead_order < lead or item["lead_record"] == report.candidate.record_key
