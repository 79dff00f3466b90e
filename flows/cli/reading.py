"""``thresher read``: what would become of somebody's posts, without a benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.shared import Config, print_json, progress, warn
from thresher.errors import UsageError

if TYPE_CHECKING:
    from flows.line.reading import Read
    from flows.line.viewing import Viewer
    from thresher.model import Reading, Record
    from thresher.rules import Rules

STYLES = {"prompt": "green", "response": "red", "claim": "yellow"}


def read(
    records: Annotated[Path, typer.Option("--records", help="Posts: JSON lines, CSV or Parquet, also .gz.")],
    explain: Annotated[str, typer.Option("--explain", help="Say of the post with this id why, with the spans marked in its text.")] = "",
    answers: Annotated[
        Path, typer.Option("--answers", help="Where answers of a language model are kept, so that none is paid for twice.")
    ] = Path("model_answers.jsonl"),
    fetch_pictures: Annotated[
        bool, typer.Option("--fetch-pictures", help="Ask for the pictures whose addresses the posts give (also: pictures.enabled).")
    ] = False,
    config: Config = None,
) -> None:
    """Say what would become of posts, without a benchmark.

    Prints one JSON object for each row, in the order of the file: its outcome (item, lead, refused), how probable it is that a failure of a
    model is reported, and the words of prompt, answer and model. The records of a thread are read together. Where config/readers.toml
    names a language model, it reads what the learned reader leaves open, and what that cost is told at the end.
    Pictures that a row names under `pictures`, as files beside the posts or as `data:`, are read with it where the extra for pictures is
    installed.
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
        with progress(as_json=False) as bars, _viewer(records, rules, folder, fetch=fetch_pictures) as viewer:
            if asker is not None:
                asker.told = bars.asked
            everything = list(read_posts(records, rules, chain, viewer, only=explain))
        if explain and not everything:
            raise UsageError(f"{records} holds no post with the id {explain!r}")
        for one in everything:
            if explain:
                _explain(one, rules.reasons)
            else:
                print_json(one.row())
    finally:
        if asker is not None and asker.tally.questions:
            warn(summary.asked_lines(asker.tally.row()))
    if viewer is not None and viewer.counts:
        counted = ", ".join(f"{reason} {n}" for reason, n in viewer.counts.most_common())
        typer.echo(f"pictures: {counted}", err=True)


@contextmanager
def _viewer(records: Path, rules: Rules, folder: Path, *, fetch: bool) -> Iterator[Viewer | None]:
    """Who reads the pictures; None where the extra is missing, of which a person who asked for pictures is told."""
    from flows.line.settings import load
    from flows.line.viewing import Viewer
    from thresher.net.client import Client
    from thresher.net.settings import Pace
    from thresher.pictures.ocr import why_not

    settings = load(folder)
    fetch = fetch or settings.pictures.enabled
    if why := why_not():
        if fetch:
            raise UsageError(f"pictures cannot be read: {why}")
        yield None
        return
    if not fetch:
        yield Viewer(rules, settings.pictures, records.parent)
        return
    pace = Pace(min_interval_s=settings.pictures.min_interval_s, max_requests=4 * settings.pictures.max_per_run + 20)
    with Client.open(settings.network) as client:
        yield Viewer(rules, settings.pictures, records.parent, client.bind("pictures", pace))


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
