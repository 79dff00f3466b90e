"""What left the database leaves the archive: at the end of a run, where its sources deleted something or somebody took something down.

Each archive file that may hold the text is read, and written anew where it does. What is asked for stays noted in the database until all
of it is done, so that a run that was killed here, or a file that cannot be read, is taken up by the next one.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flows.line import distilling, survivors
from flows.line.landing import addressed, parse_page
from flows.line.run import LiveRun, Purged
from flows.line.survivors import Fate
from flows.line.workspace import Workspace
from scrapers import base
from store import cluster_journal, completions, failures, pages, purging, removal, trials, verdicts
from store.pages import PageResult
from store.purging import Purge
from store.verdicts import Tombstones
from thresher.archive import answers
from thresher.archive.amend import rewrite
from thresher.archive.reader import read_pages
from thresher.archive.seals import SUFFIX
from thresher.disk import keep_lines
from thresher.errors import ArchiveError
from thresher.failpoint import failpoint
from thresher.model import Page, Record
from thresher.models import kept

log = logging.getLogger("thresher.purging")

_A_SECOND = timedelta(seconds=1)
"""The resolution of a file's name."""


def purge(run: LiveRun) -> Purged:
    """Take out of the archive, and of the free blocks of the database, what is noted. Costs a glance where nothing is."""
    work = run.work
    with work.database.reader() as con:
        asked = purging.asked(con)
        if not asked:
            return Purged()
        hosts, treated = purging.hosts(con), purging.without_listings(con)
        doomed = Doomed(work, asked, verdicts.tombstones(con))
    done = Purged(len({purge.record_key for purge in asked}))
    listings = []
    rewritten: set[str] = set()
    for file, began, ended in _files(work.archive):
        unwanted = {host for host in hosts if (file.name, host) not in treated}
        if not unwanted and not doomed.may_be_in(began, ended):
            continue
        try:
            if _purge_file(work, file, doomed, unwanted, done):
                rewritten.add(file.name)
        except ArchiveError as error:
            done.damaged.append(str(error))
            continue
        listings += [(file.name, host) for host in sorted(unwanted)]
    with work.database.transaction() as con:
        removal.forget_retired(con)
        claims = failures.claim_hashes(con)
        cluster_journal.purge(con, work.archive)
        completions.purge(con, work.folder, {purge.record_key for purge in asked})
        verdicts.purge_edits(con, work.folder)
        trials.purge(con, work.archive, {purge.record_key for purge in asked})
    _clear_leftovers(work)
    keep_lines(work.archive / distilling.FILE, distilling.check, lambda line: line["claim"] in claims)
    kept.forget(work.archive, {purge.record_key for purge in asked})
    keep_lines(work.archive / answers.FILE, answers.check, lambda line: line["file"] not in rewritten)
    failpoint("purging.archive")
    if not all(purge.is_told_again for purge in asked):
        work.database.compact()
    failpoint("purging.compacted")
    with work.database.transaction() as con:
        purging.done(con, [] if done.damaged else asked, listings)
    log.info("%d deleted records left the archive: %d pages and %d answers of %d files", done.records, done.pages, done.answers, done.files)
    return done


def _clear_leftovers(work: Workspace) -> None:
    """What killed commands left half made may hold the text too. The lease is ours, so nobody is at work there."""
    for folder in (work.folder / ".rebuilding", *work.snapshots.glob(".*.partial")):
        shutil.rmtree(folder, ignore_errors=True)
    for file in work.archive.glob("*.partial"):
        file.unlink(missing_ok=True)


def _purge_file(work: Workspace, file: Path, doomed: Doomed, unwanted: set[str], done: Purged) -> bool:
    """Whether the file was written anew."""
    gone = rewrite(file, is_dirty=doomed.is_dirty, cleaned=doomed.cleaned, unwanted=lambda url: urlsplit(url).netloc in unwanted)
    failpoint("purging.rewritten")
    if any(gone):
        done.files += 1
        done.pages += gone.pages
        done.answers += gone.answers
        relocate(work, file)
    return any(gone)


def relocate(work: Workspace, file: Path) -> None:
    """Write down where the pages of an archive file are by now."""
    places = [(pages.page_id_of(addressed(page)), ref.offset, page.sha256, len(page.body)) for _, ref, page in read_pages(file)]
    with work.database.transaction() as con:
        pages.relocate(con, file.name, places)


def relocate_all(work: Workspace) -> None:
    """After a run that may have been killed while it purged: its files are there, and the database may not know their places."""
    with work.database.reader() as con:
        if not purging.asked(con):
            return
    for file, _, _ in _files(work.archive):
        try:
            relocate(work, file)
        except ArchiveError as error:
            log.warning("%s", error)


class Doomed:
    """Which records have to go, and from which pages."""

    def __init__(self, work: Workspace, asked: Sequence[Purge], tombstones: Tombstones) -> None:
        self._work = work
        self._tombstones = tombstones
        self._until: dict[str, datetime] = {}
        for purge in asked:
            if purge.until is not None:
                self._until[purge.record_key] = max(purge.until, self._until.get(purge.record_key, purge.until))
        self._taken_down = {purge.record_key for purge in asked if purge.until is None}
        oldest = next((began for _, began, _ in _files(work.archive)), None)
        # what was seen before there was an archive had its moment from its file, in an older release: then nobody knows where it is
        unknown = {purge.since for purge in asked if oldest is None or purge.since is None or purge.since < oldest - _A_SECOND}
        self._spans = [(None if purge.since in unknown else purge.since, purge.until) for purge in asked]
        self._sites: set[tuple[str, str]] = {(purge.source, purge.site) for purge in asked}

    def may_be_in(self, began: datetime, ended: datetime | None) -> bool:
        """Whether a file of that time can have shown one of them."""
        return any(
            (until is None or began - _A_SECOND <= until) and (since is None or ended is None or since <= ended + _A_SECOND)
            for since, until in self._spans
        )

    def is_dirty(self, page: Page) -> bool:
        """Whether a page shows one, or is a picture of one."""
        if (page.source, page.site) not in self._sites:
            return False
        parsed = self._parsed(page)
        if parsed.picture is not None:
            return self._must_go(parsed.picture.record_key, page)
        return survivors.is_dirty(parsed, self._fates(page))

    def cleaned(self, page: Page) -> Page:
        """The page without them."""
        return survivors.cleaned(self._parsed(page), self._fates(page), self._tombstones.cover_key)

    def _parsed(self, page: Page) -> PageResult:
        return parse_page(base.load(page.source), page, self._work)

    def _fates(self, page: Page) -> Callable[[Record], Fate]:
        def fate(record: Record) -> Fate:
            if self._tombstones.cover(record):
                return "taken_down"
            return "emptied" if self._emptied(record.key, page) else "stays"

        return fate

    def _must_go(self, record_key: str, page: Page) -> bool:
        """Whether a picture goes with its post."""
        return record_key in self._taken_down or self._tombstones.cover_key(record_key) or self._emptied(record_key, page)

    def _emptied(self, record_key: str, page: Page) -> bool:
        until = self._until.get(record_key)
        return until is not None and page.fetched_at <= until


def _files(archive: Path) -> Iterator[tuple[Path, datetime, datetime | None]]:
    """Every archive file with when its run began and when the next one did, oldest first."""
    files = sorted(archive.glob(f"*{SUFFIX}"))
    began = [datetime.strptime(file.name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) for file in files]
    yield from zip(files, began, [*began[1:], None], strict=True)


def shown_on(work: Workspace, buried: Tombstones, record_keys: Collection[str]) -> tuple[int, int]:
    """How many pages of how many archive files show a record that these tombstones cover, or are a picture of these records: what a
    takedown would rewrite."""
    sources = {key.partition(":")[0] for key in record_keys}
    pages_of = {
        file: sum(page.source in sources and _shows(work, page, buried, record_keys) for _, _, page in read_pages(file))
        for file, _, _ in _files(work.archive)
    }
    return sum(pages_of.values()), sum(bool(count) for count in pages_of.values())


def _shows(work: Workspace, page: Page, buried: Tombstones, record_keys: Collection[str]) -> bool:
    parsed = parse_page(base.load(page.source), page, work)
    return parsed.picture.record_key in record_keys if parsed.picture else any(buried.cover(record) for record in parsed.records)
