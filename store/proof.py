"""The archive proven against the database: each page's place in it, its SHA-256, and what damage costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from store.file.agreement import Finding
from store.file.database import Connection
from store.rows import fetch, keys
from thresher.archive import history
from thresher.archive.reader import Damage, foreign_page, read_pages
from thresher.archive.seals import GIVEN_UP, SUFFIX, Seal, file_of, measure, note_seal, read_seals, run_of
from thresher.errors import ArchiveError
from thresher.redaction import redact


class Body(NamedTuple):
    """One body of one address."""

    source: str
    site: str
    url: str
    sha256: str


class Place(NamedTuple):
    """A page of the database, and where its record is said to be."""

    page_id: str
    source: str
    site: str
    url: str
    sha256: str
    offset: int

    @property
    def body(self) -> Body:
        """What stands there, wherever it stands."""
        return Body(self.source, self.site, self.url, self.sha256)


@dataclass(slots=True)
class Contents:
    """What can be read of one file: the SHA-256 of the body of each page by its offset, what they are, and the damage."""

    bodies: dict[int, str] = field(default_factory=dict)
    readable: set[Body] = field(default_factory=set)
    damage: list[Damage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FileProof:
    """One file of the archive: how many pages of the database it is to hold, those that cannot be read, and what else is wrong."""

    name: str
    pages: int
    lost: tuple[Place, ...] = ()
    wrong: tuple[str, ...] = ()


def read_contents(file: Path) -> Contents:
    """Unpack a file and prove every body in it. A page of another run is damage too: the file is not the one that it is called after."""
    contents = Contents()
    for run_id, ref, page in read_pages(file, contents.damage.append):
        if run_id != run_of(file.name):
            contents.damage.append(foreign_page(ref, run_id))
            continue
        contents.bodies[ref.offset] = page.sha256
        contents.readable.add(Body(page.source, page.site, redact(page.url)[0], page.sha256))  # as the database has it
    return contents


def prove_archive(con: Connection | None, archive: Path, *, full: bool = False) -> Iterator[FileProof]:
    """Every file that there is, that the history tells of, or that the database names.

    A file as it was sealed is read, not unpacked, unless ``full`` is asked for. Without a database only the files themselves are proven.
    """
    seals = read_seals(archive)
    told = _opened(archive)
    names = {f"{run_id}{SUFFIX}" for run_id in (*seals, *told)} | {file.name for file in archive.glob(f"*{SUFFIX}")}
    if con is not None:
        names |= {row[0] for row in con.execute("SELECT DISTINCT archive_file FROM pages WHERE archive_file <> ''").fetchall()}
    for name in sorted(names):
        places = _places(con, name) if con is not None else []
        yield _prove_file(archive / name, places, seals.get(run_of(name), ()), told.get(run_of(name)), full)


def _opened(archive: Path) -> dict[str, bool]:
    """Each run that was opened, and whether it is the last one."""
    runs = [event["run_id"] for event in history.events(archive) if event["event"] == "opened"]
    return {run_id: run_id == runs[-1] for run_id in runs}


def _places(con: Connection, name: str) -> list[Place]:
    sql = "SELECT page_id, source, site, url, sha256, archive_offset FROM pages WHERE archive_file = ? ORDER BY archive_offset"
    return [Place(*row) for row in con.execute(sql, [name]).fetchall()]


def _prove_file(file: Path, places: list[Place], seals: tuple[Seal, ...], is_last: bool | None, full: bool) -> FileProof:
    if not file.is_file():
        given_up = seals[-1:] == (GIVEN_UP,) and not places
        return FileProof(file.name, len(places), tuple(places), () if given_up else ("is missing",))
    try:
        now = measure(file)
    except ArchiveError as error:
        return FileProof(file.name, len(places), tuple(places), (str(error),))
    if now in seals and not full:
        lost = tuple(place for place in places if place.offset >= now.size)
        return FileProof(file.name, len(places), lost, ("is shorter than the database says",) if lost else ())
    contents = read_contents(file)
    lost = tuple(place for place in places if contents.bodies.get(place.offset) != place.sha256)
    wrong = [] if now in seals else list(_damage(contents, now, seals, is_last))
    if lost and not wrong:
        wrong.append("does not hold what the database says")
    return FileProof(file.name, len(places), lost, tuple(wrong))


def _damage(contents: Contents, now: Seal, seals: tuple[Seal, ...], is_last: bool | None) -> Iterator[str]:
    """What is wrong with a file that is not as it was sealed."""
    if seals:
        size = seals[-1].size
        yield "was changed after it was written" if now.size == size else f"has {now.size:,} bytes, {size:,} were written"
    elif contents.bodies and is_last is None:
        yield f"is not in {history.FILE}: its lines there were lost"
    killed = not seals and is_last is not False
    yield from (damage.why for damage in contents.damage if not (killed and damage.at_end))


def lost_pages(archive: Path, proofs: Iterable[FileProof]) -> list[Place]:
    """Pages that cannot be read anywhere in the archive: one whose place is damaged may stand in another run's file too."""
    lost = [place for proof in proofs for place in proof.lost]
    if lost:
        elsewhere = {body for file in archive.glob(f"*{SUFFIX}") for body in read_contents(file).readable}
        lost = [place for place in lost if place.body not in elsewhere]
    return lost


def by_source(places: Iterable[Place]) -> dict[str, int]:
    """How many there are of each source."""
    return dict(sorted(Counter(place.source for place in places).items()))


def findings(con: Connection | None, archive: Path, proofs: Sequence[FileProof]) -> list[Finding]:
    """What is wrong, file by file, with what each damage costs."""
    damaged = [proof for proof in proofs if proof.wrong]
    if archive.exists() and not archive.is_dir():
        return [Finding("archive", f"{archive} is a file, where a folder belongs: move it away, and put the folder back from a copy")]
    if damaged and not archive.exists():
        lost = [place for proof in damaged for place in proof.lost]
        return [Finding("archive", f"{archive} is missing, with {len(damaged)} files: {_cost(con, lost)}")]
    nowhere = {place.page_id for place in lost_pages(archive, damaged)}
    return [
        Finding("archive", f"{archive / proof.name} {_in_short(proof.wrong)}: "
                           f"{_cost(con, [place for place in proof.lost if place.page_id in nowhere])}")
        for proof in damaged
    ]  # fmt: skip


_SAID = 3
"""Damages of one file that are told one by one."""


def _in_short(wrong: tuple[str, ...]) -> str:
    more = f", and {len(wrong) - _SAID} more places" if len(wrong) > _SAID else ""
    return ", ".join(wrong[:_SAID]) + more


def _cost(con: Connection | None, lost: Sequence[Place]) -> str:
    if con is None:
        return "what it costs only the database could say"
    if not lost:
        return "no page of the database is lost by it"
    gone = keys("page_id", [place.page_id for place in lost])
    (cost,) = fetch(con, _COST, gone=gone)
    sources = ", ".join(f"{source} {n}" for source, n in by_source(lost).items())
    costs = f"a rebuild would lose {cost['records']} records, and {cost['items']} items altogether"
    return f"pages that cannot be read: {sources}; {costs}"


_COST = """
    WITH lost AS (SELECT DISTINCT record_key FROM records SEMI JOIN gone USING (page_id) WHERE is_latest)
    SELECT (SELECT count(*) FROM lost) AS records,
           (SELECT count(DISTINCT item_id) FROM (FROM reports SEMI JOIN lost USING (record_key) WHERE live)
            WHERE item_id NOT IN (SELECT item_id FROM reports ANTI JOIN lost USING (record_key) WHERE live)) AS items"""


def settle(archive: Path) -> None:
    """Seal every file as it is now, those that are missing too: after a rebuild that did without what they lack."""
    seals = read_seals(archive)
    for run_id in sorted({*seals, *_opened(archive), *(run_of(file.name) for file in archive.glob(f"*{SUFFIX}"))}):
        now = measure(file_of(archive, run_id))
        if now not in seals.get(run_id, ()):
            note_seal(archive, run_id, now)


def seal_proven(con: Connection, archive: Path, but: str) -> list[str]:
    """Seal the files that have none, left by killed runs or an older release, if every page in them is whole. ``but`` is the run under
    way. Gives the names of those that are damaged."""
    seals, told = read_seals(archive), _opened(archive)
    damaged = []
    for file in sorted(archive.glob(f"*{SUFFIX}")):
        run_id = run_of(file.name)
        if run_id not in seals and run_id != but:
            proof = _prove_file(file, _places(con, file.name), (), told.get(run_id), full=True)
            if proof.wrong:
                damaged.append(file.name)
            else:
                note_seal(archive, run_id, measure(file))
    return damaged
