"""A Discourse forum: newest posts, topic lists, topics, single posts. Shapes as a current Discourse gives them to an anonymous client."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from sample import markup
from sample.content import SECOND_NIGHT, Entry, iso, minutes, number, on, reveal, tables
from sample.wire import Answer, Asked, Fault, instead, json_answer, tagged, text_answer

FIRST_POST = 1000
FIRST_MOMENT = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)
STEP = timedelta(minutes=19)
"""Post ids count up with time, so the id gives the time."""
LATEST = 50
CHUNK = 20
TOPICS = 20
TITLE = "Wrenhouse Commons"
CATEGORIES = {4: "Help", 5: "Model behaviour", 6: "Prompt workshop", 7: "Lounge", 8: "Site feedback", 9: "Sprachen & langues"}

_QUOTE = re.compile(r'\[quote="(?P<who>[^",]+), post:(?P<post>\d+), topic:(?P<topic>\d+)"\]\n(?P<said>.*?)\n\[/quote\]', re.DOTALL)
_NOT_FOUND = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}


class Discourse:
    """The forum as an anonymous visitor meets it."""

    def __init__(self) -> None:
        self.night = 1

    def faults(self) -> list[Fault]:
        """Both kinds of 429 that a Discourse gives, and a 503 of the server in front of it."""
        middleware = text_answer(
            "Slow down, you're making too many requests.\nPlease retry again in 1 seconds.\nError code: ip_10_secs_limit.",
            429, {"Retry-After": "1", "Discourse-Rate-Limit-Error-Code": "ip_10_secs_limit"},
        )  # fmt: skip
        wait = {"wait_seconds": 1, "time_left": "1 second"}
        said = "You've performed this action too many times. Please wait 1 second before trying again."
        application = json_answer({"errors": [said], "error_type": "rate_limit", "extras": wait}, 429, {"Retry-After": "1"})
        front = Answer(
            503,
            b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>",
            {"Content-Type": "text/html", "Retry-After": "1"},
        )
        return [
            Fault(lambda a: a.path.startswith(("/posts.json", "/latest.json")), instead(middleware), after=1),
            Fault(lambda a: a.path.startswith("/t/"), instead(application), after=1),
            Fault(lambda a: a.path.startswith("/t/"), instead(front), after=4),
        ]

    def respond(self, asked: Asked) -> Answer:
        answer = self._answer(asked)
        return tagged(answer, asked) if answer.status == 200 else answer

    def _answer(self, asked: Asked) -> Answer:
        wants_json = asked.path.endswith(".json") or "json" in asked.headers.get("accept", "")
        parts = asked.path.removesuffix(".json").strip("/").split("/")
        if parts == ["robots.txt"]:
            return text_answer("User-agent: *\nDisallow: /admin/\nDisallow: /auth/\nDisallow: /my/\nDisallow: /search\nCrawl-delay: 0\n")
        if parts == ["tos"]:
            return text_answer(_TERMS, kind="text/html")
        if not wants_json:
            return text_answer(
                f"<!DOCTYPE html><html><head><title>{TITLE}</title></head><body><noscript></noscript></body></html>", kind="text/html"
            )
        value = self._data(parts, asked)
        return json_answer(_NOT_FOUND, 404) if value is None else json_answer(value, headers={"Cache-Control": "no-cache, no-store"})

    def _data(self, parts: list[str], asked: Asked) -> Any:
        match parts:
            case ["posts"]:
                return self._latest_posts(asked)
            case ["posts", number_]:
                return self._one_post(number_)
            case ["posts", number_, "replies"]:
                return self._replies(number_)
            case ["latest"] | ["c", _, _] | ["c", _]:
                return self._topic_list(asked, parts[-1] if parts[0] == "c" else "")
            case ["t", topic, "posts"]:
                return self._some_posts(topic, asked)
            case ["t", topic] | ["t", _, topic] | ["t", _, topic, _]:
                return self._topic(topic)
            case ["site"] | ["categories"]:
                return _site(parts[0], self._topics())
        return None

    def _topics(self) -> list[Entry]:
        found = []
        for entry in tables("discourse"):
            topic = on(entry, self.night)
            if topic and topic.get("status") != "deleted":
                posts = [on(p, self.night) for p in topic["posts"]]
                topic["posts"] = [{**p, "number": i} for i, p in enumerate(posts, 1) if p and p.get("status") != "removed"]
                found.append(topic)
        return found

    def _latest_posts(self, asked: Asked) -> Any:
        before = asked.number("before", 0)
        posts = [_post(p, t, whole=True) for t in self._topics() for p in t["posts"]]
        posts.sort(key=lambda p: -p["id"])
        return {"latest_posts": [p for p in posts if not before or p["id"] < before][:LATEST]}

    def _one_post(self, wanted: str) -> Any:
        return next((_post(p, t, whole=True) for t in self._topics() for p in t["posts"] if str(p["id"]) == wanted), None)

    def _replies(self, wanted: str) -> Any:
        for topic in self._topics():
            for post in topic["posts"]:
                if str(post["id"]) == wanted:
                    return [_post(p, topic) for p in topic["posts"] if p.get("reply_to") == post["number"]][:CHUNK]
        return None

    def _topic_list(self, asked: Asked, category: str) -> Any:
        topics = [t for t in self._topics() if not category.isdigit() or t["category"] == int(category)]
        created = asked.one("order") == "created"
        topics.sort(key=lambda t: t["posts"][0]["id"] if created else t["posts"][-1]["id"], reverse=asked.one("ascending") != "true")
        size = min(max(asked.number("per_page", TOPICS), 1), 100)
        page = max(asked.number("page", 0), 0)
        shown = topics[page * size : (page + 1) * size]
        out: dict[str, Any] = {"can_create_topic": False, "per_page": size, "top_tags": [], "topics": [_summary(t) for t in shown]}
        if (page + 1) * size < len(topics):
            rest = [(k, v) for k, v in asked.query if k != "page"] + [("page", str(page + 1))]
            out["more_topics_url"] = asked.path.removesuffix(".json") + "?" + "&".join(f"{k}={v}" for k, v in rest)
        return {"users": [], "primary_groups": [], "flair_groups": [], "topic_list": out}

    def _topic(self, wanted: str) -> Any:
        topic = next((t for t in self._topics() if str(t["id"]) == wanted), None)
        if topic is None:
            return None
        stream = {"posts": [_post(p, topic) for p in topic["posts"][:CHUNK]], "stream": [p["id"] for p in topic["posts"]]}
        accepted = next((p for p in topic["posts"] if p.get("accepted")), None)
        extra = {"accepted_answer": {"post_number": accepted["number"], "username": accepted["by"]}} if accepted else {}
        return {
            "post_stream": stream,
            **_summary(topic),
            **extra,
            "user_id": _user_id(topic["posts"][0]["by"]),
            "chunk_size": CHUNK,
            "deleted_at": None,
        }

    def _some_posts(self, wanted: str, asked: Asked) -> Any:
        topic = next((t for t in self._topics() if str(t["id"]) == wanted), None)
        if topic is None:
            return None
        ids = {v for k, v in asked.query if k == "post_ids[]"}
        posts = (
            [_post(p, topic) for p in topic["posts"] if str(p["id"]) in ids] if ids else [_post(p, topic) for p in topic["posts"][:CHUNK]]
        )
        return {"post_stream": {"posts": posts}, "id": topic["id"]}


def created_at(post_id: int) -> datetime:
    """When a post was made."""
    return FIRST_MOMENT + STEP * (post_id - FIRST_POST)


def _slug(topic: Entry) -> str:
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in topic["title"].lower()).split()
    return "-".join(words)[:60].strip("-") or "topic"


def _post(post: Entry, topic: Entry, whole: bool = False) -> dict[str, Any]:
    """A post; ``whole`` adds what only some endpoints show: the Markdown and the topic's title."""
    gone = post.get("status") == "deleted"
    text = "(post deleted by author)" if gone else reveal(post["text"])
    created = created_at(post["id"])
    changed = post["changed"]
    likes = int(post.get("likes", 0))
    answered = next((p for p in topic["posts"] if p["number"] == post.get("reply_to")), None)
    out: dict[str, Any] = {
        "id": post["id"], "name": post.get("name", ""), "username": post["by"],
        "avatar_template": _face(post["by"]),
        "created_at": iso(created), "cooked": _cooked(text), "post_number": post["number"], "post_type": 1,
        "posts_count": len(topic["posts"]),
        "updated_at": iso(SECOND_NIGHT + minutes(str(post["id"]), 90)) if changed else iso(created),
        "reply_count": sum(p.get("reply_to") == post["number"] for p in topic["posts"]),
        "reply_to_post_number": post.get("reply_to"), "quote_count": len(_QUOTE.findall(text)), "incoming_link_count": 0,
        "reads": 4 + number(str(post["id"]), 60),
        "readers_count": 3 + number(str(post["id"]), 60), "score": round(15.0 * likes + number(str(post["id"]), 20) / 5, 1), "yours": False,
        "topic_id": topic["id"], "topic_slug": _slug(topic), "display_username": post.get("name", ""), "primary_group_name": None,
        "flair_name": None,
        "badges_granted": [], "version": 2 if changed else 1, "can_edit": False, "can_delete": False, "can_recover": False,
        "can_wiki": False,
        "user_title": None, "bookmarked": False, "actions_summary": [{"id": 2, "count": likes}] if likes else [],
        "moderator": bool(post.get("staff")),
        "admin": bool(post.get("staff")), "staff": bool(post.get("staff")), "user_id": _user_id(post["by"]), "hidden": False,
        "trust_level": 1 + number(post["by"], 3),
        "deleted_at": None, "user_deleted": gone, "edit_reason": post.get("edit_reason"), "can_view_edit_history": True, "wiki": False,
        "post_url": f"/t/{_slug(topic)}/{topic['id']}/{post['number']}",
        "reactions": [{"id": "heart", "type": "emoji", "count": likes}] if likes else [],
        "reaction_users_count": likes, "can_accept_answer": False, "can_unaccept_answer": False,
        "accepted_answer": bool(post.get("accepted")),
        "topic_accepted_answer": any(p.get("accepted") for p in topic["posts"]) or None,
    }  # fmt: skip
    if answered:
        out["reply_to_user"] = {
            "id": _user_id(answered["by"]),
            "username": answered["by"],
            "name": answered.get("name", ""),
            "avatar_template": "",
        }
    if whole:
        title = reveal(topic["title"])
        out |= {"raw": text, "topic_title": title, "topic_html_title": escape(title, quote=False), "category_id": topic["category"]}
    return out


def _cooked(text: str) -> str:
    """HTML with quotes of other posts as asides, as the site's own cooker makes them."""
    parts: list[str] = []
    at = 0
    for quote in _QUOTE.finditer(text):
        parts.append(markup.html(text[at : quote.start()], markup.DISCOURSE))
        who, post, topic = quote["who"], quote["post"], quote["topic"]
        head = f'<aside class="quote no-group" data-username="{escape(who)}" data-post="{post}" data-topic="{topic}">\n'
        face = f'<img alt="" width="24" height="24" src="{_face(who, "48")}" class="avatar">'
        title = f'<div class="title">\n<div class="quote-controls"></div>\n{face} {escape(who)}:</div>\n'
        parts.append(f"{head}{title}<blockquote>\n{markup.html(quote['said'], markup.DISCOURSE)}\n</blockquote>\n</aside>")
        at = quote.end()
    parts.append(markup.html(text[at:], markup.DISCOURSE))
    return "\n".join(p for p in parts if p)


def _summary(topic: Entry) -> dict[str, Any]:
    posts = topic["posts"]
    last = posts[-1]
    bumped = created_at(last["id"])
    if any(p["changed"] for p in posts):
        bumped = max(bumped, SECOND_NIGHT + timedelta(hours=2))
    return {
        "id": topic["id"], "title": reveal(topic["title"]), "fancy_title": escape(reveal(topic["title"]), quote=False),
        "slug": _slug(topic), "posts_count": len(posts),
        "reply_count": len(posts) - 1, "highest_post_number": last["number"], "image_url": None,
        "created_at": iso(created_at(posts[0]["id"])),
        "last_posted_at": iso(created_at(last["id"])), "bumped": True, "bumped_at": iso(bumped), "archetype": "regular", "unseen": False,
        "pinned": False,
        "visible": True, "closed": bool(topic.get("closed")), "archived": False, "tags": topic.get("tags", []),
        "views": 20 + number(str(topic["id"]), 900),
        "like_count": sum(int(p.get("likes", 0)) for p in posts), "has_summary": False, "last_poster_username": last["by"],
        "category_id": topic["category"],
        "has_accepted_answer": any(p.get("accepted") for p in posts),
    }  # fmt: skip


def _site(which: str, topics: list[Entry]) -> Any:
    slugs = {i: re.sub(r"[^a-z]+", "-", n.lower()) for i, n in CATEGORIES.items()}
    rows = [
        {"id": i, "name": n, "slug": slugs[i], "topic_count": sum(t["category"] == i for t in topics), "read_restricted": False}
        for i, n in CATEGORIES.items()
    ]
    if which == "categories":
        return {"category_list": {"can_create_category": False, "categories": rows}}
    return {
        "default_archetype": "regular",
        "notification_types": {},
        "post_types": {"regular": 1, "moderator_action": 2, "small_action": 3, "whisper": 4},
        "categories": rows,
    }


def _face(name: str, size: str = "{size}") -> str:
    return f"/letter_avatar_proxy/v4/letter/{name[0].lower()}/e47c2d/{size}.png"


def _user_id(name: str) -> int:
    return 20 + number(name, 5000)


_TERMS = """<!DOCTYPE html><html><head><title>Terms of Service</title></head><body><h1>Terms of Service</h1>
<p>User contributions are licensed under a
<a href="https://creativecommons.org/licenses/by-nc-sa/3.0/">Creative Commons Attribution-NonCommercial-ShareAlike 3.0
Unported License</a>.</p>
</body></html>"""
