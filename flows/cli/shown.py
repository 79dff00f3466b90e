"""The commands that only look: at the benchmark, at its settings, at two texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.shared import DEFAULT_DATA, FAILED, AsJson, Config, Data, benchmark
from thresher.errors import UsageError

if TYPE_CHECKING:
    from dedupe.guard.check import Comparable


def compare(
    texts: Annotated[list[str] | None, typer.Argument(help="Two texts.")] = None,
    pairs: Annotated[Path | None, typer.Option("--pairs", help='JSONL, {"a", "b"} a line: texts or items.')] = None,
    config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Tell whether two texts are the same item, related or different, and which feature decided it."""
    from dedupe.decide import explain
    from dedupe.guard.check import Comparable
    from dedupe.vectors.engines import open_encoder
    from flows.line import settings
    from flows.line.workspace import config_folder, judge_for

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
    from dedupe.guard.check import Comparable
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


def status(data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False) -> None:
    """What the benchmark holds, how it grew, and how far each site was read."""
    from flows import summary
    from store import queries

    work = benchmark(data, config)
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


def show(
    item: Annotated[list[str] | None, typer.Argument(help="Item ids, or the beginnings of them; without, some at random.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
    count: Annotated[int, typer.Option("--count", "-n", help="How many at random.", min=1)] = 3,
    kind: Annotated[str, typer.Option("--kind", help="Only items of this kind.")] = "",
) -> None:  # fmt: skip
    """Show items in full: messages, target, evidence, reports, and what the dedupe decided."""
    from flows import summary
    from store import queries

    work = benchmark(data, config)
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


def show_config(config: Config = None, data: Data = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Print each setting with its value and where it comes from, and which sources are on."""
    from flows.line import settings as configuration
    from flows.line.workspace import config_folder

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
