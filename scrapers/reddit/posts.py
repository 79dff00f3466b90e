"""Posts and comments of Reddit's answers, as Records: pure.

Every post (``t3``) and comment (``t1``) of an answer gives one Record or one Dead. ``more`` stubs, subreddits and accounts are no records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapers.common.fields import Fields, told
from scrapers.common.page import MAX_PICTURES, Rights, from_epoch
from scrapers.reddit.answers import Thing, body_json, is_escaped, things
from thresher.formats.markdown import as_text, is_image, links_and_images, picture_addresses, quotes, undo_api_escapes
from thresher.model import Dead, Page, Quote, Record, RecordStatus, Role, Unread
from thresher.text import clean

RIGHTS = Rights(
    licence="Reddit-User-Content",
    licence_evidence="Reddit Data API Terms: user content is owned by its users and may not be redistributed",
    export_class="id_only",
)
CANONICAL = "https://www.reddit.com"
NO_RECORDS = frozenset({"more", "t2", "t4", "t5", "t6"})
"""Kinds that an answer may hold beside posts and comments: stubs, accounts, messages, subreddits, awards."""
_BOTH = (
    "all_awardings approved_at_utc approved_by archived associated_award author_cakeday author_flair_background_color "
    "author_flair_css_class author_flair_richtext author_flair_template_id author_flair_text author_flair_text_color author_flair_type "
    "author_is_blocked author_patreon_flair author_premium awarders ban_note banned_at_utc banned_by can_gild can_mod_post created downs "
    "gilded gildings is_submitter likes locked mod_note mod_reason_by mod_reason_title mod_reports no_follow num_reports permalink "
    "quarantine removal_reason report_reasons rte_mode saved score_hidden send_replies spam subreddit subreddit_id "
    "subreddit_name_prefixed subreddit_type top_awarded_type total_awards_received treatment_tags unrepliable_reason ups user_reports"
)
"""Of posts and comments alike: awards, looks of the author, rights of the reader, reports to moderators."""
FIELDS = {
    "t3": Fields(
        "post",
        used="author author_fullname created_utc crosspost_parent distinguished edited gallery_data id is_self link_flair_text "
        "media_metadata name num_comments over_18 poll_data post_hint removed_by_category score selftext selftext_html stickied title "
        "url",
        ignored=f"{_BOTH} allow_live_comments body_html brand_safe category clicked content_categories contest_mode "
        "crosspost_parent_list discussion_type domain event_end event_is_live event_start from from_id from_kind hidden hide_score "
        "is_created_from_ads_ui is_crosspostable is_gallery is_meta is_original_content is_reddit_media_domain is_robot_indexable "
        "is_video link_flair_background_color link_flair_css_class link_flair_richtext link_flair_template_id link_flair_text_color "
        "link_flair_type media media_embed media_only num_crossposts num_duplicates parent_whitelist_status pinned preview pwls "
        "removed_by secure_media secure_media_embed spoiler subreddit_subscribers suggested_sort thumbnail thumbnail_height "
        "thumbnail_width upvote_ratio url_overridden_by_dest view_count visited whitelist_status wls",
    ),
    "t1": Fields(
        "comment",
        used="author author_fullname body body_html created_utc distinguished edited id link_id name parent_id removed_by_category "
        "replies score stickied",
        ignored=f"{_BOTH} collapsed collapsed_because_crowd_control collapsed_reason collapsed_reason_code comment_type controversiality "
        "depth editable expression_asset_data link_author link_permalink link_title link_url media_metadata num_comments over_18 "
        "profile_img profile_over_18",
    ),
}
_DELETED = frozenset({"[deleted]", "[deleted by user]"})
_REMOVED = frozenset({"[removed]", "[removed by reddit]", "[ removed by reddit ]"})


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Posts and comments of one answer. A gap in the listing is a Dead, so that it is counted and seen."""
    body = body_json(page)
    escaped = is_escaped(page, body)
    parts = list(things(body))
    answered = set()
    for part in parts:
        result = part if isinstance(part, Dead) else record(page, part, escaped=escaped)
        if result is not None:
            answered.add(result.native_id)
            yield result
    if "gap" in page.context:
        span = json.loads(page.context["gap"])
        times = " to ".join(datetime.fromtimestamp(span[end], UTC).isoformat() for end in ("from", "to"))
        yield Dead("listing_gap", f"the listing ended before it reached what was known; posts from {times} were never shown")
    asked = [name for name in page.context.get("asked", "").split(",") if name]
    yield from (gone(page, name) for name in asked if name not in answered)
    yield from told(
        *(fields.unread(part[1] for part in parts if not isinstance(part, Dead) and part[0] == kind) for kind, fields in FIELDS.items())
    )


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
    text = _text(data["selftext"], escaped)
    return _record(page, name, "post", name, None, data, text, _post_marks(data, text, escaped), _plain_title(data["title"], escaped))


def _comment(page: Page, name: str, data: Mapping[str, Any], escaped: bool) -> Record:
    text = _text(data["body"], escaped)
    links, images = links_and_images(text)
    marks = _common_marks(data) | ({"links": links} if links else {}) | ({"images": images} if images else {}) | _pictures(data, text)
    parent = data["parent_id"] if isinstance(data.get("parent_id"), str) else None
    return _record(page, name, "comment", data["link_id"], parent, data, text, marks)


def _record(
    page: Page, name: str, role: Role, thread: str, parent: str | None, data: Mapping[str, Any], text: str, marks: Mapping[str, Any],
    title: str = "",
) -> Record:  # fmt: skip
    """What posts and comments have in common. Of a thing that its author or a moderator took away: that it was there, and nothing of what
    it said or who said it."""
    status, edited_at = _status(data, data["selftext" if role == "post" else "body"])
    shown = status not in {"deleted", "removed"}
    category = data.get("removed_by_category")
    bare = {"removed_by": category} if isinstance(category, str) else {}
    return Record(
        page.source,
        page.site,
        name,
        _address(thread, name),
        role,
        text if shown else "",
        title=title if shown else "",
        thread_id=thread,
        parent_id=parent,
        author_key=_author(data) if shown else None,
        created_at=from_epoch(data.get("created_utc")),
        edited_at=edited_at,
        quotes=tuple(map(Quote, quotes(text))) if shown else (),
        marks=marks if shown else bare,
        status=status,
        licence=RIGHTS["licence"],
        licence_evidence=RIGHTS["licence_evidence"],
        export_class=RIGHTS["export_class"] if shown else "none",
    )


def _address(thread: str, name: str) -> str:
    """Where a thing is read. Reddit's own permalink carries the words of the title, which must go when the post goes; this one leads
    there too."""
    return f"{CANONICAL}/comments/{thread[3:]}/" + ("" if thread == name else f"_/{name[3:]}/")


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
        licence=RIGHTS["licence"],
        licence_evidence=RIGHTS["licence_evidence"],
        export_class="none",
    )


def _status(data: Mapping[str, Any], text: str) -> tuple[RecordStatus, datetime | None]:
    """A removal is told by ``removed_by_category`` or by the text that stands in its place; ``edited`` is false, a time, or (old edits)
    true."""
    words = text.strip().lower()
    category = data.get("removed_by_category")
    if words in _DELETED or str(data.get("title")).strip().lower() in _DELETED or category in ("deleted", "author"):
        return "deleted", None
    if words in _REMOVED or words.startswith("[ removed by reddit") or category:
        return "removed", None
    edited = data.get("edited")
    return ("edited" if edited else "live"), (from_epoch(edited) if not isinstance(edited, bool) else None)


def is_blanked(data: Mapping[str, Any]) -> bool:
    """Whether a thing's author or a moderator took it away."""
    text = data.get("body", data.get("selftext"))
    return _status(data, text if isinstance(text, str) else "")[0] in {"deleted", "removed"}


def _text(markdown: str, escaped: bool) -> str:
    return clean(as_text(undo_api_escapes(markdown) if escaped else markdown))


def _plain_title(title: str, escaped: bool) -> str:
    return clean(undo_api_escapes(title) if escaped else title)


def _author(data: Mapping[str, Any]) -> str | None:
    name = data.get("author")
    if not isinstance(name, str) or name == "[deleted]":
        return None
    account = data.get("author_fullname")
    return account if isinstance(account, str) and account else name


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
    shown = url if isinstance(url, str) and data.get("is_self") is False and is_image(url) else ""
    return marks | ({"links": links} if links else {}) | ({"images": images} if images else {}) | _pictures(data, text, shown)


def _pictures(data: Mapping[str, Any], text: str, shown: str = "") -> dict[str, list[str]]:
    """Where the pictures of a post or comment are, as they were uploaded."""
    addresses = [shown] if shown else []
    uploaded = data.get("media_metadata")
    if isinstance(uploaded, dict):
        addresses += [found for name, item in uploaded.items() if (found := _uploaded(name, item))]
    addresses += picture_addresses(text)
    originals = list(dict.fromkeys(_original(address) for address in addresses))
    return {"pictures": originals[:MAX_PICTURES]} if originals else {}


def _uploaded(name: object, item: object) -> str:
    """An upload by its id and media type; moving ones are left out."""
    kind = item.get("m") if isinstance(item, dict) and item.get("e") == "Image" else None
    ending = {"image/png": "png", "image/jpg": "jpg", "image/jpeg": "jpg", "image/webp": "webp"}.get(str(kind))
    return f"https://i.redd.it/{name}.{ending}" if ending and isinstance(name, str) and name.isalnum() else ""


def _original(address: str) -> str:
    """A preview's address needs a signature and leads to a smaller picture; the upload it was made of stands under the same name."""
    parts = urlsplit(address)
    if parts.netloc != "preview.redd.it":
        return address
    name = parts.path.rpartition("/")[2].rpartition("-v0-")[2] or parts.path.rpartition("/")[2]
    return f"https://i.redd.it/{name}"


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
