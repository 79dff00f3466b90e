"""The members of an ``.eval`` file: a zip that Inspect packs with Zstandard, which zipfile does not read before Python 3.14."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Final

import zstandard

ZSTANDARD: Final = 93
"""Its number in the zip format (APPNOTE 6.3.10, 4.4.5)."""
MOST_BYTES: Final = 64 * 2**20
"""Of one member, unpacked."""
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
"""Of a member in its place: the signature, and at the end the lengths of its name and of what follows the name."""


def member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """One member, unpacked. ValueError for one that is damaged or larger than ``MOST_BYTES``; KeyError where there is none."""
    info = archive.getinfo(name)
    if info.compress_type != ZSTANDARD:
        with archive.open(info) as stream:
            return _bounded(stream.read(MOST_BYTES + 1), name)
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size:
            raise ValueError(f"{name} lies beyond the end of the file")
        signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        if signature != b"PK\x03\x04":
            raise ValueError(f"{name} is not where the file says")
        file.seek(name_length + extra_length, io.SEEK_CUR)
        packed = file.read(info.compress_size)
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as stream:
            content = _bounded(stream.read(MOST_BYTES + 1), name)
    except zstandard.ZstdError as error:
        raise ValueError(f"{name} cannot be unpacked: {error}") from error
    if zlib.crc32(content) != info.CRC:
        raise ValueError(f"{name} is damaged: its checksum is another one")
    return content


def _bounded(content: bytes, name: str) -> bytes:
    if len(content) > MOST_BYTES:
        raise ValueError(f"{name} is larger than {MOST_BYTES // 2**20} MB")
    return content
