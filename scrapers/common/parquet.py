"""Rows of a Parquet file, unpacked by a process of its own that may take only so much memory.

What a file says of its size is its own word, and a few kilobytes unpack to any number of gigabytes: a page of one repeated byte, an entry
of a dictionary to which a million rows refer, a list without an end. Arrow has no cap of its own, so a child of this process reads under
a limit of the system, in smaller portions where it meets it. It has no file: it asks its parent for bytes, which may come over the network.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, NoReturn

from scrapers.common.json_rows import MAX_ROW_BYTES, UNREADABLE
from scrapers.common.rows import plain
from thresher.errors import PayloadError

UNPACKED_BYTES: Final = 96 * 2**20
"""What the reader may take beside its program. A row is at most MAX_ROW_BYTES long, and is there as Arrow, as objects and as JSON."""
PORTIONS: Final = (256, 16, 1)
"""Rows that are unpacked together; the next smaller number where they do not fit."""
MAX_GROUP_BYTES: Final = 512 * 2**20
"""The largest row group, packed, that is read from a remote file; it is fetched as a whole."""
MAX_RATIO: Final = 200
"""Unpacked to packed, judged above RATIO_FROM: of 26 recorded logs none reaches 20."""
RATIO_FROM: Final = 64 * 2**20
BUFFER: Final = 2**20

_ROW, _READ, _FETCH, _REFUSED, _END = b"R", b"?", b"F", b"X", b"E"


def parquet_rows(
    file: IO[bytes] | io.RawIOBase, size: int, *, skip: int = 0, fetch: Callable[[int, int], None] | None = None
) -> Generator[dict[str, Any], None, int]:
    """The rows without the first ``skip``; returns how many the file has. ``fetch`` hears of each span (start, end) before it is read.

    Raises PayloadError: ``too_large`` for what unpacks to more than the reader may take, ``bad_parquet`` for what is none or is damaged.
    """
    command = [sys.executable, "-m", __name__, str(size), str(skip)]
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1",
    }  # fmt: skip
    # a session of its own: a Ctrl-C is for its parent, which ends it
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            while line := child.stdout.readline():
                kind, content = line[:1], json.loads(line[1:])
                if kind == _ROW:
                    yield content
                elif kind == _READ:
                    _give(child.stdin, file, *content)
                elif kind == _FETCH and fetch is not None:
                    fetch(*content)
                elif kind == _REFUSED:
                    raise PayloadError(content[1], reason=content[0])
                elif kind == _END:
                    return int(content)
            raise PayloadError(
                f"the reader of the Parquet file died ({child.wait()}): the file is damaged, or meant to do harm", reason="bad_parquet"
            )
        finally:
            child.kill()
            with suppress(BrokenPipeError):
                child.stdin.close()


def _give(pipe: IO[bytes], file: IO[bytes] | io.RawIOBase, start: int, end: int) -> None:
    file.seek(start)
    content = file.read(end - start) or b""
    with suppress(BrokenPipeError):  # it died: the next line says so
        pipe.write(len(content).to_bytes(8, "big") + content)
        pipe.flush()


# What the child does


class _Parents(io.RawIOBase):
    """The file of the parent, by ranges."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        if end <= self._at:
            return b""
        _say(_READ, [self._at, end])
        content = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(8), "big"))
        self._at += len(content)
        return content


def _say(kind: bytes, content: Any) -> int:
    line = kind + json.dumps(content, default=plain).encode() + b"\n"
    sys.stdout.buffer.write(line)
    if kind != _ROW:
        sys.stdout.buffer.flush()
    return len(line)


class _Refused(Exception):
    """(reason, what is wrong)"""


def _read(size: int, skip: int) -> int:
    """Send every row; gives how many the file has."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(_Parents(size), pre_buffer=False, buffer_size=BUFFER, schema_depth_limit=100, page_checksum_verification=True)
    sent = 0
    for number in range(table.metadata.num_row_groups):
        group = table.metadata.row_group(number)
        if skip >= group.num_rows:
            skip -= group.num_rows
            continue
        start, end = _span(group)
        if group.total_byte_size > max(RATIO_FROM, MAX_RATIO * (end - start)):
            raise _Refused("too_large", f"row group {number}: {end - start:,} bytes unpack to {group.total_byte_size:,}")
        if end - start > MAX_GROUP_BYTES:
            raise _Refused("too_large", f"row group {number}: {end - start:,} bytes, more than {MAX_GROUP_BYTES:,}")
        _say(_FETCH, [start, min(end, size)])
        for row_bytes in _sent(table, number, skip):
            sent += row_bytes
            if sent > max(4 * RATIO_FROM, MAX_RATIO * size):
                raise _Refused("too_large", f"{size:,} bytes became more than {sent:,} bytes of rows")
        skip = 0
    return int(table.metadata.num_rows)


def _span(group: Any) -> tuple[int, int]:
    """Where a row group lies in its file."""
    columns = [group.column(n) for n in range(group.num_columns)]
    starts = [min(c.data_page_offset, c.dictionary_page_offset or c.data_page_offset) for c in columns]
    return min(starts), max(start + c.total_compressed_size for start, c in zip(starts, columns, strict=True))


def _sent(table: Any, number: int, done: int) -> Generator[int, None, None]:
    """Send the rows of a group from row ``done`` on; yields the length of each."""
    bounds = _bounds(table.metadata.row_group(number))
    for portion in PORTIONS:
        try:
            first = 0
            for batch in table.iter_batches(batch_size=portion, row_groups=[number], use_threads=False):
                _check_bounds(batch, bounds)
                for row in batch.slice(max(0, done - first)).to_pylist() if first + batch.num_rows > done else ():
                    length = _send_row(row)
                    done += 1
                    yield length
                first += batch.num_rows
            return
        except (MemoryError, OSError) as error:
            if not isinstance(error, MemoryError) and "malloc" not in str(error) and "realloc" not in str(error):
                raise
    raise _Refused("too_large", f"row {done} of row group {number} unpacks to more than {UNPACKED_BYTES:,} bytes")


def _bounds(group: Any) -> list[tuple[Any, Any] | None]:
    """The least and the greatest value that the footer states for each leaf column; None where it states none."""
    bounds: list[tuple[Any, Any] | None] = []
    for n in range(group.num_columns):
        statistics = group.column(n).statistics
        try:
            bounds.append((statistics.min, statistics.max) if statistics is not None and statistics.has_min_max else None)
        except UnicodeDecodeError:  # a bound that its writer cut inside a character
            bounds.append(None)
    return bounds


def _check_bounds(batch: Any, bounds: list[tuple[Any, Any] | None]) -> None:
    """A page without checksum may be damaged and unpack all the same, to other values: seldom to such as its footer allows.

    Texts and whole numbers are looked at. A cut bound is still one, and text is ordered as its UTF-8 is (Statistics in parquet.thrift).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    leaves = [leaf for column in batch.columns for leaf in _leaves(column)]
    for leaf, bound in zip(leaves, bounds, strict=True):
        if bound and isinstance(bound[0], str | int) and (pa.types.is_string(leaf.type) or pa.types.is_integer(leaf.type)):
            least, greatest = pc.min_max(leaf).as_py().values()
            if least is not None and not bound[0] <= least <= greatest <= bound[1]:
                raise _Refused(
                    "bad_parquet",
                    "damaged: values outside of what its footer says of them; written again without statistics, it would be read",
                )


def _leaves(array: Any) -> Generator[Any, None, None]:
    """The arrays of values below lists and structures, in the order of the file's columns."""
    import pyarrow as pa

    if isinstance(array, pa.ExtensionArray):
        yield from _leaves(array.storage)
    elif pa.types.is_dictionary(array.type):
        yield array.dictionary_decode()
    elif pa.types.is_map(array.type):
        for part in (array.keys, array.items):
            yield from _leaves(part)
    elif pa.types.is_struct(array.type):
        for part in array.flatten():
            yield from _leaves(part)
    elif pa.types.is_nested(array.type):
        yield from _leaves(array.flatten())
    else:
        yield array


def _send_row(row: dict[str, Any]) -> int:
    line = json.dumps(row, default=plain)
    if len(line) <= MAX_ROW_BYTES:
        sys.stdout.buffer.write(_ROW + line.encode() + b"\n")
        return len(line)
    return _say(_ROW, {UNREADABLE: f"a row of {len(line)} bytes"})


def _limit_memory() -> None:
    """So much more than is taken now (RLIMIT_DATA, getrlimit(2)). Where the system does not say what that is (macOS), no limit is set."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        taken = int(next(line for line in lines if line.startswith("VmData:")).split()[1]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (taken + UNPACKED_BYTES, taken + UNPACKED_BYTES))


def _main(size: int, skip: int) -> NoReturn:
    import pyarrow as pa
    import pyarrow.parquet

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _limit_memory()
    try:
        _say(_END, _read(size, skip))
    except _Refused as refusal:
        _say(_REFUSED, list(refusal.args))
    except MemoryError:
        _say(_REFUSED, ["too_large", f"it unpacks to more than {UNPACKED_BYTES:,} bytes"])
    except Exception as error:  # whatever Arrow trips over
        _say(_REFUSED, ["bad_parquet", f"no Parquet, or damaged: {type(error).__name__}: {str(error)[:200]}"])
    os._exit(0)


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
