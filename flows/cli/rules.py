"""``thresher rules``: the rulebook by which one response is better than another."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.curating import Author
from flows.cli.shared import FAILED, AsJson, Config, print_json

if TYPE_CHECKING:
    from dedupe.vectors.encoder import Encoder
    from flows.line.settings import Settings
    from thresher.rulebook.model import Rule, Rulebook
    from thresher.rulebook.searching import Encode

app = typer.Typer(help="The rulebook by which responses are judged.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)

Version = Annotated[int | None, typer.Option("--version", help="As it was in this version; else the newest.", min=1)]
NoModel = Annotated[bool, typer.Option("--words", help="By words alone, without the embedding model.")]


@app.command(name="list")
def list_rules(
    chapter: Annotated[str, typer.Argument(help="Only this chapter.")] = "",
    failure: Annotated[str, typer.Option("--failure", help="Only those that this kind of failure may break, such as refusal.")] = "",
    tag: Annotated[str, typer.Option("--tag", help="Only those for items with this tag, such as date.")] = "",
    version: Version = None, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List the rules, chapter by chapter, principles first."""
    from thresher.errors import UsageError

    book = rulebook(settings_of(config), version)
    chapters = [one.chapter for one in book.chapters]
    if chapter and chapter not in chapters:
        raise UsageError(f"there is no chapter {chapter!r}; there are: {', '.join(chapters)}")
    chosen = [
        rule
        for rule in book.rules.values()
        if chapter in ("", rule.chapter) and (not failure or failure in rule.failures) and (not tag or tag in rule.tags)
    ]
    if as_json:
        print_json([rule.model_dump(mode="json") for rule in chosen])
        return
    _print_rules(chosen)
    layers = [rule.layer for rule in chosen]
    print(
        f"version {book.version} ({book.digest}): {layers.count('constitution')} principles, {layers.count('legislation')} rules, "
        f"{len(book.precedents)} cases in force"
    )


@app.command()
def show(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a rule or case, or the beginning of one.")],
    version: Version = None, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show one rule in full.

    With its example, where it applies, what stands above it and below it, the cases that cite it and how it came to its words.
    """
    from flows import summary
    from flows.cli import ruled

    book = rulebook(settings_of(config), version)
    if cases := [case for case in book.cases if case.id == rule_id]:
        print_json(cases[0].model_dump(mode="json")) if as_json else summary.console().print(ruled.of_case(book, cases[0]))
        return
    rule = book.rule(rule_id)
    if as_json:
        print_json(ruled.as_json(book, rule))
    else:
        summary.console().print(ruled.of_rule(book, rule))


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for, in any words.")],
    count: Annotated[int, typer.Option("--count", "-n", help="At most so many.", min=1)] = 10,
    no_model: NoModel = False, version: Version = None, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Find rules by words and by meaning."""
    from thresher.rulebook.searching import search as look

    settings = settings_of(config)
    book = rulebook(settings, version)
    hits = look(list(book.rules.values()), " ".join(words), None if no_model else encoder(settings), count)
    if as_json:
        rows = [
            {"words": round(hit.words, 3), "cosine": hit.cosine and round(hit.cosine, 3), **hit.rule.model_dump(mode="json")}
            for hit in hits
        ]
        print_json(rows)
    elif hits:
        _print_rules([hit.rule for hit in hits])
    else:
        print("no rule shares a word with that; without --words they are compared by meaning")


@app.command()
def lint(
    uncited: Annotated[bool, typer.Option("--uncited", help="Name the rules that nothing cites, too.")] = False,
    no_model: NoModel = False, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say what is wrong with the rulebook.

    Rules that contradict or overlap, name what is not there, have no example, or that nobody ever cited. Exit code 1 where an error leaves
    the precedence open.
    """
    from flows.cli import ruled

    settings = settings_of(config)
    book = rulebook(settings)
    findings = list(ruled.findings(book, settings, None if no_model else encoder(settings)))
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        ruled.print_findings(book, findings, uncited)
    if any(finding.weight == "error" for finding in findings):
        raise typer.Exit(FAILED)


@app.command()
def history(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Only what touched this rule.")] = "",
    config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List the versions of the rulebook: who amended what, when and why."""
    from flows import summary
    from flows.cli import ruled

    book = rulebook(settings_of(config))
    acts = list(book.history(rule_id) if rule_id else book.amendments)
    if as_json:
        print_json([act.model_dump(mode="json") for act in acts])
        return
    if not acts:
        print(f"{rule_id or 'The rulebook'} has the words in which it was enacted (version 1)")
    else:
        summary.console().print(ruled.history_table(acts))


@app.command()
def amend(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The rule; with --file, one that is new may be named.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the version.")],
    text: Annotated[str, typer.Option("--text", help="The new words of the rule.")] = "",
    asked: Annotated[str, typer.Option("--asked", help="What is asked in its example.")] = "",
    keeps: Annotated[str, typer.Option("--keeps", help="The response of the example that keeps it.")] = "",
    breaks: Annotated[str, typer.Option("--breaks", help="The response that breaks it.")] = "",
    file: Annotated[Path | None, typer.Option("--file", help="The whole rule as TOML, under [[rule]]; it may be a new one.")] = None,
    repeal: Annotated[bool, typer.Option("--repeal", help="Take the rule out of force.")] = False,
    overrules: Annotated[list[str] | None, typer.Option("--overrules", help="A case or verdict that no longer counts.")] = None,
    author: Author = "", config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Amend a rule: a new version of the rulebook, with author, time and reason.

    What was there stays as it was; verdicts given by an earlier version are still checked against that version.
    """
    import getpass
    from datetime import UTC, datetime

    from thresher.errors import UsageError
    from thresher.rulebook import amending
    from thresher.text import clean

    words = {key: clean(value) for key, value in (("text", text), ("asked", asked), ("keeps", keeps), ("breaks", breaks)) if value}
    if bool(words) + bool(file) + repeal != 1:
        raise UsageError("say what changes: --text, --asked, --keeps, --breaks; or --file FILE; or --repeal")
    if not reason.strip():
        raise UsageError("--reason must say why")
    settings = settings_of(config)
    book, folder = rulebook(settings), settings.rulebook.path(settings.folder)
    rule = _from_file(file, rule_id) if file else book.rule(rule_id).model_copy(update=words)
    act, after = amending.amend(
        folder,
        rules=() if repeal else (rule,),
        repeals=(rule.id,) if repeal else (),
        overrules=tuple(overrules or ()),
        author=clean(author or getpass.getuser()),
        reason=clean(reason),
        at=datetime.now(UTC).replace(microsecond=0),
    )
    standing = [case.id for case in after.precedents if rule.id in case.rules]
    if as_json:
        print_json({**act.model_dump(mode="json"), "digest": after.digest, "still_cited_by": standing})
        return
    print(f"version {act.version} ({after.digest}): {rule.id} is {'repealed' if repeal else 'amended'}, says {act.author}")
    if standing:
        print(f"in force and citing it: {', '.join(standing)}; what no longer holds is named by --overrules")


@app.command(name="import")
def import_rules(
    file: Annotated[Path, typer.Argument(help="Markdown with headings, or JSON with sections, ids and texts.")],
    name: Annotated[str, typer.Option("--name", help="Of the folder that is made in the config folder; else as the file is called.")] = "",
    config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Make a rulebook of somebody else's document.

    Its sentences that say what ought to be become tenets with ids, in a folder beside the rulebook in use. Nothing is judged by it before
    the settings name it.
    """
    import re

    from thresher.errors import UsageError
    from thresher.rulebook import importing
    from thresher.rulebook.reading import load

    called = name or re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", called):
        raise UsageError(f"--name {called!r}: write a-z, 0-9, '-' and '_'")
    imported = importing.read_rulebook(file)
    folder = settings_of(config).folder / called
    importing.write_rulebook(folder, imported.chapters)
    book = load(folder)
    counts = {"tenets": len(book.rules), "chapters": len(book.chapters), "commentary": imported.commentary, "examples": imported.examples}
    if as_json:
        print_json({"folder": str(folder), **counts, "digest": book.digest})
        return
    print(f"{folder}: {counts['tenets']:,} tenets in {counts['chapters']} chapters, {counts['examples']} with an example")
    print(f"{counts['commentary']:,} paragraphs demand nothing and were left out: read them in the original")
    print(f'use it by folder = "{called}" under [rulebook] in thresher.toml, or for one command by THRESHER_RULEBOOK_FOLDER={called}')


def settings_of(config: Path | None) -> Settings:
    """Those of a config folder; by default the one in use."""
    from flows.line import settings

    return settings.load(settings.config_folder(config))


def rulebook(settings: Settings, version: int | None = None) -> Rulebook:
    """The rulebook that the settings name."""
    from thresher.rulebook.reading import load

    return load(settings.rulebook.path(settings.folder), version)


def encoder(settings: Settings) -> Encode:
    """The encoder of the dedupe, opened at the first text, once."""

    @cache
    def opened() -> Encoder:
        from dedupe.vectors.engines import open_encoder

        return open_encoder(settings.dedupe.embedding, Path("models"))

    return lambda texts: opened().encode(texts)


def _from_file(path: Path, rule_id: str) -> Rule:
    from thresher.errors import UsageError
    from thresher.rulebook import reading

    stated, text = reading.read(path)
    rule = reading.rule_of(stated, text, path)
    if rule.id != rule_id:
        raise UsageError(f"{path}: states {rule.id}, not {rule_id}")
    return rule


def _print_rules(rules: list[Rule]) -> None:
    import textwrap

    from rich.markup import escape
    from rich.table import Table

    from flows import summary

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("rule", no_wrap=True)
    table.add_column("what it says", ratio=1)
    for rule in rules:
        table.add_row(rule.id, escape(textwrap.shorten(rule.text, 160, placeholder=" ...")))
    summary.console().print(table)
