"""What a person gives to ``ingest``: what it is, where a source can make nothing of it, and what to do then."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

_PACKED = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\x00": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
}
"""How packed files begin; a tar says so at byte 257."""
_OTHERS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\xd0\xcf\x11\xe0": "an Office file",
}
_HEAD = 265
_LOOKED_AT = 1000
"""Files of a folder, at most: enough to see that it is one of archives."""


def advice(path: Path, source: str, said: str = "") -> str:
    """Why nothing of a file or folder could be read, and what to do: by its first bytes, else by what the source said of it."""
    if packed := next((file for file in _files(path) if _kind(file, _PACKED)), None):
        return f"{packed} is {_kind(packed, _PACKED)}: unpack it first"
    if path.is_file() and (kind := _kind(path, _OTHERS)):
        return f"{path} is {kind}, which {source} does not read; give what the site, its dump or its repository has"
    if path.is_file() and not path.stat().st_size:
        return f"{path} is empty"
    why = f" ({said})" if said else ""
    return f"{path}: nothing in it that {source} reads{why}; give the file, or the folder of one book, forum or log"


def _files(path: Path) -> list[Path]:
    """The file, or the first ones of the folder."""
    inside = islice(path.rglob("*"), _LOOKED_AT) if path.is_dir() else [path]
    return [file for file in inside if file.is_file()]  # to open a pipe would wait for who writes to it


def _kind(file: Path, beginnings: dict[bytes, str]) -> str:
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return ""
    if beginnings is _PACKED and head[257:262] == b"ustar":
        return "a tar archive"
    return next((kind for beginning, kind in beginnings.items() if head.startswith(beginning)), "")
