"""One site of the network, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from pydantic import Field

from scrapers.base import Place
from thresher.model import ExportClass

SOURCE = "stackexchange"
_DOMAINS = {
    "askubuntu": "askubuntu.com",
    "mathoverflow.net": "mathoverflow.net",
    "serverfault": "serverfault.com",
    "stackapps": "stackapps.com",
    "stackoverflow": "stackoverflow.com",
    "superuser": "superuser.com",
}


class Site(Place):
    """One site of the network, under the name that the API gives it."""

    api_url: str = Field("https://api.stackexchange.com/2.3", pattern=r"^https?://\S+[^/\s]$")
    site_url: str = ""
    """Where people read it; empty takes what the name says (``ai`` is https://ai.stackexchange.com)."""
    tagged: tuple[str, ...] = ()
    """Only questions with one of these tags; each tag is a walk of its own. Empty takes all."""
    page_size: int = Field(100, ge=1, le=100)
    days: int = Field(30, ge=1)
    """How far the first visit looks back from the newest activity."""
    max_pages: int = Field(10, ge=1)
    """Pages of questions for each tag in one run; the next run goes on where this one stopped."""
    export_class: ExportClass = "full"
    """Of posts whose CC BY-SA licence is known; a comment without a licence is ``id_only`` in any case."""

    @property
    def home(self) -> str:
        """``site_url``, or what the name says."""
        name = self.name.removeprefix("meta.")
        domain = _DOMAINS.get(name, f"{name}.com" if name.endswith(".stackoverflow") else f"{name}.stackexchange.com")
        return self.site_url.rstrip("/") or f"https://{'meta.' if name != self.name else ''}{domain}"

    @property
    def context(self) -> dict[str, str]:
        """What a parser cannot read off a body."""
        return {"site_url": self.home, "export_class": self.export_class}
