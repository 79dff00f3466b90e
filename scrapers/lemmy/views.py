"""Views of a Lemmy -> Records: pure.

A *view* is Lemmy's word for a post or a comment with its author, its community and its counts. API v3 (Lemmy 0.18, 0.19) and v4 (1.0) say
the same with other names: moments end in ``_at`` in v4, and counts stand in the post itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from scrapers.common.fields import Fields, told
from scrapers.common.page import Rights, from_iso, json_of, once, whole
from thresher.errors import PayloadError
from thresher.formats.markdown import as_text, is_image, links_and_images, quotes
from thresher.formats.mentions import hide_names
from thresher.model import Dead, Json, Page, Quote, Record, RecordStatus, Role, Unread
from thresher.text import clean

RIGHTS = Rights(
    licence="unknown",
    licence_evidence="the instances of Lemmy grant no licence for what their users write",
    export_class="id_only",
)
GONE = frozenset({"couldnt_find_post", "couldnt_find_comment", "not_found"})
"""What an instance says of a post or comment that it has no more."""

_READER = (
    "banned_from_community can_mod community_actions creator_banned creator_banned_from_community creator_ban_expires_at "
    "creator_blocked creator_community_ban_expires_at creator_community_banned_expires_at creator_is_admin creator_is_moderator hidden "
    "my_vote person_actions post_actions comment_actions read saved subscribed tags unread_comments home_instance_person_actions"
)
"""Of both views: what the reader did with it, and what the author may do."""
POST_VIEW = Fields("post_view", used="community counts creator post", ignored=f"{_READER} image_details")
COMMENT_VIEW = Fields("comment_view", used="comment community counts creator post", ignored=_READER)
POST = Fields(
    "post",
    used="ap_id body comments deleted id locked name nsfw published published_at removed score updated updated_at url url_content_type",
    ignored="alt_text community_id creator_id downvotes embed_description embed_title embed_video_height embed_video_url "
    "embed_video_width featured_community featured_local federation_pending language_id local newest_comment_time_at report_count "
    "scheduled_publish_time scheduled_publish_time_at thumbnail_url unresolved_report_count upvotes",
)
COMMENT = Fields(
    "comment",
    used="ap_id content deleted id path published published_at removed score updated updated_at",
    ignored="child_count creator_id distinguished downvotes federation_pending language_id local locked post_id report_count "
    "unresolved_report_count upvotes",
)
_BLANKED = frozenset({"*permanently deleted*", "[deleted]", "[removed]"})
_SPOILER = re.compile(r"^:::[ \t]*(?:spoiler[ \t]*)?", re.MULTILINE)
_LINKED_NAME = re.compile(r"\[@?[^\]\n@]{1,60}(?:@[\w.:-]+)?\]\(https?://[^)\s]+/u/[^)\s]+\)")
_NAME = re.compile(r"(?<![\w/@.])(?:@|/?u/)[\w.-]{1,60}@[\w-]+(?:\.[\w-]+)+(?::\d+)?")


@dataclass(frozen=True, slots=True)
class _Thing:
    """A post or a comment of a view with what stands around it."""

    data: Mapping[str, Any]
    counts: Mapping[str, Any]
    creator: Mapping[str, Any]
    community: Mapping[str, Any]

    def moment(self, name: str) -> object:
        """``published`` or ``updated``, as either version calls it."""
        return self.data.get(f"{name}_at", self.data.get(name))

    def count(self, name: str) -> int | None:
        """A count, wherever the version puts it."""
        return whole(self.counts.get(name, self.data.get(name)))


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every view of an answer as a Record. What was ``asked`` for and is not among them, or what an instance says that it does not have, is
    a Record ``gone``; another error raises PayloadError."""
    body = json_of(page)
    asked = page.context.get("asked", "").split()
    if isinstance(body, dict) and "error" in body:
        error = str(body["error"])
        if not asked or error not in GONE:
            raise PayloadError(f"{page.url} answered {page.status}: {error[:200]}", reason="api_error")
        yield from (_gone(page, address, asked[0]) for address in asked)
        return
    views = views_of(body)
    whole_views = [view for view in views if isinstance(view, dict)]
    addresses = _addresses(whole_views) | json.loads(page.context.get("parents", "{}"))
    answered = set()
    for result in once(_record(page, view, addresses) for view in views):
        answered.add(result.native_id)
        yield result
    if "thing" not in page.context:  # one that was asked for by its number is what it is, also under another address
        yield from (_gone(page, address, "") for address in asked if address not in answered)
    comments = [view for view in whole_views if "comment" in view]
    posts = [view for view in whole_views if "comment" not in view]
    yield from told(
        POST_VIEW.unread(posts), COMMENT_VIEW.unread(comments), POST.unread(view.get("post") for view in posts),
        COMMENT.unread(view.get("comment") for view in comments),
    )  # fmt: skip


def views_of(body: Any) -> list[Any]:
    """The views of an answer: of a listing (v4 calls it ``items``), of a search, of one post or comment, or one view alone."""
    if isinstance(body, dict):
        lists = [body[key] for key in ("items", "posts", "comments") if isinstance(body.get(key), list)]
        single = [body[key] for key in ("post_view", "comment_view") if isinstance(body.get(key), dict)]
        if lists or single:
            return [*single, *(view for views in lists for view in views)]
        if isinstance(body.get("comment"), dict) or isinstance(body.get("post"), dict):
            return [body]
    raise PayloadError(f"no posts or comments in it: {str(body)[:80]}", reason="not_views")


def parent_of(comment: Mapping[str, Any]) -> int | None:
    """The number of the comment that this one answers; None for one that answers the post. ``path`` is ``0.12.34`` for comment 34 under
    12."""
    steps = str(comment.get("path") or "").split(".")
    return whole(steps[-2]) if len(steps) > 2 else None


def _addresses(views: list[dict[str, Any]]) -> dict[str, str]:
    """By which address each comment of the page is known, by its number at this instance."""
    comments = [view["comment"] for view in views if isinstance(view.get("comment"), dict)]
    return {str(whole(c.get("id"))): address for c in comments if (address := _address(c))}


def _address(thing: Mapping[str, Any]) -> str:
    address = thing.get("ap_id")
    return address if isinstance(address, str) and address.startswith(("https://", "http://")) else ""


def _gone(page: Page, address: str, first: str) -> Record:
    """``first`` is the post under which all stood that was asked for, or that thing alone."""
    is_post = "/comment/" not in address and page.context.get("thing") != "comment"
    thread = address if is_post else first if "/post/" in first else ""
    role: Role = "post" if is_post else "comment"
    rights = Rights(**{**RIGHTS, "export_class": "none"})
    return Record(page.source, page.site, address, address, role, "", thread_id=thread, status="gone", **rights)


def _object(view: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = view.get(name)
    return inner if isinstance(inner, dict) else {}


def _record(page: Page, view: Any, addresses: Mapping[str, str]) -> Record | Dead:
    if not isinstance(view, dict):
        return Dead("not_a_view", f"a JSON {type(view).__name__} in the place of a view")
    comment, post = _object(view, "comment"), _object(view, "post")
    thing = _Thing(comment or post, _object(view, "counts"), _object(view, "creator"), _object(view, "community"))
    native_id = _address(thing.data)
    if not native_id:
        return Dead("no_identity", "no ap_id, by which it is known everywhere", str(thing.data.get("id") or ""))
    status = _status(thing, "content" if comment else "body")
    if status in {"live", "edited"} and not isinstance(thing.data.get("content" if comment else "name"), str):
        return Dead("no_text", f"{'content' if comment else 'name'} is missing", native_id)
    if not comment:
        return _made(page, thing, native_id, status, "body", thread=native_id, parent=None)
    thread = _address(post)
    if not thread:
        return Dead("no_thread", "a comment without the ap_id of its post", native_id)
    number = parent_of(comment)
    host = urlsplit(page.url)
    unknown = f"{host.scheme}://{host.netloc}/comment/{number}"
    return _made(page, thing, native_id, status, "content", thread=thread, parent=addresses.get(str(number), unknown) if number else thread)


def _made(page: Page, thing: _Thing, native_id: str, status: RecordStatus, field: str, *, thread: str, parent: str | None) -> Record:
    shown = status in {"live", "edited"}
    body = thing.data.get(field)
    text = _text(body) if shown and isinstance(body, str) else ""
    title = thing.data.get("name")
    return Record(
        page.source,
        page.site,
        native_id,
        native_id,
        "comment" if field == "content" else "post",
        text,
        title=clean(title) if shown and field == "body" and isinstance(title, str) else "",
        thread_id=thread,
        parent_id=parent,
        author_key=_author(thing.creator) if shown else None,
        created_at=from_iso(thing.moment("published")),
        edited_at=from_iso(thing.moment("updated")) if status == "edited" else None,
        quotes=tuple(map(Quote, quotes(text))),
        marks=_marks(thing, text) if shown else {},
        status=status,
        licence=RIGHTS["licence"],
        licence_evidence=RIGHTS["licence_evidence"],
        export_class=RIGHTS["export_class"] if shown else "none",
    )


def _status(thing: _Thing, field: str) -> RecordStatus:
    if thing.data.get("removed") is True or thing.community.get("removed") is True:
        return "removed"
    if thing.data.get("deleted") is True or str(thing.data.get(field) or "").strip().lower() in _BLANKED:
        return "deleted"
    return "edited" if isinstance(thing.moment("updated"), str) else "live"


def _text(markdown: str) -> str:
    plain = _LINKED_NAME.sub("@someone", _SPOILER.sub("", markdown))
    return hide_names(clean(as_text(_NAME.sub("@someone", plain))))


def _author(creator: Mapping[str, Any]) -> str | None:
    """By the address that is the same at every instance; ``actor_id`` in v3."""
    for key in ("ap_id", "actor_id"):
        if isinstance(creator.get(key), str) and creator[key]:
            return str(creator[key])
    number = whole(creator.get("id"))
    return str(number) if number is not None else None


def _marks(thing: _Thing, text: str) -> dict[str, Json]:
    links, images = links_and_images(text)
    url = thing.data.get("url")
    if isinstance(url, str) and url:
        picture = is_image(url) or str(thing.data.get("url_content_type") or "").startswith("image/")
        links, images = (links, images + 1) if picture else ([url, *(link for link in links if link != url)], images)
    marks: dict[str, Json] = {
        "score": thing.count("score"),
        "comments": thing.count("comments") if "name" in thing.data else None,
        "links": links or None,
        "images": images or None,
        "nsfw": True if thing.data.get("nsfw") is True or thing.community.get("nsfw") is True else None,
        "closed": True if thing.data.get("locked") is True and "name" in thing.data else None,
        "post_type": "bot" if thing.creator.get("bot_account") is True else None,
    }
    return {name: value for name, value in marks.items() if value is not None}
