"""What may be set of the rulebook: ``[rulebook]`` in ``thresher.toml``."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from thresher.settings import Section


class Judging(Section):
    """Which rulebook is used, and what counts as covered by it."""

    folder: str = "rulebook"
    """Of the rulebook, from the config folder on; another one (``thresher rules import``) stands beside it."""
    cases: int = Field(100, ge=1)
    """Items that a rule needs to be covered."""
    tie_confidence: float = Field(0.5, ge=0, le=1)
    """An item counts as a case of a rule from this confidence of their tie on."""
    overlap: float = Field(0.65, gt=0, le=1)
    """Cosine from which on ``thresher rules lint`` says that two rules overlap."""

    def path(self, config: Path) -> Path:
        """The folder of the rulebook."""
        return config / self.folder
