"""What came back, as the scrapers see it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from thresher.model import Page
from thresher.payload import json_value

_KEPT = frozenset(
    {
        "content-language",
        "content-type",
        "date",
        "discourse-rate-limit-error-code",
        "etag",
        "last-modified",
        "link",
        "location",
        "retry-after",
        "tdm-policy",
        "tdm-reservation",
        "www-authenticate",
        "x-error-code",
        "x-error-message",
        "x-repo-commit",
        "x-robots-tag",
        "x-total-count",
    }
)


def kept_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers that matter, under lower-case names; never a cookie."""
    found: dict[str, str] = {}
    for name, value in headers:
        low = name.lower()
        if low in _KEPT or "ratelimit" in low or "rate-limit" in low:
            found[low] = f"{found[low]}, {value}" if low in found else value
    return found


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, whole and decompressed. ``url`` is the final one, without secrets; ``headers`` has lower-case names, only those that
    matter."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime

    @property
    def sha256(self) -> str:
        """Hex digest of the body."""
        return hashlib.sha256(self.body).hexdigest()

    def json(self) -> Any:
        """The body as strict JSON; PayloadError ``bad_json`` if it is not (see ``thresher.payload``)."""
        kind = self.headers.get("content-type", "")
        return json_value(self.body, f"{self.url} ({kind or 'no content type'})", content_type=kind)

    def page(self, source: str, site: str, *, context: Mapping[str, str] | None = None, cursor: Mapping[str, Any] | None = None) -> Page:
        """This answer as the Page of a site."""
        return Page(source, site, self.url, self.status, self.headers, self.body, self.fetched_at, dict(context or {}), cursor)
