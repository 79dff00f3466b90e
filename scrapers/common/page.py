"""A page of any site: its JSON, whole numbers, moments, rights; and pages made of files that somebody saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

from thresher.errors import PayloadError, ThresherError, UsageError
from thresher.model import UNREADABLE_FILE, Dead, ExportClass, Json, Page, Record
from thresher.net.client import Response
from thresher.payload import MAX_JSON_DEPTH, json_value

if TYPE_CHECKING:
    from thresher.formats.html import Rendered  # with BeautifulSoup, which not every source needs

T = TypeVar("T")

PLAUSIBLE_YEARS = range(1990, 2101)
"""Nothing that is harvested was written outside of them; a moment that says so is a mistake of the site."""


def json_of(answer: Page | Response, *, max_depth: int = MAX_JSON_DEPTH) -> Any:
    """The body as strict JSON (``thresher.payload.json_value``); PayloadError ``bad_json`` says what it is instead."""
    return json_value(answer.body, answer.url, max_depth=max_depth, content_type=answer.headers.get("content-type", ""))


def whole(value: object) -> int | None:
    """An id or a count, whether the site writes it as a number or as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    return int(text) if len(text) < 19 and text.isascii() and text.removeprefix("-").isdigit() else None


def from_iso(value: object) -> datetime | None:
    """ISO 8601 as UTC, which it is taken for where no zone is named; None for nonsense and for years that are not plausible."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return _plausible(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def from_epoch(value: object) -> datetime | None:
    """Seconds since 1970 as UTC; None for nonsense and for years that are not plausible."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return _plausible(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _plausible(moment: datetime) -> datetime | None:
    return moment if moment.year in PLAUSIBLE_YEARS else None


class Rights(TypedDict):
    """What may be done with a Record: fields of it."""

    licence: str
    licence_evidence: str
    export_class: ExportClass


def rights(page: Page) -> Rights:
    """What the page's context says of the licence, put there by the site's settings; without a word in it, ids only."""
    return Rights(
        licence=page.context.get("licence", "unknown"),
        licence_evidence=page.context.get("licence_evidence", ""),
        export_class=cast(ExportClass, page.context.get("export_class", "id_only")),
    )


def once(results: Iterable[Record | Dead]) -> Iterator[Record | Dead]:
    """The records of a page, each id once: the first one counts, the others are Dead ``repeated``."""
    seen: set[str] = set()
    for result in results:
        if isinstance(result, Record) and result.native_id in seen:
            yield Dead("repeated", "it is in the page more than once; the first one counts", result.native_id)
            continue
        if isinstance(result, Record):
            seen.add(result.native_id)
        yield result


MAX_PICTURES = 20
"""Of one post, whose addresses are kept."""


def text_marks(rendered: Rendered) -> dict[str, Json]:
    """The marks that a text from HTML brings: pictures, code, links, and that its HTML was broken; only those that say something."""
    marks: dict[str, Json] = {
        "images": rendered.images,
        "pictures": list(rendered.pictures[:MAX_PICTURES]),
        "code_blocks": rendered.code_blocks,
        "links": list(rendered.links),
        "repaired": rendered.repaired,
    }
    return {name: value for name, value in marks.items() if value}


def saved_files(path: Path, suffixes: tuple[str, ...], holding: str) -> list[Path]:
    """The file, or all files with these suffixes below the folder, in order. UsageError where there is none, saying what was expected."""
    files = sorted(p for p in path.rglob("*") if p.suffix in suffixes and p.is_file()) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise UsageError(f"{path} holds no {' or '.join(suffixes)} file; expected {holding}")
    return files


MAX_SAVED_BYTES = 50 * 2**20
"""An answer that somebody saved is smaller."""
_UNREADABLE = (OSError, EOFError, ThresherError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def saved_body(file: Path) -> bytes:
    """What a file holds; PayloadError ``too_large`` where it is no answer of a site."""
    if file.stat().st_size > MAX_SAVED_BYTES:
        raise PayloadError(f"{file} is larger than {MAX_SAVED_BYTES} bytes; an answer of a site never is", reason="too_large")
    return file.read_bytes()


def each_file(source: str, site: str, files: Iterable[Path], pages_of: Callable[[Path], Iterable[Page]]) -> Iterator[Page]:
    """The pages of every file. One that cannot be read costs itself: a page stands for it that says why, and is counted."""
    for file in files:
        try:
            yield from pages_of(file)
        except _UNREADABLE as error:
            yield unreadable_page(source, site, file, error)


def unreadable_page(source: str, site: str, file: Path, error: Exception) -> Page:
    """The page that stands for a file of which nothing can be read."""
    reason = str(error) if isinstance(error, ThresherError) else f"{file.name}: {getattr(error, 'strerror', None) or repr(error)}"
    return Page(source, site, file.absolute().as_uri(), 0, {}, b"", datetime.now(UTC), {UNREADABLE_FILE: printable(reason)})


def printable(name: str) -> str:
    """A name of a file, of which not every byte need be text, as it may be stored."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def saved_at(*files: Path) -> datetime:
    """When the newest of these files was written: the nearest thing to when it was fetched."""
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)


def saved_page(source: str, site: str, file: Path, body: bytes, context: Mapping[str, str], *, url: str = "") -> Page:
    """A page from a file, as if it had been fetched when the file was written."""
    return Page(source, site, url or f"file:{printable(file.name)}", 200, {}, body, saved_at(file), context)


def portions(things: Iterable[T], most: int, *, size: Callable[[T], int] = lambda _: 0, max_size: int = 0) -> Iterator[list[T]]:
    """The things in order, at most so many together, and with ``max_size`` only as many as are no larger in sum (one alone may be)."""
    portion: list[T] = []
    filled = 0
    for thing in things:
        length = size(thing)
        if portion and (len(portion) >= most or filled + length > max_size > 0):
            yield portion
            portion, filled = [], 0
        portion.append(thing)
        filled += length
    if portion:
        yield portion
