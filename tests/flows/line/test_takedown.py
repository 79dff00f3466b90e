"""What a source deleted, or a person took down, is nowhere any more: not in the database, the archive, the index or a later snapshot."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from driver import SALT, Command, Done, FirstNight, Line
from forum import SITE, Forum
from holders import holders
from pytest_httpserver import HTTPServer

from dedupe.vectors import segments
from store.doctor import doctor
from store.file.database import Database
from store.ledger import table_hashes
from thresher.archive.reader import PageRef, read_page

QUESTION = "Why does the zorgle flimmer at midnight when the model counts to seven? It gave me six."
ANSWER = "Because the grumblefish of the hollow counts along with it."
OTHER = "Which of the quuxery lamps burns longest in the sample hollow?"


@dataclass
class Hollow:
    """The command on one forum with planted posts."""

    command: Command
    forum: Forum
    config: Path
    data: Path

    def run(self, verb: str, *more: object, **limits: Any) -> Done:
        later = ("--no-embed",) if verb in {"harvest", "takedown"} else ()
        return self.command.run(verb, *more, *later, "--data", self.data, "--config", self.config, **limits)

    def well(self, verb: str, *more: object) -> Done:
        done = self.run(verb, *more)
        assert done.rc == 0, (done.err, done.out)
        return done

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with Database(self.data).reader() as con:
            return con.execute(sql).fetchall()

    def tables(self) -> dict[str, str]:
        with Database(self.data).reader() as con:
            return table_hashes(con)

    def is_rebuilt_identically(self) -> bool:
        before = self.tables()
        made = json.loads(self.well("rebuild", "--json").out)
        shutil.rmtree(self.data / "damaged-01")
        return bool(made["identical"]) and self.tables() == before


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first two visits to that forum are kept, to be copied: they are made once."""
    return tmp_path_factory.mktemp("planted") / "data"


@pytest.fixture
def hollow(httpserver: HTTPServer, command: Command, planted: Path, tmp_path: Path) -> Hollow:
    """Twelve topics of two posts, harvested twice, the second time because something else happened in the planted ones."""
    forum = Forum(httpserver, 12, 2)
    forum.topics[3] = [QUESTION, ANSWER, "It stays, and names no name."]
    forum.topics[4] = [OTHER, "The one by the door, of course."]
    made = Hollow(command, forum, forum.write_config(tmp_path / "config"), tmp_path / "data")
    if not planted.exists():
        made.well("harvest")
    forum.bump(3, 4)
    if not planted.exists():
        made.well("harvest")
        shutil.copytree(made.data, planted)
    else:
        shutil.copytree(planted, made.data)
    assert all(len(files) >= 3 for files in holders(made.data, "zorgle", "grumblefish", "quuxery").values())
    return made


def test_what_a_source_deleted_is_in_no_byte_of_the_benchmark_and_what_stays_is_rebuilt(hollow: Hollow) -> None:
    hollow.forum.bump(3, 4)
    hollow.forum.topics[3][0] = hollow.forum.topics[3][1] = None
    del hollow.forum.topics[4]
    assert hollow.run("snapshot", "half", failpoint="snapshot.rename").rc == -9
    hollow.well("harvest")
    assert not (hollow.data / "snapshots" / ".half.partial").exists()
    assert holders(hollow.data, "zorgle", "grumblefish", "quuxery") == {"zorgle": [], "grumblefish": [], "quuxery": []}
    assert holders(hollow.data, "names no name")["names no name"], "what stays is still archived"
    assert hollow.rows("SELECT status FROM records WHERE native_id = '3/1' AND is_latest") == [("deleted",)]
    assert hollow.is_rebuilt_identically()
    assert doctor(hollow.data).healthy
    hollow.well("harvest")
    assert doctor(hollow.data).healthy
    assert hollow.rows("FROM purges") == []


@pytest.mark.parametrize("label", ["purging.rewritten:1", "purging.rewritten:2", "purging.archive", "purging.compacted", "run.closing"])
def test_a_run_that_is_killed_while_it_purges_is_completed_by_the_next(hollow: Hollow, label: str) -> None:
    hollow.forum.bump(3)
    hollow.forum.topics[3][0] = hollow.forum.topics[3][1] = None
    assert hollow.run("harvest", "--no-embed", failpoint=label).rc == -9
    hollow.well("harvest")
    assert holders(hollow.data, "zorgle", "grumblefish") == {"zorgle": [], "grumblefish": []}
    with Database(hollow.data).reader() as con:
        places = con.execute("SELECT archive_file, archive_offset, sha256 FROM pages").fetchall()
    assert {read_page(PageRef(hollow.data / "archive" / file, offset)).sha256 for file, offset, _ in places} == {p[2] for p in places}
    assert hollow.is_rebuilt_identically()
    assert doctor(hollow.data).healthy


def test_an_unchanged_night_rewrites_nothing(hollow: Hollow) -> None:
    def inodes() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in [*(hollow.data / "archive").glob("*.gz"), hollow.data / "benchmark.duckdb"]}

    before = inodes()
    hollow.well("harvest")
    assert before.items() <= inodes().items()


def test_a_post_that_comes_back_is_there_again(hollow: Hollow) -> None:
    for text in (None, "It flimmers no more, thank you all."):
        hollow.forum.bump(3)
        hollow.forum.topics[3][0] = text
        hollow.well("harvest")
    assert hollow.rows("SELECT text FROM records WHERE native_id = '3/1' AND is_latest") == [("It flimmers no more, thank you all.",)]
    assert holders(hollow.data, "zorgle") == {"zorgle": []}
    assert hollow.is_rebuilt_identically()


def key(native_id: str) -> str:
    return f"discourse:{SITE}:{native_id}"


TAKEDOWNS = {
    "by id": lambda forum: [key("3/1"), key("3/2")],
    "by address": lambda forum: [f"http://{forum.server.host}:{forum.server.port}/t/3/{n}" for n in (1, 2)],
    "by author": lambda forum: ["--author", "3", "--source", "discourse"],
    "by an author's record": lambda forum: ["--author-of", key("3/2")],
}


@pytest.mark.parametrize("named", TAKEDOWNS)
def test_a_takedown_holds_against_later_harvests_and_a_rebuild(hollow: Hollow, named: str) -> None:
    what = TAKEDOWNS[named](hollow.forum)
    dry = json.loads(hollow.well("takedown", *what, "--dry-run", "--json").out)
    assert {key("3/1"), key("3/2")} <= set(dry["records"])
    assert dry["archive_pages"] >= 2
    assert holders(hollow.data, "zorgle")["zorgle"], "a dry run takes nothing"
    done = json.loads(hollow.well("takedown", *what, "--reason", "a person asked", "--json").out)
    assert {name: done[name] for name in ("records", "reports", "items_dropped", "vectors", "archive_pages", "archive_files")} == {
        name: dry[name] for name in ("records", "reports", "items_dropped", "vectors", "archive_pages", "archive_files")
    }
    assert holders(hollow.data, "zorgle", "grumblefish") == {"zorgle": [], "grumblefish": []}
    assert hollow.rows("SELECT count(*) FROM records WHERE native_id IN ('3/1', '3/2')") == [(0,)]

    hollow.forum.bump(3)
    hollow.forum.topics[3].append("Another one of the same author, sayeth the wimbrel.")
    told = json.loads(hollow.well("harvest", "--json").out)
    assert told["sources"]["discourse"]["refused"]["taken_down"] >= 2
    assert holders(hollow.data, "zorgle", "grumblefish") == {"zorgle": [], "grumblefish": []}, "nor does the archive get it again"
    assert bool(holders(hollow.data, "wimbrel")["wimbrel"]) == (not named.endswith(("author", "record")))
    assert hollow.is_rebuilt_identically()
    assert doctor(hollow.data).healthy
    assert hollow.rows("SELECT count(*) FROM records WHERE native_id IN ('3/1', '3/2')") == [(0,)]


def test_an_author_is_kept_as_a_hash_and_nowhere_else(hollow: Hollow) -> None:
    hollow.well("takedown", "--author", "Wilhelmina Quist", "--source", "discourse", "--reason", "asked to")
    assert holders(hollow.data, "Wilhelmina", "Quist", SALT) == {"Wilhelmina": [], "Quist": [], SALT: []}


def test_a_killed_takedown_can_be_repeated(hollow: Hollow) -> None:
    for label in ("verdicts.takedown", "purging.rewritten"):
        assert hollow.run("takedown", key("3/1"), "--reason", "asked to", failpoint=label).rc == -9
    hollow.well("takedown", key("3/1"), "--reason", "asked to")
    assert holders(hollow.data, "zorgle") == {"zorgle": []}
    assert hollow.is_rebuilt_identically()


def test_a_takedown_of_nothing_says_what_to_do(hollow: Hollow) -> None:
    for argv, told in {
        (): "say what to take down",
        ("zorgle",): "SOURCE:SITE:NATIVE_ID",
        ("--author", "x"): "give both",
        ("--author-of", key("99/1")): "no author is known",
        (key("3/1"),): "--reason",
    }.items():
        done = hollow.run("takedown", *argv, *(() if argv == (key("3/1"),) else ("--reason", "r")))
        assert (done.rc, told in done.err) == (2, True), (argv, done.err)
    assert "Nothing of it is here" in hollow.well("takedown", "--author", "nobody", "--source", "discourse", "--reason", "r").out


@pytest.fixture
def published(line: Line, small_night: Path, tmp_path: Path) -> tuple[Line, Path, str]:
    """A benchmark with a snapshot, and a record of an item in it."""
    data = Path(shutil.copytree(small_night, tmp_path / "data"))
    line.well("snapshot", data, "before")
    with Database(data).reader() as con:
        (record,) = con.execute(
            """SELECT min(p.record_key) FROM reports p JOIN items_current i USING (item_id)
               WHERE p.live AND i.report_count = 1 AND i.export_class = 'full' AND i.source = 'textbooks'"""
        ).fetchall()[0]
    return line, data, record


def test_later_snapshots_and_the_index_are_without_it_and_earlier_ones_are_named(published: tuple[Line, Path, str]) -> None:
    line, data, record = published
    done = json.loads(line.well("takedown", data, record, "--reason", "asked to", "--json").out)
    assert done["snapshots"] == [str(data / "snapshots" / "before")]
    (item,) = done["items_dropped"]
    line.well("snapshot", data, "after")
    again = json.loads(line.well("takedown", data, record, "--dry-run", "--json").out)
    assert again["records"] == []
    native_id = record.rsplit(":", 1)[1]
    rows = [path.read_bytes() for path in sorted((data / "snapshots" / "after").rglob("*.parquet"))]
    assert not any(item.encode() in body for body in rows), native_id
    assert not any(item.encode() in path.read_bytes() for path in (data / "index").iterdir())
    assert all(path.suffix == segments.SUFFIX for path in (data / "index").iterdir())
    before = line.tables(data)
    line.well("rebuild", data)
    assert line.tables(data) == before
    assert doctor(data).healthy


def test_what_the_sample_world_deletes_on_its_second_night_is_in_no_byte(line: Line, first_night: FirstNight, tmp_path: Path) -> None:
    data = first_night.copy(tmp_path / "data")
    before = texts_of(data)
    line.world.night = 2
    line.well("harvest", data)
    assert_nothing_is_left(data, before)


def test_asked_by_id_every_source_says_the_same_and_its_second_night_is_in_no_byte(
    line: Line, first_night: FirstNight, tmp_path: Path
) -> None:
    data = first_night.copy(tmp_path / "data")
    before, tables = texts_of(data), line.tables(data)
    at_once = {"THRESHER_RECHECK_AFTER_DAYS": "0"}
    line.well("recheck", data, "--no-embed", env=at_once)
    assert line.tables(data)["records"] == tables["records"], "what did not change is the same record, asked by id"
    line.world.night = 2
    line.well("recheck", data, env=at_once)
    gone = assert_nothing_is_left(data, before)
    assert {key.partition(":")[0] for key in gone} == {"discourse", "github_issues", "reddit", "stackexchange"}
    assert doctor(data).healthy


def texts_of(data: Path) -> dict[str, str]:
    with Database(data).reader() as con:
        return {key: text for key, text in con.execute("SELECT record_key, text FROM records WHERE is_latest AND text <> ''").fetchall()}


def assert_nothing_is_left(data: Path, before: dict[str, str]) -> list[str]:
    """Of the records that are gone; returns them."""
    with Database(data).reader() as con:
        gone = [
            row[0] for row in con.execute("SELECT record_key FROM records WHERE is_latest AND status NOT IN ('live', 'edited')").fetchall()
        ]
    texts = [max(before[key].splitlines(), key=len)[:60] for key in gone if key in before]
    words = [text.split('"')[0].split("<")[0].strip() for text in texts]
    assert len([w for w in words if len(w) > 15]) >= 4
    assert {word: files for word, files in holders(data, *(w for w in words if len(w) > 15)).items() if files} == {}
    return gone
