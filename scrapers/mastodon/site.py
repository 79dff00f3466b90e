"""The instances that may be asked, as the entry under ``[[sites]]`` lists them: no other one is."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from scrapers.common.searching import Searching

SOURCE = "mastodon"
_INSTANCE = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")


class Site(Searching):
    """The network. It is one site whatever instances are asked, because the same post is seen through many of them, under another number
    at each; it is known by its address at home (``uri``)."""

    instances: tuple[str, ...] = Field(min_length=1)
    """Where to read: ``mastodon.social``, or an address with ``http``."""
    tags: tuple[str, ...] = ()
    """Hashtags, without the sign; the timeline of each is open to everybody at most instances."""
    days: int = Field(30, ge=1)
    """How far the first visit looks back."""
    overlap_h: float = Field(24.0, ge=0)
    """How far a visit looks back beyond the newest post of the last one: posts of other instances arrive late."""
    known: int = Field(100, ge=0, le=2000)
    """How many of the newest posts of an instance's timelines are looked at again at each visit, each a request."""
    threads: int = Field(300, ge=0)
    """How many posts with answers have them read in one visit, each a request; what a post answers is always read."""

    @classmethod
    def for_files(cls, name: str) -> dict[str, Any]:
        """An instance that exists nowhere: saved answers may be of any."""
        return {"instances": ["https://instance.invalid"]}

    @field_validator("instances")
    @classmethod
    def _addresses(cls, instances: tuple[str, ...]) -> tuple[str, ...]:
        addresses = tuple(name if "://" in name else f"https://{name}" for name in instances)
        if wrong := [address for address in addresses if not _INSTANCE.fullmatch(address)]:
            raise ValueError(f"{wrong[0]!r} is no instance: write its name, such as mastodon.social")
        return addresses

    @field_validator("tags")
    @classmethod
    def _bare(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [tag for tag in tags if not re.fullmatch(r"\w+", tag)]:
            raise ValueError(f"{wrong[0]!r} is no hashtag: write it without the sign, in letters and digits")
        return tags


def token_variable(instance: str) -> str:
    """The environment variable with a token for an instance: ``THRESHER_MASTODON_TOKEN_MASTODON_SOCIAL``."""
    return "THRESHER_MASTODON_TOKEN_" + re.sub(r"[^A-Z0-9]+", "_", urlsplit(instance).netloc.upper())


def token(instance: str) -> str:
    """That token; empty where there is none."""
    return os.environ.get(token_variable(instance), "").strip()
