"""What the dedupe has to look at, and the state of its index: a night costs what is new, however large the benchmark is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from store.file.database import Connection
from store.rows import fetch, keys, run, table


def put(con: Connection, item_ids: Sequence[str]) -> None:
    """Items that were landed, revived, retired, parted or promoted: each may need a vector, a decision, or another place in the index."""
    if item_ids:
        run(con, "INSERT INTO dedupe_queue SELECT item_id FROM given", given=keys("item_id", item_ids))


def put_unembedded(con: Connection, encoder: str) -> None:
    """Every item without a vector of this encoder: for one that is used for the first time."""
    con.execute(
        "INSERT INTO dedupe_queue SELECT item_id FROM items ANTI JOIN (FROM embeddings WHERE encoder = ?) e USING (item_id) "
        "WHERE lifecycle <> 'retired'",
        [encoder],
    )


def any_items(con: Connection) -> bool:
    """Whether there is anything that could be embedded, or that has to leave the index."""
    return any(con.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchall() for name in ("items", "dedupe_queue"))


def take(con: Connection, item_ids: Sequence[str]) -> None:
    """Items that a pass has dealt with."""
    if item_ids:
        run(con, "DELETE FROM dedupe_queue USING given WHERE dedupe_queue.item_id = given.item_id", given=keys("item_id", item_ids))


@dataclass(frozen=True, slots=True)
class Queued:
    """The items of the queue by what they need. ``newcomers`` (with a vector or not) are in the order of deciding: those with a target
    first, else by id. ``canonical`` are decided and belong in the index; ``gone`` do not."""

    unembedded: list[str]
    newcomers: list[str]
    canonical: list[str]
    gone: list[str]
    dropped: list[str] = field(default_factory=list)
    """Those of the ``gone`` that were deleted: no vector of them may stay."""

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return [*self.newcomers, *self.canonical, *self.gone]


def queued(con: Connection, encoder: str) -> Queued:
    """What is in the queue for this encoder."""
    rows = con.execute(
        """WITH q AS (SELECT DISTINCT item_id FROM dedupe_queue)
           SELECT q.item_id, coalesce(i.lifecycle = 'retired', true) AS retired, i.merged_into IS NOT NULL AS merged,
                  q.item_id IN (SELECT item_id FROM embeddings SEMI JOIN q USING (item_id) WHERE encoder = ?) AS embedded,
                  q.item_id IN (SELECT item_id FROM decisions SEMI JOIN q USING (item_id)) AS decided,
                  i.item_id IS NULL AS dropped
           FROM q LEFT JOIN items i USING (item_id) ORDER BY i.target = '', q.item_id""",
        [encoder],
    ).fetchall()
    live = [row for row in rows if not row[1]]
    return Queued(
        unembedded=sorted(item_id for item_id, _, _, embedded, *_ in live if not embedded),
        newcomers=[item_id for item_id, _, _, _, decided, _ in live if not decided],
        canonical=[item_id for item_id, _, merged, _, decided, _ in live if decided and not merged],
        gone=[item_id for item_id, retired, merged, _, decided, _ in rows if retired or (merged and decided)],
        dropped=[row[0] for row in rows if row[5]],
    )


@dataclass(frozen=True, slots=True)
class IndexRows:
    """The index of one encoder as the database keeps it: ``centroids`` are (cells, dimension) bytes, row by row; ``segments`` name and
    rows of each file, in order; ``dead`` the ids that are in a segment and not canonical."""

    cells: int
    dimension: int
    centroids: bytes
    segments: tuple[tuple[str, int], ...]
    dead: tuple[str, ...]


def index_rows(con: Connection, encoder: str) -> IndexRows | None:
    """None where this encoder has had no index yet."""
    cells = con.execute("SELECT cells, dimension, centroids FROM index_cells WHERE encoder = ?", [encoder]).fetchall()
    if not cells:
        return None
    segments = con.execute("SELECT name, rows FROM index_segments WHERE encoder = ? ORDER BY rowid", [encoder]).fetchall()
    dead = con.execute("SELECT item_id FROM index_dead WHERE encoder = ? ORDER BY item_id", [encoder]).fetchall()
    count, dimension, centroids = cells[0]
    return IndexRows(count, dimension, centroids, tuple((name, rows) for name, rows in segments), tuple(row[0] for row in dead))


def save_index(con: Connection, encoder: str, rows: IndexRows) -> None:
    """In place of what was there. An index that is not this encoder's is forgotten: only one is in use."""
    for name in ("index_cells", "index_segments", "index_dead"):
        con.execute(f"DELETE FROM {name}")
    con.execute("INSERT INTO index_cells VALUES (?, ?, ?, ?)", [encoder, rows.cells, rows.dimension, rows.centroids])
    segments = table({"name": pa.string(), "rows": pa.int64()}, rows.segments)
    run(con, "INSERT INTO index_segments SELECT ?, name, rows FROM given", [encoder], given=segments)
    run(con, "INSERT INTO index_dead SELECT ?, item_id FROM given", [encoder], given=keys("item_id", rows.dead))


def canonical_count(con: Connection) -> int:
    """Canonical items that are in the index by now: those that wait in the queue are not counted."""
    return int(
        fetch(
            con,
            "SELECT count(*) AS n FROM items ANTI JOIN dedupe_queue USING (item_id) WHERE merged_into IS NULL AND lifecycle <> 'retired'",
        )[0]["n"]
    )
