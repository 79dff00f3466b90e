"""Changing the rulebook: an amendment is a new version, and a decided case is added; neither changes a file that is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from thresher.errors import UsageError
from thresher.rulebook import lint, writing
from thresher.rulebook.checking import faults
from thresher.rulebook.model import Amendment, Case, Rule, Rulebook
from thresher.rulebook.reading import AMENDMENTS, CASES, amended, load, name_of


def amend(
    folder: Path,
    *,
    rules: Sequence[Rule] = (),
    repeals: Sequence[str] = (),
    overrules: Sequence[str] = (),
    author: str,
    reason: str,
    at: datetime,
) -> tuple[Amendment, Rulebook]:
    """Write the next version and return what made it, with the rulebook as it then is. UsageError where nothing is changed, where it
    overrules a case that there is not, or would leave a rulebook that contradicts itself; then nothing is written."""
    with writing.locked(folder):
        book = load(folder)
        changed = tuple(rule for rule in rules if book.rules.get(rule.id) != rule)
        if not changed and not repeals:
            raise UsageError("nothing is changed: the rule has these words already")
        if unknown := [one for one in overrules if one.startswith("case.") and one not in {case.id for case in book.cases}]:
            raise UsageError(f"there is no case {', '.join(unknown)}; `thresher rules show` lists the cases of a rule")
        amendment = Amendment(
            version=book.version + 1,
            author=author,
            at=at,
            reason=reason,
            upon=book.digest,
            repeals=tuple(repeals),
            overrules=tuple(overrules),
            rules=changed,
        )
        path = folder / AMENDMENTS / name_of(amendment.version)
        after = Rulebook(
            version=amendment.version,
            chapters=tuple(amended(book.chapters, amendment, path)),
            amendments=(*book.amendments, amendment),
            cases=book.cases,
        )
        if wrong := [str(finding) for finding in lint.contradictions(after)]:
            raise UsageError("the rulebook would contradict itself, so nothing was written:\n" + "\n".join(wrong))
        writing.write_new(path, writing.of_amendment(amendment))
        return amendment, after


def decide(folder: Path, case: Case) -> Case:
    """Add a case to the case law, under the next free number, whatever number it bears. UsageError where it does not stand up to
    ``checking.faults``."""
    with writing.locked(folder):
        book = load(folder)
        numbers = [int(re.sub(r"\D", "", path.stem)) for path in (folder / CASES).glob("case.*.toml")]
        numbered = case.model_copy(update={"id": f"case.{max(numbers, default=0) + 1:04d}", "version": book.version})
        if wrong := faults(book, numbered):
            raise UsageError("the case does not hold, so nothing was written:\n" + "\n".join(wrong))
        writing.write_new(folder / CASES / f"{numbered.id}.toml", writing.of_case(numbered))
        return numbered
