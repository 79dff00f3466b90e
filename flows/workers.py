"""The deciding as a Prefect flow whose tasks run on a Dask cluster: one started for it here, or the one at ``workers.address``."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
if not logging.getLogger().isEnabledFor(logging.INFO):
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")  # of the workers, too; Prefect reads it where it is imported first

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.task_runners import TaskRunner
from prefect_dask.task_runners import DaskTaskRunner

from flows.line.deduplicating import deduplicate_items
from flows.line.run import Deduplicated, LiveRun
from flows.line.settings import Workers
from flows.prefect_server import server

_under_way: dict[str, Callable[[], None]] = {}
"""What the flow of a run does. It stays here: a run cannot be pickled."""


def deduplicate_with_workers(run: LiveRun) -> Deduplicated:
    """``deduplicate_items``, its parts done by the workers."""
    workers = run.work.settings.workers
    logging.getLogger("distributed").setLevel(logging.WARNING)
    results: list[Deduplicated] = []
    _under_way[run.run_id] = lambda: results.append(deduplicate_items(run, Tasks(workers.count)))
    try:
        with server() as prefect, temporary_settings({PREFECT_API_URL: prefect.url}):  # else each worker starts one of its own
            flow(name="decide", persist_result=False, task_runner=runner(workers))(_body)(run.run_id)
    finally:
        del _under_way[run.run_id]
    return results[0]


def _body(run_id: str) -> None:
    """Embed and decide what the run under way has to.

    No decorator: each task takes its flow along to the worker. A function that is found under its own name goes as that name; one that a
    flow of the same name hides goes by value, with the globals that it uses, which is ``_under_way`` with the run and its locks.
    """
    _under_way[run_id]()


class Tasks:
    """Each part as a task of the flow under way."""

    def __init__(self, shards: int) -> None:
        self.shards = shards

    def __call__(self, function: Callable[..., Any], parts: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        shared = task(name=function.__name__, cache_policy=NO_CACHE, persist_result=False)(function)
        waiting = [shared.submit(*part) for part in parts]
        return (future.result() for future in waiting)


def runner(workers: Workers) -> TaskRunner[Any]:
    """The task runner that the settings name."""
    if workers.address:
        return DaskTaskRunner(address=workers.address)
    return DaskTaskRunner(cluster_kwargs={"n_workers": workers.count, "threads_per_worker": 1, "dashboard_address": None})
