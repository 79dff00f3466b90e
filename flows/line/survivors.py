"""A page without what was deleted from it: its records as they were parsed, in the place of its body.

A text cannot be cut out of any body: JSON, HTML, XML and Parquet each write it in ways of their own, and a part of it may stand anywhere.
So the page is made again of its surviving records, as JSON rows, the same for every format. Of a deleted record there is the row without
its text, and the hashes that the text had: a rebuild then knows the same revisions as before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Literal

from store.pages import PageResult
from store.purging import TOLD
from store.revisions import Emptied
from store.rows import GONE, RecordRow, dumps, record_of, record_row, without_text
from thresher.errors import ArchiveError
from thresher.model import CLEANED, Dead, Page, Record

FORMAT = 1
MEDIA_TYPE = "application/vnd.thresher.records+json"
_MOMENTS = ("created_at", "edited_at")

Fate = Literal["stays", "emptied", "taken_down"]
"""Of a record on a page: its text goes and its row stays where its source deleted it, and nothing stays of it after a takedown."""


def is_cleaned(page: Page) -> bool:
    """Whether the page was made by ``cleaned``. The mark is in the context, where no site can write."""
    return CLEANED in page.context


def is_dirty(parsed: PageResult, fate: Callable[[Record], Fate]) -> bool:
    """Whether the page shows a text that has to go, or tells of a deletion: sites leave a title standing, or say who it was."""
    told = frozenset() if is_cleaned(parsed.page) else TOLD
    return any(_loses(r, fate(r)) or (r.status in told and fate(r) != "stays") for r in parsed.records)


def _loses(record: Record, fate: Fate) -> bool:
    return fate == "taken_down" or (fate == "emptied" and record.status not in GONE)


def cleaned(parsed: PageResult, fate: Callable[[Record], Fate], is_buried: Callable[[str], bool]) -> Page:
    """The page of what stays. ``is_buried`` says by its key whether a record without text was taken down since."""
    page = parsed.page
    rows: list[dict[str, Any]] = []
    emptied = [_line(e.row, e.content, e.meta) for e in parsed.emptied if not is_buried(e.row.record_key)]
    gone = {e.row.native_id for e in parsed.emptied}
    for record in parsed.records:
        row, hashes = record_row(record)
        if not _loses(record, fate(record)):
            rows.append(_as_json(row))
            continue
        gone.add(record.native_id)
        if fate(record) == "emptied":
            emptied.append(_line(without_text(row), hashes.content, hashes.meta))
    dead = [asdict(replace(d, detail="") if d.native_id in gone else d) for d in parsed.dead]
    body = dumps({"format": FORMAT, "records": rows, "emptied": emptied, "dead": dead}).encode("utf-8", "replace")
    return replace(page, headers={"content-type": MEDIA_TYPE}, body=body, context={CLEANED: page.first_sha256})


def _line(row: RecordRow, content: str, meta: str) -> dict[str, Any]:
    return {**_as_json(row), "content_hash": content, "meta_hash": meta}


def read(page: Page) -> PageResult:
    """What ``cleaned`` wrote. ArchiveError where a later thresher did."""
    content = json.loads(page.body)
    if content["format"] > FORMAT:
        raise ArchiveError(f"{page.url}: a cleaned page of a later thresher (format {content['format']}); update it")
    records = [record_of(_row(line)._asdict()) for line in content["records"]]
    emptied = [Emptied(_row(line), line["content_hash"], line["meta_hash"]) for line in content["emptied"]]
    return PageResult(page, records, [Dead(**line) for line in content["dead"]], emptied=emptied)


def _as_json(row: RecordRow) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row._asdict().items()}


def _row(line: Mapping[str, Any]) -> RecordRow:
    values = {name: line[name] for name in RecordRow._fields}
    for name in _MOMENTS:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return RecordRow(**values)
