"""The secret of the keyed hashes is never empty, never lost unnoticed, never another."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

import pytest

from flows.line import rebuilding, salt
from flows.line.opening import open_run
from flows.line.workspace import Workspace
from thresher.errors import SettingsError, StoreError, ThresherError

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark with one run in its archive."""
    data = tmp_path_factory.mktemp("begun") / "data"
    with open_run(Workspace.open(data, CONFIG, create=True), "test") as run:
        run.archive.write_response(url="https://example.org/", status=200, headers={}, body=b"x", fetched_at=run.clock.tick())
    return data


@pytest.fixture
def data(begun: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(begun, tmp_path / "data"))


def opened(data: Path, given: str = "") -> str:
    """The salt of a run."""
    work = Workspace.open(data, CONFIG)
    with open_run(Workspace(data, work.settings.model_copy(update={"salt": given}), work.rules), "test") as run:
        return run.work.salt


def test_a_salt_is_made_once_for_its_owner_alone(data: Path) -> None:
    made = (data / salt.FILE).read_text("ascii").strip()
    assert len(made) == 64
    assert (data / salt.FILE).stat().st_mode & 0o777 == 0o600
    assert opened(data) == opened(data) == made
    assert not (data / "salt.new").exists()


@pytest.mark.parametrize("content", ["", "\n", "short", "   \n"])
def test_an_empty_or_short_salt_is_refused(data: Path, content: str) -> None:
    (data / salt.FILE).write_text(content, "ascii")
    with pytest.raises(SettingsError, match=r"restore it from a copy"):
        opened(data)


def test_a_short_salt_of_the_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"THRESHER_SALT: the salt has 6 characters"):
        opened(tmp_path, "secret")


def test_a_salt_that_is_no_text_is_refused(data: Path) -> None:
    (data / salt.FILE).write_bytes(b"\xff" * 40)
    with pytest.raises(StoreError, match="restore it from a copy"):
        opened(data)


def test_a_lost_salt_is_not_made_anew(data: Path) -> None:
    (data / salt.FILE).unlink()
    with pytest.raises(StoreError, match=r"missing.*restore it"):
        opened(data)
    assert not (data / salt.FILE).exists()


@pytest.mark.parametrize("way", ["file", "environment", "rebuild"])
def test_another_salt_is_refused_by_every_way(data: Path, way: str) -> None:
    if way != "environment":
        (data / salt.FILE).write_text("x" * 64, "ascii")
    with pytest.raises(StoreError, match=r"another salt.*restore"):
        rebuilding.rebuild(Workspace.open(data, CONFIG)) if way == "rebuild" else opened(data, "y" * 64 if way == "environment" else "")


def test_the_same_salt_from_the_environment_is_the_same(data: Path) -> None:
    made = (data / salt.FILE).read_text("ascii").strip()
    (data / salt.FILE).unlink()
    assert opened(data, made) == made


def test_the_fingerprint_does_not_hold_the_salt(data: Path) -> None:
    made = (data / salt.FILE).read_text("ascii").strip()
    history = (data / "archive" / "history.jsonl").read_text("utf-8")
    assert salt.fingerprint(made) in history
    assert made not in history


def test_a_full_disk_leaves_no_half_a_salt(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(ThresherError):
            salt.of(tmp_path, tmp_path / "archive")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / salt.FILE).exists()
    assert len(salt.of(tmp_path, tmp_path / "archive")) == 64
