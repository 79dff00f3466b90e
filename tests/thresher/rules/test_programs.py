"""Problems, and the programs that people sent in: tests are keys, rejected programs reviews, other ideas alternates."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from scrapers import codeforces
from thresher.model import Candidate, Record, Refusal
from thresher.rules import Rules, judge
from thresher.rules.ideas import differ, ideas_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "codeforces"


@pytest.fixture(scope="module")
def threads() -> dict[str, list[Record]]:
    site = codeforces.Site(name="codeforces", export_class="full")
    told: dict[str, list[Record]] = defaultdict(list)
    for page in codeforces.read(FIXTURES, site):
        for part in codeforces.parse(page):
            if isinstance(part, Record):
                told[part.thread_id].append(part)
    return told


def outcomes(thread: list[Record], rules: Rules) -> dict[str, Candidate | Refusal]:
    return {outcome.record_key.rpartition("codeforces:")[2]: outcome for outcome in judge(thread, rules)}


def made(thread: list[Record], rules: Rules) -> dict[str, Candidate]:
    return {native_id: o for native_id, o in outcomes(thread, rules).items() if isinstance(o, Candidate)}


def test_tests_that_the_statement_does_not_show_are_the_key_of_a_problem(threads: dict[str, list[Record]], rules: Rules) -> None:
    problem = made(threads["9001/B"], rules)["9001/B"]
    assert (problem.kind, problem.key_status, problem.export_class) == ("question", "sourced", "full")
    assert problem.target.startswith("Input:\n```\n2 2\n1 1\n```\nExpected output:\n```\n1\n```")
    assert problem.target.count("Input:") == 4
    assert {"gradable:tests", "topic:binary search"} <= set(problem.tags)


def test_where_several_outputs_are_right_the_rubric_says_so_and_a_talk_with_the_jury_has_no_key(
    threads: dict[str, list[Record]], rules: Rules
) -> None:
    assert "several outputs" in made(threads["9001/A"], rules)["9001/A"].rubric
    tide = made(threads["9002/D"], rules)["9002/D"]
    assert (tide.key_status, tide.target, tide.rubric) == ("none", "", "")


def test_a_rejected_program_is_reviewed_with_verdict_and_failing_test_as_key(threads: dict[str, list[Record]], rules: Rules) -> None:
    reviews = {i: c for i, c in made(threads["9001/B"], rules).items() if c.kind == "review"}
    assert {i: c.rule for i, c in reviews.items()} == {
        "502": "review/accepted", "504": "review/rejected", "505": "review/rejected", "510": "review/accepted",
    }  # fmt: skip
    wrong = reviews["504"]
    assert wrong.target.startswith("It is not right: wrong answer on test 4; it passes the tests before.\n\nInput:\n```\n4 4\n2 2 2 2")
    assert wrong.export_class == "id_only"
    assert "wrong answer on" not in wrong.prompt
    assert "4 4" not in wrong.prompt
    assert reviews["505"].target.startswith("It is not right: runtime error on test 5;")
    assert reviews["502"].target == "It is right: it was accepted and passes all tests (6 of them)."


def test_what_an_alternate_is_asked_and_answered_by_are_different_ideas(threads: dict[str, list[Record]], rules: Rules) -> None:
    (alternate,) = (c for c in made(threads["9001/B"], rules).values() if c.kind == "alternate")
    assert alternate.record_key.endswith(":503")
    assert "Its idea: hashing." in alternate.prompt
    assert "sort(" not in alternate.prompt
    assert "This one rests on: binary search, sortings." in alternate.rubric


def test_every_program_that_makes_nothing_says_why(threads: dict[str, list[Record]], rules: Rules) -> None:
    thread = [r for records in threads.values() for r in records if r.thread_id == "9001/B"]
    refusals = {i: o.reason for i, o in outcomes(thread, rules).items() if isinstance(o, Refusal)}
    assert refusals == {
        "501": "is_the_reference", "506": "enough_programs", "507": "verdict_without_test", "508": "verdict_without_test",
        "509": "verdict_without_test", "9001/B/listed": "no_body",
    }  # fmt: skip
    assert [o.reason for o in outcomes(threads["9009/Z"], rules).values() if isinstance(o, Refusal)] == ["no_problem"]


def test_in_whatever_order_programs_come_the_same_ones_are_taken(threads: dict[str, list[Record]], rules: Rules) -> None:
    assert made(threads["9001/B"][::-1], rules) == made(threads["9001/B"], rules)


def test_of_a_problem_that_was_taken_down_no_program_is_shown(threads: dict[str, list[Record]], rules: Rules) -> None:
    thread = [replace(r, text="", status="gone") if r.role == "problem" else r for r in threads["9001/B"]]
    assert made(thread, rules) == {}


TAGS = ("binary search", "brute force", "dp", "hashing", "math", "sortings")


@pytest.mark.parametrize(
    ("program", "language", "ideas"),
    [
        ("print(sorted(map(int, input().split()))[0])", "PyPy 3", ("sortings",)),
        ("# sorted( would do\nprint('sort(')", "Python 3", ("math",)),
        ("int main(){int l=0,r=9;while(l<r){int mid=(l+r)/2;if(mid*mid<7)l=mid+1;else r=mid;}}", "GNU C++17", ("binary search",)),
        ("n = int(input())\nprint(n * (n + 1) // 2)", "Python 3", ("math",)),
        ("int dp[99];int main(){for(int i=1;i<99;i++)dp[i]=dp[i-1]+1;}", "GNU C++20 (64)", ("dp",)),
        ("for a in x:\n for b in x:\n  for c in x:\n   print(a)", "Python 2", ("brute force",)),
        ("for a in x:\n print(a)\nfor b in x:\n print(b)", "Python 2", ()),
        ("sorted(x)", "Befunge", ()),
    ],
)
def test_the_structure_of_a_program_shows_its_ideas(program: str, language: str, ideas: tuple[str, ...]) -> None:
    assert ideas_of(program, language, TAGS) == ideas


def test_an_idea_more_makes_no_other_way() -> None:
    assert differ(("dp",), ("sortings",))
    assert not differ(("dp",), ("dp", "sortings"))
    assert not differ((), ("sortings",))
