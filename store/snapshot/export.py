"""What leaves in a snapshot, row by row.

full      text with its key and options, provenance, licence and attribution, in the config of its licence
derived   the prompt with its options and which of them is right, our labels, and a hash of each response; nothing that a model or a
          person wrote beside the prompt
id_only   where the record is (no address: it may hold a title), its hash and our labels, in the config ``ids``; of a preference also the
          vote and the hashes of both responses
none      nothing; nor does an item that is retired, rejected or waived, whose licence is unknown, or that a user reports who did not agree

Each way of scoring has configs of its own (``store.snapshot.tasks``). A config that would have no rows is not written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from store.file.database import Connection
from store.rows import keys, run
from store.snapshot.files import DRAFT_LEVEL, IDS, ROW_GROUP, Files, rewrite
from store.snapshot.licences import family, of_prompt
from store.snapshot.registry import RowHashes
from store.snapshot.settings import Export
from store.snapshot.tasks import asked, config_of, scored, votes
from thresher.redaction import redact
from thresher.scorers.ways import PREFERENCE
from thresher.text import content_hash

PUBLIC = "eval_public"
"""The one word in a record's mark ``consent`` with which it may leave."""
_SELECTED = """
    WITH shown AS (
        SELECT coalesce(i.merged_into, i.item_id) AS item_id,
               list({
                   'key': p.record_key, 'source': p.source, 'site': p.site, 'native_id': p.native_id, 'licence': p.licence,
                   'thread_id': r.thread_id,
                   'content_hash': r.content_hash, 'failing': p.failing, 'own': i.merged_into IS NULL,
                   'consent': json_extract_string(r.marks, '$.consent')
               } ORDER BY p.lead_order) AS reports
        FROM reports p JOIN items i ON i.item_id = p.item_id JOIN records r ON r.record_key = p.record_key AND r.is_latest
        WHERE p.live AND r.status IN ('live', 'edited') AND coalesce(i.merged_into, i.item_id) >= $first
          AND coalesce(i.merged_into, i.item_id) < $last
        GROUP BY 1
    )
    SELECT c.* EXCLUDE (tier, export_class, first_seen, last_seen),
           c.tier::VARCHAR AS tier, c.export_class::VARCHAR AS export_class, s.reports
    FROM items_current c JOIN shown s ON s.item_id = c.item_id"""
_AT_ONCE = 50_000
"""Items whose rows are gathered and sorted at once: those of a million would take DuckDB gigabytes that it cannot put on disk."""
_BEYOND = "~"
"""Comes after every id."""
_FIRSTS = """
    SELECT item_id FROM (SELECT item_id, row_number() OVER (ORDER BY item_id) AS place FROM items WHERE merged_into IS NULL)
    WHERE (place - 1) % ? = 0 ORDER BY item_id"""
_LEAVING = "WHERE c.export_class <> 'none'"


@dataclass(slots=True)
class Written:
    """What was written; ``withheld`` counts the items that could have gone out as text or id, and why they did not."""

    hashes: RowHashes = field(default_factory=RowHashes)
    withheld: Counter[str] = field(default_factory=Counter)


def draft(
    con: Connection, folder: Path, export: Export, look: Callable[[str, dict[str, Any]], None], look_at_group: Callable[[pa.Table], None]
) -> Written:
    """Write ``<config>/test-00000-of-00001.parquet`` for each config that has rows, to be settled. ``look`` is shown each row with
    its config, and ``look_at_group`` the rows of a config by the thousand."""
    written = Written()
    with Files(folder, level=DRAFT_LEVEL, look=look_at_group) as files:
        for item in selected(con):
            config, rows, reason = _leaving(item, export)
            if reason:
                written.withheld[reason] += 1
            if config is None:
                continue
            for row in rows:
                look(config, row)
                files.put(config, row)
            written.hashes.put(config, item["item_id"], rows)
    return written


def settle(
    con: Connection, folder: Path, export: Export, written: Written, left_out: Mapping[str, str], overlapping: Collection[str]
) -> None:
    """Write the draft anew as it leaves: of items in ``left_out`` nothing, for the reason that stands there, of those in ``overlapping``
    no text, since words of a withheld text are in it."""
    as_ids = {}
    if overlapping and "id_only" in export.classes:
        run(con, "CREATE OR REPLACE TEMP TABLE overlapping AS SELECT item_id FROM given", given=keys("item_id", overlapping))
        for item in selected(con, "WHERE c.item_id IN (SELECT item_id FROM overlapping)"):
            if rows := _id_rows(item):
                as_ids[item["item_id"]] = rows
    rewrite(folder, {*left_out, *overlapping}, as_ids)
    written.hashes.drop({*left_out, *overlapping})
    for item_id, rows in as_ids.items():
        written.hashes.put(IDS, item_id, rows)
    written.withheld.update(left_out.values())
    written.withheld.update({"overlap": len(overlapping)} if overlapping else {})


def selected(con: Connection, where: str = _LEAVING) -> Iterator[dict[str, Any]]:
    """The items that a person did not refuse, in the order of their ids, each with its live reports. ``where`` is of ``items_current c``;
    by default it takes what may leave in any form."""
    sql = f"{_SELECTED} {where} AND c.item_id >= $first AND c.item_id < $last AND c.status IN ('proposed', 'active') ORDER BY c.item_id"
    firsts = [row[0] for row in con.execute(_FIRSTS, [_AT_ONCE]).fetchall()]
    for first, last in pairwise([*firsts, _BEYOND]):
        for batch in con.sql(sql, params={"first": first, "last": last}).to_arrow_reader(ROW_GROUP):
            yield from map(_item, batch.to_pylist())


def _item(item: dict[str, Any]) -> dict[str, Any]:
    item["messages"] = json.loads(item["messages"])
    if item["export_class"] == "derived":
        item["licence"] = of_prompt(item["licence"])
    return item


def _leaving(item: dict[str, Any], export: Export) -> tuple[str | None, list[dict[str, Any]], str]:
    return (None, [], "no_consent") if _without_consent(item) else _place(item, export)


def _without_consent(item: dict[str, Any]) -> bool:
    """Whether a user who was asked for consent did not agree to what leaves: checked here again, whatever class a record was given."""
    return any(report["consent"] not in (None, PUBLIC) for report in item["reports"])


def _place(item: dict[str, Any], export: Export) -> tuple[str | None, list[dict[str, Any]], str]:
    """The config of an item, or None; its rows there; and why it does not leave as what its class allows."""
    as_text = item["export_class"] if item["export_class"] in export.classes else ""
    reason = ""
    if item["licence"].lower() == "unknown":
        return None, [], "licence_unknown"
    if as_text in ("full", "derived"):
        reason = _kept_back(item)
        if not reason:
            row = text_row(item, export)
            way, columns = scored(row)
            return config_of(family(item["licence"]), way), [{**row, **columns}], ""
    elif not as_text:
        reason = f"class_{item['export_class']}_off"
    rows = _id_rows(item) if "id_only" in export.classes and reason not in ("personal_data", "secret_key") else []
    return (IDS if rows else None), rows, reason


def _kept_back(item: dict[str, Any]) -> str:
    """Why the text of an item of class ``full`` or ``derived`` does not leave; empty where it does."""
    if family(item["licence"]) is None:
        return "licence_not_open"
    if item["export_class"] == "derived" and item["kind"] == PREFERENCE:
        return "responses_stay"
    if item["export_class"] == "derived" and any(m["role"] == "assistant" for m in item["messages"]):
        return "model_output"
    key = _key(item)
    texts = [m["content"] for m in item["messages"]]
    texts += [key["target"], key["rubric"], *key["aliases"], *key["choices"]]
    redacted: Counter[str] = Counter()
    for text in (*texts, item["url"], item["attribution"]):
        redacted.update(redact(text)[1])
    if redacted:
        return "secret_key" if redacted["KEY"] else "personal_data"
    return ""


def _key(item: dict[str, Any]) -> dict[str, Any]:
    """The key of an item as far as its class lets it out, with a ``key_status`` that is true of the row: without a key it is ``none``.

    Whoever may see a prompt of class ``derived`` may see the options that stand in it, and which of them is right.
    """
    whole = item["export_class"] == "full"
    options = item["choices"] if whole or all(choice in item["prompt"] for choice in item["choices"]) else []
    leaves = bool(item["target"]) and (whole or (bool(options) and item["target"] in {*options, *item["prompt"].split("\n")}))
    return {
        "target": item["target"] if leaves else "",
        "aliases": item["aliases"] if leaves else [],
        "key_status": item["key_status"] if leaves else "none",
        "choices": options,
        "rubric": item["rubric"] if whole else "",
    }


def text_row(item: dict[str, Any], export: Export) -> dict[str, Any]:
    """The row of an item as text, without what a scorer reads (``store.snapshot.tasks.scored``)."""
    failing = [f for r in item["reports"] for f in json.loads(r["failing"])]
    lead = next(r for r in item["reports"] if r["own"])
    key = _key(item)
    task = asked({**item, **key})
    return {
        "item_id": item["item_id"], "version": item["version"], "kind": item["kind"], **key, **task,
        "tier": item["tier"], "lifecycle": item["status"],
        "language": item["language"], "tags": item["tags"], "rule": item["rule"], "rule_version": item["rule_version"],
        "strength": item["strength"],
        "reports": item["report_count"], "failing_models": [f["model"] for f in failing],
        "failing_hashes": [content_hash(f["text"]) for f in failing],
        "source": item["source"], "site": item["site"], "native_id": item["native_id"], "url": item["url"],
        "content_hash": lead["content_hash"],
        "licence": item["licence"], "attribution": item["attribution"] or f"{item['source']}: {item['url']}",
        "export_class": item["export_class"],
        "canary": export.canary,
    }  # fmt: skip


def _id_rows(item: dict[str, Any]) -> list[dict[str, Any]]:
    """One row for each record that reports the item and has a licence."""
    labels = {k: item[k] for k in ("item_id", "kind", "tier", "language", "tags", "rule", "rule_version")} | votes(item)
    return [
        {
            **labels,
            "key_at_source": item["key_status"],
            "lifecycle": item["status"],
            "reports": item["report_count"],
            **{k: r[k] for k in ("source", "site", "native_id", "thread_id", "content_hash", "licence")},
        }
        for r in item["reports"]
        if r["licence"].lower() != "unknown"
    ]
