"""Rows that left as ids are filled in again by somebody else, from the site itself: the same words, or a reason why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from driver import Command, Done
from forum import Forum
from pytest_httpserver import HTTPServer
from werkzeug import Response

TOPICS = 5
PRICES = (240, 260, 280, 320, 360, 380)


def complaint(topic: int) -> str:
    """A failure with its prompt, the wrong reply and the key."""
    price = PRICES[topic - 1]
    return (
        f"Prompt:</p><p>A jacket costs {price} €. It is reduced by 15 %, and a month later raised by 15 %. What does it cost now?</p>"
        f'<p>Reply: "The jacket costs {price} € again."</p><p>Right: {price * 0.9775:.2f} €. Llama 3.2 3B does this every time.'
    )


class Frozen(NamedTuple):
    """A snapshot of a forum whose texts may not leave, and somebody with the snapshot and nothing else."""

    command: Command
    forum: Forum
    config: Path
    snapshot: Path
    texts: dict[str, str]
    """By item."""
    other: Path

    def hydrate(self, *more: object, **run: Any) -> Done:
        return self.command.run("hydrate", self.snapshot, *more, "--data", self.other, "--config", self.config, **run)

    def missing(self) -> list[str]:
        """The first words of the reasons, of the items that are not filled in."""
        told = json.loads((self.other / "hydrated" / "one" / "missing.json").read_text(encoding="utf-8"))
        return [row["why"].partition(":")[0] for row in told]

    def filled(self) -> dict[str, str]:
        """The prompt by item."""
        files = str(self.other / "hydrated" / "one" / "*" / "*.parquet")
        if not list(self.other.glob("hydrated/one/*/*.parquet")):
            return {}
        return dict(duckdb.execute("SELECT item_id, input FROM read_parquet(?, union_by_name => true)", [files]).fetchall())


@pytest.fixture
def frozen(httpserver: HTTPServer, command: Command, tmp_path: Path) -> Frozen:
    forum = Forum(httpserver, TOPICS)
    forum.topics = {topic: [complaint(topic)] for topic in range(1, TOPICS + 1)}
    config = forum.write_config(tmp_path / "config")
    source = config / "sources" / "discourse.toml"
    closed = source.read_text(encoding="utf-8").replace('"CC0-1.0"', '"site-terms"').replace('"full"', '"id_only"')
    source.write_text(closed, encoding="utf-8")
    mine = tmp_path / "mine"
    where: Callable[..., Done] = lambda *verb: command.run(*verb, "--data", mine, "--config", config)  # noqa: E731
    assert where("harvest", "--no-embed").rc == 0
    done = where("snapshot", "one")
    assert done.rc == 0, done.err
    with duckdb.connect(mine / "benchmark.duckdb", read_only=True) as con:
        texts = dict(con.execute("SELECT item_id, prompt FROM items_current").fetchall())
    assert len(texts) == TOPICS
    return Frozen(command, forum, config, mine / "snapshots" / "one", texts, tmp_path / "theirs")


def test_every_row_is_filled_in_with_the_words_that_it_had(frozen: Frozen) -> None:
    assert not [p for p in frozen.snapshot.rglob("*") if p.is_file() and b"jacket" in p.read_bytes()]
    done = frozen.hydrate()
    assert done.rc == 0, done.err
    assert frozen.filled() == frozen.texts
    frozen.forum.asked.clear()
    assert frozen.hydrate().rc == 0
    assert frozen.forum.asked == [], "what is there is not asked for again"


def test_what_cannot_be_filled_in_has_its_reason_and_costs_no_other_row(frozen: Frozen) -> None:
    frozen.forum.topics[1] = ["Something quite different stands here by now, and nobody complains."]
    frozen.forum.topics[2] = [None]
    frozen.forum.answers[3] = Response('{"errors": ["no"]}', 404, content_type="application/json")
    frozen.forum.answers[4] = Response("", 500)
    done = frozen.hydrate()
    assert done.rc == 3
    assert sorted(frozen.missing()) == ["deleted", "deleted", "edited", "not_asked"]
    assert list(frozen.filled().values()) == [text for text in frozen.texts.values() if str(PRICES[4]) in text]
    del frozen.forum.answers[4]
    assert frozen.hydrate().rc == 3
    assert sorted(frozen.missing()) == ["deleted", "deleted", "edited"]


def test_nobody_is_asked_whom_the_configuration_does_not_name_nor_offline(frozen: Frozen) -> None:
    assert "no benchmark there" in frozen.hydrate("--offline").err
    frozen.forum.asked.clear()
    source = frozen.config / "sources" / "discourse.toml"
    source.write_text(source.read_text(encoding="utf-8").replace('name = "hollow"', 'name = "another"'), encoding="utf-8")
    done = frozen.hydrate()
    assert (done.rc, frozen.forum.asked, frozen.filled()) == (3, [], {})
    assert "5 not: not_asked: name hollow under [[sites]] in config/sources/discourse.toml" in done.out
    assert "5 not: not_asked: its record is not here" in frozen.hydrate("--offline").out


def test_killed_in_the_middle_and_run_again_it_fills_in_all(frozen: Frozen) -> None:
    assert frozen.hydrate(failpoint="landing.landed").rc == -9
    assert frozen.hydrate().rc == 0
    assert frozen.filled() == frozen.texts


def test_a_folder_of_somebody_elses_is_not_emptied(frozen: Frozen, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("mine", encoding="utf-8")
    done = frozen.hydrate("--out", tmp_path / "work")
    assert (done.rc, (tmp_path / "work" / "thesis.txt").read_text(encoding="utf-8")) == (2, "mine")
    assert frozen.hydrate("--out", frozen.other).rc == 2, "nor the benchmark"
