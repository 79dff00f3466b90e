"""Traces -> Records. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scrapers.arena.cases import shown
from scrapers.arena.rows import Refused
from scrapers.common.json_rows import UNREADABLE
from scrapers.common.page import rights
from scrapers.traces import inspect_log, spans
from scrapers.traces.steps import Trace
from thresher.model import Dead, Page, Record


def parse(page: Page) -> Iterator[Record | Dead]:
    """One record for each trace, with its process as structure in the mark ``process``."""
    for number, line in enumerate(page.body.split(b"\n"), int(page.context.get("first_row", "1"))):
        if not line.strip():
            continue
        name = f"{page.context.get('file', '')} row {number}"
        try:
            row = json.loads(line)
            if UNREADABLE in row:
                yield Dead("unreadable_row", f"line {number}: {row[UNREADABLE]}", name)
                continue
            yield _record(page, spans.trace(row) if "spans" in row else inspect_log.trace(row))
        except Refused as error:
            yield Dead(error.reason, str(error), name)
        except (
            ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError,
        ) as error:  # fmt: skip
            yield Dead("bad_row", f"{type(error).__name__}: {str(error)[:100]}", name)


def _record(page: Page, trace: Trace) -> Record:
    battle = trace.battle()
    marks: Mapping[str, Any] = {
        **trace.marks,
        **({"model": trace.model} if trace.model else {}),
        **({"images": trace.pictures} if trace.pictures else {}),
        "process": [step.plain() for step in trace.steps],
    }
    return Record(
        page.source, page.site, trace.native_id, f"file:{page.context.get('file', '')}", "battle", shown(battle),
        thread_id=trace.native_id, author_key=trace.user, created_at=trace.created_at, detail=battle, marks=marks, **rights(page),
    )  # fmt: skip
