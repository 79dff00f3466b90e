"""Keys derived anew: what two families and a computation say of them, and that a person's word stands over it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer

from flows.line import deriving
from flows.line.workspace import Workspace
from store import evaluation, items, pages, runs, trials, verdicts
from store.curating import VerdictLog
from store.edits import Edit
from store.evaluation import Wanted
from store.file.database import Database
from store.reading import rows
from store.verdicts import Verdict
from thresher.errors import SettingsError
from thresher.model import Candidate, Message, Page, Record
from thresher.models.budget import Budget
from thresher.models.settings import Model, Models

KEYS = {
    "What is 17 * 23?": "391", "What is 19 * 21?": "398", "How many legs has an ant?": "6", "How many legs has a spider?": "9",
    "How many legs has a crab?": "10", "Why is the sky blue?": "Since air scatters blue light more than red light does.",
}  # fmt: skip
TRUTH = {"ant": "6", "spider": "8", "crab": "10"}


def answering(**wrong: str) -> Callable[[dict[str, Any]], str]:
    def answer(body: dict[str, Any]) -> str:
        animal = re.search(r"has an? (\w+)", body["messages"][-1]["content"])
        assert animal is not None, "only what is no computation is asked"
        return f"ANSWER: {wrong.get(animal[1], TRUTH[animal[1]])}"

    return answer


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    """Keyed questions, two of them computations; of each kind one key is wrong."""
    database = Database(tmp_path / "data", memory_limit="256MB")
    database.folder.mkdir()
    with database.writer():
        pass
    shutil.copytree(Path(__file__).resolve().parents[3] / "config", tmp_path / "config")
    records = [Record("forum", "x", f"n{n}", "", "question", q, licence="cc0", export_class="full") for n, q in enumerate(KEYS)]
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        page = Page("forum", "x", "https://example.org/", 200, {}, b"1", datetime(2026, 3, 1, tzinfo=UTC))
        pages.land_batch(con, run_id, [pages.PageResult(page, records)])
        due = [record for thread in pages.unjudged_threads(con, "forum") for record in thread]
        said = [
            Candidate(r.key, "question", (Message("user", r.text),), "r", "1", target=KEYS[r.text], key_status="sourced") for r in due
        ]  # fmt: skip
        items.land_outcomes(con, run_id, "forum", said, due)
    return Workspace.open(database.folder, tmp_path / "config")


def two(one: ChatServer, other: ChatServer) -> list[Model]:
    return [
        Model(name=name, endpoint=server.url, served_id="small-1", family=name, output_price=Decimal(1), tries=1)
        for name, server in (("llama", one), ("qwen", other))
    ]


def check(work: Workspace, models: list[Model], usd: str = "1") -> deriving.Checked:
    return deriving.check(work, Wanted(), models, budget=Budget(Decimal(usd)), max_output_tokens=100)


def statuses(work: Workspace) -> dict[str, str]:
    with work.database.reader() as con:
        return {row["prompt"]: row["key_status"] for row in rows(con, "SELECT prompt, key_status FROM items_current")}


def test_keys_are_agreed_or_disputed_and_a_second_check_asks_nobody(work: Workspace) -> None:
    with ChatServer(answering()) as one, ChatServer(answering(crab="8")) as other:
        checked = check(work, two(one, other))
        assert (checked.items, checked.computed, checked.asked, checked.agreed, checked.disputed) == (5, 2, 6, 2, 3)
        assert statuses(work) == {
            "What is 17 * 23?": "agreed", "What is 19 * 21?": "disputed", "How many legs has an ant?": "agreed",
            "How many legs has a spider?": "disputed", "How many legs has a crab?": "disputed", "Why is the sky blue?": "sourced",
        }  # fmt: skip
        again = check(work, two(one, other))
        assert (again.asked, again.agreed, again.disputed, one.served + other.served) == (0, 2, 3, 6)
    with work.database.reader() as con:
        queue = {row["question"]: row["why"] for row in evaluation.key_queue(con)}
    assert queue["How many legs has a crab?"] == "llama: 10 (pass); qwen: 8 (fail)"
    assert queue["What is 19 * 21?"] == "computation: 399 (fail)"


def test_the_word_of_a_person_stands_over_derivations(work: Workspace) -> None:
    with ChatServer(answering()) as one, ChatServer(answering()) as other:
        check(work, two(one, other))
        with work.database.reader() as con:
            spider = rows(con, "SELECT item_id FROM items_current WHERE prompt LIKE '%spider%'")[0]["item_id"]
        VerdictLog(work.folder).add([Verdict(spider, "verified", "ann", "nine")], {})
        verdicts.take_up(work.database)
        assert statuses(work)["How many legs has a spider?"] == "verified"
        assert check(work, two(one, other)).items == 4
    with work.database.reader() as con:
        assert spider not in {row["item_id"] for row in evaluation.key_queue(con)}


def test_a_key_that_a_person_edits_is_compared_with_the_answers_that_are_there(work: Workspace) -> None:
    with ChatServer(answering()) as one, ChatServer(answering()) as other:
        check(work, two(one, other))
        with work.database.reader() as con:
            spider = rows(con, "SELECT item_id FROM items_current WHERE prompt LIKE '%spider%'")[0]["item_id"]
        VerdictLog(work.folder).add([Edit(spider, "ann", "eight", 1, target="8")], {spider: ["user"]})
        verdicts.take_up(work.database)
        assert statuses(work)["How many legs has a spider?"] == "none"
        check(work, two(one, other))
        assert statuses(work)["How many legs has a spider?"] == "agreed"
        assert one.served + other.served == 6


def test_one_family_alone_says_nothing_and_what_the_budget_leaves_is_asked_next_time(work: Workspace) -> None:
    with ChatServer(answering()) as one, ChatServer(answering()) as other:
        models = two(one, other)
        first = check(work, models[:1])
        assert (first.agreed, first.disputed, statuses(work)["How many legs has an ant?"]) == (1, 1, "sourced")
        assert check(work, models, usd="0.0001").left == {"the budget of this run is used": 2}
        assert check(work, models).agreed == 3
    with pytest.raises(SettingsError, match="different families"):
        deriving.derivers(Models(models=tuple(models)), ["llama", "llama"])


def test_a_database_made_anew_has_the_same_derivations(work: Workspace) -> None:
    with ChatServer(answering()) as one, ChatServer(answering()) as other:
        check(work, two(one, other))
    with work.database.transaction() as con:
        before = rows(con, "FROM derivations ORDER BY ALL")
        con.execute("DELETE FROM derivations")
        trials.replay(con, work.archive)
        assert rows(con, "FROM derivations ORDER BY ALL") == before != []
