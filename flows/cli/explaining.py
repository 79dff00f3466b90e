"""``thresher explain``: one verdict, from the claim to the rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader


def explain(
    trial: Annotated[str, typer.Argument(metavar="TRIAL", help="The id of a trial, or its beginning; with --model, of an item.")],
    model: Annotated[str, typer.Option("--model", help="A name of models.toml: explain its last round on the item TRIAL.")] = "",
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Explain a verdict: from the claim to the rules by which it was given.

    Who reported what, what was asked and answered, the words that decided, each rule that was cited with what stands above it, the
    precedents, and what it cost. With --json a list where --model is given.
    """
    from functools import cache

    from rich.padding import Padding

    from flows import summary
    from flows.cli.rules import rulebook, settings_of
    from flows.line import explaining

    version = cache(lambda number: rulebook(settings_of(config), number))
    with reader(data) as con:
        told = [explaining.explained(con, one, version) for one in explaining.trials(con, trial, model)]
    if as_json:
        print_json(told if model else told[0])
        return
    out = summary.console()
    for number, one in enumerate(told):
        for line in ["", *_lines(one)] if number else _lines(one):
            out.print(Padding(line.lstrip(), (0, 0, 0, len(line) - len(line.lstrip())), expand=False) if line else "")


def _lines(told: dict[str, Any]) -> Iterator[str]:
    """One explanation for a person, in rich markup."""
    from rich.markup import escape

    yield f"[bold]trial {told['trial_id']}[/]: {_verdict(told)}"
    for claim in told["claims"]:
        yield from ("", f"[cyan]claim[/] {escape(_reported(claim))}")
        if claim["words"]:
            yield f"  {escape(_short(claim['words']))}"
        for answer in claim["failing"]:
            yield f"  [dim]an answer that failed[/] {escape(_short(': '.join(filter(None, (answer['model'], answer['text'])))))}"
    item = told["item"]
    yield from ("", f"[cyan]item[/] {item['item_id']} ({item['kind']}, {item['tier']}, scored as {told['way']})")
    if item["target"]:
        yield f"  [dim]key[/] {escape(_short(item['target']))} ({item['key_status']})"
    if item["rubric"] and item["rubric"] not in [claim["words"] for claim in told["claims"]]:
        yield f"  [dim]rubric[/] {escape(_short(item['rubric']))}"
    if told["asked_version"] != item["version"]:
        yield f"  [yellow]the item has other words now: version {told['asked_version']} was asked, {item['version']} is shown[/]"
    yield ""
    yield from (f"[cyan]asked[/] {one['role']}: {escape(one['content'])}" for one in told["asked"])
    yield from ("", f"[cyan]answer[/] of {escape(told['model'])}: {_marked(told)}")
    yield from ("", f"[cyan]verdict[/] {_verdict(told)}, by {escape(told['scorer'] or 'nobody')} {escape(told['scorer_version'])}")
    if told["why"]:
        yield f"  {escape(told['why'])}"
    if told["words"] and told["words_at"] is None:
        yield f"  [dim]decided by[/] {escape(told['words'])}"
    yield from _law(told)
    day = told["asked_at"][:10]
    tokens = f"{told['sent_tokens']:,} tokens sent, {told['answered_tokens']:,} answered"
    yield from ("", f"[dim]served as {escape(told['served_id'])} on {day}, trial {told['number']} of round {int(told['round'])}[/]")
    yield f"[dim]the answer cost ${told['usd']:.6f}: {tokens}, {told['seconds']:.1f} s[/]"


def _law(told: dict[str, Any]) -> Iterator[str]:
    from rich.markup import escape

    if told["rulebook"] is None:
        return
    yield from ("", f"[cyan]by version {told['rulebook']['version']} of the rulebook[/] ({told['rulebook']['digest']})")
    if told["rulebook"]["altered"]:
        yield "  [yellow]that version has other words now: somebody changed a file by hand[/]"
    shown = set[str]()
    for number, rule in enumerate(told["rules"], 1):
        yield f"  {number}. [bold]{escape(rule['id'])}[/] {escape(rule['text'] or 'is no rule of that version')}"
        for upper in rule["above"]:
            yield f"     [dim]under[/] {escape(upper['id'])}{'' if upper['id'] in shown else ' ' + escape(upper['text'])}"
            shown.add(upper["id"])
    for case in told["precedents"]:
        if "asked" not in case:
            yield f"  [dim]precedent[/] {escape(case['id'])} is no case of that version"
            continue
        by = escape(", ".join(case["rules"]))
        yield f"  [dim]precedent[/] [bold]{case['id']}[/] ({case['verdict']}, by {by}): {escape(case['asked'])}"
        yield f"     {escape(case['reason'])}"


def _verdict(told: dict[str, Any]) -> str:
    from rich.markup import escape

    if told["error"]:
        return f"no whole answer: {escape(told['error'])}"
    return {"pass": "[green]pass[/]", "fail": "[red]fail[/]"}.get(told["verdict"], told["verdict"] or "[yellow]none[/]")


def _reported(claim: dict[str, Any]) -> str:
    by = f" by {claim['by']}" if claim["by"] else ""
    of = f", of {claim['of_model']}" if claim["of_model"] else ""
    return f"on {claim['site']}, {(claim['at'] or 'undated')[:10]}{by}{of} ({claim['tier']}): {claim['url'] or claim['source']}"


def _marked(told: dict[str, Any]) -> str:
    """The answer with the words that decided between marks, which colour alone would not show."""
    from rich.markup import escape

    if told["words_at"] is None:
        return escape(told["response"])
    begin, end = told["words_at"]
    text = told["response"]
    return f"{escape(text[:begin])}[bold yellow]>>>{escape(text[begin:end])}<<<[/]{escape(text[end:])}"


def _short(text: str) -> str:
    import textwrap

    return textwrap.shorten(text, 400, placeholder=" ...")
