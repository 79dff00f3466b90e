"""SIGKILL anywhere in a harvest, then the same command again: the benchmark is the one of a harvest that nobody killed.

By default a harvest of one small source is killed once at each label. ``THRESHER_KILLS=all`` kills harvests of the whole world, in both of
its nights, at the first, middle and last pass of every label (about 30 minutes).
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from driver import Line

from store.doctor import doctor
from store.file import journal
from store.file.database import Database

ROOT = Path(__file__).resolve().parents[2]
ALL = os.environ.get("THRESHER_KILLS") == "all"
PORTION = 60
"""Records in a transaction: the sample world is small, and a kill should find many of them."""

OF_LANDING = (
    "store.migrate", "store.migrated", "store.before_commit", "store.after_commit", "ledger.write", "run.opened", "archive.response",
    "landing.fetched", "archive.page", "landing.parsed", "landing.flushed", "store.land", "landing.landed", "judging.judged",
    "store.outcomes",
    "run.closing", "run.closed",
)  # fmt: skip
OF_DECIDING = ("deciding.embedded", "store.vectors", "deciding.decided", "store.decisions", "deciding.saved", "deciding.indexed")
OF_CLUSTERING = ("clustering.distilled", "clusters.claims", "clusters.category", "clustering.saved")
OF_BRAKING = ("brake.noted", "brake.settled")
"""Killed in line/test_brake.py."""
OF_A_PURGE = ("purging.rewritten", "purging.archive", "purging.compacted")
OF_A_TAKEDOWN = ("verdicts.takedown",)
"""Both are killed in line/test_takedown.py."""
OF_A_REBUILD = ("rebuild.run", "rebuild.made", "rebuild.aside", "rebuild.moved")
OF_AN_UNMERGE = ("verdicts.unmerge", "verdicts.merge")
"""The unmerge is killed in test_rebuild.py; a merge writes in the same order."""
OF_A_SNAPSHOT = ("snapshot.parquet", "snapshot.manifest", "snapshot.rename", "snapshot.published")

OF_A_COMPLETION = ("completions.complete", "completions.reopen")
"""Killed in cli/test_leads.py."""
OF_A_MODEL = ("models.answered", "models.kept")
"""Killed in thresher/models/test_ask.py."""
OF_PICTURES = ("picturing.archived", "picturing.landed")
"""Killed in line/test_pictures.py."""
OF_A_RULEBOOK = ("rulebook.written", "rulebook.renamed")
"""Killed in cli/test_rules.py."""
OF_TRIALS = ("trials.kept", "trials.taken")
"""Killed in cli/test_evaluating.py."""
OF_PUBLISHING = ("publish.committed", "publish.tagged")
OF_A_WITHDRAWAL = ("withdraw.untagged", "withdraw.purged")
"""Both are killed in test_publishing.py."""


@dataclass(frozen=True)
class Whole:
    """A harvest that nobody killed: the folders before and after it, the tables after it, and how often it passed each label."""

    before: Path
    after: Path
    tables: dict[str, str]
    hits: dict[str, int]


def unharmed(line: Line, before: Path, after: Path, verb: str, *more: str) -> Whole:
    """Run a command that nobody kills, on a copy."""
    shutil.copytree(before, after)
    hits = line.well(verb, after, *more, portion=PORTION).hits
    return Whole(before, after, line.tables(after), hits)


@pytest.fixture(scope="module")
def nights(served: Line, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Whole]:
    """Both nights of the whole world."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "0").mkdir()
    found = {}
    for night in (1, 2):
        served.world.night = night
        found[night] = unharmed(served, folder / str(night - 1), folder / str(night), "harvest")
    return found


@pytest.fixture(scope="module")
def landed(served: Line, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """One source, nothing embedded."""
    folder = tmp_path_factory.mktemp("landed")
    served.world.night = 1
    (folder / "before").mkdir()
    return unharmed(served, folder / "before", folder / "after", "harvest", "textbooks", "--no-embed")


@pytest.fixture(scope="module")
def decided(served: Line, landed: Whole) -> Whole:
    """The same, embedded and decided."""
    return unharmed(served, landed.after, landed.after.with_name("decided"), "deduplicate")


@pytest.fixture(scope="module")
def clustered(served: Line, discourse: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A forum's complaints in failure clusters."""
    return unharmed(served, discourse, tmp_path_factory.mktemp("clustered") / "after", "deduplicate")


def occurrences(count: int) -> list[int]:
    """First, middle, last."""
    return sorted({1, (count + 1) // 2, count}) if count else []


def killed_and_repeated(line: Line, data: Path, whole: Whole, failpoint: str, verb: str, *more: str) -> dict[str, str]:
    """Kill a command at the failpoint, look at what is there, and give it again; returns the tables in the end."""
    shutil.copytree(whole.before, data)
    dead = line.run(verb, data, *more, failpoint=failpoint, portion=PORTION)
    assert dead.rc == -9, f"{failpoint} was not reached: {dead.rc} {dead.err[-2000:]}"
    acknowledged = journal.last_commit(data) or 0
    line.well(verb, data, *more, portion=PORTION)
    with Database(data).reader() as con:
        assert con.execute("SELECT commits FROM meta").fetchall()[0][0] > acknowledged or verb == "rebuild"
    assert doctor(data).healthy
    return line.tables(data)


def test_every_label_in_the_code_is_killed_at_here() -> None:
    code = "".join(p.read_text(encoding="utf-8") for part in ("flows", "store", "thresher") for p in sorted((ROOT / part).rglob("*.py")))
    assert set(re.findall(r'failpoint\("([a-z_.]+)"\)', code)) == {
        *OF_LANDING, *OF_DECIDING, *OF_CLUSTERING, *OF_A_REBUILD, *OF_AN_UNMERGE, *OF_A_SNAPSHOT, *OF_BRAKING,
        *OF_TRIALS, *OF_A_PURGE, *OF_A_TAKEDOWN, *OF_PUBLISHING, *OF_A_WITHDRAWAL,
        *OF_A_COMPLETION, *OF_A_MODEL, *OF_PICTURES, *OF_A_RULEBOOK,
    }  # fmt: skip


@pytest.mark.parametrize("label", OF_LANDING)
def test_a_harvest_of_one_source_that_is_killed_and_repeated_ends_as_one_that_was_not(
    line: Line, tmp_path: Path, landed: Whole, label: str
) -> None:
    middle = (landed.hits[label] + 1) // 2
    assert killed_and_repeated(line, tmp_path / "data", landed, f"{label}:{middle}", "harvest", "textbooks", "--no-embed") == landed.tables


@pytest.mark.parametrize("label", OF_DECIDING)
def test_deciding_that_is_killed_and_repeated_ends_as_if_it_was_not(line: Line, tmp_path: Path, decided: Whole, label: str) -> None:
    assert killed_and_repeated(line, tmp_path / "data", decided, f"{label}:{decided.hits[label]}", "deduplicate") == decided.tables


@pytest.mark.parametrize("label", OF_CLUSTERING)
def test_clustering_that_is_killed_and_repeated_ends_as_if_it_was_not(line: Line, tmp_path: Path, clustered: Whole, label: str) -> None:
    assert killed_and_repeated(line, tmp_path / "data", clustered, f"{label}:{clustered.hits[label]}", "deduplicate") == clustered.tables


@pytest.mark.parametrize("label", OF_A_REBUILD)
def test_a_rebuild_that_is_killed_and_repeated_ends_as_one_that_was_not(line: Line, tmp_path: Path, landed: Whole, label: str) -> None:
    assert killed_and_repeated(line, tmp_path / "data", replace(landed, before=landed.after), label, "rebuild") == landed.tables


@pytest.mark.parametrize("label", OF_A_SNAPSHOT)
def test_a_snapshot_that_is_killed_is_not_there_or_whole_and_is_the_same_when_made_again(
    line: Line, tmp_path: Path, landed: Whole, frozen: dict[str, bytes], label: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(landed.after, data)
    assert line.run("snapshot", data, "first", failpoint=label).rc == -9
    seen = files(data / "snapshots" / "first")
    assert seen in ({}, frozen)
    line.well("snapshot", data, "first")
    assert files(data / "snapshots" / "first") == frozen
    assert [p.name for p in (data / "snapshots").iterdir()] == ["first"]


@pytest.fixture(scope="module")
def frozen(served: Line, landed: Whole) -> dict[str, bytes]:
    """A snapshot that nobody killed."""
    data = landed.after.with_name("frozen")
    shutil.copytree(landed.after, data)
    served.well("snapshot", data, "first")
    return files(data / "snapshots" / "first")


def files(folder: Path) -> dict[str, bytes]:
    """Every file in a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


matrix = pytest.mark.skipif(not ALL, reason="the whole matrix runs with THRESHER_KILLS=all")


@matrix
@pytest.mark.parametrize("night", [1, 2])
@pytest.mark.parametrize("label", [*OF_LANDING, *OF_DECIDING, *OF_CLUSTERING])
def test_a_harvest_of_the_world_that_is_killed_and_repeated_ends_as_one_that_was_not(
    line: Line, tmp_path: Path, nights: dict[int, Whole], label: str, night: int
) -> None:
    line.world.night = night
    for number in occurrences(nights[night].hits.get(label, 0)):
        assert killed_and_repeated(line, tmp_path / str(number), nights[night], f"{label}:{number}", "harvest") == nights[night].tables


@matrix
@pytest.mark.parametrize("label", [*OF_LANDING[:4], "judging.judged", *OF_DECIDING, *OF_CLUSTERING, *OF_A_REBUILD])
def test_a_rebuild_of_the_world_that_is_killed_and_repeated_ends_as_one_that_was_not(
    line: Line, tmp_path: Path, nights: dict[int, Whole], label: str
) -> None:
    assert killed_and_repeated(line, tmp_path / "data", replace(nights[2], before=nights[2].after), label, "rebuild") == nights[2].tables
