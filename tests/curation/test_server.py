"""The page's server: verdicts on the disk before they are answered, nobody overwritten, nothing taken from elsewhere."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, item

from store.curating import VerdictLog
from store.verdicts import Verdict
from thresher.errors import UsageError


def shown(one: dict[str, Any]) -> dict[str, Any]:
    return {"item_id": one["item_id"], "version": one["version"], "last": one.get("last", "")}


def verdict(*items: dict[str, Any], word: str = "active", reviewer: str = "ann", reason: str = "") -> dict[str, Any]:
    return {"verdict": word, "reviewer": reviewer, "reason": reason, "items": [shown(one) for one in items]}


def test_a_verdict_is_in_the_journal_when_it_is_answered(desk: Desk) -> None:
    (now,) = desk.json("/api/verdicts", verdict(item(1), reason="seen it myself"))
    (line,) = desk.lines()
    assert (line["item_id"], line["verdict"], line["author"], line["reason"]) == (item(1)["item_id"], "active", "ann", "seen it myself")
    assert (now["status"], now["last"]) == ("active", line["verdict_id"])
    left = desk.json("/api/queue?state=open&reviewer=ann")
    assert left["total"] == 4
    assert left["progress"] == {"items": 5, "open": 4, "mine": 1}


def test_of_two_who_decide_on_what_they_saw_the_second_is_told_and_overwrites_nothing(desk: Desk) -> None:
    desk.json("/api/verdicts", verdict(item(1), word="rejected", reviewer="bob"))
    status, text = desk.ask("/api/verdicts", verdict(item(1), item(2)))
    assert status == 409
    (changed,) = json.loads(text)["items"]
    assert changed["verdicts"][-1]["author"] == "bob"
    assert len(desk.lines()) == 1
    assert desk.ask("/api/verdicts", verdict(changed))[0] == 200, "whoever saw it may differ"


def test_an_item_that_changed_since_it_was_shown_is_shown_again(desk: Desk) -> None:
    desk.queue.replace([item(1, version=2, messages=[{"role": "user", "content": "What is 1 + 2?"}])])
    status, text = desk.ask("/api/verdicts", verdict(item(1)))
    assert status == 409
    assert json.loads(text)["items"][0]["messages"][0]["content"] == "What is 1 + 2?"
    assert desk.lines() == []


def test_what_another_process_decides_is_seen_and_counts(desk: Desk) -> None:
    VerdictLog(desk.folder).add([Verdict(item(3)["item_id"], "waived", "bob", "", 1)])
    assert desk.ask("/api/verdicts", verdict(item(3)))[0] == 409
    assert desk.json("/api/queue?state=waived")["ids"] == [item(3)["item_id"]]


def test_many_who_decide_at_once_each_leave_their_line(desk: Desk) -> None:
    statuses: list[int] = []

    def decide(number: int) -> None:
        statuses.append(desk.ask("/api/verdicts", verdict(item(1 + number % 5), reviewer=f"r{number}"))[0])

    threads = [threading.Thread(target=decide, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 5 + [409] * 15
    assert len({line["item_id"] for line in desk.lines()}) == len(desk.lines()) == 5


def test_undo_says_again_what_held_before_and_deletes_nothing(desk: Desk) -> None:
    (first,) = desk.json("/api/verdicts", verdict(item(1), word="rejected"))
    (second,) = desk.json("/api/verdicts", verdict(first, word="active"))
    (back,) = desk.json("/api/undo", {"reviewer": "ann", "verdicts": [second["last"]]})
    assert back["status"] == "rejected"
    (key,) = desk.json("/api/verdicts", verdict(back, word="verified"))
    assert key["key_status"] == "verified"
    (plain,) = desk.json("/api/undo", {"reviewer": "ann", "verdicts": [key["last"]]})
    assert (plain["key_status"], plain["status"]) == ("none", "rejected")
    assert [line["verdict"] for line in desk.lines()] == ["rejected", "active", "rejected", "verified", "unverified"]


def test_one_after_the_other_is_taken_back(desk: Desk) -> None:
    (first,) = desk.json("/api/verdicts", verdict(item(1), word="waived"))
    (second,) = desk.json("/api/verdicts", verdict(first, word="rejected", reason="taken back"))
    (third,) = desk.json("/api/verdicts", verdict(second, word="active"))
    for given, word in ((third, "rejected"), (second, "waived"), (first, "proposed")):
        (back,) = desk.json("/api/undo", {"reviewer": "ann", "verdicts": [given["last"]]})
        assert back["status"] == word


def test_undo_stops_where_somebody_decided_after(desk: Desk) -> None:
    (mine,) = desk.json("/api/verdicts", verdict(item(1)))
    desk.json("/api/verdicts", verdict(mine, word="rejected", reviewer="bob"))
    assert desk.ask("/api/undo", {"reviewer": "ann", "verdicts": [mine["last"]]})[0] == 409
    assert desk.ask("/api/undo", {"reviewer": "ann", "verdicts": ["nobody's"]})[0] == 404


def test_one_word_for_all_of_a_filter_and_one_undo_for_all(desk: Desk) -> None:
    asked = {"verdict": "rejected", "reviewer": "ann", "wanted": {"kind": "complaint"}, "words": "", "total": 4}
    assert desk.ask("/api/verdicts/all", asked)[0] == 409, "the filter gives five: the reviewer saw another number"
    assert desk.lines() == []
    now = desk.json("/api/verdicts/all", {**asked, "total": 5})
    assert {one["status"] for one in now} == {"rejected"}
    desk.json("/api/undo", {"reviewer": "ann", "verdicts": [one["last"] for one in now]})
    assert desk.json("/api/queue?state=open")["total"] == 5


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": ""}, {"X_Thresher_Token": ""}, {"X_Thresher_Token": "guessed"}],
)
def test_a_verdict_that_another_site_sends_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    assert desk.ask("/api/verdicts", verdict(item(1)), **headers)[0] == 403
    assert desk.lines() == []


def test_a_name_elsewhere_that_leads_here_is_refused(desk: Desk) -> None:
    assert desk.ask("/api/queue", None, Host="rebound.example")[0] == 421


@pytest.mark.parametrize(
    "body",
    [verdict(item(1), word="perfect"), verdict(item(1), reviewer=""), {**verdict(item(1)), "more": 1}, verdict(), [1], "x" * 10_000],
)
def test_a_body_that_is_none_is_refused_with_a_reason(desk: Desk, body: Any) -> None:
    status, text = desk.ask("/api/verdicts", body)
    assert status == 422
    assert json.loads(text)["detail"]
    assert desk.lines() == []


def test_what_the_benchmark_gains_is_shown_and_verdicts_that_it_lacks_stay(desk: Desk) -> None:
    desk.json("/api/verdicts", verdict(item(2)))
    desk.queue.replace([item(n) for n in range(1, 9)])
    assert desk.json("/api/queue?state=open")["total"] == 7
    assert desk.json(f"/api/items?id={item(2)['item_id']}")[0]["status"] == "active"


def test_the_queue_shows_what_was_seen_failing_first_and_says_why(tmp_path: Path) -> None:
    rare = item(1, tier="untested", key_status="sourced", kind="exercise")
    twice = item(2, tier="witnessed", report_count=2, source_count=2)
    doubted = item(3, key_status="disputed")
    desk = Desk(tmp_path, [rare, twice, doubted, item(4)])
    try:
        ids = desk.json("/api/queue")["ids"]
        assert ids == [one["item_id"] for one in (doubted, twice, item(4), rare)]
        (one,) = desk.json(f"/api/items?id={twice['item_id']}")
        assert one["why"] == "seen failing, 2 reports from 2 sources"
        assert desk.json("/api/queue?kind=exercise")["facets"]["key_status"] == [["sourced", 1]]
        assert desk.json("/api/queue?words=4+1%3F")["ids"] == [item(4)["item_id"]]
    finally:
        desk.close()


def test_a_word_that_is_no_verdict_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are: proposed"):
        VerdictLog(tmp_path).add([Verdict("x", "perfect", "ann")])
    assert not (tmp_path / "verdicts.jsonl").exists()


def edit(one: dict[str, Any], reviewer: str = "ann", **texts: Any) -> dict[str, Any]:
    return {"item": shown(one), "reviewer": reviewer, **texts}


def test_an_edit_is_a_new_version_beside_what_the_source_has(desk: Desk) -> None:
    (now,) = desk.json("/api/edits", edit(item(1), messages=["What is 1 plus 1?"], rubric="Says two.", reason="clearer"))
    assert (now["version"], now["messages"][0]["content"], now["rubric"]) == (2, "What is 1 plus 1?", "Says two.")
    assert now["harvested"]["messages"] == item(1)["messages"]
    assert now["tags"] == ["arithmetic", "edited_by_a_person"]
    (line,) = desk.lines()
    assert (line["type"], line["author"], line["reason"], line["target"]) == ("edited", "ann", "clearer", None)
    assert desk.json("/api/queue?words=plus")["ids"] == [now["item_id"]], "it is searched as it reads now"


def test_who_writes_a_key_answers_for_it_and_undo_takes_both_back(desk: Desk) -> None:
    (now,) = desk.json("/api/edits", edit(item(1), target="2"))
    assert (now["target"], now["key_status"], now["aliases"]) == ("2", "verified", [])
    (back,) = desk.json("/api/undo", {"reviewer": "ann", "verdicts": [v["verdict_id"] for v in now["verdicts"]]})
    assert (back["target"], back["key_status"], back["version"]) == ("", "none", 3)
    (again,) = desk.json("/api/edits", edit(back, tags=["carrying", "carrying", " "]))
    assert (again["tags"], again["target"]) == (["carrying"], "")


def test_of_two_who_edit_what_they_saw_the_slower_is_told(desk: Desk) -> None:
    desk.json("/api/edits", edit(item(1), rubric="of bob", reviewer="bob"))
    status, text = desk.ask("/api/edits", edit(item(1), rubric="of ann"))
    assert (status, json.loads(text)["items"][0]["rubric"]) == (409, "of bob")
    assert desk.ask("/api/verdicts", verdict(item(1)))[0] == 409, "a verdict is about the text that was on the screen"
    assert len(desk.lines()) == 1


@pytest.mark.parametrize(
    "texts",
    [{"messages": ["one", "two"]}, {"messages": [" "]}, {"rubric": ""}, {}, {"target": "x", "more": 1}, {"tags": "arithmetic"}],
)
def test_an_edit_that_makes_no_item_or_changes_nothing_is_refused(desk: Desk, texts: dict[str, Any]) -> None:
    status, text = desk.ask("/api/edits", edit(item(1), **texts))
    assert status == 422
    assert json.loads(text)["detail"]
    assert desk.lines() == []


def test_a_key_is_one_of_the_options(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [item(1, choices=["a", "b"], target="a", key_status="sourced")])
    try:
        assert desk.ask("/api/edits", edit(item(1), target="c"))[0] == 422
        assert desk.json("/api/edits", edit(item(1), target="b"))[0]["target"] == "b"
    finally:
        desk.close()


def test_personal_data_in_an_edit_is_written_nowhere(desk: Desk) -> None:
    (now,) = desk.json("/api/edits", edit(item(1), rubric="Ask jane.doe@example.com", reason="says jane.doe@example.com"))
    assert now["rubric"] == "Ask [EMAIL]"
    assert "jane.doe" not in (desk.folder / "verdicts.jsonl").read_text()


def test_second_opinions_are_asked_for_by_rule_given_blind_and_differences_are_a_queue(desk: Desk) -> None:
    desk.queue.wanted = 2
    one = item(1)["item_id"]

    def seen(reviewer: str) -> dict[str, Any]:
        return desk.json(f"/api/items?id={one}&reviewer={reviewer}")[0]  # type: ignore[no-any-return]

    def states(reviewer: str) -> dict[str, int]:
        return dict(desk.json(f"/api/queue?reviewer={reviewer}")["facets"]["state"])

    desk.json("/api/verdicts", verdict(item(1), word="rejected", reason="bad item"))
    assert (seen("ann")["status"], seen("bob")["status"], seen("bob")["verdicts"], seen("")["verdicts"]) == ("rejected", "proposed", [], [])
    assert (states("ann"), states("bob")) == ({"open": 4, "awaited": 1}, {"open": 5})
    assert "rejected" not in desk.ask(f"/api/items?id={one}&reviewer=bob")[1]
    desk.json("/api/verdicts", verdict(seen("bob"), word="active", reviewer="bob"))
    assert len(seen("bob")["verdicts"]) == len(seen("ann")["verdicts"]) == 2
    assert desk.json("/api/queue?state=disagreed&reviewer=cy")["ids"] == [one]
    told = desk.json("/api/agreement")
    assert (told["wanted"], told["items"], told["agreed"], told["pairs"][0]["first"]) == (2, 1, 0, "ann")
    desk.json("/api/verdicts", verdict(seen("cy"), word="active", reviewer="cy"))
    assert desk.json("/api/queue?state=disagreed&reviewer=cy")["total"] == 0
    assert states("cy") == {"open": 4, "active": 1}
    assert desk.json("/api/agreement")["items"] == 1, "who decides with all in view says nothing of agreement"


def test_one_opinion_too_many_is_refused_and_the_item_not_offered(desk: Desk) -> None:
    desk.queue.wanted = 2
    for reviewer in ("ann", "bob"):
        desk.json("/api/verdicts", verdict(item(1), reviewer=reviewer))
    (seen,) = desk.json(f"/api/items?id={item(1)['item_id']}&reviewer=cy")
    assert item(1)["item_id"] not in desk.json("/api/queue?state=open&reviewer=cy")["ids"]
    status, text = desk.ask("/api/verdicts", verdict(seen, word="rejected", reviewer="cy"))
    assert (status, "2 opinions (ann, bob)" in text, len(desk.lines())) == (422, True, 2)
    for_all = {"verdict": "rejected", "reviewer": "cy", "wanted": {}, "total": 5}
    assert (desk.ask("/api/verdicts/all", for_all)[0], len(desk.lines())) == (422, 2)
    assert desk.ask("/api/verdicts", verdict(seen, word="verified", reviewer="cy"))[0] == 200, "a word on the key is no opinion"


def test_the_queue_goes_on_after_an_item_that_was_decided_meanwhile(desk: Desk) -> None:
    first = desk.queue.page({"state": "open"}, limit=2)
    desk.json("/api/verdicts", verdict(item(1), item(2)))
    left = desk.json(f"/api/queue?state=open&after={first.ids[-1]}")
    assert (first.more, left["ids"], left["more"]) == (True, [item(n)["item_id"] for n in (3, 4, 5)], False)


def test_a_blind_opinion_is_taken_back_without_touching_the_other(desk: Desk) -> None:
    desk.queue.wanted = 2
    (mine,) = desk.json("/api/verdicts", verdict(item(1), word="rejected"))
    (theirs,) = desk.json("/api/verdicts", verdict(item(1), word="active", reviewer="bob"))
    (back,) = desk.json("/api/undo", {"reviewer": "ann", "verdicts": [mine["last"]]})
    assert desk.queue.items([mine["item_id"]], "bob")[0]["status"] == "active", "bob's word stands"
    assert back["status"] == "proposed", "and ann is asked again, blind"
    assert desk.json("/api/queue?state=awaited&reviewer=bob")["total"] == 1
    assert theirs["item_id"] == mine["item_id"]
