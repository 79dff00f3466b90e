"""Datasets of the Hugging Face Hub through our own door: a revision becomes a commit, files are read by ranges.

The Hub's client libraries keep one session and one endpoint for the whole process, past our door, and cannot begin in the middle of a
file; the part of their protocol that is needed here is three addresses (``/api/datasets/ID/revision/REV``, ``/tree/``, ``/resolve/``).
Nothing of a dataset is ever run.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import IO, Any, Final, Protocol, cast
from urllib.parse import quote, urljoin, urlsplit

from scrapers.common.json_rows import Rows
from scrapers.common.page import json_of
from scrapers.common.parquet import parquet_rows
from scrapers.common.rows import kind_of, stream_rows
from scrapers.common.walk import Step, follow
from thresher.errors import HttpStatusError, PayloadError, SettingsError
from thresher.net.client import Client, Response

ENDPOINT: Final = "https://huggingface.co"
RANGE_BYTES: Final = 8 * 2**20
"""The most that is asked for at once; below what the door takes for one response."""
SMALLEST_RANGE: Final = 2**16
SPOOLED_FROM: Final = 2 * RANGE_BYTES
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')


class Dataset(Protocol):
    """What of a site's settings matters here."""

    @property
    def dataset(self) -> str: ...
    @property
    def revision(self) -> str: ...
    @property
    def config(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def files(self) -> tuple[str, ...]: ...
    @property
    def endpoint(self) -> str: ...


@dataclass(frozen=True, slots=True)
class File:
    """A file of a dataset at one commit."""

    path: str
    size: int
    url: str


class Hub:
    """One dataset of one Hub."""

    def __init__(self, client: Client, site: Dataset, environ: Mapping[str, str]) -> None:
        self._client = client
        self._site = site
        self.endpoint = (environ.get("HF_ENDPOINT") or ENDPOINT if site.endpoint == ENDPOINT else site.endpoint).rstrip("/")
        token = environ.get("HF_TOKEN", "").strip()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def commit(self) -> tuple[str, Mapping[str, Any]]:
        """The commit that the site's revision stands for now, and the data of its card."""
        try:
            revision = json_of(self._client.get(f"{self._api()}/revision/{quote(self._site.revision, safe='')}", headers=self._headers))
        except HttpStatusError as error:
            raise self._explained(error) from error
        sha = revision.get("sha") if isinstance(revision, dict) else None
        if not isinstance(sha, str) or not re.fullmatch(r"[0-9a-f]{40}", sha):
            raise PayloadError(
                f"the Hub names no commit for {self._site.dataset} at {self._site.revision}: {str(revision)[:120]}", reason="no_commit"
            )
        card = revision.get("cardData")
        return sha, card if isinstance(card, dict) else {}

    def tree(self, sha: str) -> list[File]:
        """Every file at this commit."""
        resolve = f"{self.endpoint}/datasets/{self._site.dataset}/resolve/{sha}"
        entries = (
            entry
            for step in follow(self._ask_tree, f"{self._api()}/tree/{sha}?recursive=true", self._client.pace.max_pages)
            for entry in step.entries
        )
        return [
            File(
                str(entry["path"]),
                int((entry.get("lfs") or {}).get("size") or entry.get("size") or 0),
                f"{resolve}/{quote(str(entry['path']))}",
            )
            for entry in entries
            if isinstance(entry, dict) and entry.get("type") == "file"
        ]

    def _ask_tree(self, url: str) -> Step[Response]:
        answer = self._client.get(url, headers=self._headers if _origin(url) == _origin(self.endpoint) else None)
        entries = json_of(answer)
        if not isinstance(entries, list):
            raise PayloadError(f"{url} answered {type(entries).__name__}, not a list of files", reason="bad_tree")
        following = _NEXT.search(answer.headers.get("link", ""))
        return Step(answer, entries, urljoin(url, following.group(1)) if following else None)

    def rows(self, files: Iterable[File], skip: int) -> Rows:
        """The rows of these files one after another, without the first ``skip``."""
        for file in files:
            if kind_of(file.path) == "parquet":
                counted = yield from self._parquet(file, skip)
            else:
                counted = 0
                for row in self._streamed(file):
                    counted += 1
                    if counted > skip:
                        yield row
            skip = max(0, skip - counted)

    def _parquet(self, file: File, skip: int) -> Generator[dict[str, Any], None, int]:
        """Whole row groups are passed over unread; returns how many rows the file has."""
        remote = Remote(self._client, file, self._headers)
        try:
            return (yield from parquet_rows(remote, file.size, skip=skip, fetch=remote.load))
        except PayloadError as error:
            raise PayloadError(f"{file.path}: {error}", reason=error.reason) from error

    def _streamed(self, file: File) -> Rows:
        raw = io.BufferedReader(Remote(self._client, file, self._headers), RANGE_BYTES)
        return stream_rows(raw, kind_of(file.path), packed=file.path.lower().endswith(".gz"))

    def _api(self) -> str:
        return f"{self.endpoint}/api/datasets/{self._site.dataset}"

    def _explained(self, error: HttpStatusError) -> HttpStatusError:
        advice = {
            401: "it does not exist, or is gated: accept its terms on its page and set HF_TOKEN",
            403: "it is gated: accept its terms on its page and set HF_TOKEN",
            404: "there is no such dataset or revision",
        }.get(error.status, "")
        words = f"{self._site.dataset} at {self._site.revision}: status {error.status}" + (f"; {advice}" if advice else "")
        return HttpStatusError(words, status=error.status, body=error.body, url=error.url, source=error.source)


def _origin(url: str) -> tuple[str, str]:
    """Scheme, host and port: the token is for one of them, and a ``Link`` may lead anywhere."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


@dataclass
class Remote(io.RawIOBase):
    """A file of the Hub as a seekable stream. What ``load`` brought is kept until the next load, on the disk where it is much; other reads
    bring at least SMALLEST_RANGE."""

    client: Client
    file: File
    headers: Mapping[str, str]
    _at: int = field(default=0, init=False)
    _start: int = field(default=0, init=False)
    _end: int = field(default=0, init=False)
    _loaded: IO[bytes] = field(default_factory=io.BytesIO, init=False)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._loaded.close()
        super().close()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.file.size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        end = self.file.size if size is None or size < 0 else min(self._at + size, self.file.size)
        if end <= self._at:
            return b""
        if not (self._start <= self._at and end <= self._end):
            start = min(self._at, max(0, end - SMALLEST_RANGE)) if end == self.file.size else self._at
            self.load(start, min(max(end, start + SMALLEST_RANGE), self.file.size))
        self._loaded.seek(self._at - self._start)
        data = self._loaded.read(end - self._at)
        self._at = end
        return data

    def load(self, start: int, end: int) -> None:
        """Bring these bytes."""
        spool = cast(IO[bytes], tempfile.SpooledTemporaryFile(SPOOLED_FROM))  # noqa: SIM115, see close
        for begin in range(start, end, RANGE_BYTES):
            stop = min(begin + RANGE_BYTES, end)
            answer = self.client.get(self.file.url, headers={**self.headers, "Range": f"bytes={begin}-{stop - 1}"})
            part = answer.body if answer.status == 206 else answer.body[begin:stop]
            if len(part) != stop - begin:
                raise PayloadError(f"{self.file.url} gave {len(part)} of {stop - begin} bytes at {begin}", reason="short_range")
            spool.write(part)
        self._loaded.close()
        self._start, self._end, self._loaded = start, end, spool


def chosen(files: list[File], card: Mapping[str, Any], site: Dataset) -> list[File]:
    """The site's data files in order: by its own patterns, by what the dataset's card says of config and split, or by their names."""
    patterns = list(site.files) or _patterns(card, site)
    readable = [file for file in files if kind_of(file.path)]
    if patterns:
        wanted = [file for file in readable if any(fnmatchcase(file.path, pattern) for pattern in patterns)]
    else:
        below = [f for f in readable if not site.config or f.path.startswith((f"{site.config}/", f"data/{site.config}/"))]
        named_so = [f for f in below if re.search(rf"(?:^|[/._-]){re.escape(site.split)}(?:[/._-]|$)", f.path)]
        tables = [f for f in named_so or below if kind_of(f.path) == "parquet"]
        wanted = tables or named_so or below
    if not wanted:
        shown = ", ".join(f.path for f in readable[:8]) or "none that can be read"
        raise SettingsError(
            f"{site.dataset} has no data files for config {site.config!r}, split {site.split!r}; its files: {shown}. Set files = [...]"
        )
    return sorted(wanted, key=lambda file: file.path)


def _patterns(card: Mapping[str, Any], site: Dataset) -> list[str]:
    """``configs`` of a dataset card: a list of ``{config_name, data_files}``, where data_files is a pattern, a list of them, or of
    ``{split, path}``."""
    configs = [one for one in card.get("configs") or [] if isinstance(one, dict)]
    wanted = (
        [one for one in configs if one.get("config_name") == site.config]
        if site.config
        else ([one for one in configs if one.get("default")] or configs[:1])
    )
    patterns: list[str] = []
    for config in wanted:
        data = config.get("data_files") or []
        for entry in [data] if isinstance(data, str | dict) else data:
            if isinstance(entry, str):
                patterns.append(entry)
            elif entry.get("split") == site.split:
                path = entry.get("path") or []
                patterns.extend([path] if isinstance(path, str) else path)
    return patterns


def licence_of(card: Mapping[str, Any]) -> str:
    """What a dataset's card says of its licence, which may be several."""
    licence = card.get("license") or ""
    return ", ".join(map(str, licence)) if isinstance(licence, list) else str(licence)
