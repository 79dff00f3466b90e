"""Complaints about one bug in different words, on different sites, become one failure cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from dedupe.failures import clusters, kinds, phrases
from dedupe.failures.clusters import Category, Cluster, Event, Members
from dedupe.failures.kinds import Kinds, Said
from dedupe.failures.phrases import Phrase
from flows.line import distilling
from flows.line.run import Run
from flows.line.workspace import Workspace
from store import cluster_journal, failures
from store.cluster_journal import Passed
from store.failures import ChangedCluster, PhrasedClaim, StoredClaim, StoredCluster, StoredPhrase
from store.file.database import Connection
from thresher.archive import history
from thresher.failpoint import failpoint
from thresher.names import Names
from thresher.net.client import Client
from thresher.readers.vectors import UniversalSentenceEncoder

Vectors = dict[str, clusters.Whole]

_POSTS = frozenset(("post", "comment", "question"))
"""Roles of records that are read as a post; a judge's reason says all of it in its own words."""
_TERSE = 0.5
"""The share of a post from which on its claim is most of what it says, so that the rules, which go by the claim's words, come first."""


@dataclass(frozen=True, slots=True)
class Clustered:
    """What one pass did: claims that were put into clusters and that left them, clusters that opened, merged and split; claims that were
    put to a language model, and those of them for which the phrase of the rules was taken all the same."""

    assigned: int
    opened: int
    merged: int
    split: int
    gone: int = 0
    asked: int = 0
    unusable: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """What a rebuild takes from the benchmark that it makes anew: its archive, and by category what the pass did in its time."""

    archive: Path
    passed: Mapping[str, Passed] = field(default_factory=dict)


def cluster_claims(run: Run, *, before: Before | None = None) -> Clustered:
    """Put every claim that is in no cluster yet into one, take out those whose report is gone, and look again at the clusters that this
    touches; all of it in one transaction.

    In a rebuild (``before``) phrases of the language model are taken from the archive, and nothing is asked; what was clustered in this run
    goes where it went. Without a working encoder EncoderError is raised and nothing is changed; the next pass makes up for it.
    """
    work = run.work
    with work.database.reader() as con:
        if not (before and before.passed) and not failures.is_due(con, work.encoder.id):
            return Clustered(0, 0, 0, 0)
        pending = failures.pending_claims(con)
        other = failures.unplaced_by_another_encoder(con, work.encoder.id)
    distilled = _distilled(work, pending, before.archive if before else None)
    vectors = _encoded(work, [phrase.text for phrase, _ in distilled.phrases.values()] + other)
    claims = _placed(work, pending, distilled.phrases, vectors)
    failpoint("clustering.distilled")
    with work.database.transaction() as con:
        gone = failures.sweep(con, work.encoder.id)
        failures.save_claims(con, run.run_id, claims)
        counts = _settle(work, con, run.run_id, vectors, before)
        clustered = Clustered(len(claims), counts["opened"], counts["merged"], counts["split"], gone, distilled.asked, distilled.unusable)
        failures.save_pass(con, run.run_id, work.settings.clusters.version, **asdict(clustered))
    failpoint("clustering.saved")
    history.note(work.archive, run.run_id, "clustered")
    return clustered


def _distilled(work: Workspace, pending: list[StoredClaim], phrases_from: Path | None) -> distilling.Distilled:
    by_rules = {claim.claim_hash: phrase for claim, phrase in zip(pending, phrased(pending, work.rules.names), strict=True)}
    answers = distilling.Answers(phrases_from or work.archive)
    settings = work.settings.clusters.distiller
    if phrases_from is not None or not settings.base_url or not pending:
        return distilling.distil_all(pending, by_rules, answers, settings, None)
    with Client.open(work.settings.network) as client:
        return distilling.distil_all(pending, by_rules, answers, settings, distilling.bound(client, settings))


def phrased(claims: Sequence[StoredClaim], names: Names, trained: Kinds | None = None) -> list[Phrase]:
    """The phrase of each claim without a language model: the kind that its post is surely of, else by the rules. Where a longer post
    points to a kind and is not sure of it, what the rules know by heart would often be another one, and the words are extracted."""
    posts = [claim for claim in claims if claim.role in _POSTS]
    kind_of: dict[str, tuple[Phrase, float]] = {}
    if posts:
        said = [Said(claim.title, claim.words, claim.text) for claim in posts]
        likeliest = (trained or kinds.load()).of(said, UniversalSentenceEncoder().encode)
        kind_of = {claim.claim_hash: kind for claim, kind in zip(posts, likeliest, strict=True)}
    made = []
    for claim in claims:
        kind, chance = kind_of.get(claim.claim_hash, (None, 0.0))
        terse = len(claim.words) >= _TERSE * len(claim.text)
        ruled = phrases.distil(claim.words, claim.prompt, names, by_heart=terse or chance < kinds.RULED)
        made.append(kind if kind is not None and chance >= kinds.SURE and not (terse and ruled.known) else ruled)
    return made


def _encoded(work: Workspace, texts: Sequence[str]) -> Vectors:
    """The vector of each phrase, those that the rules have by heart among them, as it will be read back: by way of float16."""
    wanted = sorted({*texts, *(phrase.text for phrase in phrases.known_phrases())})
    grid = clusters.on_grid(work.encoder.encode(wanted).astype(np.float16))
    return dict(zip(wanted, grid, strict=True))


def _placed(
    work: Workspace, pending: Sequence[StoredClaim], distilled: Mapping[str, tuple[Phrase, str]], vectors: Vectors
) -> list[PhrasedClaim]:
    """Every claim with its phrase and category; a phrase of no category has that of the anchor that it is nearest to."""
    anchors, other = phrases.known_phrases(), phrases.categories()[-1]
    homeless = sorted({phrase.text for phrase, _ in distilled.values() if phrase.category == other})
    categories = clusters.anchored(
        np.array([vectors[text] for text in homeless]), np.array([vectors[anchor.text] for anchor in anchors]),
        [anchor.category for anchor in anchors], work.settings.clusters.anchor_threshold, other,
    )  # fmt: skip
    category_of = dict(zip(homeless, categories, strict=True))
    rows = []
    for claim in pending:
        phrase, made_by = distilled[claim.claim_hash]
        rows.append(PhrasedClaim(claim, category_of.get(phrase.text, phrase.category), phrase.text, made_by))
    return rows


def _settle(work: Workspace, con: Connection, run_id: str, vectors: Vectors, before: Before | None) -> dict[str, int]:
    """Bring the clusters of every category that changed in order; returns how many opened, merged and split."""
    unplaced, stale = failures.unplaced(con), failures.stale_clusters(con)
    passed = {name: past for name, past in before.passed.items() if past.encoder == work.encoder.id} if before else {}
    counts = dict.fromkeys(("opened", "merged", "split", "closed"), 0)
    for name in sorted({*unplaced, *stale, *passed}):
        texts, homes = unplaced.get(name, []), failures.homes_of(con, name)
        category = Category(name, _stored_clusters(con, name, stale.get(name, [])), lambda ids: _members(con, ids),
                            lambda i: failures.was_used(con, i), work.settings.clusters)  # fmt: skip
        if past := passed.get(name):
            moved = {text: to for text in [*texts, *homes] if (to := past.home(name, text)) and homes.get(text) != to}
            events = [Event(*event) for event in past.events]
            category.restore(_new(work, [t for t in texts if t in moved], vectors), moved, homes, stale.get(name, []), events)
            rest = [text for text in texts if text not in moved]
            if rest:
                category.update(_new(work, rest, vectors))
        else:
            category.update(_new(work, texts, vectors), stale.get(name, []))
        if before is None:
            went = {p: i for i, members in category.changed.items() if members for p in members.phrases if homes.get(p) != i}
            told = [(event.event, event.cluster_id, event.other_id) for event in category.events]
            cluster_journal.keep(work.archive, run_id, name, work.encoder.id, went, told)
        _save(work, con, run_id, name, category)
        for event in category.events:
            counts[event.event] += 1
    _relabel(con, failures.clusters_said_in(con, run_id))
    return counts


def _new(work: Workspace, texts: Sequence[str], vectors: Vectors) -> Members:
    return Members(tuple(texts), np.array([vectors[text] for text in texts], np.int64).reshape(-1, work.encoder.dim))


def _stored_clusters(con: Connection, category: str, stale: Sequence[str]) -> list[Cluster]:
    """The clusters of a category; of those that lost members the sums are made anew from the members that are left."""
    left = _members(con, stale)
    stored = []
    for cluster in failures.clusters_of(con, category):
        if cluster.cluster_id not in stale:
            stored.append(Cluster(cluster.cluster_id, cluster.phrases, cluster.total))
        elif members := left.get(cluster.cluster_id):
            stored.append(Cluster(cluster.cluster_id, len(members.phrases), members.vectors.sum(axis=0)))
        else:
            stored.append(Cluster(cluster.cluster_id, 0, cluster.total))
    return stored


def _members(con: Connection, ids: Sequence[str]) -> dict[str, Members]:
    """The members of each cluster that has any."""
    stored = failures.members_of(con, ids) if ids else {}
    return {cluster_id: _as_members(rows) for cluster_id, rows in stored.items() if rows}


def _as_members(rows: Sequence[StoredPhrase]) -> Members:
    return Members(tuple(row.phrase for row in rows), clusters.on_grid(np.array([row.vector for row in rows])))


def _save(work: Workspace, con: Connection, run_id: str, name: str, category: Category) -> None:
    changed = []
    for cluster_id, members in sorted(category.changed.items()):
        if members is None:
            continue
        reports = failures.times_said(con, name, members.phrases)
        label = clusters.medoid(members, [reports[phrase] for phrase in members.phrases])
        stored = StoredCluster(cluster_id, name, len(members.phrases), members.vectors.sum(axis=0))
        to_centre = clusters.similarities(members)
        floats = (members.vectors / clusters.GRID).astype(np.float32)
        changed.append(ChangedCluster(stored, label, list(zip(members.phrases, floats, to_centre, strict=True))))
    closed = [cluster_id for cluster_id, members in category.changed.items() if members is None]
    events = [(e.event, e.cluster_id, e.other_id) for e in category.events]
    failures.save_category(con, run_id, work.encoder.id, name, changed, closed, events)


def _relabel(con: Connection, ids: Sequence[str]) -> None:
    """A phrase that was said once more may be the one in the middle now."""
    labels = {}
    for cluster_id, rows in failures.members_of(con, ids).items():
        labels[cluster_id] = clusters.medoid(_as_members(rows), [row.said for row in rows])
    failures.relabel(con, labels)
