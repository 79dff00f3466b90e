"""The journals of a benchmark: what was done, decided by people and committed, each one JSON object a line."""

from __future__ import annotations

from pathlib import Path

from store import cases, cluster_journal, trials, verdicts
from store.file import journal
from thresher.archive import history
from thresher.disk import BadLine


def damaged_lines(folder: Path, archive: Path) -> list[BadLine]:
    """The lines of all of them that cannot be used. Whoever reads a journal passes them over."""
    kept = (journal.damaged_lines(folder), verdicts.damaged_lines(folder), cases.damaged_lines(folder), history.damaged_lines(archive))
    return [line for lines in (*kept, cluster_journal.damaged_lines(archive), trials.damaged_lines(archive)) for line in lines]
