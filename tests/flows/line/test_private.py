"""Personal data and keys planted in every text of real files of every source: none comes out anywhere."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pyarrow.parquet as pq
import pytest
from driver import Line

from flows.line.landing import parse_page
from flows.line.opening import open_run
from flows.line.run import SourceResult
from flows.line.workspace import Workspace
from scrapers.base import Scraper
from thresher.errors import PayloadError, StoreError
from thresher.model import Page, Record

CONFIG = Path(__file__).resolve().parents[3] / "config"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
_numbers = count(1)
_PLANTED = re.compile(r"glpat-plant[0-9a-zA-Z]{4,}|wren\d+@example\.org|555-010-\d{4}")


def plant(text: str) -> str:
    """The text with a key, an address and a telephone number behind it, others each time."""
    number = next(_numbers)
    return f"{text} My key glpat-plant{number:05}aBcDeFgH fails, write to wren{number}@example.org or call 555-010-{number % 10000:04}."


def planted(value: Any, name: str = "") -> Any:
    """The same JSON with something planted in every text: what has a space in it, and every address."""
    if isinstance(value, dict):
        return {key: planted(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [planted(one, name) for one in value]
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"https?://\S+", value) and "example" in value:
        return f"{value}{'&' if '?' in value else '?'}api_key=glpat-plant{next(_numbers):05}aBcDeFgH"
    return plant(value) if " " in value and value.strip() else value


def planted_rows(path: Path) -> str:
    """A log with something planted in each row."""
    return "".join(json.dumps(planted(json.loads(line))) + "\n" for line in path.read_text("utf-8").splitlines() if line.strip())


def planted_dump(path: Path) -> str:
    """A dump with something planted in each title, body and name, and a question whose answer leads it into the benchmark."""
    text = path.read_text("utf-8-sig")
    text = re.sub(r'\b(Title|OwnerDisplayName|LastEditorDisplayName)="([^"]*)"', lambda m: f'{m[1]}="{html.escape(plant(m[2]))}"', text)
    text = re.sub(r'\bBody="([^"]*)"', lambda m: f'Body="{m[1]}{html.escape(html.escape(plant("")))}"', text)
    row = (
        '<row Id="{id}" PostTypeId="{kind}" {more} CreationDate="2024-01-27T20:09:32.720" Score="20" Body="{body}" OwnerUserId="4" '
        'OwnerDisplayName="{name}" ContentLicense="CC BY-SA 4.0" />'
    )
    asked = html.escape(
        f"<p>{plant('Which river is the longest of all the invented rivers, and how would one measure it?')}</p>"
        f'<p><a href="https://wren:s3cr3t{next(_numbers)}@example.org/a">link</a> <img src="a.png" alt="{plant("alt")}"></p>'
    )
    answer = html.escape(f"<p>{plant('It is the Example, which one measures with a very long string laid into every bend of it.')}</p>")
    return text.replace(
        "</posts>",
        row.format(
            id=900,
            kind=1,
            more=f'AcceptedAnswerId="901" Title="{plant("The longest river?")}" Tags="&lt;rivers&gt;"',
            body=asked,
            name=plant("A"),
        )
        + row.format(id=901, kind=2, more='ParentId="900"', body=answer, name=plant("B"))
        + row.format(id="x" + plant("bad"), kind=1, more='Title="t"', body=asked, name=plant("C"))
        + "</posts>",
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Planted files, a folder for each source."""
    folder = tmp_path_factory.mktemp("planted")
    for path in (p for p in FIXTURES.rglob("*") if p.is_file()):
        copy = folder / path.relative_to(FIXTURES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".jsonl":
            copy.write_text(planted_rows(path), "utf-8")
        elif path.suffix == ".json":
            copy.write_text(json.dumps(planted(json.loads(path.read_text("utf-8")))), "utf-8")
        elif path.name == "Posts.xml":
            copy.write_text(planted_dump(path), "utf-8")
        elif path.suffix == ".cnxml":
            copy.write_text(
                re.sub(r"</(title|para|item)>", lambda m: f" Ask wren{next(_numbers)}@example.org.</{m[1]}>", path.read_text("utf-8")),
                "utf-8",
            )
        else:
            shutil.copyfile(path, copy)
    return folder


def everything(data: Path) -> Iterator[tuple[str, str]]:
    """Each row of each table, and each row and file of each snapshot, as text with where it stands."""
    with duckdb.connect(str(data / "benchmark.duckdb"), read_only=True) as con:
        tables = [t for (t,) in con.execute("SELECT table_name FROM information_schema.tables").fetchall()]
        for table in tables:
            for row in con.execute(f"SELECT to_json(t)::VARCHAR FROM {table} t").fetchall():
                yield table, row[0]
    for path in (data / "snapshots").rglob("*"):
        if path.suffix == ".parquet":
            yield from ((str(path), json.dumps(row, default=str)) for row in pq.read_table(path).to_pylist())
        elif path.is_file():
            yield str(path), path.read_text("utf-8", "replace")


def test_nothing_personal_comes_through_the_whole_line(line: Line, files: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    said = ""
    for source in ("textbooks", "stackexchange", "arena", "discourse", "reddit"):
        site = ("--site", "coffee") if source == "stackexchange" else ()
        done = line.run("ingest", data, source, files / source, *site, "--json")
        assert done.rc in {0, 3}, done.err
        said += done.out + done.err
    for command in (("snapshot", "planted"), ("status",), ("show",), ("doctor",)):
        done = line.run(command[0], data, *command[1:])
        said += done.out + done.err
    rows = list(everything(data))
    left = [
        (where, _PLANTED.findall(text), text[:300]) for where, text in [*rows, ("what the command said", said)] if _PLANTED.search(text)
    ]
    assert left == []
    assert "s3cr3t" not in str(rows)
    tagged = {where for where, text in rows for tag in ("[KEY]", "[EMAIL]", "[PHONE]") if tag in text}
    assert {"records", "items", "items_current", "reports", "dead_letters"} <= tagged
    assert any(where.endswith(".parquet") for where in tagged)
    assert sum(text.count("[KEY]") for where, text in rows if where == "records") > 150


class _Tripping:
    """A parser that fails, and says over what."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def parse(self, page: Page) -> Iterator[Record]:
        raise self._error


@pytest.mark.parametrize("error", [KeyError("wren1@example.org"), PayloadError("no rule for glpat-plant00001aBcDeFgH", reason="odd")])
def test_no_error_tells_what_a_parser_tripped_over(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    page = Page("forum", "site", "https://example.org/?email=wren2@example.org", 200, {}, b"", datetime.now(UTC))
    parsed = parse_page(cast(Scraper, _Tripping(error)), page, cast(Workspace, SimpleNamespace(salt="a salt for these tests")))
    assert len(parsed.dead) == 1
    assert not _PLANTED.search(f"{parsed} {caplog.text}")


def test_no_run_keeps_what_an_error_told(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path, CONFIG)
    with open_run(work, "test") as run:
        result = SourceResult("forum", "failed", (plant("it failed"),), (plant("a note"),))
        result.save(run)
        run.take_note([result])
    with pytest.raises(StoreError), open_run(work, "test"):
        raise StoreError(plant("broken"))
    with work.database.reader() as con:
        kept = str(con.execute("SELECT error FROM run_sources UNION ALL SELECT error FROM runs").fetchall())
    assert kept.count("[KEY]") == 2
    assert not _PLANTED.search(f"{kept} {run.failed} {run.partly} {run.notices}")


def test_two_items_that_differ_in_what_is_hidden_stay_two_and_a_rebuild_agrees(line: Line, tmp_path: Path) -> None:
    def row(number: str, prompt: str) -> str:
        return json.dumps(
            {
                "question_id": number,
                "model_a": "alpha",
                "model_b": "beta",
                "winner": "tie (bothbad)",
                "judge": "j",
                "turn": 1,
                "anony": True,
                "conversation_a": [{"role": "user", "content": prompt}, {"role": "assistant", "content": "No."}],
                "language": "English",
                "conversation_b": [{"role": "user", "content": prompt}, {"role": "assistant", "content": "Yes."}],
                "tstamp": 1682351591.1,
            }
        )

    ask = "Please draft a short and friendly reply to the customer who asked whom to call at {} about the broken invented bridge."
    log = tmp_path / "log.jsonl"
    log.write_text(
        "\n".join(
            [
                row("1", ask.format("415-555-2671")),
                row("2", ask.format("415-555-2672")),
                row("3", ask.format("415-555-2671")),
                row("4", ask.format("[PHONE]")),
                row("5", ask.format("[PHONE]")),
            ]
        )
        + "\n",
        "utf-8",
    )
    data = tmp_path / "data"
    line.well("ingest", data, "arena", log)
    wanted = "SELECT item_id, prompt, report_count FROM items_current ORDER BY report_count DESC, item_id"
    with duckdb.connect(str(data / "benchmark.duckdb"), read_only=True) as con:
        items = con.execute(wanted).fetchall()
    assert [count for _, _, count in items] == [2, 1, 1, 1]
    assert {prompt for _, prompt, _ in items} == {ask.format("[PHONE]")}
    line.well("rebuild", data)
    with duckdb.connect(str(data / "benchmark.duckdb"), read_only=True) as con:
        assert con.execute(wanted).fetchall() == items
