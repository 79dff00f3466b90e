"""``thresher evaluate``: models are asked items, within a budget."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.shared import DEFAULT_DATA, FAILED, PARTLY, AsJson, Config, Data, benchmark, print_json, progress, warn
from thresher.characters import printable

if TYPE_CHECKING:
    from flows.line.evaluating import Evaluated
    from flows.line.planning import Plan
    from flows.line.workspace import Workspace
    from store.evaluation import Wanted
    from thresher.models.settings import Model

Items = Annotated[list[str] | None, typer.Option("--items", help="Only these: ids, or the beginnings of them.")]
Kind = Annotated[str, typer.Option("--kind", help="Only items of this kind.")]
Tier = Annotated[str, typer.Option("--tier", help="Only items with this evidence or a stronger one: claimed, witnessed, reproduced.")]
Source = Annotated[str, typer.Option("--source", help="Only those of this source.")]
Language = Annotated[str, typer.Option("--language", help="Only those in this language, such as zh.")]
Tag = Annotated[str, typer.Option("--tag", help="Only those with this tag.")]
Status = Annotated[str, typer.Option("--status", help="Only those of this status; by default proposed and active ones.")]
Cluster = Annotated[str, typer.Option("--cluster", help="Only those of this failure cluster; the beginning of its id will do.")]


def evaluate(
    models: Annotated[list[str] | None, typer.Argument(help="Names of models.toml.")] = None,
    items: Items = None, kind: Kind = "", tier: Tier = "", source: Source = "", language: Language = "", tag: Tag = "", status: Status = "",
    cluster: Cluster = "",
    way: Annotated[str, typer.Option("--way", help="Only those that are scored so: choice, keyed, maths, preference, judged.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="At most so many items, claimed failures and the most reported first.", min=0)] = 0,
    trials: Annotated[int | None, typer.Option("--trials", help="Of each item and model.", min=1, max=100)] = None,
    budget: Annotated[float | None, typer.Option("--budget", help="US dollars that are never passed.", min=0)] = None,
    judge: Annotated[str, typer.Option("--judge", help="A name of models.toml: who scores what no program can.")] = "",
    no_rules: Annotated[bool, typer.Option("--no-rules", help="The judge goes without the rulebook, and cites nothing.")] = False,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", help="Of one answer.", min=1)] = None,
    again_after: Annotated[
        float | None, typer.Option("--again-after", help="Ask anew where the last trials are older than so many days.", min=0)
    ] = None,
    from_log: Annotated[
        list[Path] | None, typer.Option("--from-log", help="Ask nobody: take the answers of logs of Inspect (files, or folders of them).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked and what it would cost; ask nobody.")] = False,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Ask models the items, some times each, and score what they answer.

    What is to be asked and what it can cost is said first. Begun again after a kill it asks only what is missing. A harvest may run
    meanwhile. Exit code 3 where something was left for the next time.
    """
    from flows.line import evaluating, planning
    from store.evaluation import Wanted
    from thresher.errors import UsageError
    from thresher.models.budget import Budget

    if bool(models) == bool(from_log) or (from_log and dry_run):
        raise UsageError("name the models to ask, or logs to read by --from-log (which asks nobody and knows no --dry-run)")
    work = benchmark(data, config)
    settings, configured = work.settings.evaluate, work.settings.models
    asked = [configured.named(name) for name in dict.fromkeys(models or ())]
    judging = configured.named(judge or settings.judge) if judge or settings.judge else None
    for model in (*asked, *filter(None, [judging])):
        model.key()
    usd = settings.max_usd if budget is None else Decimal(str(budget))
    refuse_unknown_way(way)
    wanted = Wanted(tuple(items or ()), kind, tier, source, language, tag, status, cluster)
    migrated(work)
    by_rules = settings.by_rules and not no_rules
    if from_log:
        _import(work, from_log, wanted, judging, usd, by_rules, as_json)
        return

    def planned() -> Plan:
        made = planning.plan(
            work, asked, wanted, judged=judging is not None, trials_each=trials or settings.trials,
            max_output_tokens=max_tokens or settings.max_output_tokens, again_after_days=again_after, way=way, limit=limit,
        )  # fmt: skip
        if not as_json:
            _print_plan(made, usd)
        return made

    if dry_run:
        made = planned()
        if as_json:
            print_json(_as_row(made, usd))
        return
    with progress(as_json) as bars:
        made, outcome = evaluating.evaluate(work, planned, budget=Budget(usd), judge=judging, by_rules=by_rules, told=bars.evaluated)
    _end(work, made, outcome, as_json, usd)


def _import(work: Workspace, places: list[Path], wanted: Wanted, judge: Model | None, usd: Decimal, by_rules: bool, as_json: bool) -> None:
    from flows.line.importing import import_logs
    from thresher.models.budget import Budget

    outcome = import_logs(work, places, wanted, budget=Budget(usd), judge=judge, by_rules=by_rules)
    if as_json:
        print_json(outcome.row())
    else:
        print(f"{outcome.samples:,} samples read, {outcome.already:,} of them there already, ${outcome.usd:.4f} spent")
        for line in (*_scored(outcome), *(f"no trial: {n:,} samples, {printable(why)}" for why, n in outcome.unfit.most_common())):
            print(line)
    _notes(outcome)
    for file in outcome.unreadable:
        warn(f"not read: {file}")
    if outcome.unreadable:
        raise typer.Exit(PARTLY if outcome.samples else FAILED)


def refuse_unknown_way(way: str) -> None:
    """UsageError for a word that is none."""
    from thresher.errors import UsageError
    from thresher.scorers.ways import WAYS

    if way and way not in WAYS:
        raise UsageError(f"{way!r} is no way of scoring; there are: {', '.join(WAYS)}")


def migrated(work: Workspace) -> None:
    """Bring an older database to this schema; who finds it current writes nothing."""
    from thresher.errors import SchemaTooOld

    try:
        with work.database.reader():
            pass
    except SchemaTooOld:
        with work.database.writer():
            pass


def _as_row(plan: Plan, usd: Decimal) -> dict[str, Any]:
    return {"plan": [portion.row() for portion in plan.portions], "left_out": plan.left_out, "most_usd": float(plan.most_usd),
            "budget_usd": float(usd)}  # fmt: skip


def _print_plan(plan: Plan, usd: Decimal) -> None:
    from rich.table import Table

    from flows import summary

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("model")
    for column in ("items", "trials to ask", "there already", "at most $", "likely $"):
        table.add_column(column, justify="right")
    for portion in plan.portions:
        row = portion.row()
        likely = "-" if row["likely_usd"] is None else f"{row['likely_usd']:.4f}"
        table.add_row(row["model"], f"{row['items']:,}", f"{row['trials']:,}", f"{row['already']:,}", f"{row['most_usd']:.4f}", likely)
    out = summary.console()
    out.print(table)
    for reason, n in plan.left_out.items():
        out.print(f"not asked: {n:,} items ({reason})")
    over = ", more than the budget: what does not fit is left for the next time" if plan.most_usd > usd else ""
    out.print(f"at most ${plan.most_usd:.4f}, budget ${usd:.4f}{over}")


def _end(work: Workspace, plan: Plan, outcome: Evaluated, as_json: bool, usd: Decimal) -> None:
    if as_json:
        print_json({**_as_row(plan, usd), **outcome.row()})
    else:
        for line in in_words(plan, outcome):
            print(line)
    _notes(outcome)
    if outcome.left_out or outcome.not_asked:
        answered = sum(outcome.verdicts.values())
        raise typer.Exit(PARTLY if answered or not plan.portions else FAILED)


def _notes(outcome: Evaluated) -> None:
    for notice in outcome.notices:
        warn(f"note: {notice}")
    if outcome.waiting:
        warn("note: somebody else is writing to the benchmark; the next command that writes takes the trials up, none is lost")


def in_words(plan: Plan, outcome: Evaluated) -> list[str]:
    """What came of an evaluation, for a person."""
    lines = [f"{outcome.asked:,} questions asked, {outcome.kept:,} answered from the archive, ${outcome.usd:.4f} spent"]
    lines += _scored(outcome)
    lines += [f"left for the next time: {n:,} trials, {printable(reason)}" for reason, n in outcome.not_asked.most_common(5)]
    return lines


def _scored(outcome: Evaluated) -> list[str]:
    verdicts = ", ".join(f"{outcome.verdicts[name]:,} {told}" for name, told in _VERDICTS.items() if outcome.verdicts[name])
    lines = [f"trials: {verdicts or 'none'}"]
    lines += [f"{outcome.rescored:,} answers scored again, nobody asked"] if outcome.rescored else []
    return lines + [f"left out of k of n: {n:,} trials, {printable(reason)}" for reason, n in outcome.left_out.most_common(5)]


_VERDICTS = {"pass": "passed", "fail": "failed", "borderline": "borderline", "none": "that nobody could score"}
