"""What is read out of the JSON of a forum."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from scrapers import discourse
from scrapers.settings import Source
from thresher.errors import PayloadError, UsageError
from thresher.model import Dead, Page, Quote, Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "discourse"
FORUM = "https://forum.example.org"
SITE = discourse.Site(name="sample", base_url=FORUM)
WHOLE = {"base_url": FORUM, "first": "true", "last": "true"}


def page(body: Any, *, status: int = 200, **context: Any) -> Page:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Page(
        "discourse", "sample", f"{FORUM}/t/77.json", status, {}, raw, datetime(2026, 4, 1, tzinfo=UTC), {"base_url": FORUM, **context}
    )


def post(number: int = 2, **fields: Any) -> dict[str, Any]:
    return {
        "id": 900 + number,
        "topic_id": 5,
        "post_number": number,
        "cooked": f"<p>post {number}</p>",
        "user_id": 1,
        "version": 1,
        **fields,
    }


def parse(body: Any, **context: Any) -> dict[str, Record]:
    return {r.native_id: r for r in discourse.parse(page(body, **context)) if isinstance(r, Record)}


def dead(body: Any, **context: Any) -> list[Dead]:
    return [r for r in discourse.parse(page(body, **context)) if isinstance(r, Dead)]


@pytest.mark.parametrize("field", ["cooked", "raw"])
def test_a_quote_that_was_never_cooked_stays_apart_and_loses_its_name(field: str) -> None:
    typed = "[quote=\u201cmarianne, post:1, topic:5\u201d]\nWhich jar?\n[/quote]\n\nThe red one, as @marianne said."
    cooked = "<p>" + typed.replace("\n\n", "</p><p>").replace("\n", "<br>") + "</p>"
    posts = [post(1, username="marianne"), post(2, **{"cooked": None, field: cooked if field == "cooked" else typed})]
    answer = parse({"post_stream": {"posts": posts}, "id": 5, "title": "Jars"})["5/2"]
    assert answer.text == "> Which jar?\n\nThe red one, as @someone said."
    assert answer.quotes == (Quote("Which jar?", "5/1"),)


def test_a_mention_that_the_site_did_not_link_goes_where_it_is_a_name_and_stays_where_it_is_none() -> None:
    said = (
        "<p><span class='mention'>@Robin</span>, the <span class='mention'>@2x</span> one. <span class='mention'>@kim_l</span> has it.</p>"
    )
    posts = [post(1, username="kim_l"), post(2, cooked=said)]
    assert parse({"post_stream": {"posts": posts}, "id": 5})["5/2"].text == "@someone, the @2x one. @someone has it."


def test_posts_saved_in_another_encoding_are_joined(tmp_path: Path) -> None:
    for number, encoding in ((1, "utf-8"), (2, "utf-16"), (3, "utf-8-sig")):
        body = json.dumps(post(number, cooked=f"<p>na\u00efve {number}</p>"), ensure_ascii=False)
        (tmp_path / f"{number}.json").write_bytes(body.encode(encoding))
    (joined,) = discourse.read(tmp_path, SITE)
    assert [r.text for r in discourse.parse(joined) if isinstance(r, Record)] == ["na\u00efve 1", "na\u00efve 2", "na\u00efve 3"]


def test_json_that_is_no_unicode_is_refused_by_name() -> None:
    with pytest.raises(PayloadError, match="save it as UTF-8"):
        list(discourse.parse(page('{"post_stream": {"posts": [{"cooked": "na\u00efve"}]}}'.encode("cp1252"))))


@pytest.fixture
def topic() -> dict[str, Record]:
    return parse((FIXTURES / "topic.json").read_bytes(), **WHOLE)


def test_every_post_of_a_topic_is_a_record(topic: dict[str, Record]) -> None:
    assert {k: (r.role, r.position, r.parent_id, r.status) for k, r in topic.items()} == {
        "77/1": ("question", 1, None, "live"),
        "77/2": ("post", 2, "77/1", "live"),
        "77/3": ("post", 3, "77/1", "deleted"),
        "77/4": ("post", 4, "77/2", "removed"),
        "77/5": ("post", 5, None, "gone"),
        "77/6": ("post", 6, "77/1", "live"),
        "77/7": ("post", 7, None, "gone"),
    }
    assert {r.thread_id for r in topic.values()} == {"77"}


def test_question_has_title_text_and_what_the_topic_says(topic: dict[str, Record]) -> None:
    question = topic["77/1"]
    assert question.title == "How many r's are in strawberry?"
    assert question.text == "I asked a model **how many r\u2019s** are in strawberry. It says there are two.\n\n[image]"
    assert question.url == "https://forum.example.org/t/77/1"
    assert question.author_key == "501"
    assert question.created_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert question.edited_at is None
    assert question.marks == {
        "score": 4,
        "reactions": {"heart": 4},
        "post_id": 1001,
        "version": 1,
        "tags": ["counting", "spelling"],
        "category": 5,
        "closed": True,
        "views": 120,
        "answers": 4,
        "solved": True,
        "accepted_id": "77/2",
        "images": 1,
        "pictures": ["https://forum.example.org/uploads/a.png"],
    }


def test_accepted_reply_is_marked_and_its_quote_names_the_quoted_record(topic: dict[str, Record]) -> None:
    reply = topic["77/2"]
    assert reply.marks["accepted"] is True
    assert reply.edited_at == datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert reply.quotes == (Quote("It says there are two.", of="77/1"),)
    assert reply.text == "> It says there are two.\n\nThree. Letter by letter: `s-t-r-a-w-b-e-r-r-y`, and @someone agrees."


def test_names_of_people_added_by_the_site_are_nowhere(topic: dict[str, Record]) -> None:
    assert not [r for r in topic.values() if "member" in repr(r)]


@pytest.mark.parametrize("native_id", ["77/3", "77/4", "77/5"])
def test_what_was_taken_away_keeps_no_text_and_no_author(topic: dict[str, Record], native_id: str) -> None:
    record = topic[native_id]
    assert (record.text, record.title, record.quotes, record.author_key) == ("", "", (), None)


def test_notes_of_the_site_are_records_that_say_so(topic: dict[str, Record]) -> None:
    assert topic["77/6"].marks["post_type"] == "small_action"
    assert topic["77/6"].marks["system"] is True


def test_words_of_a_deletion_count_without_its_flag() -> None:
    assert parse([post(cooked="<p>(post deleted by author)</p>")])["5/2"].status == "deleted"


@pytest.mark.parametrize(
    "wrap", [lambda p: p, lambda p: [p], lambda p: {"latest_posts": [p]}, lambda p: {"post_stream": {"posts": [p]}, "id": 5}]
)
def test_posts_are_found_in_every_wrapping(wrap: Any) -> None:
    assert list(parse(wrap(post()))) == ["5/2"]


def test_later_part_of_a_topic_takes_title_and_acceptance_from_the_context() -> None:
    context = json.dumps({"id": 5, "title": "T", "accepted_answers": [{"post_number": 21}]})
    records = parse({"post_stream": {"posts": [post(21), post(23)]}}, topic=context, after="20")
    assert records["5/21"].marks["accepted"] is True
    assert records["5/22"].status == "gone"
    assert list(records) == ["5/21", "5/23", "5/22"]


def test_several_accepted_answers_are_all_marked() -> None:
    body = {
        "id": 5,
        "title": "T",
        "accepted_answers": [{"post_number": 3}, {"post_number": 2}],
        "post_stream": {"posts": [post(1), post(2), post(3)]},
    }
    records = parse(body)
    assert [r.marks.get("accepted") for r in records.values()] == [None, True, True]
    assert records["5/1"].marks["accepted_id"] == "5/2"


def test_newest_version_of_a_repeated_post_counts_and_the_other_is_counted() -> None:
    body = [post(version=2, cooked="<p>new</p>"), post(), post(3)]
    assert {k: r.text for k, r in parse(body).items()} == {"5/2": "new", "5/3": "post 3"}
    assert [d.reason for d in dead(body)] == ["repeated"]
    assert parse(list(reversed(body)))["5/2"].text == "new"


def test_one_bad_post_costs_only_itself() -> None:
    posts: list[Any] = [post(n) for n in range(1, 1001)]
    posts[10:14] = [None, {"id": 4}, post(13, cooked=None), post(14, post_number="x")]
    assert len(parse(posts)) == 996
    assert [d.reason for d in dead(posts)] == ["not_a_post", "no_identity", "no_text", "no_identity"]


def test_bad_post_of_a_whole_topic_is_not_taken_for_a_deleted_one() -> None:
    body = {"id": 5, "title": "T", "post_stream": {"posts": [post(1), post(2, cooked=None), post(3)]}}
    assert list(parse(body, first="true", last="true")) == ["5/1", "5/3"]


def test_changed_types_and_unknown_fields_are_borne() -> None:
    record = parse(
        [
            post(
                id="902",
                topic_id="5",
                post_number="2",
                version="1",
                user_id="7",
                actions_summary={},
                reactions=None,
                reply_to_post_number="1",
                zzz=[{}],
            )
        ]
    )["5/2"]
    assert (record.author_key, record.marks["post_id"], record.parent_id) == ("7", 902, "5/1")


@pytest.mark.parametrize("when", [None, "", "yesterday", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", 5])
def test_impossible_time_is_no_time(when: object) -> None:
    assert parse([post(created_at=when)])["5/2"].created_at is None


def test_lone_surrogates_and_hidden_characters_do_not_reach_a_record() -> None:
    head = {
        "id": 5,
        "title": "a\ud800\u202e",
        "tags": ["x\ud800"],
        "post_stream": {"posts": [post(1, cooked="<p>b\ud800\x00\U000e0041</p>", user_id=None, username="c\ud800")]},
    }
    record = parse(head)["5/1"]
    assert (record.title, record.text, record.author_key, record.marks["tags"]) == ("a\ufffd", "b\ufffd\ufffd", "c\ufffd", ["x\ufffd"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1",
        b"<!DOCTYPE html><title>Just a moment...</title>",
        b'"x"',
        b"3",
        b'{"errors": ["no"]}',
        b'{"post_stream": []}',
        b'{"a":' * 5000,
    ],
)
def test_body_that_is_no_posts_is_a_payload_error(body: bytes) -> None:
    with pytest.raises(PayloadError):
        list(discourse.parse(page(body)))


@pytest.mark.parametrize("status", [403, 451])
def test_topic_that_we_may_not_see_says_nothing_of_its_posts(status: int) -> None:
    with pytest.raises(PayloadError, match="what is stored of it stays"):
        list(discourse.parse(page(b"<html>", status=status, topic='{"id": 5}', asked="5/3;5/4")))


@pytest.mark.parametrize("status", [404, 410])
def test_topic_that_is_gone_gives_gone_records(status: int) -> None:
    found = list(discourse.parse(page(b"<html>", status=status, topic='{"id": 5}', asked="5/3;5/4")))
    assert [(r.native_id, r.status, dict(r.marks)) for r in found if isinstance(r, Record)] == [
        (f"5/{n}", "gone", {"thread_gone": True}) for n in (1, 3, 4)
    ]


def test_absurd_gap_is_a_dead_letter_and_no_million_records() -> None:
    body = {"id": 5, "title": "T", "post_stream": {"posts": [post(1), post(10**9)]}}
    results = list(discourse.parse(page(body, first="true", last="true")))
    assert [r.reason for r in results if isinstance(r, Dead)] == ["number_gap"]
    assert len(results) == 3


def test_rights_come_from_the_site() -> None:
    record = parse([post()], licence="CC-BY-4.0", licence_evidence="https://forum.example.org/tos", export_class="full")["5/2"]
    assert (record.licence, record.licence_evidence, record.export_class) == ("CC-BY-4.0", "https://forum.example.org/tos", "full")
    assert parse([post()])["5/2"].export_class == "id_only"


def test_text_may_only_leave_with_a_licence_and_its_evidence() -> None:
    with pytest.raises(ValidationError, match="licence_evidence"):
        discourse.Site(name="x", base_url=FORUM, export_class="full")


def test_folder_of_posts_is_read_topic_by_topic(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.json").write_text(json.dumps(post(number)), encoding="utf-8-sig")
    (tmp_path / "other.json").write_text(json.dumps(post(1, topic_id=6)), encoding="utf-8")
    (tmp_path / "topic.json").write_bytes((FIXTURES / "topic.json").read_bytes())
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    pages = list(discourse.read(tmp_path, SITE))
    assert [p.url for p in pages] == [
        "file:broken.json",
        "file:topic.json",
        "https://forum.example.org/t/5",
        "https://forum.example.org/t/6",
    ]
    assert [r.native_id for p in pages[2:] for r in discourse.parse(p)] == ["5/1", "5/2", "6/1"]


def test_reading_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \.json file"):
        list(discourse.read(tmp_path, SITE))


def test_real_forum_is_parsed_whole(realdata: Path) -> None:
    results = [r for p in discourse.read(realdata / "discourse" / "delving_bitcoin_posts", SITE) for r in discourse.parse(p)]
    records = [r for r in results if isinstance(r, Record)]
    assert len(results) == 1123
    assert len(records) == len({r.native_id for r in records}) == 1109
    assert {r.reason for r in results if isinstance(r, Dead)} == {"repeated"}
    assert len({r.thread_id for r in records}) == 171
    assert sum(r.status == "deleted" for r in records) == 10
    assert all(r.text for r in records if r.status == "live")
    assert sum(r.edited_at is not None for r in records) > 200
    assert sum(q.of is not None for r in records for q in r.quotes) > 500
    assert not [r for r in records if r.text.startswith("<") or "<p>" in r.text]


def test_configured_sites_are_valid() -> None:
    file = Path(__file__).parents[2] / "config" / "sources" / "discourse.toml"
    source = Source(**tomllib.loads(file.read_text(encoding="utf-8")))
    sites = [discourse.Site.model_validate(site) for site in source.sites]
    assert len({site.name for site in sites}) == len(sites) >= 3
