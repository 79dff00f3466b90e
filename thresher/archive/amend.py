"""Taking words out of an archive after the fact: deletions and takedowns reach the raw bytes too."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from thresher.archive.seals import measure, note_seal, run_of
from thresher.archive.warc import (
    Encoded,
    Parsed,
    check_tail,
    digest,
    encode_page,
    encode_record,
    encode_response,
    members,
    parse,
    parse_page,
)
from thresher.disk import sync
from thresher.errors import ArchiveError

Change = Callable[[str, bytes], bytes | None]
"""(url, body) to the body to keep, the same object for no change, or None to remove it."""


class _Moved(NamedTuple):
    """Where a body is in the new file, and what it is now."""

    offset: int
    record_id: str
    sha256: str


def rewrite(file: Path, change: Change) -> int:
    """Change bodies after the fact, for deletions and takedowns: ``change(url, body)`` gives the body to keep (the same object for no
    change), or None to remove it and the pages made of it. Atomic: the old file stands until the new one is on the disk. The new file is
    sealed; the places of its pages in the database are the caller's to bring up to date. Not while a writer has it open. Gives how many
    bodies were changed or removed."""
    partial = file.with_name(file.name + ".partial")
    try:
        with partial.open("wb") as out:
            touched = _copy(file, change, out.write)
            out.flush()
            os.fsync(out.fileno())
        if not touched:
            partial.unlink()
            return 0
        note_seal(file.parent, run_of(file.name), measure(partial))
        partial.replace(file)
        sync(file.parent)
        return touched
    except OSError as exc:
        raise ArchiveError(f"the archive {file} cannot be rewritten: {exc.strerror or exc}") from exc
    finally:
        partial.unlink(missing_ok=True)


def _copy(file: Path, change: Change, write: Callable[[bytes], int]) -> int:
    moved: dict[int, _Moved] = {}
    touched = at = end = 0
    with file.open("rb") as raw:
        for member in members(file):
            end = member.end
            raw.seek(member.offset)
            data: bytes | None = raw.read(member.end - member.offset)
            record = parse(member)
            if record.kind == "metadata":
                data = _moved_page(record, moved, file)
            elif record.kind in ("response", "resource"):
                body = change(record.url, record.body)
                if body is not record.body:
                    touched += 1
                    encoded = None if body is None else _changed(record, body)
                    data = encoded.data if encoded else None
                    record = replace(record, record_id=encoded.record_id) if encoded else record
                if body is not None:
                    moved[member.offset] = _Moved(at, record.record_id, digest(body))
            at += write(data) if data is not None else 0
    check_tail(file, end)
    return touched


def _changed(record: Parsed, body: bytes) -> Encoded:
    date = datetime.fromisoformat(record.date)
    if record.kind == "response":
        return encode_response(record.url, record.status, dict(record.http_headers), body, date)
    return encode_record("resource", body, record.content_type, date, url=record.url)


def _moved_page(record: Parsed, moved: Mapping[int, _Moved], file: Path) -> bytes | None:
    entry = parse_page(record.body, f"{file}, the page of {record.url}")
    if entry.body_offset not in moved:
        return None
    body = moved[entry.body_offset]
    return encode_page(entry._replace(sha256=body.sha256, body_offset=body.offset), body.record_id).data
