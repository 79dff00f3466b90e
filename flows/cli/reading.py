"""``thresher read``: what would become of somebody's posts, without a benchmark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.shared import Config
from thresher.errors import UsageError


def read(
    records: Annotated[Path, typer.Option("--records", help="Posts: JSON lines, CSV or Parquet, also .gz.")],
    explain: Annotated[str, typer.Option("--explain", help="Say of the post with this id why, with the spans marked in its text.")] = "",
    config: Config = None,
) -> None:
    """Say what would become of posts, without a benchmark.

    Prints one JSON object for each row, in the order of the file: its outcome (item, lead, refused), how probable it is that a failure of a
    model is reported, and the words of prompt, answer and model. The records of a thread are read together.
    """
    from flows.line.reading import read_posts
    from flows.line.settings import config_folder
    from thresher.readers import open_chain
    from thresher.rules import Rules

    if not records.is_file():
        raise UsageError(f"{records}: no such file")
    rules = Rules.load(config_folder(config) / "rules.toml")
    for one in read_posts(records, rules, open_chain(rules)):
        print(json.dumps(one.row(), ensure_ascii=False))
