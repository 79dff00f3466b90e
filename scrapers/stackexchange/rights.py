"""What a Stack Exchange post may be used for, and what must stand beside it. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import cast

from scrapers.common.page import Rights
from thresher.model import ExportClass, Page

LICENCES = (
    (datetime(2018, 5, 2, tzinfo=UTC), "CC-BY-SA-4.0"),
    (datetime(2011, 4, 8, tzinfo=UTC), "CC-BY-SA-3.0"),
    (datetime(2008, 1, 1, tzinfo=UTC), "CC-BY-SA-2.5"),
)
"""Since when posts are under which licence (Stack Exchange's own licensing page)."""
_NAMED = re.compile(r"^CC[ -]BY-SA[ -](\d\.\d)$", re.I)


class Granted(Rights):
    """Rights with what a licence asks to be shown: fields of a Record."""

    attribution: str


def granted(page: Page, named: object, created: datetime | None, *, evidence: str, title: str, url: str, user: int | None) -> Granted:
    """What may be done with a post of the page, and what must be shown beside it. ``evidence`` is where a licence is named, ``title`` that
    of the question; see ``rights``."""
    terms = rights(named, created, evidence=evidence, export_class=page.context.get("export_class"))
    return Granted(**terms, attribution=_attribution(page.context.get("site_url", ""), title, url, user, terms["licence"]))


def rights(named: object, created: datetime | None, *, evidence: str, export_class: str | None) -> Rights:
    """By the licence that the post names; else, where ``created`` is given, by its date; else unknown, and ``id_only``."""
    match = _NAMED.match(str(named or "").strip())
    allowed = cast(ExportClass, export_class or "id_only")
    if match:
        return Rights(licence=f"CC-BY-SA-{match[1]}", licence_evidence=evidence, export_class=allowed)
    licence = next((name for since, name in LICENCES if created and created >= since), "")
    if licence and not named:
        return Rights(licence=licence, licence_evidence="date of the post, by Stack Exchange's licensing page", export_class=allowed)
    return Rights(licence="unknown", licence_evidence=f"the site says {str(named)[:60]!r}" if named else "", export_class="id_only")


def _attribution(site_url: str, title: str, url: str, user: int | None, licence: str) -> str:
    """Site, question, link, author, licence, as CC BY-SA asks.

    The author (-1 is the site's community) is named by the address of their page on the site, which shows the name that they chose; the
    name itself is not kept.
    """
    if licence == "unknown":
        return ""
    site = site_url.split("://")[-1]
    author = f"by the author at {site_url}/users/{user}" if user is not None else "by an author whose account no longer exists"
    return ", ".join(part for part in (site, f'"{title}"' if title else "", url, author, licence) if part)
