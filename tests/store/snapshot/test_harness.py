"""Snapshots in the harnesses of others: the key scores, nothing else does, and every item arrives with its id."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import harness_run
import pytest
import yaml
from loopback_hub import TOKEN, LoopbackHub

from store import items, pages, runs
from store.file.database import FILE as DATABASE
from store.file.database import Database
from store.snapshot.freeze import freeze
from store.snapshot.harness import harness_files
from store.snapshot.publishing import publish
from store.snapshot.remote import Remote
from store.snapshot.settings import Export
from store.snapshot.tasks import way_of
from thresher.model import Candidate, Message, Page, Record
from thresher.scorers.ways import comparable

HARNESSED = {"choice", "keyed", "maths", "preference", "nc-keyed"}
ITEMS: list[dict[str, Any]] = [
    {"prompt": "Which is a unit of pressure?\n\nA) newton\nB) pascal", "target": "B) pascal", "choices": ("newton", "pascal")},
    {"prompt": "Which boils first?\n\nA) ether\nB) water", "target": "A) ether", "choices": ("ether", "water")},
    {"prompt": "How many inhabitants after two years?", "target": "20,800"},
    {"prompt": "What share is that?", "target": "\\(75\\%\\)"},
    {"prompt": "Is {x} a function? Say which {kind}.", "target": "Function."},
    {"prompt": "What is left of 9, if 12 go?", "target": "\\(-3\\)", "licence": "CC-BY-NC-4.0"},
    {"prompt": "Add a half and a third.", "target": "\\(\\frac{5}{6}\\)"},
    {"prompt": "Solve \\(3x-5 = 20\\).", "target": "\\(x = \\frac{25}{3}\\)"},
    {"prompt": "Why do eggs take longer on a mountain?", "target": "The pressure is lower there, so water boils at a lower temperature."},
    {"prompt": "Write me a sonnet about rust.", "rubric": "It has fourteen lines."},
    {"prompt": "Who are you?"},
    {"prompt": "Say hello.", "target": "Hello, reader of this.", "choices": ("Hello, reader of this.", "What?"), "kind": "preference"},
]  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    """One with rows of each way of scoring."""
    folder = tmp_path_factory.mktemp("harness")
    shutil.copyfile(template, folder / DATABASE)
    database = Database(folder, memory_limit="256MB")
    records, candidates = [], []
    for n, given in enumerate(ITEMS):
        more = {"kind": "question", "licence": "CC-BY-4.0", **given}
        prompt = more.pop("prompt")
        key = "sourced" if more.get("target") else "none"
        record = Record("forum", "x", f"n{n}", "https://example.org/", "question", prompt, licence=more["licence"], export_class="full")
        records.append(record)
        candidates.append(
            Candidate(
                record.key, messages=(Message("user", prompt),), rule="r", rule_version="1", export_class="full", key_status=key, **more
            )
        )
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        page = Page("forum", "x", "https://example.org/", 200, {}, b"page", datetime(2026, 2, 1, tzinfo=UTC))
        pages.land_batch(con, run_id, [pages.PageResult(page, records)])
        items.land_outcomes(con, run_id, "forum", candidates, records)
    return Path(freeze(database, "s1", folder / "snapshots", Export(version="1")).path)


@pytest.mark.parametrize(
    ("target", "way", "answer"),
    [
        ("60", "keyed", "60"),
        ("\\(-44\\)", "keyed", "-44"),
        ("\u22124.5", "keyed", "-4.5"),
        ("\\(665,280.\\)", "keyed", "665280"),
        ("14.3 %", "keyed", "14.3%"),
        ("No solution.", "keyed", "No solution"),
        ("b", "keyed", "b"),
        ("\\(\\frac{5}{36}\\).", "maths", "\\frac{5}{36}"),
        ("\\((2,0)\\)", "maths", "(2,0)"),
        ("\\(2,12\\)", None, ""),
        ("\\(x = 2\\) or \\(x = 3\\)", None, ""),
        ("\\(a = b = 4\\)", None, ""),
        ("20 m/s", None, ""),
        ("\\(5.00\\ \\text{N}\\)", None, ""),
        ("\\(p \\approx 2.67\\)", None, ""),
        ("About 0.51", None, ""),
        ("23, 24 and 25", None, ""),
        ("They land together, both at once.", None, ""),
        ("", None, ""),
    ],
)
def test_a_key_is_compared_by_a_program_only_where_one_can(target: str, way: str | None, answer: str) -> None:
    assert comparable(target) == (way, answer)


def test_every_row_that_is_scored_has_an_answer_in_the_form_of_its_way(snapshot: Path) -> None:
    rows = list(harness_run.rows_of(snapshot).values())
    assert len(rows) == len(ITEMS)
    answers = {
        way: sorted(row["answer"] for row in rows if way_of(row["config"]) == way) for way in ("choice", "keyed", "maths", "preference")
    }
    assert answers == {
        "choice": ["A", "B"],
        "keyed": ["-3", "20800", "75%", "Function"],
        "maths": ["\\frac{5}{6}", "x = \\frac{25}{3}"],
        "preference": ["A"],
    }
    assert {row["input"]: row["answer"] for row in rows if row["config"] == "judged"} == {
        "Why do eggs take longer on a mountain?": "The pressure is lower there, so water boils at a lower temperature.",
        "Write me a sonnet about rust.": "It has fourteen lines.",
    }
    assert [row["answer"] for row in rows if row["config"] == "unkeyed"] == [""]
    assert sorted(row["question"] for row in rows if row["config"] == "choice") == ["Which boils first?", "Which is a unit of pressure?"]


TASK = {"id", "config", "split", "field_spec", "solvers", "scorers"}
FIELDS = {"input", "target", "choices", "metadata"}


def test_eval_yaml_has_the_keys_that_inspect_knows_and_one_scorer_for_each_task(snapshot: Path) -> None:
    said = yaml.safe_load((snapshot / "eval.yaml").read_text(encoding="utf-8"))
    assert said.keys() == {"name", "description", "evaluation_framework", "tasks"}
    assert {task["config"] for task in said["tasks"]} == HARNESSED
    columns = set(next(iter(harness_run.rows_of(snapshot).values())))
    for task in said["tasks"]:
        spec = task["field_spec"]
        assert task.keys() == TASK
        assert spec.keys() <= FIELDS
        assert {spec["input"], spec["target"], *spec["metadata"]} <= columns
        assert "item_id" in spec["metadata"]
        assert len(task["scorers"]) == 1


def test_a_snapshot_that_no_harness_can_score_carries_nothing_to_run() -> None:
    assert harness_files("s1", ["unkeyed", "nc-unkeyed", "ids"]) == {}
    assert [path for path in harness_files("s1", ["cc-by-sa-judged"])] == ["harness/inspect_judged.py"]


@pytest.mark.parametrize("side", ["key", "wrong", "empty"])
def test_the_patterns_of_both_harnesses_take_the_key_and_nothing_else(snapshot: Path, side: str) -> None:
    tasks = yaml.safe_load((snapshot / "eval.yaml").read_text(encoding="utf-8"))["tasks"]
    patterns = [(t["config"], s["args"]["pattern"]) for t in tasks for s in t["scorers"] if s["name"] == "pattern"]
    for path in (snapshot / "harness" / "lm_eval").iterdir():
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        config = said["dataset_kwargs"]["data_files"]["test"].partition("/")[0]
        patterns.append((config, said["filter_list"][0]["filter"][0]["regex_pattern"]))
    rows = harness_run.rows_of(snapshot).values()
    for config, pattern in patterns:
        for row in (row for row in rows if row["config"] == config):
            match = re.search(pattern, harness_run.said(side, row))
            assert (match is not None and match[1].lower() == row["answer"].lower()) is (side == "key"), (config, row["answer"])


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("**ANSWER: 60**", "60"),
        ("answer: \\(60\\).", "60"),
        ("ANSWER: $60$\n", "60"),
        ("ANSWER: 5\n\nNo:\nANSWER: 60", "60"),
        ("ANSWER: -60", "-60"),
        ("ANSWER: 60\nor 61", "60\nor 61"),
        ("The answer is 60", None),
        ("ANSWER:", None),
    ],
)
def test_an_answer_is_read_without_the_marks_around_it(response: str, answer: str | None) -> None:
    (task,) = yaml.safe_load(harness_files("s1", ["keyed"])["eval.yaml"])["tasks"]
    match = re.search(task["scorers"][0]["args"]["pattern"], response)
    assert (match and match[1]) == answer


def run(*arguments: str, **environment: str) -> dict[str, harness_run.Scores]:
    """What a harness scored, in a process of its own that finds what this one finds."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HF_HUB_DISABLE_XET": "1", **environment}
    done = subprocess.run([sys.executable, harness_run.__file__, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-2000:]
    scores: dict[str, harness_run.Scores] = json.loads(done.stdout.splitlines()[-1])
    return scores


def expected(snapshot: Path, configs: set[str], name: str) -> dict[str, harness_run.Scores]:
    """Of each task every item, by its id: 1 for its key, else 0."""
    rows = harness_run.rows_of(snapshot)
    return {
        side: {name.format(c): {i: float(side == "key") for i, row in rows.items() if row["config"] == c} for c in configs}
        for side in ("key", "wrong", "empty")
    }


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_inspect_runs_it_from_the_hub_and_scores_the_key_alone(snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("inspect_ai", reason="runs where Inspect is installed: pip install inspect-ai")
    pytest.importorskip("latex2sympy2_extended", reason="Inspect's scorer for formulas: pip install latex2sympy2-extended==1.11.0")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with LoopbackHub() as hub:
        publish(snapshot, Remote("lab/failures", hub.url))
        environment = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path)}
        assert run("inspect", str(snapshot), "hf/lab/failures@s1", **environment) == expected(snapshot, HARNESSED, "hf/lab/failures@s1/{}")


def test_inspect_lets_a_judge_score_what_no_program_can(snapshot: Path, tmp_path: Path) -> None:
    pytest.importorskip("inspect_ai", reason="runs where Inspect is installed: pip install inspect-ai")
    assert run("judged", str(snapshot), "judged", HF_HOME=str(tmp_path)) == expected(snapshot, {"judged"}, "judged")


def test_lm_eval_scores_the_key_alone(snapshot: Path, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="runs where lm-evaluation-harness is installed: pip install 'lm-eval[api]'")
    scores = run("lm_eval", str(snapshot), HF_HOME=str(tmp_path))
    by_task = expected(snapshot, {"choice", "keyed", "preference", "nc-keyed"}, "thresher_{}")
    assert scores == {side: {task.replace("-", "_"): found for task, found in tasks.items()} for side, tasks in by_task.items()}
