"""What the commands share: their options, exit codes, the opened benchmark, progress on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

OK, FAILED, USAGE, PARTLY = 0, 1, 2, 3

Data = Annotated[Path, typer.Option("--data", help="Where the benchmark lives.", envvar="THRESHER_DATA")]
Config = Annotated[
    Path | None, typer.Option("--config", help="The config folder; ./config, else the one of this checkout.", envvar="THRESHER_CONFIG")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
NoEmbed = Annotated[bool, typer.Option("--no-embed", help="Land now; `thresher deduplicate` embeds and decides later.")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for another process that is writing.")]
DEFAULT_DATA = Path("data")


def benchmark(data: Path, config: Path | None, *, create: bool = False) -> Any:
    """The ``Workspace`` of the folder; imported late, so that ``--help`` is quick."""
    from flows.line.workspace import Workspace

    return Workspace.open(data, config, create=create)


class Bars:
    """Progress for a person: silent where the output is not a terminal."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def source(self, name: str, pages: int, records: int) -> None:
        """So far fetched or read of a source."""
        if self._progress is None:
            return
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = self._progress.add_task(name, total=None)
        self._progress.update(task, completed=pages, description=f"{name}: {pages:,} pages, {records:,} records")

    def embedding(self, done: int, total: int) -> None:
        """Texts embedded, of so many."""
        if self._progress is None:
            return
        task = self._tasks.get("embedding")
        if task is None:
            task = self._tasks["embedding"] = self._progress.add_task("embedding", total=total)
        self._progress.update(task, completed=done, total=total)


@contextmanager
def progress(as_json: bool) -> Iterator[Bars]:
    """Bars while something is done."""
    shown = sys.stderr.isatty() and not as_json
    if not shown:
        yield Bars(None)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr(), transient=True) as shown_there:
        yield Bars(shown_there)


def stderr() -> Any:
    """A rich console for what is no output."""
    from rich.console import Console

    return Console(stderr=True)
