"""What may be set of a snapshot: ``export.toml``."""

from __future__ import annotations

from thresher.settings import Section


class Publish(Section):
    """Where snapshots go."""

    repository: str = ""
    """A dataset repository of the Hugging Face Hub, ``OWNER/NAME``; empty: snapshots stay on this machine unless a command names one."""
    private: bool = True
    """Whether a repository that is made by the first publication is seen by its owner alone."""
    endpoint: str = ""
    """Of another Hub than ``HF_ENDPOINT`` or huggingface.co."""


class Export(Section):
    """What leaves in a snapshot."""

    version: str
    """Stands in every manifest; raise it when a rule of the export changes."""
    classes: tuple[str, ...] = ("full", "derived")
    """The export classes that leave: ``full`` is text with licence and attribution, ``derived`` what we made of it, ``id_only`` where a
    record is; ``none`` never leaves."""
    canary: str = ""
    """A string by which a corpus shows that it was trained on the benchmark; it stands in each row and in the card."""
    contact: str = ""
    """Where somebody asks for a text to be removed, an address of mail or of a page; empty: a discussion on the repository."""
    publish: Publish = Publish()
