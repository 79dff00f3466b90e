"""Asking GitHub: what is fetched, what is not fetched again, and how a killed run goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample.faults import Visit
from scrapers import textbooks
from scrapers.common.repository import blob_digest
from scrapers.textbooks import Site, fetch, parse
from thresher.errors import HttpStatusError, PayloadError
from thresher.model import Dead, Page, Record
from thresher.net.client import Client

BOOKS = Path(__file__).parent.parent / "fixtures" / "textbooks"
COMMIT = "c0ffee" + "0" * 34


class Hub:
    """One repository as GitHub serves it; ``files`` may be changed between runs."""

    listing = "/repos/harbour/books/git/trees/main"

    def __init__(self, server: HTTPServer) -> None:
        self.files = {f.relative_to(BOOKS).as_posix(): f.read_bytes() for f in sorted(BOOKS.rglob("*.*ml"))}
        self.links: set[str] = set()
        self.commit = COMMIT
        self.truncated = False
        self.by_commit = True
        self.gone: set[str] = set()
        self.outage: set[str] = set()
        self.asked: list[str] = []
        self.url = server.url_for("").rstrip("/")
        server.expect_request(re.compile("/.*")).respond_with_handler(self.answer)

    def fill(self, pages: int) -> None:
        """A repository has one tree, whole or none."""
        files = sorted(BOOKS.rglob("*.*ml")) if pages else []
        self.files = {f.relative_to(BOOKS).as_posix(): f.read_bytes() for f in files}

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body["tree"]
        return entries

    def answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        if "/git/trees/" in request.path:
            return self.tree(request.path.rpartition("/")[2], recursive="recursive" in request.args)
        _, _, _, ref, path = request.path.split("/", 4)
        there = ref == "main" or (self.by_commit and ref == self.commit)
        if not there or path in self.gone or path not in self.files:
            return Response("404: Not Found", 404)
        if path in self.outage:
            return Response("<html><title>Back soon</title></html>", 200)
        return Response(self.files[path])

    def tree(self, ref: str, *, recursive: bool) -> Response:
        prefix = "" if ref in {"main", self.commit} else f"{ref.removeprefix('tree-')}/"
        inside = {p.removeprefix(prefix): b for p, b in self.files.items() if p.startswith(prefix)}
        blobs = [
            {"path": p, "mode": "120000" if prefix + p in self.links else "100644", "type": "blob", "sha": blob_digest(b)}
            for p, b in inside.items()
            if recursive or "/" not in p
        ]
        folders = sorted({p.partition("/")[0] for p in inside if "/" in p})
        trees = [{"path": f, "mode": "040000", "type": "tree", "sha": f"tree-{f}"} for f in folders]
        cut = self.truncated and not prefix and recursive
        answer = {"sha": self.commit, "tree": blobs[: len(blobs) // 2] if cut else blobs + trees, "truncated": cut}
        return Response(json.dumps(answer), content_type="application/json")


@pytest.fixture
def hub(httpserver: HTTPServer) -> Hub:
    return Hub(httpserver)


@pytest.fixture
def client(open_client: Callable[..., Client]) -> Client:
    return open_client("textbooks", tries=1)


ONE_TREE = "the tree is one answer, not a listing of pages"
NOT_HERE = {"ok, 3 pages": ONE_TREE, "cyclic cursor": ONE_TREE, "item on two pages": ONE_TREE}


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], hub: Hub) -> None:
    endure(textbooks, hub, site(hub), not_here=NOT_HERE)


def site(hub: Hub) -> Site:
    return Site(name="harbour", repository="harbour/books", api_url=hub.url, raw_url=hub.url)


def modules(pages: list[Page]) -> list[str]:
    return [p.context["module"] for p in pages if p.status == 200]


def run(client: Client, hub: Hub, since: dict[str, Any] | None = None) -> list[Page]:
    hub.asked.clear()
    return list(fetch(client, site(hub), since=since))


def cursor(pages: list[Page]) -> dict[str, Any]:
    return dict([p.cursor for p in pages if p.cursor is not None][-1])


def test_first_visit_brings_every_module_of_every_book(client: Client, hub: Hub) -> None:
    pages = run(client, hub)
    assert sorted(modules(pages)) == ["m90001", "m90002", "m90003", "m90004"]
    assert hub.asked[0] == "/repos/harbour/books/git/trees/main"
    assert all(path.startswith(f"/harbour/books/{COMMIT}/") for path in hub.asked[1:])
    (page,) = [p for p in pages if p.context["module"] == "m90002"]
    assert (page.context["ref"], page.context["repository"], page.context["number"]) == (COMMIT, "harbour/books", "1.1")
    assert page.body == hub.files["modules/m90002/index.cnxml"]
    assert sum(isinstance(r, Record) for p in pages if p.status == 200 for r in parse(p)) == 16


def test_unchanged_branch_costs_one_request(client: Client, hub: Hub) -> None:
    kept = cursor(run(client, hub))
    assert run(client, hub, kept) == []
    assert len(hub.asked) == 1


def test_only_changed_modules_are_fetched_again(client: Client, hub: Hub) -> None:
    kept = cursor(run(client, hub))
    hub.commit = "d00d" + "0" * 36
    hub.files["modules/m90003/index.cnxml"] += b"\n"
    pages = run(client, hub, kept)
    assert modules(pages) == ["m90003"]
    assert run(client, hub, cursor(pages)) == []


def test_changed_licence_brings_the_modules_again_though_their_files_are_the_same(client: Client, hub: Hub) -> None:
    kept = cursor(run(client, hub))
    hub.commit = "d00d" + "0" * 36
    name = "collections/harbour-mathematics.collection.xml"
    hub.files[name] = hub.files[name].replace(b"by-nc-sa", b"by-nc-nd")
    pages = run(client, hub, kept)
    assert sorted(modules(pages)) == ["m90001", "m90002", "m90003"]
    assert {r.export_class for p in pages if p.status == 200 for r in parse(p) if isinstance(r, Record)} == {"none"}


def test_killed_run_goes_on_where_it_was(client: Client, hub: Hub) -> None:
    whole = modules(run(client, hub))
    walk = fetch(client, site(hub), since=None)
    first = [next(p for p in walk if p.cursor is not None) for _ in range(2)]
    rest = run(client, hub, cursor(first))
    assert modules(first) + modules(rest) == whole
    assert run(client, hub, cursor(rest)) == []


def test_module_that_the_raw_server_lacks_is_asked_for_again(client: Client, hub: Hub) -> None:
    hub.gone.add("modules/m90002/index.cnxml")
    pages = run(client, hub)
    (lost,) = [p for p in pages if p.context["module"] == "m90002"]
    assert lost.status == 404
    with pytest.raises(PayloadError, match="m90002"):
        list(parse(lost))
    hub.gone.clear()
    assert modules(run(client, hub, cursor(pages))) == ["m90002"]


@pytest.mark.parametrize("path", ["modules/m90001/index.cnxml", "collections/harbour-mathematics.collection.xml"])
def test_outage_page_in_the_place_of_a_file_is_not_taken_for_it(client: Client, hub: Hub, path: str) -> None:
    whole = {page.url for page in fetch(client, site(hub), since=None)}
    hub.outage = {path}
    *_, last = fetch(client, site(hub), since=None)
    hub.outage = set()
    assert last.cursor is not None
    again = [page.url for page in fetch(client, site(hub), since=last.cursor)]
    assert again
    assert set(again) < whole


def test_listed_module_that_no_one_has_is_reported_and_not_asked_for(client: Client, hub: Hub) -> None:
    (missing,) = [p for p in run(client, hub) if p.status == 404]
    assert missing.context["module"] == "m90009"
    assert not any("m90009" in path for path in hub.asked)


def test_branch_is_used_where_files_cannot_be_had_by_commit(client: Client, hub: Hub) -> None:
    hub.by_commit = False
    assert len(modules(run(client, hub))) == 4
    assert sum(f"/{COMMIT}/" in path for path in hub.asked) == 1


def test_truncated_tree_is_read_folder_by_folder(client: Client, hub: Hub) -> None:
    hub.truncated = True
    pages = run(client, hub)
    assert len(modules(pages)) == 4
    assert run(client, hub, cursor(pages)) == []


def test_symbolic_link_in_the_repository_is_not_followed(client: Client, hub: Hub) -> None:
    hub.links.add("modules/m90002/index.cnxml")
    pages = run(client, hub)
    assert "m90002" not in modules(pages)
    assert not any("m90002" in path for path in hub.asked)


def test_repository_without_books_xml_takes_all_collections(client: Client, hub: Hub) -> None:
    del hub.files["META-INF/books.xml"]
    assert len(modules(run(client, hub))) == 4


def test_broken_collection_is_reported_and_the_other_book_comes(client: Client, hub: Hub) -> None:
    hub.files["collections/harbour-mathematics.collection.xml"] = b"<collection"
    pages = run(client, hub)
    assert modules([p for p in pages if p.context["kind"] == "module"]) == ["m90004", "m90003"]
    (broken,) = [p for p in pages if p.context["kind"] == "contents"]
    with pytest.raises(PayloadError):
        list(parse(broken))


@pytest.fixture
def books(hub: Hub) -> Hub:
    """The same server with a book in PreTeXt, and files beside it that are none of it."""
    root = BOOKS.parent / "books" / "pretext"
    hub.files = {f.relative_to(root).as_posix(): f.read_bytes() for f in sorted(root.rglob("*")) if f.is_file()}
    hub.files |= {"source/unused.xml": b"<chapter/>", "assets/mast.png": b"PNG", "LICENSE": b"All rights reserved."}
    return hub


def test_a_book_of_many_files_is_one_page(client: Client, books: Hub) -> None:
    (page,) = run(client, books)
    assert page.context["format"] == "PreTeXt"
    assert sum(isinstance(r, Record) for r in parse(page)) == 9
    asked = [path.rpartition("/")[2] for path in books.asked]
    assert sorted(asked) == ["LICENSE", "load.xml", "main", "main.ptx", "project.ptx", "speed.xml"]
    assert run(client, books, cursor([page])) == []
    assert len(books.asked) == 1


def test_a_book_is_read_again_when_one_of_its_files_changes(client: Client, books: Hub) -> None:
    kept = cursor(run(client, books))
    books.commit = "d00d" + "0" * 36
    books.files["assets/mast.png"] = b"another"
    assert run(client, books, kept) == []
    books.files["source/load.xml"] = books.files["source/load.xml"].replace(b"oak", b"ash")
    (page,) = run(client, books, kept)
    assert any("ash" in r.text for r in parse(page) if isinstance(r, Record))


def test_a_book_in_a_tree_too_large_for_one_answer_is_read_folder_by_folder(client: Client, books: Hub) -> None:
    books.truncated = True
    (page,) = run(client, books)
    assert sum(isinstance(r, Record) for r in parse(page)) == 9


@pytest.mark.parametrize("where", ["gone", "outage"])
def test_a_file_of_a_book_that_does_not_come_is_told_and_asked_for_again(client: Client, books: Hub, where: str) -> None:
    getattr(books, where).add("source/load.xml")
    (page,) = run(client, books)
    told = [p for p in parse(page) if isinstance(p, Dead)]
    assert [(p.reason, p.native_id) for p in told if p.reason == "missing_file"][-1] == ("missing_file", "")
    assert "source/load.xml" in told[0].detail
    assert page.cursor is None
    getattr(books, where).clear()
    (whole,) = run(client, books)
    assert whole.cursor is not None


def test_a_repository_of_no_books_says_what_was_looked_for(client: Client, hub: Hub) -> None:
    hub.files = {"README.md": b"# Nothing", "src/main.py": b"x = 1"}
    with pytest.raises(PayloadError, match=r"no books that can be read: it has no collections/.*PreTeXt.*MyST.*LaTeX.*XHTML"):
        run(client, hub)


def test_other_settings_begin_anew(client: Client, hub: Hub) -> None:
    kept = cursor(run(client, hub))
    only = site(hub).model_copy(update={"books": ("free-harbour-reader",)})
    assert modules(list(fetch(client, only, since=kept))) == ["m90004", "m90003"]


@pytest.mark.parametrize("body", ["[]", "{}", '{"tree": [{"path": 1}]}', '{"tree": null}', "<html>"])
def test_answer_that_is_no_tree_is_refused(client: Client, httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request("/repos/harbour/books/git/trees/main").respond_with_data(body, content_type="application/json")
    url = httpserver.url_for("").rstrip("/")
    with pytest.raises(PayloadError):
        list(fetch(client, Site(name="harbour", repository="harbour/books", api_url=url, raw_url=url), since=None))


def test_unknown_repository_stops_the_site(client: Client, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/repos/harbour/books/git/trees/main").respond_with_data("{}", status=404)
    url = httpserver.url_for("").rstrip("/")
    with pytest.raises(HttpStatusError):
        list(fetch(client, Site(name="harbour", repository="harbour/books", api_url=url, raw_url=url), since=None))
