"""GitHub's REST API, for every source that asks it: which headers it wants.

Without a token an address has 60 requests an hour; ``THRESHER_GITHUB_TOKEN``, a personal one without any scope, raises that to 5,000
(https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api). Waits, limits and conditional requests are the client's.
"""

from __future__ import annotations

import os

TOKEN_VARIABLE = "THRESHER_GITHUB_TOKEN"


def token() -> str:
    """The token of the environment; empty where there is none."""
    return os.environ.get(TOKEN_VARIABLE, "").strip()


def headers() -> dict[str, str]:
    """Of every request to the API."""
    known = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return known | ({"Authorization": f"Bearer {token()}"} if token() else {})
