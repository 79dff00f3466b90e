"""What models answered: in the journal, from there in the database, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store import items, pages, removal, runs, trials, verdicts
from store.curating import VerdictLog
from store.derivations import Derivation
from store.edits import Edit
from store.file.database import Database
from store.reading import rows
from store.trials import Check, Scored, Trial
from thresher.model import Candidate, Message, Page, Record

pytestmark = pytest.mark.usefixtures("lease")

DAY = datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.fixture
def filled(database: Database) -> Database:
    """Three items, each of one record."""
    records = [Record("forum", "x", f"n{n}", "", "question", f"What is {n} + {n}?", licence="cc0", export_class="full") for n in range(3)]
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        page = Page("forum", "x", "https://example.org/", 200, {}, b"1", DAY)
        pages.land_batch(con, run_id, [pages.PageResult(page, records)])
        due = [r for t in pages.unjudged_threads(con, "forum") for r in t]
        said = [Candidate(r.key, "question", (Message("user", r.text),), "r", "1", target=str(2 * int(r.native_id[1:]))) for r in due]
        items.land_outcomes(con, run_id, "forum", said, due)
    (database.folder / "archive").mkdir()
    return database


def ids(database: Database) -> list[str]:
    with database.reader() as con:
        return [row["item_id"] for row in rows(con, "SELECT item_id FROM items_current ORDER BY native_id")]


def trial(item_id: str, number: int, verdict: Any = "fail", *, model: str = "small", day: int = 0, **more: Any) -> Trial:
    at = DAY + timedelta(days=day, seconds=number)
    score = Scored("keyed", "1", verdict, "told")
    made = Trial(
        f"{item_id}{model}{day}.{number}", item_id, 1, "keyed", model, f"{model}-{day}", at.date().isoformat(), number, at.isoformat(),
        "5", "stop", 10, 0, 5, "0.0000012345", 0.5, about=("forum:x:n0",), score=score,
    )  # fmt: skip
    return replace(made, **more)


def told(database: Database, *verdicts: str | None, day: int = 0, model: str = "small") -> None:
    """One round of trials of the first item."""
    archive, item_id = database.folder / "archive", ids(database)[0]
    trials.keep(archive, [trial(item_id, n, verdict, day=day, model=model).line() for n, verdict in enumerate(verdicts)])
    trials.take_up(database, archive)


def state(database: Database, model: str = "small") -> tuple[Any, ...]:
    with database.reader() as con:
        (row,) = rows(con, "SELECT state, k, n, last_failed, failed_as FROM item_states WHERE model = ?", [model])
        return tuple(row.values())


def tier(database: Database) -> str:
    with database.reader() as con:
        return str(rows(con, "SELECT tier::VARCHAR AS tier FROM items_current ORDER BY native_id")[0]["tier"])


F, P = "fail", "pass"


def test_two_failing_trials_of_five_make_an_item_reproduced(filled: Database) -> None:
    told(filled, F, P, P, P, P)
    assert (state(filled)[:3], tier(filled)) == (("intermittent", 1, 5), "untested")
    told(filled, F, P, F, P, P, day=1)
    assert (state(filled)[:3], tier(filled)) == (("reproduced", 2, 5), "reproduced")
    assert state(filled)[3:] == ((DAY + timedelta(days=1, seconds=2)).isoformat(), "small-1")


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([(P, P)], "not reproduced"),
        ([(F, F), (F, F)], "still failing"),
        ([(F, F), (P, P)], "solved since"),
        ([(F, F), (P, F)], "intermittent"),
        ([(F, F), (P, P), (F, F)], "intermittent"),
        ([(P, P), (F, F), (F, F)], "still failing"),
        ([(F, F), (None, None)], "reproduced"),
    ],
)
def test_the_state_of_an_item_is_read_off_its_rounds(filled: Database, rounds: list[tuple[Any, ...]], expected: str) -> None:
    for day, said in enumerate(rounds):
        told(filled, *said, day=day)
    assert state(filled)[0] == expected


def test_trials_of_an_item_before_it_was_reworded_say_nothing_of_it(filled: Database) -> None:
    told(filled, F, F, F)
    told(filled, F, F, F, model="large")
    item_id = ids(filled)[0]
    log = VerdictLog(filled.folder)
    log.add([Edit(item_id, "ann", "", 1, tags=("sums",))], {item_id: ["user"]})
    verdicts.take_up(filled)
    assert tier(filled) == "reproduced"
    log.add([Edit(item_id, "ann", "", 2, ("What is 0 + 1?",), "1")], {item_id: ["user"]})
    verdicts.take_up(filled)
    with filled.reader() as con:
        assert rows(con, "FROM item_states") == []
        assert rows(con, "FROM key_queue") == []
    assert tier(filled) == "untested"
    told(filled, F, F, P, day=1000)
    assert (state(filled)[:3], tier(filled)) == (("reproduced", 2, 3), "reproduced")


def test_what_a_limit_cut_or_nobody_could_score_is_left_out_and_counted(filled: Database) -> None:
    archive, item_id = filled.folder / "archive", ids(filled)[0]
    cut = [trial(item_id, n, None, error="the answer ends early (length)").line() for n in (5, 6, 7)]
    trials.keep(archive, [*cut, trial(item_id, 8, None).line(), trial(item_id, 9, "borderline").line()])
    told(filled, F, P, P)
    with filled.reader() as con:
        (row,) = rows(con, "SELECT passed, failed, borderline, unscored, left_out, trials, usd FROM results_by_model")
    assert tuple(row.values())[:6] == (2, 1, 1, 1, 3, 8)
    assert float(row["usd"]) == pytest.approx(8 * 0.0000012345, abs=1e-12)
    assert state(filled)[:3] == ("intermittent", 1, 3)


def test_an_item_whose_scorer_refuses_its_key_does_not_count(filled: Database) -> None:
    archive, item_id = filled.folder / "archive", ids(filled)[0]
    told(filled, F, F)
    trials.keep(archive, [Check(item_id, "keyed", "keyed", "1", "fail", None, "the key is no number").line(DAY.isoformat())])
    trials.take_up(filled, archive)
    assert (state(filled)[0], tier(filled)) == ("key in question", "untested")
    with filled.reader() as con:
        assert [(r["reason"], r["why"]) for r in rows(con, "FROM key_queue")] == [("key_fails", "the key is no number")]
    trials.keep(archive, [Check(item_id, "keyed", "keyed", "2", "pass", "fail", "").line(DAY.isoformat())])
    trials.take_up(filled, archive)
    assert (state(filled)[0], tier(filled)) == ("reproduced", "reproduced")


def test_an_item_that_every_model_fails_is_looked_at_first_and_counts(filled: Database) -> None:
    told(filled, F, F)
    told(filled, F, F, model="large")
    with filled.reader() as con:
        assert [r["reason"] for r in rows(con, "FROM key_queue")] == ["all_models_fail"]
    assert (state(filled)[0], tier(filled)) == ("reproduced", "reproduced")


def test_another_verdict_on_a_kept_answer_stands_and_lines_are_taken_up_once(filled: Database) -> None:
    archive, item_id = filled.folder / "archive", ids(filled)[0]
    told(filled, F, F, P)
    assert trials.take_up(filled, archive) == 0
    trials.keep(archive, [trials.rescored(trial(item_id, 0).trial_id, Scored("keyed", "2", "pass", "units"), DAY.isoformat())])
    trials.keep(archive, [trial(ids(filled)[1], 1).line(), trial("no such item", 1).line()])
    assert trials.take_up(filled, archive) == 2
    with filled.reader() as con:
        assert [row["trials"] for row in rows(con, "FROM results_by_model ORDER BY items")] == [4]
    assert state(filled)[:3] == ("intermittent", 1, 3)
    with filled.transaction() as con:
        assert trials.replay(con, archive) == 0


def test_what_was_said_of_an_item_leaves_with_it(filled: Database) -> None:
    archive, (first, second, _) = filled.folder / "archive", ids(filled)
    other = replace(trial(second, 1), about=("forum:x:n1",))
    again = trials.rescored(trial(first, 1).trial_id, Scored(), DAY.isoformat())
    derived = Derivation(first, 1, "keyed", "small", "s", "small-1", DAY.isoformat(), "0", "0", "0", "pass", "", "k", "1", ("forum:x:n0",))
    checked = Check(first, "keyed", "k", "1", "pass", None, "").line(DAY.isoformat())
    trials.keep(archive, [trial(first, 1).line(), other.line(), again, checked, derived.line()])
    trials.take_up(filled, archive)
    with filled.transaction() as con:
        removal.blank_records(con, ["forum:x:n0"])
        trials.purge(con, archive, ["forum:x:n0"])
        left = rows(con, "SELECT item_id FROM trials UNION ALL SELECT item_id FROM scorer_checks UNION ALL SELECT item_id FROM derivations")
    assert [row["item_id"] for row in left] == [second]
    assert [line["item_id"] for line in trials.lines(archive)] == [second]


def test_an_answer_about_an_item_that_left_while_it_was_asked_is_dropped(filled: Database) -> None:
    archive, first = filled.folder / "archive", ids(filled)[0]
    with filled.transaction() as con:
        removal.blank_records(con, ["forum:x:n0"])
    trials.keep(archive, [trial(first, 1).line()])
    assert trials.take_up(filled, archive, [first]) == 0
    assert trials.lines(archive) == []


def test_a_damaged_line_is_told_and_passed_over(filled: Database) -> None:
    archive: Path = filled.folder / "archive"
    told(filled, F, F)
    with (archive / trials.FILE).open("a") as file:
        file.write('{"type": "trial"}\n')
    assert [bad.why for bad in trials.damaged_lines(archive)] == ["lacks the field 'trial_id'"]
    assert trials.take_up(filled, archive) == 0
