"""The nightly flow: one task for each source, side by side; order, retries and reports are Prefect's, the work is ``flows.run``'s."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.blocks.system import Secret
from prefect.concurrency.asyncio import concurrency
from prefect.tasks import exponential_backoff

from flows import run as line
from flows import steps
from flows.summary import as_markdown
from flows.workspace import Workspace
from thresher.client import Client
from thresher.errors import NetworkError
from thresher.settings import Source

LEASE_WAIT_S = 600.0


@task(retries=2, retry_delay_seconds=exponential_backoff(backoff_factor=10), retry_jitter_factor=0.5, tags=["thresher"])
def harvest_source(work: Workspace, run_id: str, source: Source, client: Client, archive: Any) -> steps.SourceResult:
    """One source. What it lands is kept whatever becomes of the task, so a retry goes on where it was; site by site the client has retried
    already, so only a defect or a broken machine comes this far."""
    return steps.harvest_source(work, run_id, source, client, archive)


@flow(name="harvest", log_prints=False, persist_result=False)
async def harvest(data: str = "data", config: str | None = None, sources: list[str] | None = None, embed: bool = True) -> dict[str, Any]:
    """Harvest what is new, judge it, decide what it duplicates, and report. Ends *Failed* where a source failed; the others are kept."""
    log = get_run_logger()
    work = Workspace.open(Path(data), Path(config) if config else None, create=True)
    await take_credentials(work)
    chosen, off = work.chosen(sources or [])
    for name, reason in off.items():
        log.info("%s is off: %s", name, reason)
    with line.opened(work, "harvest (Prefect)", wait_s=LEASE_WAIT_S) as run:
        with Client.open(work.settings.network, archive=run.archive) as client:
            async with concurrency(hosts(work, chosen), strict=False):
                waiting = [
                    harvest_source.with_options(name=f"harvest-{s.name}", tags=[f"source:{s.name}"]).submit(
                        work, run.run_id, s, client, run.archive
                    )
                    for s in chosen
                ]
                results = [future.result(raise_on_failure=False) for future in waiting]
        line.take_note(run, [_result(s, r) for s, r in zip(chosen, results, strict=True)])
        if embed:
            line.decide(run)
    report = run.report()
    await create_markdown_artifact(key="harvest", markdown=as_markdown(report, run.decided), description=f"run {run.run_id}")  # type: ignore[misc]
    if run.failed:
        raise NetworkError("some sources failed, what they gave is kept: " + "; ".join(run.failed))
    return report


def _result(source: Source, result: Any) -> steps.SourceResult:
    if isinstance(result, steps.SourceResult):
        return result
    return steps.SourceResult(source.name, "failed", [str(result)])


def hosts(work: Workspace, sources: list[Source]) -> list[str]:
    """Names of the global concurrency limits that guard the hosts of these sources (``host:<name>``); those that do not exist in Prefect
    limit nothing. Within one run the client paces each host anyway."""
    found = set()
    for source in sources:
        for site in work.sites(source):
            urls = (v for k, v in site.model_dump().items() if k.endswith(("url", "endpoint")) and isinstance(v, str))
            found |= {f"host:{host}" for url in urls if (host := urlsplit(url).hostname)}
    return sorted(found)


async def take_credentials(work: Workspace) -> None:
    """Put what a source needs and the environment lacks into the environment, from Secret blocks: ``THRESHER_REDDIT_CLIENT_ID`` is the
    block ``thresher-reddit-client-id``."""
    for name in sorted({n for source in work.settings.sources.values() for n in source.needs} - set(os.environ)):
        try:
            block = await Secret.load(name.lower().replace("_", "-"))  # type: ignore[misc]
        except ValueError:  # no such block: the source stays off and says so
            continue
        os.environ[name] = str(block.get())
