"""The doctor: a benchmark proven against what was written down of it outside. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from store import verdicts
from store.file import journal, schema
from store.file.agreement import Finding, disagreements, whole_tables
from store.file.checksums import read_blocks, row_counts
from store.file.database import FILE, Connection, Database
from store.journals import damaged_lines
from store.ledger import doubts
from store.proof import findings, prove_archive
from thresher.errors import DatabaseDamaged, DatabaseLocked, StoreError

ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Report:
    """What the doctor saw. ``archive_pages`` are the pages of the database that the archive is to hold; ``notes`` are no damage."""

    path: str
    commits: int | None
    acknowledged: int | None
    tables: dict[str, int]
    findings: tuple[Finding, ...]
    archive_files: int = 0
    archive_pages: int = 0
    notes: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def doctor(folder: Path, *, full: bool = False) -> Report:
    """Examine the benchmark in ``folder``: database, archive and journals. DatabaseLocked while somebody writes.

    Every block of the database and every byte of the archive is read; ``full`` unpacks the archive too and proves the body of each page,
    also where a file is as it was when its run ended.
    """
    path = folder / FILE
    size = path.stat().st_size if path.is_file() else None
    if not size:
        acknowledged = journal.last_commit(folder)
        kind = "missing" if size is None else "empty"
        known = f", but {acknowledged} commits were acknowledged" if acknowledged else ""
        return _without_database(folder, Finding(kind, f"{path} is {kind}{known}"), full)
    try:
        with Database(folder).reader(any_schema=True) as con:
            return _examine(con, folder, path, full)
    except DatabaseLocked:
        raise
    except StoreError as error:
        return _without_database(folder, Finding("unreadable", str(error)), full)


def verify(folder: Path) -> None:
    """Raise DatabaseDamaged with all findings of the doctor."""
    report = doctor(folder)
    if not report.healthy:
        raise DatabaseDamaged(f"{report.path}: " + "; ".join(f.detail for f in report.findings) + "; run `thresher rebuild`")


def _without_database(folder: Path, finding: Finding, full: bool) -> Report:
    proofs = list(prove_archive(None, folder / ARCHIVE, full=full))
    found = [finding, *_journals(folder), *findings(None, folder / ARCHIVE, proofs)]
    return Report(str(folder / FILE), None, journal.last_commit(folder), {}, tuple(found), len(proofs))


def _examine(con: Connection, folder: Path, path: Path, full: bool) -> Report:
    import duckdb

    steps = schema.migrations()
    try:
        database_id, commits = con.execute("SELECT database_id, commits FROM meta").fetchall()[0]
        lacking = schema.pending(con, steps, path)
    except (duckdb.CatalogException, IndexError):
        lost = f"{path} holds no benchmark; the whole of it was lost, or it is another file"
        return _without_database(folder, Finding("lost_commits", lost), full)
    applied = steps[: len(steps) - len(lacking)]
    read_blocks(con)
    proofs = list(prove_archive(con, folder / ARCHIVE, full=full))
    found = (
        *disagreements(con, folder, whole_tables),
        *_contradictions(con, applied),
        *_journals(folder),
        *_unwritten(con, folder),
        *findings(con, folder / ARCHIVE, proofs),
    )
    acknowledged = journal.last_commit(folder, database_id)
    notes = (schema.older(len(applied), len(steps)),) if lacking else ()
    pages = sum(proof.pages for proof in proofs)
    return Report(str(path), int(commits), acknowledged, row_counts(con), found, len(proofs), pages, notes)


def _contradictions(con: Connection, applied: Sequence[schema.Migration]) -> Iterator[Finding]:
    if gone := schema.missing(con, applied):
        yield Finding("schema", f"{', '.join(gone)}: missing, or otherwise than the migrations made it")
    for what, n in doubts(con).items():
        yield Finding("balance", f"{what}: {n} do not")


def _journals(folder: Path) -> Iterator[Finding]:
    return (Finding("journal", str(line)) for line in damaged_lines(folder, folder / ARCHIVE))


def _unwritten(con: Connection, folder: Path) -> Iterator[Finding]:
    if lacking := verdicts.unwritten(con, folder):
        where = folder / verdicts.FILE
        yield Finding("journal", f"{where} lacks {lacking} verdicts or tombstones of the database: put it back from a copy")
