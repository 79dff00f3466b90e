"""What a body that calls itself a picture is, seen from its structure alone, before any decoder touches it.

PNG (ISO/IEC 15948), JPEG (ITU-T T.81) and WebP (RFC 9649) are walked from their first byte to their last. What is refused is refused with
a reason that is counted: a file that is two files, one that is cut, one that claims millions of pixels, one that moves.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from thresher.errors import PayloadError

MAX_SCANS = 40
"""Of a progressive JPEG; encoders write about ten, and each costs a pass over all pixels."""
_TYPES = {"image/png": "png", "image/x-png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/pjpeg": "jpeg", "image/webp": "webp"}
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_MARKUP = re.compile(rb"<(?:script|html|svg|!doctype|\?php|\?xml[^x]{0,80}<svg)", re.IGNORECASE)
_PDF_WITHIN = 1024
"""Readers of PDF look for its mark so far into a file."""
_ZIP_END = b"PK\x05\x06"
_ZIP_END_WITHIN = 22 + 65_535
_FRAMES = range(0xC0, 0xD0)
_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG markers without a length."""


@dataclass(frozen=True, slots=True)
class Structure:
    """``kind`` is png, jpeg or webp; ``notes`` are the bytes that are no pixels: comments, profiles, metadata."""

    kind: str
    width: int
    height: int
    notes: bytes = b""


def inspect(body: bytes, declared: str, max_pixels: int) -> Structure:
    """What the body is. PayloadError with a reason where it is not one whole still picture of a sane size, or not the ``declared`` type:
    ``no_picture``, ``lying_type``, ``truncated``, ``polyglot``, ``animated``, ``too_many_pixels``, ``too_many_scans``, ``broken``."""
    kind = _kind_of(body)
    stated = declared.partition(";")[0].strip().lower()
    if stated not in _SAYS_NOTHING and _TYPES.get(stated) != kind:
        raise PayloadError(f"it is called {stated[:60]} and is a {kind}", reason="lying_type")
    try:
        found = _WALKS[kind](body)
    except (struct.error, IndexError) as error:
        raise PayloadError(f"the {kind} ends before its end", reason="truncated") from error
    if found.width * found.height > max_pixels:
        raise PayloadError(f"{found.width} x {found.height} pixels, max_pixels is {max_pixels:,}", reason="too_many_pixels")
    if not found.width or not found.height:
        raise PayloadError("it has no pixels", reason="broken")
    if b"%PDF-" in body[:_PDF_WITHIN] or _is_zip(body) or _MARKUP.search(found.notes):
        raise PayloadError(f"it is a {kind} and something else", reason="polyglot")
    return found


def _kind_of(body: bytes) -> str:
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if body.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp"
    raise PayloadError(f"neither PNG, JPEG nor WebP; it begins with {body[:8]!r}", reason="no_picture")


def _is_zip(body: bytes) -> bool:
    """Whether an archive ends where the file does."""
    at = body.rfind(_ZIP_END, max(0, len(body) - _ZIP_END_WITHIN))
    return at >= 0 and len(body) >= at + 22 and at + 22 + struct.unpack_from("<H", body, at + 20)[0] == len(body)


def _png(body: bytes) -> Structure:
    at, notes, size = 8, [], (0, 0)
    seen_data = False
    while True:
        length, kind = struct.unpack_from(">I4s", body, at)
        end = at + 12 + length
        if end > len(body):
            raise PayloadError("the PNG ends inside a chunk", reason="truncated")
        content = body[at + 8 : at + 8 + length]
        if at == 8 and (kind != b"IHDR" or length != 13):
            raise PayloadError("the PNG does not begin with its header", reason="broken")
        if kind == b"IHDR":
            size = struct.unpack_from(">II", content)
        elif kind in (b"acTL", b"fcTL", b"fdAT"):
            raise PayloadError("the PNG moves", reason="animated")
        elif kind == b"IDAT":
            seen_data = True
        elif kind == b"IEND":
            break
        else:
            notes.append(content)
        at = end
    if not seen_data:
        raise PayloadError("the PNG holds no pixels", reason="broken")
    _refuse_rest(body, end)
    return Structure("png", *size, b"\n".join(notes))


def _jpeg(body: bytes) -> Structure:
    at, notes, size, scans = 2, [], (0, 0), 0
    while True:
        if body[at] != 0xFF:
            raise PayloadError(f"the JPEG has no marker at byte {at}", reason="broken")
        marker = body[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xD9:
            break
        at += 2
        if marker in _ALONE:
            continue
        (length,) = struct.unpack_from(">H", body, at)
        if length < 2 or at + length > len(body):
            raise PayloadError("the JPEG ends inside a segment", reason="truncated")
        content = body[at + 2 : at + length]
        if marker in _FRAMES and marker not in _NO_FRAME:
            if size != (0, 0):
                raise PayloadError("the JPEG has two frames", reason="broken")
            height, width = struct.unpack_from(">HH", content, 1)
            size = (width, height)
        elif marker == 0xFE or 0xE0 <= marker <= 0xEF:
            notes.append(content)
        at += length
        if marker == 0xDA:
            scans += 1
            if scans > MAX_SCANS:
                raise PayloadError(f"the JPEG has more than {MAX_SCANS} scans", reason="too_many_scans")
            at = _after_scan(body, at)
    if not scans:
        raise PayloadError("the JPEG holds no pixels", reason="broken")
    _refuse_rest(body, at + 2)
    return Structure("jpeg", *size, b"\n".join(notes))


def _after_scan(body: bytes, at: int) -> int:
    """Where the next marker stands behind coded pixels, in which 0xFF is written 0xFF00."""
    while True:
        at = body.find(b"\xff", at)
        if at < 0 or at + 1 >= len(body):
            raise PayloadError("the JPEG ends inside its pixels", reason="truncated")
        if body[at + 1] != 0 and body[at + 1] not in range(0xD0, 0xD8):
            return at
        at += 2


def _webp(body: bytes) -> Structure:
    (stated,) = struct.unpack_from("<I", body, 4)
    end = 8 + stated + (stated & 1)
    if end > len(body):
        raise PayloadError("the WebP is shorter than it says", reason="truncated")
    at, size, notes = 12, (0, 0), []
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", body, at)
        content = body[at + 8 : at + 8 + length]
        if at + 8 + length > end:
            raise PayloadError("the WebP ends inside a chunk", reason="truncated")
        if kind in (b"ANIM", b"ANMF") or (kind == b"VP8X" and content[0] & 2):
            raise PayloadError("the WebP moves", reason="animated")
        if kind == b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 6)
            size = _larger(size, (width & 0x3FFF, height & 0x3FFF))
        elif kind == b"VP8L":
            (bits,) = struct.unpack_from("<I", content, 1)
            size = _larger(size, ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        elif kind == b"VP8X":
            size = _larger(size, (int.from_bytes(content[4:7], "little") + 1, int.from_bytes(content[7:10], "little") + 1))
        elif kind != b"ALPH":
            notes.append(content)
        at += 8 + length + (length & 1)
    if size == (0, 0):
        raise PayloadError("the WebP holds no pixels", reason="broken")
    _refuse_rest(body, end)
    return Structure("webp", *size, b"\n".join(notes))


def _larger(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return max(one[0], other[0]), max(one[1], other[1])


def _refuse_rest(body: bytes, end: int) -> None:
    """A picture that goes on after its end is another file besides; padding with zeros is none."""
    if body[end:].strip(b"\0\r\n"):
        raise PayloadError(f"{len(body) - end:,} bytes follow the end of the picture", reason="polyglot")


_WALKS = {"png": _png, "jpeg": _jpeg, "webp": _webp}
