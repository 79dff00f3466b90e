"""WARC in, WARC out: every response before anyone parses it, and every Page so that it can be built again.

One file for each run, ``<run_id>.warc.gz``, one gzip member for each record:

- ``warcinfo`` first: run id, software, format;
- ``response`` for every HTTP answer, redirects and errors too, decompressed and without secrets; not for a 304, which says that an
  earlier one still holds (``answers``);
- ``resource`` for a body that no response brought (a local file, a slice of a listing);
- ``metadata`` for each Page: JSON with all of it but the body, which is the record at ``body.offset`` of the same file.

The door calls ``write_response``; the steps call ``write_page``; ``thresher.archive.reader`` gives the pages back in their order.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

from thresher import __version__
from thresher.archive.answers import Answers, Former
from thresher.archive.reader import PageRef
from thresher.archive.seals import SUFFIX, Seal
from thresher.archive.warc import Encoded, PageEntry, digest, encode_page, encode_record, encode_response, repair
from thresher.disk import sync
from thresher.errors import ArchiveError
from thresher.failpoint import failpoint
from thresher.model import Page
from thresher.secrets import redact_url

log = logging.getLogger(__name__)

_REMEMBERED_BODIES = 10_000


class _Place(NamedTuple):
    offset: int
    record_id: str


class ArchiveWriter:
    """Appends to the archive of one run. Thread-safe. What a method has returned for is in the file; ``flush`` brings it to the disk.

    Opening an archive that a killed process left cuts a torn last record off. A failed write (a full disk) leaves the file as it was
    before the record and raises ArchiveError.
    """

    def __init__(self, folder: Path, run_id: str, started_at: datetime) -> None:
        self.run_id = run_id
        self.path = folder / f"{run_id}{SUFFIX}"
        self._lock = threading.Lock()
        self._bodies: OrderedDict[str, _Place] = OrderedDict()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._answers = Answers(folder)
            if self.path.exists():
                repair(self.path)
            self._sha256 = hashlib.sha256(self.path.read_bytes() if self.path.exists() else b"")
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self._size = os.lseek(self._fd, 0, os.SEEK_END)
        except OSError as exc:
            raise ArchiveError(f"the archive {self.path} cannot be opened for writing: {exc.strerror or exc}") from exc
        if self._size == 0:
            self._begin(started_at)
            sync(folder)

    def _begin(self, started_at: datetime) -> None:
        lines = ("software: thresher/" + __version__, "format: WARC File Format 1.1", "isPartOf: " + self.run_id, "")
        extra = {"WARC-Filename": self.path.name}
        try:
            self._append(encode_record("warcinfo", "\r\n".join(lines).encode(), "application/warc-fields", started_at, extra=extra))
        except ArchiveError:
            os.close(self._fd)
            raise

    def write_response(self, *, url: str, status: int, headers: Mapping[str, str], body: bytes, fetched_at: datetime) -> PageRef:
        """Keep one HTTP answer; ``body`` is the decompressed one. Gives where its record begins."""
        url = redact_url(url)
        record = encode_response(url, status, headers, body, fetched_at)
        name = digest(body)
        with self._lock:
            ref = self._append(record)
            self._remember(name, _Place(ref.offset, record.record_id))
            if status == 200:
                self._answers.note(url, headers, body, self.path.name, ref.offset)
        return ref

    def former(self, url: str) -> Former | None:
        """What this address answered the last time, if it came with validators and is still in the archive as it came."""
        with self._lock:
            return self._answers.former(redact_url(url))

    def write_page(self, page: Page, run_id: str | None = None) -> PageRef:
        """Keep a Page so that ``read_pages`` gives the same again (secrets in its URL apart)."""
        page = replace(page, url=redact_url(page.url))
        name = page.sha256
        with self._lock:
            place = self._bodies.get(name) or self._write_resource(page, name)
            entry = PageEntry(run_id or self.run_id, page, name, place.offset)
            ref = self._append(encode_page(entry, place.record_id))
        failpoint("archive.page")
        return ref

    def _write_resource(self, page: Page, name: str) -> _Place:
        record = encode_record(
            "resource", page.body, page.headers.get("content-type") or "application/octet-stream", page.fetched_at, url=page.url
        )
        place = _Place(self._append(record).offset, record.record_id)
        self._remember(name, place)
        return place

    def flush(self) -> None:
        """Bring everything written so far to the disk."""
        try:
            os.fsync(self._fd)
        except OSError as exc:
            raise ArchiveError(f"the archive {self.path} cannot be brought to the disk: {exc.strerror or exc}") from exc

    def close(self) -> None:
        """Flush and close; harmless when closed already."""
        with self._lock:
            if self._fd >= 0:
                fd, self._fd = self._fd, -1
                try:
                    os.fsync(fd)
                except OSError as exc:
                    raise ArchiveError(f"the archive {self.path} cannot be brought to the disk: {exc.strerror or exc}") from exc
                finally:
                    os.close(fd)
                self._answers.save()

    @property
    def seal(self) -> Seal:
        """What was written so far, as it was meant to be: summed before it went to the disk."""
        return Seal(self._size, self._sha256.hexdigest())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, record: Encoded) -> PageRef:
        begins = self._size
        done = 0
        try:
            while done < len(record.data):
                done += os.pwrite(self._fd, memoryview(record.data)[done:], begins + done)
        except OSError as exc:
            self._cut_back()
            raise ArchiveError(
                f"the archive {self.path} cannot be written ({exc.strerror or exc}): make room and run again; nothing is lost"
            ) from exc
        self._size = begins + done
        self._sha256.update(record.data)
        return PageRef(self.path, begins)

    def _cut_back(self) -> None:
        """Best effort: a tail that stays is overwritten by the next record, or cut by ``repair``."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            log.warning("the torn record at the end of %s stays until it is repaired", self.path)

    def _remember(self, name: str, place: _Place) -> None:
        self._bodies[name] = place
        if len(self._bodies) > _REMEMBERED_BODIES:
            self._bodies.popitem(last=False)
