"""Taking words out of an archive after the fact: deletions and takedowns reach the raw bytes too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from thresher.archive.reader import PAGE_MARK, page_in
from thresher.archive.seals import measure, note_seal, run_of
from thresher.archive.warc import Member, PageEntry, check_tail, digest, encode_page, encode_record, members, parse
from thresher.disk import sync
from thresher.errors import ArchiveError
from thresher.model import Page

WHOLE_BODIES = ("response", "resource")


class Rewritten(NamedTuple):
    """How many pages were replaced, and how many answers without a page went."""

    pages: int
    answers: int


@dataclass
class _Doomed:
    """Where the bodies begin that leave the file: of pages that are replaced (``dirty``), and of no page at all (``loose``)."""

    dirty: set[int] = field(default_factory=set)
    loose: set[int] = field(default_factory=set)


def rewrite(file: Path, *, is_dirty: Callable[[Page], bool], cleaned: Callable[[Page], Page], unwanted: Callable[[str], bool]) -> Rewritten:
    """Replace each page for which ``is_dirty`` holds (and every other one made of the same body) by what ``cleaned`` makes of it, and drop
    each answer whose address is ``unwanted`` and of which no page was made, such as a listing or a redirect.

    Atomic: the old file stands until the new one is on the disk. The new file is sealed; the places of its pages in the database are the
    caller's to bring up to date. Not while a writer has it open. ArchiveError where it is damaged or cannot be written.
    """
    partial = file.with_name(file.name + ".partial")
    try:
        doomed = _look(file, is_dirty, unwanted)
        if not doomed.dirty and not doomed.loose:
            return Rewritten(0, 0)
        with partial.open("wb") as out:
            pages = _copy(file, doomed, cleaned, out.write)
            out.flush()
            os.fsync(out.fileno())
        note_seal(file.parent, run_of(file.name), measure(partial))
        partial.replace(file)
        sync(file.parent)
        return Rewritten(pages, len(doomed.loose))
    except OSError as exc:
        raise ArchiveError(f"the archive {file} cannot be rewritten: {exc.strerror or exc}") from exc
    finally:
        partial.unlink(missing_ok=True)


def _look(file: Path, is_dirty: Callable[[Page], bool], unwanted: Callable[[str], bool]) -> _Doomed:
    doomed, referred_to = _Doomed(), set()
    for member, in_full in _members(file):
        if in_full is not None:
            entry, page = in_full
            referred_to.add(entry.body_offset)
            if entry.body_offset not in doomed.dirty and is_dirty(page):
                doomed.dirty.add(entry.body_offset)
            continue
        record = parse(member)
        if record.kind in WHOLE_BODIES and unwanted(record.url):
            doomed.loose.add(member.offset)
    doomed.loose -= referred_to
    return doomed


def _members(file: Path) -> Iterator[tuple[Member, tuple[PageEntry, Page] | None]]:
    """Each member, and the page that it holds, if it is one."""
    last: Member | None = None
    end = 0
    for member in members(file):
        end = member.end
        is_page = PAGE_MARK in member.data[:1000]
        yield member, page_in(file, member, last) if is_page else None
        last = last if is_page else member
    check_tail(file, end)


def _copy(file: Path, doomed: _Doomed, cleaned: Callable[[Page], Page], write: Callable[[bytes], int]) -> int:
    moved: dict[int, tuple[int, str]] = {}
    at = pages = 0
    with file.open("rb") as raw:
        for member, in_full in _members(file):
            if in_full is None:
                if member.offset not in doomed.dirty and member.offset not in doomed.loose:
                    moved[member.offset] = (at, parse(member).record_id)
                    raw.seek(member.offset)
                    at += write(raw.read(member.end - member.offset))
                continue
            entry, page = in_full
            if entry.body_offset in doomed.dirty:
                page = cleaned(page)
                kind = page.headers.get("content-type") or "application/octet-stream"
                body = encode_record("resource", page.body, kind, page.fetched_at, url=page.url)
                entry = PageEntry(entry.run_id, page, digest(page.body), at)
                at += write(body.data)
                at += write(encode_page(entry, body.record_id).data)
                pages += 1
            else:
                offset, record_id = moved[entry.body_offset]
                at += write(encode_page(entry._replace(body_offset=offset), record_id).data)
    return pages
