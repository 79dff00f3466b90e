"""The ``thresher`` command."""

from __future__ import annotations

import getpass
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.logging import RichHandler

import scrapers
from flows.cli import shown
from flows.cli.clusters import app as clusters_app
from flows.cli.shared import DEFAULT_DATA, FAILED, PARTLY, USAGE, AsJson, Config, Data, NoEmbed, Wait, benchmark, progress, stderr
from flows.cli.sources import new_source
from thresher import __version__
from thresher.errors import SettingsError, ThresherError, UsageError

app = typer.Typer(
    help="Harvest the failures of language models into a growing benchmark.\n\n"
    "Exit codes: 0 all well, 1 failed, 2 usage or settings, 3 partly (some sources failed or stopped at a limit; what they gave is kept).",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
app.add_typer(clusters_app, name="clusters")
for command in (shown.compare, shown.show, shown.status, shown.doctor):
    app.command()(command)
app.command(name="config")(shown.show_config)
app.command(name="new-source")(new_source)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more of what is done.")] = False,
) -> None:
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(
        level=level, format="%(name)s: %(message)s", handlers=[RichHandler(console=stderr(), show_path=False, markup=False)]
    )
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def harvest(
    sources: Annotated[list[str] | None, typer.Argument(help="Sources to harvest; all that are on by default.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, no_embed: NoEmbed = False, as_json: AsJson = False, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Fetch what is new from the configured sources, judge it, and land it.

    Asks each site for what changed since the last time, politely, and keeps every answer in data/archive before it is read. Can be
    interrupted: the next run goes on where this one stopped.
    """
    from flows import spread
    from flows.line import run as line

    work = benchmark(data, config, create=True)
    chosen, off = work.chosen(sources or [])
    if not chosen:
        raise UsageError("no source is on: " + "; ".join(f"{name}: {reason}" for name, reason in off.items()))
    with progress(as_json) as bars, line.opened(work, _command(), wait_s=wait) as run:
        results = line.harvest(run, chosen, progress=bars.source)
        if not no_embed:
            spread.decide(run, bars.embedding)
    failed = len(results) if all(r.state == "failed" for r in results) else 0
    _end(work, run, as_json, off=off, failed=bool(failed))


@app.command()
def ingest(
    source: Annotated[str, typer.Argument(help=f"The source whose files these are: {', '.join(scrapers.names())}.")],
    paths: Annotated[list[Path], typer.Argument(help="Dumps, logs, clones of book repositories; files or folders.")],
    data: Data = DEFAULT_DATA, config: Config = None, no_embed: NoEmbed = False, as_json: AsJson = False, wait: Wait = 0.0,
    site: Annotated[str, typer.Option("--site", help="The site that the files belong to; by default one called as the file is.")] = "",
    sets: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE of the site, as under [[sites]] in its config file.")] = None,
) -> None:  # fmt: skip
    """Take local files: a Stack Exchange dump, a cloned book, an arena log, saved answers of a site. No network."""
    from flows import spread
    from flows.line import run as line

    work = benchmark(data, config, create=True)
    keys = _keys(sets or [])
    with progress(as_json) as bars, line.opened(work, _command(), wait_s=wait) as run:
        result = line.ingest(run, source, paths, site, keys, bars.source)
        if not no_embed:
            spread.decide(run, bars.embedding)
    _end(work, run, as_json, failed=result.state == "failed" and not result.records)


@app.command()
def deduplicate(data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False, wait: Wait = 0.0) -> None:
    """Embed and decide what was landed with --no-embed, or while the model could not be used."""
    from flows import spread
    from flows.line import run as line

    work = benchmark(data, config)
    with progress(as_json) as bars, line.opened(work, _command(), wait_s=wait) as run:
        spread.decide(run, bars.embedding)
    _end(work, run, as_json, failed=run.decided is None)


@app.command()
def rebuild(data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False) -> None:
    """Make the database anew from the archive, without a network. The old file is kept in data/damaged-NN."""
    from flows.line import replay

    work = benchmark(data, config)
    with progress(as_json) as bars:
        made = replay.rebuild(work, lambda pages: bars.source("archive", pages, 0))
    same = made.before == made.after
    if as_json:
        print(
            json.dumps(
                {
                    "runs": made.runs,
                    "pages": made.pages,
                    "before": made.before,
                    "after": made.after,
                    "identical": same,
                    "kept": str(made.kept or ""),
                }
            )
        )
        return
    print(f"{made.pages:,} pages of {made.runs:,} runs replayed.")
    if made.before:
        print(
            "The new database is identical to the old one."
            if same
            else "The new database differs from the old one: parsers or rules have changed since, or the old one was damaged."
        )
    if made.kept:
        print(f"The old file is in {made.kept}; delete it when you no longer need it.")


@app.command()
def unmerge(
    item: Annotated[str, typer.Argument(help="The merged item, or the beginning of its id; `thresher show` names what was merged.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the two are not one; kept with the verdict.")],
    author: Annotated[str, typer.Option("--author", help="Who says so; else the user of this machine.", envvar="THRESHER_AUTHOR")] = "",
    data: Data = DEFAULT_DATA, config: Config = None, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Part an item from the one that it was merged into, for good: the dedupe never merges the two again, nor does a rebuild."""
    from flows.line import run as line
    from store import queries, verdicts

    work = benchmark(data, config)
    with work.database.reader() as con:
        item_id = queries.item(con, item)["item_id"]
        canonical = verdicts.canonical_of(con, item_id)
    with line.opened(work, _command(), wait_s=wait) as run:
        verdicts.unmerge(work.database, run.run_id, item_id, author or getpass.getuser(), reason)
    print(f"{item_id} is an item of its own again, parted from {canonical}")


@app.command()
def snapshot(
    name: Annotated[str, typer.Argument(help="a-z, 0-9, '.', '_', '-'; for example 2026-11-24.")],
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Freeze the benchmark into data/snapshots/NAME: Parquet, a dataset card, a manifest with checksums. Only what the export class allows
    leaves; made twice, it is byte for byte the same."""
    from store.snapshot.freeze import freeze

    work = benchmark(data, config)
    made = freeze(work.database, name, work.snapshots, work.settings.export)
    if as_json:
        print(json.dumps({"name": made.name, "path": made.path, "items": made.items, "sha256": made.sha256}))
    else:
        configs = sorted(p.parent.name for p in Path(made.path).glob("*/*.parquet"))
        print(f"{made.path}: {made.items:,} items, manifest sha256 {made.sha256}")
        print("\n".join(f'  datasets.load_dataset("{made.path}", "{c}", split="test")' for c in configs))


@app.command()
def serve(data: Data = DEFAULT_DATA, config: Config = None) -> None:
    """Harvest every night by the schedule in config/thresher.toml, until interrupted. Needs no other set-up."""
    from flows.serve import serve as serve_flows

    work = benchmark(data, config, create=True)
    serve_flows(data, config, work.settings.schedule)


def _command() -> str:
    return " ".join(["thresher", *sys.argv[1:]])[:500]


def _keys(sets: list[str]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for text in sets:
        key, sign, value = text.partition("=")
        if not sign:
            raise UsageError(f"--set {text!r}: write KEY=VALUE")
        keys[key] = value
    return keys


def _end(work: Any, run: Any, as_json: bool, *, off: dict[str, str] | None = None, failed: bool = False) -> None:
    from flows import summary

    report = run.report()
    if as_json:
        print(json.dumps(report, ensure_ascii=False, default=str))
    else:
        out = summary.console()
        out.print(summary.run_table(report))
        if any(s["refused"] for s in report["sources"].values()):
            out.print(summary.refusals(report, work.rules.reasons))
        if run.decided:
            out.print(summary.decided_line(run.decided))
        if run.clustered and run.clustered.assigned:
            out.print(summary.clustered_line(run.clustered))
        for name, reason in (off or {}).items():
            out.print(f"{name} is off: {reason}", markup=False)
        if not sum(s["landed"] for s in report["sources"].values()):
            out.print("0 new items.")
    if run.failed or run.partly:
        for text in (*run.failed, *run.partly):
            print(text, file=sys.stderr)
        raise typer.Exit(FAILED if failed else PARTLY)


def main(run: Callable[[], None] = app) -> None:
    """The entry point: errors made on purpose are one readable line and an exit code."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        run()
    except (UsageError, SettingsError) as error:
        print(f"thresher: {error}", file=sys.stderr)
        raise SystemExit(USAGE) from None
    except ThresherError as error:
        print(f"thresher: {error}", file=sys.stderr)
        raise SystemExit(FAILED) from None
    except KeyboardInterrupt:
        print("thresher: interrupted; what was fetched is kept, and the next run goes on from here", file=sys.stderr)
        raise SystemExit(FAILED) from None


if __name__ == "__main__":
    main()
