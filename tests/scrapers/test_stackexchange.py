"""What is read out of API answers and data dumps."""

from __future__ import annotations

import json
import re
import resource
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from scrapers import stackexchange
from scrapers.settings import Source
from scrapers.stackexchange.rights import rights
from thresher.errors import PayloadError, UsageError
from thresher.model import UNREADABLE_FILE, Dead, Page, Quote, Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "stackexchange"
HOME = "https://models.example.org"
SITE = stackexchange.Site(name="models", site_url=HOME)


def page(body: Any, **context: str) -> Page:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    known = {"site_url": HOME, "export_class": "full", **context}
    return Page("stackexchange", "models", "https://api.example.org/2.3/questions", 200, {}, raw, datetime(2026, 4, 1, tzinfo=UTC), known)


def results(body: Any, **context: str) -> list[Record | Dead]:
    return list(stackexchange.parse(page(body, **context)))


def records(body: Any, **context: str) -> dict[str, Record]:
    return {r.native_id: r for r in results(body, **context) if isinstance(r, Record)}


@pytest.fixture
def questions() -> dict[str, Record]:
    return records((FIXTURES / "questions.json").read_bytes())


@pytest.fixture
def answers() -> dict[str, Record]:
    return records((FIXTURES / "answers.json").read_bytes(), titles='{"10": "Why can&#39;t it count?"}')


@pytest.fixture
def dump() -> list[Record | Dead]:
    return [r for p in stackexchange.read(FIXTURES / "Posts.xml", SITE) for r in stackexchange.parse(p)]


def test_question_is_a_record_with_its_marks(questions: dict[str, Record]) -> None:
    question = questions["10"]
    assert (question.role, question.thread_id, question.parent_id, question.title) == ("question", "10", None, "Why can't it count <r>?")
    assert question.text == (
        "The model said:\n\n> Strawberry has 2 r's.\n\nLet $n_r = 3$. See [another question](https://models.example.org/q/9).\n\n"
        "```py\nprint('strawberry'.count('r'))\n```"
    )
    assert question.quotes == (Quote("Strawberry has 2 r's."),)
    assert question.marks == {
        "score": 7,
        "tags": ["counting", "tokens"],
        "accepted_id": "12",
        "solved": True,
        "answers": 2,
        "views": 90,
        "code_blocks": 1,
        "links": ["https://models.example.org/q/9"],
    }
    assert (question.author_key, question.edited_at) == ("40", datetime(2026, 3, 3, 15, tzinfo=UTC))
    assert question.edited_at is not None
    assert question.created_at == datetime.fromtimestamp(1772500000, UTC)


def test_answer_belongs_to_its_question(answers: dict[str, Record]) -> None:
    answer = answers["12"]
    assert (answer.role, answer.thread_id, answer.parent_id, answer.title, answer.url) == (
        "answer",
        "10",
        "10",
        "",
        "https://models.example.org/a/12",
    )
    assert answer.marks == {"score": 9, "accepted": True}
    assert answers["13"].marks == {"score": 0}


def test_attribution_names_site_question_and_links_and_no_person(questions: dict[str, Record], answers: dict[str, Record]) -> None:
    assert answers["12"].attribution == (
        'models.example.org, "Why can\'t it count?", https://models.example.org/a/12, '
        "by the author at https://models.example.org/users/42, CC-BY-SA-4.0"
    )
    assert questions["11"].attribution.endswith(
        "https://models.example.org/q/11, by an author whose account no longer exists, CC-BY-SA-2.5"
    )
    assert "Sample" not in repr([*questions.values(), *answers.values()])


def test_closed_question_says_why(questions: dict[str, Record]) -> None:
    assert questions["11"].marks["closed"] == "Opinion-based"


def test_comment_without_licence_may_not_leave(answers: dict[str, Record]) -> None:
    comment = answers["c5"]
    assert (comment.role, comment.parent_id, comment.text) == ("comment", "12", "@someone exactly so.")
    assert (comment.licence, comment.export_class, comment.attribution) == ("unknown", "id_only", "")


def test_comment_with_a_licence_may() -> None:
    comment = records({"items": [{"comment_id": 5, "post_id": 12, "body": "so", "content_license": "CC BY-SA 4.0"}]})["c5"]
    assert (comment.licence, comment.export_class) == ("CC-BY-SA-4.0", "full")


@pytest.mark.parametrize(
    ("named", "day", "licence", "export_class"),
    [
        ("CC BY-SA 4.0", "2010-01-01", "CC-BY-SA-4.0", "full"),
        ("CC BY-SA 2.5", "2026-01-01", "CC-BY-SA-2.5", "full"),
        (None, "2011-04-07", "CC-BY-SA-2.5", "full"),
        (None, "2011-04-08", "CC-BY-SA-3.0", "full"),
        (None, "2018-05-01", "CC-BY-SA-3.0", "full"),
        (None, "2018-05-02", "CC-BY-SA-4.0", "full"),
        (None, None, "unknown", "id_only"),
        ("All rights reserved", "2026-01-01", "unknown", "id_only"),
    ],
)
def test_licence_is_the_named_one_or_that_of_the_day(named: str | None, day: str | None, licence: str, export_class: str) -> None:
    created = datetime.fromisoformat(f"{day}T00:00:00+00:00") if day else None
    granted = rights(named, created, evidence="e", export_class="full")
    assert (granted["licence"], granted["export_class"]) == (licence, export_class)


def test_answers_and_comments_nested_in_a_question_are_found() -> None:
    comment = {"comment_id": 3, "post_id": 2, "body": "c"}
    nested = {
        "question_id": 1,
        "title": "T",
        "body": "q",
        "answers": [{"answer_id": 2, "question_id": 1, "body": "a", "comments": [comment]}],
    }
    found = records({"items": [nested]})
    assert list(found) == ["1", "2", "c3"]


def test_what_is_no_post_is_a_dead_letter() -> None:
    assert [
        r.reason
        for r in results({"items": [{"user_id": 1}, None, {"answer_id": 1}, {"question_id": "x"}, {"comment_id": 2}]})
        if isinstance(r, Dead)
    ] == [
        "not_a_post",
        "not_a_post",
        "no_identity",
        "no_identity",
        "no_identity",
    ]


def test_one_bad_item_in_a_thousand_costs_only_itself() -> None:
    items: list[Any] = [{"question_id": i, "title": "t", "body": "b"} for i in range(1, 1001)]
    items[500] = {"question_id": None}
    assert len(records({"items": items})) == 999


def test_item_without_a_body_says_so(questions: dict[str, Record]) -> None:
    record = records({"items": [{"question_id": 1, "title": "Only a title"}]})["1"]
    assert (record.text, record.title, record.marks["no_body"]) == ("", "Only a title", True)
    assert "no_body" not in questions["10"].marks


def test_changed_types_are_borne() -> None:
    item: dict[str, Any] = {
        "question_id": "1",
        "title": None,
        "body": "b",
        "tags": None,
        "owner": None,
        "score": "3",
        "creation_date": "soon",
        "accepted_answer_id": "4",
        "zzz": {},
    }
    record = records({"items": [item]})["1"]
    assert (record.marks, record.created_at, record.author_key) == ({"score": 3, "accepted_id": "4", "solved": True}, None, None)


@pytest.mark.parametrize("when", [-1, 10**12, 10**400, 1e308, True, None])
def test_impossible_time_is_no_time(when: object) -> None:
    assert records(json.dumps({"items": [{"question_id": 1, "body": "b", "creation_date": when}]}).encode())["1"].created_at is None


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"<html>", b'{"items": {}}', b'{"items": [', b"[" * 100_000])
def test_body_that_is_no_wrapper_is_a_payload_error(body: bytes) -> None:
    with pytest.raises(PayloadError):
        results(body)


def test_error_of_the_api_is_named() -> None:
    with pytest.raises(PayloadError, match=r"throttle_violation \(502\): too many") as caught:
        results({"error_id": 502, "error_name": "throttle_violation", "error_message": "too many requests"})
    assert caught.value.reason == "api_error"


def test_asked_for_and_missing_is_gone() -> None:
    found = records({"items": [{"answer_id": 2, "question_id": 1, "body": "a"}]}, asked="2;3")
    assert {k: r.status for k, r in found.items()} == {"2": "live", "3": "gone"}


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("ai", "https://ai.stackexchange.com"),
        ("stackoverflow", "https://stackoverflow.com"),
        ("es.stackoverflow", "https://es.stackoverflow.com"),
        ("meta.stackoverflow", "https://meta.stackoverflow.com"),
        ("ai.meta", "https://ai.meta.stackexchange.com"),
        ("mathoverflow.net", "https://mathoverflow.net"),
    ],
)
def test_home_of_a_site_follows_from_its_name(name: str, home: str) -> None:
    assert stackexchange.Site(name=name).home == home


# Dumps


def test_rows_of_a_dump_are_records_or_dead_letters(dump: list[Record | Dead]) -> None:
    assert [(r.native_id, r.reason if isinstance(r, Dead) else r.role) for r in dump] == [
        ("1", "question"),
        ("2", "answer"),
        ("3", "bad_row"),
        ("4", "post"),
        ("5", "no_text"),
        ("6", "answer"),
    ]


def test_question_of_a_dump_has_its_marks(dump: list[Record | Dead]) -> None:
    question = dump[0]
    assert isinstance(question, Record)
    assert (question.title, question.text, question.thread_id) == ("Counting & spelling", "How do I count letters?", "1")
    assert question.marks == {
        "score": 20,
        "tags": ["counting", "r"],
        "accepted_id": "2",
        "solved": True,
        "answers": 1,
        "views": 130,
        "closed": "closed",
    }
    assert (question.licence, question.licence_evidence) == ("CC-BY-SA-3.0", "ContentLicense of the row in the data dump")
    assert question.created_at == datetime(2015, 1, 27, 20, 9, 32, 720000, UTC)


def test_answer_of_a_dump_has_parent_author_and_licence_of_its_day(dump: list[Record | Dead]) -> None:
    licences = [(r.parent_id, r.author_key, r.licence) for r in dump if isinstance(r, Record) and r.role == "answer"]
    assert licences == [("1", "somebody", "CC-BY-SA-4.0"), ("1", "7", "CC-BY-SA-2.5")]


def test_tag_wiki_is_a_record_that_says_what_it_is(dump: list[Record | Dead]) -> None:
    wiki = dump[3]
    assert isinstance(wiki, Record)
    assert wiki.marks == {"score": 0, "post_type": "tag_wiki", "tags": ["counting"]}


def test_rows_need_no_lines_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "Posts.xml"
    file.write_bytes(b"<posts>" + b"".join(b'<row Id="%d" PostTypeId="1" Body="a > b />"/>' % i for i in range(1, 1203)) + b"</posts>")
    pages = list(stackexchange.read(file, SITE))
    assert [p.body.count(b"<row") for p in pages] == [500, 500, 202]
    assert [r.native_id for p in pages for r in stackexchange.parse(p)] == [str(i) for i in range(1, 1203)]


@pytest.mark.parametrize("inside", [b'<!DOCTYPE posts [<!ENTITY x SYSTEM "file:///etc/hostname">]><posts>', b"<posts>"])
def test_entities_of_a_dump_are_never_resolved(tmp_path: Path, inside: bytes) -> None:
    file = tmp_path / "Posts.xml"
    file.write_bytes(
        inside
        + b'<row Id="1" PostTypeId="1" Body="&x;"/><row Id="2" PostTypeId="1" Body="\xff"/><row Id="3" PostTypeId="1" Body="ok"/></posts>'
    )
    found = [r for p in stackexchange.read(file, SITE) for r in stackexchange.parse(p)]
    assert [r.reason if isinstance(r, Dead) else r.text for r in found] == ["bad_row", "ÿ", "ok"]


DUMP = (
    '<?xml version="1.0" encoding="{encoding}"?>\n<!-- licensed; each <row Id="7" PostTypeId="1" Body="no"/> is a post -->\n<posts>\n'
    '  <row Id="1" PostTypeId="1" Body="Où est le café ?" Title="Café" />\n  <!-- <row Id="8" /> -->\n'
    '  <row Id="2" PostTypeId="2" ParentId="1" Body="Là." />\n</posts>\n'
)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16"),
     ("cp1252", "windows-1252"), ("latin-1", "iso-8859-1"), ("cp1252", "utf-8")],
)  # fmt: skip
def test_a_dump_is_read_in_whatever_it_is_written_in_and_without_its_comments(tmp_path: Path, encoding: str, declared: str) -> None:
    file = tmp_path / "Posts.xml"
    file.write_bytes(DUMP.format(encoding=declared).encode(encoding))
    found = [r for p in stackexchange.read(file, SITE) for r in stackexchange.parse(p)]
    assert [(r.native_id, r.text) for r in found if isinstance(r, Record)] == [("1", "Où est le café ?"), ("2", "Là.")]
    assert len(found) == 2


@pytest.mark.parametrize(("declared", "said"), [("klingon-8", "klingon-8"), ("utf-16", "utf-16")])
def test_a_dump_that_is_not_what_it_says_is_refused_by_the_name_of_its_encoding(tmp_path: Path, declared: str, said: str) -> None:
    file = tmp_path / "Posts.xml"
    body = DUMP.format(encoding=declared).encode("utf-16" if declared == "utf-16" else "utf-8")
    file.write_bytes(body + (b"\xd8\xd8" if declared == "utf-16" else b""))
    *_, page = stackexchange.read(file, SITE)
    assert re.search(f"{said}.*save it as UTF-8", page.context[UNREADABLE_FILE])


def test_characters_that_xml_forbids_cost_no_row(tmp_path: Path) -> None:
    file = tmp_path / "Posts.xml"
    file.write_bytes(
        b'<posts><row Id="1" PostTypeId="1" Body="&lt;p&gt;Press &#x0E;&#27;K.&lt;/p&gt;"/>'
        b'<row Id="2" PostTypeId="1" Body="&lt;p&gt;page one&#xC;page two&#12;three\x0bfour&lt;/p&gt;"/>'
        b'<row Id="3" PostTypeId="1" Body="&#xD800;&#xFFFE;a&#x9;b&#xA;c"/></posts>'
    )
    texts = [r.text for p in stackexchange.read(file, SITE) for r in stackexchange.parse(p) if isinstance(r, Record)]
    assert texts == ["Press K.", "page one page two three four", "a\tb\nc"]


def test_files_are_asked_of_which_site_they_are_and_a_site_has_one_name() -> None:
    with pytest.raises(UsageError, match="give --site NAME"):
        stackexchange.Site.name_for_files("dump_coffee.stackexchange", {})
    assert stackexchange.Site.name_for_files("Posts", {"site_url": "https://coffee.stackexchange.com"}) == "coffee"
    for name, short in (
        ("coffee.stackexchange.com", "coffee"),
        ("stackoverflow.com", "stackoverflow"),
        ("mathoverflow.net", "mathoverflow.net"),
    ):
        assert stackexchange.Site(name=name).name == short
    with pytest.raises(ValidationError):
        stackexchange.Site(name="Coffee Site")


def test_what_somebody_wrote_behind_an_at_sign_stays_and_names_go() -> None:
    def text(body: str) -> str:
        return records({"items": [{"comment_id": 5, "post_id": 12, "body": body, "content_license": "CC BY-SA 4.0"}]})["c5"].text

    assert text("@2x images need <code>@media</code> rules, @robin: mail a@example.org") == (
        "@2x images need `@media` rules, @robin: mail a@example.org"
    )
    assert text("@robin, so it is") == "@someone, so it is"


def test_row_without_end_costs_little(tmp_path: Path) -> None:
    file = tmp_path / "Posts.xml"
    file.write_bytes(b'<posts><row Id="1" PostTypeId="1" Body="' + b"x" * 9_000_000 + b'<row Id="2" PostTypeId="1" Body="ok"/></posts>')
    pages = list(stackexchange.read(file, SITE))
    assert max(len(p.body) for p in pages) < 4 * 2**20
    assert [r.native_id for p in pages for r in stackexchange.parse(p)] == ["1", "2"]


def big_dump(file: Path, size: int) -> int:
    body = "&lt;p&gt;" + "word " * 180 + "&lt;/p&gt;&#xA;"
    rows = size // 1000
    with file.open("w", encoding="utf-8") as out:
        out.write('\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n')
        out.writelines(
            f'  <row Id="{i}" PostTypeId="2" ParentId="1" CreationDate="2020-01-01T00:00:00.000" Body="{body}" />\n'
            for i in range(1, rows + 1)
        )
        out.write("</posts>")
    return rows


def test_large_dump_is_read_in_flat_memory(tmp_path: Path) -> None:
    file = tmp_path / "Posts.xml"
    rows = big_dump(file, 60 * 2**20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counted = sum(p.body.count(b"<row") for p in stackexchange.read(file, SITE))
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert counted == rows
    assert grown_kib < 30 * 1024


def test_other_files_of_a_dump_are_left_out_and_alone_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "Users.xml").write_text("<users><row Id='1'/></users>")
    with pytest.raises(UsageError, match="a dump of users"):
        list(stackexchange.read(tmp_path, SITE))
    (tmp_path / "Posts.xml").write_bytes((FIXTURES / "Posts.xml").read_bytes())
    (tmp_path / "answers.json").write_bytes((FIXTURES / "answers.json").read_bytes())
    assert [p.url for p in stackexchange.read(tmp_path, SITE)] == ["file:Posts.xml#1", "file:answers.json"]


def test_reading_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no \.xml or \.json file"):
        list(stackexchange.read(tmp_path, SITE))


# Real data


def test_real_dump_is_parsed_whole(realdata: Path) -> None:
    site = stackexchange.Site(name="coffee")
    found = [r for p in stackexchange.read(realdata / "stackexchange" / "dump_coffee.stackexchange", site) for r in stackexchange.parse(p)]
    assert Counter(r.role for r in found if isinstance(r, Record)) == {"question": 225, "answer": 327, "post": 40}
    assert len(found) == 592
    posts = [r for r in found if isinstance(r, Record)]
    ids = {r.native_id for r in posts}
    assert sum("accepted_id" in r.marks for r in posts) == 105
    assert all(r.marks["accepted_id"] in ids for r in posts if "accepted_id" in r.marks)
    assert sum("closed" in r.marks for r in posts) == 14
    assert sum(r.marks["score"] < 0 for r in posts) == 11
    assert {r.marks["post_type"] for r in posts if r.role == "post"} == {"tag_wiki", "tag_wiki_excerpt"}
    assert all(r.text for r in posts if r.role != "post")
    assert {r.licence for r in posts} == {"CC-BY-SA-3.0"}


def api_pages(realdata: Path) -> Iterator[Page]:
    site = stackexchange.Site(name="stackoverflow")
    for folder in ("api_2.x_decoded_bodies", "ruby_stackoverflow_fixtures"):
        yield from stackexchange.read(realdata / "stackexchange" / folder, site)


def test_real_answers_of_the_api_are_parsed_whole(realdata: Path) -> None:
    found: Counter[str] = Counter()
    refused = []
    items = 0
    for one in api_pages(realdata):
        try:
            parsed = list(stackexchange.parse(one))
        except PayloadError as exc:
            refused.append((one.url, exc.reason))
            continue
        items += len(json.loads(one.body)["items"])
        found.update(r.reason if isinstance(r, Dead) else r.role for r in parsed)
    assert refused == [("file:INDEX.json", "not_items"), ("file:error.0.json", "api_error")]
    assert found == {"question": 49, "answer": 22, "comment": 63, "not_a_post": 84}
    assert items == sum(found.values())


def test_configured_sites_are_valid() -> None:
    file = Path(__file__).parents[2] / "config" / "sources" / "stackexchange.toml"
    source = Source(**tomllib.loads(file.read_text(encoding="utf-8")))
    sites = [stackexchange.Site.model_validate(site) for site in source.sites]
    assert len({site.name for site in sites}) == len(sites) >= 3


@pytest.mark.parametrize(
    ("title", "body", "closed"),
    [
        ("Why does it whistle?", "&lt;p&gt;It does.&lt;/p&gt;", None),
        ("Why does it whistle? [duplicate]", "&lt;p&gt;It does.&lt;/p&gt;", "closed"),
        ("Why does it whistle? [on hold]", "&lt;p&gt;It does.&lt;/p&gt;", "closed"),
        (
            "Why does it whistle?",
            "&lt;blockquote&gt;&lt;p&gt;&lt;strong&gt;Possible Duplicate:&lt;/strong&gt; another&lt;/p&gt;&lt;/blockquote&gt;",
            "closed",
        ),
    ],
)
def test_an_old_dump_says_in_title_or_text_that_a_question_is_closed(tmp_path: Path, title: str, body: str, closed: str | None) -> None:
    file = tmp_path / "Posts.xml"
    file.write_text(f'<posts>\n  <row Id="1" PostTypeId="1" Title="{title}" Body="{body}" />\n</posts>\n')
    (record,) = (r for p in stackexchange.read(file, SITE) for r in stackexchange.parse(p))
    assert isinstance(record, Record)
    assert (record.title, record.marks.get("closed")) == ("Why does it whistle?", closed)
