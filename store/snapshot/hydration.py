"""Rows that left as ids, filled in again from a benchmark that holds their texts.

The id of an item is a hash of what it asks, its options and its key: a row is filled in where an item of that id is there, and so by
construction with the text that it stood for. What is written is for whoever fetched it, and no snapshot: the licence lets no text out.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from store.file.database import Connection
from store.rows import GONE, fetch, run, table
from store.snapshot.export import selected, text_row
from store.snapshot.files import FILE, IDS, Files
from store.snapshot.harness import harness_files
from store.snapshot.settings import Export
from store.snapshot.tasks import config_of, scored
from thresher.errors import StoreError, UsageError

WHY: Final[dict[str, str]] = {
    "edited": "its record says something else today",
    "deleted": "its record was deleted at the source, or taken down here",
    "no_item": "its record is here as it was, and these rules and readers make no item, or another one, of it",
    "not_asked": "its record is not here, and was not asked for",
    "not_leaving": "the item is here, and a person rejected or waived it",
}
"""Why a row is not filled in, as far as a benchmark can tell."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A row of ``ids``: an item, and one of the records that report it."""

    item_id: str
    source: str
    site: str
    native_id: str
    thread_id: str
    content_hash: str


@dataclass(slots=True)
class Filled:
    """How many items were filled in, by configuration; and each other with its reason."""

    folder: str
    items: Counter[str] = field(default_factory=Counter)
    missing: dict[str, str] = field(default_factory=dict)


def references(snapshot: Path) -> list[Reference]:
    """The rows of a snapshot that left as ids; none where there are no such rows, UsageError where there is no snapshot."""
    if not (snapshot / "manifest.json").is_file():
        raise UsageError(f"{snapshot}: is no snapshot; give its folder, or download it: `hf download OWNER/NAME --repo-type dataset`")
    path = snapshot / IDS / FILE
    if not path.exists():
        return []
    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in Reference.__dataclass_fields__ if name in file.schema_arrow.names]
            rows = file.read(columns).to_pylist()
        return [Reference(**{"thread_id": "", **row}) for row in rows]
    except (OSError, pa.ArrowException, TypeError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); get it again") from error


def wanting(con: Connection, wanted: list[Reference]) -> dict[tuple[str, str], dict[str, str]]:
    """What has to be asked for: by (source, site), native_id to thread_id. Not of an item that is here already, and no record that is
    here in any form."""
    _load(con, wanted)
    rows = fetch(
        con,
        """SELECT DISTINCT w.source, w.site, w.native_id, w.thread_id FROM wanted w
           WHERE w.item_id NOT IN (SELECT item_id FROM items WHERE lifecycle <> 'retired')
             AND concat_ws(':', w.source, w.site, w.native_id) NOT IN (SELECT record_key FROM records)
           ORDER BY ALL""",
    )
    asked: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        asked.setdefault((row["source"], row["site"]), {})[row["native_id"]] = row["thread_id"]
    return asked


def fill(con: Connection, wanted: list[Reference], folder: Path, export: Export, refused: Mapping[tuple[str, str], str]) -> Filled:
    """Write the rows that can be filled in, a configuration for each way of scoring, with what runs them, in place of what is in
    ``folder``. ``refused`` says of a (source, site) why it could not be asked."""
    _load(con, wanted)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    filled = Filled(str(folder))
    done = set()
    with Files(folder) as files:
        for item in selected(con, "WHERE c.item_id IN (SELECT item_id FROM wanted)"):
            row = text_row({**item, "export_class": "full"}, export)
            way, columns = scored(row)
            config = config_of("default", way)
            assert config is not None
            files.put(config, {**row, "export_class": item["export_class"], **columns})
            filled.items[config] += 1
            done.add(item["item_id"])
    for path, content in harness_files(folder.name, filled.items).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    filled.missing = {item_id: why for item_id, why in _reasons(con, refused) if item_id not in done}
    missing = [{"item_id": item_id, "why": why} for item_id, why in sorted(filled.missing.items())]
    (folder / "missing.json").write_text(json.dumps(missing, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return filled


def _reasons(con: Connection, refused: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    """Of each item the reason that is nearest to it: of several records that of the one that is still there."""
    gone = ", ".join(repr(status) for status in sorted(GONE))
    rows = fetch(
        con,
        f"""SELECT w.item_id, w.source, w.site,
                   CASE WHEN i.item_id IS NOT NULL AND i.lifecycle <> 'retired' THEN 'not_leaving'
                        WHEN r.record_key IS NULL THEN 'not_asked'
                        WHEN r.blanked OR r.status IN ({gone}) THEN 'deleted'
                        WHEN r.content_hash = w.content_hash THEN 'no_item' ELSE 'edited' END AS why
            FROM wanted w LEFT JOIN items i ON i.item_id = w.item_id
            LEFT JOIN records r ON r.record_key = concat_ws(':', w.source, w.site, w.native_id) AND r.is_latest
            ORDER BY w.item_id, why = 'not_leaving', why = 'no_item', why = 'edited', why = 'deleted', w.source, w.site""",
    )
    for row in rows:  # the last of an item counts
        asked = refused.get((row["source"], row["site"]), "")
        yield (
            row["item_id"],
            f"{row['why']}: {asked or WHY[row['why']]}" if row["why"] == "not_asked" else f"{row['why']}: {WHY[row['why']]}",
        )


def _load(con: Connection, wanted: list[Reference]) -> None:
    names = list(Reference.__dataclass_fields__)
    rows = table(dict.fromkeys(names, pa.string()), [tuple(getattr(one, name) for name in names) for one in wanted])
    run(con, "CREATE OR REPLACE TEMP TABLE wanted AS SELECT * FROM given", given=rows)
