"""The ``thresher`` command."""

from __future__ import annotations

import getpass
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from flows.cli_clusters import app as clusters_app
from thresher import __version__
from thresher.errors import SettingsError, ThresherError, UsageError

if TYPE_CHECKING:
    from dedupe.guard import Comparable

OK, FAILED, USAGE, PARTLY = 0, 1, 2, 3

app = typer.Typer(
    help="Harvest the failures of language models into a growing benchmark.\n\n"
    "Exit codes: 0 all well, 1 failed, 2 usage or settings, 3 partly (some sources failed or stopped at a limit; what they gave is kept).",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
app.add_typer(clusters_app, name="clusters")

Data = Annotated[Path, typer.Option("--data", help="Where the benchmark lives.", envvar="THRESHER_DATA")]
Config = Annotated[
    Path | None, typer.Option("--config", help="The config folder; ./config, else the one of this checkout.", envvar="THRESHER_CONFIG")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
NoEmbed = Annotated[bool, typer.Option("--no-embed", help="Land now; `thresher deduplicate` embeds and decides later.")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for another process that is writing.")]
DEFAULT_DATA = Path("data")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more of what is done.")] = False,
) -> None:
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(
        level=level, format="%(name)s: %(message)s", handlers=[RichHandler(console=_stderr(), show_path=False, markup=False)]
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
    from flows import run as line
    from flows import spread

    work = _open(data, config, create=True)
    chosen, off = work.chosen(sources or [])
    if not chosen:
        raise UsageError("no source is on: " + "; ".join(f"{name}: {reason}" for name, reason in off.items()))
    with _bars(as_json) as bars, line.opened(work, _command(), wait_s=wait) as run:
        results = line.harvest(run, chosen, progress=bars.source)
        if not no_embed:
            spread.decide(run, bars.embedding)
    failed = len(results) if all(r.state == "failed" for r in results) else 0
    _end(work, run, as_json, off=off, failed=bool(failed))


@app.command()
def ingest(
    source: Annotated[str, typer.Argument(help="The source whose files these are: arena, discourse, reddit, stackexchange, textbooks.")],
    paths: Annotated[list[Path], typer.Argument(help="Dumps, logs, clones of book repositories; files or folders.")],
    data: Data = DEFAULT_DATA, config: Config = None, no_embed: NoEmbed = False, as_json: AsJson = False, wait: Wait = 0.0,
    site: Annotated[str, typer.Option("--site", help="The site that the files belong to; by default one called as the file is.")] = "",
    sets: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE of the site, as under [[sites]] in its config file.")] = None,
) -> None:  # fmt: skip
    """Take local files: a Stack Exchange dump, a cloned book, an arena log, saved answers of a site. No network."""
    from flows import run as line
    from flows import spread

    work = _open(data, config, create=True)
    keys = _keys(sets or [])
    with _bars(as_json) as bars, line.opened(work, _command(), wait_s=wait) as run:
        result = line.ingest(run, source, paths, site, keys, bars.source)
        if not no_embed:
            spread.decide(run, bars.embedding)
    _end(work, run, as_json, failed=result.state == "failed" and not result.records)


@app.command()
def deduplicate(data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False, wait: Wait = 0.0) -> None:
    """Embed and decide what was landed with --no-embed, or while the model could not be used."""
    from flows import run as line
    from flows import spread

    work = _open(data, config)
    with _bars(as_json) as bars, line.opened(work, _command(), wait_s=wait) as run:
        spread.decide(run, bars.embedding)
    _end(work, run, as_json, failed=run.decided is None)


@app.command()
def compare(
    texts: Annotated[list[str] | None, typer.Argument(help="Two texts.")] = None,
    pairs: Annotated[Path | None, typer.Option("--pairs", help='JSONL, {"a", "b"} a line: texts or items.')] = None,
    config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Tell whether two texts are the same item, related or different, and which feature decided it."""
    from dedupe.decide import explain
    from dedupe.embeddings import open_encoder
    from dedupe.guard import Comparable
    from flows.workspace import config_folder, judge_for
    from thresher import settings

    dedupe = settings.load(config_folder(config)).dedupe
    given = list(texts or [])
    if pairs is None and len(given) != 2:
        raise UsageError('give two texts, or --pairs FILE with {"a": ..., "b": ...} on each line')
    wanted = _pairs(pairs) if pairs else iter([(Comparable("a", given[0]), Comparable("b", given[1]))])
    encoder, judge = open_encoder(dedupe.embedding, Path("models")), judge_for(dedupe)
    for a, b in wanted:
        found = explain(a, b, encoder, judge)
        if pairs or as_json:
            told = {"verdict": found.verdict, "score": round(found.score, 4), "method": found.method, "reason": found.reason}
            print(json.dumps(told), flush=False)
        else:
            what = "probability" if found.method == "scorer" else "cosine"
            print(f"{found.verdict}: {found.reason} (by the {found.method}, {what} {found.score:.3f})")


@app.command()
def rebuild(data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False) -> None:
    """Make the database anew from the archive, without a network. The old file is kept in data/damaged-NN."""
    from flows import replay

    work = _open(data, config)
    with _bars(as_json) as bars:
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
def doctor(data: Data = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Prove the database against its ledger: lost commits, damaged blocks, tables that contradict one another. Writes nothing."""
    from store import ledger

    if not data.is_dir():
        raise UsageError(f"{data}: no benchmark there; give its folder by --data")
    report = ledger.doctor(data)
    if as_json:
        print(
            json.dumps(
                {
                    "healthy": report.healthy,
                    "commits": report.commits,
                    "acknowledged": report.acknowledged,
                    "tables": report.tables,
                    "findings": [{"kind": f.kind, "detail": f.detail} for f in report.findings],
                }
            )
        )
    else:
        for finding in report.findings:
            print(f"{finding.kind}: {finding.detail}")
        print(
            f"{report.path}: healthy, {report.commits} commits"
            if report.healthy
            else "Run `thresher rebuild` to make it anew from the archive."
        )
    if not report.healthy:
        raise typer.Exit(FAILED)


@app.command()
def status(data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False) -> None:
    """What the benchmark holds, how it grew, and how far each site was read."""
    from flows import summary
    from store import queries

    work = _open(data, config)
    with work.database.reader() as con:
        found: dict[str, Any] = {"status": queries.status(con), "growth": queries.growth(con), "sites": queries.sites(con)}
    if as_json:
        print(json.dumps(found, ensure_ascii=False, default=str))
        return
    out = summary.console()
    for key, value in found["status"].items():
        shown = (
            ", ".join(f"{k} {v:,}" if isinstance(v, int) else f"{k} {v}" for k, v in value.items() if v not in (None, ""))
            if isinstance(value, dict)
            else f"{value:,}"
            if isinstance(value, int)
            else str(value)
        )
        out.print(f"[bold]{key}[/]: {shown}")
    out.print(summary.growth_table(found["growth"]))
    for place in found["sites"]:
        out.print(f"{place['source']}/{place['site']}: {place['records']:,} records, last fetched {place['last_fetched'][:16]}")


@app.command()
def show(
    item: Annotated[list[str] | None, typer.Argument(help="Item ids, or the beginnings of them; without, some at random.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
    count: Annotated[int, typer.Option("--count", "-n", help="How many at random.", min=1)] = 3,
    kind: Annotated[str, typer.Option("--kind", help="Only items of this kind.")] = "",
) -> None:  # fmt: skip
    """Show items in full: messages, target, evidence, reports, and what the dedupe decided."""
    from flows import summary
    from store import queries

    work = _open(data, config)
    with work.database.reader() as con:
        ids = item or [
            r[0]
            for r in con.execute(
                "SELECT item_id FROM items_current WHERE kind = ? OR ? = '' ORDER BY random() LIMIT ?", [kind, kind, count]
            ).fetchall()
        ]
        found = [queries.item(con, i) for i in ids]
    for one in found:
        if as_json:
            print(json.dumps(one, ensure_ascii=False, default=str))
        else:
            summary.console().print(summary.item_panel(one))


@app.command()
def unmerge(
    item: Annotated[str, typer.Argument(help="The merged item, or the beginning of its id; `thresher show` names what was merged.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the two are not one; kept with the verdict.")],
    author: Annotated[str, typer.Option("--author", help="Who says so; else the user of this machine.", envvar="THRESHER_AUTHOR")] = "",
    data: Data = DEFAULT_DATA, config: Config = None, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Part an item from the one that it was merged into, for good: the dedupe never merges the two again, nor does a rebuild."""
    from flows import run as line
    from store import queries, verdicts

    work = _open(data, config)
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
    from store import snapshots

    work = _open(data, config)
    made = snapshots.freeze(work.database, name, work.snapshots, work.settings.export)
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

    work = _open(data, config, create=True)
    serve_flows(data, config, work.settings.schedule)


@app.command(name="config")
def show_config(config: Config = None, data: Data = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Print each setting with its value and where it comes from, and which sources are on."""
    from flows.workspace import config_folder
    from thresher import settings as configuration

    settings = configuration.load(config_folder(config))
    rows = list(configuration.flat(settings))
    if as_json:
        print(json.dumps({key: {"value": value, "from": origin} for key, value, origin in rows}, ensure_ascii=False))
        return
    for key, value, origin in rows:
        print(f"{key} = {value}    # {origin}")
    print()
    for source in settings.sources.values():
        lacking = configuration.missing_needs(source)
        state = f"off: set {', '.join(lacking)}" if lacking else "on" if source.enabled else f"off: {source.why_off or 'enabled = false'}"
        print(f"{source.name}: {state}")


def _open(data: Path, config: Path | None, *, create: bool = False) -> Any:
    from flows.workspace import Workspace

    return Workspace.open(data, config, create=create)


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


def _pairs(path: Path) -> Iterator[tuple[Comparable, Comparable]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _pair(line, f"{path}, line {number}")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _pair(line: str, place: str) -> tuple[Comparable, Comparable]:
    """Each side is a text, or an item: ``prompt`` or ``messages``, and where it has them ``choices``, ``target`` and ``kind``."""
    from dedupe.guard import Comparable
    from thresher.model import Message, conversation

    def side(name: str) -> Comparable:
        told = given[name] if isinstance(given[name], dict) else {"prompt": given[name]}
        turns = [Message(str(turn["role"]), str(turn["content"])) for turn in told.get("messages", ())]
        return Comparable(
            name,
            conversation(turns) if turns else str(told["prompt"]),
            tuple(map(str, told.get("choices", ()))),
            str(told.get("target", "")),
            str(told.get("kind", "")),
            earlier=conversation(turns[:-1]),
        )

    try:
        given = json.loads(line)
        return side("a"), side("b")
    except (ValueError, KeyError, TypeError):
        raise UsageError(f'{place}: not a JSON object with "a" and "b", each a text or an object with "prompt" or "messages"') from None


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


class _Bars:
    """Progress for a person: silent where the output is not a terminal."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def source(self, name: str, pages: int, records: int) -> None:
        if self._progress is None:
            return
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = self._progress.add_task(name, total=None)
        self._progress.update(task, completed=pages, description=f"{name}: {pages:,} pages, {records:,} records")

    def embedding(self, done: int, total: int) -> None:
        if self._progress is None:
            return
        task = self._tasks.get("embedding")
        if task is None:
            task = self._tasks["embedding"] = self._progress.add_task("embedding", total=total)
        self._progress.update(task, completed=done, total=total)


@contextmanager
def _bars(as_json: bool) -> Iterator[_Bars]:
    shown = sys.stderr.isatty() and not as_json
    if not shown:
        yield _Bars(None)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_stderr(), transient=True) as progress:
        yield _Bars(progress)


def _stderr() -> Any:
    from rich.console import Console

    return Console(stderr=True)


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
