"""Pages out of the archive, in the order in which they were written; what is damaged is passed over and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from thresher.archive.seals import SUFFIX
from thresher.archive.warc import Gap, Member, PageEntry, digest, members, parse, parse_page, scan
from thresher.errors import ArchiveError
from thresher.model import Page

_PAGE_MARK = b"WARC-Type: metadata"


class PageRef(NamedTuple):
    """Where a record begins; for a page, its ``metadata`` record."""

    file: Path
    offset: int


class Damage(NamedTuple):
    """A stretch of an archive file from which nothing could be read. ``at_end``: nothing whole follows, as where a process was killed."""

    file: Path
    offset: int
    why: str
    at_end: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.why}"


def foreign_page(ref: PageRef, run_id: str) -> Damage:
    """A page of another run: the file is not the one that it is called after, or it was read out of the middle of a damaged record."""
    return Damage(ref.file, ref.offset, f"the page at byte {ref.offset} is of another run, {run_id}")


def _refuse(damage: Damage) -> None:
    """Damage ends the reading, but for a torn last record."""
    if not damage.at_end:
        raise ArchiveError(str(damage))


def read_pages(place: Path, tell: Callable[[Damage], None] = _refuse) -> Iterator[tuple[str, PageRef, Page]]:
    """(run id, where, page) for each page of a file, or of all files of a folder, oldest run first, in the order written; a few records
    in memory at a time. Damage is passed over by whole records, and ``tell`` hears of it; by default it raises ArchiveError, except for a
    torn last record."""
    for file in _files(place):
        try:
            yield from _pages_of(file, tell)
        except OSError as exc:
            tell(Damage(file, 0, f"cannot be read: {exc.strerror or exc}"))


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        if not place.exists():
            raise ArchiveError(f"there is no archive at {place}")
        return [place]
    return sorted(place.glob(f"*{SUFFIX}"), key=lambda file: (_started(file), file.name))


def _started(file: Path) -> str:
    first = next(members(file), None)
    return parse(first).date if first else ""


def _pages_of(file: Path, tell: Callable[[Damage], None]) -> Iterator[tuple[str, PageRef, Page]]:
    size = file.stat().st_size
    last: Member | None = None
    for part in scan(file):
        if isinstance(part, Gap):
            why = f"damaged at byte {part.offset}, {part.end - part.offset:,} bytes are no record"
            tell(Damage(file, part.offset, why, part.end == size))
        elif _PAGE_MARK not in part.data[:1000]:
            last = part
        else:
            try:
                entry, page = _page_in(file, part, last)
            except ArchiveError as exc:
                tell(Damage(file, part.offset, str(exc)))
            else:
                yield entry.run_id, PageRef(file, part.offset), page


def _page_in(file: Path, member: Member, last: Member | None) -> tuple[PageEntry, Page]:
    """The page of a ``metadata`` record. Its body is mostly the record read just before; else it is looked back for. The body is proven
    by its SHA-256."""
    entry = parse_page(parse(member).body, f"byte {member.offset}")
    if last is None or last.offset != entry.body_offset:
        last = next(members(file, entry.body_offset), None)
    body = parse(last).body if last else b""
    if digest(body) != entry.sha256:
        raise ArchiveError(f"the body of {entry.page.url} at byte {entry.body_offset} is not the one that was archived")
    return entry, replace(entry.page, body=body)


def read_page(ref: PageRef) -> Page:
    """The one page at a place that ``write_page`` gave."""
    try:
        member = next(members(ref.file, ref.offset), None)
        if member is None:
            raise ArchiveError(f"{ref.file} holds no record at byte {ref.offset}")
        return _page_in(ref.file, member, None)[1]
    except OSError as exc:
        raise ArchiveError(f"the archive {ref.file} cannot be read: {exc.strerror or exc}") from exc
