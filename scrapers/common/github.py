"""GitHub's REST API, for every source that asks it: which headers it wants, and where the next page is.

Without a token an address has 60 requests an hour; ``THRESHER_GITHUB_TOKEN``, a personal one without any scope, raises that to 5,000
(https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api). Waits, limits and conditional requests are the client's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

TOKEN_VARIABLE = "THRESHER_GITHUB_TOKEN"
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')


def token() -> str:
    """The token of the environment; empty where there is none."""
    return os.environ.get(TOKEN_VARIABLE, "").strip()


def headers() -> dict[str, str]:
    """Of every request to the API."""
    known = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return known | ({"Authorization": f"Bearer {token()}"} if token() else {})


def next_page(answer_headers: Mapping[str, str], api_url: str) -> str | None:
    """Where the ``Link`` header leads to; nowhere but to the same API."""
    match = _NEXT.search(answer_headers.get("link", ""))
    return match[1] if match and match[1].startswith(f"{api_url}/") else None
