"""The world as a whole: ports, nights, faults, what was asked, and the configuration that points at it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import requests

import scrapers
from sample import World


def test_every_host_has_a_port_of_its_own(world: World) -> None:
    assert sorted(world.urls) == ["discourse", "github_api", "github_raw", "hub", "reddit", "stackexchange"]
    assert len(set(world.urls.values())) == 6


def test_requests_are_recorded_in_order_without_the_credentials(world: World) -> None:
    requests.get(world.urls["discourse"] + "/posts.json?before=1005", timeout=5)
    requests.get(world.urls["reddit"] + "/r/modelfails/new", headers={"Authorization": "bearer secret-thing"}, timeout=5)
    first, second = world.requests
    assert (first.method, first.host, first.path, first.status) == ("GET", "discourse", "/posts.json", 200)
    assert first.query == (("before", "1005"),)
    assert (second.host, second.status) == ("reddit", 401)
    assert "secret-thing" not in str(second)


def test_there_are_only_two_nights(world: World) -> None:
    with pytest.raises(ValueError, match="nights 1 and 2"):
        world.night = 3


def test_a_connection_is_kept_alive_over_requests(world: World) -> None:
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(world.urls["discourse"] + "/site.json", timeout=5).headers.get("connection") != "close"


def test_a_stopped_world_answers_no_more() -> None:
    with World() as world:
        url = world.urls["discourse"]
    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/site.json", timeout=1)


@pytest.mark.parametrize("host", ["discourse", "github_api", "hub"])
def test_each_fault_strikes_once(host: str) -> None:
    path = {
        "discourse": "/latest.json",
        "github_api": "/repos/sample-press/osbooks-everyday-measures/git/trees/main",
        "hub": "/datasets/sample/arena-conversations/resolve/main/conversations.jsonl",
    }[host]
    with World(faults=True) as world:
        statuses = [requests.get(world.urls[host] + path, timeout=5).status_code for _ in range(5)]
    assert sorted(set(statuses) - {200}) in ([429], [503])
    assert statuses.count(200) == 4


def test_discourse_gives_both_of_its_refusals() -> None:
    with World(faults=True) as world:
        lists = [requests.get(world.urls["discourse"] + "/posts.json", timeout=5) for _ in range(3)]
        topics = [requests.get(world.urls["discourse"] + "/t/201.json", timeout=5) for _ in range(3)]
    plain = next(r for r in lists if r.status_code == 429)
    structured = next(r for r in topics if r.status_code == 429)
    assert plain.headers["Content-Type"].startswith("text/plain")
    assert plain.headers["Discourse-Rate-Limit-Error-Code"]
    assert structured.json()["extras"]["wait_seconds"] == 1
    assert plain.headers["Retry-After"] == structured.headers["Retry-After"] == "1"


def test_without_faults_nothing_fails(world: World) -> None:
    statuses = {requests.get(world.urls["discourse"] + "/latest.json", timeout=5).status_code for _ in range(4)}
    assert statuses == {200}


def test_the_configuration_names_sources_at_addresses_it_allows(world: World, tmp_path: Path) -> None:
    folder = world.write_config(tmp_path / "config")
    network = tomllib.loads((folder / "thresher.toml").read_text())["network"]
    assert network["contact"] == "sample@example.org"
    sources = {p.stem: tomllib.loads(p.read_text()) for p in (folder / "sources").glob("*.toml")}
    assert set(sources) <= set(scrapers.names())
    for name, source in sources.items():
        assert source["name"] == name
        assert source["pace"]["min_interval_s"] == 0
        addresses = [v for site in source["sites"] for k, v in site.items() if k in {"base_url", "oauth_url", "raw_url", "endpoint"}]
        addresses += [site["api_url"].removesuffix("/2.3") for site in source["sites"] if "api_url" in site]
        assert addresses
        assert {a.removeprefix("http://") for a in addresses} <= set(network["allow_addresses"])


def test_served_from_the_command_line_it_says_where() -> None:
    with subprocess.Popen([sys.executable, "-m", "sample", "--night", "2"], stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        lines = [served.stdout.readline().split() for _ in range(6)]
        answer = requests.get(f"{dict(lines)['discourse']}/t/240.json", timeout=5)
        served.terminate()
    assert answer.status_code == 200
