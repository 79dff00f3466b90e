"""One site of the network, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from scrapers.base import Place
from thresher.errors import UsageError
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


_NAMES = {domain: name for name, domain in _DOMAINS.items()}


def _short(host: str) -> str:
    return _NAMES.get(host.lower()) or host.removesuffix(".stackexchange.com")


class Site(Place):
    """One site of the network, under the name that the API gives it, or that of its host."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$")

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

    @classmethod
    def name_for_files(cls, file_name: str, keys: Mapping[str, Any]) -> str:
        """By ``site_url``. A dump says nowhere of which site it is, and each post must be attributed to its own."""
        host = urlsplit(str(keys.get("site_url", ""))).hostname
        if not host:
            raise UsageError(
                f"{file_name}: files of Stack Exchange do not say of which site they are, and every post must name its own; "
                "give --site NAME, as in https://NAME.stackexchange.com (coffee, ai, stackoverflow), or --set site_url=ADDRESS"
            )
        return _short(host)

    @field_validator("name")
    @classmethod
    def _short_name(cls, name: str) -> str:
        """``coffee.stackexchange.com`` is ``coffee``: one site has one name."""
        return _short(name)

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
