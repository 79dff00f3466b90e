"""E-mail addresses and telephone numbers.

A number with its country's code is taken where the numbering plan (``phonenumbers``, Google's libphonenumber) calls it valid; any other one
only where a word says that it is a telephone's. What stands in a calculation stays, unless such a word touches it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.redaction.context import CUES, Cue, Lazy, Listed, any_of, calculates, holds, words_before
from thresher.redaction.keys import looks_random
from thresher.redaction.span import Span

_LETTER = r"A-Za-z0-9\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff"
"""Alphabets in which addresses are written. Chinese and Japanese are not among them: their texts have no space before an address."""
_LABEL = rf"(?:[{_LETTER}-]+|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+)"
_AT = "(?:@|\uff20|%40)"
_EMAIL = Lazy(
    rf"(?:(?<![{_LETTER}._%+-])|(?<=%(?:3A|3D|3C|20)))[{_LETTER}_+-](?:[{_LETTER}._+'-]|%2B){{0,63}}{_AT}"
    rf"(?P<domain>{_LABEL}(?:\.{_LABEL})*\.(?P<tld>[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff]{{2,24}}|xn--[a-z0-9-]{{2,40}}))"
    rf"(?![{_LETTER}])(?!\()"
)
_EMAIL_GATES = [Lazy(rf"{at}(?<=[{_LETTER}._+'-]{at})[^\W_]") for at in ("@", "\uff20", "%40")]
_NO_TLD = frozenset(
    ("png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "css", "html", "sum", "mean", "shape", "dot", "transpose", "diagonal", "conj")
)
"""What follows an at sign in file names (``icon@2x.png``) and in programs (``a@b.sum``)."""

_OPEN, _CLOSE = r"\s?[\[({<]\s?", r"\s?[\])}>]\s?"
_DOT = rf"(?:{_OPEN}(?:dot|punkt|\.){_CLOSE}|\s(?:dot|punkt)\s)"
_TLDS = r"(?:com|org|net|edu|gov|mil|info|io|ai|dev|app|me|biz|eu|[a-z]{2})"
_SPELLED = Lazy(
    rf"(?i)(?<![\w.@])[{_LETTER}](?:[{_LETTER}._+-]|{_DOT}){{0,63}}(?:"
    rf"{_OPEN}(?:at|@|ät){_CLOSE}[{_LETTER}-]+(?:(?:{_DOT}|\.)[{_LETTER}-]+){{1,4}}"
    rf"|\s(?:at|@)\s[{_LETTER}-]+(?:{_DOT}[{_LETTER}-]+){{0,2}}{_DOT}{_TLDS}"
    rf"|\s?@{_OPEN}?[{_LETTER}-]+{_DOT}{_TLDS}"
    rf")(?![{_LETTER}])"
)
_may_say_dot = holds("dot", "punkt")
_SAYS_DOT = Lazy(r"dot(?<=\sdot)\s|punkt(?<=\spunkt)\s")


def _bracketed(close: str) -> Lazy:
    before = [rf"(?<=[\s\[({{<](?i:{word}){gap}{close})" for word in ("[@.]", "[aä]t", "dot", "punkt") for gap in ("", r"\s")]
    ending = rf"(?:(?<=[tT@.]{close})|(?<=\s{close}))"  # fewer alternatives than words, and mostly none of them
    return Lazy(rf"{close}{ending}(?:{'|'.join(before)})")


_BRACKETED = [_bracketed(close) for close in (r"\)", r"\]", r"\}", ">")]
"""``(at)``, ``[ dot ]``: looks for one character are far faster than for its spellings."""


def find_emails(text: str, folded: str) -> Iterator[Span]:
    """Addresses, in no order; also with ``(at)`` and ``(dot)``, in other alphabets, percent-encoded."""
    if any(gate.search(text) for gate in _EMAIL_GATES):
        for match in _EMAIL.finditer(text):
            repository = match.group().startswith("git@") and text[match.end() : match.end() + 1] == ":"
            version = match["domain"].partition(".")[0].isdigit()
            message_id = text[match.start() - 1 : match.start()] == "/" and looks_random(match.group().partition("@")[0])
            if match["tld"].lower() not in _NO_TLD and not repository and not version and not message_id:
                yield Span(*match.span(), "EMAIL")
    if _may_be_spelled(text, folded):
        yield from (Span(*m.span(), "EMAIL") for m in _SPELLED.finditer(text))


def _may_be_spelled(text: str, folded: str) -> bool:
    if _may_say_dot(folded) and _SAYS_DOT.search(folded):
        return True
    for gate in _BRACKETED:  # noqa: SIM110 - half the time of any() with a generator
        if gate.search(text):
            return True
    return False


_GAP = "[ \\t\u00a0\u2009\u202f./\u2010\u2011\u2013-]"
_NO_LEFT = r"\w.+/=#%&-"
"""Before a number these say that it goes on, or is part of an address or a formula."""
_GROUPS = rf"(?:(?:{_GAP}{{1,3}}\(?|(?<=\))|\()\d{{1,12}}+\)?)*+(?![\w]|\.\d)"
"""What follows the first figures. Possessive, since figures that can be cut in many ways are tried in all of them."""
_NATIONAL = Lazy(rf"[(\d](?<![{_NO_LEFT}][(\d])(?:(?<=\()\d{{1,6}}+|(?<=\d)\d{{0,14}}+)\)?{_GROUPS}")


def _international(mark: str, follows: str = "") -> tuple[str, Lazy]:
    sign = re.escape(mark)
    left = rf"(?:(?<![{_NO_LEFT}]{sign})|(?<=[tT][eE][lL][:=]{sign})|(?<=[eE]={sign}))"
    return mark, Lazy(rf"{sign}{left}{follows}[ ]?\(?\d{{1,15}}+\)?{_GROUPS}")


_INTERNATIONAL = (_international("+"), _international("\uff0b"), _international("00", "(?=[1-9])"))
_AREA = Lazy(r"\((?<![\w)\]}]\()([2-9]\d\d)\)[ .-]?([2-9]\d\d)[ .-]\d{4}(?![\w-])")
"""North America with the area in brackets."""
_TRUNK_MOBILE = Lazy(rf"01(?<![{_NO_LEFT}]01)[567]\d[ /-]{{1,3}}\d{{3}}(?:[ -]?\d{{2,5}}){{1,3}}(?![\w-])")
"""A German mobile."""
_LINKED = Lazy(r"(?i)(?:wa\.me/|whatsapp\.com/send/?\?phone=|tel:)\+?(\d[\d().-]{6,18}\d)")
_may_link = holds("tel:", "wa.me/", "whatsapp.com/")

_PHONE = Cue("phone")
_OTHER_NUMBER = Lazy(rf"(?i){any_of(CUES['not_phone']['exact'])}(?:[-\s]?(?:no|number|nr|13|10))?\.?[\s:#=]*$")
_DATE = Lazy(
    r"\(?(?:19|20)\d\d\s?[-\u2013/]\s?(?:19|20)?\d\d\)?|\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{1,3}(?:[. ]\d{3})+"
    r"|\d{1,3}(?:\.\d{1,3}){3}|\d+\.\d+(?:\s?[-\u2013/]\s?\d+\.\d+)?"
)
"""Dates, years, an amount with its thousands apart, a network address, decimal numbers."""
_AMOUNT = Lazy(rf"\s?(?:(?i:{'|'.join(CUES['units']['words'])})(?!\w)|[%\u20ac$]|[-+*/^=]\s?\d)")


def find_phones(text: str, folded: str) -> Iterator[Span]:
    """Telephone numbers, in no order."""
    listed = Listed()
    for mark, pattern in _INTERNATIONAL:
        for match in pattern.finditer(text) if mark in text else ():
            if _is_international(text, match):
                yield listed.add(*match.span(), "PHONE")
    if "(" in text:
        yield from (listed.add(*m.span(), "PHONE") for m in _AREA.finditer(text) if not calculates(text, *m.span()))
    for match in _TRUNK_MOBILE.finditer(text):
        if not calculates(text, *match.span()) and _valid(match.group(), "DE"):
            yield listed.add(*match.span(), "PHONE")
    if _may_link(folded):
        yield from (listed.add(*m.span(1), "PHONE") for m in _LINKED.finditer(text))
    for match in _NATIONAL.finditer(text):
        if (
            len(match.group()) >= 6
            and 6 <= _digits(match.group()) <= 15
            and (_PHONE.beside(text, *match.span()) or listed.follows(text, match.start()))
            and _is_national(text, match)
        ):
            yield listed.add(*match.span(), "PHONE")


def _digits(written: str) -> int:
    return sum(c.isdigit() for c in written)


def _is_international(text: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    written = match.group()
    if _PHONE.beside(text, start, end) and 8 <= _digits(written) <= 16:
        return True
    # behind a figure or a bracket the plus is a sign
    before = text[max(0, start - 3) : start].rstrip()[-1:]
    if before.isdigit() or before in {")", "]", "}"} or calculates(text, start, end):
        return False
    return _valid("+" + written.lstrip("+\uff0b0"), None)


def _valid(written: str, region: str | None) -> bool:
    import phonenumbers  # slow to import, and most texts hold no such number

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(written, region)))
    except phonenumbers.NumberParseException:
        return False


def _is_national(text: str, match: re.Match[str]) -> bool:
    """Whether a number beside a telephone's word is written like one: no date, no other's number, no amount."""
    written = match.group()
    if _DATE.fullmatch(written.strip()) or _OTHER_NUMBER.search(words_before(text, match.start(), 24)):
        return False
    return not (written.isdigit() and len(written) < 7) and not _AMOUNT.match(text, match.end())
