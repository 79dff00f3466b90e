"""``thresher gate``: whether a model may follow another, for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.evaluating import Cluster, Items, Kind, Language, Source, Status, Tag, Tier
from flows.cli.shared import DEFAULT_DATA, FAILED, AsJson, Data, print_json, reader


def gate(
    model: Annotated[str, typer.Option("--model", help="The new model, a name of models.toml.")],
    baseline: Annotated[str, typer.Option("--baseline", help="The model that it is to follow.")],
    items: Items = None, kind: Kind = "", tier: Tier = "", source: Source = "", language: Language = "", tag: Tag = "", status: Status = "",
    cluster: Cluster = "",
    block: Annotated[
        list[str] | None, typer.Option("--block", help="A new failure on such an item blocks by itself: tier>=reproduced, kind=exercise.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write a page there, each new failure with both answers.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML there.")] = None,
    data: Data = DEFAULT_DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say whether a model may follow another, by their trials. Exit code 1 where it may not.

    It may not where it is worse beyond chance: exact McNemar over the items that both were asked, failure clusters as units. Asks nobody:
    run `thresher evaluate` with both first.
    """
    from flows import gate_report
    from flows.line.gating import Condition
    from flows.line.gating import gate as compared
    from store.evaluation import Wanted
    from thresher.disk import may_be_written

    blocks = [Condition.of(text) for text in block or []]
    wanted = Wanted(tuple(items or ()), kind, tier, source, language, tag, status, cluster)
    with reader(data) as con:
        outcome = compared(con, model, baseline, wanted, blocks)
    for path, text in ((markdown, gate_report.as_markdown), (junit, gate_report.as_junit)):
        if path is not None:
            with may_be_written(path):
                path.write_text(text(outcome), encoding="utf-8")
    if as_json:
        print_json(outcome.told())
    else:
        print(gate_report.as_text(outcome))
    if not outcome.passes:
        raise typer.Exit(FAILED)
