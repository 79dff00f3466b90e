"""A frozen snapshot to a dataset repository of the Hub, and out of it again.

Publishing is one commit against a head that was read, one tag, and a look at what is there in the end: by hash, against the manifest. After
any fault the head is read again before anything is sent: an answer that was lost may stand for a commit that was made. Run again, or killed
anywhere and run again, it ends in the same commit.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from store.snapshot.files import FILE
from store.snapshot.lint import lint_folder, refuse
from store.snapshot.publications import Publication, note, publications
from store.snapshot.registry import MANIFEST, differing, files_of
from store.snapshot.remote import Content, HeadMoved, Remote, Tree
from thresher.errors import HttpStatusError, RateLimited, StoreError, TransientError, UsageError
from thresher.failpoint import failpoint

log = logging.getLogger(__name__)

TRIES = 5
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 120.0
"""A Hub that asks for more (its quota of commits is one of an hour) is not waited for."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Published:
    """Where a snapshot is now."""

    name: str
    repository: str
    revision: str
    url: str
    kept: tuple[str, ...] = ()
    """Files of the repository that are none of thresher's; they stay."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was taken out of a repository; the files are named by path."""

    names: tuple[str, ...]
    repository: str
    files: tuple[str, ...]
    tagged_anew: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries again what may work later, a few times, with growing waits."""

    wait: Callable[[float], None] = time.sleep
    tries: int = TRIES

    def __call__(self, ask: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What ``ask`` gives; its last error where it keeps failing, or asks for too long a wait."""
        for attempt in range(1, self.tries + 1):
            try:
                return ask(*args, **kwargs)
            except (TransientError, RateLimited, HeadMoved) as error:
                pause = error.wait_s if isinstance(error, RateLimited) else min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (attempt - 1))
                if attempt == self.tries or pause > LONGEST_WAIT_S:
                    raise
                log.warning("%s; trying again in %g s", error, pause)
                self.wait(pause)
        raise AssertionError("the last try returns or raises")


@dataclass(frozen=True, slots=True)
class _Frozen:
    name: str
    folder: Path
    files: Mapping[str, Content]


def publish(folder: Path, remote: Remote, *, private: bool = True, overwrite: bool = False, patience: Patience | None = None) -> Published:
    """Send the snapshot in ``folder``. A repository that is not there is made, ``private`` or not.

    UsageError where its tag names another content already, or where files were changed on the Hub that thresher had put there
    (``overwrite`` gives them up); StoreError where the folder does not match its manifest, or the Hub shows something else in the end;
    SnapshotRefused where a row is not fit to leave by the rules of today, whoever froze it.
    """
    frozen = _read(folder)
    refuse(frozen.name, lint_folder(folder))
    patient = patience or Patience()
    patient(remote.create, private=private)
    if frozen.name not in patient(remote.tags):
        revision = patient(_commit, remote, frozen, overwrite=overwrite)
        failpoint("publish.committed")
        patient(remote.tag, frozen.name, revision)
        failpoint("publish.tagged")
    tagged = patient(remote.tags)[frozen.name]
    tree = patient(remote.tree, tagged)
    if differing := _differing(tree, frozen.files):
        raise UsageError(
            f"{remote.repository} has a tag {frozen.name} with another content ({', '.join(differing)}): a tag never moves, freeze under "
            "another name"
        )
    note(folder.parent, Publication(frozen.name, remote.repository, remote.url, tagged))
    kept = tuple(sorted(tree.keys() - frozen.files.keys() - {".gitattributes"}))
    return Published(frozen.name, remote.repository, tagged, remote.url, kept)


def _read(folder: Path) -> _Frozen:
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise UsageError(f"{folder}: is no snapshot ({error.strerror}); make one by `thresher snapshot NAME`") from error
    said = json.loads(manifest)
    files = {path: Content.of(file.read_bytes()) for path, file in files_of(folder).items()}
    if wrong := differing(said["files"], {path: content.sha256 for path, content in files.items()}):
        raise StoreError(f"{folder} does not match its manifest: {', '.join(wrong)}; remove it and freeze again")
    return _Frozen(said["name"], folder, {**files, MANIFEST: Content.of(manifest)})


def _commit(remote: Remote, frozen: _Frozen, *, overwrite: bool) -> str:
    """The revision that holds the snapshot: the head where it does already, else a commit on top of it."""
    head = remote.head()
    tree = remote.tree(head)
    before = _manifest(remote, head, tree)
    stale = (before.keys() - frozen.files.keys()) & tree.keys()
    changed = _differing(tree, frozen.files)
    if not changed and not stale:
        return head
    at_stake = sorted({*changed, *stale} & tree.keys() - {MANIFEST})
    foreign = [] if overwrite else [path for path in at_stake if _sha256(remote, head, path, tree[path]) != before.get(path)]
    if foreign:
        raise UsageError(
            f"{remote.repository}: {', '.join(foreign)} was not written by thresher, or was changed on the Hub since: take over what you "
            "need, then give --overwrite"
        )
    files = {path: frozen.folder / path for path in changed}
    return remote.commit(files, stale, parent=head, message=f"Snapshot {frozen.name}")


def _manifest(remote: Remote, head: str, tree: Tree) -> dict[str, str]:
    """SHA-256 by path of what thresher put there last; its manifest with it."""
    if MANIFEST not in tree:
        return {}
    try:
        files = json.loads(remote.read(MANIFEST, head))["files"]
        return {MANIFEST: "", **{str(path): str(said["sha256"]) for path, said in files.items()}}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _sha256(remote: Remote, head: str, path: str, there: Content) -> str:
    """Of a file on the Hub, which names a small one by Git's hash alone: that one is read."""
    return there.sha256 or Content.of(remote.read(path, head)).sha256


def _differing(tree: Tree, files: Mapping[str, Content]) -> list[str]:
    """The paths of ours that are missing there, or are something else."""
    return sorted(path for path, content in files.items() if path not in tree or not tree[path].same(content))


def withdraw(names: Collection[str], remote: Remote, snapshots: Path, *, patience: Patience | None = None) -> Withdrawn:
    """Take snapshots out of every revision of the repository: their tags, and for good each data file that no other snapshot there has.

    UsageError where ``main`` still shows one of them: a newer one has to be published first. Other tags show afterwards what they showed
    before, on commits of other names. Run again after a fault, it goes on.
    """
    patient = patience or Patience()
    tags = patient(remote.tags)
    staying = {name: _shown_by(remote, name, commit, snapshots, patient) for name, commit in tags.items() if name not in names}
    head = patient(remote.head)
    main = patient(remote.tree, head)
    if _name_at(remote, head, main) in names:
        raise UsageError(
            f"{remote.repository} still shows {', '.join(sorted(names))} on main: freeze and publish a snapshot without what has to go, "
            "then withdraw"
        )
    for name in sorted(tags.keys() & names):
        patient(remote.untag, name)
    failpoint("withdraw.untagged")
    needed = {content.sha256 for tree in (main, *staying.values()) for content in tree.values()}
    doomed = {sha: path for sha, path in patient(remote.large_files).items() if sha not in needed and path.rpartition("/")[2] == FILE}
    if doomed:
        patient(remote.purge, doomed.keys())
    failpoint("withdraw.purged")
    moved = tuple(sorted(name for name, tree in staying.items() if _tag_anew(remote, name, tree, patient)))
    left = sorted(path for sha, path in patient(remote.large_files).items() if sha in doomed)
    if left:
        raise StoreError(f"{remote.repository} still holds {', '.join(left)}: delete them by hand in the settings of the repository")
    _note_withdrawn(snapshots, remote, names, patient(remote.tags))
    return Withdrawn(tuple(sorted(names)), remote.repository, tuple(sorted(doomed.values())), moved)


def _shown_by(remote: Remote, name: str, commit: str, snapshots: Path, patient: Patience) -> Tree:
    """The files under a tag; of one whose commit a rewritten history has lost, those of the snapshot in the folder here."""
    try:
        return patient(remote.tree, commit)
    except HttpStatusError:
        return _read(snapshots / name).files


def _name_at(remote: Remote, revision: str, tree: Tree) -> str:
    """The snapshot that a revision shows; empty where it shows none."""
    try:
        return str(json.loads(remote.read(MANIFEST, revision))["name"]) if MANIFEST in tree else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _tag_anew(remote: Remote, name: str, shown: Tree, patient: Patience) -> bool:
    """Put a tag back on the commit that shows what it showed, where rewriting the history left it on a commit of the old one."""
    commits = patient(remote.commits)
    at = patient(remote.tags).get(name)
    if at in commits:
        return False
    for commit in commits:
        if not _differing(patient(remote.tree, commit), shown):
            if at is not None:
                patient(remote.untag, name)
            patient(remote.tag, name, commit)
            return True
    raise StoreError(f"{remote.repository}: no commit shows what the tag {name} showed; publish that snapshot again")


def _note_withdrawn(snapshots: Path, remote: Remote, names: Collection[str], tags: Mapping[str, str]) -> None:
    for name in sorted(names):
        note(snapshots, Publication(name, remote.repository, remote.url, "", withdrawn=True))
    for name in [made.name for made in publications(snapshots) if made.repository == remote.repository]:
        if name in tags:
            note(snapshots, Publication(name, remote.repository, remote.url, tags[name]))
