"""``thresher leads complete``: what a person adds to a lead makes an item, survives a kill and a rebuild, and can be taken back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from driver import Command

from store.doctor import doctor
from store.file.database import Database
from store.ledger import table_hashes

KEY = "posts:posts:c"
POSTS = [
    {"id": "a", "title": "Kann nicht zählen", "text": "Ich fragte ChatGPT, und die Antwort war falsch. Es gibt keine solche Quelle."},
    {"id": "c", "text": "Gemini keeps hallucinating book titles. Not one of them exists."},
]
PROMPT = "Name five novels about lighthouse keepers with their authors; answer to joe@example.com"


@pytest.fixture(scope="module")
def made(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark with a lead and no item."""
    folder = tmp_path_factory.mktemp("leads")
    posts = folder / "posts.jsonl"
    posts.write_text("".join(json.dumps(row) + "\n" for row in POSTS), encoding="utf-8")
    done = command.run("ingest", "posts", posts, "--data", folder / "data", "--no-embed")
    assert done.rc == 0, done.err
    return folder / "data"


@pytest.fixture(scope="module")
def whole(command: Command, made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the lead completed."""
    data = Path(shutil.copytree(made, tmp_path_factory.mktemp("whole") / "data"))
    argv = ("leads", "complete", ":c", "--prompt", PROMPT, "--author", "ada", "--reason", "I saw it", "--no-embed")
    done = command.run(*argv, "--data", data)
    assert done.rc == 0, done.err
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
def leads(command: Command, data: Path) -> Callable[..., Any]:
    def run(*argv: object, failpoint: str = "") -> Any:
        return command.run("leads", *argv, "--data", data, failpoint=failpoint)

    return run


def complete(leads: Callable[..., Any], prompt: str = PROMPT, failpoint: str = "") -> Any:
    return leads("complete", ":c", "--prompt", prompt, "--author", "ada", "--reason", "I saw it", "--no-embed", failpoint=failpoint)


def stored(data: Path, sql: str) -> list[tuple[Any, ...]]:
    with Database(data).reader() as con:
        return con.execute(sql).fetchall()


def hashes(data: Path) -> dict[str, str]:
    with Database(data).reader() as con:
        return table_hashes(con)


def test_a_completed_lead_is_an_item_that_says_whose_prompt_it_is(whole: Path) -> None:
    data = whole
    ((rule, tags, messages),) = stored(data, f"SELECT rule, tags, messages FROM items WHERE lead_record = '{KEY}'")
    assert (rule, "completed_by_a_person" in tags) == ("complaint/completed", True)
    assert json.loads(messages)[0]["content"] == PROMPT.replace("joe@example.com", "[EMAIL]")
    assert stored(data, "SELECT record_key, author, reason FROM completions") == [(KEY, "ada", "I saw it")]
    assert stored(data, f"SELECT count(*) FROM leads WHERE record_key = '{KEY}'") == [(0,)]
    assert "joe@example.com" not in (data / "verdicts.jsonl").read_text(encoding="utf-8")
    assert doctor(data).healthy


def test_a_rebuild_completes_it_again_and_undoing_makes_it_a_lead_again(command: Command, leads: Callable[..., Any], data: Path) -> None:
    untouched = hashes(data)
    complete(leads)
    before = hashes(data)
    rebuilt = json.loads(command.run("rebuild", "--data", data, "--json").out)
    assert rebuilt["identical"] is True
    assert hashes(data) == before
    assert leads("complete", ":c", "--undo", "--no-embed").rc == 0
    assert stored(data, f"SELECT reason FROM leads WHERE record_key = '{KEY}'") == [("no_prompt_found",)]
    assert {name for name, value in hashes(data).items() if value != untouched[name]} <= {"items", "reports"}
    again = leads("complete", ":c", "--undo")
    assert (again.rc, "no completed lead" in again.err) == (2, True)
    assert json.loads(command.run("rebuild", "--data", data, "--json").out)["identical"] is True


@pytest.mark.parametrize("place", ["completions.complete", "store.outcomes"])
def test_a_killed_completion_that_is_repeated_ends_as_one_that_was_not(
    command: Command, leads: Callable[..., Any], data: Path, whole: Path, place: str
) -> None:
    assert complete(leads, failpoint=place).rc == -9
    again = complete(leads)  # the run that it opens takes up what was written down
    assert again.rc == 0 or "was completed by ada" in again.err, again.err
    assert hashes(data) == hashes(whole)
    assert json.loads(command.run("rebuild", "--data", data, "--json").out)["identical"] is True


def test_a_killed_undoing_that_is_repeated_makes_it_a_lead_again(command: Command, leads: Callable[..., Any], data: Path) -> None:
    complete(leads)
    assert leads("complete", ":c", "--undo", "--no-embed", failpoint="completions.reopen").rc == -9
    again = leads("complete", ":c", "--undo", "--no-embed")  # the run that it opens may have taken up what was written down
    assert again.rc == 0 or "no completed lead" in again.err, again.err
    assert stored(data, f"SELECT reason FROM leads WHERE record_key = '{KEY}'") == [("no_prompt_found",)]
    assert json.loads(command.run("rebuild", "--data", data, "--json").out)["identical"] is True


def test_what_is_no_lead_or_cannot_be_asked_is_refused_with_the_reason(leads: Callable[..., Any], data: Path, tmp_path: Path) -> None:
    wrong = {
        ("complete", "posts:posts:zz", "--prompt", "Name five novels"): "there is no record 'posts:posts:zz'",
        ("complete", KEY, "--prompt", "what"): "cannot be asked with this: too_short",
        ("complete", KEY, "--context", "a long talk about novels"): "cannot be asked with this: no_prompt_found",
        ("complete", KEY): "give what is lacking by --prompt",
        ("complete", KEY, "--prompt", "Name five", "--undo"): "or --undo alone",
        ("complete", KEY, "--prompt-file", str(tmp_path / "none")): "cannot be read as UTF-8 text",
    }
    for argv, said in wrong.items():
        done = leads(*argv)
        assert (done.rc, said in done.err) == (2, True), done.err
    complete(leads)
    assert "was completed by ada on" in complete(leads).err
    assert stored(data, "SELECT count(*) FROM completions") == [(1,)]


def test_what_was_taken_down_takes_its_completion_along(command: Command, leads: Callable[..., Any], data: Path) -> None:
    complete(leads)
    assert command.run("takedown", KEY, "--reason", "asked", "--data", data).rc == 0
    assert stored(data, "SELECT count(*) FROM completions") == [(0,)]
    assert "lighthouse" not in (data / "verdicts.jsonl").read_text(encoding="utf-8")
    assert "there is no record" in complete(leads).err


def test_leads_are_listed_by_what_they_lack_and_by_language_source_and_model(leads: Callable[..., Any]) -> None:
    def keys(*filters: str) -> list[str]:
        return [row["record_key"] for row in json.loads(leads("list", "--json", *filters).out)]

    assert KEY in keys()
    assert keys("--model", "gemini", "--missing", "no_prompt_found", "--source", "posts", "--language", "en") == [KEY]
    for other in (("--model", "claude"), ("--missing", "needs_picture"), ("--source", "reddit"), ("--language", "zh"), ("--cluster", "f")):
        assert KEY not in keys(*other)
