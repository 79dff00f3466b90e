"""Text as people save it, as a stream of UTF-8: what their programs write where nobody asks them for it is told by the bytes."""

from __future__ import annotations

import codecs
import io
from typing import IO, Any, Final, Protocol, cast

from thresher.errors import PayloadError

_BLOCK: Final = 2**18
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_EXCEL: Final = "cp1252"
"""What Excel writes where nobody asks it for UTF-8."""


class _Decoder(Protocol):
    def decode(self, piece: bytes, final: bool = False, /) -> str: ...


def json_as_utf8(raw: io.BufferedReader[Any]) -> io.BufferedReader[Any]:
    """The stream itself, or, where its mark or its noughts say that it is UTF-16 (as PowerShell writes files), the same text in UTF-8."""
    mark = raw.peek(4)[:4]
    if unmarked := _unmarked(mark):
        return _recoded(raw, codecs.getincrementaldecoder(unmarked)("replace"))
    if mark[:2] in _UTF_16 and 0 in mark[2:]:  # JSON begins in ASCII, of which every second byte is nought
        return _recoded(raw, codecs.getincrementaldecoder("utf-16")("replace"))
    return raw


def table_as_utf8(raw: io.BufferedReader[Any]) -> io.BufferedReader[Any]:
    """The stream, of whichever of UTF-8, UTF-16 and Windows-1252, without its mark. Reading it raises PayloadError ``unknown_encoding``
    where it turns out to be none of them."""
    mark = raw.peek(4)[:4]
    if unmarked := _unmarked(mark):
        return _recoded(raw, codecs.getincrementaldecoder(unmarked)("replace"))
    if mark[:2] in _UTF_16:
        return _recoded(raw, codecs.getincrementaldecoder("utf-16")("replace"))
    if mark.startswith(codecs.BOM_UTF8):
        return _recoded(raw, codecs.getincrementaldecoder("utf-8-sig")("replace"))
    return _recoded(raw, _Guess())


def _unmarked(mark: bytes) -> str:
    """The byte order of UTF-16 without a mark, of which every second byte is nought in ASCII; empty for other text."""
    noughts = [byte == 0 for byte in mark]
    return "utf-16-le" if noughts == [False, True] * 2 else "utf-16-be" if noughts == [True, False] * 2 else ""


class _Guess:
    """UTF-8, as far as it goes. The first byte that is none says what the whole is: Windows-1252 if all before it was ASCII, else UTF-8
    that is damaged, so that nothing needs to be read twice."""

    def __init__(self) -> None:
        self._decoder: _Decoder = codecs.getincrementaldecoder("utf-8")()
        self._ascii, self._decided = True, False

    def decode(self, piece: bytes, final: bool = False, /) -> str:
        """The next part of the text."""
        try:
            text = self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            if self._decided:
                raise PayloadError(
                    "it is neither UTF-8 nor UTF-16 nor Windows-1252; save it as UTF-8", reason="unknown_encoding"
                ) from error
            waiting = error.object  # with the beginning of a letter from the piece before
            excel = self._ascii and waiting[: error.start].isascii()
            self._decoder = codecs.getincrementaldecoder(_EXCEL)() if excel else codecs.getincrementaldecoder("utf-8")("replace")
            self._decided = True
            return self.decode(waiting, final)
        self._ascii = self._ascii and text.isascii()
        return text


def _recoded(raw: IO[bytes], decoder: _Decoder) -> io.BufferedReader[Any]:
    return io.BufferedReader(cast(io.RawIOBase, _Recoded(raw, decoder)), _BLOCK)


class _Recoded(io.RawIOBase):
    """The text of a stream in UTF-8."""

    def __init__(self, raw: IO[bytes], decoder: _Decoder) -> None:
        self._raw, self._decoder = raw, decoder
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            piece = self._raw.read(_BLOCK)
            self._ended = not piece
            self._ready = memoryview(self._decoder.decode(piece, self._ended).encode())
        length = min(len(buffer), len(self._ready))
        buffer[:length] = self._ready[:length]
        self._ready = self._ready[length:]
        return length
