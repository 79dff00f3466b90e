"""Files of traces as pages of JSON lines, a trace in each: the spans of a trace wherever they stand, and the samples of an Inspect log."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from scrapers.arena import files
from scrapers.common.json_rows import UNREADABLE, Rows, head_of
from scrapers.common.page import each_file, printable, saved_files, saved_page
from scrapers.common.rows import rows_of, stream_rows
from scrapers.traces import spans
from scrapers.traces.site import SOURCE, Site
from thresher.errors import PayloadError, UsageError
from thresher.model import Page
from thresher.net.client import Client

SUFFIXES = (".eval", ".json", ".jsonl", ".ndjson", ".gz")
MAX_BYTES: Final = 256 * 2**20
"""A file that is one JSON value is read whole; in memory it takes several times as much."""
_HEADER: Final = "header.json"
_BEGUN: Final = "_journal/start.json"
"""The head of a log whose evaluation did not end."""
_ZSTANDARD: Final = 93
_UNUSED: Final = frozenset({"events", "events_data", "store", "model_usage", "role_usage", "timelines", "error_retries"})
"""Of a sample of Inspect: the conversation stands in ``messages``, and events, which tell the same again, make most of a log."""


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """There is nothing to ask: UsageError."""
    raise UsageError(f"traces come from files: thresher ingest traces FILE_OR_FOLDER --site {site.name}")


def read(path: Path, site: Site) -> Iterator[Page]:
    """The traces of a file, or of all files of a folder: OTLP as JSON (also an export a line), Inspect's ``.eval`` and ``.json``. The spans
    of all files are held in memory until all are read, as a trace may be spread over several exports."""
    paths = saved_files(path, SUFFIXES, "OTLP traces as JSON, or logs of Inspect")
    traces: dict[str, list[dict[str, Any]]] = {}
    yield from each_file(SOURCE, site.name, paths, lambda file: _pages_of(file, site, traces))
    rows = ({"trace_id": trace_id, "spans": together} for trace_id, together in traces.items())
    if traces:
        yield from _pages(rows, site, paths[0])


def _pages_of(file: Path, site: Site, traces: dict[str, list[dict[str, Any]]]) -> Iterator[Page]:
    """The pages of a log of Inspect; spans are only put to those of their trace."""
    if file.suffix.lower() == ".eval":
        samples = _samples_packed(file)
        yield from _pages(chain(head_of(samples), samples), site, file)
        return
    rows = _values(file)
    head = head_of(rows)
    if head and {"eval", "samples"} <= head[-1].keys():
        yield from _pages(_samples(head[-1]), site, file)
        return
    unreadable, read_any = [], False
    for row in chain(head, rows):
        if UNREADABLE in row:
            unreadable.append(row)
        for span in spans.spans_of(row):
            traces.setdefault(str(span["traceId"]), []).append(span)
            read_any = True
    if not read_any and not unreadable:
        told = ", ".join(sorted(map(str, head[-1]))[:20]) if head else "nothing"
        raise PayloadError(f"{file.name} holds neither resourceSpans (OTLP) nor a log of Inspect, but {told}", reason="no_traces")
    yield from _pages(unreadable, site, file)


def _values(file: Path) -> Rows:
    """The JSON values of a file: one export or log, or one a line, as collectors write them whatever the file is called."""
    if file.suffix.lower() != ".json":
        yield from rows_of(file)
        return
    if file.stat().st_size > MAX_BYTES:
        raise PayloadError(f"{file.name} is larger than {MAX_BYTES:,} bytes; make it .eval, or JSON lines of spans", reason="too_large")
    try:
        value = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        with file.open("rb") as raw:
            yield from stream_rows(raw, "lines", packed=False)
        return
    yield value if isinstance(value, dict) else {UNREADABLE: f"{file.name} holds {type(value).__name__}, not an object"}


def _pages(rows: Iterable[dict[str, Any]], site: Site, file: Path) -> Iterator[Page]:
    def page(body: bytes, first: int, _: int) -> Page:
        context = site.context | {"file": printable(file.name), "first_row": str(first)}
        return saved_page(SOURCE, site.name, file, body, context, url=file.absolute().as_uri())

    yield from files.pages(rows, None, page)


def _samples(log: Mapping[str, Any]) -> Rows:
    for sample in log["samples"] or []:
        yield _row(log["eval"], sample)


def _row(evaluation: Any, sample: Any) -> dict[str, Any]:
    if not isinstance(sample, dict):
        return {UNREADABLE: f"a sample is {type(sample).__name__}, not an object"}
    used = {key: value for key, value in sample.items() if key not in _UNUSED}
    if isinstance(error := used.get("error"), dict):
        used["error"] = {"message": error.get("message")}  # the traceback tells of a machine
    return {"eval": evaluation, "sample": used}


def _samples_packed(file: Path) -> Rows:
    """The samples of an ``.eval`` file, which is a zip with a member for each. PayloadError where it is none."""
    try:
        with zipfile.ZipFile(file) as packed:
            names = set(packed.namelist())
            head = next((name for name in (_HEADER, _BEGUN) if name in names), "")
            if not head:
                raise PayloadError(f"{file.name} holds no {_HEADER}: it is no log of Inspect", reason="no_traces")
            evaluation = json.loads(_unpacked(packed, packed.getinfo(head))).get("eval")
            for member in packed.infolist():
                if member.filename.startswith("samples/"):
                    yield _sample(packed, member, evaluation)
    except (zipfile.BadZipFile, RuntimeError, AttributeError, ValueError) as error:
        raise PayloadError(f"{file.name} cannot be read: {error}", reason="bad_zip") from error


def _sample(packed: zipfile.ZipFile, member: zipfile.ZipInfo, evaluation: Any) -> dict[str, Any]:
    if member.file_size > MAX_BYTES:
        return {UNREADABLE: f"{member.filename} would become {member.file_size:,} bytes"}
    try:
        return _row(evaluation, json.loads(_unpacked(packed, member)))
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RecursionError) as error:
        return {UNREADABLE: f"{member.filename}: {error}"}


def _unpacked(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member. Inspect packs by zstandard, which zipfile does not know before Python 3.14: its bytes are taken from behind
    the member's own header (APPNOTE.TXT 4.3.7) and unpacked by Arrow, which has it."""
    if member.compress_type != _ZSTANDARD:
        return packed.read(member)
    import pyarrow as pa  # slow to import

    with Path(str(packed.filename)).open("rb") as raw:
        raw.seek(member.header_offset + 26)
        name_length, extra_length = struct.unpack("<HH", raw.read(4))
        raw.seek(name_length + extra_length, 1)
        body = raw.read(member.compress_size)
    return pa.decompress(body, decompressed_size=member.file_size, codec="zstd", asbytes=True)  # type: ignore[no-any-return]
