"""The deciding as a Prefect flow whose tasks run on a Dask cluster: one started for it on this machine, or the one at ``workers.address``."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect_dask.task_runners import DaskTaskRunner

from flows import run as line
from flows.deciding import Progress
from thresher.settings import Workers

_under_way: dict[str, Callable[[], None]] = {}
"""What the flow of a run does. Prefect hands a flow to its workers, so that it must not hold the run itself."""


def decide_with_workers(run: line.Run, progress: Progress | None) -> None:
    """``flows.run.decide``, its parts done by the workers."""
    workers = run.work.settings.workers
    logging.getLogger("distributed").setLevel(logging.WARNING)
    _under_way[run.run_id] = lambda: line.decide(run, progress, Tasks(workers.count))
    try:
        decide.with_options(task_runner=runner(workers))(run.run_id)
    finally:
        del _under_way[run.run_id]


@flow(name="decide", persist_result=False)
def decide(run_id: str) -> None:
    """Embed and decide what the run under way has to."""
    _under_way[run_id]()


class Tasks:
    """Each part as a task of the flow under way."""

    def __init__(self, shards: int) -> None:
        self.shards = shards

    def __call__(self, function: Callable[..., Any], parts: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        shared = task(name=function.__name__, cache_policy=NO_CACHE, persist_result=False)(function)
        waiting = [shared.submit(*part) for part in parts]
        return (future.result() for future in waiting)


def runner(workers: Workers) -> DaskTaskRunner[Any]:
    """The task runner that the settings name."""
    if workers.address:
        return DaskTaskRunner(address=workers.address)
    return DaskTaskRunner(cluster_kwargs={"n_workers": workers.count, "threads_per_worker": 1, "dashboard_address": None})
