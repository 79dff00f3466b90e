"""Rankings of models as they stood on a day, from saved tables: JSON, CSV, Markdown.

A ranking is one record: its rows (model, rank, score) stand in the mark ``ranking``. It makes no item; ``thresher leaderboard`` tells what
moved between two of a board, and which models failures are reported of.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from scrapers.base import Place
from scrapers.common.json_rows import UNREADABLE
from scrapers.common.page import each_file, printable, saved_body, saved_files, saved_page
from scrapers.common.rows import stream_rows
from thresher.errors import PayloadError, UsageError
from thresher.model import Dead, Page, Record
from thresher.net.client import Client
from thresher.text import clean

SOURCE = "leaderboard"
SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".md", ".markdown")
_MARKDOWN: Final = (".md", ".markdown")
_MODEL: Final = ("model", "model name", "model_name", "llm", "name", "system", "fullname", "key", "submission")
_SCORE: Final = (
    "score", "arena score", "arena_score", "elo", "elo rating", "rating", "average", "avg", "overall", "win rate", "win_rate", "accuracy",
    "% resolved", "resolved",
)  # fmt: skip
_RANK: Final = ("rank", "#", "rank (ub)", "rank* (ub)", "position", "place")
_DAY: Final = re.compile(r"(?<!\d)(20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")
_NUMBER: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?|-?\.\d+")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|<[^<>]{1,200}>")
_DIVIDER: Final = re.compile(r":?-{1,}:?")
_CELL: Final = re.compile(r"(?<!\\)\|")
MOST_MODELS: Final = 5000


class Site(Place):
    """One board, in one of its categories."""

    day: str = ""
    """The day of the ranking, ``2026-05-01``, where the name of the file does not say it."""
    model_column: str = ""
    score_column: str = ""
    rank_column: str = ""
    """Which columns to read, where they have none of the usual names."""

    @classmethod
    def name_for_files(cls, file_name: str, keys: Mapping[str, Any]) -> str:
        """The name of the file without day and suffix, so that the rankings of a board are those of one site."""
        return board_of(Path(file_name).stem)


def board_of(name: str) -> str:
    """A name of a file without its day, in small letters as the names of sites are."""
    return _DAY.sub("", name.lower()).strip("-_. ") or SOURCE


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """There is nothing to ask: UsageError."""
    raise UsageError(f"rankings come from files: thresher ingest leaderboard FILE --site {site.name}")


def read(path: Path, site: Site) -> Iterator[Page]:
    """A page for each file; PayloadError ``no_day`` for one of which nobody knows the day: that of the file itself may be any. In a folder
    each file is of the board that its own name says."""
    paths = saved_files(path, SUFFIXES, "rankings as JSON, CSV or Markdown")
    yield from each_file(SOURCE, site.name, paths, lambda file: _page(file, site, board_of(file.stem) if path.is_dir() else site.name))


def _page(file: Path, site: Site, board: str) -> Iterator[Page]:
    named = _DAY.search(file.name)
    day = site.day or ("-".join(named.groups()) if named else "")
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise PayloadError(
            f"{file.name} does not say of which day it is: put the day into its name (board_2026-05-01.csv), or --set day=2026-05-01",
            reason="no_day",
        ) from error
    columns = {name: getattr(site, name) for name in ("model_column", "score_column", "rank_column")}
    context = {"file": printable(file.name), "board": printable(board), "day": day} | {
        name: value for name, value in columns.items() if value
    }
    yield saved_page(SOURCE, site.name, file, saved_body(file), context, url=file.absolute().as_uri())


def parse(page: Page) -> Iterator[Record | Dead]:
    """One record for the ranking; Dead for each row without a model. PayloadError where there is no table of models and scores."""
    rows, dead = [], []
    for number, row in enumerate(_rows(page), 1):
        if reason := row.get(UNREADABLE):
            dead.append(Dead("unreadable_row", f"row {number}: {reason}", f"row {number}"))
        else:
            rows.append((number, row))
    columns = _columns([row for _, row in rows[:20]], page.context)
    if columns is None:
        told = ", ".join(sorted({str(name)[:40] for _, row in rows[:20] for name in row})[:20]) or "none"
        raise PayloadError(
            f"no columns for a model and its score or rank among: {told}; name them by model_column, score_column, rank_column",
            reason="no_table",
        )
    model, score, rank = columns
    ranking: dict[str, dict[str, Any]] = {}
    for number, row in rows:
        name = _text(row.get(model))
        entry = {"model": name, "score": _number(row.get(score)), "rank": _number(row.get(rank))}
        if not name or (entry["score"] is None and entry["rank"] is None):
            dead.append(Dead("no_model" if not name else "no_score", f"row {number}", f"row {number}"))
        elif name not in ranking and len(ranking) < MOST_MODELS:
            ranking[name] = entry
    yield from dead
    if ranking:
        yield _record(page, _ranked(list(ranking.values())))


def _record(page: Page, ranking: Sequence[Mapping[str, Any]]) -> Record:
    board, day = page.context["board"], page.context["day"]
    lines = [f"{row['rank']}. {row['model']}" + ("" if row["score"] is None else f": {row['score']:g}") for row in ranking]
    return Record(
        page.source, page.site, f"{board}/{day}", f"file:{page.context.get('file', '')}", "ranking", "\n".join(lines),
        title=f"{board}, {day}", thread_id=board, created_at=datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC),
        marks={"board": board, "day": day, "ranking": list(ranking)},
    )  # fmt: skip


def _ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by rank; where the board prints none, by score, the highest first, equal ones on one rank."""
    if any(row["rank"] is None for row in rows):
        scores = sorted((row["score"] for row in rows if row["score"] is not None), reverse=True)
        rows = [{**row, "rank": scores.index(row["score"]) + 1 if row["score"] is not None else len(scores) + 1} for row in rows]
    return sorted(({**row, "rank": int(row["rank"])} for row in rows), key=lambda row: (row["rank"], row["model"]))


def _rows(page: Page) -> Iterable[Mapping[str, Any]]:
    name = page.context.get("file", "").lower()
    if name.endswith(_MARKDOWN):
        return _markdown(page.body.decode("utf-8-sig", "replace"), page.context)
    stream = io.BufferedReader(io.BytesIO(page.body))
    if name.endswith((".csv", ".tsv")):
        return stream_rows(stream, "csv", packed=False)
    by_model = _by_model(page.body)
    return by_model if by_model is not None else stream_rows(stream, "lines" if name.endswith(".jsonl") else "array", packed=False)


def _by_model(body: bytes) -> list[dict[str, Any]] | None:
    """The rows of an object that has an object, or a number, under the name of each model; None for any other JSON."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not value:
        return None
    if all(isinstance(one, dict) for one in value.values()):
        return [{"model": name, **row} for name, row in value.items()]
    if all(isinstance(one, int | float) for one in value.values()):
        return [{"model": name, "score": one} for name, one in value.items()]
    return None


def _markdown(text: str, named: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of the first table that ranks models; of the first table at all where none does."""
    tables: list[list[dict[str, Any]]] = []
    lines = [_cells(line) for line in text.splitlines()]
    for at, cells in enumerate(lines[1:], 1):
        if cells and lines[at - 1] and all(_DIVIDER.fullmatch(cell.replace(" ", "")) for cell in cells):
            rows = []
            for row in lines[at + 1 :]:
                if not row:
                    break
                rows.append(dict(zip(map(_text, lines[at - 1]), row, strict=False)))
            tables.append(rows)
    return next((rows for rows in tables if _columns(rows[:20], named)), tables[0] if tables else [])


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(line.strip().removeprefix("|").removesuffix("|"))] if "|" in line else []


def _columns(rows: Sequence[Mapping[str, Any]], named: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The columns of model, score and rank; empty for one that is not there, None where no ranking can be read."""
    folded = {_folded(str(name)): str(name) for row in rows for name in row}

    def column(key: str, usual: Iterable[str]) -> str:
        return named.get(key) or next((folded[name] for name in usual if name in folded), "")

    found = column("model_column", _MODEL), column("score_column", _SCORE), column("rank_column", _RANK)
    return found if found[0] and (found[1] or found[2]) and all(not one or one in folded.values() for one in found) else None


def _folded(name: str) -> str:
    """A heading without case, emphasis, arrows and pictures: ``**Average** (up)`` with an arrow for *up* is ``average``."""
    return re.sub(r"[^\w#%()* ]|(?<=\w)\*+|^\*+", "", name).strip().lower()


def _text(value: Any) -> str:
    """A cell as text: of a link its words, without emphasis and tags."""
    return "" if value is None else clean(_LINK.sub(lambda m: m[1] or "", str(value))).replace("\\|", "|").strip(" *_`")


def _number(value: Any) -> float | None:
    """The first number of a cell: ``1,287 (+4/-3)`` is 1287."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if value == value and abs(value) != float("inf") else None
    match = _NUMBER.search(_text(value))
    return float(match[0].replace(",", "")) if match else None
