"""A verdict that cites what is not so is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from thresher.rulebook import load
from thresher.rulebook.checking import faults
from thresher.rulebook.model import Ruled

STATED: dict[str, Any] = {
    "asked": "Is the lamp lit?",
    "responses": [{"text": "It is lit, dear friend.", "decides": ["It is lit"]}, {"text": "It is dark.", "decides": ["dark"]}],
    "verdict": "first",
    "rules": ["constitution.truth", "lamps.lit.1", "lamps.short.1"],
    "reason": "It burns.",
    "version": 1,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"version": 2}, "given by version 2"),
        ({"rules": ["lamps.none.1"]}, "cites lamps.none.1, which version 1 does not have"),
        ({"rules": ["lamps.short.1", "lamps.lit.1"]}, "lamps.lit.1 stands above lamps.short.1"),
        ({"rules": ["lamps.lit.1", "constitution.truth"]}, "constitution.truth stands above lamps.lit.1"),
        ({"rules": ["lamps.lit.1", "lamps.lit.1"]}, "more than once"),
        ({"verdict": "pass"}, "does not fit 2 responses"),
        ({"responses": [{"text": "It is lit.", "decides": ["it is lit"]}], "verdict": "pass"}, "does not hold the words 'it is lit'"),
        ({"responses": [{"text": "It is lit."}], "verdict": "pass"}, "names no words"),
        ({"responses": [{"text": "It is lit.", "decides": [" "]}], "verdict": "pass"}, "are empty"),
    ],
)
def test_each_fault_is_said(folder: Path, changed: dict[str, Any], said: str) -> None:
    told = faults(load(folder), Ruled.model_validate({**STATED, **changed}))
    assert (not told) if not said else any(said in one for one in told), told
