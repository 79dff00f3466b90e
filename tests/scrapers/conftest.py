"""What the tests of all sources share: a client for a server on a loopback port whose waits cost nothing, and the matrix of faults."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from sample.faults import BODY_FAULTS, CHARSETS, SITE_FAULTS, BodyFault, Charset, FakeSite, SiteFault, Visit, visit
from thresher.net.client import Client, Clock
from thresher.net.settings import Network, Pace

OpenClient = Callable[..., Client]


def without_robots(server: HTTPServer) -> None:
    """Sites that are crawled are asked for it first; one that has none allows everything."""
    server.expect_request("/robots.txt").respond_with_data("", status=404)


@pytest.fixture(autouse=True)
def no_robots(request: pytest.FixtureRequest) -> None:
    """The server of a test has no robots.txt, unless the test gives it one first (``httpserver.clear()``)."""
    if "httpserver" in request.fixturenames:
        without_robots(request.getfixturevalue("httpserver"))


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the client would have slept."""
    return []


@pytest.fixture
def open_client(httpserver: HTTPServer, waits: list[float]) -> Iterator[OpenClient]:
    """``open_client(source, **network)``: a client that may reach the server of the test, and for which sleeping only counts."""
    opened: list[Client] = []
    ticks = itertools.count()
    clock = Clock(monotonic=lambda: next(ticks) / 1e6 + sum(waits), sleep=waits.append)

    def make(source: str, **network: Any) -> Client:
        address = f"{httpserver.host}:{httpserver.port}"
        root = Client.open(Network(contact="ops@example.org", allow_addresses=(address,), **network), clock=clock)
        opened.append(root)
        return root.bind(source, Pace(min_interval_s=0, max_pages=40, max_minutes=1e6))

    yield make
    for root in opened:
        root.close()


@pytest.fixture(params=SITE_FAULTS, ids=str)
def site_fault(request: pytest.FixtureRequest) -> SiteFault:
    """Each thing that can go wrong while a site is fetched."""
    fault: SiteFault = request.param
    return fault


@pytest.fixture(params=BODY_FAULTS, ids=str)
def body_fault(request: pytest.FixtureRequest) -> BodyFault:
    """Each thing that can go wrong inside an answer."""
    fault: BodyFault = request.param
    return fault


@pytest.fixture(params=CHARSETS, ids=str)
def charset(request: pytest.FixtureRequest) -> Charset:
    """Each way in which an answer can be written, and what its header can say of that."""
    way: Charset = request.param
    return way


@pytest.fixture
def endure(httpserver: HTTPServer, open_client: OpenClient, waits: list[float], site_fault: SiteFault) -> Callable[..., Visit]:
    """``endure(scraper, fake, site, not_here={"fault": "why"})``: visit the site while it is well, then with the fault, and compare."""

    def run(scraper: Any, fake: FakeSite, site: Any, *, not_here: dict[str, str]) -> Visit:
        unknown = set(not_here) - {fault.name for fault in SITE_FAULTS}
        assert not unknown, f"there is no fault {unknown}"
        if reason := not_here.get(site_fault.name):
            pytest.skip(f"{site_fault}: {reason}")
        source = scraper.__name__.rpartition(".")[2]
        fake.fill(site_fault.pages)
        httpserver.clear()
        without_robots(httpserver)
        httpserver.expect_request(re.compile("/.*")).respond_with_handler(fake.answer)
        well = visit(scraper, open_client(source), site)
        assert well.records or not site_fault.pages, well.error
        waits.clear()
        httpserver.clear()
        without_robots(httpserver)
        httpserver.expect_request(re.compile("/.*")).respond_with_handler(site_fault.over(fake))
        visited = visit(scraper, open_client(source, **site_fault.network), site)
        site_fault.check(visited, well, waits)
        return visited

    return run
