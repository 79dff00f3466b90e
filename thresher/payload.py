"""JSON that somebody else wrote, read strictly."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from thresher.errors import PayloadError

MAX_JSON_DEPTH = 100


_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


def json_value(body: bytes, where: str = "", *, max_depth: int = MAX_JSON_DEPTH, content_type: str = "") -> Any:
    """The value of a body, a byte order mark before it or not. PayloadError ``bad_json`` if it is none: HTML, empty, cut, NaN or Infinity,
    or nested deeper than ``max_depth``, which would break whatever walks it by recursion; ``bad_encoding`` if it is no Unicode.

    The charset of ``content_type`` is heard only where it makes of plain ASCII another text (UTF-7, HZ): JSON has no such parameter
    (RFC 8259, 11), and sites that name a wrong one send UTF-8 all the same."""
    place = f"{where}: " if where else ""
    if (declared := _CHARSET.search(content_type)) and body.isascii() and _seven_bit_text(body, declared[1]):
        raise PayloadError(f"{place}JSON is UTF-8, UTF-16 or UTF-32, and this is {declared[1]}", reason="bad_encoding")
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except UnicodeDecodeError as exc:
        raise PayloadError(
            f"{place}JSON is UTF-8, UTF-16 or UTF-32, and this is none of them (byte {exc.object[exc.start]:#04x} at {exc.start}); "
            "save it as UTF-8",
            reason="bad_encoding",
        ) from exc
    except (ValueError, RecursionError) as exc:
        raise PayloadError(f"{place}not JSON ({len(body)} bytes): {str(exc)[:100]}", reason="bad_json") from exc
    if isinstance(value, dict | list) and deeper_than(value, max_depth - 1):
        raise PayloadError(f"{place}JSON nested deeper than {max_depth}", reason="bad_json")
    return value


def _seven_bit_text(body: bytes, charset: str) -> bool:
    """Whether ASCII is another text in this charset, in which ASCII letters stand for themselves."""
    try:
        return "a".encode(charset) == b"a" and body.decode(charset) != body.decode("ascii")
    except (LookupError, UnicodeError):
        return False


def as_utf8(body: bytes) -> bytes:
    """A JSON body in UTF-8 without a byte order mark, in whichever of the encodings of JSON (UTF-8, UTF-16, UTF-32) it came. What is in
    none of them stays as it is, for ``json_value`` to refuse."""
    try:
        return body.decode(json.detect_encoding(body)).removeprefix("\ufeff").encode()
    except UnicodeError:
        return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def deeper_than(value: Any, depth: int) -> bool:
    """Whether lists and objects stand in one another to more than this depth.

    Level by level, with exact types (``json.loads`` makes no others): every page comes through here."""
    level = [value]
    for _ in range(depth + 1):
        inner: list[Any] = []
        for node in level:
            inner.extend(node.values() if type(node) is dict else node)
        level = [child for child in inner if type(child) is dict or type(child) is list]
        if not level:
            return False
    return True
