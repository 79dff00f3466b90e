"""The flow that embeds and decides what earlier runs left undecided."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect import flow

from flows import spread
from flows.line import run as line
from flows.line.workspace import Workspace
from thresher.errors import EncoderError


@flow(name="deduplicate", persist_result=False)
def deduplicate(data: str = "data", config: str | None = None) -> dict[str, Any]:
    """Embed and decide. Ends *Failed* where the encoder cannot be used; nothing is lost by that."""
    work = Workspace.open(Path(data), Path(config) if config else None)
    with line.opened(work, "deduplicate (Prefect)", wait_s=line.LEASE_WAIT_S) as run:
        spread.decide(run)
    if run.decided is None:
        raise EncoderError("; ".join(run.partly))
    return asdict(run.decided)
