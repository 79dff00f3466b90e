"""Files that several processes write to."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

from thresher.disk import append_lines, keep_lines, read_lines

LINES = 150


def _append(path: Path, writer: int) -> None:
    for n in range(LINES):
        append_lines(path, [{"writer": writer, "n": n}])


def test_no_line_is_lost_while_another_process_writes_the_file_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    append_lines(path, [{"writer": 0, "n": n} for n in range(2000)])
    context = multiprocessing.get_context("fork")
    writers: list[Any] = [context.Process(target=_append, args=(path, writer)) for writer in (1, 2)]
    for writer in writers:
        writer.start()
    dropped = 0
    while any(writer.is_alive() for writer in writers):
        keep_lines(path, lambda line: line["n"], lambda line, gone=dropped: line["writer"] != 0 or line["n"] > gone)
        dropped += 10
    for writer in writers:
        writer.join()
    lines = list(read_lines(path, lambda line: line["n"]))
    assert sorted((line["writer"], line["n"]) for line in lines if line["writer"]) == [(w, n) for w in (1, 2) for n in range(LINES)]
