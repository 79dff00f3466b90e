"""Pictures for ``thresher read``: of files and ``data:`` that a row names, and of addresses where that is wanted. Nothing is kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from flows.line.picturing import ACCEPT, engine, is_allowed
from thresher.errors import NetworkError, PayloadError
from thresher.model import Picture
from thresher.net.client import Client
from thresher.pictures.ocr import Engine
from thresher.pictures.page import read
from thresher.pictures.settings import Pictures
from thresher.rules import Rules

DATA = "data:"


class Viewer:
    """Reads what rows name, ``max_per_post`` pictures of each and ``max_per_run`` addresses in all. ``counts`` says what became of them.

    Files are looked for below ``folder``, where the rows come from, and nowhere else. Without a ``client`` no address is asked for."""

    def __init__(self, rules: Rules, settings: Pictures, folder: Path, client: Client | None = None, reader: Engine | None = None) -> None:
        self.witness = settings.witness
        self.counts: Counter[str] = Counter()
        self._rules = rules
        self._settings = settings
        self._folder = folder.resolve()
        self._client = client
        self._reader = reader
        self._asked = 0

    def look(self, record_key: str, named: Sequence[str]) -> list[Picture]:
        """What the pictures of one row say; what cannot be read is counted and costs the row nothing."""
        seen = []
        for name in named[: self._settings.max_per_post]:
            try:
                body, declared = self._body(name)
                sheet = (self._reader or engine()).read(body, declared, self._settings.max_pixels)
            except (PayloadError, NetworkError) as error:
                self.counts[error.reason] += 1
                continue
            address = f"{DATA}..." if name.startswith(DATA) else name
            picture = Picture(record_key, address, hashlib.sha256(body).hexdigest())
            picture = read(picture, sheet, self._rules.names, self._settings.confidence, "")
            self.counts[picture.refused or "read"] += 1
            seen.append(picture)
        return seen

    def _body(self, name: str) -> tuple[bytes, str]:
        """The bytes of a picture, and of what type they are said to be."""
        if name.startswith(DATA):
            head, _, content = name.removeprefix(DATA).partition(",")
            with suppress(binascii.Error, ValueError):
                return self._capped(base64.b64decode(content, validate=True)), head.partition(";")[0]
            raise PayloadError("no base64", reason="broken")
        if "://" in name:
            return self._fetched(name)
        file = (self._folder / name).resolve()
        if not file.is_relative_to(self._folder) or not file.is_file():
            raise PayloadError(f"{name}: no such file below {self._folder}", reason="no_file")
        if file.stat().st_size > self._settings.max_bytes:
            raise PayloadError(f"{name} is larger than pictures.max_bytes", reason="too_large")
        return file.read_bytes(), ""

    def _fetched(self, address: str) -> tuple[bytes, str]:
        if self._client is None or self._asked >= self._settings.max_per_run:
            raise PayloadError("addresses are not asked for", reason="not_fetched")
        if not is_allowed(address, "", self._settings.hosts):
            raise PayloadError(f"{address} is not on a host of pictures.hosts", reason="other_host")
        self._asked += 1
        answer = self._client.get(address, headers={"Accept": ACCEPT}, crawl=True, max_bytes=self._settings.max_bytes)
        return answer.body, answer.headers.get("content-type", "")

    def _capped(self, body: bytes) -> bytes:
        if len(body) > self._settings.max_bytes:
            raise PayloadError("larger than pictures.max_bytes", reason="too_large")
        return body
