"""``thresher read``: what would become of somebody's posts, without a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.shared import Config, print_json
from thresher.errors import UsageError

if TYPE_CHECKING:
    from flows.line.reading import Read
    from thresher.model import Reading, Record

STYLES = {"prompt": "green", "response": "red", "claim": "yellow"}


def read(
    records: Annotated[Path, typer.Option("--records", help="Posts: JSON lines, CSV or Parquet, also .gz.")],
    explain: Annotated[str, typer.Option("--explain", help="Say of the post with this id why, with the spans marked in its text.")] = "",
    config: Config = None,
) -> None:
    """Say what would become of posts, without a benchmark.

    Prints one JSON object for each row, in the order of the file: its outcome (item, lead, refused), how probable it is that a failure of a
    model is reported, and the words of prompt, answer and model. The records of a thread are read together.
    """
    from flows.line.reading import read_posts
    from flows.line.settings import config_folder
    from thresher.readers import open_chain
    from thresher.rules import Rules

    if not records.is_file():
        raise UsageError(f"{records}: no such file")
    rules = Rules.load(config_folder(config) / "rules.toml")
    everything = read_posts(records, rules, open_chain(rules))
    if explain:
        one = next((one for one in everything if one.native_id == explain), None)
        if one is None:
            raise UsageError(f"{records} holds no post with the id {explain!r}")
        _explain(one, rules.reasons)
        return
    for one in everything:
        print_json(one.row())


def _explain(one: Read, reasons: Mapping[str, str]) -> None:
    from rich.text import Text

    from flows import summary

    out, row = summary.console(), one.row()
    why = reasons.get(str(row["reason"]), f"by {row['reason']}" if row["reason"] else "")
    out.print(f"{row['outcome']}: {row['reason']}", style="bold", markup=False)
    out.print(why, markup=False)
    reading = one.reading
    if reading is None or one.record is None:
        out.print("No reader was asked: the rules decided.")
        return
    out.print(f"probability of a failure {reading.fails:.2f}, read by {reading.reader} {reading.version}", markup=False)
    out.print(f"kind: {reading.kind or 'not clear'}; to ask again it lacks: {reading.missing or 'nothing'}", markup=False)
    for name, style in STYLES.items():
        marked = getattr(reading, name)
        legend = f"{name}: {marked.confidence:.2f}, {marked.span.text[:80]!r}" if marked else f"{name}: none"
        out.print(Text(legend, style=style))
    for part in ("title", "text"):
        out.print()
        out.print(_marked(one.record, reading, part))


def _marked(record: Record, reading: Reading, part: str) -> object:
    """A part of the post with the spans of its reading in colour."""
    from rich.text import Text

    text = Text(record.title if part == "title" else record.text)
    for name, style in STYLES.items():
        marked = getattr(reading, name)
        if marked and marked.span.part == part:
            text.stylize(style, marked.span.start, marked.span.end)
    return text
