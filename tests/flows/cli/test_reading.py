"""``thresher read`` and ``thresher leads`` on posts made up for this."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thresher.pictures.ocr import why_not

SHOTS = Path(__file__).parents[2] / "fixtures" / "pictures"
POSTS: list[dict[str, Any]] = [
    {
        "id": "a",
        "title": "ChatGPT cannot count",
        "text": 'I asked ChatGPT "how many times does the letter n occur in the word nonconformist?" and it said two. Wrong, it is three.',
    },
    {"id": "b", "text": "The app is down again, and support does not answer my mails about the refund."},
    {"id": "c", "text": "Gemini keeps hallucinating book titles. Not one of them exists."},
    {"id": "d", "text": "   "},
]


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in POSTS), encoding="utf-8")
    return path


def test_every_row_is_answered_in_its_order(thresher: Callable[..., Any], posts: Path) -> None:
    done = thresher("read", "--records", str(posts))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]
    assert list(rows[0]) == ["id", "outcome", "reason", "fails", "prompt", "response", "model", "tier", "kind", "missing", "reader"]
    assert (rows[1]["outcome"], rows[3]["outcome"], rows[3]["reason"]) == ("refused", "refused", "no_text")
    assert rows[0]["outcome"] in ("item", "lead")
    assert rows[2]["outcome"] == "lead"
    assert rows[2]["fails"] > 0.5 > rows[1]["fails"]


def test_why_is_told_of_one_post(thresher: Callable[..., Any], posts: Path) -> None:
    done = thresher("read", "--records", str(posts), "--explain", "c")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("lead: ")
    assert "probability of a failure" in done.stdout
    assert "hallucinating book titles" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--records", "nowhere.jsonl"], "nowhere.jsonl: no such file"),
        (["--records", "{posts}", "--explain", "zz"], "holds no post with the id 'zz'"),
        (["--records", "{numbers}"], "name it by --set text_column=NAME"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(
    thresher: Callable[..., Any], posts: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    numbers = tmp_path / "numbers.jsonl"
    numbers.write_text('{"n": 1}\n', encoding="utf-8")
    done = thresher("read", *(a.format(posts=posts, numbers=numbers) for a in arguments))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_ingested_posts_balance_and_their_leads_are_shown(thresher: Callable[..., Any], posts: Path, tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    done = thresher("ingest", "posts", str(posts), "--data", data, "--json", "--no-embed")
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)["sources"]["posts"]
    known = numbers["landed"] + numbers["merged"] + numbers["leads"] + numbers["dead"] + sum(numbers["refused"].values())
    assert numbers["records"] == known == 4
    assert numbers["leads"] >= 1
    leads = json.loads(thresher("leads", "list", "--data", data, "--json").stdout)
    assert [lead["model"] for lead in leads if lead["record_key"].endswith(":c")] == ["Gemini"]
    shown = thresher("leads", "show", leads[-1]["record_key"], "--data", data)
    assert "what they say" in shown.stdout
    assert json.loads(thresher("status", "--data", data, "--json").stdout)["status"]["leads"]


@pytest.mark.skipif(bool(why_not()), reason=f"pictures: {why_not()}")
def test_pictures_beside_the_posts_are_read_with_them(thresher: Callable[..., Any], tmp_path: Path) -> None:
    shutil.copy(SHOTS / "gpt_dark-raspberry.png", tmp_path)
    data = base64.b64encode((SHOTS / "crop-capital.png").read_bytes()).decode()
    rows = [
        {"id": "file", "title": "ChatGPT still can't count letters", "text": "lol look at this", "pictures": ["gpt_dark-raspberry.png"]},
        {
            "id": "data",
            "title": "ChatGPT is wrong about capitals",
            "text": "See for yourself.",
            "pictures": [f"data:image/png;base64,{data}"],
        },
        {
            "id": "away",
            "title": "ChatGPT is wrong",
            "text": "See it.",
            "pictures": ["https://pictures.example.org/a.png", "../../etc/passwd"],
        },
    ]
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = thresher("read", "--records", str(path))
    assert done.returncode == 0, done.stderr
    file, inline, away = (json.loads(line) for line in done.stdout.splitlines())
    assert (file["outcome"], file["prompt"], file["from_picture"]) == ("item", "How many r's are in the word raspberry?", True)
    assert (inline["outcome"], inline["prompt"]) == ("item", "What is the capital of Australia?")
    assert away["prompt"] is None
    assert "pictures: read 2, not_fetched 1, no_file 1" in done.stderr
