"""Reddit's Markdown as the text of a Record: code fenced, quotes marked by ``> `` and also taken out, entities and escapes resolved.

Code is left exactly as it was written. Elsewhere ``&#x200B;`` and its kind become their characters, as they do when a browser shows the
post, and the backslashes that the rich editor puts before ``_ * ~ ^ > #`` go. ``\\(`` and ``\\[`` stay: they are mathematics.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_ENTITY = re.compile(r"&(?:#x?[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ESCAPE = re.compile(r"\\([_*~^>#])")
_INLINE_CODE = re.compile(r"(`+[^`\n]+`+)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_INDENTED = re.compile(r"(?: {4}|\t)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
_QUOTED = re.compile(r" {0,3}((?:>(?!!) ?)+)(.*)")
_BLOCK = re.compile(r"\s*(?:[-*+]\s|\d+[.)]\s|#{1,6}\s*\S|(?:[-*_]\s*){3,}$)")
_URL = re.compile(r"https?://[^\s<>\[\]()\"'`\\]+")
_IMAGE_URL = re.compile(r"\.(?:png|jpe?g|gif|webp|bmp)(?:$|[?#])|^https?://(?:i\.redd\.it|preview\.redd\.it|i\.imgur\.com)/", re.IGNORECASE)
_IMAGE_MARKUP = re.compile(r"!\[[^\]\n]*\]\([^)\n]+\)")

API_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
"""What the API itself escapes when it is not asked for ``raw_json``, in the order in which it is undone."""


def undo_api_escapes(text: str) -> str:
    """The text as its author typed it, from an answer that was asked for without ``raw_json=1``."""
    for escaped, plain in API_ESCAPES:
        text = text.replace(escaped, plain)
    return text


def as_text(markdown: str) -> str:
    """Markdown as the text of a Record."""
    return "\n".join(line for _, line in _lines(markdown))


def quotes(text: str) -> tuple[str, ...]:
    """The runs of ``> `` lines of an ``as_text`` result, without their marks; quotes inside quotes are left out."""
    runs: list[list[str]] = [[]]
    fenced = False
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        if not fenced and line.startswith(">") and not line.startswith(">!"):
            runs[-1].append(line.removeprefix(">").removeprefix(" "))
        elif runs[-1]:
            runs.append([])
    own = ("\n".join(row for row in run if not row.startswith(">")).strip() for run in runs)
    return tuple(quote for quote in own if quote)


def links_and_images(text: str) -> tuple[list[str], int]:
    """Addresses in the text that are not pictures, each once in order, and how many pictures it shows or points at."""
    addresses = [url.rstrip(".,;:!?*_~") for url in _URL.findall(text)]
    pictures = {url for url in addresses if is_image(url)}
    uploaded = [mark for mark in _IMAGE_MARKUP.findall(text) if "://" not in mark]
    return [url for url in dict.fromkeys(addresses) if url not in pictures], len(pictures) + len(uploaded)


def is_image(url: str) -> bool:
    """Whether an address is that of a picture."""
    return _IMAGE_URL.search(url) is not None


def _lines(markdown: str) -> Iterator[tuple[str, str]]:
    """Each line with what it is: ``code``, ``quote``, ``blank`` or ``own``."""
    previous, in_list, fence = "blank", False, ""
    indented: list[str] = []
    for line in markdown.replace("\r\n", "\n").split("\n"):
        if not fence and _INDENTED.match(line) and line.strip() and not in_list and (indented or previous == "blank"):
            indented.append(line)
            continue
        if indented and not line.strip():
            indented.append("")
            continue
        if indented:
            yield from _fenced(indented)
            indented, previous = [], "blank"
        if fence:
            fence = "" if line.strip().startswith(fence) else fence
            yield "code", line
            previous = "blank"
            continue
        if opened := _FENCE.match(line):
            fence = opened.group(1)[:3]
            yield "code", line
            continue
        previous, shown = _prose(line, previous)
        in_list = bool(_ITEM.match(line)) or (in_list and (previous == "blank" or line[:1] in " \t"))
        yield previous, shown
    yield from _fenced(indented)


def _fenced(indented: list[str]) -> Iterator[tuple[str, str]]:
    if not indented:
        return
    while not indented[-1]:
        indented.pop()
    yield "code", "```"
    for line in indented:
        yield "code", _INDENTED.sub("", line, count=1)
    yield "code", "```"
    yield "blank", ""


def _prose(line: str, previous: str) -> tuple[str, str]:
    """One line outside code. A line right under a quoted one is still quoted, as Markdown shows it, unless it starts a block of its own."""
    if quoted := _QUOTED.match(line):
        depth = quoted.group(1).count(">")
        return "quote", (">" + " >" * (depth - 1) + " " + _plain(quoted.group(2))).rstrip()
    if not line.strip():
        return "blank", ""
    if previous == "quote" and not _BLOCK.match(line):
        return "quote", "> " + _plain(line)
    return "own", _plain(line)


def _plain(line: str) -> str:
    if "&" not in line and "\\" not in line:
        return line
    parts = _INLINE_CODE.split(line)
    parts[::2] = [_ESCAPE.sub(r"\1", _ENTITY.sub(lambda entity: html.unescape(entity.group()), part)) for part in parts[::2]]
    return "".join(parts)
