"""What may be set of a snapshot: ``export.toml``."""

from __future__ import annotations

from thresher.settings import Section


class Export(Section):
    """What leaves in a snapshot."""

    version: str
    """Stands in every manifest; raise it when a rule of the export changes."""
    classes: tuple[str, ...] = ("full", "derived")
    """The export classes that leave: ``full`` is text with licence and attribution, ``derived`` what we made of it, ``id_only`` where a
    record is; ``none`` never leaves."""
    canary: str = ""
