"""``thresher diagnose``: where a model is weak, as far as its trials can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.rules import NoModel, encoder, rulebook, settings_of
from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader

if TYPE_CHECKING:
    from flows.line.diagnosing import Change, Diagnosis, Path, Weakness

_MOST, _NAMED = 20, 6
"""Lines of rules; names of groups that are too small, the largest first."""


def diagnose(
    model: Annotated[str, typer.Argument(help="A model with trials, a name of models.toml.")],
    baseline: Annotated[str, typer.Option("--baseline", help="Say what changed since this model, too.")] = "",
    no_model: NoModel = False, data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say where a model is weak: what it fails more than the rest, by a test, and which rules it breaks.

    Groups are failures by kind and cluster, kinds of items, sources and sites, tags, and rules that items are tied to. Only those that
    differ beyond chance are shown, with --json all. Waived items are in no rate. Asks nobody: run `thresher evaluate` first.
    """
    from flows.line import diagnosing
    from store import cases
    from thresher.rulebook import ties

    settings = settings_of(config)
    rules = [rule for rule in rulebook(settings).rules.values() if rule.layer == "legislation"]
    with reader(data) as con:
        tied = ties.ties(rules, cases.evidence(con), None if no_model else encoder(settings), cases.said(con, data))
        sure = [tie for tie in tied if tie.confidence >= settings.rulebook.tie_confidence]
        told = diagnosing.diagnose(con, model, baseline, sure)
    if as_json:
        print_json(told.told())
        return
    from thresher.characters import printable

    print(printable("\n".join(_lines(told))))


def _lines(told: Diagnosis) -> Iterator[str]:
    from thresher.contrasts import ALPHA
    from thresher.shares import wilson

    low, high = wilson(told.failed, told.items)
    share = f"{_share(told.failed, told.items)}, 95 % interval {low:.0%} to {high:.0%}"
    yield f"{told.model} fails {told.failed:,} of {told.items:,} items: {share}"
    yield from (f"in no rate: {n:,} items ({reason})" for reason, n in told.skipped.items())
    differing = [one for one in told.weaknesses if one.differs]
    for title, weaker in (("Fails more than the rest", True), ("Fails less than the rest", False)):
        if chosen := [one for one in differing if one.weaker is weaker]:
            yield from ("", f"{title}:", *_tree(chosen))
    few = [one for one in told.weaknesses if one.p is None]
    able = len(told.weaknesses) - len(few)
    yield from ("", f"{able - len(differing):,} other groups do not differ beyond chance")
    yield f"(Fisher's exact test against all other items at {ALPHA:.0%}, corrected for {able:,} groups after Tarone)"
    if few:
        few.sort(key=lambda one: -len(one.group.items))
        names = ", ".join(f"{' / '.join(one.group.paths[0])} ({len(one.group.items)})" for one in few[:_NAMED])
        yield f"too few trials to tell, whatever had come out, {len(few):,} groups: {names}{', ...' if len(few) > _NAMED else ''}"
    yield from _broken(told)
    yield from _changed(told)


def _tree(chosen: list[Weakness]) -> Iterator[str]:
    """Each group under the names above it, a name once."""
    shown: Path = ()
    for one in sorted(chosen, key=lambda one: one.group.paths[0]):
        path, *others = one.group.paths
        for depth in range(len(path) - 1):
            if shown[: depth + 1] != path[: depth + 1]:
                yield f"{'  ' * (depth + 1)}{path[depth]}"
        shown = path
        also = "".join(f"; the same items as {' / '.join(other)}" for other in others if other[: len(path)] != path)
        yield f"{'  ' * len(path)}{path[-1]}: {_rates(one)}{also}"


def _rates(one: Weakness) -> str:
    told = one.told()
    return (
        f"{one.failed:,} of {told['items']:,} fail, {told['rate']:.0%} ({told['low']:.0%} to {told['high']:.0%}), of the rest "
        f"{_share(one.rest_failed, one.rest)}, {_p(one.p)}"
    )


def _broken(told: Diagnosis) -> Iterator[str]:
    if not told.broken:
        yield from ("", "no verdict on a failed item cites a rule: rules are cited where a judge scores (`thresher evaluate --judge`)")
        return
    yield from ("", f"Rules it breaks, by the verdicts on {told.judged_by_rules:,} failed items that cite any:")
    for one in told.broken[:_MOST]:
        before = "" if one.before is None else f", before {one.before:,}"
        yield f"  {one.items:4,d}  {one.rule_id}{before} (thresher explain {one.trial_id[:12]})"
    if len(told.broken) > _MOST:
        yield f"  and {len(told.broken) - _MOST:,} more rules: --json lists all"


def _changed(told: Diagnosis) -> Iterator[str]:
    if told.gate is None:
        return
    c = told.gate.comparison
    yield from ("", f"Since {told.gate.baseline}, on {c.items:,} items that both were asked:")
    yield f"  {c.new_failures:,} new failures, {c.fixed:,} fixed, {c.difference:+.1%} ({c.low:+.1%} to {c.high:+.1%}), {_p(c.p)}"
    changed = [one for one in told.changes if one.differs]
    for one in sorted(changed, key=lambda one: (one.fixed - one.new_failures, one.group.paths)):
        yield f"  {_change(one)}"
    able = sum(one.p is not None for one in told.changes)
    yield f"  {able - len(changed):,} other groups did not change beyond chance (exact McNemar, corrected alike)"
    yield f"  {len(told.changes) - able:,} groups had too few changes to tell"


def _change(one: Change) -> str:
    way = "worse" if one.new_failures > one.fixed else "better"
    name = " = ".join(" / ".join(path) for path in one.group.paths)
    return f"{way}: {name}: {one.new_failures:,} new failures, {one.fixed:,} fixed of {len(one.group.items):,} items, {_p(one.p)}"


def _p(p: float | None) -> str:
    return "p < .0001" if p is not None and p < 1e-4 else f"p = {p:.4f}"


def _share(part: int, of: int) -> str:
    return f"{part / of:.0%}" if of else "-"
