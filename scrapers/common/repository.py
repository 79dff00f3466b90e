"""The files of a git repository: on GitHub, or in a local clone or a part of one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from scrapers.common import github
from scrapers.common.page import json_of, saved_at
from thresher.errors import PayloadError
from thresher.model import Json
from thresher.net.client import Client, Response

MISSING = 404
_LINK_MODE = "120000"
"""git's mode of a symbolic link, whose content is a path and not the file."""


def tree_versions(tree: Json, prefix: str = "") -> dict[str, str]:
    """Paths and digests of the ordinary files in an answer of GitHub's git trees API; PayloadError where it is something else."""
    entries = tree.get("tree") if isinstance(tree, dict) else None
    if not isinstance(entries, list):
        raise PayloadError("the answer is no git tree: it has no list 'tree'", reason="bad_tree")
    out = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str) or not isinstance(entry.get("sha"), str):
            raise PayloadError("an entry of the git tree has no path or sha", reason="bad_tree")
        if entry.get("type") == "blob" and entry.get("mode") != _LINK_MODE:
            out[prefix + entry["path"]] = entry["sha"]
    return out


def subtrees(tree: Json) -> dict[str, str]:
    """Names and digests of the folders in an answer of GitHub's git trees API."""
    return {e["path"]: e["sha"] for e in tree.get("tree", ()) if e.get("type") == "tree"}


def blob_digest(body: bytes) -> str:
    """git's name for a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


class Folder:
    """A local clone, or a part of one. Symbolic links are not followed, and nothing outside the folder is read."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def files(self, *patterns: str) -> Iterator[str]:
        """Paths below the root that match one of the patterns, in the order of the patterns."""
        for pattern in patterns:
            yield from sorted(p.relative_to(self._root).as_posix() for p in self._root.glob(pattern) if self._inside(p))

    def read(self, path: str) -> bytes | None:
        """The bytes of one file, None where there is none that may be read."""
        file = self._root / path
        with suppress(OSError):
            return file.read_bytes() if self._inside(file) else None
        return None

    def written_at(self, path: str) -> datetime:
        """When the file was written."""
        return saved_at(self._root / path)

    def _inside(self, file: Path) -> bool:
        """An ordinary file inside the root, reached through no symbolic link."""
        return file.is_file() and file.resolve() == file and file.is_relative_to(self._root)


class Remote:
    """A repository on GitHub: its tree through the API, its files as they are, which is crawling: robots.txt is obeyed."""

    def __init__(self, client: Client, repository: str, branch: str, *, api_url: str, raw_url: str) -> None:
        self._client = client
        self._branch = branch
        self._api = f"{api_url}/repos/{repository}"
        self._raw = f"{raw_url}/{repository}"
        self.ref = ""
        """What the branch points to, as the API names it."""
        self._file_ref = ""

    def versions(self, folders: Sequence[str] = (), many: str = "", file: str = "") -> dict[str, str]:
        """Paths and digests of all files. A tree too large for one answer is read folder by folder: ``folders`` whole, and of ``many``,
        which holds a great number of folders with one ``file`` of interest in each, the folder's digest stands for its file's. Where there
        is no folder ``many``, all are read whole."""
        tree = self._tree(self._branch, recursive=True)
        self.ref = str(tree.get("sha") or "") if isinstance(tree, dict) else ""
        self._file_ref = self.ref or self._branch
        if not (isinstance(tree, dict) and tree.get("truncated")):
            return tree_versions(tree)
        root = self._tree(self._branch, recursive=False)
        top, versions = subtrees(root), tree_versions(root)
        for name in folders if many in top else top:
            if name in top:
                versions |= tree_versions(self._tree(top[name], recursive=True), f"{name}/")
        if many in top:
            versions |= {f"{many}/{name}/{file}": sha for name, sha in subtrees(self._tree(top[many], recursive=False)).items()}
        return versions

    def _tree(self, ref: str, *, recursive: bool) -> Json:
        url = f"{self._api}/git/trees/{quote(ref, safe='')}"
        return json_of(self._client.get(url, params={"recursive": "1"} if recursive else None, headers=github.headers()))

    def url(self, path: str) -> str:
        """The address of a file as it is."""
        return f"{self._raw}/{quote(self._file_ref)}/{quote(path)}"

    def get(self, path: str) -> Response:
        """The answer for one file; asked at the commit, or at the branch where files cannot be had by what the API called it."""
        response = self._client.get(self.url(path), crawl=True, accept_status=frozenset({MISSING}))
        if response.status == MISSING and self._file_ref != self._branch:
            at, self._file_ref = self._file_ref, self._branch
            response = self._client.get(self.url(path), crawl=True, accept_status=frozenset({MISSING}))
            if response.status == MISSING:
                self._file_ref = at
        return response

    def read(self, path: str) -> bytes | None:
        """The bytes of one file, None where there is none."""
        response = self.get(path)
        return None if response.status == MISSING else bytes(response.body)
