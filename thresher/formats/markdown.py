"""Reddit's Markdown as the text of a Record: code fenced, quotes marked by ``> `` and also taken out, entities and escapes resolved.

Code is left exactly as it was written. Elsewhere the text is what a browser shows of the post: ``&#x200B;`` and its kind are characters,
the backslashes go that the rich editor puts before every mark (``1\\.``, ``\\[5\\]``, ``C\\+\\+``), ``x^(2)`` is ``x^2``, the marks of a
spoiler go, a picture of the editor is ``[image]``, and a name after ``u/`` is ``u/someone``. Mathematics keeps its backslashes: what stands
between ``\\(`` and ``\\)``, ``\\[`` and ``\\]`` or dollars and holds a sign of LaTeX. An own line that would begin with ``>`` is written
``\\>``, as in ``thresher.formats.html``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

_ENTITY = re.compile(r"&(?:#x?[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINE_BREAK = re.compile(r"(?<!\\)\\$")
_IN_MATHEMATICS = re.compile(r"\\([_*~^>#])")
_INLINE_CODE = re.compile(r"(?<![\\`])(`+[^`\n]+`+)")
_MATHEMATICS = re.compile(r"(\\\([^\n]{1,400}?\\\)|\\\[[^\n]{1,400}?\\\]|\$\$[^$\n]{1,400}\$\$|(?<![\w$])\$[^$\n]{1,300}\$(?![\w$]))")
_LATEX = re.compile(r"\\[A-Za-z]{2}|(?<!\\)[\^_{]")
"""A command or a mark that the rich editor would have escaped."""
_SUPERSCRIPT = re.compile(r"\^\(([^()\n]{1,200})\)")
_SPOILER = re.compile(r">!(?=\s?\S)((?:(?!>!).){1,20000}?)!<", re.DOTALL)
_NAME = re.compile(r"(?<![\w/.])(/?u/)(?!someone\b)[A-Za-z0-9_-]{3,20}(?![\w/])")
_UPLOADED = re.compile(r"!\[([^\]\n]{0,300})\]\((?!\w+://)[^)\s]{1,300}\)")
_CODE = re.compile(r"(^ {0,3}```.*?(?:^ {0,3}```|\Z)|^(?: {4}|\t)[^\n]*$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_INDENTED = re.compile(r"(?: {4}|\t)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
_QUOTED = re.compile(r" {0,3}((?:>(?!!) ?)+)(.*)")
_BLOCK = re.compile(r"\s*(?:[-*+]\s|\d+[.)]\s|#{1,6}\s*\S|(?:[-*_]\s*){3,}$)")
_URL = re.compile(r"https?://[^\s<>\[\]()\"'`\\]+")
_IMAGE_URL = re.compile(r"\.(?:png|jpe?g|gif|webp|bmp)(?:$|[?#])|^https?://(?:i\.redd\.it|preview\.redd\.it|i\.imgur\.com)/", re.IGNORECASE)
_NO_LABEL = frozenset({"", "img", "gif", "image"})
_LIKE_A_QUOTE = re.compile(r" {0,3}>(?:\s|$)")
_PICTURE = re.compile(r"\[image(?:: [^\]\n]{1,300})?\]")

API_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
"""What the API itself escapes when it is not asked for ``raw_json``, in the order in which it is undone."""


def undo_api_escapes(text: str) -> str:
    """The text as its author typed it, from an answer that was asked for without ``raw_json=1``."""
    for escaped, plain in API_ESCAPES:
        text = text.replace(escaped, plain)
    return text


def as_text(markdown: str) -> str:
    """Markdown as the text of a Record."""
    return "\n".join(line for _, line in _lines(_without_spoiler_marks(markdown)))


def _without_spoiler_marks(markdown: str) -> str:
    """A spoiler is text like other text once it is opened; in code the marks are no marks."""
    if ">!" not in markdown or "!<" not in markdown:
        return markdown
    return outside_code(markdown, lambda part: _SPOILER.sub(lambda spoiler: spoiler.group(1).strip(" "), part))


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """The Markdown with every part outside code changed."""
    parts = _CODE.split(markdown)
    parts[::2] = [change(part) for part in parts[::2]]
    return "".join(parts)


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
    return [url for url in dict.fromkeys(addresses) if url not in pictures], len(pictures) + len(_PICTURE.findall(text))


def picture_addresses(text: str) -> list[str]:
    """Addresses of pictures in the text, each once in order."""
    return [url for url in dict.fromkeys(found.rstrip(".,;:!?*_~") for found in _URL.findall(text)) if is_image(url)]


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
    text = _plain(line)
    return "own", "\\" + text if _LIKE_A_QUOTE.match(text) else text


def _plain(line: str) -> str:
    if not any(mark in line for mark in "&\\^") and "u/" not in line and "![" not in line:
        return line
    parts = _INLINE_CODE.split(line)
    parts[-1] = _LINE_BREAK.sub("", parts[-1])
    parts[::2] = [_shown(_ENTITY.sub(lambda entity: html.unescape(entity.group()), part)) for part in parts[::2]]
    return "".join(parts)


def _shown(text: str) -> str:
    """A part of a line outside code as the page shows it."""
    shown, end = [], 0
    for match in _MATHEMATICS.finditer(text):
        if _LATEX.search(match.group()):
            shown += [_prose_shown(text[end : match.start()]), _IN_MATHEMATICS.sub(r"\1", match.group())]
            end = match.end()
    return "".join([*shown, _prose_shown(text[end:])])


def _prose_shown(text: str) -> str:
    return _ESCAPE.sub(r"\1", _NAME.sub(r"\1someone", _SUPERSCRIPT.sub(_raised, _UPLOADED.sub(_picture, text))))


def _raised(match: re.Match[str]) -> str:
    """``x^(2)`` is ``x^2``; small print, which people write with spaces or behind no letter, stays plain."""
    inner = match[1].strip()
    behind = match.string[match.start() - 1 : match.start()]
    if not inner or " " in inner or not (behind.isalnum() or behind in (")", "]", "}")):
        return match[1]
    return "^" + (inner if len(inner) == 1 else f"{{{inner}}}")


def _picture(match: re.Match[str]) -> str:
    label = match[1].strip()
    return "[image]" if label.lower() in _NO_LABEL else f"[image: {label}]"
