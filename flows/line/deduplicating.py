"""What a run ends with: its new items decided, its claims clustered."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flows.line.clustering import Clustered, cluster_claims
from flows.line.deciding import HERE, Decided, decide_queue
from flows.line.run import LiveRun
from flows.line.shards import Spread
from thresher.errors import EncoderError

log = logging.getLogger("thresher.deduplicating")


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """What the dedupe and the clustering did; None where an encoder was lacking, and the next run makes up for it."""

    decided: Decided | None = None
    clustered: Clustered | None = None


def deduplicate_items(run: LiveRun, spread: Spread = HERE) -> Deduplicated:
    """Embed, decide and cluster. Without a working encoder the items stay as they are, which is noted in the run."""
    decided = None
    try:
        decided = decide_queue(run, spread)
        return Deduplicated(decided, cluster_claims(run))
    except EncoderError as error:
        log.warning("embedding is left for the next run: %s", error)
        run.partly.append(f"embedding: {error}")
        return Deduplicated(decided)
