"""Failure clusters in the database: claims with their phrases, the clusters of phrases, and what became of each cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from store.file.database import Connection
from store.rows import fetch, keys, run, table
from thresher.failpoint import failpoint


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """A live report or a lead that says what went wrong; ``claim_hash`` is of the record, the item and the words.
    ``role`` is that of the record; only posts are looked at whole."""

    record_key: str
    item_id: str
    claim_hash: str
    words: str
    prompt: str
    role: str = "post"
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class PhrasedClaim:
    """The same with its phrase, and what made it."""

    claim: StoredClaim
    category: str
    phrase: str
    made_by: str


@dataclass(frozen=True, slots=True)
class StoredCluster:
    """A cluster without its members; ``total`` is the sum of their vectors in grid steps."""

    cluster_id: str
    category: str
    phrases: int
    total: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StoredPhrase:
    """A phrase of a cluster; ``said`` is how many reports put it so."""

    phrase: str
    vector: NDArray[np.float32]
    said: int


@dataclass(frozen=True, slots=True)
class ChangedCluster:
    """A cluster as it is now, its members as (phrase, vector, similarity)."""

    cluster: StoredCluster
    label: str
    members: Sequence[tuple[str, NDArray[np.float32], float]]


def pending_claims(con: Connection) -> list[StoredClaim]:
    """Claims that have no phrase yet, or were other words when they got theirs; by hash."""
    rows = fetch(con, "SELECT f.* FROM failure_claims f ANTI JOIN claims c USING (record_key, claim_hash) ORDER BY f.claim_hash")
    return [
        StoredClaim(
            r["record_key"], r["item_id"], r["claim_hash"], r["words"], _last_prompt(r["messages"]), r["role"], r["title"], r["text"]
        )
        for r in rows
    ]


def _last_prompt(messages: str) -> str:
    return next((str(m["content"]) for m in reversed(json.loads(messages)) if m["role"] == "user"), "")


def is_due(con: Connection, encoder: str) -> bool:
    """Whether a pass would change anything."""
    checks = (
        "SELECT 1 FROM failure_claims f ANTI JOIN claims c USING (record_key, claim_hash) LIMIT 1",
        "SELECT 1 FROM claims c ANTI JOIN failure_claims f USING (record_key, claim_hash) LIMIT 1",
        "SELECT 1 FROM clusters WHERE stale LIMIT 1",
    )
    return any(con.execute(sql).fetchall() for sql in checks) or bool(
        con.execute("SELECT 1 FROM phrases WHERE encoder <> ? LIMIT 1", [encoder]).fetchall()
    )


def leave(con: Connection, record_keys: Sequence[str]) -> None:
    """Take the claims of these records out of their clusters, at once and with every phrase that nobody else says. A cluster in which
    nothing is left goes as if it had never been."""
    run(con, "DELETE FROM claims USING gone WHERE claims.record_key = gone.record_key", gone=keys("record_key", record_keys))
    _forget_unsaid(con)
    con.execute(
        """CREATE OR REPLACE TEMP TABLE hollow AS
           SELECT cluster_id FROM clusters c
           WHERE stale AND NOT EXISTS (FROM phrases p WHERE p.cluster_id = c.cluster_id)"""
    )
    con.execute("DELETE FROM clusters WHERE cluster_id IN (FROM hollow)")
    con.execute("DELETE FROM cluster_history WHERE cluster_id IN (FROM hollow)")
    con.execute("DROP TABLE hollow")


def claim_hashes(con: Connection) -> set[str]:
    """Of every claim that somebody makes now."""
    return {row[0] for row in con.execute("SELECT claim_hash FROM failure_claims").fetchall()}


def sweep(con: Connection, encoder: str) -> int:
    """Take out every claim whose report is gone or says something else; returns how many. Where another encoder made the vectors, all
    clusters are given up."""
    (gone,) = con.execute("SELECT count(*) FROM claims c ANTI JOIN failure_claims f USING (record_key, claim_hash)").fetchall()[0]
    con.execute(
        "DELETE FROM claims WHERE NOT EXISTS (FROM failure_claims f WHERE f.record_key = claims.record_key AND f.claim_hash = "
        "claims.claim_hash)"
    )
    con.execute("UPDATE clusters SET stale = true, total = ''::BLOB WHERE encoder <> ?", [encoder])
    con.execute("DELETE FROM phrases WHERE encoder <> ?", [encoder])
    _forget_unsaid(con)
    return int(gone)


def _forget_unsaid(con: Connection) -> None:
    unsaid = "SELECT p.cluster_id FROM phrases p ANTI JOIN claims c ON c.category = p.category AND c.phrase = p.phrase"
    con.execute(f"UPDATE clusters SET stale = true, total = ''::BLOB WHERE cluster_id IN ({unsaid})")
    con.execute("DELETE FROM phrases WHERE NOT EXISTS (FROM claims c WHERE c.category = phrases.category AND c.phrase = phrases.phrase)")
    con.execute(
        """UPDATE clusters SET label = coalesce((SELECT arg_max(p.phrase, (p.similarity, p.phrase)) FROM phrases p
                                                WHERE p.cluster_id = clusters.cluster_id), '')
           WHERE stale AND NOT EXISTS (FROM phrases p WHERE p.cluster_id = clusters.cluster_id AND p.phrase = clusters.label)"""
    )


_CLAIM = dict.fromkeys(("record_key", "item_id", "claim_hash", "category", "phrase", "made_by", "run_id"), pa.string())


def save_claims(con: Connection, run_id: str, claims: Sequence[PhrasedClaim]) -> None:
    """Keep the phrases of claims, in place of what the same records said before."""
    rows = [
        (c.claim.record_key, c.claim.item_id, c.claim.claim_hash, c.category, c.phrase, c.made_by, run_id) for c in claims
    ]  # fmt: skip
    given = table(_CLAIM, rows)
    run(con, "DELETE FROM claims USING given WHERE claims.record_key = given.record_key", given=given)
    run(con, "INSERT INTO claims BY NAME SELECT * FROM given", given=given)
    failpoint("clusters.claims")


def unplaced(con: Connection) -> dict[str, list[str]]:
    """Phrases that are in no cluster, by category, each sorted."""
    found: dict[str, list[str]] = {}
    for category, phrase in con.execute(
        "SELECT DISTINCT c.category, c.phrase FROM claims c ANTI JOIN phrases p ON p.category = c.category AND p.phrase = c.phrase "
        "ORDER BY 1, 2"
    ).fetchall():
        found.setdefault(category, []).append(phrase)
    return found


def unplaced_by_another_encoder(con: Connection, encoder: str) -> list[str]:
    """Phrases whose vectors another encoder made."""
    return [r[0] for r in con.execute("SELECT DISTINCT phrase FROM phrases WHERE encoder <> ? ORDER BY 1", [encoder]).fetchall()]


def homes_of(con: Connection, category: str) -> dict[str, str]:
    """The cluster of every phrase of a category."""
    return dict(con.execute("SELECT phrase, cluster_id FROM phrases WHERE category = ? ORDER BY phrase", [category]).fetchall())


def all_phrases(con: Connection) -> list[tuple[str, str]]:
    """Category and text of every phrase."""
    return con.execute("SELECT category, phrase FROM phrases").fetchall()


def all_events(con: Connection) -> set[tuple[str, str, str | None]]:
    """What ever happened to clusters."""
    return set(con.execute("SELECT event, cluster_id, other_id FROM cluster_history").fetchall())


def stale_clusters(con: Connection) -> dict[str, list[str]]:
    """Clusters that lost members since they were last looked at, by category."""
    found: dict[str, list[str]] = {}
    for category, cluster_id in con.execute("SELECT category, cluster_id FROM clusters WHERE stale ORDER BY 1, 2").fetchall():
        found.setdefault(category, []).append(cluster_id)
    return found


def clusters_of(con: Connection, category: str) -> list[StoredCluster]:
    """Every cluster of a category, by id."""
    rows = fetch(con, "SELECT cluster_id, phrases, total FROM clusters WHERE category = ? ORDER BY cluster_id", [category])
    return [StoredCluster(r["cluster_id"], category, r["phrases"], np.frombuffer(r["total"], "<i8")) for r in rows]


def members_of(con: Connection, cluster_ids: Sequence[str]) -> dict[str, list[StoredPhrase]]:
    """The phrases of these clusters, sorted; an empty list for one that has none left."""
    found: dict[str, list[StoredPhrase]] = {i: [] for i in cluster_ids}
    rows = fetch(
        con,
        """SELECT p.cluster_id, p.phrase, p.vector,
                  (SELECT count(*) FROM claims c WHERE c.category = p.category AND c.phrase = p.phrase) AS said
           FROM phrases p SEMI JOIN ids USING (cluster_id) ORDER BY p.cluster_id, p.phrase""",
        ids=keys("cluster_id", cluster_ids),
    )
    for r in rows:
        found[r["cluster_id"]].append(StoredPhrase(r["phrase"], np.frombuffer(r["vector"], "<f2").astype(np.float32), r["said"]))
    return found


def times_said(con: Connection, category: str, phrases: Sequence[str]) -> dict[str, int]:
    """How many reports put it in each of these phrases."""
    sql = "SELECT c.phrase, count(*) FROM claims c SEMI JOIN given USING (phrase) WHERE c.category = ? GROUP BY 1"
    con.register("given", keys("phrase", phrases))
    try:
        return {phrase: int(n) for phrase, n in con.execute(sql, [category]).fetchall()}
    finally:
        con.unregister("given")


def clusters_said_in(con: Connection, run_id: str) -> list[str]:
    """The clusters of the claims that this run put into phrases."""
    sql = """SELECT DISTINCT p.cluster_id FROM phrases p JOIN claims c ON c.category = p.category AND c.phrase = p.phrase
             WHERE c.run_id = ? ORDER BY 1"""
    return [r[0] for r in con.execute(sql, [run_id]).fetchall()]


def was_used(con: Connection, cluster_id: str) -> bool:
    """Whether a cluster was ever called so."""
    return bool(con.execute("SELECT 1 FROM cluster_history WHERE cluster_id = ? LIMIT 1", [cluster_id]).fetchall())


def save_category(
    con: Connection, run_id: str, encoder: str, category: str, changed: Sequence[ChangedCluster], gone: Sequence[str],
    events: Sequence[tuple[str, str, str | None]],
) -> None:  # fmt: skip
    """Write the clusters of a category that changed, in place of what they were, and what happened to them."""
    ids = keys("cluster_id", [c.cluster.cluster_id for c in changed] + list(gone))
    phrases = keys("phrase", [phrase for c in changed for phrase, _, _ in c.members])
    run(con, "DELETE FROM clusters USING ids WHERE clusters.cluster_id = ids.cluster_id", ids=ids)
    run(con, "DELETE FROM phrases USING ids WHERE phrases.cluster_id = ids.cluster_id", ids=ids)
    run(con, "DELETE FROM phrases USING given WHERE phrases.phrase = given.phrase AND phrases.category = ?", [category], given=phrases)
    made = [(c.cluster.cluster_id, c.label, c.cluster.phrases, c.cluster.total.astype("<i8").tobytes()) for c in changed]
    run(
        con,
        "INSERT INTO clusters BY NAME SELECT cluster_id, ? AS category, ? AS encoder, label, phrases, total, false AS stale FROM given",
        [category, encoder],
        given=table({"cluster_id": pa.string(), "label": pa.string(), "phrases": pa.int64(), "total": pa.binary()}, made),
    )
    rows = [
        (phrase, len(vector), vector.astype("<f2").tobytes(), c.cluster.cluster_id, similarity)
        for c in changed for phrase, vector, similarity in c.members
    ]  # fmt: skip
    shape = {"phrase": pa.string(), "dimension": pa.int32(), "vector": pa.binary(), "cluster_id": pa.string(), "similarity": pa.float64()}
    run(con, "INSERT INTO phrases BY NAME SELECT ? AS category, ? AS encoder, * FROM given", [category, encoder], given=table(shape, rows))
    told = table({"event": pa.string(), "cluster_id": pa.string(), "other_id": pa.string()}, events)
    run(con, "INSERT INTO cluster_history BY NAME SELECT *, ? AS category, ? AS run_id FROM given", [category, run_id], given=told)
    failpoint("clusters.category")


def relabel(con: Connection, labels: Mapping[str, str]) -> None:
    """Other labels for clusters whose members are as they were."""
    given = table({"cluster_id": pa.string(), "label": pa.string()}, list(labels.items()))
    run(con, "UPDATE clusters SET label = given.label FROM given WHERE clusters.cluster_id = given.cluster_id", given=given)


def save_pass(con: Connection, run_id: str, version: str, **counts: int) -> None:
    """Note what a pass did; a second one of the same run adds to the first."""
    con.execute("INSERT INTO clusterings SELECT ?, ?, 0, 0, 0, 0, 0, 0, 0 WHERE NOT EXISTS (FROM clusterings WHERE run_id = ?)",
                [run_id, version, run_id])  # fmt: skip
    sets = ", ".join(f"{name} = {name} + ?" for name in counts)
    con.execute(f"UPDATE clusterings SET {sets} WHERE run_id = ?", [*counts.values(), run_id])


def passes(con: Connection) -> list[str]:
    """The runs that clustered."""
    return [r[0] for r in con.execute("SELECT run_id FROM clusterings ORDER BY 1").fetchall()]
