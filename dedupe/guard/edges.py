"""What stands around a question and asks nothing: greetings, thanks, signatures, notes of an edit, the line above a quotation.

Only what is a sentence or a line of its own, at the very beginning or end of a text, and holds no word beyond those of its kind
(``manners.toml``) is left out. A text that asks about wording (a translation, a letter, a tone) keeps its edges, for they may be what it
asks about; so does one that is nothing but a greeting. Used in comparisons alone: what is stored, shown or embedded is whole.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

_LISTS = tomllib.loads(Path(__file__).with_name("manners.toml").read_text("utf-8"))

LONGEST = 120
"""Characters of one greeting, thanks or note."""
NEAR = 400
"""Characters beside an edge in which a text may say that it asks about the words there."""
ROUNDS = 6
"""Sentences that may go at one edge."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("\u2019", "'") for word in _WORD.findall(text.casefold().replace("-", " ")))


class Kind:
    """A kind of sentence that asks nothing."""

    def __init__(self, name: str) -> None:
        self._cores = frozenset(_words(core) for core in _LISTS[name]["core"].split("|"))
        self._around = frozenset(word for part in _LISTS[name]["around"].split() for word in _words(part))
        self._longest = max(map(len, self._cores))

    def holds(self, words: tuple[str, ...]) -> bool:
        """Whether these words hold a core and, beside cores, no word that is not of the kind."""
        place, cores = 0, 0
        while place < len(words):
            size = next((n for n in range(self._longest, 0, -1) if words[place : place + n] in self._cores), 0)
            if not size and words[place] not in self._around:
                return False
            cores += bool(size)
            place += size or 1
        return cores > 0

    def begins(self, words: tuple[str, ...]) -> bool:
        """The same for a sentence of which the core stands first."""
        first = any(words[:n] in self._cores for n in range(1, self._longest + 1))
        return first and self.holds(words)


_GREETING, _REMARK, _THANKS = map(Kind, ("greeting", "remark", "thanks"))
_SIGNOFF, _SIGNATURE, _EDIT, _DEVICE = map(Kind, ("signoff", "signature", "edit", "device"))
_THANKFUL = frozenset((word,) for word in _LISTS["thanks"]["first"].split())


def _phrases(name: str) -> frozenset[tuple[str, ...]]:
    return frozenset(_words(phrase) for phrase in _LISTS["wording"][name].split("|"))


_ASKED, _NEAR = _phrases("asked"), _phrases("near")
_UNSPACED = tuple(phrase[0] for phrase in _ASKED if ord(phrase[0][0]) > 0x3000)
_FIRST = frozenset(phrase[0] for phrase in _ASKED | _NEAR)
_LONGEST_PHRASE = max(map(len, _ASKED))
About = Literal["nothing", "near", "asked"]
_EMOJI = r"[\U0001f300-\U0001faff\u2600-\u27bf](?:[\ufe0f\u200d]|[\U0001f3fb-\U0001f3ff])*"
_FACE = rf"(?::'?-?[)(\]DPp/]|;-?[)\]DPp](?![\w/])|{_EMOJI})"
_LATE_FACE = rf"(?:{_FACE}|=[)D]|\^_?\^|<3|[xX]D+|(?i:lol|lmao|haha(?:ha)*|hehe(?:he)*))(?![\w/])"
"""More of them, which are formulas or words where they do not stand behind a finished sentence."""
_FINISHED = r".!?,)\u2026\u3002\uff01\uff1f"
_FACES_LAST = re.compile(rf"(?:(?<=\s)(?<!:\s)(?:{_FACE}\s*)+|(?<=[{_FINISHED}])\s*(?:{_LATE_FACE}\s*)+|(?<=\w)(?:{_EMOJI}\s*)+)\Z")
_FACES_FIRST = re.compile(rf"\s*(?:{_LATE_FACE}\s*)+")
_LATE_FACES = re.compile(rf"(?:\s+{_LATE_FACE})+\s*\Z")
_ANY_EMOJI = re.compile(_EMOJI)
FACES = 2
"""Kinds of emoji at an end that are a tone; more are a riddle."""
_OPENING = re.compile(
    r"\s*([^.,!?:;\n\u2026\u3002\uff01\uff0c\uff1a]{1,120}?)\s*"
    rf"(?:(?:{_FACE}\s*)+|[.,!:;\u2026\u3002\uff01\uff0c\uff1a]+|(?=\n))[ \t]*\n*"
)
_NAME = r"[^\W\d_a-z][^\W\d_]*\.?"
_SIGNED = re.compile(rf"(?P<words>[^\n]{{2,60}}?)(?:,[ \t]*\n?|[ \t]*\n)[ \t]*(?:{_NAME}[ \t]*){{1,3}}\Z")
_DASHES = re.compile(rf"(?<=[.?!)\"\u2026])\s*\n--[ \t]*\n(?:[ \t]*(?:{_NAME}[ \t]*){{1,4}}(?:\n|\Z)){{1,2}}\s*\Z")
_WROTE = re.compile(
    r"\s*(?:[^\n>]{0,90}\b(?:wrote|writes|said|asked|posted|schrieb|a \u00e9crit|escribi\u00f3|ha scritto|escreveu|napisa\u0142a?|schreef|"
    r"\u043f\u0438\u0448\u0435\u0442|\u043d\u0430\u043f\u0438\u0441\u0430\u043b\u0430?)"
    r"|original (?:post|message|question)|quot(?:e from|ing) [^\n]{1,40})"
    r"[ \t]?:[ \t]*\n+(?=[ \t]*>)",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\w+[ \t]?\d?[ \t]?(?:[:\u2013\u2014-]|for\b|to\b|\Z)")
"""An edit that is noted, and not a request to edit something."""
_CONTENT = re.compile(r"\w+\W+\w|[?\uff1f\d\u3040-\u9fff]")
"""Without two words, or a question, what is left of a text says nothing: then its greeting is what it says."""
_QUOTED = re.compile(r"(?m)^[ \t]*(?!>)\S")
_LAST_SENTENCE = re.compile(
    r"(?:[.!?\u2026\u3002\uff01\uff1f](?:[)\"'\u201d$*_]|\\[)\]])*\s+|[\u3002\uff01\uff1f]|\n\s*|(?P<comma>,\s+)"
    r"|\s+(?=[(\[*_]{0,3}(?i:edit|edited)[ \t]?\d?[ \t]?[:)\]\u2013-]))(?=\S)"
)
_CLOSED_LINE = re.compile(rf"[.!?\u2026\u3002\uff01\uff1f)\]\"'\u201d`$*}}_][ \t]*\Z|\n[ \t]*\Z|{_EMOJI}\s*\Z")
_INNER_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f](?=\s)")


@dataclass(frozen=True, slots=True)
class Edges:
    """Where the content of a text lies: its start behind the line that says who wrote it (``opened``) and behind greetings (``start``), its
    end before thanks and notes, and before faces (``faces``)."""

    opened: int
    start: int
    end: int
    faces: int


@lru_cache(maxsize=16384)
def about_words(text: str) -> About:
    """Whether a text speaks of wording near one of its ends, so that a greeting or thanks there may be what it asks about: ``asked`` where
    that is likely, ``near`` where it may be."""
    words = _words(text if len(text) <= 2 * NEAR else text[:NEAR] + "\n" + text[-NEAR:])
    spoken = {words[at : at + size] for at, word in enumerate(words) if word in _FIRST for size in range(1, _LONGEST_PHRASE + 1)}
    if not spoken.isdisjoint(_ASKED) or (_UNSPACED and not text.isascii() and any(word in text for word in _UNSPACED)):
        return "asked"
    return "nothing" if spoken.isdisjoint(_NEAR) else "near"


@lru_cache(maxsize=16384)
def edges(text: str) -> Edges:
    """Pure; of a long text only the two ends are read."""
    faces = _before_faces(text)
    opened = _attribution(text)
    start, end = _start(text, opened), _end(text[:faces])
    if start >= end or not _CONTENT.search(text, start, end):
        return Edges(0, 0, len(text), len(text))
    return Edges(opened, start, end, faces)


def without(a: str, b: str) -> tuple[str, str] | None:
    """Both texts without their edges; None where neither has any. Symmetric."""
    here, there = edges(a), edges(b)
    about = {about_words(a[here.start : here.end]), about_words(b[there.start : there.end])}
    # One greeting in place of another is no difference, but where the text speaks of wording.
    openings = {_words(text[of.opened : of.start]) for text, of in ((a, here), (b, there))}
    ends = {_words(text[of.end :]) for text, of in ((a, here), (b, there))}
    keep_start = about != {"nothing"} and len(openings) > 1 and () not in openings
    keep_end = "asked" in about or (about != {"nothing"} and len(ends) > 1 and () not in ends)
    # Where both close with a face, it is the face that is asked about.
    keep_faces = here.faces < len(a) and there.faces < len(b)
    bare = [
        text[of.opened if keep_start else of.start : _end_of(text, of, keep_end=keep_end, keep_faces=keep_faces)].strip()
        for text, of in ((a, here), (b, there))
    ]
    return None if (bare[0], bare[1]) == (a, b) else (bare[0], bare[1])


def _end_of(text: str, of: Edges, *, keep_end: bool, keep_faces: bool) -> int:
    if keep_faces and (keep_end or of.end == of.faces):
        return len(text)
    return of.faces if keep_end else of.end


def _attribution(text: str) -> int:
    """The end of a line that says who wrote what is quoted below, where all the rest is quoted."""
    match = _WROTE.match(text)
    return match.end() if match and not _QUOTED.search(text, match.end()) else 0


def _start(text: str, opened: int) -> int:
    start = opened
    for _ in range(ROUNDS):
        match = _OPENING.match(text, start)
        if not match or len(match.group(1)) > LONGEST:
            break
        words = _words(match.group(1))
        if not (_GREETING.begins(words) or _REMARK.holds(words) or (_THANKS.holds(words) and start == opened)):
            break
        start = match.end()
        faces = _FACES_FIRST.match(text, start)
        start = faces.end() if faces else start
    return start


def _before_faces(text: str) -> int:
    tail = max(len(text) - 60, 0)
    match = _FACES_LAST.search(text, tail)
    if not match or len(set(_ANY_EMOJI.findall(match.group()))) > FACES:
        return len(text)
    return len(text[: match.start()].rstrip())


def _end(text: str) -> int:
    """Where the content ends: sentence by sentence from the last."""
    end = len(text.rstrip())
    for _ in range(ROUNDS):
        tail = max(end - 3 * LONGEST, 0)
        match = _DASHES.search(text[tail:end])
        if match:
            end = tail + match.start()
            continue
        place = next((at for at in _sentences(text, tail, end) if _asks_nothing(text[at:end])), None)
        if place is None:
            break
        end = len(text[:place].rstrip())
        end = _before_faces(text[:end])
    return end


def _sentences(text: str, tail: int, end: int) -> Iterator[int]:
    """Where the last sentences of a text may begin, the nearest to its end first. None behind a colon, which says that they are quoted;
    none on a line below one that is not closed, which may be a list; behind a comma only thanks."""
    for match in reversed(list(_LAST_SENTENCE.finditer(text, tail, end))):
        place, before = match.end(), text[tail : match.end()]
        if place >= end or end - place > LONGEST or before.rstrip().endswith(":"):
            continue
        if match.group("comma") and not _closes_by_comma(before[: match.start() - tail], text[place:end]):
            continue
        if "\n" in match.group() and not _CLOSED_LINE.search(before[:-1] if before.endswith("\n") else before):
            continue
        yield place


def _closes_by_comma(before: str, after: str) -> bool:
    """Whether thanks follow a sentence, and not the last comma of an enumeration."""
    sentence = re.split(r"[.!?\n]", before)[-1]
    return _words(after)[:1] in _THANKFUL and not any(mark in sentence for mark in ",:;")


def _asks_nothing(sentence: str) -> bool:
    bare = _LATE_FACES.sub("", sentence).strip().strip("*_[]() \n")
    if "?" in bare or "\uff1f" in bare:
        return False
    words = _words(bare)
    if "\n" not in bare and not _INNER_END.search(bare):
        if _THANKS.holds(words) or _SIGNOFF.holds(words) or _REMARK.begins(words) or _DEVICE.begins(words):
            return True
        if _NOTE.match(bare):
            return _EDIT.begins(words)
    signed = _SIGNED.match(bare)
    return signed is not None and any(kind.holds(_words(signed.group("words"))) for kind in (_SIGNOFF, _SIGNATURE, _THANKS))
