"""A text without its format: marks of Markdown and HTML, the two ways to delimit a formula, typographic signs, spellings of one symbol.

Only what can be told from the text alone is dropped; code stays as it is. ``plain`` is never shown, only compared.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

FENCED = "\x02"
"""Stands in the prose where a block of code was."""


class Plain(NamedTuple):
    """Prose with code taken out, the blocks of code in order, and the names of its HTML tags."""

    prose: str
    blocks: tuple[str, ...]
    tags: tuple[str, ...]


_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#x[0-9A-Fa-f]{2,5});")
_TAG = re.compile(r"</?(p|br|b|i|em|strong|span|div|u|h[1-6]|ul|ol|li|blockquote)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_LINE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?|#{1,6}[ \t]+|[-*+\u2022\u00b7\u25e6][ \t]+)+", re.MULTILINE)
_LABEL = re.compile(r"\s*(?:\(?\d{1,3}[.)]\s+(?=[A-Z]|[a-z]{2})|(?:Q|Question|Prompt|Task|Exercise|Problem)(?:\s*\d{1,3})?\s?[:.)]\s+)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=[^\s*_])([^*_\n]+?)(?<=[^\s*_])\1(?![\w*])")
_LINK = re.compile(r"(?<!!)\[([^\[\]]{1,200})\]\((https?://[^\s()]+)\)")
_COSMETIC = re.compile(
    r"\\(?:left|right|displaystyle|textstyle|limits|quad|qquad|big|Big|bigl|bigr|Bigl|Bigr)(?![A-Za-z])|\\[,;:! ()\[\]]|(?<!\\)~"
)
_DOLLARS = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]*[\\^_={}+/<>][^$\n]*|\([^$\n]*\)|[^$\s]{1,40})\$", re.DOTALL)
_WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|textit|operatorname|mathit)\s*\{([^{}]*)\}")
_SCRIPT = re.compile(r"([\^_])\s*\{([^{}]*)\}")
_GROUP = re.compile(r"\{([^{}]*)\}")
_SINGLE = re.compile(r"\s*(?:-?(?:\d+(?:\.\d+)?|[^\W\d_])|\\[A-Za-z]+|'+|\*)?\s*")
"""One token, around which braces say nothing; around two they say what belongs together."""
_NAME = re.compile(r"\s*[A-Za-z]{3,}\s*")
"""A word as a subscript (``v_{max}``)."""
_OPENED, _CLOSED = "\x05", "\x06"
"""Parentheses in place of braces, until words were freed of theirs."""
_COMMAND = re.compile(
    r"\\(cdot|times|ast|div|leqslant|leq|le|geqslant|geq|ge|neq|ne|pi|circ|dfrac|tfrac|lt|gt|ldots|dots)(?![A-Za-z])|\\([%&#$])"
)
_COMMANDS = {
    **dict.fromkeys(("cdot", "times", "ast"), "*"),
    "div": "/",
    **dict.fromkeys(("leqslant", "leq", "le"), "\u2264"),
    **dict.fromkeys(("geqslant", "geq", "ge"), "\u2265"),
    **dict.fromkeys(("neq", "ne"), "\u2260"),
    "pi": "\u03c0",
    "circ": "\u00b0",
    **dict.fromkeys(("dfrac", "tfrac"), "\\frac"),
    "lt": "<",
    "gt": ">",
    **dict.fromkeys(("ldots", "dots"), "..."),
}
_RELATION = re.compile(r"<=|>=|!=|\*\*(?=\s*[\d({A-Za-z])")
_RELATIONS = {"<=": "\u2264", ">=": "\u2265", "!=": "\u2260", "**": "^"}
_DASHES = re.compile(r"(?<=\s)-{2,3}(?=\s)|(?<=[A-Za-z])-{2,3}(?=[A-Za-z])")
_WORDS_IN_PARENTHESES = re.compile(r"\((?=[A-Za-z]{2,}[\s,.;:'\w-]*\))([A-Za-z][A-Za-z\s,.;:'-]*)\)")
_EMOTICON_MARKS = re.compile(r"[:;]-?[)(DPp/]|\^\^|<3")
_EMOTICON = re.compile(r"(?:(?<=\s)|(?<=[.!?,]))[:;]-?[)(DPp/](?![\w/])|(?<=[.!?])\s*(?:\^\^|<3)(?!\S)")
_EMOTICONS = {
    ")": "\U0001f642", "(": "\U0001f641", "D": "\U0001f600", "P": "\U0001f61b", "p": "\U0001f61b", "/": "\U0001f615", "^": "\U0001f60a",
    "3": "\u2764",
}  # fmt: skip
"""Faces made of signs, as the emoji that they stand for. A sign less than, or a power, is one only behind a sentence."""
FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,8}\U000e007f"
"""The flag of a part of a country: a black flag, and its letters as invisible tags (Unicode TR 51)."""
_FLAG = re.compile(FLAG)
_PLAIN_SIGNS = {
    **dict.fromkeys("\u2018\u2019\u201a\u02bc\u00b4\u2032", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00d7\u00b7\u22c5\u2217", "*"),
    "\u00f7": "/",
    "\u2044": "/",
    "\u2026": "...",
    "\u00ba": "\u00b0",
    "\ufe0f": "",
    "\u0640": "",
}


def plain(text: str) -> Plain:
    """Takes the format off. Never fails, whatever the text."""
    blocks: list[str] = []
    tags: list[str] = []
    text = text.replace(_OPENED, " ").replace(_CLOSED, " ") if _OPENED in text or _CLOSED in text else text
    # The order counts: code goes first, so that nothing below reads its signs as format; entities before tags, which they may spell.
    # Each step first looks for a character without which it has nothing to do: most texts have none of them.
    if "```" in text or "~~~" in text:
        text = text.replace(FENCED, " ")
        blocks = [match.group(2) for match in _FENCE.finditer(text)]
        text = _FENCE.sub(f"\n{FENCED}\n", text)
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if not text.isascii():
        text = _ascii_signs(text)
    if "<" in text:
        tags = [match.group(1).lower() for match in _TAG.finditer(text)]
        text = _TAG.sub(lambda match: _in_place_of(match.group(1)), text)
    text = _LABEL.sub("", _LINE_MARK.sub("", text), count=1) if _LABEL.match(text) else _LINE_MARK.sub("", text)
    text = text.replace("`", "")
    if "](" in text:
        text = _LINK.sub(r"\1 \2", text)
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub(r"\2", text)
    if "\\" in text:
        text = _formulas(text)
    elif "$" in text:
        text = _DOLLARS.sub(_undelimited, text)
    if "^{" in text or "_{" in text:
        text = _SCRIPT.sub(_script_group, text)
    if "=" in text or "**" in text:
        text = _RELATION.sub(lambda match: _RELATIONS[match.group()], text)
    if "--" in text:
        text = _DASHES.sub("-", text)
    if text.isupper():
        text = text.lower()
    if "(" in text:
        text = _WORDS_IN_PARENTHESES.sub(r" \1 ", text)
    if _OPENED in text:
        text = text.replace(_OPENED, "(").replace(_CLOSED, ")")
    if _EMOTICON_MARKS.search(text):
        text = _EMOTICON.sub(lambda match: _EMOTICONS[match.group().strip()[-1]], text)
    return Plain(text, tuple(blocks), tuple(tags))


def _ascii_signs(text: str) -> str:
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    signs = {ord(character): _sign(character) for character in set(text) if not character.isascii()}
    if "\U0001f3f4" not in text:
        return text.translate(signs)
    ends = [0, *(place for match in _FLAG.finditer(text) for place in match.span()), len(text)]
    parts = [text[start:end] for start, end in pairwise(ends)]
    return "".join(part if place % 2 else part.translate(signs) for place, part in enumerate(parts))


@lru_cache(maxsize=8192)
def _sign(character: str) -> str:
    """One character: digits of any script, marked superscripts, typographic signs, compatibility forms; invisible ones go."""
    if character in _PLAIN_SIGNS:
        return _PLAIN_SIGNS[character]
    if unicodedata.category(character) == "Cf" or "\u064b" <= character <= "\u0652":
        return ""
    kind = unicodedata.decomposition(character).split(" ")[0]
    mark = {"<super>": "^", "<sub>": "_"}.get(kind, "")
    if kind == "<fraction>":
        mark = " "
    digit = unicodedata.decimal(character, None)
    flat = unicodedata.normalize("NFKC", character) if digit is None else str(digit)
    return mark + "".join(_PLAIN_SIGNS.get(c, c) for c in flat)


def _in_place_of(tag: str) -> str:
    return "" if tag.lower() in ("b", "i", "em", "strong", "span", "u") else "\n"


def _undelimited(match: re.Match[str]) -> str:
    return f" {match.group(1) or match.group(2)} "


def _formulas(text: str) -> str:
    """LaTeX: delimiters, spacing and spellings of one sign go; a group of several tokens keeps parentheses."""
    if "$" in text:
        text = _DOLLARS.sub(_undelimited, text)
    for _ in range(2):
        text = _WRAPPED.sub(r" \1 ", text)
    text = _COSMETIC.sub(" ", text)
    text = _COMMAND.sub(lambda match: match.group(2) or _COMMANDS[match.group(1)], text)
    # Braces that are shown are hidden from the groups below. Four rounds: groups lie in groups, from the inside out.
    text = text.replace("\\{", "\x03").replace("\\}", "\x04")
    for _ in range(4):
        grouped = _GROUP.sub(_group, _SCRIPT.sub(_script_group, text))
        if grouped == text:
            break
        text = grouped
    return text.replace("{", "").replace("}", "").replace("\x03", "{").replace("\x04", "}")


def _script_group(match: re.Match[str]) -> str:
    mark, inner = match.groups()
    single = _SINGLE.fullmatch(inner) or (mark == "_" and _NAME.fullmatch(inner))
    return f"{mark}{inner.strip()} " if single else f"{mark}{_OPENED}{inner}{_CLOSED}"


def _group(match: re.Match[str]) -> str:
    inner = match.group(1)
    return f" {inner} " if _SINGLE.fullmatch(inner) else f"{_OPENED}{inner}{_CLOSED}"
