"""Pictures of posts that report a failure: asked for through the door, read, archived and landed; then those posts are judged again.

A picture costs its post nothing: whatever goes wrong with one is counted under its reason. What may pass is asked for again by the next
run; what will not is archived as a page without a body, so that neither this benchmark nor a rebuild asks again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from urllib.parse import urlsplit

from flows.line.judging import judge_source
from flows.line.landing import parse_page
from flows.line.run import LiveRun
from scrapers import base
from store import pages, pictures
from store.pages import PageResult
from store.pictures import Wanted
from thresher.errors import BudgetExhausted, HttpStatusError, NetworkError, PayloadError, RateLimited, ResponseTooLarge, RobotsDisallowed
from thresher.failpoint import failpoint
from thresher.model import Page
from thresher.net.client import Client
from thresher.net.settings import Pace
from thresher.pictures.ocr import Engine, RapidReader, why_not
from thresher.pictures.page import context_of
from thresher.pictures.settings import Pictures

log = logging.getLogger("thresher.pictures")

ACCEPT = "image/png, image/jpeg, image/webp"
AT_ONCE = 10
"""Pictures in one transaction: what a kill can cost to land again."""
MINUTES = 60.0
"""For the pictures of one source in one run, waits included."""


@dataclass
class Pictured:
    """What became of the pictures of one source in one run, by ``read`` or the reason why not; ``left`` is why some were not asked for."""

    counts: Counter[str] = field(default_factory=Counter)
    left: str = ""

    def note(self) -> str:
        """For the report of the run; empty where nothing was asked for."""
        counted = ", ".join(f"{reason} {n}" for reason, n in self.counts.most_common())
        return "; ".join(filter(None, (f"pictures: {counted}" if counted else "", self.left)))


@cache
def engine() -> Engine:
    """The one engine of this process. SettingsError where the extra is not installed."""
    return RapidReader()


def read_pictures(run: LiveRun, source: str, client: Client, reader: Engine | None = None) -> Pictured:
    """Ask for the pictures of a source's posts that want them, and judge those posts again."""
    settings, done = run.work.settings.pictures, Pictured()
    if reader is None and (why := why_not()):
        return Pictured(left=f"no picture was read: {why}")
    with run.work.database.reader() as con:
        posts = pictures.wanted(con, source, settings.max_per_post)
    asked = list(_asked(posts, settings, done))
    if not asked:
        return done
    if len(asked) > settings.max_per_run:
        done.left = f"{len(asked) - settings.max_per_run:,} pictures wait for the next run: pictures.max_per_run is {settings.max_per_run}"
    pace = Pace(min_interval_s=settings.min_interval_s, max_requests=4 * settings.max_per_run + 20, max_minutes=MINUTES)
    fetcher = _Fetcher(run, source, client.bind(f"{source} pictures", pace), reader or engine(), done)
    batch: list[PageResult] = []
    for post, address in asked[: settings.max_per_run]:
        page = fetcher.page(post, address)
        if page is not None:
            batch.append(_archived(run, page))
        if len(batch) >= AT_ONCE or (fetcher.ended and batch):
            _land(run, batch)
            batch = []
        if fetcher.ended:
            break
    _land(run, batch)
    judge_source(run, source)
    return done


def _asked(posts: Sequence[Wanted], settings: Pictures, done: Pictured) -> Iterator[tuple[Wanted, str]]:
    """Each picture to ask for. A host that is not among those that may be asked is counted."""
    for post in posts:
        for address in post.addresses:
            if is_allowed(address, post.url, settings.hosts):
                yield post, address
            else:
                done.counts["other_host"] += 1


def is_allowed(address: str, shown_at: str, hosts: Sequence[str]) -> bool:
    """Whether a picture's host is that of its post, or among those that the settings name."""
    host = (urlsplit(address).hostname or "").lower()
    if not host:
        return False
    own = (urlsplit(shown_at).hostname or "").lower()
    return host == own or any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in hosts)


def _archived(run: LiveRun, page: Page) -> PageResult:
    ref = run.archive.write_page(page)
    failpoint("picturing.archived")
    return replace(parse_page(base.load(page.source), page, run.work), archive_file=ref.file.name, archive_offset=ref.offset)


def _land(run: LiveRun, batch: Sequence[PageResult]) -> None:
    """The archive is on the disk before the rows."""
    if not batch:
        return
    run.archive.flush()
    with run.work.database.transaction() as con:
        pages.land_batch(con, run.run_id, batch, brake=True)
    failpoint("picturing.landed")


class _Fetcher:
    """Pictures of one source, one after the other."""

    def __init__(self, run: LiveRun, source: str, client: Client, reader: Engine, done: Pictured) -> None:
        self._run = run
        self._source = source
        self._client = client
        self._reader = reader
        self._done = done
        self._limited: set[str] = set()
        self.ended = False

    def page(self, post: Wanted, address: str) -> Page | None:
        """The page of a picture, also where it was refused for good; None where the next run should ask again."""
        host = urlsplit(address).netloc
        if host in self._limited:
            self._done.counts["rate_limited"] += 1
            return None
        try:
            answer = self._client.get(address, headers={"Accept": ACCEPT}, crawl=True, max_bytes=self._run.work.settings.pictures.max_bytes)
        except BudgetExhausted as error:  # the run was told to end, or its time is over
            self.ended, self._done.left = True, f"pictures wait for the next run: {error.reason}"
            return None
        except NetworkError as error:
            self._done.counts[error.reason] += 1
            log.info("a picture could not be had: %s", error, extra={"source": self._source})
            if isinstance(error, RateLimited):
                self._limited.add(host)
            status = error.status if isinstance(error, HttpStatusError) else 0
            return self._made(post, address, Page(self._source, post.site, address, status, {}, b"", self._run.clock.tick()),
                              error.reason) if _is_final(error) else None  # fmt: skip
        return self._read(post, address, answer.page(self._source, post.site))

    def _read(self, post: Wanted, address: str, page: Page) -> Page:
        settings = self._run.work.settings.pictures
        page = replace(page, fetched_at=self._run.clock.tick())
        try:
            sheet = self._reader.read(page.body, page.headers.get("content-type", ""), settings.max_pixels)
        except PayloadError as error:
            self._done.counts[error.reason] += 1
            return self._made(post, address, page, error.reason)
        except Exception:  # a defect of the engine costs its picture alone
            log.exception("the OCR failed on a picture of %s", self._source)
            self._done.counts["ocr_error"] += 1
            return self._made(post, address, page, "ocr_error")
        page = replace(page, context=context_of(post.native_id, address, reader=self._reader.name, sheet=sheet))
        seen = parse_page(base.load(self._source), page, self._run.work).picture
        self._done.counts[seen.refused if seen and seen.refused else "read"] += 1
        return page

    def _made(self, post: Wanted, address: str, page: Page, reason: str) -> Page:
        return replace(page, context=context_of(post.native_id, address, refused=reason, reader=self._reader.name))


def _is_final(error: NetworkError) -> bool:
    """Whether asking again would be answered the same. A robots.txt that could not be had may be there tomorrow."""
    if isinstance(error, HttpStatusError | ResponseTooLarge):
        return True
    return isinstance(error, RobotsDisallowed) and not error.retryable
