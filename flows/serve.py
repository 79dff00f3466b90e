"""The schedule on one machine: ``thresher serve``. A Prefect server is started where none is configured."""

from __future__ import annotations

import os
from pathlib import Path

from thresher.settings import Schedule


def serve(data: Path, config: Path | None, schedule: Schedule) -> None:
    """Serve the three flows until interrupted; ``harvest`` by the schedule, the others on demand."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    from prefect import serve as serve_deployments
    from prefect.schedules import Cron

    from flows.deduplicate import deduplicate
    from flows.harvest import harvest
    from flows.publish import publish

    parameters = {"data": str(data.resolve()), "config": str(config.resolve()) if config else None}
    serve_deployments(
        harvest.to_deployment(
            "nightly", schedule=Cron(schedule.cron, timezone=schedule.timezone), parameters=parameters, concurrency_limit=1
        ),  # type: ignore[arg-type]
        deduplicate.to_deployment("on-demand", parameters=parameters),  # type: ignore[arg-type]
        publish.to_deployment("on-demand", parameters=parameters),  # type: ignore[arg-type]
        pause_on_shutdown=False,
    )
