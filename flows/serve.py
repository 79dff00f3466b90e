"""The schedule on one machine: ``thresher serve``. Where no Prefect server is configured it starts one, which ends with it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flows.line.settings import Evaluate, Schedule
from thresher.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from prefect.runner import Runner

    from flows.prefect_server import Server

LOOK_EVERY_S = 2.0


def serve(data: Path, config: Path | None, schedule: Schedule, evaluating: Evaluate) -> None:
    """Serve the flows until interrupted; ``harvest``, ``recheck`` and, where a model is named, ``evaluate`` by the schedule, the others on
    demand. One runs at a time: each wants
    the database for itself."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    try:
        from prefect.runner import Runner
    except ImportError as error:
        raise UsageError(f"serve needs Prefect ({error}): install thresher again; `thresher harvest` from a cron job needs none") from error
    from prefect.schedules import Cron
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.types.entrypoint import EntrypointType

    from flows.deduplicate import deduplicate
    from flows.evaluate import evaluate
    from flows.harvest import harvest
    from flows.prefect_server import server
    from flows.publish import publish
    from flows.recheck import recheck

    _check(schedule)
    parameters = {"data": str(data.resolve()), "config": str(config.resolve()) if config else None}
    nightly, afterwards, last = (Cron(cron, timezone=schedule.timezone) for cron in _crons(schedule).values())
    asking = {"name": "nightly", "schedule": last} if evaluating.models else {"name": "on-demand"}
    by_module = EntrypointType.MODULE_PATH  # a path would put flows/ on sys.path
    with server() as prefect, temporary_settings({PREFECT_API_URL: prefect.url}):
        runner = Runner(name="thresher", pause_on_shutdown=False, limit=1)
        for deployment in (
            harvest.to_deployment("nightly", schedule=nightly, parameters=parameters, entrypoint_type=by_module),
            recheck.to_deployment("nightly", schedule=afterwards, parameters=parameters, entrypoint_type=by_module),
            evaluate.to_deployment(**asking, parameters=parameters, entrypoint_type=by_module),
            deduplicate.to_deployment("on-demand", parameters=parameters, entrypoint_type=by_module),
            publish.to_deployment("on-demand", parameters=parameters, entrypoint_type=by_module),
        ):
            runner.add_deployment(deployment)  # type: ignore[arg-type]
        print(
            f"serving harvest/nightly ({schedule.cron}, {schedule.timezone}), recheck/nightly ({schedule.recheck_cron}), "
            + (f"evaluate/nightly ({schedule.evaluate_cron}), " if evaluating.models else "evaluate/on-demand, ")
            + "deduplicate/on-demand, publish/on-demand; stop with Ctrl-C"
        )
        asyncio.run(_until_told(runner, prefect))


async def _until_told(runner: Runner, prefect: Server) -> None:
    """Run until SIGTERM or SIGINT, then cancel what is under way and come back. Prefect's own handler leaves such a run to itself, and a
    plain interrupt kills it where it is. ThresherError where a server of our own ends first."""
    loop = asyncio.get_running_loop()
    stopping: set[asyncio.Task[None]] = set()

    def tell() -> None:
        if not stopping:
            stopping.add(loop.create_task(_stop(runner)))

    def handle(*_: object, **__: object) -> None:
        loop.call_soon_threadsafe(tell)

    runner.handle_sigterm = handle  # type: ignore[method-assign]
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell)
    print(f"Prefect: {prefect.url.removesuffix('/api')}", flush=True)
    watching = loop.create_task(_until_ended(prefect, tell))
    await runner.start()
    watching.cancel()
    await asyncio.gather(*stopping)
    prefect.refuse_ended()


async def _until_ended(prefect: Server, tell: Callable[[], None]) -> None:
    """Prefect's runner polls a server that is gone for ever; so somebody has to look whether it is there."""
    while prefect.process is None or prefect.process.poll() is None:
        await asyncio.sleep(LOOK_EVERY_S)
    tell()


async def _stop(runner: Runner) -> None:
    while not runner.started:
        await asyncio.sleep(0.1)
    await runner.astop()


def _crons(schedule: Schedule) -> dict[str, str]:
    return {key: getattr(schedule, key) for key in ("cron", "recheck_cron", "evaluate_cron")}


def _check(schedule: Schedule) -> None:
    from prefect.client.schemas.schedules import CronSchedule
    from pydantic import ValidationError

    for key, cron in _crons(schedule).items():
        try:
            CronSchedule(cron=cron, timezone=schedule.timezone)
        except ValidationError as error:
            problems = "; ".join(e["msg"] for e in error.errors(include_url=False))
            raise SettingsError(f"thresher.toml: schedule: {key} = {cron!r}, timezone = {schedule.timezone!r}: {problems}") from None
