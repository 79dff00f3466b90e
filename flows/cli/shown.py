"""The commands that only look: at the benchmark, at its settings, at two texts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader
from thresher.errors import UsageError

if TYPE_CHECKING:
    from dedupe.guard.check import Comparable


def compare(
    texts: Annotated[list[str] | None, typer.Argument(help="Two texts.")] = None,
    pairs: Annotated[Path | None, typer.Option("--pairs", help='JSONL, {"a", "b"} a line: texts or items.')] = None,
    config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say whether two texts are the same item, and why.

    Says same, related or different, which feature decided it, and how near the two are.
    """
    from dedupe.decide import explain
    from dedupe.guard.check import Comparable
    from dedupe.judges import judge_for
    from dedupe.vectors.engines import open_encoder
    from flows.line import settings
    from thresher.text import clean

    dedupe = settings.load(settings.config_folder(config)).dedupe
    given = list(texts or [])
    if pairs is None and len(given) != 2:
        raise UsageError('give two texts, or --pairs FILE with {"a": ..., "b": ...} on each line')
    given = [clean(text) for text in given]
    compared = _pairs(pairs) if pairs else iter([(Comparable("a", given[0]), Comparable("b", given[1]))])
    encoder, judge = open_encoder(dedupe.embedding, Path("models")), judge_for(dedupe)
    for a, b in compared:
        decision = explain(a, b, encoder, judge)
        if pairs or as_json:
            row = {"verdict": decision.verdict, "score": round(decision.score, 4), "method": decision.method, "reason": decision.reason}
            print_json(row)
        else:
            scale = "probability" if decision.method == "scorer" else "cosine"
            print(f"{decision.verdict}: {decision.reason} (by the {decision.method}, {scale} {decision.score:.3f})")


def _pairs(path: Path) -> Iterator[tuple[Comparable, Comparable]]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _pair(line, f"{path}, line {number}")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _pair(line: str, place: str) -> tuple[Comparable, Comparable]:
    """Each side is a text, or an item: ``prompt`` or ``messages``, and where it has them ``choices``, ``target`` and ``kind``."""
    from dedupe.guard.check import Comparable
    from thresher.model import Message, conversation
    from thresher.text import clean

    def side(name: str) -> Comparable:
        item = given[name] if isinstance(given[name], dict) else {"prompt": given[name]}
        turns = [Message(str(turn["role"]), str(turn["content"])) for turn in item.get("messages", ())]
        return Comparable(
            name,
            clean(conversation(turns) if turns else str(item["prompt"])),
            tuple(clean(str(choice)) for choice in item.get("choices", ())),
            clean(str(item.get("target", ""))),
            str(item.get("kind", "")),
            earlier=clean(conversation(turns[:-1])),
        )

    try:
        given = json.loads(line)
        return side("a"), side("b")
    except (ValueError, KeyError, TypeError):
        raise UsageError(f'{place}: not a JSON object with "a" and "b", each a text or an object with "prompt" or "messages"') from None


def show(
    item: Annotated[list[str] | None, typer.Argument(help="Item ids, or the beginnings of them; without, some at random.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
    count: Annotated[int, typer.Option("--count", "-n", help="How many at random.", min=1)] = 3,
    kind: Annotated[str, typer.Option("--kind", help="Only items of this kind.")] = "",
) -> None:  # fmt: skip
    """Show items in full, with their evidence.

    Messages, target, reports, and with --json what the dedupe decided.
    """
    from flows import summary
    from store import queries

    with reader(data) as con:
        items = [queries.item(con, item_id) for item_id in item or queries.some_items(con, kind, count)]
    for one in items:
        if as_json:
            print_json(one)
        else:
            summary.console().print(summary.item_panel(one))
    if not items:
        print("no item has landed yet: thresher harvest, or thresher ingest", file=sys.stderr)


def show_config(config: Config = None, data: Data = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Print each setting and where it comes from.

    Then which sources are on, and what the others need.
    """
    from flows.line.settings import config_folder, flat, load, why_off

    settings = load(config_folder(config))
    rows = list(flat(settings))
    if as_json:
        print_json({key: {"value": value, "from": origin} for key, value, origin in rows})
        return
    for key, value, origin in rows:
        print(f"{key} = {value}    # {origin}")
    print()
    for source in settings.sources.values():
        reason = why_off(source)
        print(f"{source.name}: {f'off: {reason}' if reason else 'on'}")
