"""Visits to the API, in order of activity.

The API is read in windows, not in pages: sorted by activity, each request begins at the last moment that was seen, because posts that
somebody touches meanwhile move to the end and would shift every page. Without a key an address has 300 requests a day, all sites together;
``THRESHER_STACKEXCHANGE_KEY`` raises that to 10,000.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from scrapers.common.page import portions
from scrapers.common.walk import Step, cursor_on_last, follow
from scrapers.stackexchange import api
from scrapers.stackexchange.site import SOURCE, Site
from thresher.errors import BudgetExhausted, HttpStatusError, PayloadError
from thresher.model import Json, Page
from thresher.net.client import Client

KEY_VARIABLE = "THRESHER_STACKEXCHANGE_KEY"
MAX_IDS = 100
"""In one request, joined by semicolons (API documentation, "Vectorized requests")."""
DAY_S = 86_400
OVERLAP_S = 2 * 3600
QUOTA_RESERVE = 10
"""Requests left to whoever shares our address."""

Query = dict[str, str | int]


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """Questions in the order of their last activity, each page followed by all answers to it; the last of these pages has the cursor.

    BudgetExhausted when the day's quota runs out: what was fetched is whole, and the cursor holds. PayloadError when a first visit finds no
    question.
    """
    watermarks: dict[str, int] = {str(tag): int(moment) for tag, moment in (since or {}).get("activity", {}).items()}
    tags = site.tagged or ("",)
    starts = {tag: watermarks[tag] - OVERLAP_S if tag in watermarks else _first_moment(client, site, tag) for tag in tags}
    if all(start is None for start in starts.values()):
        raise PayloadError(
            f"{site.name} shows no questions {f'tagged {tags}' if site.tagged else 'at all'}: is the name right?", reason="empty_listing"
        )
    for tag, start in starts.items():
        for page in _questions(client, site, tag, start, watermarks) if start is not None else ():
            yield page
            if page.cursor is not None:
                watermarks = dict(page.cursor["activity"])


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """These questions and answers as they are now; parsing the pages gives ``gone`` for each that the site no longer shows. The question
    of each answer is asked for too: an answer has its title."""
    for ids in portions([i for i in threads if i.isdigit()], MAX_IDS):
        heads = list(dict.fromkeys(threads[i] if threads[i].isdigit() else i for i in ids))
        answers = [i for i in ids if i not in heads]
        questions = _get(client, site, f"questions/{';'.join(heads)}", {"pagesize": MAX_IDS, "filter": "withbody"})
        asked = ";".join(i for i in ids if i in heads)
        yield questions.response.page(SOURCE, site.name, context=site.context | ({"asked": asked} if asked else {}))
        _check_quota(questions)
        if answers:
            page = _get(client, site, f"answers/{';'.join(answers)}", {"pagesize": MAX_IDS, "filter": "withbody"})
            titles = json.dumps(questions.titles, ensure_ascii=False)
            yield page.response.page(SOURCE, site.name, context=site.context | {"asked": ";".join(answers), "titles": titles})
            _check_quota(page)


def _questions(client: Client, site: Site, tag: str, start: int, watermarks: Mapping[str, int]) -> Iterator[Page]:
    """All questions with the tag that were active since ``start``, each page with its answers."""
    shown: dict[int, int] = {}

    def ask(window: list[int]) -> Step[api.Answer]:
        since, number = window
        query: Query = {"order": "asc", "sort": "activity", "min": since, "page": number, "pagesize": site.page_size, "filter": "withbody"}
        answer = _get(client, site, "questions", query | ({"tagged": tag} if tag else {}))
        reached = max(answer.activity.values(), default=since)
        following = [reached, 1] if reached > since else [since, number + 1]
        return Step(answer, list(answer.activity), following if answer.has_more else None)

    # the guard allows a page more than a visit takes: a visit that ends before the listing does is no mistake
    for step in islice(follow(ask, [start, 1], site.max_pages + 1), site.max_pages):
        activity = step.answer.activity
        news = [question for question, moment in activity.items() if shown.get(question) != moment]
        shown |= activity
        reached = max([*activity.values(), watermarks.get(tag, 0)])
        yield from _with_answers(client, site, step.answer, news, {"activity": {**watermarks, tag: reached}} if activity else None)


def _first_moment(client: Client, site: Site, tag: str) -> int | None:
    """Where a first visit begins: ``days`` before the newest activity (by the site's clock, not ours). None where there is no question."""
    query: Query = {"order": "desc", "sort": "activity", "pagesize": 10, "page": 1}
    activity = _get(client, site, "questions", query | ({"tagged": tag} if tag else {})).activity
    return max(0, max(activity.values()) - site.days * DAY_S) if activity else None


def _with_answers(
    client: Client, site: Site, questions: api.Answer, news: Sequence[int], cursor: Mapping[str, Json] | None
) -> Iterator[Page]:
    """A page of questions, then the answers to the new ones among them; the cursor stands on the last page."""
    latest = questions
    ids = [str(question) for question in news if question in questions.answered]  # a page holds no more than MAX_IDS

    def ask(number: int) -> Step[api.Answer]:
        if number > 1:
            _check_quota(latest)
        query: Query = {"order": "asc", "sort": "creation", "page": number, "pagesize": MAX_IDS, "filter": "withbody"}
        answer = _get(client, site, f"questions/{';'.join(ids)}/answers", query)
        return Step(answer, answer.items, number + 1 if answer.has_more else None)

    def pages() -> Iterator[Page]:
        nonlocal latest
        yield questions.response.page(SOURCE, site.name, context=site.context)
        titles = json.dumps({i: questions.titles[i] for i in ids if i in questions.titles}, ensure_ascii=False)
        for step in follow(ask, 1, client.pace.max_pages) if ids else ():
            latest = step.answer
            yield latest.response.page(SOURCE, site.name, context=site.context | {"titles": titles})

    yield from cursor_on_last(pages(), cursor)
    _check_quota(latest)


def _get(client: Client, site: Site, method: str, query: Mapping[str, str | int]) -> api.Answer:
    key = os.environ.get(KEY_VARIABLE, "")
    try:
        response = client.get(f"{site.api_url}/{method}", params={"site": site.name, **query, **({"key": key} if key else {})})
    except HttpStatusError as exc:
        complaint = api.error(exc.body)
        if not complaint:
            raise
        raise HttpStatusError(
            f"{site.name}: the API says {complaint}", status=exc.status, body=exc.body, url=exc.url, source=SOURCE
        ) from exc
    return api.Answer.of(response)


def _check_quota(answer: api.Answer) -> None:
    """Stops before the last requests of the day are spent."""
    if answer.quota_left is not None and answer.quota_left <= QUOTA_RESERVE:
        raise BudgetExhausted(
            f"Stack Exchange grants {answer.quota_left} more requests today (UTC); go on tomorrow, or set {KEY_VARIABLE}",
            url=answer.response.url,
            source=SOURCE,
        )
