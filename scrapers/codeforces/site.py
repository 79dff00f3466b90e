"""The one site, as its entry under ``[[sites]]`` says, and the layouts that its pages come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from scrapers.base import Place
from thresher.model import ExportClass

SOURCE: Final = "codeforces"
LISTED, PROBLEMS, SUBMISSIONS = "listed", "problems", "submissions"
"""The API's list of problems; rows that are problems with statements; rows that are programs."""


class Site(Place):
    """Codeforces, and under which licence the statements in files are."""

    api_url: str = Field("https://codeforces.com/api", pattern=r"^https?://\S+[^/\s]$")
    licence: str = "CC-BY-4.0"
    """Of a dataset's statements, as its card says."""
    licence_evidence: str = ""
    export_class: ExportClass = "id_only"
    """The most that leaves of a statement. Of programs, which are their authors', ids alone leave."""
    attribution: str = ""
    """What the licence asks to be shown beside a statement; its address is put behind it."""

    @classmethod
    def name_for_files(cls, file_name: str, keys: Mapping[str, Any]) -> str:
        """There is one Codeforces: statements, programs and the list of problems meet in it, whatever file they come from."""
        return SOURCE

    def context(self, layout: str) -> dict[str, str]:
        """What a parser cannot read off a row."""
        told = {"licence": self.licence, "licence_evidence": self.licence_evidence, "export_class": self.export_class}
        return {"layout": layout, **told, "attribution": self.attribution} if layout != LISTED else {"layout": layout}
