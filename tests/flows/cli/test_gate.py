"""``thresher gate``: what it says of two models whose trials are there, and how it ends."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import rounds

from store.file.database import Database
from store.verdicts import Verdict, save_verdicts

BOOK = Path(__file__).resolve().parents[3] / "sample" / "world" / "book"


@pytest.fixture(scope="module")
def landed(thresher: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample book, landed."""
    folder = tmp_path_factory.mktemp("gate") / "data"
    assert thresher("ingest", "textbooks", str(BOOK), "--data", str(folder), "--no-embed").returncode == 3
    return folder


@pytest.fixture
def data(landed: Path, tmp_path: Path) -> Path:
    shutil.copytree(landed, tmp_path / "data")
    return tmp_path / "data"


def ids(data: Path) -> list[str]:
    return [item["item_id"] for item in rounds.items(data)]


def asked(data: Path, model: str, failing: list[int]) -> None:
    """A round of each of the first items, of which so many trials fail."""
    rounds.asked(data, model, list(zip(ids(data), failing, strict=False)))


@pytest.fixture
def gate(thresher: Callable[..., Any], data: Path) -> Callable[..., Any]:
    def run(*arguments: str) -> Any:
        return thresher("gate", "--model", "new", "--baseline", "old", "--data", str(data), *arguments)

    return run


def test_an_equal_model_may_pass_and_what_could_have_been_seen_is_said(gate: Callable[..., Any], data: Path) -> None:
    asked(data, "old", [0] * 30 + [5] * 10)
    asked(data, "new", [5] * 2 + [0] * 30 + [5] * 8)
    done = gate("--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["passes"], told["new_failures"], told["fixed"], told["both_fail"]) == (0, True, 2, 2, 8)
    assert told["low"] < 0 == told["difference"] < told["high"]
    assert 0.1 < told["smallest"] < 0.4
    assert told["usd"] == {"new": pytest.approx(0.2), "old": pytest.approx(0.2)}
    assert "in 80% of all cases" in gate().stdout


def test_a_worse_model_is_stopped_and_each_new_failure_is_on_the_page(gate: Callable[..., Any], data: Path, tmp_path: Path) -> None:
    asked(data, "old", [0] * 40)
    asked(data, "new", [5] * 6 + [3] * 2 + [0] * 32)
    page, xml = tmp_path / "gate.md", tmp_path / "gate.xml"
    done = gate("--markdown", str(page), "--junit", str(xml))
    assert done.returncode == 1
    assert "it is worse: 8 new failures and 0 fixed ones" in done.stdout
    assert "new failures   8 (2 of them flaky)" in done.stdout
    text = page.read_text(encoding="utf-8")
    for item_id in ids(data)[:8]:
        assert f"### {item_id}" in text
    assert "    new says 0 <&" in text
    assert "    old says 0 <&" in text
    assert "\x1b" not in text
    suite = ElementTree.parse(xml).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("41", "7", "2")
    assert len(suite.findall("testcase/failure")) == 7


def test_a_condition_blocks_a_single_new_failure_but_no_flaky_one(gate: Callable[..., Any], data: Path) -> None:
    asked(data, "old", [0] * 10)
    asked(data, "new", [0, 3] + [0] * 8)
    assert gate("--block", "kind=exercise").returncode == 0


def test_a_new_failure_blocks_by_its_tier_unless_the_item_is_waived(gate: Callable[..., Any], data: Path) -> None:
    asked(data, "old", [0] * 10)
    asked(data, "new", [0, 5] + [0] * 8)
    assert gate().returncode == 0
    done = gate("--block", "tier>=reproduced", "--block", "reports>=2")
    assert (done.returncode, "1 new failures with tier>=reproduced" in done.stdout) == (1, True)
    assert "reports>=2" not in done.stdout
    save_verdicts(Database(data), [Verdict(ids(data)[1], "waived", "somebody")])
    assert gate("--block", "tier>=reproduced").returncode == 0


def test_what_cannot_be_compared_is_told(gate: Callable[..., Any], data: Path) -> None:
    for arguments, said in (
        ((), "no item has trials of both new and old: run `thresher evaluate new old` first"),
        (("--block", "colour=red"), "write NAME SIGN VALUE"),
        (("--block", "kind>=exercise"), "kind has no order"),
        (("--block", "tier>=certain"), "'certain' is no tier"),
    ):
        done = gate(*arguments)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
