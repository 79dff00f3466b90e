"""The flow after the nightly one: asks what became of records that no harvest has shown for a while."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.concurrency.sync import concurrency

from flows.harvest import LIMIT_WAIT_S, ask_all, or_failed, take_credentials, told, tried_again
from flows.line import rechecking
from flows.line.opening import LEASE_WAIT_S, open_run
from flows.line.run import Deduplicated, LiveRun, SourceResult
from flows.line.workspace import Workspace
from flows.spread import deduplicate_spread
from scrapers.settings import Source
from thresher.net.client import Client


@tried_again
def recheck_source(run: LiveRun, source: Source, client: Client, limits: list[str]) -> SourceResult:
    """One source; SourceFailed where it failed."""
    with concurrency(limits, timeout_seconds=LIMIT_WAIT_S):
        return or_failed(rechecking.recheck_source(run, source, client))


@flow(name="recheck", persist_result=False)
def recheck(
    data: str = "data", config: str | None = None, sources: list[str] | None = None, embed: bool = True, accept_deletions: bool = False
) -> dict[str, Any]:
    """Ask after what was harvested before, judge what was edited, let go what was deleted, and report. Ends *Failed* where a source failed;
    the others are kept."""
    take_credentials()
    work = Workspace.open(Path(data), Path(config) if config else None)
    chosen, off = work.chosen(sources or [])
    for name, reason in off.items():
        get_run_logger().info("%s is off: %s", name, reason)
    able = rechecking.askable(chosen, named=bool(sources))
    with open_run(work, "recheck (Prefect)", wait_s=LEASE_WAIT_S, accept_deletions=accept_deletions) as run:
        run.take_note(ask_all(run, able, "recheck", recheck_source))
        run.notices += rechecking.left_over(run, able)
        outcome = deduplicate_spread(run) if embed else Deduplicated()
    return told(run, outcome, "recheck")
