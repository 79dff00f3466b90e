"""X's API v2 (https://docs.x.com/x-api) through our own door: nothing is asked for that the budget does not cover."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from scrapers.common.page import json_of
from scrapers.x.budget import Budget
from scrapers.x.posts import included_of, posts_of
from scrapers.x.site import SOURCE, TOKEN_VARIABLE, Site
from thresher.errors import BudgetExhausted, PayloadError, SettingsError
from thresher.model import Page
from thresher.net.client import Client, Response

MOST, LEAST = 100, 10
"""Posts in one answer; a search cannot be asked for fewer than ten."""
BESIDE = 2
"""How many posts may come beside each: the one that it answers and the one that it quotes."""
_FIELDS = {
    "tweet.fields": "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,possibly_sensitive,"
    "public_metrics,referenced_tweets,withheld",
    "expansions": "attachments.media_keys,referenced_tweets.id",
    "media.fields": "alt_text,type",
}


class Api:
    """One visit's requests."""

    def __init__(self, client: Client, site: Site) -> None:
        self._token = os.environ.get(TOKEN_VARIABLE, "").strip()
        if not self._token:
            raise SettingsError(f"{TOKEN_VARIABLE} is empty: it wants the bearer token of an application (https://developer.x.com)")
        self._client = client
        self._site = site
        self._budget = Budget(site)

    def search(self, query: str, *, since_id: str = "", token: str = "") -> Response:
        """Posts of the last seven days, the newest first, as many as the budget covers; BudgetExhausted where it covers not even ten."""
        size = min(MOST, self._budget.left() // (1 + BESIDE))
        if size < LEAST:
            raise BudgetExhausted(
                f"what is left of the month's budget is less than a search costs; see {self._site.ledger_file}", source=SOURCE
            )
        params: dict[str, str | int] = {**_FIELDS, "query": query, "max_results": size, "sort_order": "recency"}
        params |= {name: value for name, value in {"since_id": since_id, "next_token": token}.items() if value}
        return self._get("tweets/search/recent", params, size)

    def posts(self, ids: Mapping[str, str]) -> Page:
        """These posts, at most a hundred, by their ids; ``ids`` says as what each is known. Those that are not there are missing, and the
        page says which were asked for."""
        response = self._get("tweets", {**_FIELDS, "ids": ",".join(ids)}, len(ids))
        return response.page(SOURCE, self._site.name, context={"asked": json.dumps(dict(ids))})

    def _get(self, path: str, params: Mapping[str, str | int], most: int) -> Response:
        self._budget.next_most(most * (1 + BESIDE))
        headers = {"Authorization": f"Bearer {self._token}"}
        response = self._client.get(f"{self._site.api_url}/{path}", params=params, headers=headers, meter=self._budget)
        try:
            body = json_of(response)
            self._budget.settle(len(posts_of(body)) + len(included_of(body)))
        except PayloadError:  # no answer of the API: nobody knows what it cost, so all that was reserved is spent
            pass
        return response
