"""Posts of Mastodon -> Records: pure. ``Status`` is Mastodon's word for a post.

A status is known by its address at home; what it answers is said by a number of the instance that was asked, so a page brings along, or
says in its context, which address has which number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from scrapers.common.fields import Fields, told
from scrapers.common.page import Rights, from_iso, json_of, once, text_marks, whole
from scrapers.mastodon.consent import refusal_of
from thresher.errors import PayloadError
from thresher.formats.html import Rendered, render
from thresher.formats.mentions import hide_names
from thresher.model import Dead, Json, Page, Quote, Record, RecordStatus, Unread
from thresher.text import clean

RIGHTS = Rights(
    licence="unknown",
    licence_evidence="the instances of Mastodon grant no licence for what their users write",
    export_class="id_only",
)
STATUS = Fields(
    "status",
    used="account card content created_at edited_at favourites_count id in_reply_to_id language media_attachments poll quote reblog "
    "replies_count sensitive spoiler_text tags uri url visibility",
    ignored="application bookmarked emojis favourited filtered in_reply_to_account_id local_only mentions muted pinned quote_approval "
    "quotes_count reactions reblogged reblogs_count tagged_collections text",
)
ACCOUNT = Fields(
    "account",
    used="acct bot discoverable display_name fields indexable noindex note url",
    ignored="avatar avatar_description avatar_static created_at emojis feature_approval followers_count following_count group header "
    "header_description header_static hide_collections id last_status_at limited locked memorial moved mute_expires_at roles show_featured "
    "show_media show_media_replies statuses_count suspended uri username",
)
_QUOTE_LINK = re.compile(r'<p class="quote-inline">.*?</p>', re.DOTALL)
"""What stands in the place of a quotation for programs that do not know them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a status stands: the addresses of what it answers and of what opened its thread."""

    parent: str
    root: str


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every status of an answer. One whose author does not want to be collected is ``removed``, and one that was ``asked`` for and is not
    there is ``gone``. What somebody only passed on (a reblog) is no post of theirs."""
    if page.status in {404, 410} and "asked" in page.context:
        yield _away(page, page.context["asked"], "gone", Place("", page.context["asked"]), {})
        return
    statuses = [
        status for status in statuses_of(json_of(page)) if not isinstance(status, dict) or not isinstance(status.get("reblog"), dict)
    ]
    whole_ones = [status for status in statuses if isinstance(status, dict)]
    places = _places(page, whole_ones)
    yield from once(_result(page, status, places) for status in statuses)
    yield from told(STATUS.unread(whole_ones), ACCOUNT.unread(status.get("account") for status in whole_ones))


def statuses_of(body: Any) -> list[Any]:
    """The statuses of a timeline, a search, a context, or one alone; PayloadError where it is something else."""
    if isinstance(body, dict) and isinstance(body.get("statuses"), list):
        body = body["statuses"]
    if isinstance(body, dict) and isinstance(body.get("descendants"), list):
        above = body.get("ancestors")
        return [*(above if isinstance(above, list) else ()), *body["descendants"]]
    if isinstance(body, dict) and "content" in body and "account" in body:
        return [body]
    if isinstance(body, list) and all(not isinstance(thing, dict) or {"content", "uri"} & thing.keys() for thing in body):
        return body
    said = body.get("error") if isinstance(body, dict) else None
    raise PayloadError(f"no posts in it: {str(said or body)[:120]}", reason="not_statuses")


def _places(page: Page, statuses: list[dict[str, Any]]) -> dict[str, Place]:
    """Where the statuses that answer something stand, by their numbers at the instance that was asked."""
    places = {number: Place(*pair) for number, pair in json.loads(page.context.get("places", "{}")).items()}
    addresses = json.loads(page.context.get("addresses", "{}")) | {
        str(status["id"]): uri for status in statuses if (uri := address_of(status)) and "id" in status
    }
    root = page.context.get("root", "")
    for status in statuses:
        parent = status.get("in_reply_to_id")
        if parent is not None and str(status.get("id")) not in places and str(parent) in addresses:
            places[str(status.get("id"))] = Place(addresses[str(parent)], root)
    return places


def address_of(status: Mapping[str, Any]) -> str:
    """By what a status is known at every instance; empty where it does not say it."""
    uri = status.get("uri")
    return uri if isinstance(uri, str) and uri.startswith(("https://", "http://")) and not any(map(str.isspace, uri)) else ""


def _result(page: Page, status: Any, places: Mapping[str, Place]) -> Record | Dead:
    if not isinstance(status, dict):
        return Dead("not_a_status", f"a JSON {type(status).__name__} in the place of a post")
    uri = address_of(status)
    if not uri:
        return Dead("no_identity", "no uri, by which it is known everywhere", str(status.get("id") or "")[:40])
    if not isinstance(status.get("content"), str):
        return Dead("no_text", f"content is {type(status.get('content')).__name__}, not text", uri)
    answers = status.get("in_reply_to_id")
    host = urlsplit(page.url)
    unknown = Place(f"{host.scheme}://{host.netloc}/api/v1/statuses/{answers}", "")
    place = Place("", uri) if answers is None else places.get(str(status.get("id")), unknown)
    refusal = refusal_of(status)
    return _away(page, uri, "removed", place, {"withheld": refusal}) if refusal else _record(page, uri, status, place)


def _record(page: Page, uri: str, status: Mapping[str, Any], place: Place) -> Record:
    edited = from_iso(status.get("edited_at"))
    rendered = render(_QUOTE_LINK.sub("", status["content"]))
    quoted = _quoted(status)
    account = status["account"] if isinstance(status.get("account"), dict) else {}
    url, title = status.get("url"), status.get("spoiler_text")
    return Record(
        page.source,
        page.site,
        uri,
        url if isinstance(url, str) and url.startswith("http") else uri,
        "comment" if place.parent else "post",
        _text(status, rendered, quoted),
        title=hide_names(clean(title)) if isinstance(title, str) else "",
        thread_id=place.root,
        parent_id=place.parent or None,
        author_key=account["url"] if isinstance(account.get("url"), str) else None,
        created_at=from_iso(status.get("created_at")),
        edited_at=edited,
        quotes=(*rendered.quotes, *([quoted] if quoted else ())),
        marks=_marks(status, account, rendered),
        status="edited" if edited else "live",
        **RIGHTS,
    )


def _text(status: Mapping[str, Any], rendered: Rendered, quoted: Quote | None) -> str:
    """The own words, what can be voted on, what its pictures show, and the quoted post, as Mastodon shows them."""
    poll = status.get("poll")
    options = [f"- {clean(str(option.get('title')))}" for option in _objects(poll.get("options"))] if isinstance(poll, dict) else []
    described = [clean(text) if isinstance(text := media.get("description"), str) else "" for media in _media(status)]
    pictures = [f"[image: {' '.join(text.split())}]" if text else "[image]" for text in described]
    quote = [f"> {line}".rstrip() for line in quoted.text.split("\n")] if quoted else []
    parts = (hide_names(rendered.text), "\n".join(options), "\n".join(pictures), "\n".join(quote))
    return clean("\n\n".join(part for part in parts if part))


def _quoted(status: Mapping[str, Any]) -> Quote | None:
    """The post that is shown below this one, where whoever wrote it lets it be quoted and collected."""
    quote = status.get("quote")
    shown = quote.get("quoted_status") if isinstance(quote, dict) and quote.get("state") == "accepted" else None
    if not isinstance(shown, dict) or not isinstance(shown.get("content"), str) or refusal_of(shown):
        return None
    text = hide_names(render(_QUOTE_LINK.sub("", shown["content"])).text)
    return Quote(text, of=address_of(shown) or None) if text else None


def _media(status: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [media for media in _objects(status.get("media_attachments")) if media.get("type") != "audio"]


def _marks(status: Mapping[str, Any], account: Mapping[str, Any], rendered: Rendered) -> dict[str, Json]:
    card, language = status.get("card"), status.get("language")
    links = list(rendered.links)
    if isinstance(card, dict) and isinstance(card.get("url"), str) and card["url"] and card["url"] not in links:
        links.append(card["url"])
    marks: dict[str, Json] = {
        **text_marks(rendered),
        "links": links or None,
        "images": rendered.images + len(_media(status)) or None,
        "score": whole(status.get("favourites_count")),
        "comments": whole(status.get("replies_count")),
        "tags": [clean(tag["name"]) for tag in _objects(status.get("tags")) if isinstance(tag.get("name"), str)] or None,
        "langs": [language] if isinstance(language, str) and language else None,
        "nsfw": True if status.get("sensitive") is True else None,
        "post_type": "bot" if account.get("bot") is True else None,
    }
    return {name: value for name, value in marks.items() if value is not None}


def _away(page: Page, uri: str, status: RecordStatus, place: Place, marks: Mapping[str, Json]) -> Record:
    return Record(
        page.source,
        page.site,
        uri,
        uri,
        "comment" if place.parent else "post",
        "",
        thread_id=place.root,
        parent_id=place.parent or None,
        marks=marks,
        status=status,
        **Rights(**{**RIGHTS, "export_class": "none"}),
    )


def _objects(value: object) -> list[dict[str, Any]]:
    return [thing for thing in value if isinstance(thing, dict)] if isinstance(value, list) else []
