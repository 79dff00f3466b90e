"""The rows of a data dump as bytes: read as a stream, whatever encoding the file is in.

A raw ``<`` cannot stand in an XML attribute, so ``<row`` begins a row wherever it is found outside a comment; nothing else of the file's
form is relied upon. Dumps came in UTF-8 and in UTF-16, and hold references to control characters, which XML forbids.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from scrapers.common.page import portions
from thresher.errors import UsageError

ROWS_PER_PAGE = 500
MAX_PAGE = 4 * 2**20
MAX_ROW = 2 * 2**20
"""Stack Exchange allows 30,000 characters in a post; more than this is no row."""
BLOCK = 2**20
ROW = b"<row"
_HEAD, TAIL = b"<posts>\n", b"</posts>\n"
_ROOT = re.compile(rb"<([A-Za-z]\w*)")
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_OPEN, _CLOSE = b"<!--", b"-->"
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WITHOUT_MARK = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_FORBIDDEN = re.compile(
    rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));|[\x00-\x08\x0b\x0c\x0e-\x1f]", re.I
)
"""References to characters that XML does not allow, and such characters themselves (XML 1.0, section 2.2)."""
_PAGE_BREAK = re.compile(rb"(?:&#(?:x0*[bc]|0*1[12]);|[\x0b\x0c])\Z", re.I)


def root(path: Path) -> str:
    """The name of the XML file's first element, such as ``posts``; empty where the file is no XML."""
    head = next(_blocks(path, 4096), b"").lstrip()
    match = _ROOT.search(_COMMENT.sub(b"", head)) if head.startswith(b"<") else None
    return match[1].decode("ascii") if match else ""


def _blocks(path: Path, size: int = BLOCK) -> Iterator[bytes]:
    """The file in blocks of UTF-8, whatever it is written in. UsageError names an encoding that is not known or not the file's."""
    with path.open("rb") as file:
        first = file.read(size)
        encoding, begin = _encoding(first)
        if encoding == "utf-8":
            yield first[begin:]
            yield from iter(lambda: file.read(size), b"")
            return
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
            yield decoder.decode(first[begin:]).encode()
            while block := file.read(size):
                yield decoder.decode(block).encode()
            yield decoder.decode(b"", final=True).encode()
        except LookupError as error:
            raise UsageError(f"{path} says that it is in {encoding}, which is not known here; save it as UTF-8") from error
        except UnicodeError as error:
            raise UsageError(f"{path} says that it is in {encoding} and is not ({error}); save it as UTF-8") from error


def _encoding(head: bytes) -> tuple[str, int]:
    """The encoding of an XML file by its first bytes, and how many of them are a byte order mark."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    for begin, encoding in _WITHOUT_MARK:
        if head.startswith(begin):
            return encoding, 0
    declared = _DECLARED.match(head.lstrip())
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    return ("utf-8" if name in {"utf-8", "utf8", "us-ascii", "ascii"} else name), 0


def chunks(path: Path) -> Iterator[bytes]:
    """The file in pieces of a few hundred rows, each an XML document of its own as far as its rows are well-formed. Memory stays flat."""
    for rows in portions(_rows(path), ROWS_PER_PAGE, size=len, max_size=MAX_PAGE):
        yield _HEAD + b"".join(rows) + TAIL


def readable(part: bytes) -> tuple[bytes, bool]:
    """A row that XML can read: without forbidden characters, a page break a line break. Bytes that are no UTF-8 are taken for
    Windows-1252, which is what such files hold; whether they were is told."""
    part = _FORBIDDEN.sub(lambda m: b"&#10;" if _PAGE_BREAK.search(m.group()) else b"", part)
    try:
        part.decode()
    except UnicodeDecodeError:
        return part.decode("cp1252", "replace").encode(), True
    return part, False


def _rows(path: Path) -> Iterator[bytes]:
    """Each row from its ``<row`` up to the next one, comments left out. What goes on without end is cut."""
    begun = in_comment = False
    rest = b""
    for block in _blocks(path):
        *parts, rest = (rest + block).split(ROW)
        for part in parts:
            if begun and not in_comment:
                yield _row(part)
            in_comment, begun = _ends_in_comment(part, in_comment), True
        if len(rest) > MAX_ROW:
            rest = rest[:MAX_ROW] + rest[-len(ROW) :]
    if begun and not in_comment:
        yield _row(rest)


def _ends_in_comment(part: bytes, before: bool) -> bool:
    opened, closed = part.rfind(_OPEN), part.rfind(_CLOSE)
    return before if opened < 0 and closed < 0 else opened > closed


def _row(part: bytes) -> bytes:
    return ROW + _COMMENT.sub(b"", part).replace(TAIL.strip(), b"").rstrip() + b"\n"
