"""What became of posts that no listing of their site shows any more: they are asked for by id, and leave or change as in a harvest."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from nights import Nights
from werkzeug import Response

EDITED = "The second wording of this post of the hollow."
AFTERWARDS = {
    "3/1": ("live", EDITED), "4/1": ("deleted", ""), "5/1": ("gone", ""), "6/1": ("live", "Post 1 of topic 6 of the hollow."),
}  # fmt: skip


def silently_changed(line: Nights) -> None:
    """One post edited, one deleted and one topic gone, without a word of it in any listing."""
    line.forum.topics[3][0] = EDITED
    line.forum.topics[4][0] = None
    line.forum.answers[5] = Response('{"errors": ["gone"]}', 404, content_type="application/json")


def shown(line: Nights) -> dict[str, tuple[str, str]]:
    rows = line.rows("SELECT native_id, status, text FROM records WHERE is_latest AND native_id IN ('3/1', '4/1', '5/1', '6/1')")
    return {native_id: (status, text) for native_id, status, text in rows}


def asked(line: Nights) -> list[str]:
    return [path for path in line.forum.asked if path.startswith("/t/")]


def test_what_no_listing_shows_is_seen_by_asking_for_it(nights: Callable[..., Nights]) -> None:
    line = nights(40)
    silently_changed(line)
    line.well()
    assert line.live() == 40, "no harvest can see it"
    cursor = line.cursor()
    done = line.recheck()
    assert done.rc == 0, done.err
    assert shown(line) == AFTERWARDS
    assert line.rows("SELECT count(*) FROM records WHERE revision > 1") == [(3,)], "what did not change has no further revision"
    assert line.cursor() == cursor
    assert not [f for f in line.data.rglob("*") if f.is_file() and b"of topic 4 of the hollow" in f.read_bytes()]
    line.forum.asked.clear()
    assert line.recheck(after_days=7).rc == 0
    assert asked(line) == [], "everything was seen a moment ago"


def test_a_site_that_is_down_loses_nothing_by_being_asked(nights: Callable[..., Nights]) -> None:
    line = nights(40)
    line.forum.answers[0] = Response('{"errors": ["no"]}', 404, content_type="application/json")
    done = line.recheck()
    assert done.rc == 3
    assert "40 of 40 records are not shown any more" in done.err
    assert "thresher recheck discourse --accept-deletions" in done.err
    assert line.live() == 40
    assert line.recheck("--accept-deletions").rc == 0
    assert line.live() == 0


@pytest.mark.parametrize("label", ["landing.flushed:2", "brake.noted", "run.closing"])
def test_a_recheck_that_is_killed_and_given_again_ends_as_one_that_was_not(nights: Callable[..., Nights], label: str) -> None:
    line = nights(40)
    silently_changed(line)
    assert line.recheck(failpoint=label, portion=7).rc == -9
    line.forum.asked.clear()
    done = line.recheck(portion=7)
    assert done.rc == 0, done.err
    assert shown(line) == AFTERWARDS
    assert line.live() == 37
    assert line.rebuild()["identical"]


def test_a_budget_is_kept_and_the_next_night_goes_on_with_the_least_recently_seen(nights: Callable[..., Nights]) -> None:
    line = nights(12)
    sources = line.config / "sources" / "discourse.toml"
    sources.write_text(sources.read_text(encoding="utf-8").replace("[expect]", "max_requests = 6\n[expect]"), encoding="utf-8")
    line.forum.asked.clear()
    first = line.recheck()
    assert first.rc == 3
    assert "all 6 requests of this run are used" in first.err
    assert "7 records were not seen for 0 days" in first.err
    before = asked(line)
    line.forum.asked.clear()
    line.recheck()
    again = asked(line)
    assert len(before) == len(again) == 5, "robots.txt is a request, too"
    assert not set(before) & set(again)


def test_an_answer_that_never_comes_keeps_no_other_record_from_being_asked_after(nights: Callable[..., Nights]) -> None:
    line = nights(12, 12)
    silently_changed(line)
    line.forum.answers[1] = Response("no", 500)
    done = line.recheck()
    assert done.rc == 3
    assert done.err.count("12 records asked after in vain: transient: ") == 1
    assert "discourse: 12 records were not seen for 0 days" in done.err
    assert shown(line) == AFTERWARDS


def test_a_source_that_has_nothing_to_ask_by_id_is_named(nights: Callable[..., Nights]) -> None:
    line = nights(3)
    source = line.config / "sources" / "arena.toml"
    source.write_text('name = "arena"\n[[sites]]\nname = "votes"\ndataset = "org/votes"\n', encoding="utf-8")
    done = line.recheck("arena")
    assert done.rc == 2
    assert "arena: nothing that can be asked for single records" in done.err
    report = json.loads(line.recheck("--json").out)
    assert list(report["sources"]) == ["discourse"]
