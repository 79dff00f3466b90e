"""Posts of Bluesky -> Records: pure.

A post comes in a search, a feed, by its address, or as a node of a thread, always in the same shape (``app.bsky.feed.defs#postView``).
It is known by its address (``at://did/app.bsky.feed.post/key``), which outlives the names of its author.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from scrapers.bluesky.texts import Written, alternative_texts, links_of, quoted_post, written
from scrapers.common.fields import Fields, told
from scrapers.common.page import Rights, from_iso, json_of, once, whole
from thresher.errors import PayloadError
from thresher.formats.markdown import quotes
from thresher.model import Dead, Json, Page, Quote, Record, RecordStatus, Unread
from thresher.text import clean

RIGHTS = Rights(
    licence="unknown",
    licence_evidence="posts of Bluesky belong to their authors, who grant no licence to others",
    export_class="id_only",
)
WITHHOLDING = frozenset({"!hide", "!no-unauthenticated", "!suspend", "!takedown"})
"""Labels, of the moderators or of the author, with which a post is not to be shown to everybody."""
_COLLECTION = "/app.bsky.feed.post/"

POST = Fields(
    "post",
    used="author embed indexedAt labels likeCount record replyCount uri",
    ignored="$type bookmarkCount cid debug quoteCount repostCount threadgate viewer",
)
AUTHOR = Fields(
    "author",
    used="did labels",
    ignored="associated avatar createdAt debug description displayName handle indexedAt pronouns status verification viewer",
)
RECORD = Fields("record", used="createdAt embed entities facets langs reply text", ignored="$type bridgyOriginalText bridgyOriginalUrl "
    "fediverseId labels tags via")  # fmt: skip


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every post of an answer. One that was ``asked`` for and is not in it, and one of which a thread says that it is not there, is a
    Record ``gone``; one that a label withholds is ``removed``, whoever may see it with a log-in."""
    body = json_of(page)
    if isinstance(body, dict) and body.get("error") == "NotFound" and "thread" in page.context:
        yield _gone(page, page.context["thread"])
        return
    things = _things(body)
    yield from once(_result(page, thing) for thing in things)
    there = {str(thing.get("uri")) for thing in things if isinstance(thing, dict)}
    for uri in page.context.get("asked", "").split():
        if uri not in there:
            yield _gone(page, uri)
    posts = [thing for thing in things if isinstance(thing, dict) and "notFound" not in thing and "blocked" not in thing]
    yield from told(
        POST.unread(posts), AUTHOR.unread(post.get("author") for post in posts), RECORD.unread(post.get("record") for post in posts)
    )


def _things(body: Any) -> list[Any]:
    """The posts of an answer, and what stands in the place of one; reposts are not posts. PayloadError where there are none."""
    if isinstance(body, dict):
        if isinstance(body.get("posts"), list):
            return list(body["posts"])
        if isinstance(body.get("feed"), list):
            entries = [entry for entry in body["feed"] if not isinstance(entry, dict) or not _is_repost(entry)]
            return [entry.get("post") if isinstance(entry, dict) else entry for entry in entries]
        if isinstance(body.get("thread"), dict):
            return list(_nodes(body["thread"]))
    said = (body.get("message") or body.get("error")) if isinstance(body, dict) else None
    raise PayloadError(f"no posts in it: {str(said or body)[:120]}", reason="not_posts")


def _is_repost(entry: Mapping[str, Any]) -> bool:
    reason = entry.get("reason")
    return isinstance(reason, dict) and str(reason.get("$type", "")).endswith("#reasonRepost")


def _nodes(root: Mapping[str, Any]) -> Iterator[Any]:
    """The posts of a thread: what stands above, each once, then the post and what is below it."""
    above, node = [], root.get("parent")
    while isinstance(node, dict):
        above.append(node)
        node = node.get("parent")
    queue: list[Any] = [root]
    for node in reversed(above):
        yield _of_node(node)
    while queue:
        node = queue.pop()
        yield _of_node(node)
        replies = node.get("replies") if isinstance(node, dict) else None
        queue.extend(reversed(replies) if isinstance(replies, list) else ())


def _of_node(node: Any) -> Any:
    """The post of a node; a node that is none (``notFound``, ``blocked``) as it is."""
    return node.get("post", node) if isinstance(node, dict) else node


def _result(page: Page, thing: Any) -> Record | Dead:
    if not isinstance(thing, dict):
        return Dead("not_a_post", f"a JSON {type(thing).__name__} in the place of a post")
    uri = thing.get("uri")
    if not isinstance(uri, str) or not is_post(uri):
        return Dead("no_identity", f"its address is {str(uri)[:80]!r}")
    if thing.get("notFound") is True:
        return _gone(page, uri)
    if thing.get("blocked") is True:
        return Dead("blocked", "its author and whoever it answers have blocked each other", uri)
    record = thing.get("record")
    if not isinstance(record, dict):
        return Dead("no_record", f"record is {type(record).__name__}, not an object", uri)
    if not isinstance(record.get("text"), str):
        return Dead("no_text", f"text is {type(record.get('text')).__name__}, not text", uri)
    return _record(page, uri, thing, record)


def is_post(uri: str) -> bool:
    """Whether an address is that of a post; likes, lists and accounts have some, too."""
    return uri.startswith("at://") and _COLLECTION in uri and not any(sign.isspace() for sign in uri)


def _record(page: Page, uri: str, post: Mapping[str, Any], record: Mapping[str, Any]) -> Record:
    author = _object(post, "author")
    root, parent = (_reply(record, name) for name in ("root", "parent"))
    withheld = WITHHOLDING & (labels_of(post, page.fetched_at) | labels_of(author, page.fetched_at))
    if withheld:
        return _away(page, uri, "removed", parent, root, {"withheld": sorted(withheld)})
    own = written(record)
    quoted = quoted_post(post)
    if quoted is not None and WITHHOLDING & (labels_of(quoted.post, page.fetched_at) | labels_of(quoted.author, page.fetched_at)):
        quoted = None
    pictures = alternative_texts(post, record)
    others = [Quote(words) for words in quotes(own.text)] + ([Quote(quoted.text, of=quoted.uri)] if quoted and quoted.text else [])
    return Record(
        page.source,
        page.site,
        uri,
        url_of(uri),
        "comment" if parent else "post",
        _text(own, pictures, quoted.text if quoted else ""),
        thread_id=root or parent or uri,
        parent_id=parent or None,
        author_key=str(author["did"]) if isinstance(author.get("did"), str) else None,
        created_at=moment_of(post),
        quotes=tuple(others),
        marks=_marks(page, post, record, own, len(pictures)),
        **RIGHTS,
    )


def _text(own: Written, pictures: list[str], quoted: str) -> str:
    """The own words, what its pictures show, and the quoted post behind them, as Bluesky shows them."""
    shown = "\n".join(f"[image: {' '.join(text.split())}]" if text else "[image]" for text in pictures)
    quote = "\n".join(f"> {line}".rstrip() for line in quoted.split("\n")) if quoted else ""
    return clean("\n\n".join(part for part in (own.text, shown, quote) if part))


def _marks(page: Page, post: Mapping[str, Any], record: Mapping[str, Any], own: Written, images: int) -> dict[str, Json]:
    langs, labels = record.get("langs"), labels_of(post, page.fetched_at)
    links = list(dict.fromkeys((*own.links, *links_of(post, record))))
    marks: dict[str, Json] = {
        "score": whole(post.get("likeCount")),
        "comments": whole(post.get("replyCount")),
        "links": links or None,
        "images": images or None,
        "tags": list(own.tags) or None,
        "langs": [lang for lang in langs if isinstance(lang, str)] if isinstance(langs, list) else None,
        "labels": sorted(labels) or None,
        "post_type": "bot" if "bot" in labels_of(_object(post, "author"), page.fetched_at) else None,
    }
    return {name: value for name, value in marks.items() if value is not None}


def _gone(page: Page, uri: str) -> Record:
    return _away(page, uri, "gone", "", "", {})


def _away(page: Page, uri: str, status: RecordStatus, parent: str, root: str, marks: Mapping[str, Json]) -> Record:
    return Record(
        page.source,
        page.site,
        uri,
        url_of(uri),
        "comment" if parent else "post",
        "",
        thread_id=root or parent or uri,
        parent_id=parent or None,
        marks=marks,
        status=status,
        **Rights(**{**RIGHTS, "export_class": "none"}),
    )


def url_of(uri: str) -> str:
    """Where people read a post."""
    did, _, key = uri.removeprefix("at://").partition(_COLLECTION)
    return f"https://bsky.app/profile/{did}/post/{key}"


def moment_of(post: Mapping[str, Any]) -> datetime | None:
    """When it was written, by which searches are sorted: what the author's program says, but not later than it was seen. Imported posts
    say years of which nobody else knows."""
    said = from_iso(_object(post, "record").get("createdAt"))
    seen = from_iso(post.get("indexedAt"))
    return min((moment for moment in (said, seen) if moment is not None), default=None)


def labels_of(thing: Mapping[str, Any], now: datetime) -> frozenset[str]:
    """The labels that hold: neither taken back nor expired."""
    labels = thing.get("labels")
    stated = [label for label in labels if isinstance(label, dict)] if isinstance(labels, list) else []
    holding = [label for label in stated if label.get("neg") is not True and (from_iso(label.get("exp")) or now) >= now]
    return frozenset(clean(label["val"]) for label in holding if isinstance(label.get("val"), str))


def _object(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = thing.get(name)
    return inner if isinstance(inner, dict) else {}


def _reply(record: Mapping[str, Any], name: str) -> str:
    uri = _object(_object(record, "reply"), name).get("uri")
    return uri if isinstance(uri, str) and is_post(uri) else ""
