"""One product or evaluation whose traces are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapers.arena.own import OwnTalks

SOURCE = "traces"


class Site(OwnTalks):
    """One product, or one folder of evaluations."""

    licence: str = "own-traces"

    @classmethod
    def name_for_files(cls, file_name: str, keys: Mapping[str, Any]) -> str:
        """One product, however its files are called: a trace that is exported twice is the same trace."""
        return SOURCE
