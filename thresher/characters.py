"""Which characters a text may hold: no controls, and nothing invisible that could hide words or turn a line round.

Taken out, by what Unicode says of a character and not by a list of those met so far: controls (Cc), format characters (Cf),
noncharacters, and everything that is not shown by default (Default_Ignorable_Code_Point of DerivedCoreProperties.txt), among them bidi
marks, soft hyphens, zero-width spaces, fillers and selectors of ideograph variants.

What stays, because the text would be another one without it:

- what Windows-1252 means by the controls U+0080 to U+009F, which are its bytes read as Latin-1 (an apostrophe, a dash)
- tab and newline; carriage return, vertical tab, form feed, NEL and the line and paragraph separators become a newline
- signs of Cf that are drawn: the Arabic, Syriac and Kaithi number signs, and the joiners of hieroglyphs
- the zero-width joiner inside an emoji, and behind or before a virama or an Arabic letter; the non-joiner there too (Persian needs it)
- the two selectors that say whether a symbol is drawn as text or as emoji, behind a symbol or a keycap's figure
- the tag letters of a flag (England, Scotland, Wales): the black flag, three to six letters or figures, the end
- Mongolian's own selectors behind a Mongolian letter
"""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n?|[\u000b\u000c\u0085\u2028\u2029]")
_ASCII_CONTROLS = bytes({*range(32), 127} - {ord("\t"), ord("\n")})
_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Default_Ignorable_Code_Point, Unicode 16: the one property that ``unicodedata`` does not tell."""
_DRAWN_FORMATS = frozenset(
    map(chr, (*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)))
)
_ZWNJ, _ZWJ, _TEXT_STYLE, _EMOJI_STYLE = "\u200c", "\u200d", "\ufe0e", "\ufe0f"
_MONGOLIAN = frozenset("\u180b\u180c\u180d\u180f")
_CONDITIONAL = frozenset((_ZWNJ, _ZWJ, _TEXT_STYLE, _EMOJI_STYLE)) | _MONGOLIAN
_JOINERS = re.compile(f"[{''.join(sorted(_CONDITIONAL))}]+")
_TAGS = frozenset(map(chr, range(0xE0000, 0xE0080)))
_TAG_RUN = re.compile("[\U000e0000-\U000e007f]+")
_FLAG_TAGS = re.compile("(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_VIRAMA = 9
"""Canonical combining class of the signs that join consonants in the scripts of India."""

_plain: set[str] = set(map(chr, range(32, 127))) | {"\t", "\n"}
"""Characters that were looked at and stay; it grows with what is met."""


def is_hidden(char: str) -> bool:
    """Whether a character is taken out wherever it stands, or stays only beside certain others."""
    code = ord(char)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or any(first <= code <= last for first, last in _IGNORABLE):
        return True
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in _DRAWN_FORMATS and char not in "\t\n"


def without_hidden(text: str) -> str:
    """The text with one kind of newline and without what hides. A lone surrogate becomes U+FFFD."""
    if text.isascii():
        return _ascii(text)
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    unseen = set(text) - _plain
    hidden = {char for char in unseen if is_hidden(char)}
    _plain.update(unseen - hidden)
    return _shown(text, hidden) if hidden else text


def _ascii(text: str) -> str:
    """Deleting bytes is twenty times as fast as a pattern over the text."""
    raw = text.encode("ascii")
    if len(raw.translate(None, _ASCII_CONTROLS)) == len(raw):
        return text
    return _LINE_ENDS.sub("\n", text).encode("ascii").translate(None, _ASCII_CONTROLS).decode("ascii")


def _shown(text: str, hidden: set[str]) -> str:
    """What goes in any case goes first, so that the rest is judged by the neighbours that it will have."""
    text = _LINE_ENDS.sub("\n", text)
    gone = hidden - _CONDITIONAL - _TAGS
    text = text.translate({ord(char): _instead(char) for char in gone})
    if not hidden.isdisjoint(_TAGS):
        text = _TAG_RUN.sub(lambda run: run[0] if _FLAG_TAGS.fullmatch(text, *run.span()) else "", text)
    return text if hidden.isdisjoint(_CONDITIONAL) else _JOINERS.sub(_joined, text)


def _instead(char: str) -> str | None:
    """What is shown in the place of a character that goes. A control of U+0080 to U+009F was a byte of Windows-1252 before somebody read it
    as Latin-1, mostly an apostrophe; browsers show it so too (HTML, 13.2.5.80)."""
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    if "\u0080" <= char <= "\u009f":
        return char.encode("latin-1").decode("cp1252", "ignore") or None
    return None


def _joined(run: re.Match[str]) -> str:
    """What stays of joiners and selectors that stand side by side."""
    text, start, end = run.string, *run.span()
    shown = text[start - 1 : start]
    for place in range(start, end):
        if _belongs(text[place], shown[-1:], text[place + 1 : place + 2]):
            shown += text[place]
    return shown[1:] if start else shown


def _belongs(char: str, before: str, after: str) -> bool:
    """Whether a character that joins or selects stands where it does so."""
    if not before:
        return False
    if char in (_TEXT_STYLE, _EMOJI_STYLE):
        return before in "0123456789#*" or (unicodedata.category(before) in {"So", "Sm", "Sk", "Po", "Pd"} and ord(before) > 127)
    if char in _MONGOLIAN:
        return "\u1820" <= before <= "\u18aa"
    if char == _ZWJ and after and unicodedata.category(after) in {"So", "Sm"}:
        return before == _EMOJI_STYLE or before == "\U000e007f" or unicodedata.category(before) in {"So", "Sk"}
    if unicodedata.combining(before) == _VIRAMA or (after and unicodedata.combining(after) == _VIRAMA):
        return True
    return unicodedata.bidirectional(before) == "AL" or ("\u0610" <= before <= "\u06ed" and unicodedata.category(before) == "Mn")


def printable(text: str) -> str:
    """Text for a terminal: a hidden character that is there all the same, from an older benchmark or a foreign field, as ``\\x9b``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c.encode("unicode_escape").decode("ascii") if _commands(c) else c for c in text)


def _commands(char: str) -> bool:
    return (unicodedata.category(char) in {"Cc", "Cs"} and char not in "\t\n") or char in _COMMANDS


_COMMANDS = frozenset("\u2028\u2029\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What breaks or turns a line round, besides controls."""


def printable_json(line: str) -> str:
    """A line of JSON for a terminal: JSON escapes the controls below U+0020 itself, this the others, so that it says the same."""
    if line.isascii():
        return line
    return "".join(f"\\u{ord(c):04x}" if _commands(c) else c for c in line)
