"""Snapshots on the Hub, by its own client over HTTP: one commit whatever goes wrong, and out again without a trace."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from loopback_hub import TOKEN, Blob, LoopbackHub

from sample.wire import Answer, Fault, instead, json_answer
from store.snapshot.card import card
from store.snapshot.files import FILE, TEXT_SCHEMA
from store.snapshot.publications import public, publications
from store.snapshot.publishing import LONGEST_WAIT_S, Patience, Published, publish, withdraw
from store.snapshot.remote import Content, Remote
from thresher.errors import RateLimited, StoreError, TransientError, UsageError

REPOSITORY = "lab/failures"
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""The Hub's client uploads a file in a way of which its own HTTP library warns."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    """A Hub, and a token that may write there."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with LoopbackHub() as hub:
        yield hub


@pytest.fixture
def remote(hub: LoopbackHub) -> Remote:
    """The repository on it."""
    return Remote(REPOSITORY, hub.url)


class Waits(list[float]):
    """Seconds that were to be waited; nobody waits."""


@pytest.fixture
def waits() -> Waits:
    """What publishing would have waited."""
    return Waits()


@pytest.fixture
def patience(waits: Waits) -> Patience:
    """One that takes no time."""
    return Patience(wait=waits.append)


def frozen(folder: Path, name: str, *questions: str, config: str = "keyed") -> Path:
    """A small snapshot with its manifest."""
    target = folder / name
    (target / config).mkdir(parents=True)
    row = {
        "question": "",
        "target": "4",
        "answer": "4",
        "choices": [],
        "rubric": "",
        "licence": "cc-by-nc-4.0" if config.startswith("nc-") else "cc-by-4.0",
        "attribution": "forum",
        "url": "",
    }
    rows = [{**row, "item_id": f"i{len(q)}", "input": q} for q in questions]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema([TEXT_SCHEMA.field(name) for name in rows[0]])), target / config / FILE)
    (target / "README.md").write_text(card(name, {config: len(questions)}, {config: {"cc-by-4.0": len(questions)}}, ""))
    files = {p.relative_to(target).as_posix(): p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file()}
    sums = {path: {"bytes": len(data), "sha256": Content.of(data).sha256} for path, data in files.items()}
    (target / "manifest.json").write_text(json.dumps({"name": name, "files": sums}))
    return target


def shown(hub: LoopbackHub, revision: str) -> dict[str, bytes]:
    """The files of a revision that are not the Hub's own."""
    commit = hub.site.repositories[REPOSITORY].at(revision)
    assert commit is not None
    return {path: blob.data for path, blob in commit.files.items() if path != ".gitattributes"}


def on_disk(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def answered(status: int, **headers: str) -> Callable[[Answer], Answer]:
    """In place of the true answer, which was reached all the same."""
    return instead(json_answer({"error": "no"}, status, headers))


def test_a_snapshot_is_one_commit_and_a_tag_and_a_second_time_is_nothing(hub: LoopbackHub, remote: Remote, tmp_path: Path) -> None:
    folder = frozen(tmp_path, "night-1", "What is 2 + 2?")
    first = publish(folder, remote)
    assert shown(hub, "night-1") == shown(hub, "main") == on_disk(folder)
    assert hub.site.repositories[REPOSITORY].private
    writes = len([seen for seen in hub.requests if seen.method != "GET"])
    assert publish(folder, remote) == first
    assert hub.commits == 1
    assert [seen.path for seen in hub.requests if seen.method != "GET"][writes:] == ["/api/repos/create"]


def test_what_was_published_is_loaded_by_its_tag(hub: LoopbackHub, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(frozen(tmp_path, "night-1", "What is 2 + 2?"), remote)
    publish(frozen(tmp_path, "night-2", "What is 2 + 2?", "What is 3 + 1?"), remote)
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", hub.url)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    for name, rows in (("night-1", 1), ("night-2", 2)):
        loaded = datasets.load_dataset(REPOSITORY, split="test", revision=name, cache_dir=str(tmp_path / "cache"))
        assert len(loaded) == rows


def test_the_next_snapshot_replaces_the_files_of_the_last_and_leaves_those_of_others(
    hub: LoopbackHub, remote: Remote, tmp_path: Path
) -> None:
    publish(frozen(tmp_path, "night-1", "What is 2 + 2?", config="nc-keyed"), remote)
    repository = hub.site.repositories[REPOSITORY]
    repository.commit({**repository.commits[-1].files, "picture.png": Blob(b"png", large=False)}, "a picture for the card")
    second = frozen(tmp_path, "night-2", "What is 3 + 1?")
    assert publish(second, remote).kept == ("picture.png",)
    assert shown(hub, "main") == {**on_disk(second), "picture.png": b"png"}
    assert f"nc-keyed/{FILE}" in shown(hub, "night-1")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/repos/create", 500),
        ("/refs", 503),
        ("/preupload/", 502),
        ("/batch", 500),
        ("/commit/", 500),
        ("/commit/", 504),
        ("/tag/", 500),
    ],
)
def test_an_answer_that_is_lost_is_not_an_act_that_is_repeated(
    hub: LoopbackHub, remote: Remote, patience: Patience, tmp_path: Path, path: str, status: int
) -> None:
    """The act was done, its answer is an error."""
    hub.faults.append(Fault(lambda asked: path in asked.path, answered(status)))
    folder = frozen(tmp_path, "night-1", "What is 2 + 2?")
    publish(folder, remote, patience=patience)
    assert hub.commits == 1
    assert shown(hub, "night-1") == on_disk(folder)


def test_a_connection_that_breaks_at_the_commit_costs_nothing(
    hub: LoopbackHub, remote: Remote, patience: Patience, waits: Waits, tmp_path: Path
) -> None:
    """The answer promises more than comes before the line is cut."""
    hub.faults.append(
        Fault(lambda asked: "/commit/" in asked.path, lambda _: Answer(200, b"{", {"Content-Length": "9", "Connection": "close"}))
    )
    publish(frozen(tmp_path, "night-1", "What is 2 + 2?"), remote, patience=patience)
    assert hub.commits == 1
    assert len(waits) == 1


def test_a_head_that_moved_is_read_again_and_the_others_commit_stays(
    hub: LoopbackHub, remote: Remote, patience: Patience, tmp_path: Path
) -> None:
    publish(frozen(tmp_path, "night-1", "What is 2 + 2?"), remote)
    repository = hub.site.repositories[REPOSITORY]
    hub.site.rival = lambda: repository.commit({**repository.commits[-1].files, "notes.md": Blob(b"mine", large=False)}, "mine")
    second = frozen(tmp_path, "night-2", "What is 3 + 1?")
    publish(second, remote, patience=patience)
    assert shown(hub, "main") == {**on_disk(second), "notes.md": b"mine"}


def test_a_wait_that_the_hub_asks_for_is_kept_and_an_hour_is_told(
    hub: LoopbackHub, remote: Remote, patience: Patience, waits: Waits, tmp_path: Path
) -> None:
    folder = frozen(tmp_path, "night-1", "What is 2 + 2?")
    hub.faults.append(Fault(lambda asked: "/refs" in asked.path, answered(429, **{"Retry-After": "7"})))
    hub.faults.append(Fault(lambda asked: "/commit/" in asked.path, answered(429, RateLimit='"api";r=0;t=55')))
    publish(folder, remote, patience=patience)
    assert waits == [7.0, 55.0]
    hub.faults.append(Fault(lambda asked: "/refs" in asked.path, answered(429, **{"Retry-After": "3600"})))
    with pytest.raises(RateLimited, match="wait 3600 seconds") as told:
        publish(folder, remote, patience=patience)
    assert told.value.wait_s > LONGEST_WAIT_S
    assert waits == [7.0, 55.0]


def test_a_hub_that_stays_down_ends_in_an_error_that_may_pass(hub: LoopbackHub, patience: Patience, waits: Waits, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        closed = Remote(REPOSITORY, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(TransientError, match="cannot be reached"):
            publish(frozen(tmp_path, "night-1", "What is 2 + 2?"), closed, patience=patience)
    assert waits == sorted(waits)
    assert len(waits) == patience.tries - 1


def test_a_file_that_was_edited_on_the_hub_is_not_overwritten_unasked(hub: LoopbackHub, remote: Remote, tmp_path: Path) -> None:
    publish(frozen(tmp_path, "night-1", "What is 2 + 2?"), remote)
    repository = hub.site.repositories[REPOSITORY]
    repository.commit({**repository.commits[-1].files, "README.md": Blob(b"# A better card", large=False)}, "by hand")
    second = frozen(tmp_path, "night-2", "What is 3 + 1?")
    with pytest.raises(UsageError, match=r"README\.md was not written by thresher, or was changed .*--overwrite"):
        publish(second, remote)
    assert shown(hub, "main")["README.md"] == b"# A better card"
    publish(second, remote, overwrite=True)
    assert shown(hub, "main") == on_disk(second)


def test_a_tag_never_moves(hub: LoopbackHub, remote: Remote, tmp_path: Path) -> None:
    first = frozen(tmp_path, "night-1", "What is 2 + 2?")
    publish(first, remote)
    before = on_disk(first)
    shutil.rmtree(first)
    with pytest.raises(UsageError, match="a tag never moves"):
        publish(frozen(tmp_path, "night-1", "What is 5 + 5?"), remote)
    assert shown(hub, "night-1") == before


def test_a_token_that_may_not_write_and_a_damaged_folder_are_told(
    hub: LoopbackHub, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = frozen(tmp_path, "night-1", "What is 2 + 2?")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(UsageError, match="HF_TOKEN"):
        publish(folder, remote)
    (folder / "README.md").write_text("another card")
    with pytest.raises(StoreError, match=r"does not match its manifest: README\.md"):
        publish(folder, remote)
    with pytest.raises(UsageError, match="thresher snapshot"):
        publish(tmp_path / "nothing", remote)
    with pytest.raises(UsageError, match="OWNER/NAME"):
        Remote("failures")
    assert hub.site.repositories == {}


def test_a_withdrawn_snapshot_is_in_no_revision_and_the_others_are_whole(hub: LoopbackHub, remote: Remote, tmp_path: Path) -> None:
    secret, stays = "What does Zebulon Quist earn?", "What is 2 + 2?"
    first = frozen(tmp_path, "night-1", stays)
    frozen_with = frozen(tmp_path, "night-2", stays, secret)
    third = frozen(tmp_path, "night-3", stays, "What is 3 + 1?")
    for folder in (first, frozen_with, third):
        publish(folder, remote)
    repository = hub.site.repositories[REPOSITORY]
    tagged = repository.tags["night-1"]
    doomed = shown(hub, "night-2")[f"keyed/{FILE}"]
    done = withdraw(["night-2"], remote, tmp_path)
    assert done.files == (f"keyed/{FILE}",)
    assert done.tagged_anew == ("night-1", "night-3")
    assert repository.tags.keys() == {"night-1", "night-3"}
    assert repository.tags["night-1"] != tagged
    assert shown(hub, "night-1") == on_disk(first)
    assert shown(hub, "main") == shown(hub, "night-3") == on_disk(third)
    assert doomed not in hub.site.large.values()
    assert all(blob.data != doomed for commit in repository.commits for blob in commit.files.values())
    assert {name: made[0].revision for name, made in public(tmp_path).items()} == repository.tags


def test_what_main_still_shows_is_not_withdrawn(hub: LoopbackHub, remote: Remote, tmp_path: Path) -> None:
    folder = frozen(tmp_path, "night-1", "What is 2 + 2?")
    publish(folder, remote)
    with pytest.raises(UsageError, match="publish a snapshot without what has to go"):
        withdraw(["night-1"], remote, tmp_path)
    assert shown(hub, "night-1") == on_disk(folder)


@pytest.mark.parametrize("path", ["/tag/", "/lfs-files/batch"])
def test_a_withdrawal_that_broke_off_goes_on(hub: LoopbackHub, remote: Remote, patience: Patience, tmp_path: Path, path: str) -> None:
    folders = [frozen(tmp_path, f"night-{n}", f"What is {n} + 2?", f"Which is {n}th?") for n in (1, 2, 3)]
    for folder in folders:
        publish(folder, remote)
    hub.faults.append(Fault(lambda asked: path in asked.path, answered(400)))
    with pytest.raises(Exception, match="400"):
        withdraw(["night-2"], remote, tmp_path, patience=patience)
    withdraw(["night-2"], remote, tmp_path, patience=patience)
    assert shown(hub, "night-1") == on_disk(folders[0])
    assert shown(hub, "night-3") == on_disk(folders[2])
    assert len(hub.site.large) == 2


def test_a_hub_that_keeps_what_it_was_told_to_delete_is_told(hub: LoopbackHub, remote: Remote, tmp_path: Path) -> None:
    for n in (1, 2):
        publish(frozen(tmp_path, f"night-{n}", f"What is {n} + 2?"), remote)
    hub.site.keeps_large_files = True
    with pytest.raises(StoreError, match=rf"still holds keyed/{FILE}"):
        withdraw(["night-1"], remote, tmp_path)
    assert "night-1" in public(tmp_path)


def test_each_publication_is_noted_once(hub: LoopbackHub, remote: Remote, tmp_path: Path) -> None:
    made: list[Published] = []
    for _ in range(2):
        made.append(publish(frozen(tmp_path, "night-1", "What is 2 + 2?") if not made else tmp_path / "night-1", remote))
    assert len((tmp_path / "published.jsonl").read_text().splitlines()) == 1
    assert [noted.revision for noted in publications(tmp_path)] == [made[0].revision]
