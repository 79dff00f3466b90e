"""Text, addresses and identities: pure functions.

Two texts are kept apart everywhere: ``clean`` is what is stored and shown; ``normalise`` is only compared.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import xxhash

_SURROGATE = re.compile("[\ud800-\udfff]")
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u2060\ufeff\U000e0000-\U000e007f]"
)
_ASCII_CONTROLS = bytes({*range(32), 127} - {ord("\t"), ord("\n")})
"""Of what ``clean`` takes out, what an ASCII text can hold; carriage returns are newlines by then."""
_NEWLINES = re.compile(r"\r\n?|\u2028|\u2029|\u0085")
_TRAILING = re.compile(r"[ \t]+\n")
_BLANK_LINES = re.compile(r"\n{3,}")
_QUOTE_MARKS = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2026": "..."}
)
_TRACKING = frozenset(
    {
        "fbclid",
        "gclid",
        "igshid",
        "mc_cid",
        "mc_eid",
        "ref_src",
        "share_id",
        "si",
        "utm_campaign",
        "utm_content",
        "utm_medium",
        "utm_source",
        "utm_term",
    }
)


def clean(text: str) -> str:
    """Text as it may be stored and shown: NFC, one kind of newline, no lone surrogates, no NUL or other controls, no invisible
    characters that can hide instructions (bidi controls, zero-width space, the tags block U+E0000). Emoji joiners stay. Idempotent."""
    if text.isascii():
        text = _without_controls(text)
    else:
        text = unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text))
        text = _HIDDEN.sub("", _NEWLINES.sub("\n", text))
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip()


def _without_controls(text: str) -> str:
    """An ASCII text with one kind of newline and no controls. Deleting bytes is twenty times as fast as a pattern over the text."""
    if "\r" in text:
        text = _NEWLINES.sub("\n", text)
    raw = text.encode("ascii")
    shown = raw.translate(None, _ASCII_CONTROLS)
    return text if len(shown) == len(raw) else shown.decode("ascii")


def normalise(text: str) -> str:
    """Text as it is compared for exact duplicates: NFKC, case-folded, typographic quotes and dashes made plain, white space collapsed.

    Digits, operators and punctuation stay: ``12 * 7`` and ``13 * 7`` are two items. NFKC would turn the exponent of ``x\u00b2`` into a
    plain digit, so superscripts and subscripts are marked first.
    """
    if not text.isascii():
        text = _mark_scripts(text.translate(_QUOTE_MARKS))
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def _mark_scripts(text: str) -> str:
    if not any(unicodedata.decomposition(c).startswith(("<super>", "<sub>")) for c in set(text)):
        return text
    marks = {"<super>": "^", "<sub>": "_"}
    return "".join(marks.get(unicodedata.decomposition(c).split(" ")[0], "") + c for c in text)


def content_id(messages: Iterable[tuple[str, str]], choices: Sequence[str] = (), target: str = "") -> str:
    """The identity of an item: xxh3-128 as 32 hex digits over its normalised messages (role, content), its options in any order, and
    its target.

    Options are compared as a set: the same question with shuffled options is the same question; other options make another one.
    """
    parts = {"m": [[r, normalise(c)] for r, c in messages], "c": sorted(normalise(c) for c in choices), "t": normalise(target)}
    return xxhash.xxh3_128_hexdigest(_IDENTITY(parts).encode())


_IDENTITY = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def content_hash(*parts: str) -> str:
    """xxh3-128 hex over parts as a JSON list, unambiguous about where each ends; for noticing edits, not for security."""
    listed = f"[{','.join(map(encode_basestring, parts))}]"
    return xxhash.xxh3_128_hexdigest(listed.encode("utf-8", "surrogatepass"))


def author_key(source: str, author: str | int | None, salt: str) -> str | None:
    """A keyed hash (HMAC-SHA-256, 16 hex digits) in place of a person's name; None stays None. The salt is secret (``THRESHER_SALT``)."""
    if author is None or author == "":
        return None
    return hmac.new(salt.encode(), f"{source}\0{author}".encode(), hashlib.sha256).hexdigest()[:16]


def canonical_url(url: str) -> str:
    """The address under which the same page is always known: scheme and host lower-case, no fragment, no default port, no tracking
    parameters, query sorted."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    if parts.port and (parts.scheme.lower(), parts.port) not in {("http", 80), ("https", 443)}:
        host = f"{host}:{parts.port}"
    query = urlencode(sorted((k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k.lower() not in _TRACKING))
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", query, ""))


@dataclass(frozen=True, slots=True)
class _Personal:
    """One kind of personal data or secret. ``may`` is cheap and true of every text in which the pattern matches: most texts hold none of
    these, and a look for one character is far cheaper than the pattern."""

    tag: str
    may: Callable[[str], object]
    pattern: re.Pattern[str]
    is_one: Callable[[str], bool] = lambda _: True
    """What a match must be besides."""

    def replace(self, text: str) -> tuple[str, int]:
        """The text with the tag in the place of each, and how many there were."""
        if not self.may(text):
            return text, 0
        count = 0

        def tagged(match: re.Match[str]) -> str:
            nonlocal count
            if not self.is_one(match.group()):
                return match.group()
            count += 1
            return f"[{self.tag}]"

        return self.pattern.sub(tagged, text), count


def _holds(*words: str) -> Callable[[str], bool]:
    """Whether a text holds one of the words."""

    def holds(text: str) -> bool:
        for word in words:  # noqa: SIM110 - half the time of any() with a generator
            if word in text:
                return True
        return False

    return holds


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return total % 10 == 0 and len(set(digits)) > 1


_KEY = (
    r"\b(?:sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|AKIA[0-9A-Z]{16}"
    r"|hf_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"
)
_PERSONAL = (
    _Personal(
        "KEY", _holds("sk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "AKIA", "hf_", "xox", "AIza", ".eyJ"), re.compile(_KEY)
    ),
    _Personal(
        "KEY",
        _holds("-----BEGIN"),
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL),
    ),
    _Personal(
        "EMAIL",
        re.compile(r"@(?<=[A-Za-z0-9._%+-]@)[A-Za-z0-9-]").search,
        re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}\b"),
    ),
    _Personal(
        "PHONE",
        re.compile(r"\+\d").search,
        re.compile(r"(?<![\w.+-])\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,4}(?![\w-])"),
    ),
    _Personal(
        "PHONE",
        re.compile(r"\d\d\d[ .-]\d\d\d\d").search,
        re.compile(r"(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])"),
    ),
    _Personal("CARD", re.compile(r"\d[ -]?\d[ -]?\d(?:[ -]?\d){10}").search, re.compile(r"(?<![\d.])(?:\d[ -]?){12,18}\d(?![\d.])"), _luhn),
)
"""Tried in this order: what one has replaced, the next does not see."""


def redact(text: str) -> tuple[str, dict[str, int]]:
    """The text with e-mail addresses, phone numbers, payment cards (Luhn) and secret keys replaced by ``[EMAIL]``, ``[PHONE]``,
    ``[CARD]``, ``[KEY]``, and how many of each there were. Idempotent. Best effort: names and street addresses are not found."""
    counts: dict[str, int] = {}
    for personal in _PERSONAL:
        text, count = personal.replace(text)
        if count:
            counts[personal.tag] = counts.get(personal.tag, 0) + count
    return text, counts
