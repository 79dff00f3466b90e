"""A GitHub with two repositories: a small book in the layout of OpenStax, and a tool with issues (``github_issues``). Two hosts: the API
and the raw files."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from sample.content import SECOND_NIGHT, WORLD, blob_id
from sample.sites import github_issues
from sample.wire import Answer, Asked, Fault, instead, json_answer, tagged, text_answer

REPOSITORY = "sample-press/osbooks-everyday-measures"
BRANCH = "main"
_KINDS = {".xml": "text/plain", ".cnxml": "text/plain", ".md": "text/plain", ".svg": "image/svg+xml"}


@cache
def files(night: int) -> dict[str, bytes]:
    """Path to content; the second night's changes lie in a folder of their own."""
    found: dict[str, bytes] = {}
    for folder in ("book", "book-night2")[:night]:
        root = WORLD / folder
        found |= {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    return found


@cache
def commit(night: int) -> str:
    """The id of the branch's newest commit."""
    listing = "".join(f"{path} {blob_id(data)}\n" for path, data in files(night).items())
    return hashlib.sha1(b"commit\0" + listing.encode()).hexdigest()


class Repository:
    """What both hosts show; ``night`` is read at every request."""

    def __init__(self) -> None:
        self.night = 1

    def at(self, ref: str) -> int | None:
        """Which night a branch or commit shows; None where there is no such one."""
        if ref in {BRANCH, "HEAD", f"heads/{BRANCH}"}:
            return self.night
        return next((n for n in range(1, self.night + 1) if commit(n) == ref), None)


class GitHubApi:
    """``api.github.com``."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.used = 0

    def faults(self) -> list[Fault]:
        """The secondary rate limit, once."""
        said = {
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "documentation_url": "https://docs.github.com/",
        }
        return [Fault(lambda a: "/git/trees/" in a.path, instead(json_answer(said, 429, {"Retry-After": "1"})))]

    def respond(self, asked: Asked) -> Answer:
        if not asked.headers.get("user-agent"):
            return text_answer("Request forbidden by administrative rules. Please make sure your request has a User-Agent header.\n", 403)
        self.used += 1
        answer = github_issues.respond(asked, self.repository.night, f"http://{asked.headers.get('host', '')}")
        value = None if answer is not None else self._data(asked.path, asked)
        limits = {
            "x-ratelimit-limit": "60", "x-ratelimit-remaining": str(max(60 - self.used, 1)), "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": "1795503600", "x-ratelimit-resource": "core", "x-github-media-type": "github.v3; format=json",
        }  # fmt: skip
        if answer is not None:
            return tagged(replace(answer, headers={**answer.headers, **limits}), asked) if answer.status == 200 else answer
        if value is None:
            return json_answer({"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}, 404, limits)
        return tagged(json_answer(value, headers=limits), asked)

    def _data(self, path: str, asked: Asked) -> Any:
        prefix = f"/repos/{REPOSITORY}"
        if path.lower() == prefix.lower():
            return {"full_name": REPOSITORY, "default_branch": BRANCH, "private": False, "archived": False, "license": None}
        if not path.lower().startswith(prefix.lower() + "/"):
            return None
        match path[len(prefix) + 1 :].split("/", 2):
            case ["commits", ref]:
                return self._commit(ref)
            case ["branches", ref]:
                made = self._commit(ref)
                return made and {"name": ref, "commit": made, "protected": False}
            case ["git", "trees", ref]:
                return self._tree(ref)
        return None

    def _commit(self, ref: str) -> Any:
        night = self.repository.at(ref)
        if night is None:
            return None
        date = SECOND_NIGHT.replace(day=SECOND_NIGHT.day - 3 + night).strftime("%Y-%m-%dT%H:%M:%SZ")
        who = {"name": "Sample Press", "email": "press@example.org", "date": date}
        return {
            "sha": commit(night),
            "commit": {"author": who, "committer": who, "message": "Corrections", "tree": {"sha": _tree_id(night)}},
            "parents": [],
        }

    def _tree(self, ref: str) -> Any:
        night = self.repository.at(ref) or next((n for n in (1, 2) if n <= self.repository.night and _tree_id(n) == ref), None)
        if night is None:
            return None
        rows = [{"path": p, "mode": "100644", "type": "blob", "sha": blob_id(d), "size": len(d)} for p, d in files(night).items()]
        folders = sorted({parent.as_posix() for p in files(night) for parent in Path(p).parents if parent.as_posix() != "."})
        rows += [{"path": f, "mode": "040000", "type": "tree", "sha": hashlib.sha1(f"{f}{night}".encode()).hexdigest()} for f in folders]
        return {"sha": _tree_id(night), "tree": sorted(rows, key=lambda r: str(r["path"])), "truncated": False}


class GitHubRaw:
    """``raw.githubusercontent.com``."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def faults(self) -> list[Fault]:
        """A 503, once."""
        broken = text_answer("503: Service Unavailable", 503, {"Retry-After": "1"})
        return [Fault(lambda a: a.path.endswith(".cnxml"), instead(broken), after=2)]

    def respond(self, asked: Asked) -> Answer:
        owner_and_name, path = "/".join(asked.path.split("/")[1:3]), "/".join(asked.path.split("/")[3:])
        path = path.removeprefix("refs/heads/")
        ref, _, wanted = path.partition("/")
        night = self.repository.at(ref)
        if owner_and_name.lower() != REPOSITORY.lower() or night is None or wanted not in files(night):
            return text_answer("404: Not Found", 404)
        kind = _KINDS.get(Path(wanted).suffix, "application/octet-stream")
        data = files(night)[wanted]
        return tagged(Answer(200, data, {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "max-age=300"}), asked)


def _tree_id(night: int) -> str:
    return hashlib.sha1(b"tree" + commit(night).encode()).hexdigest()
