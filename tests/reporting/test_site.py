"""The site of a snapshot: what may be shown and nothing else, links that lead somewhere, and texts that stay texts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reporting.site import build
from store import items, pages, runs
from store.file.database import Database
from store.snapshot.freeze import freeze
from store.snapshot.settings import Export
from thresher.errors import UsageError
from thresher.model import Candidate, Message, Page, Record

NIGHT = datetime(2026, 2, 1, tzinfo=UTC)
ALL = Export(version="1", classes=("full", "derived", "id_only"), canary="canary 1234")
SECRET = "The words of this post belong to whoever wrote it there"
HOSTILE = [
    "</pre></script><script>window.hit=1</script>",
    "<img src=x onerror='window.hit=1'><svg onload=window.hit=1>",
    "--></title><style>*{display:none}</style><base href=https://evil.example/>",
    "{{ 7 * 7 }} {% raw %} <!-- \u2028 ]]>",
]


def put(database: Database, *texts: tuple[str, str]) -> None:
    """(text, export class) of each item."""
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        records = [
            Record("forum", "x", f"n{n}", f"javascript:window.hit={n}", "question", text, licence="cc-by-4.0", export_class=klass,
                   attribution="<b onclick=window.hit=1>A</b>")
            for n, (text, klass) in enumerate(texts)
        ]  # type: ignore[arg-type]  # fmt: skip
        page = Page("forum", "x", "https://example.org/", 200, {}, repr(texts).encode(), NIGHT)
        pages.land_batch(con, run_id, [pages.PageResult(page, records)])
        made = [
            Candidate(r.key, "question", (Message("user", r.text),), "rule", "1", target=f"{n}07", licence="cc-by-4.0", tags=(HOSTILE[1],),
                      export_class=r.export_class)
            for n, r in enumerate(records)
        ]  # fmt: skip
        items.land_outcomes(con, run_id, "forum", made, records)


def site(database: Database, folder: Path) -> Path:
    snapshot = Path(freeze(database, "s1", database.folder / "snapshots", ALL).path)
    with database.reader() as con:
        build(con, snapshot, folder)
    return folder


def test_texts_that_may_leave_have_a_page_and_others_leave_no_word(database: Database, tmp_path: Path) -> None:
    put(database, ("Which river is it?", "full"), (f"{SECRET}?", "id_only"))
    made = site(database, tmp_path / "site")
    (page,) = (made / "items").glob("*.html")
    assert "Which river is it?" in page.read_text(encoding="utf-8")
    assert [p for p in made.rglob("*") if p.is_file() and re.search("belong to whoever", p.read_text(encoding="utf-8"))] == []
    assert "1 items with text, 1 whose text stays" in (made / "index.html").read_text(encoding="utf-8")


def test_every_link_leads_to_a_page_of_the_site(database: Database, tmp_path: Path) -> None:
    put(database, *((f"Which river has number {n}?", "full") for n in range(4)))
    made = site(database, tmp_path / "site")
    for page in made.rglob("*.html"):
        for link in re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8")):
            assert (page.parent / link).resolve().is_file(), (page, link)
    paths = re.findall(r'"path":"([^"]+)"', (made / "index.html").read_text(encoding="utf-8"))
    assert len(paths) == 4
    assert all((made / path).is_file() for path in paths)


def test_the_site_before_is_replaced_and_a_folder_of_others_is_not(database: Database, tmp_path: Path) -> None:
    put(database, ("Which river is it?", "full"))
    made = site(database, tmp_path / "site")
    (made / "items" / "old.html").write_text("old", encoding="utf-8")
    site(database, made)
    assert not (made / "items" / "old.html").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="something else"):
        site(database, tmp_path / "mine")


def test_nothing_that_a_text_holds_runs_or_loads_and_the_search_finds_it(database: Database, tmp_path: Path, browser: Any) -> None:
    put(database, *((text, "full") for text in HOSTILE))
    made = site(database, tmp_path / "site")
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for file in made.rglob("*.html"):
        page.goto(file.as_uri())
        assert page.evaluate("window.hit") is None, file
        assert page.locator("h1").is_visible()
    page.goto((made / "index.html").as_uri())
    page.fill("#search", "window.hit onerror")
    assert page.locator("#hits a").count() == len(HOSTILE), "the tag of each"
    page.fill("#search", "RAW ]]>")
    assert page.locator("#hits a").all_inner_texts() == ["{{ 7 * 7 }} {% raw %} <!-- ]]>"]
    page.click("#hits a")
    assert "{{ 7 * 7 }}" in page.locator("pre.text").first.inner_text()
    assert page.locator("a[href^='javascript']").count() == 0
    assert complaints == []
    assert all(url.startswith("file:") for url in asked)
    context.close()
