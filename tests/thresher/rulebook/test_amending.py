"""Amendments make versions, cases are added, and neither changes what is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from thresher.errors import UsageError
from thresher.rulebook import Case, Rulebook, load
from thresher.rulebook.amending import amend, decide
from thresher.rulebook.model import Response
from thresher.rulebook.reading import altered

AT = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
ODD = 'He said """no""" \\ and\nleft.\x7f\t"'


def amended(folder: Path, rule_id: str, reason: str = "It was vague.", **words: Any) -> Rulebook:
    rule = load(folder).rules[rule_id].model_copy(update=words)
    return amend(folder, rules=[rule], author="ann", reason=reason, at=AT)[1]


def case(**changed: Any) -> Case:
    stated = {
        "id": "case.0000", "asked": "Is the lamp lit?", "verdict": "first", "rules": ("lamps.lit.1",), "reason": "It is.", "by": "ann",
        "at": AT, "version": 1, "responses": (Response(text=ODD, decides=("no",)), Response(text="It is dark.", decides=("dark",))),
    }  # fmt: skip
    return Case.model_validate({**stated, **changed})


def test_an_amendment_is_a_version_and_the_one_before_stays_as_it_was(folder: Path) -> None:
    before = load(folder)
    after = amended(folder, "lamps.short.1", text="An answer about lamps has ten words at most.", breaks=ODD)
    read = load(folder)
    assert (read.version, read.digest) == (2, after.digest)
    assert read.rules["lamps.short.1"].breaks == ODD
    assert load(folder, 1).digest == before.digest != read.digest
    (act,) = read.history("lamps.short.1")
    assert (act.author, act.at, act.reason, act.upon) == ("ann", AT, "It was vague.", before.digest)


def test_what_is_repealed_is_gone_from_the_next_version_alone(folder: Path) -> None:
    amend(
        folder,
        repeals=["lamps.short.1"],
        author="ann",
        reason="x",
        at=AT,
        rules=[load(folder).rules["lamps.lit.1"].model_copy(update={"over": ()})],
    )
    assert "lamps.short.1" not in load(folder).rules
    assert "lamps.short.1" in load(folder, 1).rules


def test_an_amendment_that_would_leave_a_contradiction_is_not_written(folder: Path) -> None:
    with pytest.raises(UsageError, match="each overrides the other"):
        amended(folder, "lamps.short.1", over=("lamps.lit.1",))
    with pytest.raises(UsageError, match=r"names lamps\.none\.1"):
        amended(folder, "lamps.short.1", under=("lamps.none.1",))
    with pytest.raises(UsageError, match="has these words already"):
        amended(folder, "lamps.short.1")
    assert load(folder).version == 1


def test_who_amends_at_the_same_time_makes_two_versions(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: amended(folder, "lamps.short.1", text=f"At most {n} words."), range(4)))
    book = load(folder)
    assert [act.version for act in book.amendments] == [2, 3, 4, 5]
    assert altered(folder, book) is None


def test_a_change_that_no_amendment_made_is_noticed(folder: Path) -> None:
    amended(folder, "lamps.short.1", text="Brief.")
    path = folder / "lamps.toml"
    path.write_text(path.read_text().replace("An oil lamp too.", "No oil lamp."))
    assert altered(folder, load(folder)) == 1


def test_a_case_is_kept_to_the_letter_until_an_amendment_overrules_it(folder: Path) -> None:
    decided = decide(folder, case())
    assert (decided.id, decide(folder, case()).id) == ("case.0001", "case.0002")
    assert load(folder).cases[0] == decided
    amend(
        folder,
        rules=[load(folder).rules["lamps.lit.1"].model_copy(update={"text": "Lit is what burns."})],
        overrules=["case.0001"],
        author="ann",
        reason="x",
        at=AT,
    )
    assert [one.id for one in load(folder).precedents] == ["case.0002"]
    assert [one.id for one in load(folder, 1).precedents] == ["case.0001", "case.0002"]
    with pytest.raises(UsageError, match=r"there is no case case\.0007"):
        amend(folder, repeals=["lamps.lit.1"], overrules=["case.0007"], author="ann", reason="x", at=AT)


def test_a_case_that_does_not_hold_is_not_written(folder: Path) -> None:
    with pytest.raises(UsageError, match="does not hold the words 'bright'"):
        decide(folder, case(responses=(Response(text="It is lit.", decides=("bright",)), Response(text="It is dark."))))
    assert not load(folder).cases
