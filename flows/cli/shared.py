"""What the commands share: their options, exit codes, the opened benchmark, progress on a terminal."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thresher.characters import printable, printable_json

if TYPE_CHECKING:
    from decimal import Decimal

    from rich.console import Console
    from rich.progress import Progress, TaskID

    from flows.line.workspace import Workspace
    from store.file.database import Connection

OK, FAILED, USAGE, PARTLY = 0, 1, 2, 3

Data = Annotated[Path, typer.Option("--data", help="Where the benchmark lives.", envvar="THRESHER_DATA")]
Config = Annotated[
    Path | None, typer.Option("--config", help="The config folder; ./config, else the one of this checkout.", envvar="THRESHER_CONFIG")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
NoEmbed = Annotated[bool, typer.Option("--no-embed", help="Land now; `thresher deduplicate` embeds and decides later.")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for another process that is writing.")]
AcceptDeletions = Annotated[
    bool, typer.Option("--accept-deletions", help="Delete what sites no longer show, however much: you looked, and it is really gone.")
]
DEFAULT_DATA = Path("data")


def benchmark(data: Path, config: Path | None, *, create: bool = False) -> Workspace:
    """The benchmark for a command that writes. It brings the whole line with it, so it is imported late: who only looks does without."""
    from flows.line.workspace import Workspace

    return Workspace.open(data, config, create=create)


@contextmanager
def reader(data: Path) -> Iterator[Connection]:
    """The benchmark for a command that only looks: no settings, no rules, no line."""
    from store.file.database import Database, existing_benchmark

    with Database(existing_benchmark(data)).reader() as con:
        yield con


def print_json(value: object) -> None:
    """One JSON object in one line, without what a terminal would obey, and with escapes where it has no letters for something."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(printable_json(json.dumps(value, ensure_ascii=plain, default=str)))


def warn(text: str) -> None:
    """One line on stderr; what is foreign in it (an address, a name of a file) cannot command the terminal, nor give a key away."""
    from thresher.redaction import redact

    print(printable(redact(text)[0]), file=sys.stderr)


def command_line() -> str:
    """What was typed, as the run keeps it; bytes that are no text (of a file's name) are replaced."""
    from thresher.redaction import redact

    return redact(" ".join(["thresher", *sys.argv[1:]]).encode("utf-8", "replace").decode())[0][:500]


class Bars:
    """Progress for a person (``flows.line.run.Progress``): silent where the output is not a terminal."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._counts: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def fetched(self, source: str, pages: int, records: int) -> None:
        """So many more pages and records of a source."""
        with self._lock:
            before = self._counts.get(source, (0, 0))
            count = self._counts[source] = (before[0] + pages, before[1] + records)
            self._show(source, count[0], None, f"{source}: {count[0]:,} pages, {count[1]:,} records")

    def embedded(self, done: int, total: int) -> None:
        """Texts embedded, of so many."""
        self._show("embedding", done, total, "embedding")

    def asked(self, done: int, total: int) -> None:
        """Questions to a language model that are answered, of so many."""
        self._show("model", done, total, "asking the language model")

    def evaluated(self, done: int, total: int, usd: Decimal) -> None:
        """Trials that are done, of so many, and what they cost so far."""
        self._show("trials", done, total, f"asking models, ${usd:.4f} spent")

    def rebuilt(self, pages: int) -> None:
        """Pages of the archive that are landed again so far."""
        self._show("archive", pages, None, f"archive: {pages:,} pages")

    def _show(self, name: str, completed: int, total: int | None, description: str) -> None:
        if self._progress is None:
            return
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=completed, total=total, description=description)


@contextmanager
def progress(as_json: bool) -> Iterator[Bars]:
    """Bars while something is done."""
    if as_json or not sys.stderr.isatty():
        yield Bars(None)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # slow to import

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr(), transient=True) as bars:
        yield Bars(bars)


def stderr() -> Console:
    """A rich console for what is no output."""
    from rich.console import Console  # slow to import

    return Console(stderr=True)
