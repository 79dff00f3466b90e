"""What a reviewer does on the page that needs a run: leads completed, items merged and parted, and all of it in a rebuild."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from driver import SALT, Command

from curation.queue import Queue
from flows.cli.shared import benchmark
from flows.line.desk import AtTheDesk
from store import curating
from store.doctor import doctor
from store.file.database import Database
from store.ledger import table_hashes

POSTS = [
    {"id": "a", "text": "ChatGPT keeps hallucinating paper titles. Not one of them exists."},
    {"id": "c", "text": "Gemini keeps hallucinating book titles. Not one of them exists."},
]


@pytest.fixture
def data(command: Command, tmp_path: Path) -> Path:
    """A benchmark with leads and no item."""
    posts = tmp_path / "posts.jsonl"
    posts.write_text("".join(json.dumps(row) + "\n" for row in POSTS), encoding="utf-8")
    done = command.run("ingest", "posts", posts, "--data", tmp_path / "data", "--no-embed")
    assert done.rc == 0, done.err
    return tmp_path / "data"


@pytest.fixture
def made(data: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[AtTheDesk, Queue, Callable[[], set[str]]]:
    """The line, the queue that the page shows, and what the database has."""
    monkeypatch.setenv("THRESHER_SALT", SALT)
    work, queue = benchmark(data, None), Queue()

    def refresh(item_ids: Any, items: list[dict[str, Any]], leads: list[dict[str, Any]]) -> None:
        queue.refresh(item_ids, items)
        queue.leads = leads

    with work.database.reader() as con:
        queue.replace(curating.items(con))
        queue.leads = curating.leads(con)

    def current() -> set[str]:
        with work.database.reader() as con:
            return {row[0] for row in con.execute("SELECT item_id FROM items_current").fetchall()}

    return AtTheDesk(work, refresh), queue, current


def ids(queue: Queue) -> set[str]:
    return set(queue.chosen({}))


def test_leads_are_completed_items_merged_and_parted_and_a_rebuild_does_it_again(
    command: Command, data: Path, made: tuple[AtTheDesk, Queue, Callable[[], set[str]]]
) -> None:
    line, queue, current = made
    assert {lead["record_key"] for lead in queue.leads} == {"posts:posts:a", "posts:posts:c"}
    first = line.complete("posts:posts:a", "List five papers about tides in lakes.", "", "ann", "seen")
    second = line.complete("posts:posts:c", "Name five novels about lighthouse keepers.", "", "ann", "")
    assert queue.leads == []
    assert ids(queue) == current() == {first, second}
    (post,) = line.evidence(second)
    assert post["text"] == POSTS[1]["text"]
    (claimed,) = [post["text"][span["start"] : span["end"]] for span in post["spans"] if span["sort"] == "words"]
    assert claimed == "Not one of them exists."
    line.merge(first, second, "ann", "the same wish")
    assert {post["record_key"] for post in line.evidence(second)} == {"posts:posts:a", "posts:posts:c"}
    assert ids(queue) == current() == {second}
    assert [one["item_id"] for one in queue.items([second])[0]["merged"]] == [first]
    assert line.split(first, "ann", "taken back") == second
    assert ids(queue) == current() == {first, second}
    line.merge(second, first, "bob", "after all")
    line.split(second, "ann", "")
    line.merge(second, first, "ann", "")
    with Database(data).reader() as con:
        before = table_hashes(con)
    assert json.loads(command.run("rebuild", "--data", data, "--json").out)["identical"] is True
    with Database(data).reader() as con:
        assert table_hashes(con) == before
    assert current() == {first}
    assert doctor(data).healthy
    line.split(second, "ann", "")
    line.reopen("posts:posts:c", "ann")
    assert ids(queue) == current() == {first}
    assert [lead["record_key"] for lead in queue.leads] == ["posts:posts:c"]


def test_the_page_says_why_nothing_was_done(data: Path, tmp_path: Path, made: tuple[AtTheDesk, Queue, Callable[[], set[str]]]) -> None:
    line, queue, _ = made
    (tmp_path / "page").mkdir()
    desk = Desk(tmp_path / "page", [], line)
    desk.queue.leads = queue.leads
    asked = {"reviewer": "ann", "record_key": "posts:posts:c", "prompt": "Name"}
    try:
        assert len(desk.json("/api/leads")["leads"]) == 2
        for path, body, said in (
            ("leads/complete", asked, "too_short"), ("leads/complete", {**asked, "prompt": " "}, "give the prompt"),
            ("leads/reopen", {"reviewer": "ann", "record_key": "posts:posts:c"}, "was not completed"),
            ("merge", {"reviewer": "ann", "item_id": "a", "other_id": "b"}, "items of their own"),
            ("split", {"reviewer": "ann", "item_id": "a"}, "not merged"),
        ):  # fmt: skip
            status, text = desk.ask(f"/api/{path}", body)
            assert status == 422
            assert said in text
            assert desk.ask(f"/api/{path}", body, X_Thresher_Token="guessed")[0] == 403
        assert desk.ask("/api/picture?record=posts:posts:c&position=0")[0] == 422
        assert not (data / "verdicts.jsonl").exists()
    finally:
        desk.close()
