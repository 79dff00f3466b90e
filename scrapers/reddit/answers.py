"""What Reddit's API answers, taken apart: pure. A *thing* is Reddit's word for a post (``t3``), a comment (``t1``), a stub, an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scrapers.common.page import json_of
from thresher.errors import PayloadError
from thresher.model import Dead, Page

MAX_DEPTH = 1000
"""Every reply lies some levels deeper than what it answers; nothing here walks them by recursion."""

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
    return json_of(page, max_depth=MAX_DEPTH)


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
        if body.get("kind") in ("t1", "t3"):
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
        complaint = {key: body[key] for key in ("error", "errors", "reason", "message") if key in body}
        return PayloadError(f"an error where a listing was expected: {complaint}", reason="api_error")
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
