"""A benchmark whose posts a language model reads: what it did not answer is asked again, and its answers live and die with the archive."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer, post_in
from driver import Command, Done

from store.file.database import Database
from thresher.models.kept import FILE

CONFIG = Path(__file__).resolve().parents[3] / "config"
POSTS = {
    "a": 'I asked ChatGPT "Which river runs through Cork?" and it said "The zorgle Shannon, of course." Wrong, it is the Lee.',
    "b": "ChatGPT keeps making up quuxery book titles for me. Not one of them exists.",
}


def report(body: dict[str, Any]) -> dict[str, Any]:
    """What the model says of either post."""
    concrete = "Cork" in post_in(body)["text"]
    return {
        "what": "wrong", "reports_failure": "yes", "probability": 0.96, "prompt": "Which river runs through Cork?" if concrete else None,
        "prompt_sure": 0.95 if concrete else 0, "missing": "nothing" if concrete else "prompt",
        "response": "The zorgle Shannon, of course." if concrete else None, "response_words": "own" if concrete else "none",
        "response_sure": 0.95 if concrete else 0, "claim": None, "model": "ChatGPT", "kind": "factual_error", "steers": False,
    }  # fmt: skip


class Bench:
    """The command on a folder with a language model."""

    def __init__(self, command: Command, folder: Path, server: ChatServer) -> None:
        self.command, self.data, self.config, self.server = command, folder / "data", folder / "config", server
        self.config.mkdir()
        for file in CONFIG.glob("*.toml"):
            shutil.copy(file, self.config)
        shutil.copytree(CONFIG / "sources", self.config / "sources")
        self._folder = folder
        self.budget(1.0)

    def budget(self, usd: float) -> None:
        (self.config / "readers.toml").write_text(
            f'[language_model]\nendpoint = "{self.server.url}"\nserved_id = "small-1"\nask = "every"\n'
            f"input_price = 1.0\noutput_price = 1.0\nmax_usd = {usd}\nconcurrency = 1\n",
            encoding="utf-8",
        )

    def run(self, verb: str, *more: object, **limits: Any) -> Done:
        return self.command.run(verb, *more, "--data", self.data, "--config", self.config, **limits)

    def ingest(self, *ids: str, **limits: Any) -> dict[str, Any]:
        file = self._folder / f"{'-'.join(ids)}.jsonl"
        file.write_text("".join(json.dumps({"id": i, "text": POSTS[i]}) + "\n" for i in ids), encoding="utf-8")
        done = self.run("ingest", "posts", file, "--site", "mine", "--no-embed", "--json", **limits)
        assert done.rc == 0, (done.out, done.err)
        return dict(json.loads(done.out)["readers"]["language_model"])

    def readings(self) -> list[tuple[Any, ...]]:
        with Database(self.data).reader() as con:
            return con.execute("SELECT right(record_key, 1), reader, held FROM readings ORDER BY 1").fetchall()

    def is_rebuilt_identically(self) -> bool:
        done = self.run("rebuild", "--json")
        assert done.rc == 0, done.err
        shutil.rmtree(self.data / "damaged-01")
        return bool(json.loads(done.out)["identical"])


@pytest.fixture
def bench(command: Command, tmp_path: Path) -> Iterator[Bench]:
    with ChatServer(report) as server:
        yield Bench(command, tmp_path, server)


def test_what_was_not_answered_is_asked_about_in_the_next_run(bench: Bench) -> None:
    bench.server.every = "401"
    first = bench.ingest("a")
    assert (first["held"], first["usd"]) == (1, 0)
    assert "Incorrect API key" in next(iter(first["troubles"]))
    assert bench.readings() == [("a", "learned", "unavailable")]
    bench.server.every = ""
    bench.budget(0.0001)
    assert bench.ingest("a", "b")["over_budget"] == 2
    assert [held for _, _, held in bench.readings()] == ["over_budget"] * 2
    bench.budget(1.0)
    last = bench.ingest("a", "b")
    assert (last["asked"], last["answered"], last["held"]) == (2, 2, 0)
    assert last["usd"] > 0
    assert bench.readings() == [("a", "language_model", ""), ("b", "language_model", "")]
    assert bench.ingest("a", "b")["questions"] == 0


def test_a_rebuild_asks_nobody_and_a_takedown_takes_the_answers_along(bench: Bench) -> None:
    bench.ingest("a", "b")
    served = bench.server.served
    kept = (bench.data / "archive" / FILE).read_text(encoding="utf-8")
    assert "zorgle" in kept
    assert bench.is_rebuilt_identically()
    assert bench.server.served == served == 2
    done = bench.run("takedown", "posts:mine:a", "--reason", "asked by the author", "--no-embed")
    assert done.rc == 0, (done.out, done.err)
    left = (bench.data / "archive" / FILE).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["about"] for line in left] == [["posts:mine:b"]]
    assert "zorgle" not in "".join(left)
    assert bench.is_rebuilt_identically()
    assert bench.server.served == served


def test_a_run_that_is_killed_while_it_asks_pays_for_nothing_twice(bench: Bench) -> None:
    file = bench._folder / "both.jsonl"
    file.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in POSTS.items()), encoding="utf-8")
    assert bench.run("ingest", "posts", file, "--site", "mine", "--no-embed", failpoint="models.kept:1").rc == -9
    assert bench.server.served == 1
    done = bench.run("ingest", "posts", file, "--site", "mine", "--no-embed", "--json")
    told = json.loads(done.out)["readers"]["language_model"]
    assert (told["kept"], told["asked"], bench.server.served) == (1, 1, 2)
