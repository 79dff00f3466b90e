"""A takedown: what somebody has a right to is taken out of the whole benchmark, for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.line.purging import shown_on
from flows.line.recovery import judge_all
from flows.line.run import LiveRun
from flows.line.workspace import Workspace
from store import verdicts
from store.file.database import FILE
from store.snapshot.holders import holders
from store.snapshot.publications import Publication, public
from store.verdicts import Covered, Grave, Tombstones
from thresher import text
from thresher.errors import UsageError


@dataclass(frozen=True, slots=True)
class Extent:
    """What is concerned. ``snapshots`` were frozen with it; ``published`` are those of them that are public, and such whose folder is gone,
    so that nobody can say; ``copies`` are older databases that this program set aside."""

    covered: Covered
    pages: int
    files: int
    snapshots: list[Path]
    published: list[Publication]
    copies: list[Path]


def graves(work: Workspace, what: Sequence[str], *, author: str, source: str, authors_of: Sequence[str]) -> list[Grave]:
    """What the command line names: records by key, addresses, the author of a source by what the source calls them, authors of records."""
    made = [Grave("url", one) if "://" in one else Grave("record", _key(one)) for one in what]
    if bool(author) != bool(source):
        raise UsageError("an author is known by name and source: give both --author NAME and --source SOURCE")
    if author:
        made.append(Grave("author", str(text.author_key(source, author, work.salt))))
    made += [Grave("author", _author_of(work, key)) for key in authors_of]
    if not made:
        raise UsageError("say what to take down: records by id, addresses, --author NAME --source SOURCE, or --author-of RECORD")
    return made


def _key(word: str) -> str:
    if word.count(":") < 2:
        raise UsageError(
            f"{word!r} is no record: an id is SOURCE:SITE:NATIVE_ID, as `thresher show` prints it; an address begins with http"
        )
    return word


def _author_of(work: Workspace, key: str) -> str:
    with work.database.reader() as con:
        author = verdicts.author_of(con, key)
    if author is None:
        raise UsageError(f"no author is known of record {key!r}: it is not there, was deleted, or its source names none")
    return author


def extent(work: Workspace, wanted: Sequence[Grave]) -> Extent:
    """What a takedown would concern. Reads the archive's pages of the sources of these records; writes nothing."""
    with work.database.reader() as con:
        covered = verdicts.covered(con, wanted)
    buried = Tombstones(frozenset(grave.hash for grave in wanted))
    pages, files = shown_on(work, buried, covered.records) if covered.records else (0, 0)
    frozen = [work.snapshots, work.splits] if covered.records else []
    snapshots = [path for folder in frozen for path in holders(folder, covered.records, covered.items)]
    names = {path.name for path in snapshots}
    published = [
        made
        for name, places in public(work.snapshots).items()
        if covered.records and (name in names or not (work.snapshots / name).is_dir())
        for made in places
    ]
    copies = sorted([*work.folder.glob("damaged-*"), *work.folder.glob(f"{FILE}.before-*")])
    return Extent(covered, pages, files, snapshots, published, copies)


def take_down(run: LiveRun, wanted: Sequence[Grave], reason: str) -> list[str]:
    """Take it out of the database; the end of the run takes it out of the archive. Returns the keys of the records."""
    gone = verdicts.take_down(run.work.database, wanted, reason)
    judge_all(run)
    return gone
