"""Keep a benchmark as a release of thresher leaves it, for the tests of every later one.

    PYTHONPATH=. python tests/kit/store_release.py 0.1.0

Run in the checkout of that release, before its number is raised. Harvests two sources of the sample world, decides, freezes and records
a verdict, then writes ``tests/fixtures/releases/VERSION/``: the database, rewritten without free blocks and packed, and its ledger.
"""

from __future__ import annotations

import lzma
import shutil
import sys
import tempfile
from pathlib import Path

from driver import SALT, Command, CommandForks, Line

from sample import World
from store import verdicts
from store.file.database import FILE, Database

RELEASES = Path(__file__).parents[1] / "fixtures" / "releases"
SOURCES = ("discourse", "arena")


def make(folder: Path) -> Path:
    """A benchmark in ``folder``, by the commands of this checkout."""
    data = folder / "data"
    with World() as world:
        forks = CommandForks()
        command = Command(forks, folder, {**world.environment(), "THRESHER_SALT": SALT})
        line = Line(command, world, world.write_config(folder / "config"))
        for source in SOURCES:
            line.well("harvest", data, source, "--no-embed")
        line.well("deduplicate", data)
        line.well("snapshot", data, "first")
        forks.close()
    with Database(data).reader() as con:
        item = con.execute("SELECT min(item_id) FROM items").fetchall()[0][0]
    verdicts.save_verdicts(Database(data), [verdicts.Verdict(item, "active", "ada", "It is a good question.")])
    Database(data).compact()
    return data


def store(data: Path, target: Path) -> None:
    """Pack what the tests need of it."""
    target.mkdir(parents=True)
    with (data / FILE).open("rb") as raw, lzma.open(target / f"{FILE}.xz", "wb", preset=9) as packed:
        shutil.copyfileobj(raw, packed)
    shutil.copyfile(data / "ledger.jsonl", target / "ledger.jsonl")
    shutil.copyfile(data / verdicts.FILE, target / verdicts.FILE)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        store(make(Path(scratch)), RELEASES / sys.argv[1])
