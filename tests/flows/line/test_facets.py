"""Talks of a log as they reach the tree: without personal data, under a keyed hash, each with the way in which its user was let down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.line import facets
from flows.line.harvesting import ingest_files
from flows.line.opening import open_run
from flows.line.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    work = Workspace.open(tmp_path / "data", ROOT / "config", create=True)
    file = tmp_path / "log.jsonl"
    asked = [(f"Write a mail to bakery{n}@example.org and order bread.", f"user-{n}") for n in range(6)]
    turns = [[{"role": "user", "content": text}, {"role": "assistant", "content": "Done: two cakes."}] for text, _ in asked]
    for talk in turns[:5]:
        talk += [{"role": "user", "content": "That's wrong, I said bread."}, {"role": "assistant", "content": "Sorry."}]
    rows = [{"id": n, "messages": talk, "user_key": user} for n, (talk, (_, user)) in enumerate(zip(turns, asked, strict=True))]
    file.write_text("\n".join(json.dumps(row) for row in rows))
    with open_run(work, "test") as run:
        ingest_files(run, "usage", [file, ROOT / "tests" / "fixtures" / "usage" / "wildchat.jsonl"])
    return work


def test_the_tree_is_of_texts_without_personal_data(work: Workspace) -> None:
    with work.database.reader() as con:
        talks = list(facets._talks(facets.newest_talks(con, ["usage"], 100), work.rules))
    ways = sorted(talk.way for talk in talks)
    assert ways == ["", *["complained"] * 6, facets.REFUSED]
    assert {talk.text for talk in talks if "bread" in talk.text} == {"Write a mail to [EMAIL] and order bread."}
    assert all(talk.user and not talk.user.startswith(("user-", "ip-")) for talk in talks)
    root = facets.usage_facets(work, ["usage"])
    assert (root.talks, root.users, dict(root.failed)) == (8, 8, {"complained": 6})
    assert [(part.talks, dict(part.failed)) for part in root.parts] == [(7, {"complained": 5})]  # a letter is near to a mail
