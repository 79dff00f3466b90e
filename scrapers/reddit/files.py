"""Answers that somebody saved: one in a file, or many in a recording."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from scrapers.common.page import each_file, saved_at, saved_body, saved_files, saved_page
from scrapers.reddit.site import SOURCE, Site
from thresher.errors import PayloadError
from thresher.model import Page
from thresher.payload import json_value


def read(path: Path, site: Site) -> Iterator[Page]:
    """Answers of the API kept in JSON files (one answer a file), or recordings with ``interactions`` as betamax and VCR write them. Token
    answers are skipped."""
    files = saved_files(path, (".json",), "answers of Reddit's API as JSON, or recordings of them")
    yield from each_file(SOURCE, site.name, files, lambda file: _pages_of(file, site))


def _pages_of(file: Path, site: Site) -> Iterator[Page]:
    body = saved_body(file)
    if interactions := _interactions(body):
        pages = (_recorded(interaction, site, saved_at(file)) for interaction in interactions)
        yield from (page for page in pages if page is not None)
    else:
        yield saved_page(SOURCE, site.name, file, body, {"listing": "file"}, url=file.absolute().as_uri())


def _interactions(body: bytes) -> list[Any]:
    """What a recording recorded; nothing where the file is none."""
    try:
        recording = json_value(body)
    except PayloadError:
        return []
    interactions = recording.get("interactions") if isinstance(recording, dict) else None
    return interactions if isinstance(interactions, list) else []


def _recorded(interaction: Mapping[str, Any], site: Site, when: datetime) -> Page | None:
    """One request and its answer out of a recording."""
    url, answer = interaction["request"]["uri"], interaction["response"]
    if "/access_token" in url:
        return None
    status = answer["status"]["code"] if isinstance(answer["status"], dict) else answer["status"]
    headers = {name.lower(): value[0] if isinstance(value, list) and value else str(value) for name, value in answer["headers"].items()}
    body = answer["body"]
    if isinstance(body, dict) and "base64_string" in body:
        raw = base64.b64decode(body["base64_string"])
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    else:
        raw = (body["string"] if isinstance(body, dict) else body or "").encode("utf-8", "surrogatepass")
    shown = {name: headers[name] for name in ("content-type", "date") if name in headers}
    return Page(SOURCE, site.name, url, status, shown, raw, when, context={"listing": "recording"})
