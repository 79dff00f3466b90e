"""Keys that were derived anew by who was not shown them, as ``archive/trials.jsonl`` keeps them and as the database has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, get_type_hints

import pyarrow as pa

from store.file.database import Connection
from store.reading import rows
from store.rows import STAMP, run, table

COMPUTATION = "computation"
"""Who derives where no model does."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derivation of a key, compared with it. ``answer`` are the words of the response that were compared; ``verdict`` is None where
    nothing could compare them. ``about`` are the records that report the item."""

    item_id: str
    version: int
    way: str
    derived_by: str
    family: str
    served_id: str
    at: str
    response: str
    usd: str
    answer: str
    verdict: str | None
    why: str
    scorer: str
    scorer_version: str
    about: tuple[str, ...] = ()

    def line(self) -> dict[str, Any]:
        """As it is written."""
        return {"type": "derived", **asdict(self), "about": list(self.about)}


TEXTS = tuple(name for name in Derivation.__slots__ if name not in ("version", "verdict", "about"))


_SCHEMA = {
    "derived_at" if name == "at" else name: STAMP if name == "at" else pa.int64() if hint is int else pa.string()
    for name, hint in get_type_hints(Derivation).items()
    if name != "about"
}
"""The columns of ``derivations``, which are the fields of a derivation."""


def insert(con: Connection, written: Iterable[Mapping[str, Any]]) -> None:
    """Bring lines into the database; the last one of an item and of who derived stands."""
    last = {(line["item_id"], line["derived_by"]): line for line in written}
    rows_ = [
        tuple(datetime.fromisoformat(line["at"]) if name == "derived_at" else line[name] for name in _SCHEMA) for line in last.values()
    ]
    given = table(_SCHEMA, rows_)
    run(con, "DELETE FROM derivations d USING given g WHERE d.item_id = g.item_id AND d.derived_by = g.derived_by", given=given)
    run(
        con,
        """INSERT INTO derivations BY NAME
           SELECT g.* REPLACE (g.usd::DECIMAL(18, 10) AS usd) FROM given g SEMI JOIN items USING (item_id)""",
        given=given,
    )


def standing(con: Connection) -> list[Derivation]:
    """Those of items as they are worded now."""
    told = rows(con, "SELECT * EXCLUDE (derived_at), derived_at::VARCHAR AS at FROM standing_derivations ORDER BY item_id, derived_by")
    return [Derivation(**{**row, "usd": f"{Decimal(row['usd']):f}"}) for row in told]


def states(con: Connection) -> dict[str, str]:
    """What follows of them for the key of each item: agreed or disputed."""
    return {row["item_id"]: row["key_status"] for row in rows(con, "FROM derived_keys")}
