"""The command needs no Prefect: neither to harvest nor to decide."""

from __future__ import annotations

from pathlib import Path

from driver import Line

NONE = ("prefect", "prefect_dask", "distributed")


def test_a_benchmark_is_made_where_no_prefect_is_installed(line: Line, tmp_path: Path, textbooks: Path) -> None:
    data = tmp_path / "data"
    line.well("harvest", data, "textbooks", "--no-embed", without=NONE)
    assert line.tables(data) == line.tables(textbooks)
    line.well("deduplicate", data, without=NONE)
    line.well("snapshot", data, "first", without=NONE)
    line.well("status", data, without=NONE)
    served = line.run("serve", data, without=NONE)
    assert served.rc == 2
    assert "serve needs Prefect" in served.err
    assert len(served.err.splitlines()) == 1
