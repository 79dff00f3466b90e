"""What may be set of the network: the door, and the pace of a source."""

from __future__ import annotations

from pydantic import Field

from thresher.settings import Section


class Network(Section):
    """The door to the network; see ``thresher.net.client``."""

    contact: str = ""
    """An address where a site's operator reaches a person; every request carries it, and nothing is fetched without it."""
    project_url: str = "https://github.com/thresher-evals/thresher"
    """Where a site's operator reads what asks; part of every user agent."""
    deadline_s: float = Field(60.0, gt=0)
    """For one whole response, from the first byte sent to the last one read, redirects and all; waits between tries are not in it."""
    connect_timeout_s: float = Field(10.0, gt=0)
    """For a connection to one address, TLS included."""
    max_wire_bytes: int = Field(10 * 2**20, gt=0)
    """Of one body as it comes over the wire, before decompression."""
    max_body_bytes: int = Field(50 * 2**20, gt=0)
    """After decompression."""
    max_ratio: float = Field(100.0, gt=1)
    """Decompressed to compressed, judged above 1 MiB."""
    tries: int = Field(5, ge=1, le=20)
    """Of one request, the first among them, where another one can help."""
    backoff_base_s: float = Field(2.0, gt=0)
    """The wait before the second try, where the server names none; it doubles with each further one."""
    backoff_cap_s: float = Field(120.0, gt=0)
    """The longest such wait."""
    wait_cap_s: float = Field(900.0, gt=0)
    """The longest wait that a server may ask for; more stops the source as rate_limited."""
    max_redirects: int = Field(5, ge=0, le=20)
    """Hops of one request; the address of each is checked."""
    ports: tuple[int, ...] = (80, 443)
    """The only ports that are connected to, ``allow_addresses`` aside."""
    allow_addresses: tuple[str, ...] = ()
    """``host:port`` pairs that are reached although their address is private, such as ``127.0.0.1:8017`` for a server of your own."""


class Pace(Section):
    """How politely one source is harvested."""

    min_interval_s: float = Field(1.0, ge=0)
    """Between the starts of two requests to one host."""
    max_requests: int = Field(2000, ge=1)
    """In one run of the source. Its sites have equal shares; what one leaves, the others get."""
    max_minutes: float = Field(30.0, gt=0)
    """For one run of the source, waits included, shared likewise; the next run goes on where it stopped."""
    max_pages: int = Field(1000, ge=1)
    """In one listing; more is a tarpit or a mistake."""
