"""A damaged archive: the doctor says what is wrong and what it costs, a rebuild takes what is left and never replaces more by less."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import Line

from store.doctor import doctor
from store.file import journal
from store.file.database import FILE, Database
from thresher.archive import history
from thresher.archive.reader import read_pages
from thresher.archive.seals import SUFFIX
from thresher.errors import StoreError

Damage = Callable[[Path], None]


@pytest.fixture
def data(two_runs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two_runs, tmp_path / "data"))


def warcs(data: Path) -> list[Path]:
    """The archive of the textbooks, and that of the arena logs."""
    return sorted((data / "archive").glob(f"*{SUFFIX}"))


def books(data: Path) -> Path:
    return warcs(data)[0]


def place_of_page(data: Path, number: int) -> int:
    """Where the record of one of the textbooks' pages begins."""
    return [ref.offset for _, ref, _ in read_pages(books(data))][number]


def change(edit: Callable[[bytes], bytes]) -> Damage:
    def damage(data: Path) -> None:
        books(data).write_bytes(edit(books(data).read_bytes()))

    return damage


def flipped(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :]


def flip_in_page(number: int) -> Damage:
    def damage(data: Path) -> None:
        place = place_of_page(data, number) + 60
        books(data).write_bytes(flipped(books(data).read_bytes(), place))

    return damage


def both_files(data: Path) -> None:
    for file in warcs(data):
        raw = file.read_bytes()
        file.write_bytes(flipped(raw, len(raw) * 2 // 3))


def swap(data: Path) -> None:
    one, other = (file.read_bytes() for file in warcs(data))
    warcs(data)[0].write_bytes(other)
    warcs(data)[1].write_bytes(one)


COSTLY: dict[str, Damage] = {
    "a file is missing": lambda data: books(data).unlink(),
    "a file is empty": change(lambda raw: b""),
    "a file is cut": change(lambda raw: raw[: len(raw) * 6 // 10]),
    "the last record is torn": change(lambda raw: raw[:-10]),
    "a byte of a page is flipped": flip_in_page(4),
    "a block is zeroed": change(lambda raw: raw[:20_000] + bytes(8_000) + raw[28_000:]),
    "records of two files are damaged": both_files,
    "two files are swapped": swap,
    "a file is another's": lambda data: shutil.copyfile(warcs(data)[1], books(data)) and None,
    "the folder is missing": lambda data: shutil.rmtree(data / "archive"),
}
"""Damage that takes pages of the database with it."""

CHEAP: dict[str, Damage] = {
    "the first record is damaged": change(lambda raw: flipped(raw, 40)),
    "a byte is flipped that nobody reads": change(lambda raw: flipped(raw, 4)),
    "garbage follows": change(lambda raw: raw + random.Random(1).randbytes(5_000)),
    "a record was added": change(lambda raw: raw + raw[:300]),
}
"""Damage after which every page can still be read."""


def refused(line: Line, data: Path, *more: str) -> str:
    """What a rebuild says that refuses; the benchmark is as it was, and nothing lies about."""
    before, names = line.tables(data), sorted(p.name for p in data.iterdir())
    done = line.run("rebuild", data, *more)
    assert done.rc == 1, done.out + done.err
    assert "Traceback" not in done.err
    assert line.tables(data) == before
    assert sorted(p.name for p in data.iterdir()) == names
    return done.err


@pytest.mark.parametrize("name", [*COSTLY, *CHEAP])
def test_the_doctor_sees_that(data: Path, name: str) -> None:
    {**COSTLY, **CHEAP}[name](data)
    for full in (False, True):
        report = doctor(data, full=full)
        assert {finding.kind for finding in report.findings} == {"archive"}, report.findings
        assert all("archive" in finding.detail for finding in report.findings)
        assert any("a rebuild would lose" in finding.detail for finding in report.findings) == (name in COSTLY)


def test_the_doctor_counts_what_damage_costs_and_says_what_to_do(line: Line, data: Path) -> None:
    with Database(data).reader() as con:
        records = con.execute("SELECT count(*) FROM records WHERE source = 'textbooks'").fetchall()[0][0]
        pages = con.execute("SELECT count(*) FROM pages WHERE source = 'textbooks'").fetchall()[0][0]
    gone = books(data)
    COSTLY["a file is missing"](data)
    said = line.run("doctor", data)
    assert said.rc == 1
    assert f"{gone} is missing" in said.out
    assert f"textbooks {pages}; a rebuild would lose {records} records" in said.out
    assert "from a copy" in said.out


@pytest.mark.parametrize("name", ["a file is missing", "a byte of a page is flipped", "a file is another's"])
def test_a_rebuild_never_replaces_a_fuller_database_unless_it_is_told_to(line: Line, data: Path, name: str) -> None:
    COSTLY[name](data)
    said = refused(line, data)
    assert "textbooks" in said
    assert "--accept-loss" in said
    done = line.run("rebuild", data, "--accept-loss")
    assert done.rc == 3, done.err
    assert "lost: pages: textbooks" in done.err
    assert (data / "damaged-01" / FILE).exists()
    assert doctor(data, full=True).findings == (), "what was given up is settled"
    assert doctor(data).findings == ()
    line.well("harvest", data, "textbooks", "--no-embed")


@pytest.mark.parametrize("name", CHEAP)
def test_damage_that_costs_no_page_is_passed_over_and_said_once(line: Line, data: Path, name: str) -> None:
    before = line.tables(data)
    CHEAP[name](data)
    done = line.run("rebuild", data)
    assert done.rc == 3, done.err
    assert books(data).name in done.err
    assert line.tables(data) == before
    assert doctor(data).findings == ()


def test_one_damaged_record_costs_itself_also_where_the_database_is_lost(line: Line, data: Path) -> None:
    with Database(data).reader() as con:
        pages = con.execute("SELECT count(*) FROM pages").fetchall()[0][0]
    flip_in_page(4)(data)
    (data / FILE).unlink()
    done = line.run("rebuild", data)
    assert done.rc == 3, done.err
    assert "damaged at byte" in done.err
    assert f"held {pages} pages, by its ledger; {pages - 1} could be read" in done.err
    with Database(data).reader() as con:
        assert con.execute("SELECT count(*) FROM pages").fetchall() == [(pages - 1,)]
    assert doctor(data, full=True).findings == ()


def test_a_run_of_the_history_without_its_file_is_said_where_the_database_is_lost_too(line: Line, data: Path) -> None:
    gone = books(data)
    gone.unlink()
    (data / FILE).unlink()
    (data / journal.FILE).unlink()
    done = line.run("rebuild", data)
    assert done.rc == 3
    assert f"{gone.name} is missing" in done.err
    assert doctor(data).findings == ()


def test_a_rebuild_of_whole_files_ends_well_and_leaves_nothing_about(line: Line, data: Path) -> None:
    assert "identical" in line.well("rebuild", data).out
    assert not (data / ".rebuilding").exists()


def test_a_rebuild_that_fails_leaves_nothing_about(line: Line, data: Path) -> None:
    done = line.run("rebuild", data, file_size=300_000)
    assert done.rc == 1
    assert not (data / ".rebuilding").exists()
    assert doctor(data).findings == ()


def test_what_a_killed_run_tore_is_no_damage_and_is_sealed_by_the_next_run(line: Line, data: Path) -> None:
    assert line.run("harvest", data, "stackexchange", "--no-embed", failpoint="archive.page:3").rc == -9
    torn = warcs(data)[-1]
    torn.write_bytes(torn.read_bytes()[:-20])
    assert doctor(data).findings == ()
    line.well("harvest", data, "stackexchange", "--no-embed")
    assert torn.name.removesuffix(SUFFIX) in {event["run_id"] for event in history.events(data / "archive") if event["event"] == "sealed"}
    assert doctor(data, full=True).findings == ()


def test_a_harvest_goes_on_beside_a_damaged_archive_and_says_so(line: Line, data: Path) -> None:
    COSTLY["a file is cut"](data)
    done = line.well("harvest", data, "arena", "--no-embed")
    assert books(data).name in done.err
    assert "thresher doctor" in done.err
    assert not doctor(data).healthy


def test_an_archive_of_the_first_release_is_proven_without_seals(line: Line, data: Path) -> None:
    lines = (data / "archive" / history.FILE).read_text().splitlines(keepends=True)
    (data / "archive" / history.FILE).write_text("".join(text for text in lines if '"sealed"' not in text))
    assert doctor(data).findings == ()
    damaged = Path(shutil.copytree(data, data.with_name("damaged")))
    flip_in_page(2)(damaged)
    assert [finding.kind for finding in doctor(damaged).findings] == ["archive"]
    line.well("harvest", data, "arena", "--no-embed")
    sealed = [event["run_id"] for event in history.events(data / "archive") if event["event"] == "sealed"]
    assert len(sealed) == len(warcs(data)) == 3


@pytest.mark.parametrize("name", ["archive", "index", "snapshots"])
def test_a_file_where_a_folder_belongs_is_one_line(line: Line, data: Path, name: str) -> None:
    shutil.rmtree(data / name, ignore_errors=True)
    (data / name).write_text("in the way")
    for verb in ("harvest", "rebuild"):
        done = line.run(verb, data, *(("arena", "--no-embed") if verb == "harvest" else ()))
        assert done.rc == 1
        assert f"{data / name}: is a file" in done.err
        assert len(done.err.splitlines()) == 1


# -- any damage whatever ------------------------------------------------------------------------------------------------------------


def strike(path: Path, dice: random.Random) -> str:
    """Damage a file somehow, and say how."""
    raw = path.read_bytes()
    kind = dice.choice(["flip", "cut", "zero", "double", "delete"])
    place = dice.randrange(len(raw))
    match kind:
        case "flip":
            raw = raw[:place] + bytes([raw[place] ^ (1 << dice.randrange(8))]) + raw[place + 1 :]
        case "cut":
            raw = raw[:place]
        case "zero":
            raw = raw[:place] + bytes(min(4096, len(raw) - place)) + raw[place + 4096 :]
        case "double":
            raw = raw[:place] + raw[place // 2 :]
    path.unlink() if kind == "delete" else path.write_bytes(raw)
    return f"{kind} of {path.name} at {place}"


@pytest.fixture(scope="module")
def whole(two_runs: Path, served: Line) -> dict[str, str]:
    return served.tables(two_runs)


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_to_archive_or_database_is_silent(line: Line, data: Path, whole: dict[str, str], seed: int) -> None:
    dice = random.Random(seed)
    target = dice.choice([*warcs(data), *warcs(data), data / FILE])
    said = strike(target, dice)
    if doctor(data).healthy:
        assert target.name == FILE, f"{said}: nothing was said"
        try:
            assert line.tables(data) == whole, f"{said}: rows changed, and nothing was said"
        except StoreError as error:
            pytest.fail(f"{said}: {error}, and the doctor said nothing")
