"""Embedding and deciding in this process, or shared by the workers of a Dask cluster, as the settings say."""

from __future__ import annotations

from flows.line.deduplicating import deduplicate_items
from flows.line.run import Deduplicated, LiveRun
from thresher.errors import UsageError


def deduplicate_spread(run: LiveRun) -> Deduplicated:
    """``deduplicate_items`` with the runner of ``[workers]``. UsageError where prefect-dask is missing; one worker is this process."""
    workers = run.work.settings.workers
    if workers.runner == "here" or workers.count == 1:
        return deduplicate_items(run)
    try:
        from flows.workers import deduplicate_with_workers
    except ImportError as error:
        raise UsageError(f'workers.runner = "dask" needs prefect-dask ({error}): pip install -e ".[dask]"') from error
    return deduplicate_with_workers(run)
