"""Posts of X (API v2) -> Records: pure.

A post that is edited gets another id each time, and names them all; it is known by the first one, and of its versions the last one counts.
What a post answers comes beside it and is a Record too; what it quotes is a quotation. Who only passes on (a retweet) posts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scrapers.common.fields import Fields, told
from scrapers.common.page import Rights, from_iso, json_of, once, whole
from scrapers.x.texts import Written, is_passed_on, is_placeholder, written
from thresher.errors import PayloadError
from thresher.formats.markdown import quotes
from thresher.model import Dead, Json, Page, Quote, Record, RecordStatus, Unread
from thresher.text import clean

RIGHTS = Rights(
    licence="unknown",
    licence_evidence="X's developer policy lets posts be passed on by their ids alone",
    export_class="id_only",
)
POST = Fields(
    "post",
    used="attachments author_id conversation_id created_at edit_history_tweet_ids entities id lang note_tweet possibly_sensitive "
    "public_metrics referenced_tweets text withheld",
    ignored="article card_uri community_id context_annotations display_text_range edit_controls geo in_reply_to_user_id media_metadata "
    "non_public_metrics organic_metrics promoted_metrics reply_settings scopes source suggested_source_links",
)
_LANGUAGES = {"in": "id", "iw": "he"}
"""How X calls some languages."""
_NO_LANGUAGES = frozenset({"art", "qam", "qct", "qht", "qme", "qst", "und", "zxx"})
"""Its signs for texts that are in none: only links, only tags, unknown."""


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every post of an answer and what it answers. One that was ``asked`` for and is not in it is a Record ``gone``: deleted, suspended,
    or protected."""
    body = json_of(page)
    posts, beside = posts_of(body), included_of(body)
    whole_ones = [post for post in (*posts, *beside) if isinstance(post, dict)]
    by_id = {str(post["id"]): post for post in whole_ones if id_of(post.get("id"))}
    media = _media(body)
    answered = {ref for post in posts if isinstance(post, dict) if (ref := referred(post, "replied_to"))}
    answered -= {str(post.get("id")) for post in posts if isinstance(post, dict)}
    above = [post for post in beside if isinstance(post, dict) and str(post.get("id")) in answered]
    yield from once(_results(page, [*posts, *above], by_id, media))
    for asked, native_id in json.loads(page.context.get("asked", "{}")).items():
        if asked not in by_id:
            yield _away(page, native_id, "gone", "", "")
    yield from told(POST.unread(whole_ones))


def posts_of(body: Any) -> list[Any]:
    """What was asked for; empty where an answer says only what is not there. PayloadError where it is something else."""
    if isinstance(body, dict):
        shown = body.get("data")
        listed = shown if isinstance(shown, list) else [shown] if isinstance(shown, dict) else []
        if any(isinstance(post, dict) and "text" in post for post in listed):
            return listed
        meta = body.get("meta")
        is_empty = isinstance(meta, dict) and meta.get("result_count") == 0
        if not listed and (is_empty or isinstance(body.get("errors"), list)):
            return []
        said = body.get("detail") or body.get("title")
        raise PayloadError(f"no posts in it: {str(said or body)[:120]}", reason="not_posts")
    raise PayloadError(f"no posts in it: {str(body)[:80]}", reason="not_posts")


def included_of(body: Mapping[str, Any]) -> list[Any]:
    """What came beside."""
    includes = body.get("includes")
    beside = includes.get("tweets") if isinstance(includes, dict) else None
    return beside if isinstance(beside, list) else []


def _media(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    includes = body.get("includes")
    media = includes.get("media") if isinstance(includes, dict) else None
    return {str(m.get("media_key")): m for m in media if isinstance(m, dict)} if isinstance(media, list) else {}


def id_of(value: object) -> str:
    """An id as text, of up to twenty digits; empty for anything else."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 20 else ""


def referred(post: Mapping[str, Any], kind: str) -> str:
    """The id of the post that this one stands to in this way (``replied_to``, ``quoted``, ``retweeted``); empty for none."""
    references = post.get("referenced_tweets")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("type") == kind and id_of(reference.get("id")):
            return id_of(reference["id"])
    return ""


def versions_of(post: Mapping[str, Any]) -> list[str]:
    """All ids of a post, the first one first."""
    versions = post.get("edit_history_tweet_ids")
    stated = [number for i in versions if (number := id_of(i))] if isinstance(versions, list) else []
    return sorted(stated, key=int) or [str(post.get("id"))]


def _results(page: Page, posts: list[Any], by_id: Mapping[str, Mapping[str, Any]], media: Mapping[str, Any]) -> Iterator[Record | Dead]:
    for post in posts:
        if not isinstance(post, dict):
            yield Dead("not_a_post", f"a JSON {type(post).__name__} in the place of a post")
        elif not id_of(post.get("id")):
            yield Dead("no_identity", f"its id is {str(post.get('id'))[:40]!r}")
        elif not isinstance(post.get("text"), str):
            yield Dead("no_text", f"text is {type(post.get('text')).__name__}, not text", str(post["id"]))
        elif not is_passed_on(post) and str(post["id"]) == versions_of(post)[-1]:
            yield _record(page, post, by_id, media)


def _record(page: Page, post: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]], media: Mapping[str, Any]) -> Record:
    versions = versions_of(post)
    parent = referred(post, "replied_to")
    thread = id_of(post.get("conversation_id")) or ("" if parent else versions[0])
    if _is_withheld(post):
        return _away(page, versions[0], "removed", parent, thread)
    quoted = by_id.get(referred(post, "quoted"))
    own = written(post, quoted=quoted is not None)
    words = (
        written(quoted, quoted=True).text
        if quoted is not None and isinstance(quoted.get("text"), str) and not quoted.get("withheld")
        else ""
    )
    edited = len(versions) > 1
    pictures = _pictures(post, media)
    language = post.get("lang")
    others = [Quote(text) for text in quotes(own.text)] + ([Quote(words, of=referred(post, "quoted"))] if words else [])
    return Record(
        page.source,
        page.site,
        versions[0],
        url_of(versions[-1]),
        "comment" if parent else "post",
        _text(own, pictures, words),
        thread_id=thread,
        parent_id=parent or None,
        author_key=id_of(post.get("author_id")) or None,
        created_at=from_iso(post.get("created_at")),
        edited_at=from_iso(post.get("created_at")) if edited else None,
        language=_LANGUAGES.get(language, language) if isinstance(language, str) and language not in _NO_LANGUAGES else "",
        quotes=tuple(others),
        marks=_marks(post, own, len(pictures)),
        status="edited" if edited else "live",
        **RIGHTS,
    )


def _is_withheld(post: Mapping[str, Any]) -> bool:
    """Taken down, in some country at least."""
    return bool(post.get("withheld")) or is_placeholder(post)


def _text(own: Written, pictures: list[str], quoted: str) -> str:
    shown = "\n".join(f"[image: {' '.join(text.split())}]" if text else "[image]" for text in pictures)
    quote = "\n".join(f"> {line}".rstrip() for line in quoted.split("\n")) if quoted else ""
    return clean("\n\n".join(part for part in (own.text, shown, quote) if part))


def _pictures(post: Mapping[str, Any], media: Mapping[str, Any]) -> list[str]:
    """For each picture or video what its author says that it shows."""
    attachments = post.get("attachments")
    keys = attachments.get("media_keys") if isinstance(attachments, dict) else None
    shown = [media.get(str(key), {}) for key in keys] if isinstance(keys, list) else []
    return [clean(text) if isinstance(text := medium.get("alt_text"), str) else "" for medium in shown]


def _marks(post: Mapping[str, Any], own: Written, images: int) -> dict[str, Json]:
    metrics = post.get("public_metrics")
    count = metrics if isinstance(metrics, dict) else {}
    marks: dict[str, Json] = {
        "score": whole(count.get("like_count")),
        "comments": whole(count.get("reply_count")),
        "links": list(own.links) or None,
        "images": images or None,
        "tags": list(own.tags) or None,
        "nsfw": True if post.get("possibly_sensitive") is True else None,
    }
    return {name: value for name, value in marks.items() if value is not None}


def _away(page: Page, native_id: str, status: RecordStatus, parent: str, thread: str) -> Record:
    return Record(
        page.source,
        page.site,
        native_id,
        url_of(native_id),
        "comment" if parent else "post",
        "",
        thread_id=thread,
        parent_id=parent or None,
        status=status,
        **Rights(**{**RIGHTS, "export_class": "none"}),
    )


def url_of(post_id: str) -> str:
    """Where people read it, whatever its author is called."""
    return f"https://x.com/i/status/{post_id}"
