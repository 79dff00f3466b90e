"""From record to candidate: pure, versioned, in the open. What counts as what stands in ``config/rules.toml``."""

from __future__ import annotations

from thresher.rules.judge import judge
from thresher.rules.outcome import LEADS, REASONS
from thresher.rules.settings import Rules

__all__ = ["LEADS", "REASONS", "Rules", "judge"]
