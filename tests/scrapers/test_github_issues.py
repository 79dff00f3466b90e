"""Issues of GitHub: what they give, and what of the recorded answers of the API is read."""

from __future__ import annotations

import ast
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sample.faults import BodyFault, Charset, parsed
from scrapers import github_issues
from thresher.errors import PayloadError
from thresher.model import Page, Quote, Record, Unread

FIXTURES = Path(__file__).parents[1] / "fixtures" / "github_issues"
REALDATA = Path(os.environ.get("THRESHER_REALDATA", "/nowhere")) / "github" / "pygithub_replay"
SITE = github_issues.Site(name="plum/agent")


def saved(name: str, **context: str) -> Page:
    (page,) = github_issues.read(FIXTURES / name, SITE)
    return replace(page, context={**SITE.context, **context})


def answer(body: Any, status: int = 200, **context: str) -> Page:
    raw = json.dumps(body).encode()
    url = "https://api.github.com/repos/plum/agent/issues/17"
    return Page("github_issues", "plum/agent", url, status, {}, raw, datetime(2026, 4, 1, tzinfo=UTC), {**SITE.context, **context})


def test_an_issue_keeps_the_headings_of_its_form_and_loses_what_the_template_left() -> None:
    issue = parsed(github_issues, saved("issues.json")).records["17"]
    assert issue.text == (
        "### What happened\n\nI asked the agent to rename a function and it deleted the file. @someone saw it too.\n\n"
        "### Prompt\n\n```markdown\n<!-- keep -->\nRename `load` to `read` in store.py. Change nothing else.\n```\n\n"
        "### What did it answer?\n\n> Done! I have removed store.py, as it is not needed any more.\n\n"
        "Log\n\nstep 1\nstep 2\n\n[image: the terminal] [image]\n\n### Version\n\n0.4"
    )
    assert issue.quotes == (Quote("Done! I have removed store.py, as it is not needed any more."),)
    assert (issue.role, issue.thread_id, issue.parent_id, issue.author_key) == ("post", "17", None, "17")
    assert issue.marks == {
        "tags": ["bug", "area: edits"], "comments": 3, "closed": "not_planned", "score": 6, "images": 2,
    }  # fmt: skip


def test_pull_requests_are_no_issues_and_ghosts_and_bots_are_told_apart() -> None:
    records = parsed(github_issues, saved("issues.json")).records
    assert list(records) == ["17", "19", "20"]
    assert (records["19"].author_key, records["19"].text, records["19"].marks["locked"]) == (None, "", "spam")
    assert (records["20"].marks["post_type"], records["20"].marks["association"]) == ("bot", "contributor")


def test_comments_stand_under_their_issue_and_those_of_pull_requests_nowhere() -> None:
    records = parsed(github_issues, saved("comments.json")).records
    assert {i: (r.thread_id, r.parent_id, r.status) for i, r in records.items()} == {
        "17/1": ("17", "17", "live"),
        "17/2": ("17", "17", "edited"),
        "17/3": ("17", "17", "live"),
        "17/5": ("17", "17", "live"),
    }
    assert records["17/1"].url == "https://github.com/plum/agent/issues/17#issuecomment-1"
    assert records["17/1"].quotes == (Quote("it deleted the file"),)


def test_hidden_comments_have_no_text_where_they_were_spam_or_abuse() -> None:
    minimized = json.dumps({"IC_3": "spam", "IC_5": "duplicate"})
    records = parsed(github_issues, saved("comments.json", minimized=minimized)).records
    assert (records["17/3"].status, records["17/3"].text, records["17/3"].author_key) == ("removed", "", None)
    assert (records["17/5"].status, records["17/5"].marks["minimized"]) == ("live", "duplicate")


def test_an_issue_of_a_search_is_known_with_its_repository() -> None:
    body = {"total_count": 1, "incomplete_results": False, "items": json.loads(saved("issues.json").body)}
    assert list(parsed(github_issues, replace(answer(body), context={})).records) == ["plum/agent#17", "plum/agent#19", "plum/agent#20"]
    comments = parsed(github_issues, replace(saved("comments.json"), context={})).records
    assert comments["plum/agent#17/1"].parent_id == "plum/agent#17"


@pytest.mark.parametrize(("status", "told"), [(410, "deleted"), (404, "gone"), (451, "removed")])
@pytest.mark.parametrize("asked", ["17", "17/5"])
def test_what_is_not_there_any_more_is_told_by_the_status(status: int, told: str, asked: str) -> None:
    (record,) = parsed(github_issues, answer({"message": "no"}, status, asked=asked)).records.values()
    url = "https://github.com/plum/agent/issues/17" + ("#issuecomment-5" if "/" in asked else "")
    assert (record.native_id, record.status, record.thread_id, record.url, record.export_class) == (asked, told, "17", url, "none")


def test_a_transferred_issue_is_gone_and_is_not_taken_for_another_one() -> None:
    moved = json.loads(saved("issues.json").body)[0] | {"number": 3, "repository_url": "https://api.github.com/repos/plum/other"}
    records = parsed(github_issues, answer(moved, asked="17")).records
    assert {i: r.status for i, r in records.items()} == {"17": "gone"}


def test_comments_that_an_issue_no_longer_has_are_gone() -> None:
    records = parsed(github_issues, saved("comments.json", asked="17/2;17/99")).records
    assert {i: r.status for i, r in records.items() if i in {"17/2", "17/99"}} == {"17/2": "edited", "17/99": "gone"}


def test_fields_that_nobody_knows_are_told() -> None:
    assert parsed(github_issues, saved("issues.json")).unread == parsed(github_issues, saved("comments.json")).unread == []
    issue = json.loads(saved("issues.json").body)[0] | {"mood": "sad"}
    assert parsed(github_issues, answer(issue)).unread == [Unread({"issue.mood": 1})]


@pytest.mark.parametrize("name", ["issues.json", "comments.json"])
def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, name: str) -> None:
    body_fault.check(github_issues, saved(name))


def test_letters_are_those_that_were_written(charset: Charset) -> None:
    charset.check(github_issues, saved("comments.json"))


def test_a_place_is_a_repository_or_a_search() -> None:
    with pytest.raises(ValidationError, match="owner/name"):
        github_issues.Site(name="agent")
    assert github_issues.Site(name="everywhere", search=True).context == {}


# The recorded answers: method, host, port, path, headers, body, status, headers, body, each in a line


def recorded(name: str = "*") -> Iterator[Page]:
    for file in sorted(REALDATA.glob(f"{name}.txt")):
        lines = iter(file.read_text(encoding="utf-8", errors="replace").splitlines())
        for scheme in lines:
            if scheme not in {"https", "http"}:
                continue
            _, host, _, path, _, _, status = (next(lines) for _ in range(7))
            headers = {name.lower(): value for name, value in ast.literal_eval(next(lines))}
            body = next(lines, "").encode()
            if status.isdigit():
                when = datetime(2026, 4, 1, tzinfo=UTC)
                yield Page("github_issues", "plum/agent", f"{scheme}://{host}{path}", int(status), headers, body, when)


needs_realdata = pytest.mark.skipif(not REALDATA.is_dir(), reason="THRESHER_REALDATA does not name the recorded payloads")


@needs_realdata
def test_every_recorded_answer_gives_records_or_one_reason() -> None:
    reasons: Counter[str] = Counter()
    records: dict[str, Record] = {}
    for page in recorded():
        try:
            for part in github_issues.parse(page):
                if isinstance(part, Record):
                    records[part.native_id] = part
                else:
                    reasons[part.reason if not isinstance(part, Unread) else "unread"] += 1
        except PayloadError as error:
            reasons[error.reason] += 1
    assert all(r.url.startswith("https://github.com/") and r.created_at for r in records.values())
    # pages about users, repositories, rate limits, commits and code, and events of a timeline, are no issues
    assert (len(records), reasons["not_issues"], reasons["no_identity"], reasons["http_status"], reasons["bad_json"]) == (118, 44, 72, 3, 2)


@needs_realdata
@pytest.mark.parametrize("name", ["Repository.testGetIssues", "Repository.testGetIssuesComments", "Search.testSearchIssues", "Issue.setUp"])
def test_recorded_listings_lose_nothing_but_pull_requests(name: str) -> None:
    for page in recorded(name):
        if "/issues" not in page.url:
            continue
        body = json.loads(page.body)
        things = body.get("items", [body]) if isinstance(body, dict) else body
        pulls = sum(1 for t in things if (t.get("pull_request") or {}).get("url") or "/pull/" in t.get("html_url", ""))
        visited = parsed(github_issues, page)
        assert (len(visited.records), visited.dead) == (len({t["id"] for t in things}) - pulls, [])
