"""A site that is down, or has locked us out, does not empty the benchmark; what it really deleted leaves at once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from forum import SITE, Forum
from nights import Nights
from werkzeug import Response

Break = Callable[[Forum], None]


def status(code: int) -> Break:
    def broken(forum: Forum) -> None:
        forum.bump()
        forum.answers[0] = Response(json.dumps({"errors": ["no"]}), code, content_type="application/json")

    return broken


def all_marked_deleted(forum: Forum) -> None:
    forum.bump()
    forum.topics = {topic: [None] * len(posts) for topic, posts in forum.topics.items()}


def all_unlisted(forum: Forum) -> None:
    forum.topics = {1: forum.topics[1]}
    forum.bumped = {1: 2}


@pytest.mark.parametrize("broken", [status(404), status(410), all_marked_deleted, all_unlisted], ids=["404", "410", "marked", "unlisted"])
def test_a_forum_that_seems_to_have_deleted_all_loses_nothing_and_says_so_each_night(nights: Callable[..., Nights], broken: Break) -> None:
    line = nights(40)
    cursor = line.cursor()
    broken(line.forum)
    for _ in range(2):
        done = line.harvest()
        assert done.rc == 3
        assert f"discourse: {SITE}: " in done.err
        assert "of 40 records are not shown any more" in done.err
        assert "--accept-deletions" in done.err
        assert line.live() == 40
        assert line.cursor() == cursor
    before = line.tables()
    assert line.rebuild()["identical"]
    assert line.tables() == before


def test_a_forum_that_comes_back_is_as_if_nothing_had_been(nights: Callable[..., Nights]) -> None:
    line = nights(40)
    status(404)(line.forum)
    assert line.harvest().rc == 3
    line.forum.answers.clear()
    line.forum.topics[7] = ["Post 1 of topic 7, edited meanwhile."]
    line.well()
    assert line.live() == 40
    assert line.rows("SELECT text FROM records WHERE is_latest AND native_id = '7/1'") == [("Post 1 of topic 7, edited meanwhile.",)]
    assert line.rebuild()["identical"]


def test_what_we_may_not_see_is_not_deleted(nights: Callable[..., Nights]) -> None:
    line = nights(12)
    line.forum.bump(3)
    line.forum.answers[3] = Response("{}", 403, content_type="application/json")
    line.well()
    assert line.live() == 12
    assert line.rows("SELECT reason FROM dead_letters") == [("forbidden",)]
    cursor = line.cursor()
    status(403)(line.forum)
    assert line.harvest().rc == 1
    assert line.live() == 12
    assert line.cursor() == cursor


@pytest.mark.parametrize("count", [12, 3])
def test_a_small_site_is_not_emptied(nights: Callable[..., Nights], count: int) -> None:
    line = nights(count)
    status(404)(line.forum)
    assert line.harvest().rc == 3
    assert line.live() == count


def test_a_share_that_sites_do_delete_is_deleted_at_the_end_of_the_visit(nights: Callable[..., Nights]) -> None:
    line = nights(40, 2)
    line.forum.bump(1, 2, 3)
    del line.forum.topics[1]
    line.forum.topics[2][0] = None
    line.forum.topics[3][1] = None
    line.well()
    assert line.live() == 80 - 4, "a topic that is gone takes all its posts with it"
    assert line.rows("SELECT count(*) FROM records WHERE status <> 'live' AND (text <> '' OR author_key IS NOT NULL)") == [(0,)]
    assert line.rebuild()["identical"]


def test_a_person_lets_real_deletions_through(nights: Callable[..., Nights]) -> None:
    line = nights(40)
    status(410)(line.forum)
    assert line.harvest().rc == 3
    line.well("--accept-deletions")
    assert line.live() == 0
    assert line.rebuild()["identical"]


def test_a_site_may_be_set_to_delete_whatever_its_share(nights: Callable[..., Nights]) -> None:
    line = nights(20, max_vanished_share=1)
    status(404)(line.forum)
    line.well()
    assert line.live() == 0


@pytest.mark.parametrize("label", ["landing.landed:2", "landing.landed:5", "brake.noted", "brake.settled", "run.closing"])
def test_a_killed_visit_does_not_slip_under_the_brake_by_halves(nights: Callable[..., Nights], label: str) -> None:
    line = nights(40)
    cursor = line.cursor()
    status(404)(line.forum)
    assert line.harvest(failpoint=label, portion=7).rc == -9
    done = line.harvest(portion=7)
    assert done.rc == 3, done.err
    assert line.live() == 40
    assert line.cursor() == cursor
    assert line.rebuild()["identical"]


@pytest.mark.parametrize("label", ["landing.flushed:2", "landing.landed:2", "brake.noted", "brake.settled"])
def test_deletions_of_a_killed_visit_are_carried_out_by_the_next_one(nights: Callable[..., Nights], label: str) -> None:
    line = nights(40)
    line.forum.bump(*range(1, 8))
    for topic in range(1, 8):
        del line.forum.topics[topic]
    assert line.harvest(failpoint=label, portion=2).rc == -9
    line.well()
    assert line.live() == 33
    assert line.rebuild()["identical"]


def test_visits_that_a_budget_cuts_short_are_counted_together(nights: Callable[..., Nights]) -> None:
    line = nights(40)
    status(404)(line.forum)
    sources = line.config / "sources" / "discourse.toml"
    sources.write_text(sources.read_text(encoding="utf-8").replace("[expect]", "max_requests = 8\n[expect]"), encoding="utf-8")
    endings = [line.harvest() for _ in range(4)]
    assert [done.rc for done in endings] == [3] * 4
    assert "not shown any more" in endings[-1].err
    assert line.live() >= 40 - 10
    assert line.rebuild()["identical"]
