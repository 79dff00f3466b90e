"""What a snapshot says of itself: its version, what is new in it, how good it is, and its description for machines."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from store import items, pages, runs, verdicts
from store.file.database import Database
from store.snapshot.difference import following
from store.snapshot.freeze import freeze
from store.snapshot.settings import Export
from store.verdicts import Verdict
from thresher.model import Candidate, Message, Page, Record
from thresher.shares import wilson

pytestmark = pytest.mark.usefixtures("lease")

ALL = Export(version="1", classes=("full", "id_only"), contact="removal@example.org")
NIGHT = datetime(2026, 2, 1, tzinfo=UTC)
TOWNS = ("Ash", "Beck", "Cove", "Dell")


def put(database: Database, *numbers: int, export_class: Any = "full") -> None:
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        records = [
            Record("forum", "x", f"n{n}", f"https://example.org/{n}", "question", f"Which town lies at mile {n}?", licence="cc-by-4.0",
                   export_class=export_class) for n in numbers
        ]  # fmt: skip
        page = Page("forum", "x", "https://example.org/", 200, {}, repr(numbers).encode(), NIGHT)
        pages.land_batch(con, run_id, [pages.PageResult(page, records)])
        made = [
            Candidate(r.key, "question", (Message("user", r.text),), "rule", "1", target=TOWNS[n % 4], licence="cc-by-4.0",
                      export_class=export_class) for n, r in zip(numbers, records, strict=True)
        ]  # fmt: skip
        items.land_outcomes(con, run_id, "forum", made, records)


def frozen(database: Database, name: str) -> tuple[Path, dict[str, Any]]:
    folder = Path(freeze(database, name, database.folder / "snapshots", ALL).path)
    return folder, json.loads((folder / "manifest.json").read_bytes())


@pytest.mark.parametrize(("counts", "version"), [((0, 0, 0), "2.3.4"), ((0, 0, 1), "2.3.5"), ((1, 0, 1), "2.4.0"), ((1, 1, 1), "3.0.0")])
def test_a_version_rises_by_what_happened_to_its_rows(counts: tuple[int, int, int], version: str) -> None:
    assert following("2.3.4", *counts) == version


def test_a_row_that_was_removed_raises_the_first_number(database: Database) -> None:
    put(database, 1, 2)
    first, manifest = frozen(database, "one")
    assert manifest["version"] == "1.0.0"
    assert "This is the first one" in (first / "README.md").read_text(encoding="utf-8")
    put(database, 3)
    assert frozen(database, "two")[1]["version"] == "1.1.0"
    with database.reader() as con:
        (item_id,) = con.execute("SELECT item_id FROM items ORDER BY 1 LIMIT 1").fetchall()[0]
    verdicts.save_verdicts(database, [Verdict(item_id, "rejected", "ann", "wrong", 1)])
    third, manifest = frozen(database, "three")
    assert (manifest["version"], manifest["difference"]["removed"]) == ("2.0.0", 1)
    card = (third / "README.md").read_text(encoding="utf-8")
    assert "Since `two`: 0 added, 1 removed, 0 changed." in card
    assert "Items that a person kept, of 1 looked at: 0 (0 %, 95 % interval 0 to 79 %)" in card
    assert "removal@example.org" in card
    assert frozen(database, "three")[1] == manifest, "made again it is the same"


def test_an_interval_holds_where_few_were_looked_at() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)  # after the table in Wilson's method for 0 of 10 and 9 of 10
    assert wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)


def test_the_description_names_every_file_by_its_hash_and_every_flat_column(database: Database) -> None:
    put(database, 1, 2)
    put(database, 3, export_class="id_only")
    folder, _ = frozen(database, "one")
    said = json.loads((folder / "croissant.json").read_bytes())
    assert {one["contentUrl"]: one["sha256"] for one in said["distribution"]} == {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.parquet")
    }
    fields = {records["name"]: {field["name"] for field in records["field"]} for records in said["recordSet"]}
    assert {"item_id", "input", "answer", "choices", "licence"} <= fields["keyed"]
    assert {"item_id", "native_id", "thread_id"} <= fields["ids"]
    assert (said["version"], said["datePublished"]) == ("1.0.0", "2026-02-01")


def test_the_description_is_valid_croissant(database: Database) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="validates where mlcroissant is installed: pip install mlcroissant")
    put(database, 1, 2)
    folder, _ = frozen(database, "one")
    described = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    assert described.metadata.ctx.issues.errors == set()
    assert len(list(described.records("keyed"))) == 2
