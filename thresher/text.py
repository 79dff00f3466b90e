"""Text, addresses and identities: pure functions.

Two texts are kept apart everywhere: ``clean`` is what is stored and shown; ``normalise`` is only compared.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import xxhash

from thresher.characters import without_hidden
from thresher.model import Json

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
    """Text as it may be stored and shown: NFC, one kind of newline, no lone surrogates, no controls and nothing invisible that can hide
    words (``thresher.characters`` says what stays). Idempotent."""
    text = without_hidden(text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip()


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
    marks = {"<super>": "^", "<sub>": "_"}
    marked = {ord(c): mark + c for c in set(text) if (mark := marks.get(unicodedata.decomposition(c).split(" ")[0]))}
    return text.translate(marked) if marked else text


def content_id(messages: Iterable[tuple[str, str]], choices: Sequence[str] = (), target: str = "", hidden: str = "") -> str:
    """The identity of an item: xxh3-128 as 32 hex digits over its normalised messages (role, content), its options in any order, and
    its target.

    Options are compared as a set: the same question with shuffled options is the same question; other options make another one.
    ``hidden`` tells apart what redaction made equal: texts whose tags stand for other words are other items.
    """
    parts: dict[str, Json] = {
        "m": [[r, normalise(c)] for r, c in messages],
        "c": sorted(normalise(c) for c in choices),
        "t": normalise(target),
    }
    if hidden:
        parts["h"] = hidden
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
