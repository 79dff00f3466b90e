"""What is archived comes back, whatever happens in between."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]

from thresher.archive import warc
from thresher.archive.amend import rewrite
from thresher.archive.reader import read_page, read_pages
from thresher.archive.seals import measure, read_seals
from thresher.archive.warc import repair
from thresher.archive.writer import ArchiveWriter
from thresher.errors import ArchiveError
from thresher.model import Page

STARTED = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def page(n: int = 1, **changes: Any) -> Page:
    made = Page(
        source="forum",
        site="example",
        url=f"https://forum.example.org/t/{n}.json?page=2",
        status=200,
        headers={"content-type": "application/json", "etag": '"é"'},
        body=b'{"n": %d}' % n,
        fetched_at=STARTED + timedelta(seconds=n, microseconds=7),
        context={"licence": "CC BY 4.0", "lone": "\ud800"},
        cursor={"after": n, "seen": ["a", None, 1.5]},
    )
    return replace(made, **changes)


def open_writer(folder: Path, run_id: str = "run-1", started: datetime = STARTED) -> ArchiveWriter:
    return ArchiveWriter(folder, run_id, started)


def archive_response(writer: ArchiveWriter, of: Page) -> None:
    writer.write_response(url=of.url, status=of.status, headers=of.headers, body=of.body, fetched_at=of.fetched_at)


def pages_in(place: Path) -> list[Page]:
    return [p for _, _, p in read_pages(place)]


def kinds(file: Path) -> list[str]:
    with file.open("rb") as stream:
        return [record.rec_type for record in ArchiveIterator(stream)]


def test_a_page_from_the_network_comes_back_exactly(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        archive_response(writer, page())
        ref = writer.write_page(page())
    assert list(read_pages(tmp_path)) == [("run-1", ref, page())]
    assert read_page(ref) == page()
    assert kinds(writer.path) == ["warcinfo", "response", "metadata"]


def test_a_page_from_a_file_brings_its_body_along(tmp_path: Path) -> None:
    local = page(url="file:///data/buch ä.xml\r\nX: y", body=bytes(range(256)), cursor=None, context={})
    with open_writer(tmp_path) as writer:
        writer.write_page(local, "another-run")
    assert kinds(writer.path) == ["warcinfo", "resource", "metadata"]
    assert [(run, p) for run, _, p in read_pages(writer.path)] == [("another-run", local)]


def test_an_empty_body_comes_back_empty(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        writer.write_page(page(body=b""))
        writer.write_page(page(status=304, body=b"", headers={}))
    assert [p.body for p in pages_in(tmp_path)] == [b"", b""]


def test_two_pages_of_one_body_share_it(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        writer.write_page(page(1))
        writer.write_page(page(2, body=page(1).body))
    assert kinds(writer.path).count("resource") == 1
    assert [p.url for p in pages_in(tmp_path)] == [page(1).url, page(2).url]


def test_pages_come_in_the_order_written_oldest_run_first(tmp_path: Path) -> None:
    with open_writer(tmp_path, "a-late", STARTED + timedelta(days=1)) as late, open_writer(tmp_path, "b-early") as early:
        late.write_page(page(3))
        for n in (2, 1):
            early.write_page(page(n))
    assert [(run, p.body) for run, _, p in read_pages(tmp_path)] == [
        ("b-early", b'{"n": 2}'),
        ("b-early", b'{"n": 1}'),
        ("a-late", b'{"n": 3}'),
    ]


def test_a_standard_reader_opens_it_and_every_digest_holds(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        for n in range(3):
            archive_response(writer, page(n))
            writer.write_page(page(n))
        writer.write_page(page(9))
        writer.write_response(url="https://h.example/a b", status=599, headers={"link": "<ü>"}, body=b"\0" * 70_000, fetched_at=STARTED)
    with writer.path.open("rb") as stream:
        read = []
        for record in ArchiveIterator(stream, check_digests="raise"):
            read.append((record.rec_type, record.content_stream().read()))
    assert len(read) == 1 + 6 + 2 + 1
    assert read[1] == ("response", page(0).body)


def test_a_killed_run_is_continued_after_its_torn_tail_is_cut(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        writer.write_page(page(1))
        writer.write_page(page(2, body=os.urandom(5000)))
    whole = writer.path.read_bytes()
    boundaries = {len(whole)}
    for cut in range(len(whole) - 1, len(whole) - 700, -13):
        writer.path.write_bytes(whole[:cut])
        expected = pages_in(tmp_path)
        with open_writer(tmp_path) as again:
            again.write_page(page(3))
        assert pages_in(tmp_path) == [*expected, page(3)]
        assert expected[:1] == [page(1)]
        boundaries.add(cut)
    assert len(boundaries) > 40


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"\x1f\x8b\x08\0\0", b"junk", b"\x1f"])
def test_repair_cuts_what_is_no_record(tmp_path: Path, tail: bytes) -> None:
    with open_writer(tmp_path) as writer:
        writer.write_page(page(1))
    whole = writer.path.read_bytes()
    assert repair(writer.path) == 0
    writer.path.write_bytes(whole + tail)
    assert pages_in(tmp_path) == [page(1)]
    assert repair(writer.path) == len(tail)
    assert writer.path.read_bytes() == whole


def test_a_file_that_is_all_torn_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "run-1.warc.gz").write_bytes(b"\x1f\x8b\x08\0")
    with open_writer(tmp_path) as writer:
        writer.write_page(page(1))
    assert kinds(writer.path) == ["warcinfo", "resource", "metadata"]


def test_damage_in_the_middle_is_told_and_never_cut_away(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        refs = [writer.write_page(page(n)) for n in range(4)]
    data = bytearray(writer.path.read_bytes())
    data[refs[1].offset + 40] ^= 0xFF
    writer.path.write_bytes(data)
    came: list[Page] = []
    with pytest.raises(ArchiveError, match="damaged at byte"):
        came.extend(p for _, _, p in read_pages(writer.path))
    with pytest.raises(ArchiveError, match="damaged at byte"):
        repair(writer.path)
    with pytest.raises(ArchiveError, match="damaged at byte"):
        rewrite(writer.path, lambda url, body: body)
    assert writer.path.read_bytes() == data


def test_a_body_that_was_changed_behind_our_back_is_told(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer, open_writer(tmp_path / "other") as other:
        writer.write_page(page(1))
        other.write_page(page(1, body=b'{"n": 7}'))
    at = {f: next(r.offset for _, r, _ in read_pages(f)) for f in (writer.path, other.path)}
    mixed = tmp_path / "mixed.warc.gz"
    mixed.write_bytes(other.path.read_bytes()[: at[other.path]] + writer.path.read_bytes()[at[writer.path] :])
    with pytest.raises(ArchiveError, match=r"not the one that was archived"):
        pages_in(mixed)


def test_many_threads_may_write(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        threads = [threading.Thread(target=lambda k=k: [writer.write_page(page(100 * k + n)) for n in range(20)]) for k in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(p.body for p in pages_in(tmp_path)) == sorted(page(100 * k + n).body for k in range(6) for n in range(20))


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Writing past this size fails as on a full disk (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_whole_records_and_says_so(tmp_path: Path) -> None:
    writer = open_writer(tmp_path)
    writer.write_page(page(1))
    before = writer.path.read_bytes()
    with _largest_file(len(before) + 500), pytest.raises(ArchiveError, match="make room and run again"):
        writer.write_page(page(2, body=os.urandom(100_000)))
    assert writer.path.read_bytes() == before
    writer.write_page(page(3))
    writer.close()
    assert pages_in(tmp_path) == [page(1), page(3)]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match="cannot be opened"):
        open_writer(tmp_path / "file")


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no archive at"):
        pages_in(tmp_path / "nowhere")


@pytest.mark.parametrize(("label", "pages"), [("archive.response:2", 1), ("archive.page:1", 1), ("archive.page:3", 3)])
def test_a_process_killed_at_a_failpoint_loses_nothing_that_was_written(tmp_path: Path, server: Any, label: str, pages: int) -> None:
    server.on("/a", *[server.reply(200, b"page %d" % n) for n in range(6)])
    code = (
        "import sys; from datetime import *; from pathlib import Path; from thresher.net.client import Client\n"
        "from thresher.archive.writer import ArchiveWriter\n"
        "from thresher.net.settings import Network, Pace\n"
        "w = ArchiveWriter(Path(sys.argv[1]), 'run-1', datetime.now(UTC))\n"
        "c = Client.open(Network(contact='a@example.org', allow_addresses=(sys.argv[2],)), archive=w).bind('t', Pace(min_interval_s=0))\n"
        "for _ in range(5): w.write_page(c.get(f'http://{sys.argv[2]}/a').page('t', 's'))\n"
    )
    env = {**os.environ, "THRESHER_FAILPOINT": label}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), server.host], env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode == -9, done.stderr
    assert [p.body for p in pages_in(tmp_path)] == [b"page %d" % n for n in range(pages)]
    assert repair(tmp_path / "run-1.warc.gz") == 0


def test_a_text_is_taken_out_of_every_place(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        archive_response(writer, page(1, body=b"keep this, hide me"))
        writer.write_page(page(1, body=b"keep this, hide me"))
        writer.write_page(page(2, body=b"other"))
        writer.write_page(page(3, body=b"all of me goes"))
        archive_response(writer, page(4))
        writer.write_page(page(4))

    def change(url: str, body: bytes) -> bytes | None:
        if b"all of me" in body:
            return None
        return body.replace(b"hide me", b"[gone]") if b"hide me" in body else body

    assert rewrite(writer.path, change) == 2
    assert pages_in(tmp_path) == [page(1, body=b"keep this, [gone]"), page(2, body=b"other"), page(4)]
    assert rewrite(writer.path, change) == 0
    with writer.path.open("rb") as stream:
        bodies = [record.content_stream().read() for record in ArchiveIterator(stream, check_digests="raise")]
    assert not any(b"hide me" in b or b"all of me" in b for b in bodies)
    assert {f.name for f in tmp_path.iterdir()} <= {"history.jsonl", "run-1.warc.gz", "answers.jsonl"}
    assert read_seals(tmp_path) == {"run-1": (measure(writer.path),)}


def test_archiving_a_textbook_costs_little_more_than_compressing_it(tmp_path: Path) -> None:
    """550 files of about 55 kB, as one book has them."""
    words = [
        b"<para id='p%d'>The derivative of a sum is the sum of the derivatives, item %d.</para>\n" % (n, n * 7919 % 10007)
        for n in range(700)
    ]
    bodies = [b"".join(words[k % 50 :]) + b"%d" % k for k in range(550)]
    began = time.process_time()
    with open_writer(tmp_path) as writer:
        for n, body in enumerate(bodies):
            writer.write_page(page(n, body=body))
    archived = time.process_time()
    for body in bodies:
        zlib.compress(body, warc._LEVEL)
    assert archived - began < 4 * (time.process_time() - archived)
    assert sum(1 for _ in read_pages(tmp_path)) == 550
