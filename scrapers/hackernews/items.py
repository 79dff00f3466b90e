"""Items of Hacker News -> Records: pure.

The same item comes in three shapes: a hit of the search (Algolia), a node of the search's tree of a story, and an item of the site's own
API (Firebase), which alone says what was deleted. All give the same Record.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scrapers.common.fields import Fields, told
from scrapers.common.page import Rights, from_epoch, json_of, once, text_marks, whole
from thresher.errors import PayloadError
from thresher.formats.html import render
from thresher.formats.mentions import hide_names
from thresher.model import Dead, Json, Page, Record, RecordStatus, Unread
from thresher.text import clean

RIGHTS = Rights(
    licence="unknown",
    licence_evidence="Hacker News grants no licence for what its users write",
    export_class="id_only",
)
CANONICAL = "https://news.ycombinator.com/item?id="
POSTS = frozenset({"story", "poll"})
NO_RECORDS = frozenset({"job", "pollopt"})
"""Advertisements of companies, and the options of a poll, which are no posts of anybody."""

HIT = Fields(
    "hit",
    used="_tags author comment_text created_at_i num_comments objectID parent_id points story_id story_text title url",
    ignored="_highlightResult children created_at relevancy_score story_title story_url updated_at",
)
NODE = Fields(
    "node",
    used="author children created_at_i id parent_id points story_id text title type url",
    ignored="created_at options",
)
ITEM = Fields(
    "item",
    used="by dead deleted descendants id kids parent score text time title type url",
    ignored="parts poll",
)
"""As in the README of HackerNews/API."""
_REMOVED = frozenset({"[flagged]", "[dead]", "[removed]"})
_DELETED = frozenset({"[deleted]"})
_QUOTED = re.compile(r"(?:<i>\s*)?(?:&gt;|>)\s*(?!\s)")
_PARAGRAPH = re.compile(r"<p>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Item:
    """What the three shapes say, under one set of names; every value is as the site wrote it."""

    id: object
    type: str
    text: object
    title: object = None
    url: object = None
    author: object = None
    time: object = None
    parent: object = None
    story: object = None
    score: object = None
    comments: object = None
    status: RecordStatus = "live"


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Hits, a tree, or one item, as Records. ``null``, which the API answers for what it does not have, is a Record ``gone`` of the item
    that was ``asked`` for."""
    body = json_of(page)
    if body is None:
        yield _gone(page)
        return
    things, fields, shape = _things(body)
    yield from once(_results(page, things, shape))
    yield from told(fields.unread(things))


def _things(body: Any) -> tuple[list[Any], Fields, Callable[[Mapping[str, Any]], _Item]]:
    """What a body holds, and how that is read."""
    if isinstance(body, dict) and isinstance(body.get("hits"), list):
        return body["hits"], HIT, _hit
    if isinstance(body, dict) and "children" in body and "objectID" not in body:
        return list(nodes(body)), NODE, _node
    if isinstance(body, dict) and "id" in body:
        return [body], ITEM, _item
    raise PayloadError(f"neither hits nor an item: {str(body)[:80]}", reason="not_items")


def _results(page: Page, things: list[Any], shape: Callable[[Mapping[str, Any]], _Item]) -> Iterator[Record | Dead]:
    for thing in things:
        if not isinstance(thing, dict):
            yield Dead("not_an_item", f"a JSON {type(thing).__name__} in the place of an item")
            continue
        item = shape(thing)
        if item.type not in NO_RECORDS:
            yield _record(page, item)


def nodes(root: Any) -> Iterator[Any]:
    """All nodes of a tree, each before those under it; trees of thousands of comments are deep."""
    queue = [root]
    while queue:
        node = queue.pop()
        yield node
        children = node.get("children") if isinstance(node, dict) else None
        queue.extend(reversed(children) if isinstance(children, list) else ())


def _hit(hit: Mapping[str, Any]) -> _Item:
    tags = hit.get("_tags")
    tags = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    kind = next((tag for tag in tags if tag in POSTS | NO_RECORDS | {"comment"}), "")
    text = hit.get("comment_text") if hit.get("comment_text") is not None else hit.get("story_text")
    return _Item(
        hit.get("objectID"), kind or ("comment" if hit.get("parent_id") else "story"), text, hit.get("title"), hit.get("url"),
        hit.get("author"), hit.get("created_at_i"), hit.get("parent_id"), hit.get("story_id"), hit.get("points"), hit.get("num_comments"),
    )  # fmt: skip


def _node(node: Mapping[str, Any]) -> _Item:
    return _Item(
        node.get("id"), _type(node, "parent_id"), node.get("text"), node.get("title"), node.get("url"), node.get("author"),
        node.get("created_at_i"), node.get("parent_id"), node.get("story_id"), node.get("points"), None,
    )  # fmt: skip


def _item(item: Mapping[str, Any]) -> _Item:
    status: RecordStatus = "deleted" if item.get("deleted") is True else "removed" if item.get("dead") is True else "live"
    return _Item(
        item.get("id"), _type(item, "parent"), item.get("text"), item.get("title"), item.get("url"), item.get("by"), item.get("time"),
        item.get("parent"), None, item.get("score"), item.get("descendants"), status,
    )  # fmt: skip


def _type(thing: Mapping[str, Any], parent: str) -> str:
    kind = thing.get("type")
    return kind if isinstance(kind, str) else "comment" if thing.get(parent) else "story"


def _record(page: Page, item: _Item) -> Record | Dead:
    number = whole(item.id)
    if number is None or number < 1:
        return Dead("no_identity", f"its id is {str(item.id)[:40]!r}")
    native_id = str(number)
    comment = item.type not in POSTS
    status = item.status if item.status != "live" else _status(item.text)
    live = status == "live"
    if live and comment and not isinstance(item.text, str):
        return Dead("no_text", f"text is {type(item.text).__name__}, not text", native_id)
    if live and not comment and not isinstance(item.title, str):
        return Dead("no_title", f"title is {type(item.title).__name__}, not text", native_id)
    parent = whole(item.parent) if comment else None
    rendered = render(_with_quotes(item.text) if live and isinstance(item.text, str) else "")
    marks: dict[str, Json] = text_marks(rendered) | ({} if comment else _post_marks(item, rendered.links))
    score = whole(item.score)
    return Record(
        page.source,
        page.site,
        native_id,
        CANONICAL + native_id,
        role="comment" if comment else "post",
        text=hide_names(rendered.text),
        title=clean(html.unescape(str(item.title))) if live and not comment else "",
        thread_id=native_id if not comment else str(whole(item.story) or page.context.get("story") or ""),
        parent_id=str(parent) if parent else None,
        author_key=clean(item.author) or None if live and isinstance(item.author, str) else None,
        created_at=from_epoch(item.time),
        quotes=rendered.quotes,
        marks=(marks | ({"score": score} if score is not None else {})) if live else {},
        status=status,
        **_rights(live=live),
    )


def _rights(*, live: bool) -> Rights:
    return RIGHTS if live else Rights(**{**RIGHTS, "export_class": "none"})


def _status(text: object) -> RecordStatus:
    """Dead and deleted items of the search show a word in the place of their text."""
    word = text.strip().lower() if isinstance(text, str) else ""
    return "removed" if word in _REMOVED else "deleted" if word in _DELETED else "live"


def _post_marks(item: _Item, links: tuple[str, ...]) -> dict[str, Json]:
    """A story that is a link shows where to."""
    comments = whole(item.comments)
    url = item.url if isinstance(item.url, str) and item.url else ""
    return ({"links": [url, *(link for link in links if link != url)]} if url else {}) | ({"comments": comments} if comments else {})


def _with_quotes(text: str) -> str:
    """The HTML with a quotation for each run of paragraphs that begin with ``>``: that is how people quote there, having no other way."""
    parts, quoted = [], False
    for part in _PARAGRAPH.split(text):
        marked = _QUOTED.match(part)
        if marked:
            italic = "<i>" if marked.group().startswith("<i>") else ""
            part = italic + part[marked.end() :]
        opened = "<blockquote>" if marked and not quoted else ""
        closed = "</blockquote>" if quoted and not marked else ""
        parts.append(f"{closed}{opened}<p>{part}</p>" if not part.lstrip().startswith("<pre>") else f"{closed}{part}")
        quoted = bool(marked)
    return "".join(parts) + ("</blockquote>" if quoted else "")


def _gone(page: Page) -> Record:
    asked = page.context.get("asked", "")
    if not asked:
        raise PayloadError("null, and nothing says which item was asked for", reason="no_item")
    return Record(
        page.source,
        page.site,
        asked,
        CANONICAL + asked,
        "comment",
        "",
        thread_id=page.context.get("story", ""),
        status="gone",
        **_rights(live=False),
    )
