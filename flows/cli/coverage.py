"""``thresher rules coverage`` and ``tie``: which rules have cases enough, and a person's word on what is a case of what."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.curating import Author
from flows.cli.rules import NoModel, encoder, rulebook, settings_of
from flows.cli.rules import app as rules_app
from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader

if TYPE_CHECKING:
    from thresher.rulebook.model import Rule
    from thresher.rulebook.ties import Coverage, Tie


__all__ = ["rules_app"]


@rules_app.command()
def coverage(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Only this rule: list its cases.")] = "",
    count: Annotated[int, typer.Option("--count", "-n", help="At most so many thin rules, or cases of one.", min=1)] = 20,
    no_model: NoModel = False, data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say how many rules have cases enough, and which are thin.

    Items are tied to rules by the phrases under which their reports are clustered, by what was asked, and by `tie`. Each tie has a
    confidence. What is thin is said and never padded.
    """
    from store import cases
    from thresher.rulebook import ties

    settings = settings_of(config)
    book = rulebook(settings)
    rules = [rule for rule in book.rules.values() if rule.layer == "legislation"]
    chosen = book.rule(rule_id) if rule_id else None
    with reader(data) as con:
        items, said = cases.evidence(con), cases.said(con, data)
    tied = ties.ties(rules, items, None if no_model else encoder(settings), said)
    if chosen:
        of_rule = [tie for tie in tied if tie.rule_id == chosen.id]
        _print_cases(chosen, of_rule, {item.item_id: (item.tier, item.prompt) for item in items}, count, as_json)
        return
    least = settings.rulebook.tie_confidence
    counted = ties.coverage(rules, items, tied, least=least, enough=settings.rulebook.cases)
    by_basis = {basis: sum(tie.basis == basis and tie.confidence >= least for tie in tied) for basis in ties.CONFIDENCE}
    if as_json:
        print_json(_as_json(counted, by_basis, f"{book.version} ({book.digest})"))
    else:
        _print_coverage(counted, by_basis, count)


@rules_app.command()
def tie(
    item: Annotated[str, typer.Argument(help="The item, or the beginning of its id.")],
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The rule.")],
    is_none: Annotated[bool, typer.Option("--not", help="It is no case of the rule, whatever is computed.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "",
    author: Author = "", data: Data = DEFAULT_DATA, config: Config = None,
) -> None:  # fmt: skip
    """Say that an item is a case of a rule, or is none.

    A person's word stands over what is computed, and the last one counts.
    """
    from datetime import UTC, datetime

    from store import cases, queries
    from thresher.redaction import redact
    from thresher.rulebook.evidence import Word
    from thresher.text import clean

    rule = rulebook(settings_of(config)).rule(rule_id)
    with reader(data) as con:
        item_id = queries.item(con, item)["item_id"]
    who = clean(author or getpass.getuser())
    cases.tie(data, Word(item_id, rule.id, not is_none), who, redact(clean(reason))[0], datetime.now(UTC))
    print(f"{item_id} is {'no' if is_none else 'a'} case of {rule.id}, says {who}")


def _as_json(counted: Coverage, by_basis: dict[Any, int], version: str) -> dict[str, Any]:
    from thresher.model import TIERS

    return {
        "rulebook": version,
        "rules": len(counted.rules),
        "enough": counted.enough,
        "covered": {tier: counted.covered(tier) for tier in TIERS},
        "items": counted.items,
        "tied": counted.tied,
        "ties": by_basis,
        "cases": {rule_id: {"all": counted.cases(rule_id), **tiers} for rule_id, tiers in counted.rules.items()},
    }


def _print_coverage(counted: Coverage, by_basis: dict[Any, int], count: int) -> None:
    from rich.table import Table

    from flows import summary
    from thresher.model import TIERS

    total = len(counted.rules)
    print(f"{counted.covered():,} of {total:,} rules have at least {counted.enough} cases")
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("evidence of at least")
    for column in ("rules with enough", "rules with a case", "cases"):
        table.add_column(column, justify="right")
    for tier in reversed(TIERS):
        cases = [counted.cases(rule_id, tier) for rule_id in counted.rules]
        table.add_row(tier, f"{counted.covered(tier):,}", f"{sum(map(bool, cases)):,}", f"{sum(cases):,}")
    summary.console().print(table)
    bases = ", ".join(f"{n:,} by {basis}" for basis, n in by_basis.items() if n) or "none"
    print(f"{counted.tied:,} of {counted.items:,} items are tied to a rule; ties: {bases}")
    thin = sorted((counted.cases(rule_id), rule_id) for rule_id in counted.rules if counted.cases(rule_id) < counted.enough)
    if thin:
        empty = sum(not n for n, _ in thin)
        print(f"{len(thin):,} rules are thin, {empty:,} of them without any case. Nearest to enough:")
        for n, rule_id in sorted(thin, key=lambda one: (-one[0], one[1]))[:count]:
            print(f"  {n:4d}  {rule_id}")


def _print_cases(rule: Rule, tied: list[Tie], items: dict[str, tuple[str, str]], count: int, as_json: bool) -> None:
    import textwrap

    from thresher.characters import printable

    tied.sort(key=lambda tie: (-tie.confidence, tie.item_id))
    if as_json:
        print_json([{**tie._asdict(), "tier": items[tie.item_id][0]} for tie in tied])
        return
    for tie in tied[:count]:
        tier, prompt = items[tie.item_id]
        words = textwrap.shorten(prompt, 80, placeholder=" ...")
        print(printable(f"{tie.item_id[:12]}  {tie.confidence:.2f} by {tie.basis}, {tier}: {words}"))
    print(f"{len(tied):,} items are tied to {rule.id}")
