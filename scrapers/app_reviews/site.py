"""One app in one store, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from scrapers.base import Place

SOURCE: Final = "app_reviews"
TOKEN_VARIABLE: Final = "THRESHER_GOOGLE_PLAY_TOKEN"
APPLE_URL: Final = "https://itunes.apple.com"
GOOGLE_URL: Final = "https://androidpublisher.googleapis.com/androidpublisher/v3"


class Site(Place):
    """One app: of Apple's store in one country, or one's own of Google Play in all of them."""

    store: Literal["apple", "google_play"] = "apple"
    app: str = Field(pattern=r"^[A-Za-z0-9._]{1,150}$")
    """Apple's number (``6448311069``), or the name of the package (``org.example.assistant``)."""
    country: str = Field("us", pattern=r"^[a-z]{2}$")
    """Of Apple's store."""
    store_url: str = Field(
        default_factory=lambda data: GOOGLE_URL if data.get("store") == "google_play" else APPLE_URL, pattern=r"^https?://\S+[^/\s]$"
    )
    known: int = Field(500, ge=0, le=2000)
    """How many of the newest of Apple's reviews are remembered, to see which are shown no more."""

    @classmethod
    def for_files(cls, name: str) -> dict[str, Any]:
        """An app that is nobody's: saved answers may be of any."""
        return {"app": "0"}

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.store == "apple" and not self.app.isdecimal():
            raise ValueError(f"app = {self.app!r} is no number: Apple's stands behind id in the address of an app, as in id6448311069")
        return self
