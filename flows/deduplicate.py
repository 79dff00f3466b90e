"""The flow that embeds and decides what earlier runs left undecided."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect import flow

from flows.line.opening import LEASE_WAIT_S, open_run
from flows.line.workspace import Workspace
from flows.spread import deduplicate_spread
from thresher.errors import EncoderError


@flow(name="deduplicate", persist_result=False)
def deduplicate(data: str = "data", config: str | None = None) -> dict[str, Any]:
    """Embed and decide. Ends *Failed* where the encoder cannot be used; nothing is lost by that."""
    work = Workspace.open(Path(data), Path(config) if config else None)
    with open_run(work, "deduplicate (Prefect)", wait_s=LEASE_WAIT_S) as run:
        outcome = deduplicate_spread(run)
    if outcome.decided is None:
        raise EncoderError("; ".join(run.partly))
    return asdict(outcome.decided)
