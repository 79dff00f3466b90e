"""Pictures made byte by byte, and lines as OCR would give them."""

from __future__ import annotations

import struct
import zlib

from thresher.pictures.lines import WHITE, Colour, Line, Sheet

GREY = Colour(240, 240, 240)
BLUE = Colour(11, 132, 254)


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int = 60, height: int = 60, *more: bytes, pixels: bytes | None = None) -> bytes:
    """A white PNG, with further chunks before its pixels."""
    rows = zlib.compress(b"".join(b"\0" + b"\xff" * width for _ in range(height))) if pixels is None else pixels
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int = 60, height: int = 60, *, scans: int = 1, comment: bytes = b"") -> bytes:
    """What has the structure of a JPEG; its pixels are nonsense."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\x00\x00\x3f\x00" + b"\x12\xff\x00\x34"
    note = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment if comment else b""
    return b"\xff\xd8" + note + b"\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + scan * scans + b"\xff\xd9"


def webp(width: int = 60, height: int = 60, *, moves: bool = False) -> bytes:
    """What has the structure of a WebP."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([2 if moves else 0, 0, 0, 0]) + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def line(text: str, left: float, top: float, width: float | None = None, *, ground: Colour = WHITE, sure: float = 0.99, flat: float = 1.0,
         height: float = 20) -> Line:  # fmt: skip
    """A line whose letters are nine wide, or of the given width in all."""
    return Line(text, left, top, left + (9 * len(text) if width is None else width), top + height, sure, ground, flat)


def sheet(*lines: Line, width: int = 800, height: int = 600, ground: Colour = WHITE) -> Sheet:
    """A picture with these lines."""
    return Sheet(width, height, ground, lines)


def chat(question: str, answer: str) -> Sheet:
    """A question in a bubble at the right, and its answer in the open."""
    return sheet(line("ChatGPT", 20, 10), line(question, 780 - 9 * len(question), 60, ground=GREY), line(answer, 40, 120))
