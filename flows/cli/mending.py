"""The commands for the day on which something is damaged: ``thresher doctor`` and ``thresher rebuild``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, FAILED, PARTLY, AsJson, Config, Data, Wait, benchmark, print_json, progress, warn

if TYPE_CHECKING:
    from flows.line.rebuilding import Rebuilt
    from store.doctor import Report


def doctor(
    data: Data = DEFAULT_DATA, as_json: AsJson = False,
    full: Annotated[bool, typer.Option("--full", help="Unpack the whole archive too, and prove the body of each page.")] = False,
) -> None:  # fmt: skip
    """Prove database and archive against what was written down.

    Finds lost commits, damaged blocks, tables that contradict one another, archive files that are not as they were written, and what the
    damage costs. Writes nothing.
    """
    from store.doctor import doctor as examine
    from store.file.database import existing_benchmark

    report = examine(existing_benchmark(data), full=full)
    if as_json:
        print_json({"healthy": report.healthy, **asdict(report)})
    else:
        _print_report(report)
    if not report.healthy:
        raise typer.Exit(FAILED)


def _print_report(report: Report) -> None:
    for note in report.notes:
        print(f"{report.path}: {note}")
    for finding in report.findings:
        print(f"{finding.kind}: {finding.detail}")
    if report.healthy:
        print(f"archive: {report.archive_files:,} files, whole, with {report.archive_pages:,} pages of the database")
        print(f"{report.path}: healthy, {report.commits} commits")
        return
    kinds = {finding.kind for finding in report.findings}
    if "archive" in kinds:
        print("Put what is damaged of the archive back from a copy. Where there is none, `thresher rebuild --accept-loss` goes on without")
        print("what cannot be read; until then the database holds what was made of it.")
    if kinds - {"archive", "journal"}:
        print("Run `thresher rebuild` to make the database anew from the archive.")


def rebuild(
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False, wait: Wait = 0.0,
    accept_loss: Annotated[bool, typer.Option("--accept-loss", help="Also where the old database holds what the archive lacks.")] = False,
) -> None:  # fmt: skip
    """Make the database anew from the archive.

    Needs no network. The old file is kept in data/damaged-NN. What is damaged in the archive is passed over and told, and the exit code is
    3. A database that holds more than the archive gives back is replaced with --accept-loss only.
    """
    from flows.line.rebuilding import rebuild as rebuild_benchmark

    work = benchmark(data, config)
    with progress(as_json) as bars:
        made = rebuild_benchmark(work, bars.rebuilt, accept_loss=accept_loss, wait_s=wait)
    if as_json:
        numbers = {"runs": made.runs, "pages": made.pages, "before": made.before, "after": made.after}
        missing = {"damage": made.damage, "lost": made.lost}
        print_json({**numbers, "identical": made.before == made.after, "kept": str(made.old_file or ""), **missing})
    else:
        _print_rebuilt(made)
    if not made.whole:
        raise typer.Exit(PARTLY)


def _print_rebuilt(made: Rebuilt) -> None:
    from store.holdings import in_words

    print(f"{made.pages:,} pages of {made.runs:,} runs replayed.")
    if made.before:
        print(
            "The new database is identical to the old one."
            if made.before == made.after
            else "The new database differs from the old one: parsers or rules have changed since, or the old one was damaged."
        )
    if made.old_file:
        print(f"The old file is in {made.old_file}; delete it when you no longer need it.")
    for damage in made.damage:
        warn(f"missing: {damage}")
    if made.lost:
        warn(f"lost: {in_words(made.lost)}")
