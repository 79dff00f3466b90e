"""A page whose place in the archive is damaged is not lost while another run's file has it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.proof import FileProof, Place, lost_pages
from thresher.archive.writer import ArchiveWriter
from thresher.model import Page
from thresher.redaction import redact

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("url", ["https://a.test/latest.json", "https://a.test/search?q=ada.lovelace%40example.org+ada@example.org"])
def test_a_page_of_two_runs_is_lost_when_neither_has_it(tmp_path: Path, url: str) -> None:
    page = Page("discourse", "a", url, 200, {"content-type": "application/json"}, b'{"topics": []}', NOW)
    for run_id in ("first", "second"):
        writer = ArchiveWriter(tmp_path, run_id, NOW)
        ref = writer.write_page(page)
        writer.close()
    (tmp_path / "first.warc.gz").unlink()
    place = Place("p", page.source, page.site, redact(url)[0], page.sha256, ref.offset)
    assert lost_pages(tmp_path, [FileProof("first.warc.gz", 1, (place,), ("is missing",))]) == []
    (tmp_path / "second.warc.gz").unlink()
    assert lost_pages(tmp_path, [FileProof("first.warc.gz", 1, (place,), ("is missing",))]) == [place]
