"""Reviews of either store -> Records: pure. No name of a reviewer is kept, and what the developer answered is not a review."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scrapers.app_reviews.site import SOURCE
from scrapers.common.fields import Fields, told
from scrapers.common.page import Rights, from_epoch, from_iso, json_of, once, whole
from thresher.errors import PayloadError
from thresher.formats.mentions import hide_names
from thresher.model import Dead, Json, Page, Record, Unread
from thresher.text import clean

RIGHTS: Final = Rights(licence="unknown", licence_evidence="the stores grant no licence for what their users write", export_class="id_only")
ENTRY = Fields(
    "entry",
    used="author content id im:rating im:version im:voteCount im:voteSum title updated",
    ignored="category im:artist im:contentType im:image im:name im:price im:releaseDate link rights summary",
)
REVIEW = Fields("review", used="comments reviewId", ignored="authorName")
USER_COMMENT = Fields(
    "userComment",
    used="appVersionName lastModified reviewerLanguage starRating text thumbsDownCount thumbsUpCount",
    ignored="androidOsVersion appVersionCode device deviceMetadata originalText",
)
_APP_NUMBER: Final = re.compile(r"/id=(\d+)/")


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every review of an answer as a Record. What was ``asked`` for and the store says it does not have, and what two visits did not show
    (``gone``), is a Record ``gone``."""
    body = json_of(page)
    if isinstance(body, dict) and "error" in body:
        asked = page.context.get("asked", "")
        if page.status != 404 or not asked:
            raise PayloadError(f"{page.url} answered {page.status}: {str(body['error'])[:200]}", reason="api_error")
        yield _gone(page, asked)
        return
    if isinstance(body, dict) and ("reviews" in body or "reviewId" in body or "tokenPagination" in body or not body):
        reviews, _ = play_reviews(body, page.url)
        yield from once(_play(page, review) for review in reviews)
        users = [comment for review in reviews for comment in user_comments(review)]
        yield from told(REVIEW.unread(reviews), USER_COMMENT.unread(users))
        return
    entries = apple_entries(body, page.url)
    yield from once(_apple(page, entry) for entry in entries)
    yield from (_gone(page, native_id) for native_id in page.context.get("gone", "").split())
    yield from told(ENTRY.unread(entries))


def apple_entries(body: Any, url: str) -> list[Any]:
    """The reviews of Apple's feed: a list, one alone, or nothing; the app itself, which stands first in some, is none."""
    feed = body.get("feed") if isinstance(body, dict) else None
    if not isinstance(feed, dict):
        raise PayloadError(f"{url} holds no feed of reviews: {str(body)[:80]}", reason="not_reviews")
    entries = feed.get("entry")
    if entries is None:
        return []
    entries = entries if isinstance(entries, list) else [entries]
    return [entry for entry in entries if not (isinstance(entry, dict) and "im:name" in entry and "im:rating" not in entry)]


def play_reviews(body: Any, url: str) -> tuple[list[Any], str]:
    """The reviews of Google Play's answer, or the one that was asked for, and the token of the next page."""
    if isinstance(body, dict) and "reviewId" in body:
        return [body], ""
    reviews = body.get("reviews", []) if isinstance(body, dict) else None
    if not isinstance(reviews, list):
        raise PayloadError(f"{url} holds no list of reviews: {str(body)[:80]}", reason="not_reviews")
    paging = body.get("tokenPagination")
    token = paging.get("nextPageToken") if isinstance(paging, dict) else None
    return reviews, token if isinstance(token, str) else ""


def apple_id(entry: Any) -> str:
    """The number of a review; empty where there is none."""
    number = whole(_label(entry, "id"))
    return str(number) if number is not None and number > 0 else ""


def _apple(page: Page, entry: Any) -> Record | Dead:
    if not isinstance(entry, dict):
        return Dead("not_a_review", f"a JSON {type(entry).__name__} in the place of a review")
    native_id = apple_id(entry)
    if not native_id:
        return Dead("no_identity", "no id, by which a review is known")
    text = _label(entry, "content")
    if text is None:
        return Dead("no_text", "content is missing", native_id)
    author = entry.get("author")
    marks = {
        "stars": whole(_label(entry, "im:rating")),
        "score": whole(_label(entry, "im:voteSum")),
        "votes": whole(_label(entry, "im:voteCount")),
        "version": _label(entry, "im:version"),
    }
    match = _APP_NUMBER.search(page.url)
    address = f"https://apps.apple.com/app/id{match[1]}" if match else page.url
    return _record(
        page,
        native_id,
        _label(entry, "title") or "",
        text,
        marks,
        url=f"{address}#review-{native_id}",
        author_key=_label(author, "uri") or None,
        created_at=from_iso(_label(entry, "updated")),
    )


def _play(page: Page, review: Any) -> Record | Dead:
    if not isinstance(review, dict):
        return Dead("not_a_review", f"a JSON {type(review).__name__} in the place of a review")
    native_id = review.get("reviewId")
    if not isinstance(native_id, str) or not native_id:
        return Dead("no_identity", "no reviewId, by which a review is known")
    user = next(iter(user_comments(review)), None)
    if user is None or not isinstance(user.get("text"), str):
        return Dead("no_text", "userComment.text is missing", native_id)
    title, tab, body = user["text"].partition("\t")
    modified = user.get("lastModified")
    language = user.get("reviewerLanguage")
    marks = {
        "stars": whole(user.get("starRating")),
        "score": whole(user.get("thumbsUpCount")),
        "version": user.get("appVersionName") if isinstance(user.get("appVersionName"), str) else None,
    }
    return _record(
        page,
        native_id,
        title if tab else "",
        body if tab else title,
        marks,
        url=f"{page.url.partition('/reviews')[0]}/reviews/{native_id}",
        created_at=from_epoch(whole(modified.get("seconds")) if isinstance(modified, dict) else None),
        language=language.partition("_")[0].partition("-")[0].lower() if isinstance(language, str) else "",
    )


def _record(page: Page, native_id: str, title: str, text: str, marks: Mapping[str, Json], **more: Any) -> Record:
    told_marks = {name: value for name, value in marks.items() if value is not None}
    title, text = (hide_names(clean(words)) for words in (title, text))
    return Record(
        SOURCE, page.site, native_id, role="post", title=title, text=text, thread_id=native_id, marks=told_marks, **RIGHTS, **more
    )


def _gone(page: Page, native_id: str) -> Record:
    rights = Rights(**{**RIGHTS, "export_class": "none"})
    return Record(SOURCE, page.site, native_id, f"{page.url}#review-{native_id}", "post", "", thread_id=native_id, status="gone", **rights)


def _label(thing: Any, name: str) -> str | None:
    """Apple wraps every text: ``{"label": "..."}``."""
    inner = thing.get(name) if isinstance(thing, dict) else None
    label = inner.get("label") if isinstance(inner, dict) else None
    return label if isinstance(label, str) else None


def user_comments(review: Any) -> list[dict[str, Any]]:
    """What the user says in a review of Google Play, beside what the developer answers."""
    comments = review.get("comments") if isinstance(review, dict) else None
    told = [one.get("userComment") for one in comments if isinstance(one, dict)] if isinstance(comments, list) else []
    return [one for one in told if isinstance(one, dict)]
