"""How ``thresher rules`` shows rules, cases, versions and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from thresher.rulebook import lint
from thresher.rulebook.model import Amendment, Case, Rule, Rulebook

if TYPE_CHECKING:
    from flows.line.settings import Settings
    from thresher.rulebook.searching import Encode


def of_rule(book: Rulebook, rule: Rule) -> Group:
    """A rule with all that is known of it."""
    stated = as_json(book, rule)
    lines = [f"[bold]{escape(rule.id)}[/] ({rule.layer}, version {book.version})", escape(rule.text), ""]
    for label, words in (("asked ", rule.asked), ("keeps ", rule.keeps), ("breaks", rule.breaks)):
        if words:
            lines.append(f"[dim]{label}[/] {escape(words)}")
    lines.append("")
    for label, key in (
        ("above it", "above"), ("overrides", "overrides"), ("yields to", "overridden_by"), ("failures", "failures"), ("tags", "tags"),
        ("items", "items"), ("complaints", "phrases"), ("cases", "cases"),
    ):  # fmt: skip
        if stated[key]:
            lines.append(f"[cyan]{label}[/]: {escape(', '.join(stated[key]))}")
    for act in book.history(rule.id):
        lines.append(f"[dim]version {act.version}, {act.at:%Y-%m-%d}, {escape(act.author)}: {escape(act.reason)}[/]")
    return Group(*lines)


def as_json(book: Rulebook, rule: Rule) -> dict[str, Any]:
    """The same, JSON-ready."""
    return {
        **rule.model_dump(mode="json"),
        "version": book.version,
        "digest": book.digest,
        "above": [upper.id for upper in book.above(rule.id)],
        "overrides": sorted(book.overrides[rule.id]),
        "overridden_by": sorted(other for other, lower in book.overrides.items() if rule.id in lower),
        "cases": [case.id for case in book.precedents if rule.id in case.rules],
        "history": [act.version for act in book.history(rule.id)],
    }


def of_case(book: Rulebook, case: Case) -> Group:
    """A decided case with its words."""
    state = "overruled" if case.id in book.overruled else "in force"
    lines = [f"[bold]{case.id}[/] ({state}): {case.verdict}", f"[dim]asked[/]  {escape(case.asked)}"]
    for number, response in enumerate(case.responses, 1):
        lines.append(f"[dim]{number}[/]      {escape(response.text)}")
        lines += [f"       [yellow]decides[/]: {escape(words)}" for words in response.decides]
    lines += [f"[cyan]rules[/]: {', '.join(case.rules)}", escape(case.reason)]
    lines.append(f"[dim]{escape(case.by)}, {case.at:%Y-%m-%d}, by version {case.version}[/]")
    return Group(*lines)


def history_table(acts: Sequence[Amendment]) -> Table:
    """Amendments, oldest first."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("version", "when", "who", "what", "why", "overrules"):
        table.add_column(column, overflow="fold")
    for act in acts:
        what = ", ".join([rule.id for rule in act.rules] + [f"{rule_id} (repealed)" for rule_id in act.repeals])
        cells = (what, act.reason, ", ".join(act.overrules))
        table.add_row(str(act.version), f"{act.at:%Y-%m-%d}", escape(act.author), *map(escape, cells))
    return table


def findings(book: Rulebook, settings: Settings, encode: Encode | None) -> Iterator[lint.Finding]:
    """What is wrong with the rulebook in use, with the tags and phrases that this benchmark can have."""
    from dedupe.failures import kinds, phrases
    from thresher.rulebook.reading import altered
    from thresher.rules import Rules

    tags = set(Rules.load(settings.folder / "rules.toml").tags)
    reported = {one.text for one in (*kinds.phrases(), *phrases.known_phrases())}
    yield from lint.contradictions(book)
    if version := altered(settings.rulebook.path(settings.folder), book):
        yield lint.Finding(
            "warning", "altered", (f"version {version}",), "what it amends has other words now; change rules by `amend` alone"
        )
    yield from lint.gaps(book, tags=tags, phrases=reported)
    if encode:
        vectors = encode([rule.text for rule in book.rules.values()])
        yield from lint.overlaps(book, vectors, settings.rulebook.overlap)
    yield from lint.practice(book)


def print_findings(book: Rulebook, found: Sequence[lint.Finding], uncited: bool) -> None:
    """The findings, worst first, and how many of each weight; what was never cited is counted unless asked for."""
    from thresher.characters import printable

    shown = [one for one in found if uncited or one.kind != "never cited"]
    for weight in ("error", "warning", "note"):
        for one in shown:
            if one.weight == weight:
                print(printable(str(one)))
    counts = Counter(one.weight for one in shown)
    silent = sum(one.kind == "never cited" for one in found)
    print(
        f"version {book.version}, {len(book.rules)} rules: {counts['error']} errors, {counts['warning']} warnings; "
        f"{silent} rules were never cited" + ("" if uncited else " (--uncited names them)")
    )
