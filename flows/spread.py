"""Embedding and deciding in this process, or shared by the workers of a Dask cluster, as the settings say."""

from __future__ import annotations

from flows.line import run as line
from flows.line.deciding import Progress
from thresher.errors import UsageError


def decide(run: line.Run, progress: Progress | None = None) -> None:
    """``flows.line.run.decide`` with the runner of ``[workers]``. UsageError where prefect-dask is missing; one worker is this process."""
    workers = run.work.settings.workers
    if workers.runner == "here" or workers.count == 1:
        line.decide(run, progress)
        return
    try:
        from flows.workers import decide_with_workers
    except ImportError as error:
        raise UsageError(f'workers.runner = "dask" needs prefect-dask ({error}): pip install -e ".[dask]"') from error
    decide_with_workers(run, progress)
