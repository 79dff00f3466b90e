"""The talks of a benchmark as a tree of what people use the product for, and where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from dedupe.facets import Facet, Talk, facets
from dedupe.failures.clusters import on_grid
from flows.line.workspace import Workspace
from store.talks import newest_talks
from thresher.model import Battle, Record
from thresher.rules import Rules
from thresher.rules.battles import let_down_in

REFUSED = "objected to a refusal"
RATED = "rated down"


def usage_facets(work: Workspace, sources: Sequence[str]) -> Facet:
    """The tree of the newest talks of these sources. Their texts are as they were landed: without personal data. Nothing is written."""
    settings = work.settings.usage
    with work.database.reader() as con:
        talks = list(_talks(newest_talks(con, sources, settings.most_talks), work.rules))
    texts = sorted({talk.text for talk in talks})
    vectors = dict(zip(texts, on_grid(work.encoder.encode(texts).astype(np.float16)), strict=True)) if texts else {}
    return facets(talks, vectors, settings)


def _talks(records: Iterable[Record], rules: Rules) -> Iterable[Talk]:
    for record in records:
        battle = record.detail
        said = [m.content for m in battle.messages if m.role == "user"] if isinstance(battle, Battle) else []
        if isinstance(battle, Battle) and any(said):
            first = next(content for content in said if content)
            yield Talk(" ".join(first.split()), record.author_key, way_of(record, battle, rules, "\n".join(said)))


def way_of(record: Record, battle: Battle, rules: Rules, prompt: str) -> str:
    """How the user was let down, in words; empty where nothing says so. Who objects to a refusal is told
    apart, as it may be a right one."""
    found = let_down_in(record, battle, rules, prompt)
    if found is not None:
        return REFUSED if found.declined else found.way.replace("_", " ")
    return RATED if any(response.failed for response in battle.responses) else ""
