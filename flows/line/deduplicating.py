"""What a run ends with: its new items decided, its claims clustered."""

from __future__ import annotations

import logging

from flows.line.clustering import cluster_claims
from flows.line.deciding import HERE, decide_queue
from flows.line.run import Deduplicated, LiveRun
from flows.line.shards import Spread
from thresher.errors import EncoderError

log = logging.getLogger("thresher.deduplicating")


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
