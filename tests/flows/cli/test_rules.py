"""``thresher rules`` as a person types it: an amendment under a kill, another rulebook, coverage and a person's tie."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from driver import Command, Run

ROOT = Path(__file__).resolve().parents[3]
SPEC = ROOT / "tests" / "fixtures" / "rulebooks" / "spec.md"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config"))


def amend(command: Command, config: Path, failpoint: str = "") -> Any:
    words = ("--text", "Brackets first.", "--reason", "shorter", "--author", "ann", "--json")
    return command.run("rules", "amend", "arithmetic.order.1", *words, "--config", config, failpoint=failpoint)


@pytest.mark.parametrize("place", ["rulebook.written", "rulebook.renamed"])
def test_a_killed_amendment_that_is_repeated_is_there_once(command: Command, config: Path, place: str) -> None:
    assert amend(command, config, place).rc == -9
    listed = json.loads(command.run("rules", "history", "--config", config, "--json").out)
    assert len(listed) == (place == "rulebook.renamed")
    again = amend(command, config)
    assert again.rc == 0 or "has these words already" in again.err, again.err
    (act,) = json.loads(command.run("rules", "history", "arithmetic.order.1", "--config", config, "--json").out)
    assert (act["version"], act["author"], act["reason"]) == (2, "ann", "shorter")
    assert [path.name for path in (config / "rulebook" / "amendments").iterdir()] == ["0002.toml"]
    shown = [
        json.loads(command.run("rules", "show", "arithmetic.order", *more, "--config", config, "--json").out)
        for more in ((), ("--version", "1"))
    ]
    assert (shown[0]["text"], shown[1]["text"].startswith("Brackets, powers")) == ("Brackets first.", True)


def test_another_rulebook_is_imported_and_used_by_a_setting(thresher: Run, config: Path) -> None:
    made = thresher("rules", "import", str(SPEC), "--config", str(config), "--json")
    assert (json.loads(made.stdout)["tenets"], Path(json.loads(made.stdout)["folder"])) == (7, config / "spec")
    listed = thresher("rules", "list", "--config", str(config), "--json", THRESHER_RULEBOOK_FOLDER="spec")
    assert json.loads(listed.stdout)[0]["id"] == "speak_plainly.words.1"


def test_a_wrong_word_is_told_with_what_there_is(thresher: Run, config: Path) -> None:
    wrong = {
        ("show", "nothing.at.all"): "there is no rule 'nothing.at.all' in version 1",
        ("list", "nothing"): "there is no chapter 'nothing'; there are: arithmetic, ",
        ("amend", "arithmetic.order.1", "--reason", "x"): "say what changes: --text",
        ("amend", "arithmetic.order.1", "--reason", " ", "--repeal"): "--reason must say why",
        ("show", "arithmetic.order", "--version", "9"): "there is no version 9; versions are 1 to 1",
    }
    for argv, said in wrong.items():
        done = thresher("rules", *argv, "--config", str(config))
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_coverage_is_counted_and_a_persons_tie_stands_over_it(thresher: Run, data: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(data, tmp_path / "data"))
    before = json.loads(thresher("rules", "coverage", "--words", "--data", str(own), "--json").stdout)
    assert (before["rules"] >= 120, before["items"] > 0, before["tied"], before["covered"]["untested"]) == (True, True, 0, 0)
    computed = json.loads(thresher("rules", "coverage", "arithmetic.chance.1", "--data", str(own), "--json").stdout)
    assert computed
    assert {tie["basis"] for tie in computed} == {"request"}
    refused, other = computed[0]["item_id"], computed[1]["item_id"]
    assert thresher("rules", "tie", refused, "arithmetic.chance.1", "--not", "--data", str(own), "--author", "ann").returncode == 0
    assert thresher("rules", "tie", other[:12], "arithmetic.result.1", "--data", str(own), "--author", "ann").returncode == 0
    after = json.loads(thresher("rules", "coverage", "arithmetic.chance.1", "--data", str(own), "--json").stdout)
    assert [tie["item_id"] for tie in after] == [tie["item_id"] for tie in computed[1:]]
    (said,) = json.loads(thresher("rules", "coverage", "arithmetic.result.1", "--words", "--data", str(own), "--json").stdout)
    assert (said["item_id"], said["basis"], said["confidence"]) == (other, "person", 1.0)
