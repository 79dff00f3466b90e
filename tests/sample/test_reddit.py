"""The sample Reddit behaves as the real API does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import praw
import pytest
import requests

from sample import REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET, World

Get = Callable[..., requests.Response]


Ask = Callable[..., Any]


def names(listing: Any) -> list[str]:
    return [c["data"]["name"] for c in listing["data"]["children"]]


def test_without_a_token_the_answer_is_401(get: Get) -> None:
    answer = get("reddit", "/r/modelfails/new")
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized", "error": 401})


def test_wrong_credentials_get_no_token(world: World) -> None:
    url = world.urls["reddit"] + "/api/v1/access_token"
    answer = requests.post(url, data={"grant_type": "client_credentials"}, auth=("nobody", "wrong"), timeout=5)
    assert answer.status_code == 401


def test_pages_of_a_listing_hold_every_post_once_newest_first(reddit: Ask) -> None:
    found: list[str] = []
    after = None
    while True:
        page = reddit("/r/modelfails/new", limit=25, **({"after": after} if after else {}))
        found += names(page)
        after = page["data"]["after"]
        if after is None:
            break
    assert len(found) == len(set(found)) > 50
    assert [int(n[3:], 36) for n in found] == sorted((int(n[3:], 36) for n in found), reverse=True)


def test_an_after_that_is_gone_gives_an_empty_page(reddit: Ask) -> None:
    assert names(reddit("/r/modelfails/new", after="t3_zzzzzz")) == []


def test_a_subreddit_that_is_not_there_is_404(reddit: Ask) -> None:
    assert reddit("/r/nosuchplace/new") == {"message": "Not Found", "error": 404}


def test_rate_limit_headers_come_with_every_answer(world: World, reddit: Ask) -> None:
    token = {"Authorization": "bearer sample-reddit-token"}
    headers = requests.get(world.urls["reddit"] + "/r/modelfails/new", headers=token, timeout=5).headers
    assert {"x-ratelimit-used", "x-ratelimit-remaining", "x-ratelimit-reset"} <= {h.lower() for h in headers}


def test_a_tree_ends_in_a_stub_for_folded_comments(reddit: Ask) -> None:
    _, comments = reddit("/comments/1p4b36")
    stub = comments["data"]["children"][-1]
    assert stub["kind"] == "more"
    assert stub["data"]["count"] == 3
    more = reddit("/api/morechildren", link_id="t3_1p4b36", children=",".join(stub["data"]["children"]))
    assert [t["data"]["id"] for t in more["json"]["data"]["things"]] == ["ovb36b", "ovb36c", "ovb36d"]


def test_a_deep_tree_says_continue_this_thread(reddit: Ask) -> None:
    _, comments = reddit("/comments/1p4b24")
    depth, level = 0, comments
    while level["data"]["children"][0]["kind"] == "t1":
        depth, level = depth + 1, level["data"]["children"][0]["data"]["replies"]
    assert depth == 10
    assert level["data"]["children"][0]["data"]["id"] == "_"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_praw_reads_every_thread_to_its_end(world: World) -> None:
    url = world.urls["reddit"]
    client = praw.Reddit(
        client_id=REDDIT_CLIENT_ID,
        client_secret=REDDIT_CLIENT_SECRET,
        user_agent="linux:sample:1 (by /u/nobody)",
        reddit_url=url,
        oauth_url=url,
        check_for_updates=False,
    )
    for post in client.subreddit("modelfails").new(limit=None):
        post.comments.replace_more(limit=None)
        assert len(post.comments.list()) == post.num_comments


def test_half_a_surrogate_pair_travels_as_an_escape(world: World, reddit: Ask) -> None:
    token = {"Authorization": "bearer sample-reddit-token"}
    body = requests.get(world.urls["reddit"] + "/api/info?id=t3_1p4a59", headers=token, timeout=5).content
    assert rb"\ud83d" in body
    assert rb"\u202e" in body


def test_a_deleted_post_leaves_the_listing_and_keeps_an_empty_shell(world: World, reddit: Ask) -> None:
    assert "t3_1p4b44" in names(reddit("/r/modelfails/new", limit=100))
    world.night = 2
    assert "t3_1p4b44" not in names(reddit("/r/modelfails/new", limit=100))
    shell = reddit("/api/info", id="t3_1p4b44")["data"]["children"][0]["data"]
    assert (shell["author"], shell["selftext"]) == ("[deleted]", "[deleted]")


def test_a_removed_comment_says_so(world: World, reddit: Ask) -> None:
    world.night = 2
    shell = reddit("/api/info", id="t1_ova15a")["data"]["children"][0]["data"]
    assert shell["body"] == "[removed]"


def test_an_edit_shows_its_time(world: World, reddit: Ask) -> None:
    assert reddit("/api/info", id="t3_1p4b40")["data"]["children"][0]["data"]["edited"] is False
    world.night = 2
    after = reddit("/api/info", id="t3_1p4b40")["data"]["children"][0]["data"]
    assert after["edited"] > after["created_utc"]
    assert "EDIT" in after["selftext"]


def test_the_second_night_brings_newer_posts(world: World, reddit: Ask) -> None:
    before = reddit("/r/dailyassistant/new", limit=100)["data"]["children"][0]["data"]["created_utc"]
    world.night = 2
    assert reddit("/r/dailyassistant/new", limit=100)["data"]["children"][0]["data"]["created_utc"] > before
