"""Answers of the Stack Exchange API -> Records. Pure.

Questions, answers and comments, also nested in one another; other kinds of items (users, badges, tags, ...) are Dead ``not_a_post``. A post
is known by its id, a comment, whose ids are a sequence of their own, by ``c`` and its id.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scrapers.common.fields import Fields, told
from scrapers.common.page import from_epoch, json_of, once, text_marks, whole
from scrapers.stackexchange.rights import granted
from thresher.errors import PayloadError
from thresher.formats.html import Rendered, render
from thresher.formats.mentions import hide_names
from thresher.model import Dead, Json, Page, Quote, Record, Role, Unread
from thresher.net.client import Response
from thresher.payload import json_value
from thresher.text import clean

_ITEM = (
    "accept_rate answer_count award_count awarded_date body_markdown bounty_amount bounty_closes_date bounty_user can_answer can_close "
    "can_comment can_edit can_flag can_suggest_edit close_vote_count closed_details collectives comment_count community_owned_date "
    "delete_vote_count down_vote_count downvoted favorite_count favorited is_answered last_activity_date last_editor link locked_date "
    "migrated_from migrated_to notice posted_by_collectives protected_date recommendations reopen_vote_count reply_to_user share_link "
    "up_vote_count upvoted"
)
"""What the API can say of a post and nobody here asks: looks, rights of a reader, votes in detail, moderation."""
_QUESTION = Fields(
    "question",
    used="accepted_answer_id answer_count answers body closed_date closed_reason comments content_license creation_date "
    "last_activity_date last_edit_date owner question_id score tags title view_count",
    ignored=_ITEM,
)
_ANSWER = Fields(
    "answer",
    used="answer_id body comments content_license creation_date is_accepted last_edit_date owner question_id score title",
    ignored=f"{_ITEM} accepted tags",
)
_COMMENT = Fields(
    "comment",
    used="body comment_id content_license creation_date owner post_id score",
    ignored=f"{_ITEM} edited post_type",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API as fetching reads it; making one never raises but for a body that is no wrapper of items."""

    response: Response
    items: Sequence[Mapping[str, Any]]
    """Those that are objects."""
    has_more: bool
    quota_left: int | None
    """Requests that remain today; None where it is not said."""

    @classmethod
    def of(cls, response: Response) -> Answer:
        """PayloadError where it is no wrapper of items."""
        data = json_of(response)
        items = [item for item in _items(data) if isinstance(item, dict)]
        return cls(response, items, data.get("has_more") is True, whole(data.get("quota_remaining")))

    @property
    def sha256(self) -> str:
        """Hex digest of the body."""
        return self.response.sha256

    @property
    def activity(self) -> dict[int, int]:
        """When each question was last active (epoch seconds). A moment more than a day ahead of us is not believed."""
        limit = int((self.response.fetched_at + timedelta(days=1)).timestamp())
        pairs = [(whole(i.get("question_id")), whole(i.get("last_activity_date"))) for i in self.items]
        return {question: moment for question, moment in pairs if question and moment and 0 < moment <= limit}

    @property
    def answered(self) -> set[int]:
        """Questions with answers; one that does not say counts as such."""
        return {question for i in self.items if (question := whole(i.get("question_id"))) and i.get("answer_count") != 0}

    @property
    def titles(self) -> dict[str, str]:
        """Titles by question id, as the site writes them."""
        return {str(i["question_id"]): str(i.get("title") or "") for i in self.items if "question_id" in i}


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every item as a Record or a Dead. An error of the API, or a body that is no wrapper of items, raises PayloadError.

    Where the page's context says which ids were ``asked`` for, each that is missing is a Record ``gone``.
    """
    items = _items(json_of(page))
    titles = json_value(page.context.get("titles", "{}").encode())
    unread: Counter[str] = Counter()
    seen: set[str] = set()
    for result in once(_records(items, page, {str(k): str(v) for k, v in titles.items()}, unread)):
        seen.add(result.native_id)
        yield result
    for native_id in page.context.get("asked", "").split(";"):
        if native_id and native_id not in seen:
            yield _gone(page, native_id)
    yield from told(unread)


def error(body: bytes) -> str:
    """What the API complains about; empty where it does not."""
    try:
        data = json_value(body)
    except PayloadError:
        return ""
    return _complaint(data)


def _complaint(data: Any) -> str:
    if not isinstance(data, dict) or "error_id" not in data:
        return ""
    return f"{data.get('error_name', 'error')} ({data['error_id']}): {str(data.get('error_message', ''))[:200]}"


def _items(data: Any) -> list[Any]:
    if complaint := _complaint(data):
        raise PayloadError(f"the API says {complaint}", reason="api_error")
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise PayloadError(f"a JSON {type(data).__name__} without a list of items", reason="not_items")
    return items


def _gone(page: Page, native_id: str) -> Record:
    url = f"{page.context.get('site_url', '')}/q/{native_id}"
    return Record(page.source, page.site, native_id, url, "post", "", thread_id=native_id, status="gone")


# Items


def _records(items: Iterable[Any], page: Page, titles: Mapping[str, str], unread: Counter[str]) -> Iterator[Record | Dead]:
    for item in items:
        if not isinstance(item, dict):
            yield Dead("not_a_post", f"a JSON {type(item).__name__} in the place of an item")
        elif "comment_id" in item:
            unread += _COMMENT.unread([item])
            yield _comment(item, page)
        elif "answer_id" in item:
            unread += _ANSWER.unread([item])
            yield _answer(item, page, titles)
            yield from _nested(item, page, titles, unread)
        elif "question_id" in item:
            unread += _QUESTION.unread([item])
            yield _question(item, page)
            yield from _nested(item, page, {**titles, str(item["question_id"]): str(item.get("title") or "")}, unread)
        else:
            yield Dead("not_a_post", f"an item with {', '.join(sorted(map(str, item))[:5])}")


def _nested(item: Mapping[str, Any], page: Page, titles: Mapping[str, str], unread: Counter[str]) -> Iterator[Record | Dead]:
    for key in ("answers", "comments"):
        inner = item.get(key)
        yield from _records(inner if isinstance(inner, list) else [], page, titles, unread)


def _question(item: Mapping[str, Any], page: Page) -> Record | Dead:
    question = whole(item.get("question_id"))
    if question is None:
        return Dead("no_identity", "question_id is not a number", str(item.get("question_id")))
    tags = item.get("tags")
    accepted = whole(item.get("accepted_answer_id"))
    marks: dict[str, Json] = {
        "tags": [clean(str(t)) for t in tags] if isinstance(tags, list) else None,
        "accepted_id": str(accepted) if accepted else None,
        "solved": True if accepted else None,
        "answers": whole(item.get("answer_count")),
        "views": whole(item.get("view_count")),
        "closed": clean(str(item.get("closed_reason") or "closed")) if item.get("closed_date") or item.get("closed_reason") else None,
    }
    title = clean(html.unescape(str(item.get("title") or "")))
    return _post(item, page, question, "question", title=title, thread=question, shown_title=title, marks=marks)


def _answer(item: Mapping[str, Any], page: Page, titles: Mapping[str, str]) -> Record | Dead:
    answer, question = whole(item.get("answer_id")), whole(item.get("question_id"))
    if answer is None or question is None:
        return Dead("no_identity", "answer_id or question_id is not a number", str(item.get("answer_id")))
    shown_title = clean(html.unescape(str(item.get("title") or titles.get(str(question), ""))))
    marks: dict[str, Json] = {"accepted": True if item.get("is_accepted") is True else None}
    return _post(item, page, answer, "answer", title="", thread=question, shown_title=shown_title, marks=marks)


def _post(
    item: Mapping[str, Any], page: Page, post: int, role: Role, *, title: str, thread: int, shown_title: str, marks: Mapping[str, Json]
) -> Record:
    site_url = page.context.get("site_url", "")
    url = f"{site_url}/{'a' if role == 'answer' else 'q'}/{post}"
    rendered, extra = _body(item, site_url)
    created = from_epoch(item.get("creation_date"))
    terms = granted(
        page, item.get("content_license"), created, evidence="content_license of the post in the API", title=shown_title, url=url,
        user=_user(item),
    )  # fmt: skip
    return Record(
        page.source,
        page.site,
        str(post),
        url,
        role=role,
        text=hide_names(rendered.text),
        title=title,
        thread_id=str(thread),
        parent_id=str(thread) if role == "answer" else None,
        author_key=_author(item),
        created_at=created,
        edited_at=from_epoch(item.get("last_edit_date")),
        quotes=tuple(Quote(hide_names(q.text), q.of) for q in rendered.quotes),
        marks={k: v for k, v in {"score": whole(item.get("score")), **marks, **extra}.items() if v is not None},
        **terms,
    )


def _comment(item: Mapping[str, Any], page: Page) -> Record | Dead:
    """A comment. Without a licence of its own it is ``id_only``; its thread is the question where the API says that it stands under one."""
    comment, post = whole(item.get("comment_id")), whole(item.get("post_id"))
    if comment is None or post is None:
        return Dead("no_identity", "comment_id or post_id is not a number", str(item.get("comment_id")))
    site_url = page.context.get("site_url", "")
    url = f"{site_url}/posts/comments/{comment}"
    rendered, extra = _body(item, site_url)
    created = from_epoch(item.get("creation_date"))
    terms = granted(
        page, item.get("content_license"), None, evidence="content_license of the comment in the API", title="", url=url,
        user=_user(item),
    )  # fmt: skip
    return Record(
        page.source,
        page.site,
        f"c{comment}",
        url,
        role="comment",
        text=hide_names(rendered.text),
        thread_id=str(post),
        parent_id=str(post),
        author_key=_author(item),
        created_at=created,
        quotes=tuple(Quote(hide_names(q.text), q.of) for q in rendered.quotes),
        marks={k: v for k, v in {"score": whole(item.get("score")), **extra}.items() if v is not None},
        **terms,
    )


def _body(item: Mapping[str, Any], site_url: str) -> tuple[Rendered, dict[str, Json]]:
    """The text, and the marks that it brings. Without a body (the API's default filter) the text is empty and ``no_body`` says so."""
    body = item.get("body")
    rendered = render(body if isinstance(body, str) else "", base_url=site_url)
    extra = text_marks(rendered) | ({} if isinstance(body, str) else {"no_body": True})
    return rendered, extra


def _user(item: Mapping[str, Any]) -> int | None:
    owner = item.get("owner")
    return whole(owner.get("user_id")) if isinstance(owner, dict) else None


def _author(item: Mapping[str, Any]) -> str | None:
    owner = item.get("owner")
    if not isinstance(owner, dict):
        return None
    user = whole(owner.get("user_id"))
    return str(user) if user is not None else clean(str(owner.get("display_name") or "")) or None
