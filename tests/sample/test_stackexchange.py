"""The sample Stack Exchange behaves as API 2.3 does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sample import World

Get = Callable[..., requests.Response]


def ask(get: Get, path: str, **query: Any) -> Any:
    return get("stackexchange", "/2.3" + path, **{"site": "datasci", **query}).json()


def test_answers_are_always_compressed(world: World) -> None:
    url = world.urls["stackexchange"] + "/2.3/questions?site=datasci"
    with requests.get(url, headers={"Accept-Encoding": "identity"}, stream=True, timeout=5) as answer:
        assert json.loads(gzip.decompress(answer.raw.read()))["has_more"] is False


def test_pages_by_activity_hold_every_question_once(get: Get) -> None:
    found: list[Any] = []
    page = 0
    more = True
    while more:
        page += 1
        body = ask(get, "/questions", sort="activity", order="asc", pagesize=4, page=page)
        found, more = found + body["items"], body["has_more"]
    assert len({q["question_id"] for q in found}) == len(found) > 15
    assert [q["last_activity_date"] for q in found] == sorted(q["last_activity_date"] for q in found)


def test_min_bounds_the_sort_key(get: Get) -> None:
    dates = [q["last_activity_date"] for q in ask(get, "/questions", sort="activity")["items"]]
    bound = sorted(dates)[5]
    assert min(q["last_activity_date"] for q in ask(get, "/questions", sort="activity", min=bound)["items"]) == bound


@pytest.mark.parametrize(("name", "shown"), [("default", set()), ("withbody", {"body"}), ("!made", {"body", "body_markdown"})])
def test_the_filter_decides_which_bodies_come(get: Get, name: str, shown: set[str]) -> None:
    item = ask(get, "/questions", filter=name)["items"][0]
    assert {k for k in item if k.startswith("body")} == shown


def test_answers_of_several_questions_come_in_one_call(get: Get) -> None:
    items = ask(get, "/questions/5000;5002/answers", sort="creation", order="asc")["items"]
    assert [a["answer_id"] for a in items] == [5001, 5003, 5004, 5006]
    assert [a["is_accepted"] for a in items] == [True, False, True, False]


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("/questions", {"site": "nowhere"}, "bad_parameter"),
        ("/questions", {"pagesize": 101}, "bad_parameter"),
        ("/questions", {"page": 26}, "access_denied"),
        ("/nonsense", {}, "no_method"),
    ],
)
def test_errors_are_400_with_an_object_that_names_them(get: Get, path: str, query: dict[str, Any], name: str) -> None:
    answer = get("stackexchange", "/2.3" + path, **{"site": "datasci", **query})
    assert (answer.status_code, answer.json()["error_name"]) == (400, name)


def test_a_backoff_comes_once_and_inside_a_good_answer() -> None:
    with World(faults=True) as world:
        url = world.urls["stackexchange"] + "/2.3/questions?site=datasci"
        answers = [requests.get(url, timeout=5) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 200]
    assert ["backoff" in a.json() for a in answers] == [True, False, False]


def test_a_deleted_question_is_missing_without_a_word(world: World, get: Get) -> None:
    assert ask(get, "/questions/5090", site="fieldwork")["items"]
    world.night = 2
    assert ask(get, "/questions/5090", site="fieldwork")["items"] == []


def test_an_edited_answer_moves_its_question(world: World, get: Get) -> None:
    before = ask(get, "/questions/5088", site="fieldwork")["items"][0]["last_activity_date"]
    world.night = 2
    assert ask(get, "/answers/5089", site="fieldwork")["items"][0]["last_edit_date"] > before
    assert ask(get, "/questions/5088", site="fieldwork")["items"][0]["last_activity_date"] > before


def test_titles_are_escaped_html(get: Get) -> None:
    assert "&#x27;" in ask(get, "/questions/5062", site="fieldwork")["items"][0]["title"]
