"""A frozen snapshot as it is shown to everybody: its rows, and of the failures that they stand for what is no text of anybody's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from store.file.database import Connection
from store.growth import WEEKS
from store.rows import fetch, keys
from store.snapshot import leaks
from store.snapshot.freeze import known_licences
from store.snapshot.registry import MANIFEST, frozen_rows
from store.snapshot.runs import Sieve, runs_of
from thresher.errors import StoreError, UsageError


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest; UsageError where there is none."""
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        return told
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder}: is no snapshot ({error}); make one by `thresher snapshot NAME`") from None


def rows(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(configuration, row) of all that left, those with text first."""
    try:
        yield from frozen_rows(folder)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{folder}: cannot be read ({error}); freeze again") from error


def failures(con: Connection, item_ids: list[str]) -> dict[str, dict[str, Any]]:
    """The failure clusters by id, each with its reports by week and those of these items that are in it. A label that holds words of a text
    that must not leave is replaced by its category."""
    clusters = {row["cluster_id"]: {**row, "items": [], "weeks": [0] * WEEKS} for row in fetch(con, "SELECT * FROM failure_clusters")}
    for row in fetch(
        con,
        "SELECT DISTINCT m.cluster_id, m.item_id FROM cluster_members m SEMI JOIN shown USING (item_id) ORDER BY ALL",
        shown=keys("item_id", item_ids),
    ):
        clusters[row["cluster_id"]]["items"].append(row["item_id"])
    weekly = f"""WITH newest AS (SELECT max(said_at) AS moment FROM cluster_members)
        SELECT cluster_id, date_diff('week', said_at, moment) AS ago, count(*) AS reports FROM cluster_members, newest
        WHERE said_at > moment - INTERVAL {7 * WEEKS} DAY GROUP BY ALL"""
    for row in fetch(con, weekly):
        if 0 <= row["ago"] < WEEKS:
            clusters[row["cluster_id"]]["weeks"][WEEKS - 1 - row["ago"]] += row["reports"]
    for cluster_id in _telling(con, {name: row["label"] for name, row in clusters.items()}):
        clusters[cluster_id]["label"] = f"a failure of the kind: {clusters[cluster_id]['category']}"
    return clusters


def reports(con: Connection, item_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """How many records of which source report each item, those of items merged into it among them."""
    by_item: dict[str, list[dict[str, Any]]] = {}
    for row in fetch(
        con,
        """SELECT coalesce(i.merged_into, i.item_id) AS item_id, p.source, p.site, count(*) AS reports FROM reports p
           JOIN items i ON i.item_id = p.item_id
           WHERE p.live AND coalesce(i.merged_into, i.item_id) IN (SELECT item_id FROM shown) GROUP BY ALL ORDER BY ALL""",
        shown=keys("item_id", item_ids),
    ):
        by_item.setdefault(row["item_id"], []).append(row)
    return by_item


def related(con: Connection, item_ids: list[str]) -> dict[str, list[str]]:
    """The items among these that the dedupe linked to each."""
    pairs = fetch(
        con,
        """SELECT DISTINCT d.item_id, d.other_id FROM decisions d SEMI JOIN shown s ON s.item_id = d.item_id
           WHERE d.verdict = 'related' AND NOT d.undone AND d.other_id IN (SELECT item_id FROM shown) ORDER BY ALL""",
        shown=keys("item_id", item_ids),
    )
    linked: dict[str, list[str]] = {}
    for pair in pairs:
        linked.setdefault(pair["item_id"], []).append(pair["other_id"])
        linked.setdefault(pair["other_id"], []).append(pair["item_id"])
    return linked


def _telling(con: Connection, labels: Mapping[str, str]) -> Iterator[str]:
    """Whose labels share a word run with a withheld text."""
    names = list(labels)
    hashes, owner = runs_of([labels[name] for name in names])
    sieve = Sieve(len(hashes))
    sieve.add(hashes)
    leaking = leaks.leaking_runs(con, sieve, known_licences(con))
    yield from {names[n] for n in owner[leaking.holds(hashes)].tolist()}
