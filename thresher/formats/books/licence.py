"""A licence in an address or in words, as books state it.

It is read off the book, never from memory: the same publisher uses several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from thresher.model import EXPORT_CLASSES, ExportClass

_CC = re.compile(r"creativecommons\.org/licenses/(by(?:-nc)?(?:-sa|-nd)?)/(\d\.\d)(?:/([a-z]{2})(?:/|$))?", re.IGNORECASE)
_CC0 = re.compile(r"creativecommons\.org/publicdomain/zero/(\d\.\d)", re.IGNORECASE)
_URL = re.compile(
    r"https?://(?:www\.)?(?:creativecommons\.org/(?:licenses|publicdomain)/[\w./-]+|gnu\.org/(?:licenses|copyleft)/fdl[\w.-]*)",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"creative\s+commons(?:\s+licen[cs]e)?[\s:,-]*(?P<long>attribution(?:[\s,-]*(?:non-?\s?commercial|share[\s-]?alike|no[\s-]?deriv(?:ative|ativework|)s?|and))*)"
    r"|\bcc[\s-]*(?P<short>by(?:[\s-]*(?:nc|sa|nd))*)\b",
    re.IGNORECASE,
)
_CC_ZERO_WORDS = re.compile(r"\bCC0\b|creative\s+commons\s+zero", re.IGNORECASE)
_VERSION = re.compile(r"(?:\b|v)([1-4]\.\d)\b")
_SPEAKS = re.compile(r"licen[cs](?:e|ing|ed)\b|copyright", re.IGNORECASE)
_README_LINES = 12
_NEAR = 60
"""Characters behind the name of a licence in which its version stands."""
_GFDL = re.compile(r"gnu\s+free\s+documentation\s+licen[cs]e|\bgfdl\b|gnu\.org/(?:licenses|copyleft)/fdl", re.IGNORECASE)
_GFDL_VERSION = re.compile(r"version\s+(1\.[0-3])(?P<later>\s+or\s+any\s+later)?", re.IGNORECASE)
_GFDL_BEFORE = 200
_INVARIANT = re.compile(r"with\s+(?:the\s+)?invariant\s+sections?\s+being|with\s+the\s+front-cover\s+texts?\s+being", re.IGNORECASE)
"""Parts that nobody may change or leave out: an exercise alone may not leave then."""
_CODE = (
    (
        "MIT",
        re.compile(
            r"\bMIT\s+licen[cs]e\b|permission\s+is\s+hereby\s+granted,\s+free\s+of\s+charge,\s+to\s+any\s+person\s+obtaining", re.IGNORECASE
        ),
    ),
    ("Apache-2.0", re.compile(r"apache\s+licen[cs]e,?\s+version\s+2\.0", re.IGNORECASE)),
    (
        "BSD-3-Clause",
        re.compile(r"\bBSD[\s-]3[\s-]clause|redistributions?\s+of\s+source\s+code.*neither\s+the\s+name", re.IGNORECASE | re.DOTALL),
    ),
)


@dataclass(frozen=True, slots=True)
class Licence:
    """What a file says about its licence: the address and the words beside it."""

    url: str = ""
    words: str = ""

    @property
    def spdx(self) -> str:
        """The SPDX identifier (``CC-BY-NC-SA-4.0``), or ``unknown`` where neither address nor words name a licence that is known here."""
        return _spdx(self.url, self.words)

    @property
    def export_class(self) -> ExportClass:
        """``full`` for what may be passed on (CC0, BY, SA, NC, GFDL, licences of programs), each with its key in a config of its own;
        ``none`` for ND and unknown."""
        spdx = self.spdx
        return "none" if spdx == "unknown" or "-ND-" in spdx else "full"


@lru_cache(maxsize=64)
def _spdx(url: str, words: str) -> str:
    """A book has one licence and thousands of exercises."""
    if match := _CC.search(url):
        return "-".join(p for p in ("CC", match.group(1).upper(), match.group(2), (match.group(3) or "").upper()) if p)
    if match := _CC0.search(url):
        return f"CC0-{match.group(1)}"
    if url and not _GFDL.search(url):
        return "unknown"
    return _named(words or url)


def _named(words: str) -> str:
    """The licence that words name; a Creative Commons one only with its version, for each has terms of its own."""
    if match := _WORDS.search(words):
        version = _VERSION.search(words, match.end(), match.end() + _NEAR)
        return f"CC-{_terms(match['long'] or match['short'])}-{version[1]}" if version else "unknown"
    if _CC_ZERO_WORDS.search(words):
        return "CC0-1.0"
    if match := _GFDL.search(words):
        if _INVARIANT.search(words):
            return "unknown"
        version = _GFDL_VERSION.search(words, max(0, match.start() - _GFDL_BEFORE), match.end() + _GFDL_BEFORE)
        return f"GFDL-{version[1]}-{'or-later' if version['later'] else 'only'}" if version else "GFDL"
    return next((spdx for spdx, pattern in _CODE if pattern.search(words)), "unknown")


def _terms(named: str) -> str:
    """``BY-NC-SA`` of ``Attribution-NonCommercial-ShareAlike`` or of ``by nc sa``."""
    folded = re.sub(r"[\s-]", "", named).lower()
    nc = "noncommercial" in folded or folded.startswith("bync")
    sa = "sharealike" in folded or folded.endswith("sa")
    nd = "noderiv" in folded or folded.endswith("nd")
    return "-".join(["BY", *["NC"] * nc, *["SA"] * sa, *["ND"] * nd])


def licence_in(text: str) -> Licence:
    """The licence that a text states (a colophon, a LICENSE file, a README): its address where one stands there, and the words that name
    it."""
    for match in _URL.finditer(text):
        stated = Licence(match[0].rstrip("."), _around(text, match))
        if stated.spdx != "unknown":
            return stated
    patterns = (_WORDS, _CC_ZERO_WORDS, _GFDL, *(p for _, p in _CODE))
    for named in (m for p in patterns if (m := p.search(text))):
        stated = Licence("", _around(text, named))
        if stated.spdx != "unknown":
            return stated
    return Licence()


def licence_of_readme(text: str) -> Licence:
    """The licence that a README states under a heading, or in a line, that speaks of the licence: elsewhere it may speak of others'."""
    lines = text.split("\n")
    for n, line in enumerate(lines):
        if _SPEAKS.search(line) and (stated := licence_in("\n".join(lines[n : n + _README_LINES]))).spdx != "unknown":
            return stated
    return Licence()


def _around(text: str, match: re.Match[str]) -> str:
    """The words in which a licence is named, on one line."""
    return " ".join(text[max(0, match.start() - _GFDL_BEFORE) : match.end() + _GFDL_BEFORE].split())


def strictest(licences: Iterable[Licence]) -> Licence:
    """Of the licences of all books that hold a module, the one that lets the least out; none at all is unknown."""
    return min(licences, key=lambda x: (EXPORT_CLASSES.index(x.export_class), "-NC-" not in x.spdx, "-SA" not in x.spdx), default=Licence())
