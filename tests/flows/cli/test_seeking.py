"""A harvest that follows weakness: what is reported becomes what is searched for, and the run says where each phrase came from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rounds
from hacker_news import HackerNews, Post
from pytest_httpserver import HTTPServer

from flows.line.seeking import mixed, sought
from flows.line.settings import load
from flows.line.workspace import Workspace
from scrapers.common.queries import Query
from store.file.database import Database
from store.verdicts import Verdict, save_verdicts

WORDS = ("strawberry", "raspberry", "bookkeeper", "mississippi", "committee")
COMPLAINTS = [
    {
        "id": str(n), "author": f"author{n}", "created_at": f"2026-11-{10 + n:02}T08:00:00Z",
        "text": f'I asked ChatGPT "How many letters r are in {word}?" and it answered 2. It cannot count letters. There are more.',
    }
    for n, word in enumerate(WORDS)
]  # fmt: skip
UNKNOWN = Post("Letters again", "Asked ChatGPT how many letters e are in refrigerator and it answered 1, there are more.")


@pytest.fixture(scope="module")
def reported(thresher: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark of five complaints about one thing."""
    folder = tmp_path_factory.mktemp("seeking")
    (folder / "mine.jsonl").write_text("\n".join(map(json.dumps, COMPLAINTS)), "utf-8")
    done = thresher("ingest", "posts", str(folder / "mine.jsonl"), "--data", str(folder / "data"))
    assert done.returncode == 0, done.stderr
    with Database(folder / "data").reader() as con:
        assert con.execute("SELECT max(reports) FROM failure_clusters").fetchall()[0][0] >= 3
    return folder / "data"


def test_a_phrase_of_the_reports_finds_what_no_fixed_query_does_and_its_reason_is_in_the_report(
    thresher: Callable[..., Any], reported: Path, tmp_path: Path, httpserver: HTTPServer
) -> None:
    site = HackerNews(httpserver, [UNKNOWN, Post("Something else", "ChatGPT told me wrong things about my train.")])
    config = site.write_config(tmp_path / "config", share=0.3)
    fixed = len([query for query in load(config, {}).queries.queries if query.language == "en"])
    done = thresher("harvest", "hackernews", "--data", str(reported), "--config", str(config), "--no-embed", "--json")
    report = json.loads(done.stdout)
    (phrase,) = report["sought"]
    assert "letters" in phrase["words"]
    assert phrase["why"].startswith("failure cluster ")
    assert " of 100 cases" in phrase["why"]
    assert phrase["words"] in site.asked
    assert len(site.asked) == fixed
    with Database(reported).reader() as con:
        found = con.execute("SELECT title FROM records WHERE source = 'hackernews' AND is_latest").fetchall()
    assert (UNKNOWN.title,) in found


def test_the_share_is_kept_the_cap_holds_and_every_fixed_query_has_its_turn(reported: Path) -> None:
    work = Workspace.open(reported)
    phrases = [Query(words=f"chatgpt phrase{n}", language="en", why="made up for a test") for n in range(50)]
    (site,) = work.sites(work.settings.source("hackernews"))
    nights = [mixed(site, work, phrases, night).asked for night in range(4)]
    fixed = {query.words for query in site.asked}
    room = int(work.settings.seek.share * len(fixed))
    assert [len(night) for night in nights] == [len(fixed)] * 4
    assert [sum(query in phrases for query in night) for night in nights] == [room] * 4
    left_out = [fixed - {query.words for query in night} for night in nights]
    assert set.union(*left_out) == fixed
    german = site.model_copy(update={"languages": ("de",)})
    assert mixed(german, work, phrases, 0).asked == german.asked
    own = site.model_copy(update={"queries": site.queries[:3]})
    assert mixed(own, work, phrases, 0) is own
    with work.database.reader() as con:
        assert len(sought(work, con)) <= work.settings.seek.most


def test_a_cluster_that_a_model_fails_comes_first_and_waived_items_do_not_count(reported: Path, tmp_path: Path) -> None:
    shutil.copytree(reported, tmp_path / "data")
    items = [one["item_id"] for one in rounds.items(tmp_path / "data") if one["source"] == "posts"]
    assert len(items) >= 4
    rounds.asked(tmp_path / "data", "small", [(item, 5) for item in items])
    work = Workspace.open(tmp_path / "data")
    with work.database.transaction() as con:
        con.execute("UPDATE records SET language = 'en-GB'")
    with work.database.reader() as con:
        first = sought(work, con)[0].why
    assert first.endswith(f"models failed {len(items)} of {len(items)}")
    save_verdicts(work.database, [Verdict(item, "waived", "ann") for item in items])
    with work.database.reader() as con:
        assert not any("models failed" in query.why for query in sought(work, con))
