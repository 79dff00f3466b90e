"""Reddit through PRAW, over our own door: each answer comes back as the bytes that arrived, each failure as one of our errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import praw
import prawcore
import requests
from praw.exceptions import PRAWException, RedditAPIException

import thresher
from thresher.errors import HttpStatusError, PayloadError, RateLimited, SettingsError, ThresherError, TransientError
from thresher.model import Page
from thresher.net.client import Client, Response

ID_VARIABLE: Final = "THRESHER_REDDIT_CLIENT_ID"
SECRET_VARIABLE: Final = "THRESHER_REDDIT_CLIENT_SECRET"
USER_VARIABLE: Final = "THRESHER_REDDIT_USERNAME"

LOG_IN: Final = "/api/v1/access_token"
DEFAULT_WAIT_S = 60.0
"""What to wait after a 429 that names no time."""

_UNEXPECTED = (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What PRAW's object layer raises on an answer that is not shaped as it expects."""


class Api:
    """One subreddit's answers. Every method gives the pages that arrived during it, in order."""

    def __init__(
        self, client: Client, *, source: str, site: str, reddit_url: str, oauth_url: str, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._source = source
        self._site = site
        self._arrived: list[Page] = []
        self._reddit = praw.Reddit(
            client_id=_credential(environ, ID_VARIABLE),
            client_secret=_credential(environ, SECRET_VARIABLE),
            reddit_url=reddit_url.rstrip("/"),
            oauth_url=oauth_url.rstrip("/"),
            username=None,
            password=None,
            refresh_token=None,
            check_for_updates=False,
            check_for_async=False,
            **self._over(client, environ),
        )
        self._reddit.read_only = True

    def _over(self, client: Client, environ: Mapping[str, str]) -> dict[str, Any]:
        session = client.requests_session(on_response=self._see)
        return {"user_agent": user_agent(environ.get(USER_VARIABLE, "")), "requestor_kwargs": {"session": session}}

    def new(self, *, after: str | None) -> Page:
        """One page of the subreddit's newest posts, at most 100, older than the fullname ``after``."""
        params: dict[str, str | int] = {"limit": 100} | ({"after": after} if after else {})
        return self._one(f"r/{self._site}/new", params, {"listing": "new"})

    def info(self, names: Iterable[str]) -> Page:
        """What these fullnames, at most 100, are now; those that Reddit no longer knows are missing from the answer."""
        asked = ",".join(names)
        return self._one("api/info", {"id": asked}, {"listing": "info", "asked": asked})

    def thread(self, name: str, *, more: int) -> list[Page]:
        """A post with its comments, after at most ``more`` further requests for collapsed ones. What concerns this thread alone (it is
        gone, or PRAW cannot read it) ends it with the pages that came, the refusal among them; what concerns the whole site is raised."""
        context = {"listing": "comments", "thread": name}
        submission = self._reddit.submission(name.removeprefix("t3_"))
        try:
            self._ask(lambda: submission.comments.replace_more(limit=more))
        except PayloadError:
            return self._take(context)
        except HttpStatusError as error:
            if error.status == 401:
                raise
            arrived = self._take(context)
            if not arrived or arrived[-1].status != error.status:
                arrived.append(Page(self._source, self._site, error.url, error.status, {}, error.body, datetime.now(UTC), context))
            return arrived
        return self._take(context)

    def _one(self, path: str, params: dict[str, str | int], context: dict[str, str]) -> Page:
        self._ask(lambda: self._reddit.request(method="GET", path=path, params=params))
        pages = self._take(context)
        if not pages:
            raise PayloadError(f"{path} answered without a body", reason="empty_body")
        return pages[-1]

    def _ask(self, call: Callable[[], object]) -> None:
        self._arrived.clear()
        try:
            call()
        except (prawcore.PrawcoreException, PRAWException, *_UNEXPECTED) as error:
            raise translated(error, self._source) from error

    def _take(self, context: dict[str, str]) -> list[Page]:
        pages = [replace(page, context=context) for page in self._arrived]
        self._arrived.clear()
        return pages

    def _see(self, answer: Response) -> None:
        self._arrived.append(answer.page(self._source, self._site))


def user_agent(user: str) -> str:
    """Reddit's own format, ``<platform>:<app ID>:<version> (by /u/<user>)``; the door adds the contact."""
    by = f" (by /u/{user.removeprefix('/u/').removeprefix('u/')})" if user else ""
    return f"python:thresher:{thresher.__version__}{by}"


def translated(error: BaseException, source: str) -> ThresherError:
    """A failure of PRAW or prawcore as one of our errors."""
    if isinstance(error, prawcore.RequestException):
        cause = error.original_exception
        return cause if isinstance(cause, ThresherError) else TransientError(f"Reddit could not be reached: {cause}", source=source)
    if isinstance(error, prawcore.ResponseException | prawcore.OAuthException | prawcore.SpecialError | prawcore.Redirect):
        return _of_response(error, error.response, source)
    if isinstance(error, RedditAPIException) and isinstance(error.__cause__, prawcore.ResponseException):
        return _of_response(error, error.__cause__.response, source)
    said = f"Reddit's answer is not what PRAW expects: {type(error).__name__}: {error}"
    return PayloadError(f"{said}; where it was the log-in, check {ID_VARIABLE} and {SECRET_VARIABLE}", reason="unexpected_answer")


def _of_response(error: BaseException, response: requests.Response, source: str) -> ThresherError:
    status, url, body = response.status_code, response.url, response.content[:500]
    if isinstance(error, prawcore.BadJSON):
        return PayloadError(f"{url} answered something that is not JSON: {body[:120]!r}", reason="bad_json")
    if status == 429:
        return RateLimited(f"{url}: Reddit asks for a longer wait", wait_s=DEFAULT_WAIT_S, url=url, source=source)
    if status in {408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524}:
        return TransientError(f"{url} answered {status}", url=url, source=source)
    refused = f"the credentials were refused; check {ID_VARIABLE} and {SECRET_VARIABLE}"
    advice = {
        401: refused,
        403: "the subreddit is private, quarantined, or closed to this application",
        404: "there is no such subreddit or post, or it is banned",
        302: "there is no such subreddit",
    }.get(status, "")
    if LOG_IN in url:
        advice = refused
    return HttpStatusError(
        f"{url} answered {status}" + (f": {advice}" if advice else f" ({error})"), status=status, body=body, url=url, source=source
    )


def _credential(environ: Mapping[str, str], variable: str) -> str:
    if value := environ.get(variable, "").strip():
        return value
    raise SettingsError(
        f"{ID_VARIABLE} and {SECRET_VARIABLE} must be set in the environment: Reddit answers registered applications only "
        f"(https://www.reddit.com/prefs/apps); {variable} is missing"
    )
