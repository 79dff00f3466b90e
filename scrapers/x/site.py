"""X, as its entry under ``[[sites]]`` says, and what may be spent on it."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field

from scrapers.common.searching import Searching

SOURCE = "x"
TOKEN_VARIABLE = "THRESHER_X_BEARER_TOKEN"


class Site(Searching):
    """X. There is one; an entry more is another set of queries, on the same account and the same budget."""

    api_url: str = Field("https://api.x.com/2", pattern=r"^https?://\S+[^/\s]$")
    max_posts_a_month: int = Field(0, ge=0)
    """Of a calendar month (UTC), over all runs; 0 asks for nothing."""
    max_usd_a_month: float = Field(0.0, ge=0, allow_inf_nan=False)
    """The same in money; whichever is reached first ends it."""
    usd_a_post: float = Field(0.005, gt=0, allow_inf_nan=False)
    """What X charges for a post that it shows, by the price list of the account."""
    ledger: Path | None = None
    """The file in which it is counted what was spent: by default one for each user of the machine, whatever benchmark is harvested."""
    max_pages: int = Field(1, ge=1)
    """Of each query in one visit, up to a hundred posts each, the newest first; what lies below is left behind."""
    conversations: int = Field(20, ge=0)
    """How many posts with answers have them searched in one visit."""
    known: int = Field(100, ge=0, le=2000)
    """How many of the newest posts are looked at again at each visit: each is paid for."""

    @property
    def ledger_file(self) -> Path:
        """Where spending is counted."""
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return self.ledger or Path(state) / "thresher" / "x-spending.jsonl"
