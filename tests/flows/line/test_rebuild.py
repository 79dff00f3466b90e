"""What a benchmark holds does not depend on how it came about: rebuilt, elsewhere, in another order, or asked a second time."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from driver import Command, FirstNight, Line

from sample import World
from store.curating import VerdictLog
from store.doctor import doctor
from store.edits import Edit
from store.file.database import Database
from thresher.archive import history

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture(scope="module")
def eventful(command: Command, tmp_path_factory: pytest.TempPathFactory) -> tuple[Line, Path]:
    """Nights 1, 1 and 2 of a world with faults: the first killed and repeated, the second embedded later. The sites are gone by now."""
    folder = tmp_path_factory.mktemp("eventful")
    data = folder / "data"
    with World(faults=True) as world:
        line = Line(command, world, world.write_config(folder / "config"))
        assert line.run("harvest", data, failpoint="archive.page:70", portion=60).rc == -9
        line.well("harvest", data, "textbooks", "arena", "--no-embed")
        line.well("harvest", data)
        world.night = 2
        assert line.run("harvest", data, failpoint="deciding.saved").rc == -9
        line.well("harvest", data, "--no-embed")
        line.well("deduplicate", data)
    return line, data


def test_a_rebuild_without_any_network_makes_the_same_benchmark(eventful: tuple[Line, Path], tmp_path: Path) -> None:
    line, data = eventful
    copy = tmp_path / "another" / "place"
    shutil.copytree(data, copy)
    made = json.loads(line.well("rebuild", copy, "--json").out)
    assert made["identical"] is True
    assert line.tables(copy) == line.tables(data)
    assert "healthy" in line.well("doctor", copy).out


@pytest.fixture(scope="module")
def unnoted(served: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Decisions whose process died between its commit and its line in the history."""
    data = tmp_path_factory.mktemp("unnoted") / "data"
    served.world.night = 1
    served.well("harvest", data, "arena", "--no-embed")
    assert served.run("deduplicate", data, failpoint="deciding.saved").rc == -9
    return data


def test_a_rebuild_makes_decisions_whose_line_in_the_history_is_missing(line: Line, tmp_path: Path, unnoted: Path) -> None:
    data = shutil.copytree(unnoted, tmp_path / "data")
    line.well("rebuild", data)
    assert line.tables(data) == line.tables(unnoted)


def test_a_rebuild_makes_clusters_whose_line_in_the_history_is_missing(line: Line, discourse: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(discourse, tmp_path / "data"))
    assert line.run("deduplicate", data, failpoint="clustering.saved").rc == -9
    before = line.tables(data)
    line.well("rebuild", data)
    assert line.tables(data) == before


def test_a_run_after_a_rebuild_notes_no_decision_that_only_the_rebuild_made(line: Line, tmp_path: Path, unnoted: Path) -> None:
    data = shutil.copytree(unnoted, tmp_path / "data")
    line.well("harvest", data, "arena", "--no-embed")
    line.well("rebuild", data)
    line.well("harvest", data, "textbooks", "--no-embed")
    told = list(history.events(data / "archive"))
    decided = [event["run_id"] for event in told if event["event"] == "decided"]
    assert len(decided) == 1
    assert set(decided) <= {event["run_id"] for event in told if event["event"] == "opened"}


def test_the_order_of_local_files_does_not_matter(line: Line, tmp_path: Path) -> None:
    logs = [FIXTURES / "arena" / name for name in ("arena_140k.jsonl", "arena_55k.jsonl", "oasst2.jsonl", "chatbot_arena_33k.jsonl")]
    for name, order in {"one": logs, "other": logs[::-1]}.items():
        line.well("ingest", tmp_path / name, "arena", *order, "--no-embed")
        line.well("ingest", tmp_path / name, "arena", logs[2], "--no-embed")
    assert line.tables(tmp_path / "one") == line.tables(tmp_path / "other")


def test_the_order_of_the_sources_does_not_matter_before_deciding(line: Line, tmp_path: Path) -> None:
    for name, order in {"one": ("arena", "stackexchange"), "other": ("stackexchange", "arena")}.items():
        for source in order:
            line.well("harvest", tmp_path / name, source, "--no-embed")
        line.well("deduplicate", tmp_path / name)
    assert line.tables(tmp_path / "one") == line.tables(tmp_path / "other")


def test_a_second_harvest_adds_nothing_embeds_nothing_and_asks_for_no_page_twice(
    line: Line, first_night: FirstNight, tmp_path: Path
) -> None:
    data = first_night.copy(tmp_path / "data")
    before = line.tables(data)
    second = line.well("harvest", data)
    assert "0 new items" in second.out
    assert "deciding.embedded" not in second.hits
    assert line.tables(data) == before
    asked = Counter((seen.host, seen.path, str(seen.query)) for seen in line.world.requests if seen.method == "GET")
    assert max(asked.values()) == 1, asked.most_common(3)
    assert len(line.world.requests) < first_night.requests / 5
    assert doctor(data).healthy


def test_what_a_person_parted_stays_apart_in_later_nights_and_in_a_rebuild(line: Line, small_night: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(small_night, tmp_path / "data"))
    with Database(data).reader() as con:
        merged = con.execute("SELECT item_id, merged_into FROM items WHERE merged_into IS NOT NULL ORDER BY 1").fetchall()
    parted, canonical = merged[0]
    VerdictLog(data).add([Edit(canonical, "ada", "clearer", 1, None, None, "Says so.")], {canonical: []})
    line.well("unmerge", data, parted[:12], "--reason", "another question", "--author", "ada")
    line.well("harvest", data, "discourse", "textbooks")
    before = line.tables(data)["edits"]
    assert line.run("unmerge", data, parted, "--reason", "again").rc == 2
    line.well("rebuild", data)
    with Database(data).reader() as con:
        assert con.execute("SELECT item_id FROM items WHERE merged_into IS NOT NULL ORDER BY 1").fetchall() == [(i,) for i, _ in merged[1:]]
        assert con.execute("SELECT item_id, author, verdict, reason FROM verdicts ORDER BY given_at").fetchall() == [
            (canonical, "ada", "edited", "clearer"), (parted, "ada", "unmerged", "another question"),
        ]  # fmt: skip
        assert con.execute("SELECT rubric FROM items_current WHERE item_id = ?", [canonical]).fetchall() == [("Says so.",)]
        assert con.execute("SELECT other_id FROM decisions WHERE item_id = ? AND undone", [parted]).fetchall() == [(canonical,)]
    assert line.tables(data)["edits"] == before
    assert doctor(data).healthy


def test_a_killed_unmerge_can_be_repeated(line: Line, small_night: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(small_night, tmp_path / "data"))
    with Database(data).reader() as con:
        parted = con.execute("SELECT item_id FROM items WHERE merged_into IS NOT NULL ORDER BY 1").fetchall()[0][0]
    assert line.run("unmerge", data, parted, "--reason", "other", failpoint="verdicts.unmerge").rc == -9
    line.well("unmerge", data, parted, "--reason", "other")
    line.well("harvest", data, "discourse", "textbooks")
    before = line.tables(data)
    line.well("rebuild", data)
    after = line.tables(data)
    assert {name for name in before if before[name] != after[name]} <= {"verdicts", "all"}
    with Database(data).reader() as con:
        assert con.execute("SELECT merged_into FROM items WHERE item_id = ?", [parted]).fetchall() == [(None,)]


def test_a_rebuild_keeps_the_registry_of_the_snapshots(line: Line, small_night: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(small_night, tmp_path / "data"))
    line.well("snapshot", data, "b-first")
    line.well("snapshot", data, "a-second")
    before = line.tables(data)
    assert json.loads(line.well("rebuild", data, "--json").out)["identical"] is True
    assert line.tables(data) == before
    assert [made["name"] for made in json.loads(line.well("status", data, "--json").out)["status"]["snapshots"]] == ["b-first", "a-second"]
    line.well("snapshot", data, "a-second")
    line.well("snapshot", data, "third")
    assert json.loads((data / "snapshots" / "third" / "difference.json").read_bytes())["since"] == "a-second"


def test_a_rebuild_says_which_snapshot_it_cannot_find_again(line: Line, two_runs: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(two_runs, tmp_path / "data"))
    shutil.rmtree(data / "snapshots" / "first")
    refused = line.run("rebuild", data)
    assert refused.rc == 1
    assert "snapshots: frozen 1" in refused.err
    assert line.run("rebuild", data, "--accept-loss").rc == 3
    assert doctor(data).healthy
