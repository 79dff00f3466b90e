"""Rows -> Records: one for each case. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from scrapers.arena.layouts import Layout, detected, named
from scrapers.arena.rows import Case, Refused, Row, Unmapped
from scrapers.common.fields import told
from scrapers.common.rows import UNREADABLE
from thresher.model import Battle, Dead, Page, Record, Unread


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """One Record for each case of the page. A literal that a layout does not know makes its row a Dead."""
    rows: list[Row] = []
    for number, line in enumerate(page.body.split(b"\n"), 1):
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
            rows.append(row)
    if not rows:
        return
    layout = named(page.context["layout"]) if page.context.get("layout") else detected(rows[0])
    yield from _cases(page, layout, rows)
    yield from told(layout.fields.unread(rows))


def _cases(page: Page, layout: Layout, rows: Iterable[Row]) -> Iterator[Record | Dead]:
    whole = []
    for row in rows:
        if lacking := layout.columns - row.keys():
            yield Dead("missing_column", f"{layout.name} without {', '.join(sorted(lacking))}", _named(row))
        else:
            whole.append(row)
    for row in layout.gather(whole) if layout.gather else whole:
        try:
            yield _record(page, layout, layout.convert(row))
        except Unmapped as error:
            yield Dead("unmapped_literal", f"{layout.name}: {error}", _named(row))
        except Refused as error:
            yield Dead(error.reason, str(error), _named(row))
        except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
            yield Dead("bad_row", f"{layout.name}: {type(error).__name__}: {str(error)[:100]}", _named(row))


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


def _named(row: Row) -> str:
    return next((str(row[name])[:80] for name in _ID_COLUMNS if row.get(name) is not None), "")


def _record(page: Page, layout: Layout, case: Case) -> Record:
    dataset, revision = page.context.get("dataset", ""), page.context.get("revision", "")
    declared = page.context.get("licence", "")
    evidence = f"known of the layout {layout.name}" + (f"; the card of {dataset} at {revision} says {declared!r}" if declared else "")
    return Record(
        page.source,
        page.site,
        case.native_id,
        f"https://huggingface.co/datasets/{dataset}" if dataset else f"file:{page.context.get('file', '')}",
        "battle",
        shown(case.battle),
        thread_id=case.thread_id or case.native_id,
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
