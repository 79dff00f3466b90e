"""Stack Exchange: questions with their answers, through the API 2.3 or from a data dump's ``Posts.xml``.

The API is read in windows, not in pages: sorted by activity, each request begins at the last moment that was seen, because posts that
somebody touches meanwhile move to the end and would shift every page. Without a key an address has 300 requests a day, all sites together;
``THRESHER_STACKEXCHANGE_KEY`` raises that to 10,000.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scrapers.stackexchange import api, dump
from thresher.errors import BudgetExhausted, HttpStatusError, PayloadError, UsageError
from thresher.model import Dead, ExportClass, Json, Page, Record
from thresher.net.client import Client, PageGuard, Response

SOURCE = "stackexchange"
KEY_VARIABLE = "THRESHER_STACKEXCHANGE_KEY"
MAX_IDS = 100
"""In one request, joined by semicolons (API documentation, "Vectorized requests")."""
DAY_S = 86_400
OVERLAP_S = 2 * 3600
QUOTA_RESERVE = 10
"""Requests left to whoever shares our address."""
MAX_JSON_FILE = 50 * 2**20
_POST_ROOTS = frozenset({"posts", "row"})
_DOMAINS = {
    "askubuntu": "askubuntu.com",
    "mathoverflow.net": "mathoverflow.net",
    "serverfault": "serverfault.com",
    "stackapps": "stackapps.com",
    "stackoverflow": "stackoverflow.com",
    "superuser": "superuser.com",
}


class Site(BaseModel):
    """One site of the network, under the name that the API gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1)
    api_url: str = Field("https://api.stackexchange.com/2.3", pattern=r"^https?://\S+[^/\s]$")
    site_url: str = ""
    """Where people read it; empty takes what the name says (``ai`` is https://ai.stackexchange.com)."""
    tagged: tuple[str, ...] = ()
    """Only questions with one of these tags; each tag is a walk of its own. Empty takes all."""
    page_size: int = Field(100, ge=1, le=100)
    days: int = Field(30, ge=1)
    """How far the first visit looks back from the newest activity."""
    max_pages: int = Field(10, ge=1)
    """Pages of questions for each tag in one run; the next run goes on where this one stopped."""
    export_class: ExportClass = "full"
    """Of posts whose CC BY-SA licence is known; a comment without a licence is ``id_only`` in any case."""

    @property
    def home(self) -> str:
        """``site_url``, or what the name says."""
        name = self.name.removeprefix("meta.")
        domain = _DOMAINS.get(name, f"{name}.com" if name.endswith(".stackoverflow") else f"{name}.stackexchange.com")
        return self.site_url.rstrip("/") or f"https://{'meta.' if name != self.name else ''}{domain}"


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """Questions in the order of their last activity, each page followed by all answers to it; the last of these pages has the cursor.

    BudgetExhausted when the day's quota runs out: what was fetched is whole, and the cursor holds. PayloadError when a first visit finds no
    question.
    """
    seen: dict[str, int] = {str(tag): int(moment) for tag, moment in (since or {}).get("activity", {}).items()}
    tags = site.tagged or ("",)
    starts = {tag: seen[tag] - OVERLAP_S if tag in seen else _first_moment(client, site, tag) for tag in tags}
    if all(start is None for start in starts.values()):
        raise PayloadError(
            f"{site.name} shows no questions {f'tagged {tags}' if site.tagged else 'at all'}: is the name right?", reason="empty_listing"
        )
    for tag, start in starts.items():
        for page in _walk(client, site, tag, start, seen) if start is not None else ():
            yield page
            if page.cursor is not None:
                seen = dict(page.cursor["activity"])


def recheck(client: Client, site: Site, native_ids: Sequence[str]) -> Iterator[Page]:
    """These questions and answers as they are now; parsing the pages gives ``gone`` for each that the site no longer shows."""
    ids = [i for i in native_ids if i.isdigit()]
    for batch in _batches(ids):
        response = _get(client, site, f"questions/{';'.join(batch)}", {"pagesize": MAX_IDS, "filter": "withbody"})
        titles = {str(i["question_id"]): str(i.get("title", "")) for i in api.items(response.body) if "question_id" in i}
        yield _page(response, site)
        _check_quota(response)
        if rest := [i for i in batch if i not in titles]:
            response = _get(client, site, f"answers/{';'.join(rest)}", {"pagesize": MAX_IDS, "filter": "withbody"})
            yield _page(response, site, asked=";".join(rest))
            _check_quota(response)


def read(path: Path, site: Site) -> Iterator[Page]:
    """The ``Posts.xml`` of an unpacked data dump, saved API answers (JSON), or a folder with such files.

    What a file is, is seen from what it holds; the other files of a dump are left out. UsageError where there is nothing to read.
    """
    files = sorted(p for p in path.rglob("*") if p.suffix in {".xml", ".json"} and p.is_file()) if path.is_dir() else [path]
    kinds = {f: dump.root(f) for f in files if f.is_file()}
    readable = [f for f, root in kinds.items() if root in {"", *_POST_ROOTS}]
    if not readable:
        found = ", ".join(sorted({f"a dump of {root}" for root in kinds.values()})) or "nothing"
        raise UsageError(f"{path}: found {found}; expected the Posts.xml of an unpacked data dump, or answers of the API as JSON")
    for file in readable:
        yield from _dump_pages(file, site) if kinds[file] else _json_page(file, site)


def parse(page: Page) -> Iterator[Record | Dead]:
    """Posts of an API answer or of a piece of a dump."""
    return dump.parse(page) if page.context.get("format") == "dump" else api.parse(page)


# Files


def _dump_pages(file: Path, site: Site) -> Iterator[Page]:
    for number, body in enumerate(dump.chunks(file), 1):
        yield Page(SOURCE, site.name, f"file:{file.name}#{number}", 200, {}, body, _saved_at(file), _context(site) | {"format": "dump"})


def _json_page(file: Path, site: Site) -> Iterator[Page]:
    if file.stat().st_size > MAX_JSON_FILE:
        raise UsageError(f"{file}: {file.stat().st_size} bytes and no XML; an answer of the API is smaller than {MAX_JSON_FILE}")
    yield Page(SOURCE, site.name, f"file:{file.name}", 200, {}, file.read_bytes(), _saved_at(file), _context(site))


def _saved_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


# Fetching


def _walk(client: Client, site: Site, tag: str, start: int, seen: Mapping[str, int]) -> Iterator[Page]:
    """All questions with the tag that were active since ``start``. ``seen`` are the watermarks of all tags."""
    guard = PageGuard(site.max_pages + 1)
    known: dict[int, int] = {}
    number = 1
    for _ in range(site.max_pages):
        query: dict[str, str | int] = {
            "order": "asc",
            "sort": "activity",
            "min": start,
            "page": number,
            "pagesize": site.page_size,
            "filter": "withbody",
        }
        response = _get(client, site, "questions", query | ({"tagged": tag} if tag else {}))
        found, more = api.activity(response)
        reached = max(found.values(), default=start)
        cursor = {"activity": {**seen, tag: max(reached, seen.get(tag, 0))}} if found else None
        news = [q for q, moment in found.items() if known.get(q) != moment]
        known |= found
        yield from _with_answers(client, site, response, news, cursor)
        if not more:
            return
        start, number = (reached, 1) if reached > start else (start, number + 1)
        guard.check(cursor=[start, number], body_sha256=response.sha256, empty=not found)


def _first_moment(client: Client, site: Site, tag: str) -> int | None:
    """Where a first visit begins: ``days`` before the newest activity (by the site's clock, not ours). None where there is no question."""
    query: dict[str, str | int] = {"order": "desc", "sort": "activity", "pagesize": 10, "page": 1}
    response = _get(client, site, "questions", query | ({"tagged": tag} if tag else {}))
    found, _ = api.activity(response)
    return max(0, max(found.values()) - site.days * DAY_S) if found else None


def _with_answers(
    client: Client, site: Site, questions: Response, news: Sequence[int], cursor: Mapping[str, Json] | None
) -> Iterator[Page]:
    """A page of questions, then the answers to the new ones among them; the cursor stands on the last page."""
    answered = api.answered(questions.body)
    ids = [str(q) for q in news if q in answered]
    titles = api.titles(questions.body)
    yield _page(questions, site, cursor=None if ids else cursor)
    if not ids:
        _check_quota(questions)
    for batch in _batches(ids):
        guard = PageGuard(client.pace.max_pages)
        context = {"titles": json.dumps({q: titles[q] for q in batch if q in titles}, ensure_ascii=False)}
        number, more = 1, True
        while more:
            query: dict[str, str | int] = {"order": "asc", "sort": "creation", "page": number, "pagesize": MAX_IDS, "filter": "withbody"}
            response = _get(client, site, f"questions/{';'.join(batch)}/answers", query)
            more = api.has_more(response)
            number += 1
            guard.check(cursor=number if more else None, body_sha256=response.sha256, empty=not api.items(response.body))
            end = not more and batch[-1] == ids[-1]
            yield _page(response, site, cursor=cursor if end else None, **context)
            _check_quota(response)


def _get(client: Client, site: Site, method: str, query: Mapping[str, str | int]) -> Response:
    key = os.environ.get(KEY_VARIABLE, "")
    try:
        return client.get(f"{site.api_url}/{method}", params={"site": site.name, **query, **({"key": key} if key else {})})
    except HttpStatusError as exc:
        said = api.error(exc.body)
        if not said:
            raise
        raise HttpStatusError(f"{site.name}: the API says {said}", status=exc.status, body=exc.body, url=exc.url, source=SOURCE) from exc


def _check_quota(response: Response) -> None:
    """Stops before the last requests of the day are spent."""
    left = api.quota_left(response.body)
    if left is not None and left <= QUOTA_RESERVE:
        raise BudgetExhausted(
            f"Stack Exchange grants {left} more requests today (UTC); go on tomorrow, or set {KEY_VARIABLE}",
            url=response.url,
            source=SOURCE,
        )


def _page(response: Response, site: Site, *, cursor: Mapping[str, Json] | None = None, **context: str) -> Page:
    return response.page(SOURCE, site.name, context=_context(site) | context, cursor=cursor)


def _context(site: Site) -> dict[str, str]:
    return {"site_url": site.home, "export_class": site.export_class}


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for i in range(0, len(ids), MAX_IDS):
        yield ids[i : i + MAX_IDS]
