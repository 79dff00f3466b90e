"""What may be set of pictures."""

from __future__ import annotations

from pydantic import Field

from thresher.settings import Section


class Pictures(Section):
    """Reading screenshots; see ``thresher.pictures``."""

    enabled: bool = False
    """Needs the extra: ``pip install -e ".[pictures]"``."""
    max_per_run: int = Field(200, ge=0)
    """Pictures of one source that are asked for in one run, read or not; the rest waits for the next one."""
    max_per_post: int = Field(3, ge=1, le=20)
    """The first ones of a gallery."""
    max_bytes: int = Field(4 * 2**20, gt=0)
    """Of one picture, announced or sent."""
    max_pixels: int = Field(12_000_000, gt=0)
    """Of one picture: three bytes each in memory."""
    min_interval_s: float = Field(1.0, ge=0)
    """Between the starts of two requests to one host."""
    hosts: tuple[str, ...] = (
        "i.redd.it", "i.imgur.com", "user-images.githubusercontent.com", "github.com", "i.sstatic.net", "i.stack.imgur.com",
        "*.discourse-cdn.com",
    )  # fmt: skip
    """Which hosts are asked, beside the one that showed the post: an address in a post is a stranger's word. ``*.`` stands for any name
    below; robots.txt is obeyed everywhere."""
    confidence: float = Field(0.6, ge=0, le=1)
    """Of a line, below which it is not taken for text."""
    witness: float = Field(0.9, ge=0, le=1)
    """Of an answer, the mean over its characters, below which the item stays ``claimed``."""
