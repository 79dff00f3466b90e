"""A Reddit: OAuth, listings, comment trees with ``more`` stubs, info. Shapes as the real API gives them to a script with ``raw_json=1``."""

from __future__ import annotations

import base64
from html import escape
from typing import Any

from sample.content import Entry, on, tables
from sample.sites import reddit_things
from sample.wire import Answer, Asked, Fault, instead, json_answer

CLIENT_ID = "sample-reddit-id"
CLIENT_SECRET = "sample-reddit-secret"
TOKEN = "sample-reddit-token"

WINDOW_S = 240
QUOTA = 1000


class Reddit:
    """Answers for ``www`` and ``oauth`` alike. ``night`` is read at every request."""

    def __init__(self) -> None:
        self.night = 1
        self.used = 0

    def faults(self) -> list[Fault]:
        """One 429 and one 503, both at comment trees."""
        tree = _is_tree
        too_many = json_answer({"message": "Too Many Requests", "error": 429}, 429, {"Retry-After": "1"})
        broken = Answer(
            503, b"<html><body><h1>503 Service Unavailable</h1></body></html>", {"Content-Type": "text/html", "Retry-After": "1"}
        )
        return [Fault(tree, instead(too_many), after=1), Fault(tree, instead(broken), after=4)]

    def respond(self, asked: Asked) -> Answer:
        path = asked.path.rstrip("/").removesuffix(".json")
        if path == "/api/v1/access_token":
            return _token(asked)
        if path == "/api/v1/revoke_token":
            return Answer(204)
        if not asked.headers.get("user-agent"):
            return json_answer({"message": "Too Many Requests", "error": 429}, 429)
        if asked.headers.get("authorization", "").lower() != f"bearer {TOKEN}":
            return json_answer(
                {"message": "Unauthorized", "error": 401}, 401, {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            )
        value = self._data(path, asked)
        if value is None:
            return json_answer({"message": "Not Found", "error": 404}, 404, self._limits())
        return json_answer(value, headers=self._limits())

    def _limits(self) -> dict[str, str]:
        self.used = self.used % 300 + 1
        return {
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-remaining": f"{QUOTA - self.used}.0",
            "x-ratelimit-reset": str(WINDOW_S),
            "cache-control": "private, s-maxage=0, max-age=0, must-revalidate",
        }

    def _data(self, path: str, asked: Asked) -> Any:
        parts = path.strip("/").split("/")
        match parts:
            case ["r", sub, ("new" | "hot" | "top") as order]:
                return self._listing(sub, order, asked)
            case ["r", sub, "comments"]:
                return self._new_comments(sub, asked)
            case ["r", sub, "about"]:
                return _about(sub)
            case ["r", _, "comments", link, *rest] | ["comments", link, *rest]:
                return self._tree(link, rest[1] if len(rest) > 1 else "")
            case ["api", "info"] | ["r", _, "api", "info"]:
                return self._info(asked.one("id").split(","))
            case ["api", "morechildren"]:
                fields = {**dict(asked.query), **asked.form()}
                return self._more(fields.get("link_id", "").removeprefix("t3_"), fields.get("children", "").split(","))
        return None

    def _posts(self, sub: str = "") -> list[Entry]:
        """Newest first."""
        seen = (on(e, self.night) for e in tables("reddit"))
        found = [e for e in seen if e and (not sub or e["sub"].lower() == sub.lower())]
        return sorted(found, key=lambda e: int(e["id"], 36), reverse=True)

    def _listing(self, sub: str, order: str, asked: Asked) -> Any:
        posts = self._posts(sub)
        if not posts:
            return None
        posts = [p for p in posts if not p.get("status")]
        if order != "new":
            posts.sort(key=lambda p: -reddit_things.score(p))
        return _page([self._thing(p) for p in posts], asked)

    def _new_comments(self, sub: str, asked: Asked) -> Any:
        things = [reddit_things.comment(c, p, 0) for p in self._posts(sub) for c in self._comments(p) if not c.get("status")]
        things.sort(key=lambda t: -t["data"]["created_utc"])
        return _page(things, asked)

    def _tree(self, link: str, focus: str) -> Any:
        post = next((p for p in self._posts() if p["id"] == link), None)
        if post is None:
            return None
        comments = self._comments(post)
        if focus:
            top = [c for c in comments if c["id"] == focus]
            children = [reddit_things.comment(c, post, 0, reddit_things.children(c["id"], comments, post, 1)) for c in top]
        else:
            children = reddit_things.children(post["id"], comments, post, 0)
        return [reddit_things.listing([self._thing(post)], dist=1), reddit_things.listing(children)]

    def _info(self, names: list[str]) -> Any:
        things = {f"t3_{p['id']}": self._thing(p) for p in self._posts()}
        for post in self._posts():
            things |= {f"t1_{c['id']}": reddit_things.comment(c, post, 0) for c in self._comments(post)}
        return reddit_things.listing([things[n] for n in names[:100] if n in things])

    def _more(self, link: str, wanted: list[str]) -> Any:
        post = next((p for p in self._posts() if p["id"] == link), None)
        things: list[Any] = []
        if post:
            comments = self._comments(post)
            under = set(wanted)
            for comment in comments:
                if comment["id"] in under or comment["parent"] in under:
                    under.add(comment["id"])
                    things.append(reddit_things.comment(comment, post, reddit_things.depth(comment, comments)))
        return {"json": {"errors": [], "data": {"things": things}}}

    def _comments(self, post: Entry) -> list[Entry]:
        seen = (on(c, self.night) for c in post.get("comments", ()))
        return [{"parent": post["id"], **c} for c in seen if c]

    def _thing(self, post: Entry) -> Any:
        return {"kind": "t3", "data": reddit_things.link(post, len(self._comments(post)))}


def _is_tree(asked: Asked) -> bool:
    return asked.path.startswith("/comments/") or (
        asked.path.startswith("/r/") and asked.path.count("/") > 3 and "/comments/" in asked.path
    )


def _token(asked: Asked) -> Answer:
    expected = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    if asked.method != "POST":
        return json_answer({"message": "Method Not Allowed", "error": 405}, 405)
    if asked.headers.get("authorization") != expected:
        return json_answer({"message": "Unauthorized", "error": 401}, 401, {"www-authenticate": 'Basic realm="reddit"'})
    if asked.form().get("grant_type") not in {"client_credentials", "password", "https://oauth.reddit.com/grants/installed_client"}:
        return json_answer({"error": "unsupported_grant_type"})
    return json_answer({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"})


def _page(things: list[Any], asked: Asked) -> Any:
    """One page of a listing: at most 100, 25 unless told otherwise; an ``after`` that is not there any more gives an empty one."""
    limit = min(max(asked.number("limit", 25), 1), 100)
    after = asked.one("after")
    start = 0
    if after:
        names = [t["data"]["name"] for t in things]
        start = names.index(after) + 1 if after in names else len(things)
    page = things[start : start + limit]
    more = start + limit < len(things)
    return reddit_things.listing(page, after=page[-1]["data"]["name"] if more else None, dist=len(page))


def _about(sub: str) -> Any:
    known = {e["sub"].lower(): e["sub"] for e in tables("reddit")}
    if sub.lower() not in known:
        return None
    name = known[sub.lower()]
    about = {
        "display_name": name,
        "name": reddit_things.sub_id(name),
        "id": reddit_things.sub_id(name)[3:],
        "title": escape(name),
        "subreddit_type": "public",
        "quarantine": False,
        "over18": False,
    }
    return {"kind": "t5", "data": {**about, "url": f"/r/{name}/"}}
