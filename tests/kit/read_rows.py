"""Reads the rows of the files named on its command line and prints, for each, what they were and how much memory it took: a JSON object
{"rows", "unreadable", "own_mb", "readers_mb"} a line. The memory of its children counts from the first file on, so that should be a small
one."""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path

from scrapers.common.json_rows import UNREADABLE
from scrapers.common.rows import rows_of


def own_peak_mb() -> float:
    """Since the last call (VmHWM, proc_pid_status(5))."""
    match = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert match
    Path("/proc/self/clear_refs").write_text("5")
    return int(match[1]) / 1024


def main() -> None:
    own_peak_mb()
    for name in sys.argv[1:]:
        count, unreadable = 0, []
        for row in rows_of(Path(name)):
            count += 1
            if UNREADABLE in row:
                unreadable.append(row[UNREADABLE])
        readers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(json.dumps({"rows": count, "unreadable": unreadable, "own_mb": own_peak_mb(), "readers_mb": readers}), flush=True)


if __name__ == "__main__":
    main()
