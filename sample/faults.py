"""What can go wrong with any site, as a matrix that the tests of each source run through: SITE_FAULTS while it is fetched, BODY_FAULTS in
what it answered. A test needs a fake of the site that can be filled with so many pages (``FakeSite``); the rest is here."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any, Protocol

from werkzeug import Request, Response

from scrapers.base import Scraper
from thresher.errors import (
    DeadlineExceeded,
    HttpStatusError,
    PaginationError,
    PayloadError,
    ResponseTooLarge,
    SettingsError,
    ThresherError,
    TransientError,
)
from thresher.model import Dead, Page, Record, Unread
from thresher.net.client import Client

NEW_FIELD = "a_field_of_tomorrow"
WAIT_S = 7


class FakeSite(Protocol):
    """A site on a loopback port. ``listing`` is the path under which it lists what it has; ``entries`` finds the list in such an answer."""

    listing: str

    def fill(self, pages: int) -> None:
        """Have so many pages of listing; none for 0."""
        ...

    def answer(self, request: Request) -> Response:
        """What it answers when nothing is wrong."""
        ...

    def entries(self, body: Any) -> list[Any]:
        """The list that a listing's JSON holds."""
        ...


@dataclass
class Visit:
    """What one visit brought, and what ended it."""

    pages: list[Page] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    dead: list[Dead] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    error: ThresherError | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The text of each record."""
        return {native_id: record.text for native_id, record in self.records.items()}

    @property
    def cursor(self) -> Mapping[str, Any] | None:
        """The last one of the visit."""
        return next((page.cursor for page in reversed(self.pages) if page.cursor is not None), None)


def visit(scraper: Any, client: Client, site: Any, since: Mapping[str, Any] | None = None) -> Visit:
    """Fetch and parse until the end, or until an error that thresher raises on purpose; any other is a defect of the source."""
    visited = Visit()
    try:
        for page in scraper.fetch(client, site, since=since):
            visited.pages.append(page)
            _take(visited, scraper, page)
    except ThresherError as error:
        visited.error = error
    return visited


def parsed(scraper: Any, page: Page) -> Visit:
    """What ``parse`` makes of one page."""
    visited = Visit([page])
    _take(visited, scraper, page)
    return visited


def _take(visited: Visit, scraper: Scraper, page: Page) -> None:
    try:
        for part in scraper.parse(page):
            if isinstance(part, Record):
                visited.records[part.native_id] = part
            elif isinstance(part, Dead):
                visited.dead.append(part)
            else:
                visited.unread.append(part)
    except PayloadError as error:
        visited.dead.append(Dead(error.reason, str(error)))


# While it is fetched

Alter = Callable[[Response, int], Response]
"""The true answer to the n-th request for the listing (from 0), altered."""


@dataclass(frozen=True)
class SiteFault:
    """One cell of the matrix: what becomes of answers to requests for the listing, and how the visit must end (None: well)."""

    name: str
    alter: Alter = lambda answer, number: answer
    error: type[ThresherError] | tuple[type[ThresherError], ...] | None = None
    pages: int = 2
    network: Mapping[str, Any] = field(default_factory=dict)
    waits_s: float = 0.0

    def __str__(self) -> str:
        return self.name

    def over(self, site: FakeSite) -> Callable[[Request], Response]:
        """A handler of requests that is the site with this fault."""
        site.fill(self.pages)
        numbers = count()
        before: list[Response] = []

        def handler(request: Request) -> Response:
            answer = site.answer(request)
            if request.path != site.listing:
                return answer
            if self.name == "cyclic cursor":
                before.append(answer)
                return _copy(before[0])
            if self.name in _BETWEEN:
                before.append(_copy(answer))
                return _BETWEEN[self.name](answer, before, site)
            return self.alter(answer, next(numbers))

        return handler

    def check(self, visited: Visit, well: Visit, waits: list[float]) -> None:
        """Compare a visit with the same visit of a site that is well."""
        if self.error is not None:
            assert isinstance(visited.error, self.error), f"{self}: ended with {visited.error!r}"
            assert len(str(visited.error)) > 20, "an error says what happened"
            return
        assert visited.error is None, f"{self}: {visited.error!r}"
        assert visited.texts == well.texts
        assert visited.cursor is not None
        assert sum(waits) > self.waits_s - 0.1


def _copy(answer: Response) -> Response:
    return Response(answer.get_data(), answer.status_code, dict(answer.headers))


def _status(status: int, body: str = '{"error": "made up"}', kind: str = "application/json", times: int = 10**6, **headers: str) -> Alter:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda answer, number: Response(body, status, named, content_type=kind) if number < times else answer


def _bomb(answer: Response, number: int) -> Response:
    return Response(gzip.compress(b" " * 3_000_000), 200, {"Content-Encoding": "gzip"}, content_type="application/json")


def _drip(answer: Response, number: int) -> Response:
    from time import sleep

    def drops() -> Iterator[bytes]:
        for byte in answer.get_data()[:40]:
            sleep(0.05)
            yield bytes([byte])

    return Response(drops(), 200, content_type="application/json")


def _typed(kind: str) -> Alter:
    return lambda answer, number: Response(answer.get_data(), answer.status_code, _links(answer), content_type=kind)


def _links(answer: Response) -> dict[str, str]:
    """The header that leads to the next page, where a site uses it."""
    return {name: value for name, value in answer.headers if name == "Link"}


def _cut(answer: Response, number: int) -> Response:
    return Response(answer.get_data()[: len(answer.get_data()) // 2], 200, content_type="application/json")


def _repeated(answer: Response, before: list[Response], site: FakeSite) -> Response:
    """The last entry of each page comes again as the first of the next one."""
    earlier = site.entries(json.loads(before[-2].get_data())) if len(before) > 1 else []
    if not earlier:
        return answer
    body = json.loads(answer.get_data())
    site.entries(body).insert(0, earlier[-1])
    return Response(json.dumps(body), headers=_links(answer), content_type="application/json")


_BETWEEN: dict[str, Callable[[Response, list[Response], FakeSite], Response]] = {"item on two pages": _repeated}

_LATER = format_datetime(datetime.now(UTC) + timedelta(seconds=3600), usegmt=True)
_HTML = "<html><title>Just a moment</title></html>"

SITE_FAULTS = (
    SiteFault("ok, 1 page", pages=1),
    SiteFault("ok, 3 pages", pages=3),
    SiteFault("empty", error=(PayloadError, SettingsError), pages=0),
    SiteFault("304", _status(304, ""), HttpStatusError),
    SiteFault("401", _status(401), HttpStatusError),
    SiteFault("403 json", _status(403), HttpStatusError),
    SiteFault("403 html", _status(403, _HTML, "text/html"), HttpStatusError),
    SiteFault("404", _status(404), HttpStatusError),
    SiteFault("410", _status(410), HttpStatusError),
    SiteFault("429, seconds", _status(429, times=1, Retry_After=str(WAIT_S)), waits_s=WAIT_S),
    SiteFault("429, date", _status(429, times=1, Retry_After=_LATER), waits_s=60, network={"wait_cap_s": 10**6}),
    SiteFault("429, no header", _status(429, "", "text/plain", times=1), waits_s=0.2),
    SiteFault("500 three times", _status(500, _HTML, "text/html", times=3), waits_s=0.2),
    SiteFault("JSON cut short", _cut, (TransientError, PayloadError), network={"tries": 1}),
    SiteFault("HTML in place of JSON", _status(200, _HTML, "text/html"), PayloadError),
    SiteFault("wrong content type", _typed("text/html")),
    SiteFault("wrong charset", _typed("application/json; charset=utf-16")),
    SiteFault("gzip bomb", _bomb, ResponseTooLarge),
    SiteFault("slow drip", _drip, (DeadlineExceeded, TransientError), network={"deadline_s": 0.2, "tries": 1}),
    SiteFault("cyclic cursor", error=PaginationError),
    SiteFault("item on two pages"),
)


# In what it answered


@dataclass(frozen=True)
class BodyFault:
    """One cell of the matrix: pages made of one whose JSON has been changed, and whether the records must be the same."""

    name: str
    changes: Callable[[Any], Iterator[Any]]
    same: bool = False

    def __str__(self) -> str:
        return self.name

    def check(self, scraper: Any, page: Page) -> None:
        """``parse`` gives records or says why not; nothing else may come out of it."""
        well = parsed(scraper, page)
        assert well.records
        for value in self.changes(_value(page.body)):
            changed = parsed(scraper, replace(page, body=_bytes(value)))
            if self.same:
                assert changed.texts == well.texts
            if self.name == "unknown fields":
                assert any(name.endswith(f".{NEW_FIELD}") for told in changed.unread for name in told.fields)


def _value(body: bytes) -> Any:
    """JSON, or lines of JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return _Lines([json.loads(line) for line in body.splitlines()])


class _Lines(list[Any]):
    """Values that stand one in a line."""


def _bytes(value: Any) -> bytes:
    return "\n".join(map(json.dumps, value)).encode() if isinstance(value, _Lines) else json.dumps(value).encode()


def _mapped(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """The value with every object in it changed."""
    if isinstance(value, dict):
        return change({key: _mapped(inner, change) for key, inner in value.items()})
    return type(value)(_mapped(inner, change) for inner in value) if isinstance(value, list) else value


def _names(value: Any) -> set[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set(value if isinstance(value, dict) else ()).union(*map(_names, inner))


def _each(change: Callable[[dict[str, Any], str], dict[str, Any]]) -> Callable[[Any], Iterator[Any]]:
    """A value for each name of a field in it, in which all fields of that name are changed."""

    def changes(value: Any) -> Iterator[Any]:
        for name in sorted(_names(value)):
            yield _mapped(value, lambda thing, name=name: change(thing, name) if name in thing else thing)  # type: ignore[misc]

    return changes


def _ids_as_text(value: Any) -> Iterator[Any]:
    yield _mapped(
        value,
        lambda thing: {
            key: str(inner) if isinstance(inner, int) and not isinstance(inner, bool) and key.endswith(("id", "number")) else inner
            for key, inner in thing.items()
        },
    )


BODY_FAULTS = (
    BodyFault("unknown fields", lambda value: iter([_mapped(value, lambda thing: {**thing, NEW_FIELD: {"deep": [1]}})]), same=True),
    BodyFault("fields missing", _each(lambda thing, name: {key: value for key, value in thing.items() if key != name})),
    BodyFault("null for a value", _each(lambda thing, name: {**thing, name: None})),
    BodyFault("a list for a value", _each(lambda thing, name: {**thing, name: [1]})),
    BodyFault("ids as text", _ids_as_text, same=True),
)


# In which letters

LETTERS = "na\u00efve Gr\u00f6\u00dfe"


@dataclass(frozen=True)
class Charset:
    """One cell of the matrix: what a body is written in, and what its header says of that."""

    written: str
    declared: str = ""
    readable: bool = True

    def __str__(self) -> str:
        return f"{self.written} declared {self.declared or 'nothing'}"

    def check(self, scraper: Any, page: Page) -> None:
        """``parse`` gives the text as it was written, or no record and the reason; never another text."""
        value = _lettered(_value(page.body))
        well = parsed(scraper, self._page(page, value, "utf-8", ""))
        assert any(LETTERS in text for text in well.texts.values())
        told = parsed(scraper, self._page(page, value, self.written, self.declared))
        if self.readable:
            assert told.texts == well.texts
        else:
            assert not told.records
            assert [letter.reason for letter in told.dead] == ["bad_encoding"]

    def _page(self, page: Page, value: Any, charset: str, declared: str) -> Page:
        kind = "application/json" + (f"; charset={declared}" if declared else "")
        body = json.dumps(value, ensure_ascii=False).encode(charset)
        return replace(page, body=body, headers={**page.headers, "content-type": kind})


def _lettered(value: Any) -> Any:
    """The value with letters beyond ASCII in every text of more than one word."""
    if isinstance(value, dict):
        return {key: _lettered(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_lettered(inner) for inner in value]
    return f"{value} {LETTERS}" if isinstance(value, str) and " " in value else value


CHARSETS = (
    Charset("utf-8", "iso-8859-1"),
    Charset("utf-8", "utf-16"),
    Charset("utf-8", "utf-7"),
    Charset("utf-8-sig"),
    Charset("utf-16"),
    Charset("utf-16-le", "utf-8"),
    Charset("utf-32-be", "utf-8"),
    Charset("latin-1", "utf-8", readable=False),
    Charset("latin-1", "iso-8859-1", readable=False),
    Charset("utf-7", "utf-7", readable=False),
)
