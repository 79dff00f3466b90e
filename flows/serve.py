"""The schedule on one machine: ``thresher serve``. Where no Prefect server is configured it starts one, which ends with it.

Prefect's ephemeral server is no help here: it has no scheduler, so that a cron never fires.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.errors import SettingsError, ThresherError
from thresher.settings import Schedule

if TYPE_CHECKING:
    from prefect.runner import Runner

STARTUP_S = 120.0
STOP_S = 15.0


def serve(data: Path, config: Path | None, schedule: Schedule) -> None:
    """Serve the three flows until interrupted; ``harvest`` by the schedule, the others on demand. One runs at a time: each wants the
    database for itself."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    from prefect.runner import Runner
    from prefect.schedules import Cron
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.types.entrypoint import EntrypointType

    from flows.deduplicate import deduplicate
    from flows.harvest import harvest
    from flows.publish import publish

    _check(schedule)
    parameters = {"data": str(data.resolve()), "config": str(config.resolve()) if config else None}
    nightly = Cron(schedule.cron, timezone=schedule.timezone)
    by_module = EntrypointType.MODULE_PATH  # a path would put flows/ on sys.path
    with server() as url, temporary_settings({PREFECT_API_URL: url}):
        runner = Runner(name="thresher", pause_on_shutdown=False, limit=1)
        for deployment in (
            harvest.to_deployment("nightly", schedule=nightly, parameters=parameters, entrypoint_type=by_module),
            deduplicate.to_deployment("on-demand", parameters=parameters, entrypoint_type=by_module),
            publish.to_deployment("on-demand", parameters=parameters, entrypoint_type=by_module),
        ):
            runner.add_deployment(deployment)  # type: ignore[arg-type]
        asyncio.run(_until_told(runner, f"serving harvest/nightly ({schedule.cron}, {schedule.timezone}), deduplicate/on-demand, "
                                        f"publish/on-demand; stop with Ctrl-C\nPrefect: {url.removesuffix('/api')}"))  # fmt: skip


async def _until_told(runner: Runner, greeting: str) -> None:
    """Run until SIGTERM or SIGINT, then cancel what is under way and come back. Prefect's own handler leaves such a run to itself, and a
    plain interrupt kills it where it is."""
    loop = asyncio.get_running_loop()
    told: set[asyncio.Task[None]] = set()

    def tell() -> None:
        if not told:
            told.add(loop.create_task(_stop(runner)))

    def handle(*_: object, **__: object) -> None:
        loop.call_soon_threadsafe(tell)

    runner.handle_sigterm = handle  # type: ignore[method-assign]
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell)
    print(greeting, flush=True)
    await runner.start()
    await asyncio.gather(*told)


async def _stop(runner: Runner) -> None:
    while not runner.started:
        await asyncio.sleep(0.1)
    await runner.astop()


def _check(schedule: Schedule) -> None:
    from prefect.client.schemas.schedules import CronSchedule
    from pydantic import ValidationError

    try:
        CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    except ValidationError as error:
        said = "; ".join(e["msg"] for e in error.errors(include_url=False))
        raise SettingsError(f"thresher.toml: schedule: cron = {schedule.cron!r}, timezone = {schedule.timezone!r}: {said}") from None


@contextmanager
def server() -> Iterator[str]:
    """The address of the API that is configured (``PREFECT_API_URL`` in the environment, a profile or a file), else of a server of our own
    on this machine: on Prefect's usual port where that is free."""
    from prefect.settings import PREFECT_API_URL

    if configured := PREFECT_API_URL.value():
        yield configured
        return
    port = _free_port()
    command = [sys.executable, "-m", "flows.serve", str(port)]
    # a session of its own, so that Ctrl-C reaches us alone and we can say goodbye to it first; the pipe tells it when we are gone
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            url = f"http://127.0.0.1:{port}/api"
            _await_health(url, process)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_port() -> int:
    from prefect.settings import PREFECT_SERVER_API_PORT

    for port in (PREFECT_SERVER_API_PORT.value(), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ThresherError("no port is free on 127.0.0.1 for the Prefect server")


def _await_health(url: str, process: subprocess.Popen[bytes]) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + STARTUP_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with direct.open(f"{url}/health", timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
    ended = "it did not answer in time" if process.poll() is None else f"it ended with code {process.returncode}"
    raise ThresherError(
        f"the Prefect server at {url} did not start: {ended}; see what it printed above, or set PREFECT_API_URL to one that runs"
    )


def _run_server(port: int) -> None:
    """What the server's own process does: serve until the one that started it is gone, even if that was killed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _run_server(int(sys.argv[1]))
