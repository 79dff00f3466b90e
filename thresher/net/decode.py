"""Decompression that cannot be bombed: bounded pieces out of any stream, counted as they come."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import brotli
import zstandard

ACCEPT_ENCODING: Final = "gzip, deflate, br, zstd"
PIECE: Final = 64 * 1024
"""No step gives more than about this many bytes, whatever it was fed."""
_MAX_LAYERS = 2
_ZSTD_WINDOW = 8 * 2**20
"""RFC 9659: no web content may ask for a larger window."""

_ZSTD_SLICE = 256


class DecodeError(ValueError):
    """The body is not what its Content-Encoding says, or it ends too early."""


def decode(chunks: Iterable[bytes], content_encoding: str) -> Iterator[bytes]:
    """The plain bytes of a body as pieces of about 64 KiB.

    Raises DecodeError for an unknown encoding, for more than two layers, for damage and for a stream that was cut. An empty body is empty
    under every encoding, and bytes after the end are ignored, as browsers do.
    """
    names = [n for n in (part.strip().lower() for part in content_encoding.split(",")) if n and n != "identity"]
    if len(names) > _MAX_LAYERS:
        raise DecodeError(f"{len(names)} layers of compression")
    stream: Iterator[bytes] = iter(chunks)
    for name in reversed(names):
        if name not in _DECODERS:
            raise DecodeError(f"unknown Content-Encoding {name[:40]!r}")
        stream = _DECODERS[name](stream)
    return stream


def _gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    return _zlib(chunks, zlib.MAX_WBITS | 16)


def _deflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """RFC 9110 means zlib; some servers send bare deflate. The first byte tells: 8 is zlib's method."""
    for first in chunks:
        if first:
            yield from _zlib(_chain(first, chunks), zlib.MAX_WBITS if first[0] & 0x0F == 8 else -zlib.MAX_WBITS)
            return


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _zlib(chunks: Iterator[bytes], wbits: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits)
    fed = False
    try:
        for chunk in chunks:
            data = chunk
            fed = fed or bool(chunk)
            while data:
                piece = inflater.decompress(data, PIECE)
                if piece:
                    yield piece
                if inflater.eof:
                    if not inflater.unused_data.startswith(b"\x1f\x8b"):
                        return
                    data, inflater = inflater.unused_data, zlib.decompressobj(wbits)
                else:
                    data = inflater.unconsumed_tail
        while fed and (piece := inflater.decompress(inflater.unconsumed_tail, PIECE)):
            yield piece
    except zlib.error as exc:
        raise DecodeError(f"damaged compression: {exc}") from exc
    if fed and not inflater.eof:
        raise DecodeError("the compressed body ends too early")


def _brotli(chunks: Iterator[bytes]) -> Iterator[bytes]:
    inflater = brotli.Decompressor()
    fed = False
    try:
        for chunk in chunks:
            fed = fed or bool(chunk)
            piece = inflater.process(chunk, output_buffer_limit=PIECE)
            while piece:
                yield piece
                piece = b"" if inflater.is_finished() else inflater.process(b"", output_buffer_limit=PIECE)
            if inflater.is_finished():
                return
    except brotli.error as exc:
        raise DecodeError(f"damaged compression: {exc}") from exc
    if fed:
        raise DecodeError("the compressed body ends too early")


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """This decoder bounds no output, so small slices go in: 256 bytes describe at most 64 blocks of 128 KiB. Frame by frame, so that a
    frame which was cut is noticed."""
    inflater = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = inflater.decompressobj()
    open_frame = False
    try:
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                data, view = bytes(view[:_ZSTD_SLICE]), view[_ZSTD_SLICE:]
                while data:
                    open_frame = True
                    piece = frame.decompress(data)
                    if piece:
                        yield piece
                    data = b""
                    if frame.eof:
                        data, frame, open_frame = frame.unused_data, inflater.decompressobj(), False
    except zstandard.ZstdError as exc:
        raise DecodeError(f"damaged compression: {exc}") from exc
    if open_frame:
        raise DecodeError("the compressed body ends too early")


_DECODERS = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}
