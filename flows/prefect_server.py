"""The Prefect server that a flow's runs are reported to: the one that is configured, else one of our own that ends with us.

Prefect's ephemeral server is no help here: it has no scheduler, so that a cron never fires.
"""

from __future__ import annotations

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
from dataclasses import dataclass

from thresher.errors import ThresherError

STARTUP_S = 120.0
STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server: the address of its API, and its process where it is our own."""

    url: str
    process: subprocess.Popen[bytes] | None = None

    def refuse_ended(self) -> None:
        """ThresherError where it is our own and is no more: nothing would ever run again, without a word."""
        if self.process is not None and self.process.poll() is not None:
            raise ThresherError(f"the Prefect server that thresher started ended with code {self.process.returncode}; start thresher again")


@contextmanager
def server() -> Iterator[Server]:
    """The server that is configured (``PREFECT_API_URL`` in the environment, a profile or a file; ThresherError where it does not answer),
    else one of our own on this machine: on Prefect's usual port where that is free."""
    from prefect.settings import PREFECT_API_URL

    if configured := PREFECT_API_URL.value():
        _refuse_unreachable(configured)
        yield Server(configured)
        return
    port = _free_port()
    command = [sys.executable, "-m", "flows.prefect_server", str(port)]
    # a session of its own, so that Ctrl-C reaches us alone and we can say goodbye to it first; the pipe tells it when we are gone
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            url = f"http://127.0.0.1:{port}/api"
            _await_health(url, process)
            yield Server(url, process)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _refuse_unreachable(url: str) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
    if error is not None:
        raise ThresherError(
            f"the Prefect server at {url} does not answer ({type(error).__name__}: {error}); start it, or unset PREFECT_API_URL: thresher "
            "then brings one, and `thresher harvest` needs none"
        )


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
