"""One request out, one whole answer in, within the caps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

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
    most = min(network.max_wire_bytes, max_bytes or network.max_wire_bytes)
    response = transport.handle_request(request)
    try:
        declared = response.headers.get("content-length", "")
        if truncate_at is None and declared.isdecimal() and len(declared) < 20 and int(declared) > most:
            raise ResponseTooLarge(f"{int(declared):,} bytes are announced, the cap is {most:,}")
        wire = _Wire(cast(httpx2.SyncByteStream, response.stream), most)
        pieces = decode(wire, response.headers.get("content-encoding", ""))
        body = _collect(pieces, wire, network, truncate_at, min(network.max_body_bytes, max_bytes or network.max_body_bytes))
    finally:
        response.close()
    return Answer(response.status_code, response.headers, body)


class _Wire:
    """Counts what comes over the wire, and stops it at the cap."""

    def __init__(self, stream: Iterable[bytes], cap: int) -> None:
        self._stream = stream
        self._cap = cap
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self.count += len(chunk)
            if self.count > self._cap:
                raise ResponseTooLarge(f"more than the cap of {self._cap:,} bytes came")
            yield chunk


def _collect(pieces: Iterable[bytes], wire: _Wire, network: Network, truncate_at: int | None, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if truncate_at is not None and size >= truncate_at:
            break
        if size > most:
            raise ResponseTooLarge(f"the body is larger than the cap of {most:,} bytes")
        if size > _RATIO_FROM and size > wire.count * network.max_ratio:
            raise ResponseTooLarge(f"a decompression bomb: {wire.count:,} bytes became more than {size:,}")
    return b"".join(parts)[:truncate_at]
