"""``thresher read``: what would become of somebody's posts, without a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.shared import Config, print_json, progress, warn
from thresher.errors import UsageError

if TYPE_CHECKING:
    from flows.line.reading import Read
    from thresher.model import Reading, Record
    from thresher.readers import Chain
    from thresher.rules import Rules

STYLES = {"prompt": "green", "response": "red", "claim": "yellow"}


def read(
    records: Annotated[Path, typer.Option("--records", help="Posts: JSON lines, CSV or Parquet, also .gz.")],
    explain: Annotated[str, typer.Option("--explain", help="Say of the post with this id why, with the spans marked in its text.")] = "",
    answers: Annotated[
        Path, typer.Option("--answers", help="Where answers of a language model are kept, so that none is paid for twice.")
    ] = Path("model_answers.jsonl"),
    config: Config = None,
) -> None:
    """Say what would become of posts, without a benchmark.

    Prints one JSON object for each row, in the order of the file: its outcome (item, lead, refused), how probable it is that a failure of a
    model is reported, and the words of prompt, answer and model. The records of a thread are read together. Where config/readers.toml
    names a language model, it reads what the learned reader leaves open, and what that cost is told at the end.
    """
    from flows import summary
    from flows.line.asking import chain_of, open_asker
    from flows.line.reading import read_posts
    from flows.line.settings import config_folder, load_models, load_readers
    from thresher.rules import Rules

    if not records.is_file():
        raise UsageError(f"{records}: no such file")
    folder = config_folder(config)
    rules, readers = Rules.load(folder / "rules.toml"), load_readers(folder)
    asker = open_asker(readers, load_models(folder), answers)
    chain = chain_of(rules, readers, asker)
    try:
        with progress(as_json=False) as bars:
            if asker is not None:
                asker.told = bars.asked
            everything = [_read_one(records, rules, chain, explain)] if explain else list(read_posts(records, rules, chain))
        for one in everything:
            if explain:
                _explain(one, rules.reasons)
            else:
                print_json(one.row())
    finally:
        if asker is not None and asker.tally.questions:
            warn(summary.asked_lines(asker.tally.row()))


def _read_one(records: Path, rules: Rules, chain: Chain, native_id: str) -> Read:
    from flows.line.reading import read_posts

    one = next(read_posts(records, rules, chain, only=native_id), None)
    if one is None:
        raise UsageError(f"{records} holds no post with the id {native_id!r}")
    return one


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
    if reading.held:
        out.print(f"a further reader gave nothing ({reading.held}): this is what was read before it", markup=False)
    if reading.kind or reading.missing:
        out.print(f"kind: {reading.kind or 'none'}, missing to ask again: {reading.missing or 'nothing'}", markup=False)
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
