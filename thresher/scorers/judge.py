"""A language model as a judge."""

from __future__ import annotations

from thresher.models.ask import Asker
from thresher.scorers.base import Score, Task


class Judge:
    """Asks one model, through an asker that keeps every answer: judging kept responses again asks the judged models nothing."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker

    def score(self, task: Task, response: str, judged_family: str = "") -> Score:
        """Its verdict; None where it gave none that can be verified, or is of the family of the judged model. Never raises but StoreError,
        where its answer cannot be kept."""
        raise NotImplementedError
