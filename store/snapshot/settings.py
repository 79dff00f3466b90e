"""What may be set of a snapshot: ``export.toml``."""

from __future__ import annotations

from thresher.settings import Section


class Export(Section):
    """What leaves in a snapshot."""

    version: str
    classes: tuple[str, ...] = ("full", "derived")
    canary: str = ""
