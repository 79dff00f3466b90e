"""Bluesky's API (XRPC, https://docs.bsky.app/docs/category/http-reference) through our own door, with a log-in where one is at hand.

The log-in is an app password (Settings, Privacy and security, App passwords), never that of the account: it can be taken back, and opens
neither the account nor its messages.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from scrapers.bluesky.site import SOURCE, Site
from scrapers.common.page import json_of
from thresher.errors import HttpStatusError, PayloadError, SettingsError
from thresher.model import Page
from thresher.net.client import Client, Response

HANDLE_VARIABLE = "THRESHER_BLUESKY_HANDLE"
PASSWORD_VARIABLE = "THRESHER_BLUESKY_APP_PASSWORD"
LIMIT = 100
"""The most that a search gives in one answer."""
MAX_URIS = 25
"""The most posts that are given by their addresses in one answer."""
NOT_THERE = frozenset({400, 404})
"""With what status a thread is answered whose post is not there: the error is ``NotFound`` in either."""
_EXPIRED = "ExpiredToken"


class Api:
    """One visit's requests. It logs in when the first one is sent, and again where the session ends before the visit."""

    def __init__(self, client: Client, site: Site) -> None:
        self._client = client
        self._site = site
        self._handle = os.environ.get(HANDLE_VARIABLE, "").strip().removeprefix("@")
        self._password = os.environ.get(PASSWORD_VARIABLE, "").strip()
        self._token = ""

    def search(self, words: str, *, since: str, until: str, cursor: str) -> Response:
        """Hits of one query, the newest first, from ``since`` on and before ``until`` (ISO 8601, empty for any); ``cursor`` as an answer
        gave it. Not asked for one language: what a post says of its own is that of its author's settings."""
        params: dict[str, str | int] = {"q": words, "sort": "latest", "limit": LIMIT}
        params |= {name: value for name, value in {"since": since, "until": until, "cursor": cursor}.items() if value}
        try:
            return self._get("app.bsky.feed.searchPosts", params)
        except HttpStatusError as error:
            if error.status in {401, 403} and not self._password:
                raise SettingsError(
                    f"{self._site.public_url} searches for nobody without a log-in today: set {HANDLE_VARIABLE} and {PASSWORD_VARIABLE} "
                    "(an app password, of the account's settings)"
                ) from error
            raise

    def thread(self, uri: str) -> Page:
        """A post with what stands above and below it."""
        params: dict[str, str | int] = {"uri": uri, "depth": self._site.replies, "parentHeight": self._site.parents}
        return self._get("app.bsky.feed.getPostThread", params, accept=NOT_THERE).page(SOURCE, self._site.name, context={"thread": uri})

    def posts(self, uris: Sequence[str]) -> Page:
        """These posts, at most ``MAX_URIS``, as they are now: those that are gone are missing, and the page says which were asked for."""
        query = "&".join(f"uris={uri.replace(':', '%3A').replace('/', '%2F')}" for uri in uris)
        return self._get(f"app.bsky.feed.getPosts?{query}").page(SOURCE, self._site.name, context={"asked": " ".join(uris)})

    def _get(self, method: str, params: dict[str, str | int] | None = None, accept: frozenset[int] = frozenset()) -> Response:
        fresh = bool(self._password) and not self._token
        try:
            return self._once(method, params, accept)
        except HttpStatusError as error:
            if fresh or not self._token or error.status not in {400, 401} or _EXPIRED.encode() not in error.body:
                raise
        self._token = ""
        return self._once(method, params, accept)

    def _once(self, method: str, params: dict[str, str | int] | None, accept: frozenset[int]) -> Response:
        if not self._password:
            return self._client.get(f"{self._site.public_url}/xrpc/{method}", params=params, accept_status=accept)
        self._token = self._token or self._log_in()
        headers = {"Authorization": f"Bearer {self._token}"}
        response = self._client.get(f"{self._site.login_url}/xrpc/{method}", params=params, headers=headers, accept_status=accept)
        if response.status in {400, 401} and _EXPIRED.encode() in response.body[:500]:
            raise HttpStatusError("the session ended", status=response.status, body=response.body[:500], url=response.url)
        return response

    def _log_in(self) -> str:
        if not self._handle:
            raise SettingsError(f"{HANDLE_VARIABLE} is empty: it names the account of {PASSWORD_VARIABLE}, such as somebody.bsky.social")
        url = f"{self._site.login_url}/xrpc/com.atproto.server.createSession"
        try:
            response = self._client.post(url, json_body={"identifier": self._handle, "password": self._password})
        except HttpStatusError as error:
            if error.status in {400, 401}:
                raise SettingsError(f"{self._site.login_url} refuses the log-in: see {HANDLE_VARIABLE} and {PASSWORD_VARIABLE}") from error
            raise
        body = json_of(response)
        token = body.get("accessJwt") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise PayloadError(f"{url} gives no session", reason="no_session")
        return token
