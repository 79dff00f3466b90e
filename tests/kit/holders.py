"""Where a word still stands in a benchmark."""

from __future__ import annotations

import gzip
from pathlib import Path


def holders(data: Path, *words: str) -> dict[str, list[str]]:
    """The files whose bytes, WARC records decompressed, hold each of the words."""
    files = [path for path in sorted(data.rglob("*")) if path.is_file() and "snapshots" not in path.parts]
    bodies = {path: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files}
    return {word: [path.name for path, body in bodies.items() if word.encode() in body] for word in words}
