"""Items go to other labelling tools, and their labels come back as verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from driver import Run

ANN = "0d6f1c0e-2c5b-4a3e-9a63-51c6f7a5c001"


def exported(thresher: Run, data: Path, tool: str) -> list[dict[str, Any]]:
    out = data.parent / "items.json"
    done = thresher("labels", "export", str(out), "--format", tool, "--data", str(data))
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(out.read_text())
    return rows


def imported(thresher: Run, data: Path, tool: str, rows: Any, *more: str) -> tuple[int, dict[str, Any]]:
    file = data.parent / "labelled.json"
    file.write_text(json.dumps(rows))
    done = thresher("labels", "import", str(file), "--format", tool, "--json", "--data", str(data), *more)
    return done.returncode, json.loads(done.stdout)


def labelled(tool: str, row: dict[str, Any], word: str, reason: str) -> dict[str, Any]:
    """The row as the tool gives it back."""
    if tool == "argilla":
        answers = {"verdict": [{"value": word, "user_id": ANN}], "reason": [{"value": reason, "user_id": ANN}]}
        return {**row, "responses": answers, "_server_id": "5b1f"}
    result = [
        {"id": "a1", "from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": [word]}},
        {"id": "a2", "from_name": "reason", "to_name": "text", "type": "textarea", "value": {"text": [reason]}},
    ]
    annotation = {"id": 7, "completed_by": {"id": 3, "email": ANN}, "result": result, "was_cancelled": False, "updated_at": "2026-03-01"}
    return {"id": 1, **row, "annotations": [annotation]}


@pytest.mark.parametrize("tool", ["argilla", "label-studio"])
def test_a_label_is_a_verdict_of_that_person_once_and_what_is_none_is_counted(thresher: Run, copy: Path, tool: str) -> None:
    rows = exported(thresher, copy, tool)
    item_id = rows[0]["id"] if tool == "argilla" else rows[0]["data"]["item_id"]
    good = [labelled(tool, rows[0], "rejected", "two answers are right"), labelled(tool, rows[1], "active", "taken back")]
    assert imported(thresher, copy, tool, good, "--person", f"{ANN}=ann") == (0, {"taken": 2, "said_already": 0, "not_taken": {}})
    shown = json.loads(thresher("show", item_id, "--json", "--data", str(copy)).stdout)
    assert (shown["status"], shown["verdicts"][-1]["author"], shown["verdicts"][-1]["reason"]) == (
        "rejected",
        "ann",
        "two answers are right",
    )
    assert len(exported(thresher, copy, tool)) == len(rows) - 2

    stranger, changed = json.loads(json.dumps(rows[2:4]))
    if tool == "argilla":
        stranger["id"], changed["metadata"]["version"] = "f" * 32, 9
    else:
        stranger["data"]["item_id"], changed["data"]["version"] = "f" * 32, 9
    bad = [labelled(tool, stranger, "active", ""), labelled(tool, changed, "active", ""), labelled(tool, rows[4], "splendid", ""), {"x": 1}]
    code, told = imported(thresher, copy, tool, [*good, *bad], "--person", f"{ANN}=ann")
    reasons = {"no_such_item": 1, "item_changed": 1, "no_such_verdict": 1, "not_of_this_format": 1}
    assert (code, told) == (3, {"taken": 0, "said_already": 2, "not_taken": reasons})
    assert len((copy / "verdicts.jsonl").read_text().splitlines()) == 2


def test_a_skipped_task_and_an_empty_annotation_are_no_verdicts(thresher: Run, copy: Path) -> None:
    row = exported(thresher, copy, "label-studio")[0]
    skipped = labelled("label-studio", row, "active", "")
    skipped["annotations"] += [{"completed_by": 3, "result": []}]
    skipped["annotations"][0]["was_cancelled"] = True
    code, told = imported(thresher, copy, "label-studio", [skipped])
    assert (code, told["taken"], told["not_taken"]) == (3, 0, {"skipped_there": 1, "no_verdict_given": 1})
