"""Texts of other people, read where they lie and never copied: the items of a benchmark, and labelled pairs."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.held_back import CODE, MATH

_FOREIGN = re.compile(
    r"[\u0400-\u04ff\u0600-\u06ff\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
    r"|\b(?:der|und|nicht|ist|les|une|est|qué|cómo|por|una|che|della|não|uma|het|een)\b.*\b(?:der|die|und|le|la|les|des|que|el|los|di|il|para|van)\b"
)


def stratum(text: str) -> str:
    """``code``, ``latex``, ``other language``, ``long`` (over 1,000 characters) or ``plain``: what the text mostly is, by its look."""
    if CODE.search(text):
        return "code"
    if MATH.search(text):
        return "latex"
    if _FOREIGN.search(text):
        return "other language"
    return "long" if len(text) > 1000 else "plain"


def items(data: Path) -> list[str]:
    """The prompts of single-turn items of the benchmark in ``data``, without two that are equal; from a copy, so that it may be in use."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.duckdb"
        shutil.copyfile(data / "benchmark.duckdb", copy)
        with duckdb.connect(str(copy), read_only=True) as con:
            rows = con.execute("SELECT messages FROM items WHERE lifecycle <> 'retired' ORDER BY item_id").fetchall()
    prompts = (json.loads(messages) for (messages,) in rows)
    return list(dict.fromkeys(found[0]["content"] for found in prompts if len(found) == 1))


def long_posts(realdata: Path, least: int = 1500) -> list[str]:
    """Posts of a forum of at least so many characters: Discourse's own JSON, a file a post."""
    files = sorted((realdata / "discourse").rglob("*.json"))
    raw = (json.loads(file.read_text("utf-8")).get("raw", "") for file in files)
    return list(dict.fromkeys(text for text in raw if len(text) >= least))


@dataclass(frozen=True, slots=True)
class Labelled:
    """Two texts and whether people said that they mean the same."""

    source: str
    a: str
    b: str
    same: bool


def labelled(realdata: Path) -> Iterator[Labelled]:
    """Medical questions, and the test halves of news (MRPC), definitions (PARADE) and tweets: public labels, for evaluation only."""
    folder = realdata / "pairs"
    with (folder / "mqp.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            yield Labelled("medical questions", row[1], row[2], row[3] == "1")
    for line in (folder / "mrpc_test.tsv").read_text("utf-8-sig").splitlines()[1:]:
        parts = line.split("\t")
        yield Labelled("news", parts[3], parts[4], parts[0] == "1")
    for line in (folder / "parade_test.txt").read_text("utf-8").splitlines()[1:]:
        parts = line.split("\t")
        if len(parts) == 5:
            yield Labelled("definitions", parts[3], parts[4], parts[1] == "1")
    for line in (folder / "twitter_url_test.txt").read_text("utf-8").splitlines():
        parts = line.split("\t")
        votes = re.match(r"\((\d),6\)", parts[2]) if len(parts) > 2 else None
        if votes and votes[1] != "3":
            yield Labelled("tweets", parts[0], parts[1], int(votes[1]) > 3)
