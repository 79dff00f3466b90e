"""The nightly flow: one task for each source, side by side; order, retries and reports are Prefect's, the work is ``flows.line``'s.

The flows are ordinary functions, not coroutines: what they call blocks for minutes, and a blocked event loop could neither renew the lease
of a concurrency limit nor hear that it should end.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prefect import Task, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.sync import concurrency
from prefect.futures import PrefectFuture, wait

from flows.line import harvesting
from flows.line.opening import LEASE_WAIT_S, open_run
from flows.line.run import Deduplicated, LiveRun, SourceResult
from flows.line.seeking import seek
from flows.line.workspace import Workspace
from flows.spread import deduplicate_spread
from flows.summary import as_markdown
from scrapers.settings import Source
from thresher.errors import SettingsError, ThresherError
from thresher.net.client import Client

RETRY_AFTER_S = [60.0, 180.0]
"""The client has tried every request several times before: these are for a site that is down for some minutes."""
LIMIT_WAIT_S = 3600.0
"""How long a source waits for the concurrency limits of its hosts before it counts as failed: a limit can stay taken for ever."""
LANDING_S = 20.0
"""How long a run that is told to end waits for what its sources still hold."""
SECRETS = "thresher-"


class SourceFailed(ThresherError):
    """A source did not come to its end. ``retryable`` where a site was down or slow and nothing else was wrong."""

    def __init__(self, result: SourceResult) -> None:
        super().__init__("; ".join(result.errors))
        self.result = result
        self.retryable = result.may_pass


def _may_pass(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.data, SourceFailed) and state.data.retryable


tried_again = task(retries=len(RETRY_AFTER_S), retry_delay_seconds=RETRY_AFTER_S, retry_jitter_factor=0.5, retry_condition_fn=_may_pass,
                   cache_policy=NO_CACHE, persist_result=False)  # fmt: skip
"""A task that asks one source. What it landed before it failed is kept, so another try goes on from there, on the same budget of requests,
and adds to the same numbers."""


@tried_again
def harvest_source(run: LiveRun, source: Source, client: Client, limits: list[str]) -> SourceResult:
    """One source; SourceFailed where it failed."""
    with concurrency(limits, timeout_seconds=LIMIT_WAIT_S):
        return or_failed(harvesting.harvest_source(run, source, client))


def or_failed(result: SourceResult) -> SourceResult:
    """SourceFailed, which Prefect shows, where the source failed."""
    if result.state == "failed":
        raise SourceFailed(result)
    return result


@flow(name="harvest", persist_result=False)
def harvest(
    data: str = "data", config: str | None = None, sources: list[str] | None = None, embed: bool = True, accept_deletions: bool = False
) -> dict[str, Any]:
    """Harvest what is new, judge it, decide what it duplicates, and report. Ends *Failed* where a source failed; the others are kept."""
    log = get_run_logger()
    take_credentials()
    work = Workspace.open(Path(data), Path(config) if config else None, create=True)
    chosen, off = work.chosen(sources or [])
    for name, reason in off.items():
        log.info("%s is off: %s", name, reason)
    if not chosen:
        raise SettingsError("no source is on: " + "; ".join(f"{name}: {reason}" for name, reason in off.items()))
    with open_run(work, "harvest (Prefect)", wait_s=LEASE_WAIT_S, accept_deletions=accept_deletions) as run:
        seek(run, chosen)
        run.take_note(ask_all(run, chosen, "harvest", harvest_source))
        outcome = deduplicate_spread(run) if embed else Deduplicated()
    return told(run, outcome, "harvest")


def told(run: LiveRun, outcome: Deduplicated, key: str) -> dict[str, Any]:
    """The report of a run, after it was logged and given to Prefect as the artifact ``key``. ThresherError where a source failed."""
    log = get_run_logger()
    report = run.report()
    table = as_markdown(report, outcome.decided, outcome.clustered)
    log.info("run %s\n%s", run.run_id, table)
    for text in run.partly:
        log.warning("left for another run: %s", text)
    for text in run.notices:
        log.warning("%s", text)
    _give_table(run.run_id, table, key)
    if run.failed:
        raise ThresherError("some sources failed, what they gave is kept: " + "; ".join(run.failed))
    return report


def _give_table(run_id: str, table: str, key: str) -> None:
    """The numbers as an artifact. A server that is away does not make a failure of a run that is closed and in balance."""
    try:
        create_markdown_artifact(key=key, markdown=table, description=f"run {run_id}")
    except Exception as error:  # whatever Prefect's client raises
        get_run_logger().warning("Prefect did not take the table of run %s (%s: %s)", run_id, type(error).__name__, error)


def ask_all(run: LiveRun, chosen: list[Source], verb: str, ask: Task[..., SourceResult]) -> list[SourceResult]:
    """Ask sources side by side, each in a task of its own, named by ``verb`` and source."""
    limits = existing_limits()
    with _door(run) as (client, waiting):
        for source in chosen:
            named = ask.with_options(name=f"{verb}-{source.name}", tags=["thresher", f"source:{source.name}"])
            waiting.append(named.submit(run, source, client, sorted(hosts(run.work, source) & limits)))
        outcomes = [future.result(raise_on_failure=False) for future in waiting]
    return [_result(run, source, outcome) for source, outcome in zip(chosen, outcomes, strict=True)]


@contextmanager
def _door(run: LiveRun) -> Iterator[tuple[Client, list[PrefectFuture[Any]]]]:
    """The client of a run, and room for its tasks. When the run is told to end, they are: no further request goes out, and what they hold
    is landed before the archive closes."""
    stop = threading.Event()
    waiting: list[PrefectFuture[Any]] = []
    with Client.open(run.work.settings.network, archive=run.archive, stop=stop) as client:
        try:
            yield client, waiting
        except BaseException:
            stop.set()
            wait(waiting, timeout=LANDING_S)
            raise


def _result(run: LiveRun, source: Source, outcome: Any) -> SourceResult:
    """What became of a source, also where its task broke: that is written down here, since the task could not."""
    if isinstance(outcome, SourceResult):
        return outcome
    if isinstance(outcome, SourceFailed):
        return outcome.result
    result = SourceResult(source.name, "failed", (f"{type(outcome).__name__}: {outcome}",), may_pass=False)
    result.save(run)
    return result


def hosts(work: Workspace, source: Source) -> set[str]:
    """Names of the global concurrency limits that guard the hosts of a source: ``host:<name>``. They keep runs apart; within one run the
    client paces each host."""
    values = (value for site in work.sites(source) for value in site.model_dump().values())
    addresses = (urlsplit(value) for value in values if isinstance(value, str) and "://" in value)
    return {f"host:{address.hostname}" for address in addresses if address.scheme in {"http", "https"} and address.hostname}


def existing_limits() -> set[str]:
    """Names of the global concurrency limits that Prefect has. Asking for others does nothing, and warns every night."""
    with get_client(sync_client=True) as client:
        return {limit.name for limit in client.read_global_concurrency_limits(limit=200) if limit.active}


def take_credentials() -> None:
    """Put Secret blocks into the environment of this process, where it lacks them: ``thresher-reddit-client-id`` becomes
    ``THRESHER_REDDIT_CLIENT_ID``. Settings are read after this."""
    with get_client(sync_client=True) as client:
        blocks = client.read_block_documents(include_secrets=False)
    for block in blocks:
        name = block.name or ""
        variable = name.upper().replace("-", "_")
        if name.startswith(SECRETS) and block.block_type_name == "Secret" and not os.environ.get(variable):
            secret = Secret.load(name)
            assert isinstance(secret, Secret)  # a coroutine only for coroutines
            os.environ[variable] = str(secret.get())
