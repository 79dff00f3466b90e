"""A harvester that lives through many nights: one harvest for each line of its input, and what the process holds afterwards as a line of
JSON. Arguments: the data folder, the configuration."""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from pathlib import Path

from flows.line.harvesting import harvest_sources
from flows.line.opening import open_run
from flows.line.workspace import Workspace
from flows.spread import deduplicate_spread

PAGE = os.sysconf("SC_PAGE_SIZE")


def night(work: Workspace) -> dict[str, object]:
    """One whole harvest."""
    chosen, _ = work.chosen([])
    with open_run(work, "soak") as run:
        results = harvest_sources(run, chosen)
        deduplicate_spread(run)
    return {"states": {r.source: r.state for r in results}, "failed": list(run.failed), "partly": list(run.partly)}


def holds(work: Workspace) -> dict[str, int]:
    """What the process holds, and the benchmark on disk (bytes)."""
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    return {
        "resident": resident,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "archive": sum(p.stat().st_size for p in work.archive.rglob("*") if p.is_file()),
        "database": work.database.path.stat().st_size,
    }


def main() -> None:
    """Serve until stdin closes."""
    work = Workspace.open(Path(sys.argv[1]), Path(sys.argv[2]), create=True)
    for _ in sys.stdin:
        print(json.dumps({**night(work), **holds(work)}), flush=True)


if __name__ == "__main__":
    main()
