"""Freezing a named set of items: a folder that is there whole or not at all, byte for byte the same when made again.

<name>/<config>/test-00000-of-00001.parquet   README.md   eval.yaml   harness/   difference.json   croissant.json
manifest.json (written last)
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.file.database import Connection, Database
from store.rows import fetch
from store.snapshot import leaks, lint
from store.snapshot.card import About, card, citation
from store.snapshot.croissant import NAME as CROISSANT
from store.snapshot.croissant import Described, croissant
from store.snapshot.difference import Difference, measure
from store.snapshot.estimates import estimates
from store.snapshot.export import Written, draft, settle
from store.snapshot.files import IDS, held, parquet
from store.snapshot.harness import harness_files
from store.snapshot.licences import family
from store.snapshot.registry import MANIFEST, Registered, register, sha256_of, verify
from store.snapshot.runs import Exact
from store.snapshot.settings import Export
from thresher.disk import sync
from thresher.errors import StoreError, UsageError
from thresher.failpoint import failpoint
from thresher.model import Snapshot

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
FORMAT = 1
_DUCKDB = "1GB"
"""What DuckDB may take of the memory. Rows on their way, and what is kept of each until the end, take as much again at a million items."""


def check_name(name: str) -> str:
    """The name, if it can be one on every system; UsageError otherwise."""
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name) or name.endswith("."):
        raise UsageError(f"{name[:80]!r} cannot name a snapshot: use 1 to 64 of a-z, 0-9, '.', '_', '-', beginning with a letter or digit")
    return name


def freeze(database: Database, name: str, folder: Path, export: Export, *, leave_out: bool = False) -> Snapshot:
    """Write the snapshot ``folder/name`` and register it. Made again from the same items it is the same, and nothing changes.

    SnapshotRefused where a row is not fit to leave (``store.snapshot.lint``), unless such rows are to be left out; StoreError where a
    withheld text would leave, UsageError where the name is taken by another content: then nothing is published.
    """
    target = folder / check_name(name)
    with database.writer():
        with partial_folder(folder, name) as partial:
            with database.reader(memory_limit=_DUCKDB) as con:
                written, difference = _write_files(con, partial, name, export, leave_out=leave_out)
            failpoint("snapshot.manifest")
            manifest = _write_manifest(partial, name, export, written, difference)
            digest = hashlib.sha256(manifest).hexdigest()
            put_in_place(partial, target, manifest)
        failpoint("snapshot.published")
        hashes = written.hashes.table()
        snapshot = Snapshot(name, str(target), len(hashes), digest)
        with database.transaction() as con:
            register(con, Registered(snapshot, export.version, hashes, datetime.now(UTC)))
    return snapshot


@contextmanager
def partial_folder(folder: Path, name: str) -> Iterator[Path]:
    """A folder beside the snapshots that is gone in the end; what a killed run left there goes first."""
    partial = folder / f".{name}.partial"
    try:
        if partial.is_symlink():
            raise StoreError(f"{partial} is a link; remove it")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
    except OSError as error:
        raise StoreError(f"{folder}: the snapshot cannot be written ({error.strerror or error}); nothing was published") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_files(con: Connection, folder: Path, name: str, export: Export, *, leave_out: bool) -> tuple[Written, Difference]:
    """The Parquet files, the card, and what runs them. Items whose text shares a word run with a withheld text go without their text."""
    linting = lint.Lint(personal=False)  # what has personal data was kept back
    sieve = leaks.sieve_for(con)
    written = draft(con, folder, export, linting.add, lambda rows: leaks.add_runs(sieve, rows))
    left_out: dict[str, str] = {}
    while leave_out and (findings := linting.findings()):  # what is left may be nearly constant where it was not before; it only grows less
        reasons = {one.item_id: f"lint_{one.rule}" for one in findings}
        linting.drop(reasons)
        left_out |= reasons
    lint.refuse(name, linting.findings())
    failpoint("snapshot.parquet")
    leaking = leaks.leaking_runs(con, sieve, known_licences(con))
    texts = [path for path in parquet(folder) if path.parent.name != IDS]
    overlapping = {item_id for path in texts for item_id in leaks.items_with(path, leaking)} - left_out.keys()
    linting.drop(overlapping)
    lint.refuse(name, linting.findings())
    settle(con, folder, export, written, left_out, overlapping)
    difference = measure(con, name, written.hashes.table())
    (folder / "difference.json").write_bytes(_json(difference.listed))
    about = About(difference, export.contact, tuple(estimates(con)))
    rows, licences = held(folder)
    (folder / "README.md").write_text(card(name, rows, licences, export.canary, about), encoding="utf-8")
    described = {path.parent.name: Described(path.stat().st_size, sha256_of(path)) for path in parquet(folder)}
    (folder / CROISSANT).write_bytes(
        _json(croissant(name, difference.version, _published(con), described, citation(name, difference.version)))
    )
    for runner, content in harness_files(name, rows).items():
        (folder / runner).parent.mkdir(parents=True, exist_ok=True)
        (folder / runner).write_bytes(content)
    _refuse_leaks((path for path in sorted(folder.rglob("*")) if path.is_file()), leaking)
    return written, difference


def _published(con: Connection) -> str:
    """The day on which the newest record of an item was first seen: made again from the same items, it is the same."""
    sql = "SELECT max(first_seen) AS day FROM records SEMI JOIN (SELECT record_key FROM reports WHERE live) USING (record_key)"
    day = fetch(con, sql)[0]["day"]
    return f"{day or datetime(1970, 1, 1, tzinfo=UTC):%Y-%m-%d}"


def _refuse_leaks(files: Iterable[Path], leaking: Exact) -> None:
    """StoreError where a file, as it lies on disk, holds a run of a withheld text."""
    for path in files:
        for item_id in leaks.items_with(path, leaking):
            raise StoreError(
                f"{path.parent.name}/{path.name}, item {item_id}: holds words of a text that must not leave; nothing was published"
            )


def known_licences(con: Connection) -> list[str]:
    """The licences of stored records under which a text may be passed on."""
    return [row[0] for row in con.execute("SELECT DISTINCT lower(licence) FROM records").fetchall() if family(row[0]) is not None]


def _write_manifest(folder: Path, name: str, export: Export, written: Written, difference: Difference) -> bytes:
    return put_manifest(
        folder,
        {
            "name": name,
            "format": FORMAT,
            "version": difference.version,
            "export_version": export.version,
            "items": len(written.hashes.table()),
            "configs": dict(sorted(held(folder)[0].items())),
            "withheld": dict(sorted(written.withheld.items())),
            "difference": {k: v if k == "since" else len(v) for k, v in difference.listed.items()},
        },
    )


def put_manifest(folder: Path, stated: Mapping[str, Any]) -> bytes:
    """Bring every file of a finished folder to the disk, and write what is stated of it with the length and hash of each beside it."""
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        files[path.relative_to(folder).as_posix()] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        sync(path)
    manifest = _json({**stated, "files": files})
    (folder / MANIFEST).write_bytes(manifest)
    sync(folder / MANIFEST)
    return manifest


def put_in_place(partial: Path, target: Path, manifest: bytes) -> None:
    """Put the finished folder under its name; a folder of that name must be the same snapshot, whole."""
    if target.exists() or target.is_symlink():
        frozen_manifest = target / MANIFEST
        if target.is_symlink() or not frozen_manifest.is_file() or frozen_manifest.read_bytes() != manifest:
            raise UsageError(f"{target} is there already with another content; choose another name, or remove it")
        if wrong := verify(target):
            raise StoreError(f"{target} does not match its manifest: {', '.join(wrong)}; remove it and freeze again")
        return
    sync(partial)
    failpoint("snapshot.rename")
    partial.rename(target)
    sync(target.parent)


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
