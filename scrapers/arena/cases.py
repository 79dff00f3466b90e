"""Rows -> Records: one for each case. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from scrapers.arena.columns import ROW
from scrapers.arena.layouts import Layout, detected, named, unknown
from scrapers.arena.rows import Case, Refused, Row, Unmapped
from scrapers.common.fields import told
from scrapers.common.json_rows import UNREADABLE
from thresher.model import Battle, Dead, Page, Record, Unread
from thresher.text import content_hash


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """One Record for each case of the page. A literal that a layout does not know makes its row a Dead, and a layout that nobody knows
    makes each of its rows one."""
    rows: list[dict[str, Any]] = []
    start = int(page.context.get("first_row", "1"))
    for number, line in enumerate(page.body.split(b"\n"), start):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Dead("bad_json", f"line {number}: {error}")
            continue
        if not isinstance(row, dict):
            yield Dead("not_a_row", f"line {number} is {type(row).__name__}, not an object")
        elif UNREADABLE in row:
            yield Dead("unreadable_row", f"line {number}: {row[UNREADABLE]}")
        else:
            row[ROW] = number
            rows.append(row)
    if not rows:
        return
    layout = named(page.context["layout"]) if page.context.get("layout") else detected(rows[0])
    if layout is None:
        for row in rows:
            name = _named(page, row)
            del row[ROW]
            yield Dead("unknown_layout", f"{page.context.get('file', '')}: {unknown(row)}", name)
        return
    yield from _cases(page, layout, rows)
    if layout.fields:
        yield from told(layout.fields.unread(rows))


def _cases(page: Page, layout: Layout, rows: Iterable[Row]) -> Iterator[Record | Dead]:
    whole = []
    for row in rows:
        if lacking := layout.columns - row.keys():
            yield Dead("missing_column", f"{layout.name} without {', '.join(sorted(lacking))}", _named(page, row))
        else:
            whole.append(row)
    for row in layout.gather(whole) if layout.gather else whole:
        try:
            yield _record(page, layout, layout.convert(row))
        except Unmapped as error:
            yield Dead("unmapped_literal", f"{layout.name}: {error}", _named(page, row))
        except Refused as error:
            yield Dead(error.reason, str(error), _named(page, row))
        except (
            ArithmeticError, AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError, RecursionError,
        ) as error:  # fmt: skip
            yield Dead("bad_row", f"{layout.name}: {type(error).__name__}: {str(error)[:100]}", _named(page, row))


_ID_COLUMNS = (
    "question_id",
    "id",
    "conversation_id",
    "conversation_hash",
    "message_id",
    "prompt_id",
    "event_id",
    "review_id",
    "session_id",
    "uid",
    "idx",
)


def _named(page: Page, row: Row) -> str:
    """What to call a row that could not be read: its own id, else its place in the file, so that each is counted."""
    own = next((str(row[name])[:80] for name in _ID_COLUMNS if row.get(name) is not None), "")
    return own or (f"{page.context.get('file', '')} row {row[ROW]}" if ROW in row else "")


_UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}", re.IGNORECASE)
"""An id that no two sets give to different rows: a UUID, or a hash."""


def _name(own: str, layout: Layout, case: Case) -> str:
    """The id of a record. Files of one folder may all count their rows from 1, so such a number stands with what it was the number of."""
    if layout.lasting_ids or _UNIQUE.search(own):
        return own
    return f"{own}:{content_hash(*(message.content for message in case.battle.messages[:1]))[:8]}"


def _record(page: Page, layout: Layout, case: Case) -> Record:
    dataset, revision = page.context.get("dataset", ""), page.context.get("revision", "")
    declared = page.context.get("licence", "")
    evidence = f"known of the layout {layout.name}" + (f"; the card of {dataset} at {revision} says {declared!r}" if declared else "")
    return Record(
        page.source,
        page.site,
        _name(case.native_id, layout, case),
        f"https://huggingface.co/datasets/{dataset}" if dataset else f"file:{page.context.get('file', '')}",
        "battle",
        shown(case.battle),
        thread_id=_name(case.thread_id or case.native_id, layout, case),
        author_key=case.judge_id,
        created_at=case.created_at,
        language=case.language,
        detail=case.battle,
        marks={"layout": layout.name, **case.marks},
        licence=layout.licence,
        licence_evidence=evidence,
        export_class=case.export_class or layout.export_class,
    )


def shown(battle: Battle) -> str:
    """The case as one reads it: the prompt, then each response under its model's name."""
    parts = [f"{m.role.capitalize()}: {m.content}" for m in battle.messages]
    several = len(battle.responses) > 1
    for number, response in enumerate(battle.responses, 1):
        name = f"Response {number}" if several else "Response"
        parts.append(f"{name} ({response.model}): {response.text}" if response.model else f"{name}: {response.text}")
    return "\n\n".join(parts)
