"""A stream of JSON values of which no more is held than the value that is read."""

from __future__ import annotations

import codecs
import json
import re
from typing import IO, Any

BLOCK = 2**18
SPACE = re.compile(r"\s*")
BETWEEN = re.compile(r"[\s,]*")
"""What stands between two values or members."""
_PRINTED = re.compile(r"\{[ \t\r]*\n")
"""How an object begins that is written over several lines."""
_CUT = 16
"""An error so near to the end of what is held may be of a word, a number or an escape that goes on behind it."""


class TooLong(ValueError):
    """A value that is longer than what may be held."""


class JsonText:
    """A stream of UTF-8 of which a part is held: as much as the value that begins there needs, at most ``most`` characters. ``begun`` is
    what of it was read already."""

    def __init__(self, raw: IO[bytes], most: int, begun: bytes = b"") -> None:
        self._raw, self._most = raw, most
        self._utf_8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._held, self._at, self._whole = self._utf_8.decode(begun), 0, False
        self._decoder = json.JSONDecoder()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._whole and self._at >= len(self._held)

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go on behind what matches."""
        while True:
            match = pattern.match(self._held, self._at)
            assert match is not None  # both match nothing, too
            self._at = match.end()
            if self._at < len(self._held) or not self._more():
                return

    def begins_with(self, mark: str) -> bool:
        """Whether the next character is this one, which is passed over then."""
        self.skip(SPACE)
        if self.ended or self._held[self._at] != mark:
            return False
        self._at += 1
        return True

    def value(self) -> Any:
        """The value that begins here. ValueError where there is none, TooLong where it is longer than what may be held."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
                if end < len(self._held) or self._whole:
                    self._at = end
                    return value
            except json.JSONDecodeError as error:
                if self._whole or not self._is_cut(error):
                    raise
            if len(self._held) - self._at > self._most:
                raise TooLong(f"a value of more than {self._most} characters, or none at all")
            self._more()

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether there may be a value once more of it is held."""
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._held) - _CUT

    def pass_broken(self) -> bool:
        """Leave the value that begins here and is none: go to the next line, or, where it is an object over several lines, to the next one
        that begins with an object. False where there is none."""
        printed = _PRINTED.match(self._held, self._at) is not None
        while self._next_line():
            if not printed or self._held.startswith("{", self._at):
                return True
        return False

    def _next_line(self) -> bool:
        while (end := self._held.find("\n", self._at)) < 0:
            self._at = len(self._held)
            if not self._more():
                return False
        self._at = end + 1
        return self._at < len(self._held) or self._more()

    def _more(self) -> bool:
        """Hold twice as much: a value is tried again a few times only, however long it is."""
        self._held, self._at = self._held[self._at :], 0
        piece = self._raw.read(max(BLOCK, len(self._held)))
        self._whole = not piece
        self._held += self._utf_8.decode(piece, self._whole)
        return not self._whole
