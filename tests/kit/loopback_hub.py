"""A Hugging Face Hub to which datasets are published, on a loopback port: repositories, commits, tags, large files, and files by revision.

Enough of the protocol for ``huggingface_hub`` and ``datasets`` as they are. What goes wrong is told by ``sample.wire.Fault``; that somebody
else commits at the worst moment by ``Hub.rival``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sample.wire import Answer, Asked, Fault, Seen, Server, json_answer

TOKEN = "hf_loopback_token"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_DATE = "2026-11-24T03:00:00.000Z"


@dataclass(frozen=True)
class Blob:
    """A file of a commit."""

    data: bytes
    large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def oid(self) -> str:
        """Git's name: of a large file, that of its pointer."""
        data = self.data
        if self.large:
            data = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.data)}\n".encode()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


Files = dict[str, Blob]


@dataclass
class Commit:
    """A commit of ``main``."""

    oid: str
    message: str
    files: Files


@dataclass
class Repository:
    """Commits of ``main``, the oldest first, tags, and every commit that was ever reachable."""

    private: bool
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    rewritten: int = 0

    def commit(self, files: Files, message: str) -> Commit:
        seed = "\n".join([str(self.rewritten), str(len(self.commits)), message, *(f"{p} {b.oid}" for p, b in sorted(files.items()))])
        made = Commit(hashlib.sha1(seed.encode()).hexdigest(), message, files)
        self.commits.append(made)
        return made

    def at(self, revision: str) -> Commit | None:
        """By branch, tag or hash; None where it is not, or no more."""
        revision = self.tags.get(revision, revision)
        return self.commits[-1] if revision == "main" else next((c for c in self.commits if c.oid == revision), None)

    def purge(self, sha256s: Sequence[str]) -> None:
        """Every commit without these files, under another name; tags stay on the commits that are no more, as git leaves them."""
        self.rewritten += 1
        old, self.commits = self.commits, []
        for commit in old:
            self.commit({p: b for p, b in commit.files.items() if not (b.large and b.sha256 in sha256s)}, commit.message)


class Hub:
    """The site. ``rival`` runs once, just before a commit is looked at: somebody else is quicker."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}
        self.rival: Callable[[], object] | None = None
        self.keeps_large_files = False
        """Whether it says that it deleted large files, and did not."""

    def faults(self) -> list[Fault]:
        return []

    def respond(self, asked: Asked) -> Answer:
        if asked.method in ("POST", "PUT", "DELETE") and not asked.path.startswith("/lfs/") and not self._may_write(asked):
            return json_answer({"error": "Invalid username or password."}, 401)
        match asked.path.strip("/").split("/"):
            case ["api", "repos", "create"]:
                return self._create(json.loads(asked.body))
            case ["api", "validate-yaml"]:
                return json_answer({"errors": [], "warnings": []})
            case ["api", "whoami-v2"]:
                return json_answer({"name": "loopback", "type": "user"})
            case ["lfs", oid]:
                self.large[oid] = asked.body
                return Answer(200)
            case ["datasets", owner, name, "info", "lfs", "objects", "batch"]:
                return self._batch(f"{owner}/{name.removesuffix('.git')}", asked)
            case ["datasets", owner, name, "resolve", revision, *path]:
                return self._resolve(f"{owner}/{name}", revision, "/".join(path), asked)
            case ["api", "datasets", owner, name, *rest] if f"{owner}/{name}" in self.repositories:
                return self._api(f"{owner}/{name}", rest, asked)
        return _missing("RepoNotFound", "Repository not found")

    def _may_write(self, asked: Asked) -> bool:
        reads = ("/paths-info/", "/validate-yaml")
        return asked.headers.get("authorization") == f"Bearer {TOKEN}" or any(part in asked.path for part in reads)

    def _create(self, said: dict[str, Any]) -> Answer:
        name = f"{said['organization']}/{said['name']}" if said.get("organization") else f"loopback/{said['name']}"
        if name in self.repositories:
            return json_answer({"error": "You already created this dataset repo", "url": f"/datasets/{name}"}, 409)
        repository = self.repositories[name] = Repository(said.get("visibility") == "private" or bool(said.get("private")))
        repository.commit({".gitattributes": Blob(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n", large=False)}, "initial commit")
        return json_answer({"url": f"/datasets/{name}", "name": name})

    def _batch(self, name: str, asked: Asked) -> Answer:
        if name not in self.repositories:
            return _missing("RepoNotFound", "Repository not found")
        host = asked.headers["host"]
        objects = []
        for one in json.loads(asked.body)["objects"]:
            upload = {} if one["oid"] in self.large else {"actions": {"upload": {"href": f"http://{host}/lfs/{one['oid']}"}}}
            objects.append({"oid": one["oid"], "size": one["size"], **upload})
        return json_answer({"transfer": "basic", "objects": objects})

    def _api(self, name: str, rest: list[str], asked: Asked) -> Answer:
        repository = self.repositories[name]
        match rest:
            case [] | ["revision", _]:
                return self._info(name, repository.at(rest[1] if rest else "main"))
            case ["refs"]:
                tags = [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": oid} for n, oid in repository.tags.items()]
                main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.commits[-1].oid}
                return json_answer({"branches": [main], "converts": [], "tags": tags})
            case ["commits", "main"]:
                lines = [
                    {"id": c.oid, "title": c.message, "message": "", "authors": [{"user": "loopback"}], "date": _DATE}
                    for c in reversed(repository.commits)
                ]
                return json_answer(lines)
            case ["tree", revision, *_]:
                return self._tree(repository.at(revision))
            case ["paths-info", revision]:
                return self._tree(repository.at(revision), set(json.loads(asked.body)["paths"]))
            case ["preupload", _]:
                paths = [one["path"] for one in json.loads(asked.body)["files"]]
                return json_answer(
                    {
                        "files": [
                            {"path": p, "uploadMode": "lfs" if p.endswith(".parquet") else "regular", "shouldIgnore": False} for p in paths
                        ]
                    }
                )
            case ["commit", "main"]:
                return self._commit(name, repository, asked)
            case ["tag", what] if asked.method == "POST":
                return self._tag(repository, what, json.loads(asked.body)["tag"])
            case ["tag", what]:
                return Answer(200) if repository.tags.pop(what, None) else _missing("RevisionNotFound", "no such tag")
            case ["lfs-files"]:
                return json_answer(self._large_files(repository))
            case ["lfs-files", "batch"]:
                if not self.keeps_large_files:
                    sha256s = json.loads(asked.body)["deletions"]["sha"]
                    for sha256 in sha256s:
                        self.large.pop(sha256, None)
                    repository.purge(sha256s)
                return Answer(200)
        return _missing("EntryNotFound", "no such thing")

    def _info(self, name: str, commit: Commit | None) -> Answer:
        if commit is None:
            return _missing("RevisionNotFound", "Invalid rev id")
        siblings = [{"rfilename": path} for path in sorted(commit.files)]
        return json_answer({"id": name, "sha": commit.oid, "private": True, "tags": [], "downloads": 0, "siblings": siblings})

    def _tree(self, commit: Commit | None, only: set[str] | None = None) -> Answer:
        if commit is None:
            return _missing("RevisionNotFound", "Invalid rev id")
        lines = []
        for path, blob in sorted(commit.files.items()):
            if only is None or path in only:
                large = {"lfs": {"oid": blob.sha256, "size": len(blob.data), "pointerSize": 134}} if blob.large else {}
                lines.append({"type": "file", "path": path, "size": len(blob.data), "oid": blob.oid, **large})
        return json_answer(lines)

    def _commit(self, name: str, repository: Repository, asked: Asked) -> Answer:
        if self.rival is not None:
            rival, self.rival = self.rival, None
            rival()
        header, *lines = [json.loads(line) for line in asked.body.splitlines()]
        parent = header["value"].get("parentCommit")
        if parent and parent != repository.commits[-1].oid:
            return json_answer({"error": "A commit has happened since. Please refresh and try again."}, 412)
        files = dict(repository.commits[-1].files)
        for line in lines:
            value = line["value"]
            if line["key"] == "deletedFile":
                del files[value["path"]]
            elif line["key"] == "file":
                files[value["path"]] = Blob(base64.b64decode(value["content"]), large=False)
            else:
                files[value["path"]] = Blob(self.large[value["oid"]], large=True)
        made = repository.commit(files, header["value"]["summary"])
        return json_answer({"commitUrl": f"/datasets/{name}/commit/{made.oid}", "commitOid": made.oid, "hookOutput": ""})

    def _tag(self, repository: Repository, revision: str, tag: str) -> Answer:
        commit = repository.at(revision)
        if commit is None:
            return _missing("RevisionNotFound", "Invalid rev id")
        if tag in repository.tags:
            return json_answer({"error": "Tag already exists"}, 409)
        repository.tags[tag] = commit.oid
        return Answer(200)

    def _large_files(self, repository: Repository) -> list[dict[str, Any]]:
        files = {b.sha256: (path, b) for commit in repository.commits for path, b in commit.files.items() if b.large}
        return [
            {"fileOid": sha256, "filename": path, "oid": sha256[:24], "pushedAt": _DATE, "ref": "main", "size": len(blob.data)}
            for sha256, (path, blob) in files.items()
        ]

    def _resolve(self, name: str, revision: str, path: str, asked: Asked) -> Answer:
        repository = self.repositories.get(name)
        commit = repository.at(revision) if repository else None
        blob = commit.files.get(path) if commit else None
        if repository is None or commit is None or blob is None:
            return _missing("EntryNotFound", "Entry not found")
        headers = {"ETag": f'"{blob.sha256}"', "X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
        asked_range = _RANGE.fullmatch(asked.headers.get("range", ""))
        if asked_range is None:
            return Answer(200, blob.data, {**headers, "Content-Length": str(len(blob.data))})
        first, last = asked_range.groups()
        start = int(first) if first else len(blob.data) - int(last)
        end = min(int(last) + 1 if first and last else len(blob.data), len(blob.data))
        part = blob.data[start:end]
        return Answer(206, part, {**headers, "Content-Range": f"bytes {start}-{end - 1}/{len(blob.data)}"})


def _missing(code: str, said: str) -> Answer:
    return json_answer({"error": said}, 404, {"X-Error-Code": code, "X-Error-Message": said})


class LoopbackHub:
    """A Hub on a port; a context manager. ``faults`` may be added to at any time."""

    def __init__(self) -> None:
        self.site = Hub()
        self.requests: list[Seen] = []
        self.faults: list[Fault] = []
        self._server = Server("hub", self.site, self.faults, self.requests.append)

    @property
    def url(self) -> str:
        """The endpoint."""
        return self._server.url

    @property
    def commits(self) -> int:
        """How many commits were asked for that the site answered with 200, lost answers among them."""
        return sum(len(repository.commits) - 1 for repository in self.site.repositories.values())

    def __enter__(self) -> LoopbackHub:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
