"""``thresher report``: one page that loads nothing, the same as Markdown, and word of what is new, once."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from driver import Run
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from reporting.report import alerts, as_html, as_markdown
from store.file.database import Database

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = "</title><script>alert(1)</script><img src=https://tracker.example/x onerror=alert(1)>"


def made(thresher: Run, data: Path, *more: str, **environment: str) -> dict[str, Any]:
    done = thresher("report", "--json", "--data", str(data), *more, **environment)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_page_holds_the_numbers_and_nothing_that_is_fetched_or_run(thresher: Run, copy: Path) -> None:
    told = made(thresher, copy)
    page = Path(told["path"]).read_text(encoding="utf-8")
    assert told["status"]["items"] == 69
    assert re.findall(r"<b>(\d+)</b>items", page) == ["69"]
    assert re.findall(r"(?i)<(?:script|link|img|iframe|object)|\b(?:src|href|on\w+)=|url\(|@import", page) == []
    assert "default-src 'none'" in html.unescape(page)
    assert "69 items" in Path(told["path"]).with_suffix(".md").read_text(encoding="utf-8")


def test_words_of_strangers_stay_words(thresher: Run, copy: Path) -> None:
    told = made(thresher, copy)
    told["sources"][0]["error"] = HOSTILE
    told["tags"].append({"tag": HOSTILE, "items": 3})
    cluster = {"cluster_id": "c", "label": f"{HOSTILE} | `x`\n# y", "category": HOSTILE, "trend": "new", "weeks": [1, 2]}
    told["clusters"] = [{**cluster, "reports": 3, "leads": 0, "items": 1, "sources": 1, "authors": 1, "last_7": 3, "last_seen": None}]
    told["alerts"] = alerts(told)
    page = as_html(told)
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") >= 4
    (row,) = [line for line in as_markdown(told).splitlines() if "| new |" in line]
    assert "<script" not in row.replace("\\<", "")
    assert row.count("|") == 5


def test_a_source_is_stale_by_its_pages_whatever_its_last_visit_said(thresher: Run, copy: Path) -> None:
    with Database(copy).transaction() as con:
        con.execute("UPDATE pages SET first_fetched = first_fetched - INTERVAL 3 DAY, last_fetched = last_fetched - INTERVAL 3 DAY")
    (source,) = [s for s in made(thresher, copy)["sources"] if s["source"] == "textbooks"]
    assert (source["state"], source["states"]) == ("finished", ["stale"])


def test_what_is_new_is_posted_once_and_again_when_it_comes_back(thresher: Run, copy: Path, tmp_path: Path, httpserver: HTTPServer) -> None:
    posted: list[Any] = []

    def take(request: Request) -> Response:
        posted.append(request.get_json())
        return Response("ok")

    httpserver.expect_request("/hook", method="POST").respond_with_handler(take)
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    address = f"{httpserver.host}:{httpserver.port}"
    (config / "thresher.toml").write_text(f'[network]\ncontact = "ops@example.org"\nallow_addresses = ["{address}"]\n', encoding="utf-8")
    where = ("--config", str(config))
    hook = {"THRESHER_REPORT_WEBHOOK": f"http://{address}/hook"}
    made(thresher, copy, *where)
    assert posted == [], "off until it is configured"
    (copy / "alerts.json").unlink()
    told = made(thresher, copy, *where, **hook)
    assert [post["alerts"] for post in posted] == [list(told["new_alerts"].values())]
    assert any("could not be read" in alert for alert in posted[0]["alerts"])
    assert made(thresher, copy, *where, **hook)["new_alerts"] == {}
    assert len(posted) == 1
    assert hook["THRESHER_REPORT_WEBHOOK"] not in Path(told["path"]).read_text(encoding="utf-8")
    (copy / "alerts.json").write_text("{}", encoding="utf-8")
    made(thresher, copy, *where, **hook)
    assert len(posted) == 2


@pytest.mark.parametrize("left", ["", "{", "[]"])
def test_a_damaged_list_of_what_was_told_tells_all_again(thresher: Run, copy: Path, left: str) -> None:
    (copy / "alerts.json").write_text(left, encoding="utf-8")
    assert made(thresher, copy)["new_alerts"]
