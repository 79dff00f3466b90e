"""``thresher diagnose``: weaknesses that are there are named, and those that chance would make are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rounds

from store.file.database import Database
from store.verdicts import Verdict, save_verdicts

TAG, LONELY = "date", "unit"
CITED = json.dumps({"words": "7", "rules": ["arithmetic.result.1"], "precedents": [], "rulebook": 1, "digest": "x"})


@pytest.fixture
def diagnose(thresher: Callable[..., Any], copy: Path) -> Callable[..., Any]:
    with Database(copy).transaction() as con:
        con.execute(
            "UPDATE items SET tags = CASE WHEN item_id IN (SELECT item_id FROM items ORDER BY 1 LIMIT 12) THEN ['date'] ELSE [] END"
        )
        con.execute("UPDATE items SET tags = ['unit'] WHERE item_id = (SELECT max(item_id) FROM items)")

    def run(*arguments: str) -> Any:
        done = thresher("diagnose", *arguments, "--words", "--data", str(copy))
        return json.loads(done.stdout) if "--json" in arguments and done.returncode == 0 else done

    return run


def weak_in(data: Path, tag: str, model: str) -> list[str]:
    """The model fails every item with the tag and no other."""
    every = rounds.items(data)
    rounds.asked(
        data, model, [(one["item_id"], 5 * (tag in one["tags"])) for one in every], evidence=CITED, scorer_version="verdict_1+rules_1-x"
    )
    return [one["item_id"] for one in every if tag in one["tags"]]


def by_path(told: dict[str, Any], kind: str = "groups") -> dict[str, dict[str, Any]]:
    return {"/".join(path): group for group in told[kind] for path in group["paths"]}


def test_the_tag_that_a_model_is_weak_in_is_named_with_its_rate_and_the_rule_that_is_broken(diagnose: Any, copy: Path) -> None:
    failing = weak_in(copy, TAG, "small")
    told = diagnose("small", "--json")
    group = by_path(told)[f"tag/{TAG}"]
    assert (group["failed"], group["rate"], group["differs"], group["weaker"]) == (len(failing), 1.0, True, True)
    assert group["low"] < 1.0
    assert told["broken"][0] | {"trial": ""} == {"rule": "arithmetic.result.1", "items": len(failing), "trial": "", "before": None}
    text = diagnose("small").stdout
    assert f"    {TAG}: {len(failing)} of {len(failing)} fail, 100%" in text
    assert "arithmetic.result.1" in text


def test_a_group_with_too_few_trials_says_so_in_place_of_a_rate(diagnose: Any, copy: Path) -> None:
    weak_in(copy, TAG, "small")
    told = diagnose("small", "--json")
    assert by_path(told)[f"tag/{LONELY}"] == {"paths": [["tag", LONELY]], "items": 1, "too_few": True}
    assert f"too few trials to tell, whatever had come out, 1 groups: tag / {LONELY} (1)" in diagnose("small").stdout


def test_waived_items_leave_every_rate(diagnose: Any, copy: Path) -> None:
    failing = weak_in(copy, TAG, "small")
    save_verdicts(Database(copy), [Verdict(item_id, "waived", "ann") for item_id in failing])
    told = diagnose("small", "--json")
    assert (told["failed"], told["skipped"]) == (0, {"waived, rejected or retired": len(failing)})
    assert f"tag/{TAG}" not in by_path(told)


def test_what_changed_since_the_baseline_is_told_by_group(diagnose: Any, copy: Path) -> None:
    failing = weak_in(copy, TAG, "new")
    rounds.asked(copy, "old", [(one["item_id"], 0) for one in rounds.items(copy)])
    told = diagnose("new", "--baseline", "old", "--json")
    change = by_path(told, "changes")[f"tag/{TAG}"]
    assert (change["new_failures"], change["fixed"], change["differs"]) == (len(failing), 0, True)
    assert told["broken"][0]["before"] == 0
    text = diagnose("new", "--baseline", "old").stdout
    assert f"{len(failing)} new failures, 0 fixed" in text
    assert f"worse: tag / {TAG}" in text


def test_a_model_without_trials_is_told_what_to_do(diagnose: Any) -> None:
    done = diagnose("nobody")
    assert (done.returncode, "run `thresher evaluate nobody` first" in done.stderr) == (2, True)
