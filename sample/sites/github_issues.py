"""The issues of the sample GitHub: listings by change and by number, comments, single issues, pages by ``Link``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sample.content import SECOND_NIGHT, number, on, reveal, tables
from sample.wire import Answer, Asked, json_answer

TRACKER = "sample-press/plumline"
_API = "https://api.github.com"


def respond(asked: Asked, night: int, url: str) -> Answer | None:
    """The answer to a request about issues of that repository; None for any other. ``url`` is where the API is reached."""
    path = asked.path.removeprefix(f"/repos/{TRACKER}/issues")
    if path == asked.path:
        return None
    if path == "":
        return _page([_issue(issue, night) for issue in _issues(night)], asked, url)
    if path == "/comments":
        return _page([comment for issue in _issues(night) for comment in _comments(issue, night)], asked, url)
    if match := re.fullmatch(r"/(\d+)(/comments)?", path):
        issue = next((i for i in _issues(night) if i["number"] == int(match[1])), None)
        if issue is None:
            status = next((i.get("status", 404) for i in tables("github_") if i["number"] == int(match[1])), 404)
            said = "This issue was deleted" if status == 410 else "Not Found"
            return json_answer({"message": said, "documentation_url": "https://docs.github.com/rest"}, status)
        return _page(_comments(issue, night), asked, url) if match[2] else json_answer(_issue(issue, night))
    return json_answer({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}, 404)


def _issues(night: int) -> list[dict[str, Any]]:
    shown = [entry for raw in tables("github_") if (entry := on(raw, night)) is not None]
    return [entry for entry in shown if not entry.get("gone")]


def _moment(hours: float) -> str:
    return (SECOND_NIGHT - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _user(name: str) -> dict[str, Any]:
    return {"login": name, "id": 1000 + number(name, 10**6), "type": "Bot" if name.endswith("[bot]") else "User", "site_admin": False}


def _issue(issue: dict[str, Any], night: int) -> dict[str, Any]:
    comments = _comments(issue, night)
    home, kind = f"{_API}/repos/{TRACKER}", "pull" if issue.get("pull") else "issues"
    return {
        "url": f"{home}/issues/{issue['number']}",
        "repository_url": home,
        "html_url": f"https://github.com/{TRACKER}/{kind}/{issue['number']}",
        "id": 880000 + issue["number"],
        "node_id": f"I_{issue['number']}",
        "number": issue["number"],
        "title": issue["title"],
        "user": _user(issue["by"]),
        "labels": [{"id": number(label, 10**6), "name": label, "color": "ededed"} for label in issue.get("labels", ())],
        "state": "open",
        "locked": False,
        "comments": len(comments),
        "created_at": _moment(issue["at"]),
        "updated_at": max([_moment(issue["at"]), *(comment["updated_at"] for comment in comments)]),
        "author_association": "NONE",
        "active_lock_reason": None,
        "body": reveal(issue["text"]).replace("\n", "\r\n"),
        "reactions": {"total_count": 0, "+1": 0, "-1": 0},
        "state_reason": None,
    } | ({"pull_request": {"url": f"{home}/pulls/{issue['number']}"}} if issue.get("pull") else {})


def _comments(issue: dict[str, Any], night: int) -> list[dict[str, Any]]:
    home, kind = f"{_API}/repos/{TRACKER}/issues", "pull" if issue.get("pull") else "issues"
    shown = [entry for raw in issue.get("comments", ()) if (entry := on(raw, night)) is not None and not entry.get("gone")]
    return [
        {
            "url": f"{home}/comments/{entry['id']}",
            "html_url": f"https://github.com/{TRACKER}/{kind}/{issue['number']}#issuecomment-{entry['id']}",
            "issue_url": f"{home}/{issue['number']}",
            "id": entry["id"],
            "node_id": f"IC_{entry['id']}",
            "user": _user(entry["by"]),
            "created_at": _moment(entry["at"]),
            "updated_at": _moment(entry["at"]),
            "body": reveal(entry["text"]),
            "author_association": entry.get("association", "NONE"),
            "reactions": {"total_count": 0, "+1": 0, "-1": 0},
        }
        for entry in shown
    ]


def _page(things: list[dict[str, Any]], asked: Asked, url: str) -> Answer:
    key = "created_at" if asked.one("sort") == "created" else "updated_at"
    things = [thing for thing in things if thing["updated_at"] >= asked.one("since")]
    things.sort(key=lambda thing: (thing[key], thing["id"]), reverse=asked.one("direction", "desc") == "desc")
    size, page = min(asked.number("per_page", 30), 100), max(asked.number("page", 1), 1)
    headers = {}
    if page * size < len(things):
        following = f"{url}{asked.path}?{urlencode({**dict(asked.query), 'page': page + 1})}"
        headers["Link"] = f'<{following}>; rel="next"'
    return json_answer(things[(page - 1) * size : page * size], headers=headers)
