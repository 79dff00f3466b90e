"""Arena logs: two models answered, somebody voted. From the Hugging Face Hub, or from files.

A page is a chunk of rows as JSON lines; which of the known layouts they have is in the page's context, or seen from their columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from scrapers.arena import files, hub
from scrapers.arena.layouts import KNOWN_SETS, LAYOUTS, Layout, detected, named
from scrapers.arena.rows import Found, Refused, Row, Unmapped
from thresher.model import Battle, Dead, Page, Record
from thresher.net.client import Client

SOURCE = "arena"


class Site(BaseModel):
    """One dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    dataset: str = ""
    """``org/name`` on the Hub; empty for a log that only comes from files."""
    revision: str = "main"
    """A commit, or a branch whose newest commit is taken and written down at each visit."""
    config: str = ""
    split: str = "train"
    layout: str = ""
    """The name of a known layout, or of the set that it is known from; empty to see it from the columns."""
    files: tuple[str, ...] = ()
    """Patterns of paths inside the dataset, for those whose card does not say where the rows are."""
    endpoint: str = hub.ENDPOINT
    """Another Hub; the environment's HF_ENDPOINT stands in for the default one."""
    max_rows: int = Field(5000, ge=1)
    """At one visit; the next one goes on from there."""

    @field_validator("layout")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name and name not in LAYOUTS and name not in KNOWN_SETS:
            raise ValueError(f"there is no layout {name!r}; there are: {', '.join(sorted([*LAYOUTS, *KNOWN_SETS]))}")
        return name


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """The dataset's next rows, at most ``max_rows``. A new revision is read from its first row: rows that are known already change
    nothing."""
    return hub.fetch(client, SOURCE, site, since=since)


def read(path: Path, site: Site) -> Iterator[Page]:
    """Rows of a file (.jsonl, .json, .csv, .parquet, also .gz) or of all such files in a folder, where questions, answers and judgements
    that lie in separate files are put together."""
    return files.read(path, SOURCE, site)


def parse(page: Page) -> Iterator[Record | Dead]:
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
        elif files.UNREADABLE in row:
            yield Dead("unreadable_row", f"line {number}: {row[files.UNREADABLE]}")
        else:
            rows.append(row)
    if not rows:
        return
    layout = named(page.context["layout"]) if page.context.get("layout") else detected(rows[0])
    yield from _cases(page, layout, rows)


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


def _record(page: Page, layout: Layout, found: Found) -> Record:
    dataset, revision = page.context.get("dataset", ""), page.context.get("revision", "")
    declared = page.context.get("licence", "")
    evidence = f"known of the layout {layout.name}" + (f"; the card of {dataset} at {revision} says {declared!r}" if declared else "")
    return Record(
        page.source,
        page.site,
        found.native_id,
        f"https://huggingface.co/datasets/{dataset}" if dataset else f"file:{page.context.get('file', '')}",
        "battle",
        shown(found.battle),
        thread_id=found.thread_id or found.native_id,
        author_key=found.judge_id,
        created_at=found.created_at,
        language=found.language,
        detail=found.battle,
        marks={"layout": layout.name, **found.marks},
        licence=layout.licence,
        licence_evidence=evidence,
        export_class=found.export_class or layout.export_class,
    )


def shown(battle: Battle) -> str:
    """The case as one reads it: the prompt, then each response under its model's name."""
    parts = [f"{m.role.capitalize()}: {m.content}" for m in battle.messages]
    several = len(battle.responses) > 1
    for number, response in enumerate(battle.responses, 1):
        name = f"Response {number}" if several else "Response"
        parts.append(f"{name} ({response.model}): {response.text}" if response.model else f"{name}: {response.text}")
    return "\n\n".join(parts)
