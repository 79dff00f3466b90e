"""One request out, one whole answer in, within the caps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, cast

import httpx2

from thresher.errors import ResponseTooLarge
from thresher.net.decode import decode
from thresher.net.settings import Network

_RATIO_FROM = 2**20
_OPENERS = {b"{": b"}", b"[": b"]"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, every header, and the decompressed body."""

    status: int
    headers: httpx2.Headers
    body: bytes

    @property
    def looks_cut(self) -> bool:
        """Whether a 200 declares JSON and stops before its closing bracket: a false Content-Length, or a connection closed early."""
        if self.status != 200 or "json" not in self.headers.get("content-type", "").lower():
            return False
        closer = _OPENERS.get(self.body[:64].lstrip()[:1])
        return closer is not None and not self.body.rstrip().endswith(closer)


def exchange(
    transport: httpx2.BaseTransport,
    request: httpx2.Request,
    network: Network,
    *,
    truncate_at: int | None = None,
    max_bytes: int | None = None,
) -> Answer:
    """Raises httpx2.TransportError, DecodeError and ResponseTooLarge. With ``truncate_at`` the body is cut there instead of refused.
    ``max_bytes`` lowers both caps of the settings."""
    wire_cap, body_cap = (
        _cap("max_wire_bytes", network.max_wire_bytes, max_bytes),
        _cap("max_body_bytes", network.max_body_bytes, max_bytes),
    )
    response = transport.handle_request(request)
    try:
        declared = response.headers.get("content-length", "")
        if truncate_at is None and declared.isdecimal() and len(declared) < 20 and int(declared) > wire_cap.bytes:
            raise ResponseTooLarge(f"{int(declared):,} bytes are announced, {wire_cap.name} is {wire_cap.bytes:,}")
        wire = _Wire(cast(httpx2.SyncByteStream, response.stream), wire_cap)
        pieces = decode(wire, response.headers.get("content-encoding", ""))
        body = _collect(pieces, wire, network, truncate_at, body_cap)
    finally:
        response.close()
    return Answer(response.status_code, response.headers, body)


class _Cap(NamedTuple):
    """How many bytes may come, and who says so."""

    name: str
    bytes: int

    def __str__(self) -> str:
        return f"{self.name} = {self.bytes:,}"


def _cap(name: str, setting: int, own: int | None) -> _Cap:
    return _Cap(name, setting) if own is None or own >= setting else _Cap("the cap of this request", own)


class _Wire:
    """Counts what comes over the wire, and stops it at the cap."""

    def __init__(self, stream: Iterable[bytes], cap: _Cap) -> None:
        self._stream = stream
        self._cap = cap
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self.count += len(chunk)
            if self.count > self._cap.bytes:
                raise ResponseTooLarge(f"more than {self._cap} came")
            yield chunk


def _collect(pieces: Iterable[bytes], wire: _Wire, network: Network, truncate_at: int | None, cap: _Cap) -> bytes:
    parts: list[bytes] = []
    size = 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if truncate_at is not None and size >= truncate_at:
            break
        if size > cap.bytes:
            raise ResponseTooLarge(f"the body is larger than {cap}")
        if size > _RATIO_FROM and size > wire.count * network.max_ratio:
            raise ResponseTooLarge(f"a decompression bomb: {wire.count:,} bytes became more than {size:,}")
    return b"".join(parts)[:truncate_at]
