"""One instance's API (https://docs.joinmastodon.org/methods/), with its token where the environment has one."""

from __future__ import annotations

from scrapers.common.page import json_of
from scrapers.mastodon.site import token
from thresher.errors import PayloadError
from thresher.net.client import Client, Response

LIMIT = 40
"""The most that an instance gives in one answer."""
NOT_THERE = frozenset({404, 410})
"""With what status an instance says that it does not have a post, or shows it no more."""


class Instance:
    """What is asked of one instance."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self.url = url
        self._token = token(url)

    @property
    def searches(self) -> bool:
        """Whether it can be searched: only with a token."""
        return bool(self._token)

    def timeline(self, tag: str) -> Response:
        """The newest posts with a hashtag, of all instances that it knows."""
        return self._get(f"{self.url}/api/v1/timelines/tag/{tag}?limit={LIMIT}")

    def search(self, words: str, before: str) -> Response:
        """Public posts with these words, the newest first, older than the number ``before``. Without ``in:public`` it would also look
        into what the token's account wrote and marked."""
        params: dict[str, str | int] = {"q": f"{words} in:public", "type": "statuses", "limit": LIMIT}
        if before:
            params["max_id"] = before
        return self._get(f"{self.url}/api/v2/search", params)

    def following(self, link: str) -> Response:
        """Where a ``Link`` leads to."""
        return self._get(link)

    def context(self, number: str) -> Response:
        """What stands above and below a post; status 404 where it is not there."""
        return self._get(f"{self.url}/api/v1/statuses/{number}/context", accept=NOT_THERE)

    def status(self, number: str) -> Response:
        """One post; status 404 where it is not there."""
        return self._get(f"{self.url}/api/v1/statuses/{number}", accept=NOT_THERE)

    def _get(self, url: str, params: dict[str, str | int] | None = None, accept: frozenset[int] = frozenset()) -> Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return self._client.get(url, params=params, headers=headers, accept_status=accept)


def listed(response: Response) -> list[dict[str, object]]:
    """The posts of a timeline or search; PayloadError where it is none."""
    body = json_of(response)
    statuses = body.get("statuses") if isinstance(body, dict) else body
    if not isinstance(statuses, list):
        raise PayloadError(f"{response.url}: no posts in it", reason="bad_listing")
    return [status for status in statuses if isinstance(status, dict)]
