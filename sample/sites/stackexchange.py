"""A Stack Exchange API 2.3 with a few sites behind it. Always compressed, as the real one is."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from sample import markup
from sample.content import SECOND_NIGHT, Entry, minutes, number, on, reveal, tables
from sample.wire import Answer, Asked, Fault

FIRST_ID = 5000
FIRST_MOMENT = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
STEP = timedelta(minutes=47)
"""Questions and answers share one sequence of ids that counts up with time, so the id gives the time."""
LICENCE = "CC BY-SA 4.0"
WEB = "https://{site}.exchange.example.org"
"""Where the questions of a site would be read by people."""


class StackExchange:
    """The API; ``night`` is read at every request."""

    def __init__(self) -> None:
        self.night = 1
        self.asked = 0

    def faults(self) -> list[Fault]:
        """A ``backoff`` in a good answer, and a 503 with the API's own error object."""
        broken = _packed(
            {"error_id": 503, "error_message": "service temporarily unavailable", "error_name": "temporarily_unavailable"}, 503
        )
        broken = replace(broken, headers={**broken.headers, "Retry-After": "1"})
        return [
            Fault(lambda a: a.path == "/2.3/questions", _with_backoff),
            Fault(lambda a: a.path.endswith("/answers"), lambda _: broken),
        ]

    def respond(self, asked: Asked) -> Answer:
        self.asked += 1
        site = asked.one("site")
        parts = asked.path.strip("/").split("/")
        if parts[0] not in {"2.2", "2.3"}:
            return _error(404, "no_method", "no method found with this name")
        if parts[1:2] == ["errors"] and len(parts) == 3:
            return _error(int(parts[2]) if parts[2].isdigit() else 400, "simulated", "simulated")
        if not site:
            return _error(400, "bad_parameter", "site is required")
        questions = self._questions(site)
        if not questions:
            return _error(400, "bad_parameter", f"No site found for name `{site}`")
        if (size := asked.number("pagesize", 30)) > 100 or size < 0:
            return _error(400, "bad_parameter", "pagesize")
        page = asked.number("page", 1)
        if page < 1:
            return _error(400, "bad_parameter", "page")
        if page > 25 and not asked.one("key"):
            return _error(403, "access_denied", "page above 25 requires access token or app key")
        items = _items(parts[1:], questions, asked)
        if items is None:
            return _error(404, "no_method", "no method found with this name")
        return self._wrap(items, page, size, asked)

    def _wrap(self, items: list[Entry], page: int, size: int, asked: Asked) -> Answer:
        low, high = asked.number("min", 0), asked.number("max", 2**40)
        key: Callable[[Entry], int] = {
            "creation": lambda i: int(i["creation_date"]),
            "votes": lambda i: int(i["score"]),
        }.get(asked.one("sort", "activity"), lambda i: int(i["last_activity_date"]))
        since, until = asked.number("fromdate", 0), asked.number("todate", 2**40)
        kept = [i for i in items if low <= key(i) <= high and since <= i["creation_date"] <= until]
        kept.sort(key=lambda i: (key(i), i.get("answer_id", i["question_id"])), reverse=asked.one("order", "desc") != "asc")
        shown = kept[(page - 1) * size : page * size]
        quota = 10000 if asked.one("key") else 300
        shape = _shape(asked.one("filter", "default"))
        return _packed(
            {
                "items": [shape(i) for i in shown],
                "has_more": page * size < len(kept),
                "quota_max": quota,
                "quota_remaining": max(quota - self.asked, 0),
            }
        )

    def _questions(self, site: str) -> list[Entry]:
        seen = (on(e, self.night) for e in tables("stackexchange") if e["site"] == site)
        out = []
        for entry in seen:
            if entry and entry.get("status") != "deleted":
                answers = [on(a, self.night) for a in entry.get("answers", ())]
                out.append({**entry, "answers": [a for a in answers if a and a.get("status") != "deleted"]})
        return out


def _items(parts: list[str], questions: list[Entry], asked: Asked) -> list[Entry] | None:
    """What a method gives, before sorting and paging."""
    match parts:
        case ["questions"] | ["search", "advanced"]:
            tags = [t for t in asked.one("tagged").split(";") if t]
            return [_question(q) for q in questions if all(t in q["tags"] for t in tags)]
        case ["questions", ids]:
            return [_question(q) for q in questions if str(q["id"]) in ids.split(";")]
        case ["questions", ids, "answers"]:
            return [_answer(a, q) for q in questions if str(q["id"]) in ids.split(";") for a in q["answers"]]
        case ["answers"]:
            return [_answer(a, q) for q in questions for a in q["answers"]]
        case ["answers", ids]:
            return [_answer(a, q) for q in questions for a in q["answers"] if str(a["id"]) in ids.split(";")]
    return None


def created_at(post_id: int) -> datetime:
    """When a question or an answer was written."""
    return FIRST_MOMENT + STEP * (post_id - FIRST_ID)


def _edited_at(entry: Entry) -> int | None:
    return int((SECOND_NIGHT + minutes(f"se{entry['id']}", 90)).timestamp()) if entry["changed"] else None


def _question(question: Entry) -> Entry:
    created = int(created_at(question["id"]).timestamp())
    title = escape(reveal(question["title"]))
    slug = "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in question["title"].lower()).split())[:80]
    accepted = next((a["id"] for a in question["answers"] if a.get("accepted")), None)
    activity = [
        created,
        _edited_at(question) or 0,
        *(max(int(created_at(a["id"]).timestamp()), _edited_at(a) or 0) for a in question["answers"]),
    ]
    link = f"{WEB.format(site=question['site'])}/questions/{question['id']}/{slug}"
    out = {
        "tags": question["tags"], "owner": _owner(question),
        "is_answered": any(a.get("accepted") or _score(a) > 0 for a in question["answers"]),
        "view_count": 15 + number(str(question["id"]), 2000), "answer_count": len(question["answers"]), "score": _score(question),
        "last_activity_date": max(activity), "creation_date": created, "content_license": question.get("licence", LICENCE),
        "question_id": question["id"], "link": link, "title": title, **_bodies(question),
    }  # fmt: skip
    if accepted:
        out["accepted_answer_id"] = accepted
    if edited := _edited_at(question):
        out["last_edit_date"] = edited
    if question.get("closed"):
        out |= {"closed_date": created + 7200, "closed_reason": question["closed"]}
    return out


def _answer(answer: Entry, question: Entry) -> Entry:
    created = int(created_at(answer["id"]).timestamp())
    edited = _edited_at(answer)
    out = {
        "owner": _owner(answer, question), "is_accepted": bool(answer.get("accepted")), "score": _score(answer),
        "last_activity_date": edited or created,
        "creation_date": created, "answer_id": answer["id"], "question_id": question["id"],
        "content_license": answer.get("licence", LICENCE), **_bodies(answer),
    }  # fmt: skip
    return {**out, "last_edit_date": edited} if edited else out


def _bodies(entry: Entry) -> Entry:
    text = reveal(entry["text"])
    return {"body": markup.html(text, markup.STACK_EXCHANGE) + "\n", "body_markdown": escape(text)}


def _owner(entry: Entry, question: Entry | None = None) -> Entry:
    name = entry.get("by", "")
    if not name:
        return {"user_type": "does_not_exist", "display_name": f"user{100 + number(str(entry['id']), 9000)}"}
    site = (question or entry)["site"]
    user = 30 + number(name, 9000)
    slug = "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
    return {
        "account_id": 5000 + user, "reputation": 1 + number(name + "r", 9000), "user_id": user, "user_type": "registered",
        "display_name": escape(name), "link": f"{WEB.format(site=site)}/users/{user}/{slug}",
    }  # fmt: skip


def _score(entry: Entry) -> int:
    return int(entry.get("score", number(f"score{entry['id']}", 12)))


def _shape(name: str) -> Callable[[Entry], Entry]:
    """What a filter lets through: the default one holds no bodies, ``withbody`` the HTML, one of the caller's own (``!…``) both."""
    hidden = {"default": {"body", "body_markdown"}, "withbody": {"body_markdown"}}.get(name, set())
    return lambda item: {k: v for k, v in item.items() if k not in hidden}


def _packed(value: Any, status: int = 200) -> Answer:
    body = gzip.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"), mtime=0)
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip", "Cache-Control": "private"})


def _error(number_: int, name: str, message: str) -> Answer:
    """The API gives 400 for its own errors; what is wrong is in the object."""
    return _packed({"error_id": number_, "error_message": message, "error_name": name}, 400)


def _with_backoff(answer: Answer) -> Answer:
    return _packed({**json.loads(gzip.decompress(answer.body)), "backoff": 1})
