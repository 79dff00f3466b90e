"""The one door to the network.

Every request that thresher makes goes through a Client: checked address, robots where crawling, pace, budget, caps, deadline, tries,
archive. ``Client.open`` makes the root of a run; ``bind`` gives each source its own, with its pace and its budget, over shared hosts.
"""

from __future__ import annotations

import json
import logging
import random
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import httpx2

from thresher import __version__
from thresher.errors import BlockedAddress, SettingsError
from thresher.net.address import AddressGuard, Resolver, resolve
from thresher.net.clock import Clock
from thresher.net.door import Ask, Door, Meter, ResponseSink, Visitor
from thresher.net.pace import Budget
from thresher.net.paging import PageGuard
from thresher.net.response import Response
from thresher.net.settings import Network, Pace
from thresher.net.transport import CheckedTransport, Deadline
from thresher.secrets import is_token_exchange, redact_url

if TYPE_CHECKING:
    import requests

__all__ = ["Client", "Clock", "PageGuard", "Response"]

_FINAL_STATUSES = frozenset(range(300, 500)) - {408, 425, 429}


class Client:
    """The door, on the account of one source."""

    def __init__(self, door: Door, source: str, pace: Pace, budget: Budget, user_agent: str, budgets: dict[str, Budget]) -> None:
        """Use ``Client.open`` and ``bind``."""
        self._door = door
        self._visitor = Visitor(source, pace, budget)
        self._user_agent = user_agent
        self._budgets = budgets

    @classmethod
    def open(
        cls,
        network: Network,
        *,
        archive: ResponseSink | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        resolver: Resolver = resolve,
        transport: httpx2.BaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
        stop: threading.Event | None = None,
    ) -> Client:
        """The root of a run. SettingsError when no contact is set.

        ``stop``, once set, cuts waits and answers short and lets no further request out (Stopped). ``clock``, ``rng``, ``resolver`` and
        ``transport`` are for tests; a transport of one's own checks no addresses beyond what stands in the URL.
        """
        user_agent = _user_agent(network)
        logging.getLogger("httpcore2").setLevel(logging.INFO)  # its debug log shows raw headers
        if clock is None:
            clock = Clock() if stop is None else replace(Clock(), sleep=lambda seconds: _wait(stop, seconds))
        guard = AddressGuard(network.ports, network.allow_addresses, resolver)
        deadline = Deadline(stop)
        transport = transport or CheckedTransport(guard, deadline, network.connect_timeout_s, ssl_context)
        door = Door(
            network,
            guard=guard,
            transport=transport,
            deadline=deadline,
            archive=archive,
            clock=clock,
            rng=rng or random.Random(),
            stop=stop,
        )
        return cls(door, "", Pace(), Budget("", Pace(), clock), user_agent, {})

    def bind(self, source: str, pace: Pace) -> Client:
        """A client on the account of this source. Binding the same source again in a run continues its budget."""
        self._door.begin()
        budget = self._budgets.setdefault(source, Budget(source, pace, self._door.clock))
        return Client(self._door, source, pace, budget, self._user_agent, self._budgets)

    def share(self, among: int) -> Client:
        """A client for one of so many sites, which may use its share of what is left of the source's budget (ShareUsed after that)."""
        return Client(self._door, self.source, self.pace, self._visitor.budget.share(among), self._user_agent, self._budgets)

    @property
    def source(self) -> str:
        """On whose account."""
        return self._visitor.source

    @property
    def pace(self) -> Pace:
        """How politely; ``pace.max_pages`` is for a PageGuard."""
        return self._visitor.pace

    @property
    def requests_sent(self) -> int:
        """By this source in this run, or by the site whose share this is: redirects, robots.txt and second tries included."""
        return self._visitor.budget.requests

    @property
    def budget_used(self) -> bool:
        """Whether nothing is left of it."""
        return self._visitor.budget.used

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        crawl: bool = False,
        accept_status: frozenset[int] = frozenset(),
        max_bytes: int | None = None,
        meter: Meter | None = None,
    ) -> Response:
        """Fetch. ``params`` are added to the query. ``crawl`` obeys robots.txt. ``accept_status`` are final statuses that are returned,
        not raised. ``max_bytes`` caps the body of this answer below the settings. Where the archive holds a former answer with validators,
        the request is conditional: what has not changed is not sent again, and the former answer is returned as if it had been.
        ``meter`` is told of each try, where answers cost money."""
        ask = Ask(
            "GET", self._url(url, params), self._headers(headers or {}), crawl=crawl, accept_status=accept_status, max_bytes=max_bytes,
            meter=meter,
        )  # fmt: skip
        return self._door.fetch(ask, self._visitor)

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str | int] | bytes | None = None,
        json_body: Any = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        accept_status: frozenset[int] = frozenset(),
    ) -> Response:
        """Send a form (a mapping), raw bytes or JSON. It is tried again like a GET, so only send what may arrive twice. What was sent is
        never archived."""
        body, kind = _body(data, json_body)
        ask = Ask("POST", self._url(url, params), self._headers({**kind, **(headers or {})}), body, accept_status=accept_status)
        return self._door.fetch(ask, self._visitor)

    def requests_session(self, *, on_response: Callable[[Response], None] | None = None) -> requests.Session:
        """A session for libraries built on requests, through the same door.

        Final statuses (redirects and 4xx) are returned as responses; what the door gave up on is raised as NetworkError, so that no second
        retry rule multiplies ours: prawcore wraps it in RequestException (``.original_exception``). ``on_response`` sees every answer but
        those of log-ins.
        """
        from thresher.net.session import DoorSession  # requests is slow to import, and only Reddit needs it

        def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
            ask = Ask(method, self._url(url, None), self._headers(headers), body, follow=False, accept_status=_FINAL_STATUSES)
            response = self._door.fetch(ask, self._visitor)
            if on_response is not None and not is_token_exchange(method, url, response.body):
                on_response(response)
            return response

        return DoorSession(send, self._door.network.max_redirects)

    def close(self) -> None:
        """Close the connections of the whole run."""
        self._door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def _url(self, url: str, params: Mapping[str, str | int] | None) -> httpx2.URL:
        try:
            parsed = httpx2.URL(url)
            return parsed.copy_merge_params({name: str(value) for name, value in params.items()}) if params else parsed
        except (httpx2.InvalidURL, TypeError, ValueError) as exc:
            shown = redact_url(str(url))[:200]
            raise BlockedAddress(f"not a URL: {shown!r}", url=shown, source=self.source) from exc

    def _headers(self, given: Mapping[str, str]) -> dict[str, str]:
        """A caller may name itself, as Reddit wants; the contact is in it all the same."""
        headers = {name: value for name, value in given.items() if name.lower() != "user-agent"}
        own = next((value for name, value in given.items() if name.lower() == "user-agent"), "")
        contact = self._door.network.contact
        if own and contact not in own:
            own = f"{own} (contact: {contact})"
        return {**headers, "User-Agent": own or self._user_agent}


def _user_agent(network: Network) -> str:
    contact = network.contact.strip()
    if not contact:
        raise SettingsError(
            "network.contact is empty: set an address where a site operator reaches you, in config/thresher.toml "
            '([network] contact = "you@example.org") or as THRESHER_NETWORK_CONTACT; nothing is fetched without it'
        )
    agent = f"thresher/{__version__} (+{network.project_url}; contact: {contact})"
    if not agent.isascii() or not agent.isprintable():
        raise SettingsError("network.contact and network.project_url may hold printable ASCII characters only: they are sent in a header")
    return agent


def _body(data: Mapping[str, str | int] | bytes | None, json_body: Any) -> tuple[bytes, dict[str, str]]:
    if json_body is not None:
        return json.dumps(json_body).encode(), {"Content-Type": "application/json"}
    if data is None:
        return b"", {}
    if isinstance(data, bytes):
        return data, {"Content-Type": "application/octet-stream"}
    return urlencode(data).encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def _wait(stop: threading.Event, seconds: float) -> None:
    stop.wait(seconds)
