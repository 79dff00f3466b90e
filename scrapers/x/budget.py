"""What X costs: counted in a ledger before anything is asked for, over all runs and processes of a user.

X charges for each post that it shows, those beside the ones that were asked for included. Before a request goes out, the most that it can
bring is written into the ledger as spent, and the disk has it; when the answer has come, what it did bring takes its place. So what was
spent never passes the budget, whenever a run is killed; what a killed one had reserved counts as spent.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from scrapers.x.site import SOURCE, Site
from thresher.disk import append_lines, bad_lines, may_be_written, read_lines
from thresher.errors import BudgetExhausted, SettingsError, StoreError


class Budget:
    """The budget of a month. A Meter (``thresher.net.door``) for one request at a time: ``next_most`` first, ``settle`` after it."""

    def __init__(self, site: Site, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        if not site.max_posts_a_month or not site.max_usd_a_month:
            raise SettingsError(f"{site.name}: no budget: set max_posts_a_month and max_usd_a_month in its entry in config/sources/x.toml")
        self._site = site
        self._now = now
        self._file = site.ledger_file
        self._most = 0
        self._open = ""

    def left(self) -> int:
        """How many posts may still be paid for this month."""
        with self._locked():
            return self._left(self._entries())

    def next_most(self, posts: int) -> None:
        """The next request brings so many posts at most."""
        self._most, self._open = posts, ""

    def begin(self) -> None:
        """Reserve what the request can bring; BudgetExhausted where so much is not left."""
        with self._locked():
            entries = self._entries()
            if self._left(entries) < self._most:
                raise BudgetExhausted(
                    f"the budget of {self._month(entries)} ({self._site.max_posts_a_month} posts, {self._site.max_usd_a_month:g} USD) is "
                    f"used, or what is left of it is less than a request may cost; see {self._file}",
                    source=SOURCE,
                )
            self._open = uuid.uuid4().hex
            self._write(id=self._open, month=self._month(entries), posts=self._most, usd=self._most * self._site.usd_a_post)

    def free(self) -> None:
        """The request was refused and brought nothing."""
        self.settle(0)

    def settle(self, posts: int) -> None:
        """So many came."""
        if self._open:
            with self._locked():
                self._write(settles=self._open, posts=posts, usd=posts * self._site.usd_a_post)
            self._open = ""

    def _left(self, entries: list[dict[str, Any]]) -> int:
        """By both limits. Of each reservation what it was settled at, whole where it was not."""
        month = self._month(entries)
        spent = {e["id"]: (int(e["posts"]), float(e["usd"])) for e in entries if e.get("month") == month}
        spent |= {e["settles"]: (int(e["posts"]), float(e["usd"])) for e in entries if e.get("settles") in spent}
        posts = self._site.max_posts_a_month - sum(posts for posts, _ in spent.values())
        usd = self._site.max_usd_a_month - sum(usd for _, usd in spent.values())
        return max(0, min(posts, int(usd / self._site.usd_a_post + 1e-9)))

    def _month(self, entries: list[dict[str, Any]]) -> str:
        """This one; a clock that goes back does not open one that was left."""
        return max([self._now().strftime("%Y-%m"), *(str(e["month"]) for e in entries if "month" in e)])

    def _entries(self) -> list[dict[str, Any]]:
        if bad := bad_lines(self._file, _check):
            raise StoreError(f"what was spent cannot be told: {bad[0]}")
        return list(read_lines(self._file, _check))

    def _write(self, **entry: Any) -> None:
        append_lines(self._file, [{"at": self._now().isoformat(), **entry}])

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with may_be_written(self._file):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _check(entry: dict[str, Any]) -> None:
    if "settles" not in entry:
        str(entry["id"]), str(entry["month"])
    if int(entry["posts"]) < 0 or float(entry["usd"]) < 0:
        raise ValueError("less than nothing was spent")
