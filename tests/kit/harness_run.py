"""Runs a snapshot in a harness of somebody else, with a model that gives every key, a wrong answer, or nothing; prints every score.

    python harness_run.py inspect|judged|lm_eval FOLDER [SPEC]

SPEC is what Inspect is asked to run. Prints {side: {task: {item_id: score}}}. A program of its own: the harness reads where the Hub is when
it is imported, and neither harness may need what thresher has installed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Row = dict[str, Any]
Scores = dict[str, dict[str, float]]


def rows_of(folder: Path) -> dict[str, Row]:
    """By item, with its configuration."""
    tables = {path.parent.name: pq.read_table(path).to_pylist() for path in sorted(folder.glob("*/*.parquet"))}
    return {row["item_id"]: {**row, "config": config} for config, rows in tables.items() for row in rows}


def wrong(row: Row) -> str:
    """An answer that ends with the key, or is near it, and is wrong."""
    way = row["config"].rpartition("-")[2]
    if way in ("choice", "preference"):
        return next(letter for letter in "AB" if letter != row["answer"])
    if way == "maths":
        return f"{row['answer']}+1"
    return f"1{row['answer']}" if row["answer"][0].isdigit() else f"not {row['answer']}"


def said(side: str, row: Row) -> str:
    """The response of a model that is on this side."""
    answer = {"key": row["answer"], "wrong": wrong(row), "empty": ""}[side]
    if side == "empty" or row["config"].endswith("preference"):
        return answer
    thought = "" if row["config"].endswith("judged") else f"At first ANSWER: {row['answer']} comes to mind.\n\nANSWER: "
    return f"{thought}{answer}"


def asked_of(rows: dict[str, Row], prompt: str) -> Row:
    """The row that a prompt is about: the one of which most stands in it."""
    asked = [row for row in rows.values() if (row.get("question") or row.get("input") or prompt + "?") in prompt]
    return max(asked, key=lambda row: len(row["input"]))


def by_inspect(folder: Path, side: str, **arguments: Any) -> Scores:
    """The scores of one evaluation, C as 1."""
    from inspect_ai import eval as evaluate
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    rows = rows_of(folder)

    def model(answer: Callable[[str], str]) -> Any:
        def output(messages: list[Any], *_: Any) -> ModelOutput:
            made = ModelOutput.from_content("mockllm/model", answer("\n\n".join(m.text for m in messages)))
            made.usage = ModelUsage()  # else it is counted, by a tokenizer that is downloaded
            return made

        return get_model("mockllm/model", custom_outputs=output, memoize=False)

    def grade(prompt: str) -> str:
        submission, criterion = prompt.partition("[Submission]:")[2].split("[Criterion]:")
        key = criterion.partition("***")[0].strip()
        return f"GRADE: {'C' if submission.partition('***')[0].strip() == key else 'I'}"

    logs = evaluate(
        model=model(lambda prompt: said(side, asked_of(rows, prompt))),
        model_roles={"grader": model(grade)},
        display="none",
        log_dir=str(folder.parent / "logs"),
        **arguments,
    )
    for log in logs:
        assert log.status == "success", log.error
    return {
        log.eval.task: {s.metadata["item_id"]: float(score.value == "C") for s in log.samples for score in s.scores.values()}
        for log in logs
        if log.samples
    }


def by_lm_eval(folder: Path, side: str) -> Scores:
    """The same of every task beside the snapshot, run in its folder."""
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    class Model(LM):
        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            rows = rows_of(Path())
            for request in requests:
                assert asked_of(rows, request.args[0])["item_id"] == request.doc["item_id"]
            return [said(side, rows[request.doc["item_id"]]) for request in requests]

        def loglikelihood(self, requests: Any) -> Any:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: Any) -> Any:
            raise NotImplementedError

    os.chdir(folder)
    tasks = sorted(path.stem for path in Path("harness/lm_eval").glob("*.yaml"))
    manager = TaskManager(include_path="harness/lm_eval", include_defaults=False)
    done = simple_evaluate(model=Model(), tasks=tasks, task_manager=manager, log_samples=True, bootstrap_iters=0)
    return {task: {s["doc"]["item_id"]: float(s["exact_match"]) for s in samples} for task, samples in done["samples"].items()}


def main(harness: str, folder: Path, spec: str = "") -> dict[str, Scores]:
    sides = ("key", "wrong", "empty")
    if harness == "lm_eval":
        return {side: by_lm_eval(folder, side) for side in sides}
    if harness == "inspect":
        return {side: by_inspect(folder, side, tasks=spec) for side in sides}
    os.chdir(folder)
    return {side: by_inspect(folder, side, tasks="harness/inspect_judged.py", task_args={"config": spec}) for side in sides}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]).resolve(), *sys.argv[3:])))
