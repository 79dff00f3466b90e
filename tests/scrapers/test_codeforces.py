"""Codeforces: what the list, statements and programs give, and how the list is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample.faults import BodyFault, Charset, SiteFault, Visit, parsed, visit
from scrapers import codeforces
from thresher.errors import PayloadError
from thresher.model import UNREADABLE_FILE, Page
from thresher.net.client import Client

FIXTURES = Path(__file__).parents[1] / "fixtures" / "codeforces"
SITE = codeforces.Site(name="codeforces", export_class="full", attribution="Codeforces (CC BY 4.0)")
OpenClient = Callable[..., Client]


def saved(name: str) -> Page:
    (page,) = codeforces.read(FIXTURES / name, SITE)
    return page


def test_a_problem_has_its_statement_its_tests_and_what_its_licence_asks_to_be_shown() -> None:
    problem = parsed(codeforces, saved("problems.jsonl")).records["9001/B"]
    assert (problem.role, problem.title, problem.thread_id) == ("problem", "Crates on the Quay", "9001/B")
    assert "There are $n$ crates" in problem.text
    assert problem.text.endswith("Time limit: 2 s. Memory limit: 256 MB.")
    assert (len(problem.marks["tests"]), problem.marks["examples"], problem.marks["tests_complete"]) == (6, 2, True)
    assert (problem.licence, problem.export_class) == ("CC-BY-4.0", "full")
    assert problem.attribution.endswith("Crates on the Quay, https://codeforces.com/problemset/problem/9001/B")


def test_tests_that_are_not_whole_are_no_key_to_a_failing_test_and_a_talk_with_the_jury_has_none() -> None:
    records = parsed(codeforces, saved("problems.jsonl")).records
    lamps, tide = records["9001/A"].marks, records["9002/D"].marks
    assert (lamps["tests"], lamps["several_outputs"], "tests_complete" in lamps) == ([["2\n", "1 2\n"]], True, False)
    assert "tests" not in tide
    assert records["9002/C"].marks["images"] == 1


def test_no_comment_of_a_program_is_kept_and_no_line_of_it_lost() -> None:
    visited = parsed(codeforces, saved("submissions.jsonl"))
    texts = "\n".join(visited.texts.values())
    for word in ("Wren", "example.org", "quaymaster", "pairs with those before", "WA on test"):
        assert word not in texts
    assert visited.records["501"].text.startswith("#include <bits/stdc++.h>\nusing namespace std;")
    assert "        seen[a]++;" in visited.records["501"].text
    assert {r.export_class for r in visited.records.values()} == {"id_only"}
    assert {r.author_key for r in visited.records.values()} == {None}


def test_only_the_tests_of_the_last_judgement_are_counted() -> None:
    records = parsed(codeforces, saved("submissions.jsonl")).records
    assert (records["504"].marks["verdict"], records["504"].marks["tests_passed"]) == ("wrong_answer", 3)
    assert "tests_passed" not in records["508"].marks


def test_what_is_no_program_says_why() -> None:
    dead = parsed(codeforces, saved("submissions.jsonl")).dead
    assert [(d.native_id, d.reason) for d in dead] == [("511", "unknown_language"), ("512", "unmapped_literal"), ("517", "no_text")]


def test_parquet_is_read_as_lines_are(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (FIXTURES / "submissions.jsonl").read_text("utf-8").splitlines()]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "part.parquet")
    (page,) = codeforces.read(tmp_path, SITE)
    told, known = parsed(codeforces, page), parsed(codeforces, saved("submissions.jsonl"))
    assert (told.records, told.dead) == (known.records, known.dead)


def test_a_file_of_something_else_costs_itself_and_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"handle": "somebody", "rating": 5}\n')
    (tmp_path / "b.jsonl").write_bytes((FIXTURES / "problems.jsonl").read_bytes())
    first, second = codeforces.read(tmp_path, SITE)
    assert "holds neither problems" in first.context[UNREADABLE_FILE]
    assert parsed(codeforces, second).records


def test_what_the_list_says_stands_beside_the_statement() -> None:
    visited = parsed(codeforces, saved("listed.json"))
    listed = visited.records["9001/B/listed"]
    assert (listed.thread_id, listed.marks["tags"], listed.marks["solved"]) == ("9001/B", ["sortings", "hashing", "binary search"], 4100)
    assert "tags" not in visited.records["9001/A/listed"].marks
    assert [d.reason for d in visited.dead] == ["no_identity"]


def test_a_problem_that_the_list_lacks_is_gone_and_no_other_is_told_again(httpserver: HTTPServer, open_client: OpenClient) -> None:
    httpserver.expect_request("/problemset.problems").respond_with_data(saved("listed.json").body, content_type="application/json")
    site = SITE.model_copy(update={"api_url": httpserver.url_for("").rstrip("/")})
    asked = {"9001/B/listed": "9001/B", "9001/E/listed": "9001/E", "9001/B": "9001/B", "501": "9001/B"}
    (page,) = codeforces.recheck(open_client("codeforces"), site, asked)
    records = parsed(codeforces, page).records
    assert {i: r.status for i, r in records.items()} == {"9001/B/listed": "live", "9001/E/listed": "gone"}
    assert list(codeforces.recheck(open_client("codeforces"), site, {"501": "9001/B"})) == []


def test_a_failure_is_told_in_the_words_of_the_api_and_too_many_requests_are_waited_for(
    httpserver: HTTPServer, open_client: OpenClient, waits: list[float]
) -> None:
    site = SITE.model_copy(update={"api_url": httpserver.url_for("").rstrip("/")})
    httpserver.expect_ordered_request("/problemset.problems").respond_with_json({"status": "FAILED", "comment": "Call limit exceeded"})
    httpserver.expect_ordered_request("/problemset.problems").respond_with_json({"status": "FAILED", "comment": "problemset: no such"})
    visited = visit(codeforces, open_client("codeforces"), site)
    assert isinstance(visited.error, PayloadError)
    assert "problemset: no such" in str(visited.error)
    assert sum(waits) > 1.9


@pytest.mark.parametrize("name", ["listed.json", "problems.jsonl", "submissions.jsonl"])
def test_whatever_a_row_holds_gives_records_or_says_why_not(body_fault: BodyFault, name: str) -> None:
    body_fault.check(codeforces, saved(name))


def test_the_list_is_read_in_whatever_letters(charset: Charset) -> None:
    page = saved("listed.json")
    charset.check(codeforces, page)


class FakeApi:
    """The API of a site with five problems for each page asked for: it has no pages."""

    listing = "/problemset.problems"

    def fill(self, pages: int) -> None:
        self.problems = [
            {"contestId": 1 + n // 5, "index": "ABCDE"[n % 5], "name": f"Problem {n}", "tags": ["math"]} for n in range(5 * pages)
        ]

    def answer(self, request: Request) -> Response:
        assert request.args["lang"] == "en"
        body = {"status": "OK", "result": {"problems": self.problems, "problemStatistics": []}}
        return Response(json.dumps(body), content_type="application/json")

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body["result"]["problems"]
        return entries


def test_the_list_is_whole_or_the_visit_says_why(endure: Callable[..., Visit], httpserver: HTTPServer, site_fault: SiteFault) -> None:
    site = SITE.model_copy(update={"api_url": httpserver.url_for("").rstrip("/")})
    endure(codeforces, FakeApi(), site, not_here={"cyclic cursor": "it is one answer", "item on two pages": "it is one answer"})


def test_real_programs_are_known_by_their_folders(realdata: Path) -> None:
    pages = list(codeforces.read(realdata / "codeforces", SITE))
    records = [r for page in pages for r in parsed(codeforces, page).records.values()]
    assert sorted((r.native_id, r.thread_id, r.marks["programming_language"]) for r in records) == [
        ("12119412", "1/A", "Python 2"),
        ("7206045", "1/A", "Python 2"),
        ("9292592", "1/A", "GNU C++"),
    ]
    assert all("\r" not in r.text and r.licence == "unknown" for r in records)


def test_a_repeated_program_counts_once() -> None:
    page = saved("submissions.jsonl")
    first = page.body.splitlines()[0]
    visited = parsed(codeforces, replace(page, body=first + b"\n" + first))
    assert (list(visited.records), [d.reason for d in visited.dead]) == (["501"], ["repeated"])
