"""The sample forum behaves as a Discourse does."""

from __future__ import annotations

from collections.abc import Callable

import requests

from sample import World

Get = Callable[..., requests.Response]


def test_walking_back_through_posts_finds_each_once(get: Get) -> None:
    found: list[int] = []
    before: dict[str, int] = {}
    while page := get("discourse", "/posts.json", **before).json()["latest_posts"]:
        found += [p["id"] for p in page]
        before = {"before": page[-1]["id"]}
    assert found == sorted(set(found), reverse=True)
    assert len(found) > 90


def test_latest_posts_hold_markdown_and_topic_posts_do_not(get: Get) -> None:
    assert "raw" in get("discourse", "/posts.json").json()["latest_posts"][0]
    assert "raw" not in get("discourse", "/t/202.json").json()["post_stream"]["posts"][0]
    assert "raw" in get("discourse", "/posts/1001.json").json()


def test_a_long_topic_shows_twenty_posts_and_the_ids_of_all(get: Get) -> None:
    topic = get("discourse", "/t/230.json").json()
    shown, stream = topic["post_stream"]["posts"], topic["post_stream"]["stream"]
    assert len(shown) == 20 < len(stream) == topic["posts_count"]
    rest = get("discourse", "/t/230/posts.json", **{"post_ids[]": stream[20:]}).json()["post_stream"]["posts"]
    assert [p["id"] for p in rest] == stream[20:]


def test_topic_lists_have_a_next_page(get: Get) -> None:
    first = get("discourse", "/latest.json").json()["topic_list"]
    assert first["more_topics_url"] == "/latest?page=1"
    second = get("discourse", "/latest.json", page=1).json()["topic_list"]
    assert not {t["id"] for t in first["topics"]} & {t["id"] for t in second["topics"]}
    assert "more_topics_url" not in second


def test_a_missing_topic_is_not_found_in_the_sites_own_words(get: Get) -> None:
    answer = get("discourse", "/t/999.json")
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")


def test_json_is_given_to_whom_asks_for_it(get: Get) -> None:
    assert get("discourse", "/t/201", {"Accept": "application/json"}).json()["id"] == 201
    assert get("discourse", "/t/201").headers["Content-Type"].startswith("text/html")


def test_a_quote_is_cooked_to_an_aside_with_its_source(get: Get) -> None:
    cooked = get("discourse", "/posts/1003.json").json()["cooked"]
    assert '<aside class="quote no-group" data-username="bettina_k" data-post="2" data-topic="202">' in cooked


def test_an_accepted_answer_is_marked_on_post_and_topic(get: Get) -> None:
    topic = get("discourse", "/t/204.json").json()
    assert [p["accepted_answer"] for p in topic["post_stream"]["posts"]] == [False, True, False]
    assert topic["accepted_answer"]["post_number"] == 2


def test_what_the_author_deleted_says_only_that(world: World, get: Get) -> None:
    world.night = 2
    post = get("discourse", "/posts/1052.json").json()
    assert (post["user_deleted"], post["raw"], post["version"]) == (True, "(post deleted by author)", 2)


def test_an_edit_raises_the_version_and_bumps_the_topic(world: World, get: Get) -> None:
    before = get("discourse", "/t/237.json").json()
    world.night = 2
    after = get("discourse", "/t/237.json").json()
    assert (before["post_stream"]["posts"][0]["version"], after["post_stream"]["posts"][0]["version"]) == (1, 2)
    assert after["bumped_at"] > before["bumped_at"]
