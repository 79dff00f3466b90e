"""``thresher judge calibrate`` beside a judge on a server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer

CONFIG = Path(__file__).resolve().parents[3] / "config"


def judged(body: dict[str, Any]) -> Any:
    """A judge who passes what is green, prefers it, and errs on one answer in twenty."""
    case = json.loads(body["messages"][-1]["content"].split("\n")[1])
    if "A" in case:
        letter = "A" if "green" in case["A"] else "B"
        return {"why": "green", "better": letter, "words": case[letter], "steers": "none"}
    right = "green" in case["answer"] and "odd" not in case["answer"]
    return {"why": "by its colour", "verdict": "pass" if right else "fail", "words": case["answer"], "steers": False}


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    rows: list[dict[str, Any]] = []
    for n in range(64):
        colour = "green" if n % 2 else "red"
        rows.append(
            {"id": f"r{n}", "prompt": "Name a colour of grass.", "reference": "Green.", "verdict": "pass" if n % 2 else "fail",
             "response": f"It is {colour}{', if odd' if n in (1, 3) else ''} ({n})."}
        )  # fmt: skip
    pair = {"prompt": "Name a colour of grass.", "reference": "Green.", "response": "red, I think", "other": "green", "better": "B"}
    file = tmp_path / "people.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, pair]), encoding="utf-8")
    return file


def test_a_judge_gates_on_a_set_that_it_meets_for_the_first_time(thresher: Callable[..., Any], tmp_path: Path, labelled: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    with ChatServer(judged) as server:
        lines = {"name": "j", "endpoint": server.url, "served_id": "small-1", "family": "birch", "tries": 1}
        (folder / "models.toml").write_text("[[models]]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in lines.items()))
        command = (
            "judge",
            "calibrate",
            str(labelled),
            "--judge",
            "j",
            "--answers",
            str(tmp_path / "answers.jsonl"),
            "--config",
            str(folder),
        )
        done = thresher(*command, "--json")
        report = json.loads(done.stdout)
        assert (done.returncode, report["may_gate"], report["why_not"]) == (0, True, [])
        assert (report["tpr"]["value"], report["tnr"]["value"], report["kappa"]["value"]) == (0.9375, 1.0, 0.9375)
        assert [row["id"] for row in report["disagreements"]] == ["r1", "r3"]
        assert (report["retest_kappa"], report["pairs_agree"]["value"], report["pairs_flipped"]["value"]) == (1.0, 1.0, 0.0)
        asked = server.served
        assert asked == 2 * 64 + 2
        again = thresher(*command)
        assert again.returncode == 1
        assert "66 of its answers were kept from before" in again.stdout
        assert server.served == asked + 64


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"prompt": "p", "verdict": "pass"}, "row 1 has no response"),
        ({"prompt": "p", "response": "r", "verdict": "fine", "rubric": "x"}, "verdict is pass, fail or borderline"),
        ({"prompt": "p", "response": "r", "verdict": "pass"}, "nothing to judge by"),
        ({"prompt": "p", "response": "r", "better": "C", "rubric": "x"}, "better is A"),
    ],
)
def test_a_row_that_lacks_something_is_told(thresher: Callable[..., Any], tmp_path: Path, row: dict[str, str], told: str) -> None:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    (folder / "models.toml").write_text('[[models]]\nname = "j"\nendpoint = "http://127.0.0.1:9/v1"\nserved_id = "s"\n')
    (tmp_path / "people.jsonl").write_text(json.dumps(row))
    done = thresher("judge", "calibrate", str(tmp_path / "people.jsonl"), "--judge", "j", "--config", str(folder))
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
