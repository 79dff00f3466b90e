"""Answers of the Stack Exchange API -> Records. Pure.

Questions, answers and comments, also nested in one another; other kinds of items (users, badges, tags, ...) are Dead ``not_a_post``. A post
is known by its id, a comment, whose ids are a sequence of their own, by ``c`` and its id.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from scrapers.stackexchange.rights import attribution, from_epoch, rights
from thresher.errors import PayloadError
from thresher.formats.html import Rendered, render
from thresher.model import Dead, Json, Page, Record, Role
from thresher.net.client import Response
from thresher.text import clean

_ADDRESSED = re.compile(r"^\s*@[^\s,:;]+")


def parse(page: Page) -> Iterator[Record | Dead]:
    """Every item as a Record or a Dead. An error of the API, or a body that is no wrapper of items, raises PayloadError.

    Where the page's context says which ids were ``asked`` for, each that is missing is a Record ``gone``.
    """
    data = _load(page.body)
    if said := error(page.body):
        raise PayloadError(f"the API says {said}", reason="api_error")
    found = data.get("items") if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise PayloadError(f"a JSON {type(data).__name__} without a list of items", reason="not_items")
    titles = _load(page.context.get("titles", "{}").encode())
    seen: set[str] = set()
    for result in _records(found, page, {str(k): str(v) for k, v in titles.items()}):
        if isinstance(result, Record) and result.native_id in seen:
            yield Dead("repeated", "the post is in the page more than once; the first one counts", result.native_id)
            continue
        if isinstance(result, Record):
            seen.add(result.native_id)
        yield result
    for native_id in page.context.get("asked", "").split(";"):
        if native_id and native_id not in seen:
            yield Record(
                page.source,
                page.site,
                native_id,
                f"{page.context.get('site_url', '')}/q/{native_id}",
                "post",
                "",
                thread_id=native_id,
                status="gone",
            )


# What fetching reads: never raises but for a body that is no wrapper


def items(body: bytes) -> list[dict[str, Any]]:
    """The items that are objects."""
    data = _load(body)
    found = data.get("items") if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise PayloadError(f"a JSON {type(data).__name__} without a list of items", reason="not_items")
    return [i for i in found if isinstance(i, dict)]


def activity(response: Response) -> tuple[dict[int, int], bool]:
    """When each question was last active (epoch seconds), and whether there are more. One more than a day ahead of us is not believed."""
    limit = int((response.fetched_at + timedelta(days=1)).timestamp())
    pairs = [(whole(i.get("question_id")), whole(i.get("last_activity_date"))) for i in items(response.body)]
    return {q: moment for q, moment in pairs if q and moment and 0 < moment <= limit}, has_more(response)


def has_more(response: Response) -> bool:
    """Whether the listing goes on."""
    data = _load(response.body)
    return isinstance(data, dict) and data.get("has_more") is True


def answered(body: bytes) -> set[int]:
    """Questions with answers; one that does not say counts as such."""
    return {q for i in items(body) if (q := whole(i.get("question_id"))) and i.get("answer_count") != 0}


def titles(body: bytes) -> dict[str, str]:
    """Titles by question id, as the site writes them."""
    return {str(i.get("question_id")): str(i.get("title") or "") for i in items(body)}


def quota_left(body: bytes) -> int | None:
    """Requests that remain today; None where it is not said."""
    data = _load(body)
    return whole(data.get("quota_remaining")) if isinstance(data, dict) else None


def error(body: bytes) -> str:
    """What the API complains about; empty where it does not."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(data, dict) or "error_id" not in data:
        return ""
    return f"{data.get('error_name', 'error')} ({data['error_id']}): {str(data.get('error_message', ''))[:200]}"


def whole(value: object) -> int | None:
    """An id or a count, whether it comes as a number or as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if len(text) < 19 and text.isascii() and text.removeprefix("-").isdigit() else None


def _load(body: bytes) -> Any:
    try:
        return json.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as exc:
        raise PayloadError(f"not JSON ({len(body)} bytes): {str(exc)[:100]}", reason="bad_json") from exc


# Items


def _records(found: Iterable[Any], page: Page, titles: Mapping[str, str]) -> Iterator[Record | Dead]:
    for item in found:
        if not isinstance(item, dict):
            yield Dead("not_a_post", f"a JSON {type(item).__name__} in the place of an item")
        elif "comment_id" in item:
            yield _comment(item, page)
        elif "answer_id" in item:
            yield _answer(item, page, titles)
            yield from _nested(item, page, titles)
        elif "question_id" in item:
            yield _question(item, page)
            yield from _nested(item, page, {**titles, str(item["question_id"]): str(item.get("title") or "")})
        else:
            yield Dead("not_a_post", f"an item with {', '.join(sorted(map(str, item))[:5])}")


def _nested(item: Mapping[str, Any], page: Page, titles: Mapping[str, str]) -> Iterator[Record | Dead]:
    for key in ("answers", "comments"):
        inner = item.get(key)
        yield from _records(inner if isinstance(inner, list) else [], page, titles)


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
    user = _user(item)
    granted = rights(
        item.get("content_license"),
        created,
        evidence="content_license of the post in the API",
        export_class=page.context.get("export_class"),
    )
    return Record(
        page.source,
        page.site,
        str(post),
        url,
        role=role,
        text=rendered.text,
        title=title,
        thread_id=str(thread),
        parent_id=str(thread) if role == "answer" else None,
        author_key=_author(item),
        created_at=created,
        edited_at=from_epoch(item.get("last_edit_date")),
        quotes=rendered.quotes,
        marks={k: v for k, v in {"score": whole(item.get("score")), **marks, **extra}.items() if v is not None},
        attribution=attribution(site_url, shown_title, url, user, granted["licence"]),
        **granted,
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
    granted = rights(
        item.get("content_license"),
        None,
        evidence="content_license of the comment in the API",
        export_class=page.context.get("export_class"),
    )
    return Record(
        page.source,
        page.site,
        f"c{comment}",
        url,
        role="comment",
        text=_ADDRESSED.sub("@someone", rendered.text),
        thread_id=str(post),
        parent_id=str(post),
        author_key=_author(item),
        created_at=created,
        quotes=rendered.quotes,
        marks={k: v for k, v in {"score": whole(item.get("score")), **extra}.items() if v is not None},
        attribution=attribution(site_url, "", url, _user(item), granted["licence"]),
        **granted,
    )


def _body(item: Mapping[str, Any], site_url: str) -> tuple[Rendered, dict[str, Json]]:
    """The text, and the marks that it brings. Without a body (the API's default filter) the text is empty and ``no_body`` says so."""
    body = item.get("body")
    rendered = render(body if isinstance(body, str) else "", base_url=site_url)
    extra: dict[str, Json] = {
        "images": rendered.images or None,
        "code_blocks": rendered.code_blocks or None,
        "links": list(rendered.links) or None,
        "repaired": rendered.repaired or None,
        "no_body": None if isinstance(body, str) else True,
    }
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
