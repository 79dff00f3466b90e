"""What Reddit's API answers becomes Records: posts, comments, what was taken away, and bodies that are no listings."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scrapers import reddit
from thresher.errors import PayloadError
from thresher.formats.markdown import as_text, quotes
from thresher.model import Dead, Page, Quote, Record, Unread

FIXTURES = Path(__file__).parents[1] / "fixtures" / "reddit"
SITE = reddit.Site(name="modelwatch")
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def page(
    body: Any,
    *,
    url: str = "https://oauth.reddit.com/r/modelwatch/new?raw_json=1",
    status: int = 200,
    context: Mapping[str, str] | None = None,
) -> Page:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Page("reddit", "modelwatch", url, status, {}, raw, WHEN, context or {})


def listing(*children: Any, after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": list(children), "after": after}}


def post(name: str = "p1", **more: Any) -> dict[str, Any]:
    data = {
        "name": f"t3_{name}",
        "title": "A title",
        "selftext": "A text.",
        "is_self": True,
        "author": "quiet_otter",
        "created_utc": 1762000000.0,
    }
    return {"kind": "t3", "data": {**data, "edited": False, "score": 1, "num_comments": 0, **more}}


def comment(name: str = "c1", **more: Any) -> dict[str, Any]:
    data = {
        "name": f"t1_{name}",
        "body": "A text.",
        "link_id": "t3_p1",
        "parent_id": "t3_p1",
        "author": "tidy_heron",
        "created_utc": 1762000600.0,
    }
    return {"kind": "t1", "data": {**data, "edited": False, "score": 1, "replies": "", **more}}


def parsed(body: Any, **more: Any) -> dict[str, Record]:
    found = list(reddit.parse(page(body, **more)))
    assert not [result for result in found if isinstance(result, Dead)]
    return {result.native_id: result for result in found if isinstance(result, Record)}


def one(thing: dict[str, Any], **more: Any) -> Record:
    (record,) = parsed(listing(thing), **more).values()
    return record


def fixture(name: str) -> dict[str, Record]:
    return parsed((FIXTURES / name).read_bytes())


def test_a_listing_gives_each_post_once_in_its_order() -> None:
    assert list(fixture("new.json")) == [f"t3_p{n}" for n in "123456789a"]


def test_a_post_is_what_its_author_wrote() -> None:
    record = fixture("new.json")["t3_p1"]
    assert record.text == (
        'I asked the model:\n\n> How many r in strawberry?\n\nIt said **two**.\n\n```\nprint("strawberry".count("r"))  # 3 &gt; 2\n```\n\n'
        "See https://example.org/a?b=1&c=2."
    )
    assert (record.role, record.title, record.thread_id, record.parent_id) == ("post", "It cannot count r's", "t3_p1", None)
    assert record.quotes == (Quote("How many r in strawberry?"),)
    assert record.created_at == datetime(2025, 11, 1, 12, 26, 40, tzinfo=UTC)
    assert record.author_key == "t2_otter1"
    assert record.marks == {"score": 40, "comments": 3, "flair": "Fails", "links": ["https://example.org/a?b=1&c=2"]}


def test_nothing_of_reddit_leaves_but_ids() -> None:
    for name in ("new.json", "thread.json", "more.json"):
        for record in fixture(name).values():
            assert record.licence == "Reddit-User-Content"
            assert record.export_class == ("id_only" if record.status in {"live", "edited"} else "none")


def test_the_address_holds_no_word_of_the_title() -> None:
    assert fixture("new.json")["t3_p1"].url == "https://www.reddit.com/comments/p1/"
    assert fixture("thread.json")["t1_c2"].url == "https://www.reddit.com/comments/p1/_/c2/"


def test_marks_say_what_a_post_shows() -> None:
    found = fixture("new.json")
    assert found["t3_p2"].marks["images"] == 1
    assert found["t3_p3"].marks["links"] == ["https://example.org/paper"]
    assert found["t3_p4"].marks["images"] == 4
    assert found["t3_p5"].marks["poll"] == ["alpha", "beta"]
    assert found["t3_p6"].marks["crosspost"] == "t3_zz9"
    assert found["t3_p9"].marks["over_18"] is True


def test_what_was_taken_away_keeps_no_text_title_link_or_author() -> None:
    found = fixture("new.json")
    for name, status in (("t3_p7", "deleted"), ("t3_p8", "removed")):
        record = found[name]
        assert (record.status, record.text, record.title, record.author_key) == (status, "", "", None)
        assert set(record.marks) <= {"removed_by"}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"selftext": "[deleted]"}, "deleted"),
        ({"title": "[deleted by user]", "selftext": "[removed]"}, "deleted"),
        ({"selftext": "[removed]"}, "removed"),
        ({"selftext": "[ Removed by Reddit ]"}, "removed"),
        ({"removed_by_category": "automod_filtered"}, "removed"),
        ({"removed_by_category": "author"}, "deleted"),
        ({"edited": 1762003600.0}, "edited"),
        ({"edited": True}, "edited"),
        ({"author": None}, "live"),
    ],
)
def test_status_is_read_off_whatever_says_it(more: dict[str, Any], status: str) -> None:
    assert one(post(**more)).status == status


def test_an_edit_has_its_time_where_reddit_tells_it() -> None:
    assert one(post(edited=1762003600.0)).edited_at == datetime(2025, 11, 1, 13, 26, 40, tzinfo=UTC)
    assert one(post(edited=True)).edited_at is None


def test_text_of_a_deleted_account_stays_without_its_author() -> None:
    record = fixture("new.json")["t3_pa"]
    assert (record.status, record.text, record.author_key) == ("live", "Still here.", None)


def test_a_tree_of_comments_is_walked_to_its_leaves() -> None:
    found = fixture("thread.json")
    assert list(found) == ["t3_p1", "t1_c1", "t1_c2", "t1_c3", "t1_c4", "t1_c5"]
    assert [found[name].parent_id for name in list(found)[1:]] == ["t3_p1", "t1_c1", "t1_c2", "t3_p1", "t3_p1"]
    assert {record.thread_id for record in found.values()} == {"t3_p1"}
    assert [record.status for record in found.values()] == ["live", "live", "live", "deleted", "removed", "edited"]


def test_collapsed_comments_come_flat_and_their_stubs_are_no_records() -> None:
    assert {name: record.parent_id for name, record in fixture("more.json").items()} == {"t1_c8": "t1_c1", "t1_c9": "t1_c8"}


def test_a_quote_goes_on_to_the_end_of_its_paragraph() -> None:
    record = fixture("thread.json")["t1_c1"]
    assert record.text == "> It said **two**.\n> and so it did\n\nFor me it says *three*."
    assert record.quotes == (Quote("It said **two**.\nand so it did"),)


def test_pictures_and_links_of_a_comment_are_told_apart() -> None:
    record = fixture("thread.json")["t1_c5"]
    assert (record.marks["images"], record.marks["links"]) == (2, ["https://example.org/b"])
    assert (record.marks["distinguished"], record.marks["stickied"]) == ("moderator", True)


def test_entities_and_escapes_are_resolved_outside_code() -> None:
    assert fixture("thread.json")["t1_c2"].text == "Same & worse_here. `a\\_b &amp; c`"


@pytest.mark.parametrize(
    ("url", "html", "expected"),
    [
        ("https://oauth.reddit.com/r/x/new?raw_json=1", None, "a &lt; b"),
        ("https://oauth.reddit.com/r/x/new", None, "a < b"),
        ("file:///log.json", '<div class="md">', "a &lt; b"),
        ("file:///log.json", '&lt;div class="md"&gt;', "a < b"),
    ],
)
def test_the_apis_own_escapes_are_undone_where_it_was_not_asked_for_raw_json(url: str, html: str | None, expected: str) -> None:
    found = one(post(selftext="`a &lt; b`", selftext_html=html), url=url)
    assert found.text == f"`{expected}`"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a\n\n    code > here\n    more\n\nb", "a\n\n```\ncode > here\nmore\n```\n\nb"),
        ("```\n> no quote\n\\_\n```\nb\\_c", "```\n> no quote\n\\_\n```\nb_c"),
        ("- item\n\n    still the item", "- item\n\n    still the item"),
        (">!a spoiler!< and `>!code!<`", "a spoiler and `>!code!<`"),
        (">!one\n\ntwo!< three", "one\n\ntwo three"),
        (">>inner\n>outer", "> > inner\n> outer"),
        ("&#x200B;\n\nx\\^2 and \\(y^2\\)", "\u200b\n\nx^2 and \\(y^2\\)"),
        (r"2\. pears \- and \[3\] figs \(three\)\, all\! ripe\.", "2. pears - and [3] figs (three), all! ripe."),
        (r"see \(a\_b.txt\) and \(\frac{a\_1}{2}\), C:\\temp", r"see (a_b.txt) and \(\frac{a_1}{2}\), C:\temp"),
        ("one\\\ntwo\n\n`a\\`", "one\ntwo\n\n`a\\`"),
        (r"\`no code\` but `a\_b`", r"`no code` but `a\_b`"),
        (r"E = mc^(2), 2^(n+1) ^(small print)", "E = mc^2, 2^{n+1} small print"),
        ("\\> by hand\n\n&gt; by entity\n\n>:( no quote", "\\> by hand\n\n\\> by entity\n\n> :( no quote"),
        ("![gif](giphy|a1B2) ![img](x7) ![a kettle](y8)", "[image] [image] [image: a kettle]"),
        ("ask u/some_one or /u/Any-One99, not r/u/x", "ask u/someone or /u/someone, not r/u/x"),
        ("> q\n- list", "> q\n- list"),
        ("a&copy=1 &copy;", "a&copy=1 \u00a9"),
    ],
)
def test_markdown_as_text(markdown: str, text: str) -> None:
    assert as_text(markdown).strip() == text


def test_a_quote_in_a_quote_is_not_taken_for_its_words() -> None:
    assert quotes("> > old\n> new\n\nown\n\n> other") == ("new", "other")


def test_hidden_characters_and_lone_surrogates_are_cleaned() -> None:
    body = (
        b'{"kind":"Listing","data":{"children":[{"kind":"t1","data":{"name":"t1_c1","body":"a\\ud800\\u0000\\u202eb","link_id":"t3_p1"}}]}}'
    )
    assert next(iter(parsed(body).values())).text == "a\ufffdb"


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (None, "not_a_thing"),
        ({"kind": "t3"}, "not_a_thing"),
        ({"kind": "t9", "data": {"name": "t9_x"}}, "unknown_kind"),
        ({"kind": "t3", "data": {"name": 7, "title": "A", "selftext": ""}}, "no_id"),
        (post(selftext=None), "no_text"),
        (post(selftext=["a"]), "no_text"),
        (post(title={"a": 1}), "no_title"),
        (comment(body=None), "no_text"),
        (comment(link_id=None), "no_thread"),
        (comment(replies={"kind": "Listing", "data": None}), "bad_replies"),
    ],
)
def test_one_poisoned_thing_costs_nothing_else(thing: Any, reason: str) -> None:
    found = list(reddit.parse(page(listing(post("a"), thing, post("z")))))
    assert [result.reason for result in found if isinstance(result, Dead)] == [reason]
    assert {"t3_a", "t3_z"} <= {result.native_id for result in found}


@pytest.mark.parametrize(
    "more",
    [
        {"created_utc": "yesterday"},
        {"created_utc": 1e20},
        {"score": None},
        {"edited": "false"},
        {"author": {"name": "x"}},
        {"num_comments": "3"},
        {"gallery_data": [1]},
        {"poll_data": {"options": "many"}},
        {"media_metadata": [1]},
        {"link_flair_text": 5},
        {"permalink": 3},
        {"url": None, "is_self": False},
    ],
)
def test_optional_fields_of_another_type_are_left_out(more: dict[str, Any]) -> None:
    assert one(post(**more)).text == "A text."


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_body"),
        (b"<html>Our CDN was unable to reach our servers</html>", "html_body"),
        (b'{"kind": "Listing", "data": {"chil', "bad_json"),
        (b"[" * 5000, "bad_json"),
        (b"null", "not_a_listing"),
        (b"[]", "not_a_listing"),
        (b'"text"', "not_a_listing"),
        ({"kind": "wikipage", "data": {"content_md": "x"}}, "not_a_listing"),
        ({"kind": "t2", "data": {"name": "someone"}}, "not_a_listing"),
        ({"t2_abc": {"name": "someone"}}, "not_a_listing"),
        ({"message": "Forbidden", "error": 403}, "api_error"),
        ({"json": {"errors": [["RATELIMIT", "later", "ratelimit"]]}}, "api_error"),
        ({"access_token": "made-up", "token_type": "bearer"}, "token_answer"),
        ([listing(), {"message": "Not Found", "error": 404}], "api_error"),
    ],
)
def test_a_body_that_is_no_listing_says_what_it_is(body: Any, reason: str) -> None:
    with pytest.raises(PayloadError) as caught:
        list(reddit.parse(page(body)))
    assert caught.value.reason == reason
    assert "made-up" not in str(caught.value)


def test_a_refusal_is_dead_whatever_its_body() -> None:
    with pytest.raises(PayloadError, match="answered 404") as caught:
        list(reddit.parse(page({"message": "Not Found", "error": 404}, status=404)))
    assert caught.value.reason == "http_status"


def test_subreddits_and_accounts_in_an_answer_are_no_records() -> None:
    assert list(parsed(listing({"kind": "t5", "data": {"name": "t5_x"}}, post()))) == ["t3_p1"]


def test_a_gap_is_counted() -> None:
    context = {"gap": json.dumps({"from": 1762000000.0, "to": 1762003600.0})}
    *_, last = reddit.parse(page(listing(post()), context=context))
    assert isinstance(last, Dead)
    assert (last.reason, "2025-11-01T12:26:40+00:00 to 2025-11-01T13:26:40+00:00" in last.detail) == ("listing_gap", True)


def test_what_was_asked_for_and_not_answered_is_gone() -> None:
    found = parsed(listing(post("a")), context={"asked": "t3_a,t3_b,t1_c"})
    assert {name: record.status for name, record in found.items()} == {"t3_a": "live", "t3_b": "gone", "t1_c": "gone"}


def test_an_answer_that_lacks_all_says_that_all_are_gone_and_leaves_the_rest_to_the_brake() -> None:
    found = parsed(listing(), context={"asked": ",".join(f"t3_{n}" for n in range(40))})
    assert {record.status for record in found.values()} == {"gone"}
    assert len(found) == 40


def test_parsing_is_deterministic() -> None:
    assert fixture("thread.json") == fixture("thread.json")


def test_files_of_answers_are_read_in_order(tmp_path: Path) -> None:
    for name in ("new", "thread"):
        (tmp_path / f"{name}.json").write_bytes((FIXTURES / f"{name}.json").read_bytes())
    results = [list(reddit.parse(page)) for page in reddit.read(tmp_path, SITE)]
    assert [sum(isinstance(result, Record) for result in part) for part in results] == [10, 6]
    assert [part[-1] for part in results] == [Unread({"post.brand_new_field": 10}), Unread({"post.brand_new_field": 1})]


def test_recordings_are_unpacked_without_their_tokens(tmp_path: Path) -> None:
    body = json.dumps(listing(post()))
    plain = {"string": body}
    packed = {"base64_string": base64.b64encode(gzip.compress(body.encode())).decode()}
    token = {"string": '{"access_token": "made-up"}'}
    uris = (
        "https://www.reddit.com/api/v1/access_token",
        "https://oauth.reddit.com/r/x/new?raw_json=1",
        "https://oauth.reddit.com/r/x/new?raw_json=1",
    )
    recorded = [
        {"request": {"uri": uri}, "response": {"status": {"code": 200}, "headers": {"Content-Type": ["application/json"]}, "body": kept}}
        for uri, kept in zip(uris, (token, plain, packed), strict=True)
    ]
    (tmp_path / "cassette.json").write_text(json.dumps({"interactions": recorded}))
    pages = list(reddit.read(tmp_path / "cassette.json", SITE))
    assert [page.body for page in pages] == [body.encode()] * 2
    assert pages[0].headers == {"content-type": "application/json"}


def test_every_recorded_answer_is_understood_or_refused(realdata: Path) -> None:
    kinds = {"t1": 0, "t3": 0}
    refused: list[str] = []
    statuses: dict[str, int] = {}
    for found in reddit.read(realdata / "reddit" / "praw_cassettes", SITE):
        try:
            results = list(reddit.parse(found))
        except PayloadError as error:
            refused.append(error.reason)
            continue
        for result in results:
            assert isinstance(result, Record)
            kinds[result.native_id[:2]] += 1
            statuses[result.status] = statuses.get(result.status, 0) + 1
            assert result.status in {"live", "edited"} or not (result.text or result.title or result.author_key)
    assert kinds == {"t1": 3184, "t3": 1037}
    assert statuses == {"live": 3983, "edited": 193, "deleted": 36, "removed": 9}
    assert sorted(refused) == ["http_status"] * 15 + ["not_a_listing"]


def test_pictures_are_told_by_the_address_of_their_upload() -> None:
    uploads = {
        "abc": {"e": "Image", "m": "image/png"},
        "mov": {"e": "AnimatedImage", "m": "image/gif"},
        "..": {"e": "Image", "m": "image/png"},
    }
    gallery = one(post(is_self=False, url="https://www.reddit.com/gallery/p1", media_metadata=uploads))
    assert gallery.marks["pictures"] == ["https://i.redd.it/abc.png"]
    signed = "https://preview.redd.it/it-said-what-v0-xyz9.jpeg?width=1080&format=pjpg&auto=webp&s=0f1e"
    assert one(post(selftext=f"Look: {signed}")).marks["pictures"] == ["https://i.redd.it/xyz9.jpeg"]
    assert one(post(is_self=False, url="https://i.redd.it/q.jpg")).marks["pictures"] == ["https://i.redd.it/q.jpg"]
    assert "pictures" not in one(post()).marks
