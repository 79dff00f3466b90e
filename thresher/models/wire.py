"""One request to an endpoint and one whole answer, through the same checked connections, caps and scrubbing as every other request.

It is not the harvester's door (``thresher.net.client``): that one sends one request at a time to a host, takes 20 seconds without a byte
for a broken connection and sends a POST again that may have been billed. A model thinks for longer, is asked by several at once, and costs
money.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from thresher import __version__, secrets
from thresher.errors import BlockedAddress, ResponseTooLarge
from thresher.models.settings import Model
from thresher.net.address import AddressGuard, host_key
from thresher.net.decode import ACCEPT_ENCODING, DecodeError
from thresher.net.exchange import exchange
from thresher.net.response import kept_headers
from thresher.net.settings import Network
from thresher.net.transport import CheckedTransport, Deadline

_LARGEST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer without our key in it; ``headers`` under lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotServed(Exception):
    """The request never reached a server: nothing can have been billed."""


class Lost(Exception):
    """The request went out and no whole answer came: it may have been served, and billed."""


class Wire:
    """The connections to one model's endpoint. Thread-safe. ``stop``, once set, ends every answer."""

    def __init__(self, model: Model, key: str = "", *, stop: threading.Event | None = None, ssl_context: ssl.SSLContext | None = None):
        self._url = httpx2.URL(model.url)
        self._timeout_s = model.timeout_s
        self._headers = {
            "Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": ACCEPT_ENCODING,
            "User-Agent": f"thresher/{__version__}", **({"Authorization": f"Bearer {key}"} if key else {}),
        }  # fmt: skip
        self._hidden = secrets.sent_secrets(model.url, self._headers)
        self._caps = Network(max_wire_bytes=_LARGEST, max_body_bytes=_LARGEST)
        self._deadline = Deadline(stop)
        # whoever configures an endpoint allows its address, a private one too; no other is ever connected to
        self._guard = AddressGuard((), (host_key(self._url),))
        self._transport = CheckedTransport(self._guard, self._deadline, self._caps.connect_timeout_s, ssl_context, idle_s=model.timeout_s)

    def post(self, body: bytes) -> Reply:
        """NotServed or Lost where no answer came; a redirect is an answer like any other, and is not followed."""
        request = httpx2.Request("POST", self._url, headers=self._headers, content=body)
        try:
            with self._deadline.of(self._timeout_s):
                answer = exchange(self._transport, request, self._caps)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol, BlockedAddress) as error:
            raise NotServed(self.scrubbed(f"{type(error).__name__}: {error}")) from None
        except (httpx2.TransportError, DecodeError, ResponseTooLarge) as error:
            if self._deadline.stopped:
                raise Lost("stopped on request") from None
            raise Lost(self.scrubbed(f"{type(error).__name__}: {error}")) from None
        headers = {name: secrets.scrub_text(value, self._hidden) for name, value in kept_headers(answer.headers.items()).items()}
        return Reply(answer.status, headers, secrets.scrub(answer.body, self._hidden))

    def scrubbed(self, text: str) -> str:
        """The text without our key, and short."""
        return secrets.scrub_text(text, self._hidden)[:300]

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()
