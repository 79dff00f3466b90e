"""A dataset repository of the Hugging Face Hub, through its own client: what is there, one commit, tags, and what is removed for good.

What the client raises becomes an error of ours that says whether trying again can help, and what to do. Nothing is tried twice here: the
client does not repeat a commit either, since an answer that was lost or a 500 may stand for a commit that was made.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.errors import HttpStatusError, RateLimited, StoreError, TransientError, UsageError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_KIND = "dataset"
_RESET = re.compile(r"\bt=(\d+)")
"""Seconds until a limit is lifted, in the header ``RateLimit`` of the Hub: ``"api";r=0;t=55``."""


class HeadMoved(StoreError):
    """Somebody else committed since the head was read."""

    retryable = True


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is, in the two ways in which a repository may name it."""

    sha256: str
    """Of the content; empty where the repository names the blob alone."""
    blob: str
    """Git's name of it: SHA-1 over ``blob <size>\\0`` and the content. Of a large file that of its pointer, which says nothing here."""

    @classmethod
    def of(cls, data: bytes) -> Content:
        """Both names of these bytes."""
        return cls(hashlib.sha256(data).hexdigest(), hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest())

    def same(self, other: Content) -> bool:
        """Whether they are the same bytes."""
        return self.sha256 == other.sha256 if self.sha256 and other.sha256 else self.blob == other.blob


Tree = Mapping[str, Content]
"""Files of a revision by path."""


class Remote:
    """One dataset repository. The token is the client's own affair: ``HF_TOKEN``, or what ``hf auth login`` left."""

    def __init__(self, repository: str, endpoint: str = "") -> None:
        if not _REPOSITORY.fullmatch(repository):
            raise UsageError(f"{repository[:100]!r} is no repository: give it as OWNER/NAME")
        self.repository = repository
        self._endpoint = endpoint or None

    @cached_property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(endpoint=self._endpoint, library_name="thresher")

    @property
    def url(self) -> str:
        """Where a person looks at it."""
        return f"{self._api.endpoint}/datasets/{self.repository}"

    def create(self, *, private: bool) -> None:
        """Make the repository; one that is there stays as it is."""
        with self._translated():
            self._api.create_repo(self.repository, repo_type=_KIND, private=private, exist_ok=True)

    def head(self) -> str:
        """The commit at which ``main`` stands."""
        with self._translated():
            return str(self._api.repo_info(self.repository, repo_type=_KIND, revision="main").sha)

    def tags(self) -> dict[str, str]:
        """Commit by tag."""
        with self._translated():
            return {tag.name: tag.target_commit for tag in self._api.list_repo_refs(self.repository, repo_type=_KIND).tags}

    def commits(self) -> list[str]:
        """Every commit of ``main``, the newest first."""
        with self._translated():
            return [commit.commit_id for commit in self._api.list_repo_commits(self.repository, repo_type=_KIND)]

    def tree(self, revision: str) -> Tree:
        """All files of a revision."""
        from huggingface_hub.hf_api import RepoFile

        with self._translated():
            files = self._api.list_repo_tree(self.repository, repo_type=_KIND, revision=revision, recursive=True)
            return {file.path: Content(file.lfs.sha256 if file.lfs else "", file.blob_id) for file in files if isinstance(file, RepoFile)}

    def read(self, path: str, revision: str) -> bytes:
        """A small file of a revision."""
        with tempfile.TemporaryDirectory() as folder, self._translated():
            return Path(self._api.hf_hub_download(self.repository, path, repo_type=_KIND, revision=revision, cache_dir=folder)).read_bytes()

    def commit(self, files: Mapping[str, Path], removed: Collection[str], *, parent: str, message: str) -> str:
        """One commit on top of ``parent``; HeadMoved where ``main`` is not there any more. Gives the new head."""
        from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete

        operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
            *(CommitOperationAdd(path, str(file)) for path, file in sorted(files.items())),
            *(CommitOperationDelete(path, is_folder=False) for path in sorted(removed)),
        ]
        with self._translated():
            made = self._api.create_commit(
                self.repository, operations, commit_message=message, repo_type=_KIND, parent_commit=parent, revision="main"
            )
        return str(made.oid)

    def tag(self, name: str, revision: str) -> None:
        """Put a tag on a commit; one of that name that is there stays where it is."""
        with self._translated():
            self._api.create_tag(self.repository, tag=name, revision=revision, repo_type=_KIND, exist_ok=True)

    def untag(self, name: str) -> None:
        """Take a tag away."""
        with self._translated():
            self._api.delete_tag(self.repository, tag=name, repo_type=_KIND)

    def large_files(self) -> dict[str, str]:
        """Path by SHA-256 of every large file that the repository holds for any of its revisions."""
        with self._translated():
            return {file.file_oid: file.filename for file in self._api.list_lfs_files(self.repository, repo_type=_KIND)}

    def purge(self, sha256s: Collection[str]) -> None:
        """Delete large files for good, and the pointers to them from every commit: commits get other names by it."""
        with self._translated():
            files = [file for file in self._api.list_lfs_files(self.repository, repo_type=_KIND) if file.file_oid in sha256s]
            self._api.permanently_delete_lfs_files(self.repository, files, rewrite_history=True, repo_type=_KIND)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import httpx2
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

        try:
            yield
        except OfflineModeIsEnabled:
            raise UsageError("HF_HUB_OFFLINE is set, so the Hub is not asked: unset it") from None
        except HfHubHTTPError as error:
            raise self._refused(error) from error
        except (httpx2.TransportError, ConnectionError, TimeoutError) as error:  # the last two of the client's other way to upload
            raise TransientError(f"{self.repository}: the Hub cannot be reached ({type(error).__name__}: {error})") from error
        except RuntimeError as error:  # the client wraps what went wrong with one of its uploads
            cause = error.__cause__
            if isinstance(cause, HfHubHTTPError):
                raise self._refused(cause) from error
            raise TransientError(f"{self.repository}: an upload failed: {error}; {cause}") from error
        except (ValueError, KeyError, TypeError) as error:  # a page of a proxy instead of JSON, or JSON of something else
            raise TransientError(f"{self.repository}: what answered is no Hub ({error!r})") from error

    def _refused(self, error: Exception) -> Exception:
        from huggingface_hub.errors import HfHubHTTPError

        assert isinstance(error, HfHubHTTPError)
        status, said = error.response.status_code, str(error).strip().splitlines()[0][:300]
        where = f"{self.repository}: the Hub answered {status}: {said}"
        if status == 412:
            return HeadMoved(f"{where}; somebody else has published there at the same time, run it again")
        if status in (401, 403):
            return UsageError(f"{where}; give a token that may write there by HF_TOKEN, or log in by `hf auth login`")
        if status == 429:
            wait = _wait(error.response.headers)
            return RateLimited(f"{where}; wait {wait:g} seconds and run it again", wait_s=wait)
        if status >= 500 or status == 408:
            return TransientError(where)
        return HttpStatusError(where, status=status)


_UNTOLD_WAIT_S = 60.0


def _wait(headers: Mapping[str, str]) -> float:
    """The seconds that a 429 asks for; a minute where it does not say."""
    after = headers.get("retry-after", "")
    if after.isdigit():
        return float(after)
    reset = _RESET.search(headers.get("ratelimit", ""))
    return float(reset[1]) if reset else _UNTOLD_WAIT_S
