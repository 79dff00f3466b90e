"""What stands in sample/world: its size, its variety, and that the truth speaks of posts that exist."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]
import pytest
from lxml import etree

from sample import truth
from sample.content import SECOND_NIGHT, WORLD, tables
from sample.sites import discourse, reddit_things, stackexchange
from sample.sites.github_issues import TRACKER
from sample.sites.hub import NEW_LAYOUT, OLD_LAYOUT, files


def keys() -> Iterator[str]:
    for post in tables("reddit"):
        yield f"reddit:{post['sub']}:t3_{post['id']}"
        yield from (f"reddit:{post['sub']}:t1_{c['id']}" for c in post.get("comments", ()))
    yield from (f"discourse:wrenhouse:{t['id']}/{number}" for t in tables("discourse") for number, _ in enumerate(t["posts"], 1))
    for question in tables("stackexchange"):
        yield from (f"stackexchange:{question['site']}:{e['id']}" for e in (question, *question.get("answers", ())))
    for issue in tables("github_"):
        yield f"github_issues:{TRACKER}:{issue['number']}"
        yield from (f"github_issues:{TRACKER}:{issue['number']}/{c['id']}" for c in issue.get("comments", ()))


def books() -> Iterator[str]:
    for path in WORLD.glob("book*/modules/*/index.cnxml"):
        root = etree.parse(str(path), etree.XMLParser(recover=True)).getroot()
        yield from (f"textbooks:everyday-measures:{path.parent.name}/{e.get('id')}" for e in root.iter("{*}exercise"))


def battles() -> Iterator[str]:
    rows = pq.read_table(io.BytesIO(files(NEW_LAYOUT)["data/train-00000-of-00001.parquet"]), columns=["id"]).to_pylist()
    yield from (f"arena:arena-battles:{r['id']}" for r in rows)
    yield from (f"arena:arena-conversations:{json.loads(r)['question_id']}" for r in files(OLD_LAYOUT)["conversations.jsonl"].splitlines())


def test_there_are_enough_posts_and_no_id_twice() -> None:
    found = list(keys())
    assert len(found) == len(set(found))
    assert len(found) + len(list(battles())) >= 480


def test_the_truth_speaks_of_what_exists() -> None:
    known = {*keys(), *books(), *battles()}
    said = truth()
    paired = {key for pair in (*said.exact, *said.paraphrase, *said.apart) for key in (pair.first, pair.second)}
    assert paired | {p.key for p in said.posts} <= known


def test_no_pair_is_planted_both_ways() -> None:
    said = truth()
    same = {frozenset((p.first, p.second)) for p in (*said.exact, *said.paraphrase)}
    apart = {frozenset((p.first, p.second)) for p in said.apart}
    assert not same & apart
    assert len(same) == len(said.exact) + len(said.paraphrase)


def test_no_post_is_called_a_failure_and_none() -> None:
    found = [p.key for p in truth().posts]
    assert len(found) == len(set(found))


def test_a_blamed_model_is_named_in_its_thread() -> None:
    texts: dict[str, str] = {}
    for post in tables("reddit"):
        whole = " ".join([post["title"], post.get("text", ""), post.get("night2", {}).get("text", "")])
        texts[f"reddit:{post['sub']}:t3_{post['id']}"] = whole
        texts |= {f"reddit:{post['sub']}:t1_{c['id']}": whole + c["text"] for c in post.get("comments", ())}
    for topic in tables("discourse"):
        whole = topic["title"] + " ".join(p["text"] for p in topic["posts"])
        texts |= {f"discourse:wrenhouse:{topic['id']}/{number}": whole for number, _ in enumerate(topic["posts"], 1)}
    for issue in tables("github_"):
        texts[f"github_issues:{TRACKER}:{issue['number']}"] = issue["title"] + issue["text"]
    missing = [p for p in truth().posts if p.model and p.model.lower() not in texts[p.key].lower()]
    assert missing == []


@pytest.mark.parametrize("night", [1, 2])
def test_ids_of_a_night_give_times_of_that_night(night: int) -> None:
    moments = [reddit_things.created_at(p["id"]) for p in tables("reddit") if p.get("night", 1) == night]
    moments += [discourse.created_at(p["id"]) for t in tables("discourse") for p in t["posts"] if p.get("night", 1) == night]
    moments += [stackexchange.created_at(q["id"]) for q in tables("stackexchange") if q.get("night", 1) == night]
    assert all((m < SECOND_NIGHT) == (night == 1) for m in moments) or night == 2
    assert max(moments) < SECOND_NIGHT.replace(day=30)


def test_addresses_are_reserved_ones() -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in WORLD.glob("*.toml"))
    assert set(re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", text)) <= {"example.org"}
    assert set(re.findall(r"\+1 555 \d+", text)) == {"+1 555 0100"}


def test_the_world_stays_small() -> None:
    assert sum(p.stat().st_size for p in WORLD.rglob("*") if p.is_file()) < 1_000_000
