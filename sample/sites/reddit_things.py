"""What a Reddit shows of posts and comments: listings, links (``t3``), comments (``t1``) and stubs for more of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sample import markup
from sample.content import SECOND_NIGHT, Entry, minutes, number, reveal

FIRST_ID = int("1p4a00", 36)
FIRST_MOMENT = datetime(2026, 11, 14, 0, 0, tzinfo=UTC)
STEP = timedelta(minutes=3)
"""Ids count up with time, as on the real site; so the id gives the time."""

DEEPEST = 9
"""Below this depth a tree ends in a stub that says: continue this thread."""


def created_at(link_id: str) -> datetime:
    """When a submission was made."""
    return FIRST_MOMENT + STEP * (int(link_id, 36) - FIRST_ID)


def link(post: Entry, comments: int) -> dict[str, Any]:
    """A submission."""
    created = created_at(post["id"]).timestamp()
    slug = "_".join(w for w in "".join(c if c.isalnum() and c.isascii() else " " for c in post["title"].lower()).split())[:50].strip("_")
    permalink = f"/r/{post['sub']}/comments/{post['id']}/{slug or 'post'}/"
    text, gone = _text(post)
    image = post.get("image", "")
    return {
        "approved_at_utc": None, "subreddit": post["sub"], "selftext": text, "author_fullname": None if gone else _user_id(post["by"]),
        "saved": False, "gilded": 0, "clicked": False, "title": reveal(post["title"]), "subreddit_name_prefixed": f"r/{post['sub']}",
        "hidden": False, "downs": 0, "hide_score": False, "name": f"t3_{post['id']}", "quarantine": False,
        "upvote_ratio": round(0.7 + number(post["id"], 30) / 100, 2), "ups": score(post),
        "domain": "i.example.org" if image else f"self.{post['sub']}",
        "is_original_content": False, "link_flair_text": post.get("flair"), "score": score(post), "thumbnail": "self",
        "edited": _edited(post),
        "post_hint": "image" if image else "self", "is_self": not image, "created": created, "created_utc": created,
        "removed_by_category": "moderator" if post.get("status") == "removed" else "deleted" if gone else None, "banned_by": None,
        "selftext_html": _html(text) if text else None, "likes": None, "suggested_sort": None, "archived": False,
        "is_crosspostable": True,
        "pinned": False, "over_18": False, "media_only": False, "spoiler": False, "locked": bool(post.get("locked")), "visited": False,
        "distinguished": post.get("distinguished"), "subreddit_id": sub_id(post["sub"]), "id": post["id"],
        "author": "[deleted]" if post.get("status") == "deleted" else post["by"],
        "num_comments": comments, "send_replies": True, "permalink": permalink,
        "stickied": bool(post.get("stickied")),
        "url": image or f"https://www.reddit.com{permalink}", "num_crossposts": 0, "media": None, "is_video": False,
    }  # fmt: skip


def listing(children: list[Any], after: str | None = None, dist: int | None = None) -> dict[str, Any]:
    return {
        "kind": "Listing",
        "data": {"after": after, "dist": dist, "modhash": None, "geo_filter": "", "children": children, "before": None},
    }


def children(parent: str, comments: list[Entry], post: Entry, depth: int) -> list[Any]:
    own = [c for c in comments if c["parent"] == parent]
    if own and depth > DEEPEST:
        return [
            {"kind": "more", "data": {"count": 0, "name": "t1__", "id": "_", "parent_id": f"t1_{parent}", "depth": depth, "children": []}}
        ]
    shown = [c for c in own if not c.get("folded")]
    folded = [c for c in own if c.get("folded")]
    things = [comment(c, post, depth, children(c["id"], comments, post, depth + 1)) for c in shown]
    if folded:
        name = folded[0]["id"]
        below = sum(1 + len(list(_below(c["id"], comments))) for c in folded)
        kind = "t3" if parent == post["id"] else "t1"
        stub = {
            "count": below,
            "name": f"t1_{name}",
            "id": name,
            "parent_id": f"{kind}_{parent}",
            "depth": depth,
            "children": [c["id"] for c in folded],
        }
        things.append({"kind": "more", "data": stub})
    return things


def _below(parent: str, comments: list[Entry]) -> Iterator[Entry]:
    for comment in comments:
        if comment["parent"] == parent:
            yield comment
            yield from _below(comment["id"], comments)


def depth(comment: Entry, comments: list[Entry]) -> int:
    parent = next((c for c in comments if c["id"] == comment["parent"]), None)
    return 1 + depth(parent, comments) if parent else 0


def comment(comment: Entry, post: Entry, depth: int, replies: list[Any] | None = None) -> dict[str, Any]:
    start = (
        SECOND_NIGHT
        if comment.get("night") == 2
        else created_at(post["id"]) + minutes(post["id"], 20) + timedelta(minutes=9) * _order(comment, post)
    )
    created = (start + minutes(comment["id"], 9)).timestamp()
    text, gone = _text(comment)
    top = comment["parent"] == post["id"]
    data = {
        "subreddit_id": sub_id(post["sub"]), "approved_at_utc": None, "author_is_blocked": False, "link_id": f"t3_{post['id']}",
        "replies": listing(replies) if replies else "", "id": comment["id"], "gilded": 0, "archived": False, "no_follow": True,
        "author": "[deleted]" if gone else comment["by"], "author_fullname": None if gone else _user_id(comment["by"]),
        "parent_id": f"t3_{post['id']}" if top else f"t1_{comment['parent']}", "score": score(comment), "ups": score(comment), "downs": 0,
        "body": text, "body_html": _html(text), "edited": _edited(comment), "collapsed": False, "is_submitter": comment["by"] == post["by"],
        "stickied": bool(comment.get("stickied")), "subreddit": post["sub"], "subreddit_name_prefixed": f"r/{post['sub']}",
        "score_hidden": False,
        "permalink": f"/r/{post['sub']}/comments/{post['id']}/comment/{comment['id']}/", "name": f"t1_{comment['id']}", "created": created,
        "created_utc": created, "locked": False, "distinguished": comment.get("distinguished"), "controversiality": 0, "depth": depth,
    }  # fmt: skip
    return {"kind": "t1", "data": data}


def _order(comment: Entry, post: Entry) -> int:
    return [c["id"] for c in post["comments"]].index(comment["id"])


def _text(entry: Entry) -> tuple[str, bool]:
    """What is left of the text, and whether its author is gone from it."""
    if entry.get("status") == "deleted":
        return "[deleted]", True
    if entry.get("status") == "removed":
        return "[removed]", "parent" in entry
    return reveal(entry.get("text", "")), False


def _edited(entry: Entry) -> float | bool:
    if entry["changed"] and "status" not in entry:
        return (SECOND_NIGHT + minutes(entry["id"], 90)).timestamp()
    return False


def _html(text: str) -> str:
    return f'<!-- SC_OFF --><div class="md">{markup.html(text, markup.REDDIT)}\n</div><!-- SC_ON -->'


def score(entry: Entry) -> int:
    return int(entry.get("score", number(entry["id"], 60)))


def _user_id(name: str) -> str:
    return "t2_" + f"{number(name, 36**6):x}"


def sub_id(sub: str) -> str:
    return "t5_" + f"{number(sub, 36**4):x}"
