"""Keys and tokens that a prefix gives away: the documented list in ``keys.toml``, and a few formats that are no prefix and a body."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import cycle, islice

from thresher.redaction.context import Lazy
from thresher.redaction.span import Span

_LEFT = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
"""What may stand before a key: anything but a letter or digit of its own alphabet, or the end of an escape."""
_DISTINCT = 8
"""So many different characters are in what was drawn at random."""
_NO_WORD = 20
_LONGEST_BODY = 600
"""A bound keeps what begins like a key again and again from being read to its end each time."""
_JUDGED = 128


@dataclass(frozen=True, slots=True)
class KeyFormat:
    """One prefix with what follows it. ``weak``: ordinary text begins so too, and the body must look drawn at random."""

    prefix: str
    alphabet: str
    shortest: int
    weak: bool
    issuer: str
    source: str

    @property
    def pattern(self) -> Lazy:
        """The whole key. Markdown writes an underscore as ``\\_``."""
        prefix = re.escape(self.prefix).replace("_", r"\\?_")
        return Lazy(rf"{_LEFT}{prefix}[{self.alphabet}]{{{self.shortest},{_LONGEST_BODY}}}")

    def example(self) -> str:
        """A made-up key of this format, always the same."""
        letters = "A2B3C4D5E6F7G" if "a" not in self.alphabet else "0a1b2c3d4e5f67" if "f" in self.alphabet else "a1B2c3D4e5F6g7H"
        return self.prefix + "".join(islice(cycle(letters), max(self.shortest, 40)))


def looks_random(value: str) -> bool:
    """Whether a value looks drawn at random: letters and digits, many different ones, in a stretch that is no word."""
    if len(set(value)) < _DISTINCT or not any(c.isdigit() for c in value) or not any(c.isalpha() for c in value):
        return False
    return any(_is_mixed(part) for part in re.split(r"[-_./+=]", value))


def _is_drawn(body: str) -> bool:
    """Whether the body behind a weak prefix is a key's: drawn at random, or a stretch longer than any word."""
    return looks_random(body) or (len(set(body)) >= _DISTINCT and any(len(part) >= _NO_WORD for part in re.split(r"[-_./+=\\]", body)))


def _is_key(key_format: KeyFormat, match: re.Match[str]) -> bool:
    body = match.group()[len(key_format.prefix) :]
    crossed_out = not body.strip("xX*.")
    return not crossed_out and (not key_format.weak or _is_drawn(body[:_JUDGED]))


def _is_mixed(part: str) -> bool:
    """A stretch that changes between letters and digits, or has capitals inside: ``a1B2c3``, not ``container`` or ``2024``."""
    return len(part) >= 8 and len(re.findall(r"(?<=[A-Za-z])\d|(?<=\d)[A-Za-z]|(?<=[a-z])[A-Z]", part)) >= 2


def _load() -> tuple[KeyFormat, ...]:
    listed = tomllib.loads(files("thresher.redaction").joinpath("keys.toml").read_text("utf-8"))
    classes = listed["classes"]
    formats: list[KeyFormat] = []
    for entry in listed["key"]:
        name, shortest = entry["body"]
        alphabet = (r"\\" if "_" in classes[name] else "") + classes[name]
        weak = bool(entry.get("weak"))
        formats += (KeyFormat(prefix, alphabet, shortest, weak, entry["issuer"], entry["source"]) for prefix in entry["prefixes"])
    return tuple(formats)


FORMATS = _load()
"""Every prefix on the list."""


def _ends_in(chars: str) -> dict[str, tuple[KeyFormat, Lazy]]:
    """By prefix, the longest first: what begins with two of them is the longer one's."""
    chosen = sorted((f for f in FORMATS if f.prefix[-1] in chars), key=lambda f: -len(f.prefix))
    return {f.prefix: (f, f.pattern) for f in chosen}


def _behind(mark: str) -> str:
    """A look at the character before a mark: a prefix's, or Markdown's backslash."""
    chars = {f.prefix[-2] for f in FORMATS if f.prefix[-1] == mark} | {"\\"}
    return rf"(?<=[{re.escape(''.join(sorted(chars)))}]{re.escape(mark)})"


# A look for one character is a hundred times as fast as an alternation of all prefixes: most prefixes end in one of three.
_MARKED = [(Lazy(rf"{re.escape(mark)}{_behind(mark)}(?=[A-Za-z0-9\\+/][A-Za-z0-9_\\+/=.-]{{9}})"), _ends_in(mark)) for mark in "_-."]
_BARE = _ends_in("".join({f.prefix[-1] for f in FORMATS} - set("_-.")))
_BARE_GATES = {"IA", "TT3", "ATBB", "Iza", "dapi", "TAI", "KID", "SK", "AC", "EAA", "IGQV", "AQVN", "KEY-1"}
"""Each prefix of ``_BARE`` holds one of these; fewer looks than prefixes."""
_CAPITALS = Lazy("IA|TT3|ATBB|TAI|KID|EAA|IGQV|AQVN|KEY-1|Iza(?<=AIza)|SK(?=[A-Fa-f0-9]{8})|AC(?=[A-Fa-f0-9]{8})|J(?<=eyJ)|AA(?<=:AA)")
"""The gates that hold capitals, here and in ``_ODD``: one look from capital to capital instead of one for each; nearly all texts pass."""
_BARE_BY_GATE = tuple((gate, tuple(entry for prefix, entry in _BARE.items() if gate in prefix)) for gate in sorted(_BARE_GATES))
_ENDS = frozenset(f.prefix[-3:] for f in FORMATS)
"""How prefixes end: nearly all that the gates let through ends in another way."""
_LONGEST = max(len(f.prefix) for f in FORMATS) * 2

_ODD = (
    # (what every match holds, pattern): formats that are no prefix and a body
    ("eyJ", Lazy(rf"{_LEFT}eyJ[A-Za-z0-9_-]{{8,2000}}+\.(?:eyJ)?[A-Za-z0-9_-]{{8,}}+(?:\.[A-Za-z0-9_-]*+)*")),  # JWT, JWE: RFC 7519
    (":AA", Lazy(r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{32,34}(?![A-Za-z0-9_-])")),  # Telegram: core.telegram.org/bots/api
    ("hooks", Lazy(r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,}")),  # api.slack.com/messaging/webhooks
    ("hooks", Lazy(r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,}/[A-Za-z0-9_-]{40,}")),  # discord.com/developers
    ("1//0", Lazy(rf"{_LEFT}1//0[A-Za-z0-9_-]{{30,}}")),  # Google's refresh token
)
_BARE_LOWER = tuple(entry for entry in _BARE_BY_GATE if entry[0].islower())
_ODD_LOWER = tuple(entry for entry in _ODD if entry[0] == entry[0].lower())
"""Those without capitals."""
_AIRTABLE = Lazy(rf"{_LEFT}pat[A-Za-z0-9]{{14}}\.[0-9a-f]{{64}}")
"""airtable.com/developers/web/guides/personal-access-tokens"""
_AIRTABLE_GATE = Lazy(r"\.[0-9a-f]{64}")
_DISCORD = Lazy(rf"{_LEFT}[MNO][A-Za-z0-9_-]{{23,27}}\.[A-Za-z0-9_-]{{6,7}}\.[A-Za-z0-9_-]{{27,}}")
"""A bot's token: its number in base64, a time, a signature (discord.com/developers/docs/reference)."""
_DISCORD_GATE = Lazy(r"\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27}")
_MAILGUN = Lazy(r"(?<![A-Za-z0-9])[0-9a-f]{32}-(?:[0-9a-f]{8}-[0-9a-f]{8}|us\d{1,2})(?![A-Za-z0-9-])")
"""Mailgun's signing keys and Mailchimp's API keys."""
_MAILGUN_GATE = Lazy(r"-(?<=[0-9a-f]{8}-)(?:[0-9a-f]{8}-[0-9a-f]{8}|us\d)")


def find_keys(text: str) -> Iterator[Span]:
    """Keys by their prefix or their form, in no order."""
    for gate, formats in _MARKED:
        yield from _marked(text, gate, formats)
    capitals = _CAPITALS.search(text) is not None
    for held, formats_of_it in _BARE_BY_GATE if capitals else _BARE_LOWER:
        if held in text:
            yield from _bare(text, formats_of_it)
    for held, pattern in _ODD if capitals else _ODD_LOWER:
        if held in text:
            yield from (Span(*m.span(), "KEY") for m in pattern.finditer(text))
    for gate, pattern in ((_DISCORD_GATE, _DISCORD), (_MAILGUN_GATE, _MAILGUN), (_AIRTABLE_GATE, _AIRTABLE)):
        if gate.search(text):
            yield from (Span(*m.span(), "KEY") for m in pattern.finditer(text))


def _bare(text: str, formats: tuple[tuple[KeyFormat, Lazy], ...]) -> Iterator[Span]:
    for key_format, pattern in formats:
        for match in pattern.finditer(text) if key_format.prefix in text else ():
            if _is_key(key_format, match):
                yield Span(*match.span(), "KEY")


def _marked(text: str, gate: Lazy, formats: dict[str, tuple[KeyFormat, Lazy]]) -> Iterator[Span]:
    prefixes = tuple(formats)
    ends = _ENDS
    passed = 0
    for mark in gate.finditer(text):
        if text[mark.start() - 2 : mark.end()] not in ends and text[mark.start() - 1] != "\\":
            continue
        head = text[max(0, mark.end() - _LONGEST) : mark.end()].replace("\\", "")
        if mark.start() < passed or not head.endswith(prefixes):
            continue
        prefix = next(p for p in prefixes if head.endswith(p))
        key_format, pattern = formats[prefix]
        match = pattern.match(text, _begin(text, mark.end(), prefix))
        if match and _is_key(key_format, match):
            yield Span(*match.span(), "KEY")
            passed = match.end()


def _begin(text: str, end: int, prefix: str) -> int:
    """Where the prefix that ends there begins, with Markdown's backslashes in it or without."""
    place = end
    for char in reversed(prefix):
        place -= 1
        if text[place] != char:
            place -= 1
    return place
