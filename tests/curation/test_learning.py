"""The queue that learns: its orders, what it says of them, and that it stays out of the way until it has verdicts enough."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from verdicts_given import LIKELY, OPEN, UNLIKELY, UNSURE, decided, read

from curation.learning import LEAST, learn, tabulate
from curation.queue import Queue


def queue(*items: dict[str, Any]) -> Queue:
    made = Queue()
    made.replace([dict(one) for one in items])
    made.learn()
    return made


def listed(made: Queue, order: Any) -> list[str]:
    return made.chosen({"state": "open"}, order=order)


def test_items_like_those_accepted_come_first_and_last_where_the_doubtful_are_asked_for() -> None:
    made = queue(*decided(), *OPEN)
    assert listed(made, "useful") == [LIKELY, UNSURE, UNLIKELY]
    assert listed(made, "doubtful") == [UNLIKELY, UNSURE, LIKELY]
    assert listed(made, "urgent") == [UNSURE, LIKELY, UNLIKELY], "the order without learning is left alone"


def test_each_item_says_how_likely_it_is_and_what_speaks_for_and_against_it() -> None:
    likely, unlikely = queue(*decided(), *OPEN).items([LIKELY, UNLIKELY])
    assert f"likely to be accepted, by {2 * LEAST} verdicts; for it: the reader's probability of a failure" in likely["learned"]
    assert "against it: the reader's probability of a failure" in unlikely["learned"]


@pytest.mark.parametrize("short", ["active", "rejected"])
def test_with_too_few_verdicts_of_either_sort_the_queue_stays_as_it_is_and_says_so(short: str) -> None:
    known = decided()
    known.remove(next(one for one in known if one["verdicts"][0]["verdict"] == short))
    made = queue(*known, *OPEN)
    assert listed(made, "useful") == listed(made, "doubtful") == listed(made, "urgent")
    told = made.learning()
    assert (told["least"], min(told["accepted"], told["rejected"])) == (LEAST, LEAST - 1)
    assert "brier" not in told
    assert made.items([LIKELY])[0]["learned"] == ""


def test_the_same_verdicts_give_the_same_order_however_they_came() -> None:
    items = [*decided(), *(read(3_000 + n, fails=n / 50) for n in range(50))]
    shuffled = random.Random(2).sample(items, len(items))
    one, other = queue(*items), queue(*shuffled)
    assert listed(one, "useful") == listed(other, "useful")
    assert one.learning() == other.learning()


def test_the_verdict_of_an_item_does_not_show_in_its_own_probability() -> None:
    odd = read(5_000, "active", report_count=100_000)  # nothing else is like it
    items = [*decided(40), odd]
    known = {one["item_id"]: one["verdicts"][0]["verdict"] == "active" for one in items}
    accepted, rejected = (learn(tabulate(items), known | {odd["item_id"]: word}) for word in (True, False))
    assert accepted is not None
    assert rejected is not None
    assert abs(accepted.chances[odd["item_id"]] - rejected.chances[odd["item_id"]]) < 0.1


def test_calibration_counts_every_decided_item_once_and_beats_the_share_alone() -> None:
    told = queue(*decided(), *OPEN).learning()
    assert sum(one["items"] for one in told["bins"]) == 2 * LEAST
    assert sum(one["accepted"] for one in told["bins"]) == LEAST
    assert told["brier"] < told["base"] == 0.25


def test_what_was_taken_back_or_said_of_the_key_alone_teaches_nothing() -> None:
    known = decided()
    gone = known[0]["verdicts"][0]
    known[0]["verdicts"] = [gone, gone | {"verdict_id": "back", "verdict": "proposed", "reason": "taken back"}]
    known[1]["verdicts"].append(known[1]["verdicts"][0] | {"verdict_id": "key", "verdict": "disputed"})
    told = queue(*known, *OPEN).learning()
    assert (told["accepted"], told["rejected"]) == (LEAST - 1, LEAST)


def test_an_item_that_a_harvest_brings_stands_in_the_middle_until_it_is_learned_of() -> None:
    made = queue(*decided(), *OPEN)
    late = read(2_004, fails=0.99)
    made.replace([*decided(), *(dict(one) for one in OPEN), late])
    assert listed(made, "useful").index(late["item_id"]) in (1, 2)
    made.learn()
    assert listed(made, "useful")[0] == late["item_id"]


def test_verdicts_that_are_given_on_the_page_teach_the_next_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [*(one | {"verdicts": []} for one in decided()), *(dict(one) for one in OPEN)])
    try:
        for one in decided():
            shown = {"item_id": one["item_id"], "version": 1, "last": ""}
            desk.json("/api/verdicts", {"verdict": one["verdicts"][0]["verdict"], "reviewer": "ann", "reason": "", "items": [shown]})
        before = desk.json("/api/queue?state=open&order=useful")
        desk.queue.learn()
        after = desk.json("/api/queue?state=open&order=useful")
        assert (before["ids"], after["ids"]) == ([UNSURE, LIKELY, UNLIKELY], [LIKELY, UNSURE, UNLIKELY])
        assert after["learning"]["accepted"] == LEAST
        assert desk.ask("/api/queue?order=best")[0] == 422
    finally:
        desk.close()
