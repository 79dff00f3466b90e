"""The ``thresher`` command."""

from __future__ import annotations

import gc
import io
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

import scrapers
from flows.cli import curating, defects, interruption, mending, publishing, shown
from flows.cli.clusters import app as clusters_app
from flows.cli.coverage import rules_app
from flows.cli.curate import curate
from flows.cli.diagnose import diagnose
from flows.cli.evaluating import evaluate
from flows.cli.explaining import explain
from flows.cli.gate import gate
from flows.cli.hydrate import hydrate
from flows.cli.judging import app as judge_app
from flows.cli.keys import app as keys_app
from flows.cli.labels import app as labels_app
from flows.cli.leaderboard import leaderboard
from flows.cli.leads import app as leads_app
from flows.cli.models import app as models_app
from flows.cli.reading import read
from flows.cli.report import report
from flows.cli.shared import (
    DEFAULT_DATA,
    FAILED,
    PARTLY,
    USAGE,
    AcceptDeletions,
    AsJson,
    Config,
    Data,
    NoEmbed,
    Wait,
    benchmark,
    command_line,
    print_json,
    progress,
    stderr,
    warn,
)
from flows.cli.site import site
from flows.cli.sources import new_source
from flows.cli.split import split
from flows.cli.status import status
from flows.cli.takedown import takedown
from flows.cli.transcript import transcript
from flows.cli.trials import app as trials_app
from flows.cli.usage import app as usage_app
from thresher import __version__
from thresher.errors import Interrupted, SettingsError, ThresherError, UsageError

if TYPE_CHECKING:
    from flows.line.run import Deduplicated, LiveRun
    from flows.line.workspace import Workspace

app = typer.Typer(
    help="Harvest the failures of language models into a growing benchmark.\n\n"
    "Exit codes: 0 all well, 1 failed or interrupted, 2 usage or settings, 3 partly (a source failed or stopped at a limit, or a file "
    "could not be read; what the others gave is kept).",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
app.add_typer(clusters_app, name="clusters")
app.add_typer(labels_app, name="labels")
app.add_typer(leads_app, name="leads")
app.add_typer(models_app, name="models")
app.add_typer(rules_app, name="rules")
app.add_typer(trials_app, name="trials")
app.add_typer(keys_app, name="keys")
app.add_typer(judge_app, name="judge")
app.add_typer(usage_app, name="usage")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more of what is done.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit
    from rich.logging import RichHandler  # --help and --version do without

    level = logging.INFO if verbose else logging.ERROR
    handler = RichHandler(console=stderr(), show_path=False, markup=False)
    logging.basicConfig(level=level, format="%(name)s: %(message)s", handlers=[handler])


@app.command()
def harvest(
    sources: Annotated[list[str] | None, typer.Argument(help="Sources to harvest; all that are on by default.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, no_embed: NoEmbed = False, as_json: AsJson = False, wait: Wait = 0.0,
    accept_deletions: AcceptDeletions = False,
) -> None:  # fmt: skip
    """Fetch what is new, judge it, land it, and decide.

    Asks each site for what changed since the last time, politely, and keeps every answer in data/archive before it is read. Can be
    interrupted: the next run goes on where this one stopped.
    """
    from flows.line.harvesting import harvest_sources
    from flows.line.opening import open_run

    work = benchmark(data, config, create=True)
    chosen, off = work.chosen(sources or [])
    if not chosen:
        raise UsageError("no source is on: " + "; ".join(f"{name}: {reason}" for name, reason in off.items()))
    with progress(as_json) as bars, open_run(
        work, command_line(), wait_s=wait, progress=bars, accept_deletions=accept_deletions
    ) as run:  # fmt: skip
        results = harvest_sources(run, chosen)
        outcome = None if no_embed else _deduplicate(run)
    _end(work, run, outcome, as_json, off=off, failed=all(r.state == "failed" for r in results))


@app.command()
def ingest(
    source: Annotated[str, typer.Argument(help=f"The source whose files these are: {', '.join(scrapers.names())}.")],
    paths: Annotated[list[Path], typer.Argument(help="Dumps, logs, clones of book repositories; files or folders.")],
    data: Data = DEFAULT_DATA, config: Config = None, no_embed: NoEmbed = False, as_json: AsJson = False, wait: Wait = 0.0,
    accept_deletions: AcceptDeletions = False,
    site: Annotated[str, typer.Option("--site", help="The site of the files; by default called as the file (not for stackexchange).")] = "",
    sets: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE of the site, as under [[sites]] in its config file.")] = None,
) -> None:  # fmt: skip
    """Do the same with local files, without a network.

    A Stack Exchange dump, a cloned book, an arena log, saved answers of a site.
    """
    from flows.line.harvesting import ingest_files
    from flows.line.opening import open_run

    work = benchmark(data, config, create=True)
    keys = _keys(sets or [])
    with progress(as_json) as bars, open_run(
        work, command_line(), wait_s=wait, progress=bars, accept_deletions=accept_deletions
    ) as run:  # fmt: skip
        result = ingest_files(run, source, paths, site=site, keys=keys)
        outcome = None if no_embed else _deduplicate(run)
    _end(work, run, outcome, as_json, failed=result.state == "failed" and not result.records)


@app.command()
def recheck(
    sources: Annotated[list[str] | None, typer.Argument(help="Sources to ask; all that are on and can be asked by default.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, no_embed: NoEmbed = False, as_json: AsJson = False, wait: Wait = 0.0,
    accept_deletions: AcceptDeletions = False,
) -> None:  # fmt: skip
    """Ask what became of records that no harvest has shown for a while.

    Each site is asked by id, the least recently seen records first, as far as the pace of its source goes. What was edited is judged anew;
    what was deleted or withdrawn leaves the benchmark.
    """
    from flows.line.opening import open_run
    from flows.line.rechecking import askable, recheck_sources

    work = benchmark(data, config)
    chosen, off = work.chosen(sources or [])
    able = askable(chosen, named=bool(sources))
    with progress(as_json) as bars, open_run(
        work, command_line(), wait_s=wait, progress=bars, accept_deletions=accept_deletions
    ) as run:  # fmt: skip
        results = recheck_sources(run, able)
        outcome = None if no_embed else _deduplicate(run)
    _end(work, run, outcome, as_json, off=off, failed=all(r.state == "failed" for r in results))


@app.command()
def deduplicate(data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False, wait: Wait = 0.0) -> None:
    """Embed and decide what is still open.

    That is what was landed with --no-embed, or while the model could not be used.
    """
    from flows.line.opening import open_run

    work = benchmark(data, config)
    with progress(as_json) as bars, open_run(work, command_line(), wait_s=wait, progress=bars) as run:
        outcome = _deduplicate(run)
    _end(work, run, outcome, as_json, failed=outcome.decided is None)


# Here, so that --help tells of looking between harvesting and mending.
for command in (
    status, report, shown.show, shown.compare, read, curate, curating.verdict, curating.unmerge, evaluate, explain, diagnose, gate,
    transcript,
):  # fmt: skip
    app.command()(command)


app.command()(publishing.snapshot)
app.command()(split)
app.command()(publishing.publish)
app.command()(publishing.withdraw)
app.command()(leaderboard)
app.command()(hydrate)
app.command()(site)
app.command()(takedown)
app.command()(mending.doctor)
app.command()(mending.rebuild)


@app.command()
def serve(data: Data = DEFAULT_DATA, config: Config = None) -> None:
    """Harvest every night by a schedule, until interrupted.

    The schedule is in config/thresher.toml; no other set-up is needed.
    """
    from flows.serve import serve as serve_flows

    work = benchmark(data, config, create=True)
    serve_flows(data, config, work.settings.schedule, work.settings.evaluate)


app.command(name="config")(shown.show_config)
app.command(name="new-source")(new_source)


def _keys(sets: list[str]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for text in sets:
        key, sign, value = text.partition("=")
        if not sign:
            raise UsageError(f"--set {text!r}: write KEY=VALUE")
        keys[key] = value
    return keys


def _deduplicate(run: LiveRun) -> Deduplicated:
    from flows.spread import deduplicate_spread  # brings the dedupe, which a run that embeds nothing does without

    return deduplicate_spread(run)


def _end(
    work: Workspace, run: LiveRun, outcome: Deduplicated | None, as_json: bool, *, off: dict[str, str] | None = None, failed: bool = False
) -> None:
    from flows import summary

    report = run.report()
    if as_json:
        print_json(report)
    else:
        out = summary.console()
        out.print(summary.run_table(report))
        if any(s["refused"] for s in report["sources"].values()):
            out.print(summary.refusals(report, work.rules.reasons))
        if outcome and outcome.decided:
            out.print(summary.decided_line(outcome.decided))
        if outcome and outcome.clustered and outcome.clustered.assigned:
            out.print(summary.clustered_line(outcome.clustered))
        for row in report["readers"].values():
            out.print(summary.asked_lines(row), markup=False)
        for told in summary.sought_lines(report):
            out.print(told, markup=False)
        for name, reason in (off or {}).items():
            out.print(f"{name} is off: {reason}", markup=False)
        if not sum(s["landed"] for s in report["sources"].values()):
            out.print("0 new items.")
    for text in run.notices:
        warn(f"note: {text}")
    if run.failed or run.partly:
        for text in (*run.failed, *run.partly):
            warn(text)
        raise typer.Exit(FAILED if failed else PARTLY)


RARELY = (20_000, 20, 20)
"""When Python looks for circles of objects. Records come by the thousand and form none: looking as often as by default costs a twelfth
of an ingest's CPU time, and its peak memory is the same."""


def main(run: Callable[[], None] = app) -> None:
    """The entry point: whatever goes wrong is one readable line and an exit code."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    gc.set_threshold(*RARELY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # letters that the terminal does not have
    interruption.listen()
    try:
        run()
    except (UsageError, SettingsError) as error:
        _end_with(USAGE, str(error))
    except ThresherError as error:
        _end_with(FAILED, str(error))
    except OSError as error:
        _end_with(FAILED, defects.refused_by_system(error))
    except Interrupted:
        interruption.end()
    except Exception as error:
        _end_with(FAILED, defects.told(error))


def _end_with(code: int, said: str) -> NoReturn:
    warn(f"thresher: {said}")
    raise SystemExit(code) from None


if __name__ == "__main__":
    main()
