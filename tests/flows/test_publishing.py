"""``thresher publish`` and ``thresher withdraw`` as processes, killed between any two of their acts; the flow; what a takedown says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from driver import Done, FirstNight, Line
from loopback_hub import TOKEN, Commit, LoopbackHub, Repository

from store.snapshot.publications import public

REPOSITORY = "lab/failures"


@dataclass(frozen=True)
class Publisher:
    """The command on one benchmark with snapshots, and the Hub that it publishes to."""

    line: Line
    data: Path
    hub: LoopbackHub

    def run(self, verb: str, *more: str, failpoint: str = "") -> Done:
        return self.line.run(verb, self.data, *more, failpoint=failpoint)

    def well(self, verb: str, *more: str) -> Done:
        return self.line.well(verb, self.data, *more)

    @property
    def repository(self) -> Repository:
        return self.hub.site.repositories[REPOSITORY]

    def shows(self, name: str) -> bool:
        """Whether a tag shows a snapshot of the folder, file by file."""
        commit = self.repository.at(name)
        assert isinstance(commit, Commit)
        folder = self.data / "snapshots" / name
        here = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        return here == {path: blob.data for path, blob in commit.files.items() if path != ".gitattributes"}


@pytest.fixture(scope="module")
def config(served: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world's configuration, to be pointed at a Hub."""
    return Path(shutil.copytree(served.config, tmp_path_factory.mktemp("publishing") / "config"))


@pytest.fixture
def publisher(line: Line, first_night: FirstNight, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A snapshot ``one``, and one ``two`` made after a takedown."""
    monkeypatch.setitem(line.command._environment, "HF_TOKEN", TOKEN)
    with LoopbackHub() as hub:
        export = config / "export.toml"
        text = (line.config / "export.toml").read_text(encoding="utf-8").replace('repository = ""', f'repository = "{REPOSITORY}"')
        export.write_text(f'{text}\nendpoint = "{hub.url}"\n', encoding="utf-8")
        yield Publisher(Line(line.command, line.world, config), first_night.copy(tmp_path / "data"), hub)


def test_a_publication_that_is_killed_anywhere_and_repeated_is_one_commit(publisher: Publisher) -> None:
    publisher.well("snapshot", "one")
    for label in ("publish.committed", "publish.tagged"):
        assert publisher.run("publish", "one", failpoint=label).rc == -9
    said = publisher.well("publish", "one").out
    assert publisher.hub.commits == 1
    assert publisher.shows("one")
    assert 'datasets.load_dataset("lab/failures", "keyed", split="test", revision="one")' in said
    assert "lab/failures" in publisher.line.command.run("status", "--data", publisher.data, "--config", publisher.line.config).out


def test_what_is_taken_down_leaves_the_hub_by_what_the_takedown_says(publisher: Publisher) -> None:
    publisher.well("snapshot", "one")
    publisher.well("publish", "one")
    key, words = exported(publisher)
    said = json.loads(publisher.well("takedown", key, "--reason", "its author asks", "--no-embed", "--json").out)
    assert [made["name"] for made in said["published"]] == ["one"]
    publisher.well("snapshot", "two")
    refused = publisher.run("withdraw", "one")
    assert refused.rc == 2
    assert "publish a snapshot without what has to go" in refused.err
    publisher.well("publish", "two")
    for label in ("withdraw.untagged", "withdraw.purged"):
        assert publisher.run("withdraw", "one", failpoint=label).rc == -9
    publisher.well("withdraw", "one")
    assert publisher.repository.tags.keys() == {"two"}
    assert publisher.shows("two")
    left = [blob.data for commit in publisher.repository.commits for blob in commit.files.values()] + list(
        publisher.hub.site.large.values()
    )
    assert not any(key.rpartition(":")[2] in texts(data) and words in texts(data) for data in left)
    assert public(publisher.data / "snapshots").keys() == {"two"}


def exported(publisher: Publisher) -> tuple[str, str]:
    """A record whose text leaves in the snapshot, and the text."""
    import pyarrow.parquet as pq

    file = next((publisher.data / "snapshots" / "one").glob("*/*.parquet"))
    for row in pq.read_table(file).to_pylist():
        if row.get("input") and row["reports"] == 1:
            return f"{row['source']}:{row['site']}:{row['native_id']}", row["input"]
    raise AssertionError("no text leaves")


def texts(data: bytes) -> str:
    """The cells of a Parquet file, one after the other; of another file its text."""
    import io

    import pyarrow.parquet as pq

    return str(pq.read_table(io.BytesIO(data)).to_pylist()) if data.startswith(b"PAR1") else data.decode()


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_the_flow_publishes_where_a_repository_is_configured(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import publish as flow

    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    told: list[str] = []
    monkeypatch.setattr(flow, "create_markdown_artifact", lambda *, key, markdown: told.append(markdown))
    folder = flow.publish.fn(str(publisher.data), str(publisher.line.config), "one")
    assert Path(folder).name == "one"
    assert publisher.shows("one")
    assert publisher.repository.tags["one"] in told[0]
