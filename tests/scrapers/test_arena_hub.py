"""Datasets of a Hub: commits, files by ranges, and going on where the last visit stopped."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample import World
from sample.faults import Visit
from scrapers import arena
from scrapers.common.hub import File, chosen
from thresher.errors import HttpStatusError, PayloadError, SettingsError
from thresher.model import Dead, Page, Record
from thresher.net.client import Client
from thresher.net.settings import Network, Pace

SHA = "0123456789abcdef0123456789abcdef01234567"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "arena"


def battles(count: int, start: int = 0) -> list[dict[str, Any]]:
    row = json.loads((FIXTURES / "ppe_v1.jsonl").read_text())
    del row["category_tag"]
    return [{**row, "question_id": f"p{n}"} for n in range(start, start + count)]


def parquet(rows: list[dict[str, Any]], group: int) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out, row_group_size=group)
    return out.getvalue()


class FakeHub:
    """One dataset, ``example/log``, of which ranges can be asked for."""

    listing = f"/api/datasets/example/log/tree/{SHA}"

    def __init__(self, server: HTTPServer) -> None:
        self.files: dict[str, bytes] = {}
        self.card: dict[str, Any] = {"license": "cc-by-4.0"}
        self.sha = SHA
        self.ranges: list[tuple[str, str]] = []
        self.agents: set[str] = set()
        self.tokens: set[str] = set()
        self.status = 200
        self.files_a_page = 0
        server.expect_request("/api/datasets/example/log/revision/main").respond_with_handler(self._info)
        for sha in (SHA, SHA[::-1]):
            server.expect_request(f"/api/datasets/example/log/tree/{sha}").respond_with_handler(self._tree)
        server.expect_request(_Under("/datasets/example/log/resolve/")).respond_with_handler(self._file)

    def fill(self, pages: int) -> None:
        self.files = {f"data/train-{n}.parquet": parquet(battles(4, 4 * n), 2) for n in range(pages)}
        self.files_a_page = 1

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body
        return entries

    def answer(self, request: Request) -> Response:
        if "/resolve/" in request.path:
            return self._file(request)
        return self._tree(request) if "/tree/" in request.path else self._info(request)

    def _info(self, request: Request) -> Response:
        self.agents.add(request.headers["User-Agent"])
        self.tokens.add(request.headers.get("Authorization", ""))
        return Response(json.dumps({"sha": self.sha, "cardData": self.card}), status=self.status, content_type="application/json")

    def _tree(self, request: Request) -> Response:
        entries = [{"type": "file", "path": path, "size": len(body)} for path, body in self.files.items()]
        if not self.files_a_page:
            return Response(json.dumps([{"type": "directory", "path": "data"}, *entries]), content_type="application/json")
        start = request.args.get("cursor", 0, type=int)
        end = start + self.files_a_page
        link = {"Link": f'<{request.base_url}?cursor={end}>; rel="next"'} if end < len(entries) else {}
        return Response(json.dumps(entries[start:end]), headers=link, content_type="application/json")

    def _file(self, request: Request) -> Response:
        self.agents.add(request.headers["User-Agent"])
        path = request.path.split("/resolve/", 1)[1].split("/", 1)[1]
        wanted = request.headers["Range"]
        self.ranges.append((path, wanted))
        first, last = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
        return Response(self.files[path][first : last + 1], status=206, content_type="application/octet-stream")


class _Under(str):
    """A path that equals every path below it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(str(self))

    __hash__ = str.__hash__


@pytest.fixture
def hub(httpserver: HTTPServer) -> FakeHub:
    return FakeHub(httpserver)


@pytest.fixture
def client(open_client: Callable[..., Client]) -> Client:
    return open_client("arena", tries=1)


def site(server: HTTPServer, **more: Any) -> arena.Site:
    return arena.Site(name="log", **{"dataset": "example/log", "endpoint": server.url_for(""), **more})


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], hub: FakeHub, httpserver: HTTPServer) -> None:
    endure(arena, hub, site(httpserver), not_here={})


def own_ids(parts: Iterable[Any]) -> list[str]:
    """The ids that rows have of their own, without the hash of what was asked."""
    return [part.native_id.partition(":")[0] for part in parts if isinstance(part, Record)]


def visit(client: Client, where: arena.Site, since: Any = None) -> tuple[list[Page], list[str], Any]:
    pages = list(arena.fetch(client, where, since=since))
    found = [result for page in pages for result in arena.parse(page)]
    assert not [result for result in found if isinstance(result, Dead)]
    return pages, own_ids(found), pages[-1].cursor if pages else since


def test_rows_of_parquet_come_in_visits_of_max_rows_without_loss_or_repetition(
    hub: FakeHub, client: Client, httpserver: HTTPServer
) -> None:
    rows = battles(70)
    hub.files = {"data/train-00000-of-00002.parquet": parquet(rows[:40], 8), "data/train-00001-of-00002.parquet": parquet(rows[40:], 8)}
    seen: list[str] = []
    since = None
    for expected in (25, 25, 20, 0):
        _, ids, since = visit(client, site(httpserver, max_rows=25), since)
        assert len(ids) == expected
        seen += ids
    assert seen == [row["question_id"] for row in rows]
    assert since == {"revision": SHA, "rows": 70, "complete": True}


def test_row_groups_that_are_done_are_not_downloaded_again(hub: FakeHub, client: Client, httpserver: HTTPServer) -> None:
    rows = [{**row, "response_1": "".join(f"{n * k * 7919 % 99991:05d}" for k in range(9000))} for n, row in enumerate(battles(30), 1)]
    hub.files = {"data/train.parquet": parquet(rows, 10)}
    visit(client, site(httpserver), {"revision": SHA, "rows": 20, "complete": False})
    asked = sum(int(last) - int(first) + 1 for _, span in hub.ranges for first, last in [span.removeprefix("bytes=").split("-")])
    assert asked < len(hub.files["data/train.parquet"]) / 2


def test_pages_say_commit_licence_and_layout(hub: FakeHub, client: Client, httpserver: HTTPServer) -> None:
    hub.files = {"data/train.parquet": parquet(battles(3), 3)}
    (page,), _, _ = visit(client, site(httpserver))
    assert page.context == {"dataset": "example/log", "revision": SHA, "layout": "ppe_v1", "licence": "cc-by-4.0", "first_row": "1"}
    record = next(arena.parse(page))
    assert isinstance(record, Record)
    assert "cc-by-4.0" in record.licence_evidence
    assert SHA in record.licence_evidence


def test_an_unchanged_set_that_is_done_costs_one_request(hub: FakeHub, client: Client, httpserver: HTTPServer) -> None:
    before = client.requests_sent
    assert visit(client, site(httpserver), {"revision": SHA, "rows": 3, "complete": True})[0] == []
    assert client.requests_sent - before == 1


def test_a_new_commit_is_read_from_its_first_row(hub: FakeHub, client: Client, httpserver: HTTPServer) -> None:
    hub.files = {"data/train.parquet": parquet(battles(3), 3)}
    hub.sha = SHA[::-1]
    _, ids, since = visit(client, site(httpserver), {"revision": SHA, "rows": 3, "complete": True})
    assert ids == ["p0", "p1", "p2"]
    assert since["revision"] == SHA[::-1]


@pytest.mark.parametrize("name", ["train.jsonl", "train.jsonl.gz", "train.json"])
def test_json_is_streamed_and_goes_on_in_the_middle(hub: FakeHub, client: Client, httpserver: HTTPServer, name: str) -> None:
    lines = "\n".join(map(json.dumps, battles(10))).encode()
    hub.files = {
        name: gzip.compress(lines) if name.endswith(".gz") else json.dumps(battles(10)).encode() if name.endswith(".json") else lines
    }
    _, ids, since = visit(client, site(httpserver, max_rows=6))
    assert ids == [f"p{n}" for n in range(6)]
    assert visit(client, site(httpserver, max_rows=6), since)[1] == [f"p{n}" for n in range(6, 10)]


def test_every_request_names_us_and_a_token_is_sent_only_from_the_environment(
    hub: FakeHub, client: Client, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    hub.files = {"data/train.parquet": parquet(battles(3), 3)}
    visit(client, site(httpserver))
    monkeypatch.setenv("HF_TOKEN", "hf_made_up")
    visit(client, site(httpserver))
    assert all(agent.startswith("thresher/") and "ops@example.org" in agent for agent in hub.agents)
    assert hub.tokens == {"", "Bearer hf_made_up"}


def test_a_parquet_bomb_lands_what_came_before_it_and_stops_the_site_with_a_counted_reason(
    hub: FakeHub, client: Client, httpserver: HTTPServer
) -> None:
    bomb = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{**battles(1)[0], "prompt": "x" * 100_000_000}]), bomb, compression="zstd", use_dictionary=False)
    hub.files = {"data/train-0.parquet": parquet(battles(3), 3), "data/train-1.parquet": bomb.getvalue()}
    pages: list[Page] = []
    with pytest.raises(PayloadError, match=r"data/train-1\.parquet: row group 0: .* bytes unpack to") as refused:
        pages.extend(arena.fetch(client, site(httpserver), since=None))
    read = [result for page in pages for result in arena.parse(page)]
    assert refused.value.reason == "too_large"
    assert own_ids(read) == ["p0", "p1", "p2"]
    assert [result.reason for result in read if isinstance(result, Dead)] == ["unreadable_row"]
    assert pages[-1].cursor == {"revision": SHA, "rows": 3, "complete": False}


def test_a_set_that_begins_with_a_parquet_bomb_is_counted_too(hub: FakeHub, client: Client, httpserver: HTTPServer) -> None:
    hub.files = {"data/train-0.parquet": b"PAR1 is all that is right here PAR1"}
    pages: list[Page] = []
    with pytest.raises(PayloadError, match="no Parquet, or damaged"):
        pages.extend(arena.fetch(client, site(httpserver), since=None))
    assert [result.reason for page in pages for result in arena.parse(page) if isinstance(result, Dead)] == ["unreadable_row"]


def test_the_environments_endpoint_stands_in_for_the_default_one(
    hub: FakeHub, client: Client, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))
    hub.files = {"data/train.parquet": parquet(battles(3), 3)}
    assert visit(client, arena.Site(name="log", dataset="example/log"))[1] == ["p0", "p1", "p2"]


def test_a_gated_set_says_what_it_needs(hub: FakeHub, client: Client, httpserver: HTTPServer) -> None:
    hub.status = 403
    with pytest.raises(HttpStatusError, match="gated: accept its terms on its page and set HF_TOKEN"):
        visit(client, site(httpserver))


def test_an_answer_without_a_commit_is_a_payload_error(hub: FakeHub, client: Client, httpserver: HTTPServer) -> None:
    hub.sha = "main"
    with pytest.raises(PayloadError, match="names no commit"):
        visit(client, site(httpserver))


def test_a_site_without_a_dataset_is_a_settings_error(client: Client) -> None:
    with pytest.raises(SettingsError, match="names no dataset"):
        list(arena.fetch(client, arena.Site(name="log"), since=None))


def test_data_files_are_found_by_pattern_by_card_or_by_name() -> None:
    files = [
        File(path, 1, "")
        for path in ("README.md", "data/test-0.parquet", "data/train-1.parquet", "data/train-0.parquet", "pref/train.jsonl.gz")
    ]

    def found(card: dict[str, Any], **more: Any) -> list[str]:
        return [file.path for file in chosen(files, card, arena.Site(name="s", dataset="example/log", **more))]

    assert found({}) == ["data/train-0.parquet", "data/train-1.parquet"]
    assert found({}, split="test") == ["data/test-0.parquet"]
    assert found({}, config="pref") == ["pref/train.jsonl.gz"]
    assert found({}, files=("pref/*.gz",)) == ["pref/train.jsonl.gz"]
    card = {"configs": [{"config_name": "default", "data_files": [{"split": "train", "path": ["data/test-*"]}]}]}
    assert found(card) == ["data/test-0.parquet"]
    with pytest.raises(SettingsError, match="no data files for config 'none'"):
        found({}, config="none")


def test_the_sample_worlds_battles_all_arrive() -> None:
    with World() as world:
        network = Network(contact="ops@example.org", allow_addresses=(world.urls["hub"].removeprefix("http://"),))
        with Client.open(network) as root:
            client = root.bind("arena", Pace(min_interval_s=0))
            for dataset in ("sample/arena-battles", "sample/arena-conversations"):
                _, ids, since = visit(client, arena.Site(name="log", dataset=dataset, endpoint=world.urls["hub"]))
                assert len(ids) == len(set(ids)) == since["rows"] > 0


def test_the_token_is_for_the_hub_alone(hub: FakeHub, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_made_up_token_0123")
    hub.fill(1)
    entries = [{"type": "file", "path": path, "size": len(body)} for path, body in hub.files.items()]
    asked: list[str] = []

    def elsewhere(request: Request) -> Response:
        asked.append(str(request.headers.get("Authorization", "")) + request.url)
        return Response(json.dumps(entries), content_type="application/json")

    with HTTPServer() as other:
        other.expect_request("/more").respond_with_handler(elsewhere)
        link = {"Link": f'<{other.url_for("/more")}>; rel="next"'}
        httpserver.clear_all_handlers()
        httpserver.expect_request("/api/datasets/example/log/revision/main").respond_with_handler(hub._info)
        httpserver.expect_request(hub.listing).respond_with_data("[]", headers=link, content_type="application/json")
        httpserver.expect_request(_Under("/datasets/example/log/resolve/")).respond_with_handler(hub._file)
        hosts = tuple(f"{one.host}:{one.port}" for one in (httpserver, other))
        with Client.open(Network(contact="ops@example.org", allow_addresses=hosts)) as root:
            pages, _, _ = visit(root.bind("arena", Pace(min_interval_s=0)), site(httpserver))
    assert len(pages) > 0
    assert len(asked) == 1
    assert "hf_made_up" not in asked[0]
    assert "Bearer hf_made_up_token_0123" in hub.tokens
