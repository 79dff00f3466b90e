"""What Reddit's API answers, as Records: pure.

Every post (``t3``) and comment (``t1``) of an answer gives one Record or one Dead. ``more`` stubs, subreddits and accounts are no records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from thresher.errors import PayloadError
from thresher.formats.markdown import as_text, is_image, links_and_images, quotes, undo_api_escapes
from thresher.model import Dead, Page, Quote, Record, RecordStatus, Role
from thresher.text import clean

LICENCE = "Reddit-User-Content"
EVIDENCE = "Reddit Data API Terms: user content is owned by its users and may not be redistributed"
CANONICAL = "https://www.reddit.com"

NO_RECORDS = frozenset({"more", "t2", "t4", "t5", "t6"})
"""Kinds that an answer may hold beside posts and comments: stubs, accounts, messages, subreddits, awards."""

Thing = tuple[str, Mapping[str, Any]]


def body_json(page: Page) -> Any:
    """The body as JSON; PayloadError says what it is instead."""
    if page.status != 200:
        raise PayloadError(f"{page.url} answered {page.status}: {page.body[:120]!r}", reason="http_status")
    body = page.body.strip()
    if not body:
        raise PayloadError(f"{page.url} answered nothing", reason="empty_body")
    if body[:1] == b"<":
        raise PayloadError(f"{page.url} answered HTML where JSON was asked for; a block page or an outage", reason="html_body")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"{page.url} is not JSON: {error}", reason="bad_json") from error


def things(body: Any) -> Iterator[Thing | Dead]:
    """Every thing of an answer in reading order, replies after what they answer; Dead for a child that is no thing at all."""
    queue: list[Any] = list(reversed(_children(body)))
    while queue:
        child = queue.pop()
        if not (isinstance(child, dict) and isinstance(child.get("data"), dict) and isinstance(child.get("kind"), str)):
            yield Dead("not_a_thing", f"a child without kind and data: {str(child)[:80]}")
            continue
        yield child["kind"], child["data"]
        replies = child["data"].get("replies")
        if child["kind"] == "t1" and isinstance(replies, dict):
            try:
                queue.extend(reversed(_children(replies)))
            except PayloadError as error:
                yield Dead("bad_replies", str(error), str(child["data"].get("name") or ""))


def _children(body: Any) -> list[Any]:
    """The children of a Listing, of several, or of what ``/api/morechildren`` answers."""
    if isinstance(body, list) and body:
        return [child for part in body for child in _children(part)]
    if isinstance(body, dict):
        data = body.get("data")
        if body.get("kind") == "Listing" and isinstance(data, dict) and isinstance(data.get("children"), list):
            return list(data["children"])
        if body.get("kind") in {"t1", "t3"}:
            return [body]
        if isinstance(body.get("json"), dict):
            data, body = body["json"].get("data"), body["json"]
            if isinstance(data, dict) and isinstance(data.get("things"), list):
                return list(data["things"])
    raise _refused(body)


def _refused(body: Any) -> PayloadError:
    """What a body without listings is."""
    if not isinstance(body, dict):
        return PayloadError(f"a listing was expected, this is {type(body).__name__}", reason="not_a_listing")
    if "access_token" in body:
        return PayloadError("the answer to a token request, which is never to be stored", reason="token_answer")
    if "error" in body or "message" in body or "errors" in body:
        said = {key: body[key] for key in ("error", "errors", "reason", "message") if key in body}
        return PayloadError(f"an error where a listing was expected: {said}", reason="api_error")
    return PayloadError(
        f"a listing was expected, this is of kind {body.get('kind')!r} with {sorted(map(str, body))[:8]}", reason="not_a_listing"
    )


def is_escaped(page: Page, body: Any) -> bool:
    """Whether the API escaped ``< > &``: it does unless asked for ``raw_json=1``. Where the address does not say, its own HTML shows it."""
    if parse_qs(urlsplit(page.url).query).get("raw_json") == ["1"] or page.context.get("raw_json") == "1":
        return False
    for thing in things(body):
        if not isinstance(thing, Dead):
            shown = thing[1].get("body_html") or thing[1].get("selftext_html")
            if isinstance(shown, str):
                return shown.lstrip().startswith("&lt;")
    return True


def record(page: Page, thing: Thing, *, escaped: bool) -> Record | Dead | None:
    """One thing as a Record; None for the kinds that are none."""
    kind, data = thing
    if kind in NO_RECORDS:
        return None
    name = data.get("name")
    if not isinstance(name, str) and isinstance(data.get("id"), str):
        name = f"{kind}_{data['id']}"
    if kind not in {"t1", "t3"}:
        return Dead("unknown_kind", f"kind {kind!r}", str(name or ""))
    if not isinstance(name, str) or not name.startswith(f"{kind}_"):
        return Dead("no_id", f"{kind} without a usable name: {str(data.get('name'))[:40]!r}")
    field = "selftext" if kind == "t3" else "body"
    if not isinstance(data.get(field), str):
        return Dead("no_text", f"{field} is {type(data.get(field)).__name__}, not text", name)
    if kind == "t3" and not isinstance(data.get("title"), str):
        return Dead("no_title", f"title is {type(data.get('title')).__name__}, not text", name)
    if kind == "t1" and not str(data.get("link_id") or "").startswith("t3_"):
        return Dead("no_thread", "a comment without the post that it belongs to (link_id)", name)
    return _post(page, name, data, escaped) if kind == "t3" else _comment(page, name, data, escaped)


def _post(page: Page, name: str, data: Mapping[str, Any], escaped: bool) -> Record:
    status, edited_at = _status(data, data["selftext"])
    if status in {"deleted", "removed"}:
        return _blank(page, name, "post", name, None, data, status)
    text = _text(data["selftext"], escaped)
    return Record(
        page.source,
        page.site,
        name,
        _address(name, name),
        "post",
        text,
        title=_plain_title(data["title"], escaped),
        thread_id=name,
        author_key=_author(data),
        created_at=_time(data.get("created_utc")),
        edited_at=edited_at,
        quotes=_quotes(text),
        marks=_post_marks(data, text, escaped),
        status=status,
        licence=LICENCE,
        licence_evidence=EVIDENCE,
        export_class="id_only",
    )


def _comment(page: Page, name: str, data: Mapping[str, Any], escaped: bool) -> Record:
    status, edited_at = _status(data, data["body"])
    thread = data["link_id"]
    parent = data["parent_id"] if isinstance(data.get("parent_id"), str) else None
    if status in {"deleted", "removed"}:
        return _blank(page, name, "comment", thread, parent, data, status)
    text = _text(data["body"], escaped)
    links, images = links_and_images(text)
    marks = _common_marks(data) | ({"links": links} if links else {}) | ({"images": images} if images else {})
    return Record(
        page.source,
        page.site,
        name,
        _address(thread, name),
        "comment",
        text,
        thread_id=thread,
        parent_id=parent,
        author_key=_author(data),
        created_at=_time(data.get("created_utc")),
        edited_at=edited_at,
        quotes=_quotes(text),
        marks=marks,
        status=status,
        licence=LICENCE,
        licence_evidence=EVIDENCE,
        export_class="id_only",
    )


def _address(thread: str, name: str) -> str:
    """Where a thing is read. Reddit's own permalink carries the words of the title, which must go when the post goes; this one leads
    there too."""
    return f"{CANONICAL}/comments/{thread[3:]}/" + ("" if thread == name else f"_/{name[3:]}/")


def _blank(page: Page, name: str, role: Role, thread: str, parent: str | None, data: Mapping[str, Any], status: RecordStatus) -> Record:
    """A thing that its author or a moderator took away: that it was there, and nothing of what it said or who said it."""
    why = data.get("removed_by_category")
    return Record(
        page.source,
        page.site,
        name,
        _address(thread, name),
        role,
        "",
        thread_id=thread,
        parent_id=parent,
        created_at=_time(data.get("created_utc")),
        marks={"removed_by": why} if isinstance(why, str) else {},
        status=status,
        licence=LICENCE,
        licence_evidence=EVIDENCE,
        export_class="none",
    )


def gone(page: Page, name: str) -> Record:
    """A fullname that the API was asked for and did not answer."""
    is_post = name.startswith("t3_")
    return Record(
        page.source,
        page.site,
        name,
        _address(name, name) if is_post else f"{CANONICAL}/api/info?id={name}",
        "post" if is_post else "comment",
        "",
        thread_id=name if is_post else "",
        status="gone",
        licence=LICENCE,
        licence_evidence=EVIDENCE,
        export_class="none",
    )


_BY_AUTHOR = frozenset({"deleted", "author"})
_DELETED = frozenset({"[deleted]", "[deleted by user]"})
_REMOVED = frozenset({"[removed]", "[removed by reddit]", "[ removed by reddit ]"})


def _status(data: Mapping[str, Any], text: str) -> tuple[RecordStatus, datetime | None]:
    """A removal is told by ``removed_by_category`` or by the text that stands in its place; ``edited`` is false, a time, or (old edits)
    true."""
    said = text.strip().lower()
    category = data.get("removed_by_category")
    if said in _DELETED or str(data.get("title")).strip().lower() in _DELETED or category in _BY_AUTHOR:
        return "deleted", None
    if said in _REMOVED or said.startswith("[ removed by reddit") or category:
        return "removed", None
    edited = data.get("edited")
    return ("edited" if edited else "live"), (_time(edited) if not isinstance(edited, bool) else None)


def is_blanked(data: Mapping[str, Any]) -> bool:
    """Whether a thing's author or a moderator took it away."""
    text = data.get("body", data.get("selftext"))
    return _status(data, text if isinstance(text, str) else "")[0] in {"deleted", "removed"}


def _text(markdown: str, escaped: bool) -> str:
    return clean(as_text(undo_api_escapes(markdown) if escaped else markdown))


def _plain_title(title: str, escaped: bool) -> str:
    return clean(undo_api_escapes(title) if escaped else title)


def _quotes(text: str) -> tuple[Quote, ...]:
    return tuple(Quote(quote) for quote in quotes(text))


def _author(data: Mapping[str, Any]) -> str | None:
    name = data.get("author")
    if not isinstance(name, str) or name == "[deleted]":
        return None
    account = data.get("author_fullname")
    return account if isinstance(account, str) and account else name


def _time(epoch: Any) -> datetime | None:
    """Seconds since 1970 as UTC; None for what is no time."""
    if isinstance(epoch, bool) or not isinstance(epoch, int | float):
        return None
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _common_marks(data: Mapping[str, Any]) -> dict[str, Any]:
    marks: dict[str, Any] = {}
    if isinstance(data.get("score"), int):
        marks["score"] = data["score"]
    if isinstance(data.get("distinguished"), str):
        marks["distinguished"] = data["distinguished"]
    if data.get("edited"):
        marks["edited"] = True
    if data.get("stickied") is True:
        marks["stickied"] = True
    return marks


def _post_marks(data: Mapping[str, Any], text: str, escaped: bool) -> dict[str, Any]:
    marks = _common_marks(data)
    links, images = links_and_images(text)
    url = data.get("url")
    if data.get("is_self") is False and isinstance(url, str):
        url = undo_api_escapes(url) if escaped else url
        if is_image(url) or data.get("post_hint") == "image":
            images += 1
        elif not isinstance(data.get("gallery_data"), dict):
            links.insert(0, url)
    images = max(images, _gallery(data))
    if isinstance(data.get("num_comments"), int):
        marks["comments"] = data["num_comments"]
    if isinstance(data.get("link_flair_text"), str) and data["link_flair_text"]:
        marks["flair"] = clean(data["link_flair_text"])
    if data.get("over_18") is True:
        marks["over_18"] = True
    if isinstance(data.get("crosspost_parent"), str):
        marks["crosspost"] = data["crosspost_parent"]
    if poll := _poll(data):
        marks["poll"] = poll
    return marks | ({"links": links} if links else {}) | ({"images": images} if images else {})


def _gallery(data: Mapping[str, Any]) -> int:
    """Pictures of a gallery, or those that the editor put into the text."""
    gallery = data.get("gallery_data")
    if isinstance(gallery, dict) and isinstance(gallery.get("items"), list):
        return len(gallery["items"])
    uploaded = data.get("media_metadata")
    return (
        sum(1 for item in uploaded.values() if isinstance(item, dict) and item.get("e") in {"Image", "AnimatedImage"})
        if isinstance(uploaded, dict)
        else 0
    )


def _poll(data: Mapping[str, Any]) -> list[str]:
    poll = data.get("poll_data")
    options = poll.get("options") if isinstance(poll, dict) else None
    if not isinstance(options, list):
        return []
    return [clean(option["text"]) for option in options if isinstance(option, dict) and isinstance(option.get("text"), str)]
