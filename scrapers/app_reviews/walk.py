"""Visits to the stores.

Apple shows the newest reviews of an app in a country, fifty on a page and ten pages, and no single one. A feed leaves reviews out now and
then, so one is taken for gone only where two visits in a row do not show it though they came down to where it stood. Google Play shows
what was written or changed in the last week, and single reviews: whoever asks less often than once a week misses some for good.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from scrapers.app_reviews.reviews import apple_entries, apple_id, play_reviews, user_comments
from scrapers.app_reviews.site import SOURCE, TOKEN_VARIABLE, Site
from scrapers.common.page import json_of, whole
from scrapers.common.walk import Step, cursor_on_last, follow
from thresher.errors import PayloadError, SettingsError
from thresher.model import Page
from thresher.net.client import Client, Response

PAGES: Final = 10
"""The most that Apple shows, of fifty reviews each."""
MISSED: Final = 2
"""Visits in a row that do not show a review, after which it is gone."""
PLAY_PAGE: Final = 100


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """The newest reviews, and of Apple's which ones are gone.

    Raises PayloadError where Apple shows none at all, SettingsError without the token that Google Play asks for.
    """
    if site.store == "google_play":
        yield from _play(client, site)
    else:
        yield from _apple(client, site, {} if since is None else dict(since.get("known", {})))


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """Reviews of Google Play, one by one; Apple cannot be asked for one."""
    if site.store != "google_play":
        return
    for native_id in threads:
        response = client.get(f"{_play_url(site)}/{quote(native_id, safe='')}", headers=_token(), accept_status=frozenset({404}))
        yield response.page(SOURCE, site.name, context={"asked": native_id})


def _apple(client: Client, site: Site, known: dict[str, int]) -> Iterator[Page]:
    listed: list[list[str]] = []

    def ask(number: int) -> Step[Response]:
        answer = client.get(f"{site.store_url}/{site.country}/rss/customerreviews/page={number}/id={site.app}/sortby=mostrecent/json")
        entries = apple_entries(json_of(answer), answer.url)
        if not entries and number == 1:
            raise PayloadError(
                f"{answer.url} shows no reviews: is there an app {site.app} in the store of {site.country!r}, and is the feed well?",
                reason="empty_listing",
            )
        return Step(answer, entries, number + 1 if entries and number < PAGES else None)

    def pages() -> Iterator[Page]:
        for step in follow(ask, 1, max(client.pace.max_pages, PAGES)):
            listed.append([native_id for entry in step.entries if (native_id := apple_id(entry))])
            missed = _missed(known, listed) if step.following is None else {}
            gone = " ".join(native_id for native_id, times in missed.items() if times >= MISSED)
            yield step.answer.page(SOURCE, site.name, context={"gone": gone} if gone else {})

    yield from cursor_on_last(pages(), lambda: {"known": _remembered(known, listed, site.known)})


def _missed(known: Mapping[str, int], listed: list[list[str]]) -> dict[str, int]:
    """Of those remembered that should have been listed and were not: in how many visits in a row. A full listing says nothing of what is
    older than the newest of its last page; ids grow with time."""
    shown = {native_id for page in listed for native_id in page}
    full = [page for page in listed if page]
    floor = max(map(int, full[-1]), default=0) if len(full) >= PAGES else 0
    return {native_id: missed + 1 for native_id, missed in known.items() if native_id not in shown and int(native_id) > floor}


def _remembered(known: Mapping[str, int], listed: list[list[str]], most: int) -> dict[str, int]:
    missed = {native_id: times for native_id, times in _missed(known, listed).items() if times < MISSED}
    shown = {native_id: 0 for page in listed for native_id in page if native_id.isdecimal()}
    return dict(sorted((missed | shown).items(), key=lambda item: -int(item[0]))[:most])


def _play(client: Client, site: Site) -> Iterator[Page]:
    headers = _token()
    newest = 0

    def ask(token: str) -> Step[Response]:
        params: dict[str, str | int] = {"maxResults": PLAY_PAGE} | ({"token": token} if token else {})
        answer = client.get(_play_url(site), params=params, headers=headers)
        reviews, following = play_reviews(json_of(answer), answer.url)
        return Step(answer, reviews, following or None)

    def pages() -> Iterator[Page]:
        nonlocal newest
        for step in follow(ask, "", client.pace.max_pages):
            newest = max(newest, *(_seconds(review) for review in step.entries), 0)
            yield step.answer.page(SOURCE, site.name)

    yield from cursor_on_last(pages(), lambda: {"newest": newest})


def _seconds(review: Any) -> int:
    moments = [one["lastModified"] for one in user_comments(review) if isinstance(one.get("lastModified"), dict)]
    return max((whole(moment.get("seconds")) or 0 for moment in moments), default=0)


def _play_url(site: Site) -> str:
    return f"{site.store_url}/applications/{site.app}/reviews"


def _token() -> dict[str, str]:
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise SettingsError(
            f"{TOKEN_VARIABLE} is not set: Google Play shows reviews of one's own apps alone, with an OAuth token of a service "
            "account that may reply to reviews (scope androidpublisher)"
        )
    return {"Authorization": f"Bearer {token}"}
