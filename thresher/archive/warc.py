"""WARC records as bytes: one gzip member each, written and read with warcio."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import logging
import os
import uuid
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from thresher.errors import ArchiveError
from thresher.model import Page

log = logging.getLogger(__name__)

FORMAT = 1
"""Of the ``metadata`` records; a reader refuses what is newer."""

_LEVEL = 4
"""zlib's, measured on textbook XML: 30 % less time than level 6 for 8 % more bytes."""
_CHUNK = 256 * 1024
_LARGEST_RECORD = 256 * 2**20
_GZIP = b"\x1f\x8b\x08"
"""The first bytes of a gzip member: its magic, and the one method of compression there is."""
_BEGINNING = b"WARC/"
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A record ready to be appended."""

    data: bytes
    record_id: str


class Member(NamedTuple):
    """One whole gzip member of a file: its place, and the record in it."""

    offset: int
    end: int
    data: bytes


class Gap(NamedTuple):
    """A stretch of a file that holds no whole record."""

    offset: int
    end: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A record as read. ``body`` is the payload: of a response, what follows its HTTP headers."""

    kind: str
    url: str
    record_id: str
    date: str
    content_type: str
    http_headers: tuple[tuple[str, str], ...]
    status: int
    body: bytes


class PageEntry(NamedTuple):
    """A ``metadata`` record: the page without its body, and where that is."""

    run_id: str
    page: Page
    sha256: str
    body_offset: int


def encode_response(url: str, status: int, headers: Mapping[str, str], body: bytes, date: datetime) -> Encoded:
    """An HTTP answer."""
    line = f"{status} {http.client.responses.get(status, 'Unknown')}"
    block = StatusAndHeaders(line, list(headers.items()), protocol="HTTP/1.1")
    return _encode("response", body, date, url=url, http_headers=block)


def encode_record(
    kind: str, body: bytes, content_type: str, date: datetime, *, url: str = "", extra: Mapping[str, str] | None = None
) -> Encoded:
    """Any other record; ``extra`` are further WARC headers."""
    return _encode(kind, body, date, url=url, content_type=content_type, extra=extra)


def encode_page(entry: PageEntry, body_id: str) -> Encoded:
    """The ``metadata`` record of a page whose body is in the record ``body_id``."""
    page = entry.page
    content = {
        "format": FORMAT,
        "run_id": entry.run_id,
        "source": page.source,
        "site": page.site,
        "url": page.url,
        "status": page.status,
        "headers": dict(page.headers),
        "fetched_at": page.fetched_at.isoformat(),
        "context": dict(page.context),
        "cursor": None if page.cursor is None else dict(page.cursor),
        "sha256": entry.sha256,
        "body": {"offset": entry.body_offset, "record_id": body_id},
    }
    data = json.dumps(content, separators=(",", ":")).encode()
    return _encode("metadata", data, page.fetched_at, url=page.url, content_type="application/json", extra={"WARC-Refers-To": body_id})


def _encode(
    kind: str,
    body: bytes,
    date: datetime,
    *,
    url: str,
    content_type: str = "",
    http_headers: StatusAndHeaders | None = None,
    extra: Mapping[str, str] | None = None,
) -> Encoded:
    record_id = f"<urn:uuid:{uuid.uuid4()}>"
    stamp = date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False, warc_version="1.1")
    record = writer.create_warc_record(
        quote(url.encode("utf-8", "surrogatepass"), safe=_URL_SAFE),
        kind,
        payload=io.BytesIO(body),
        length=len(body),
        warc_content_type=_one_line(content_type),
        warc_headers_dict={
            "WARC-Record-ID": record_id,
            "WARC-Date": stamp,
            **{name: _one_line(value) for name, value in (extra or {}).items()},
        },
        http_headers=http_headers,
    )
    writer.write_record(record)
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return Encoded(squeezer.compress(out.getbuffer()) + squeezer.flush(), record_id)


def _one_line(value: str) -> str:
    return " ".join(value.split())


def members(file: Path, start: int = 0) -> Iterator[Member]:
    """The whole members of a file from ``start`` on, one in memory at a time. Stops quietly where the last one is torn: compare ``end``
    with the size of the file. Raises OSError, and ArchiveError for a record of absurd size."""
    with file.open("rb") as stream:
        stream.seek(start)
        rest = b""
        while True:
            inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
            parts: list[bytes] = []
            taken = size = 0
            while not inflater.eof:
                chunk = rest or stream.read(_CHUNK)
                rest = b""
                if not chunk:
                    return
                try:
                    piece = inflater.decompress(chunk, _LARGEST_RECORD - size + 1)
                except zlib.error:
                    return
                size += len(piece)
                if size > _LARGEST_RECORD:
                    raise ArchiveError(f"{file}: the record at byte {start} is larger than {_LARGEST_RECORD:,} bytes")
                parts.append(piece)
                rest = inflater.unused_data
                taken += len(chunk) - len(rest)
            yield Member(start, start + taken, b"".join(parts))
            start += taken


def parse(member: Member) -> Parsed:
    """The record inside a member. ArchiveError where it is no WARC record."""
    try:
        record = next(iter(ArchiveIterator(io.BytesIO(member.data))))
    except (ArchiveLoadFailed, StopIteration, ValueError) as exc:
        raise ArchiveError(f"the record at byte {member.offset} is no WARC record: {exc!r}") from exc
    head = record.rec_headers
    http = record.http_headers
    return Parsed(
        kind=record.rec_type,
        url=head.get_header("WARC-Target-URI") or "",
        record_id=head.get_header("WARC-Record-ID") or "",
        date=head.get_header("WARC-Date") or "",
        content_type=head.get_header("Content-Type") or "",
        http_headers=tuple(http.headers) if http else (),
        status=int(http.get_statuscode()) if http else 0,
        body=record.raw_stream.read(),
    )


def parse_page(body: bytes, where: str) -> PageEntry:
    """A page (with an empty body) from the content of its ``metadata`` record. ArchiveError names ``where`` if it is not one of ours."""
    try:
        value: dict[str, Any] = json.loads(body)
        if value["format"] > FORMAT:
            raise ArchiveError(f"{where}: written by a later thresher (format {value['format']}, this one reads up to {FORMAT}); update it")
        page = Page(
            source=value["source"],
            site=value["site"],
            url=value["url"],
            status=value["status"],
            headers=value["headers"],
            body=b"",
            fetched_at=datetime.fromisoformat(value["fetched_at"]),
            context=value["context"],
            cursor=value["cursor"],
        )
        return PageEntry(value["run_id"], page, value["sha256"], int(value["body"]["offset"]))
    except (ValueError, KeyError, TypeError) as exc:
        raise ArchiveError(f"{where}: not a page record of thresher: {exc!r}") from exc


def digest(body: bytes) -> str:
    """SHA-256, hex: the name under which a body is found again."""
    return hashlib.sha256(body).hexdigest()


def scan(file: Path) -> Iterator[Member | Gap]:
    """All of a file: its whole records, and between them whatever is none, passed over to the next whole record. A gap that reaches the
    end of the file may be a record that a killed process tore. Raises OSError."""
    at, size = 0, file.stat().st_size
    while at < size:
        try:
            for member in members(file, at):
                yield member if member.data.startswith(_BEGINNING) else Gap(member.offset, member.end)
                at = member.end
        except ArchiveError:  # too large to be a record
            pass
        if at < size:
            following = _next_record(file, at + 1) or size
            yield Gap(at, following)
            at = following


def _next_record(file: Path, start: int) -> int | None:
    """Where the first whole record after ``start`` begins."""
    with file.open("rb") as stream:
        at = start
        while window := _read_at(stream, at, _CHUNK + len(_GZIP) - 1):
            place = window.find(_GZIP)
            if place < 0:
                at += _CHUNK
                continue
            at += place
            if _begins_record(_read_at(stream, at, 512)) and next(members(file, at), None) is not None:
                return at
            at += 1
    return None


def _read_at(stream: BinaryIO, at: int, size: int) -> bytes:
    stream.seek(at)
    return stream.read(size)


def _begins_record(head: bytes) -> bool:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, len(_BEGINNING)) == _BEGINNING
    except zlib.error:
        return False


def check_tail(file: Path, end: int) -> None:
    """What follows the last whole record, ending at ``end``, must be torn: ArchiveError if a whole one comes after it, for then the file
    is damaged."""
    if _next_record(file, end + 1) is not None:
        raise ArchiveError(f"{file} is damaged at byte {end}, and whole records follow: restore it from a copy, or move it away")


def repair(file: Path) -> int:
    """Cut a torn last record off, as a killed process leaves it; gives how many bytes went. ArchiveError for damage that whole records
    follow."""
    end = 0
    for member in members(file):
        end = member.end
    cut = file.stat().st_size - end
    if cut:
        check_tail(file, end)
        os.truncate(file, end)
        log.info("%d bytes of a torn record cut off %s", cut, file)
    return cut
