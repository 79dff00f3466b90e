"""Who does not want to be collected, as Mastodon lets people say it. Pure.

An account says ``noindex`` (keep search engines out), ``indexable = false`` (not in searches of posts) or ``discoverable = false`` (not in
what is shown to strangers); older ones say it with a hashtag in their profile. A post says it by its visibility: ``unlisted`` may be read
by everybody, but stands in no timeline. What an account does not say is no refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_MARKUP = re.compile(r"<[^>]*>")
_REFUSALS = re.compile(
    r"#(no(?:bots?|index|archiv(?:e|ing)|search|scrap(?:e|ing)|crawl(?:ing)?|ai|ml|llm|harvest(?:ing)?))(?!\w)", re.IGNORECASE
)


def refusal_of(status: Mapping[str, Any]) -> str:
    """How the author of a post says no: ``unlisted``, ``noindex``, ``#nobot``, ...; empty where nothing says so."""
    visibility = status.get("visibility")
    if isinstance(visibility, str) and visibility != "public":
        return visibility
    account = status.get("account")
    if not isinstance(account, dict):
        return ""
    if account.get("noindex") is True:
        return "noindex"
    for name in ("indexable", "discoverable"):
        if account.get(name) is False:
            return f"not {name}"
    tag = _REFUSALS.search(" ".join(_MARKUP.sub("", text) for text in _profile(account)))
    return tag[0].lower() if tag else ""


def _profile(account: Mapping[str, Any]) -> Iterator[str]:
    fields = account.get("fields")
    rows = [row for row in fields if isinstance(row, dict)] if isinstance(fields, list) else []
    texts = [account.get("note"), account.get("display_name"), *(row.get(name) for row in rows for name in ("name", "value"))]
    return (text for text in texts if isinstance(text, str))
