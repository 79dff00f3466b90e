"""Processes that may be killed: forks of one that has imported everything, told what to do by lines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent


class ForkServer:
    """A program of this folder that forks for each line which it is sent, and answers with the fork's exit status."""

    def __init__(self, program: str, environment: Mapping[str, str], cwd: Path | None = None) -> None:
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, cwd=cwd
        )

    def send(self, line: str) -> int:
        """The exit status of the fork: -9 for a kill."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(line + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(10)
        self._server.stdout.close()


class Forks(ForkServer):
    """Small harvests over the store alone."""

    def __init__(self) -> None:
        super().__init__("small_harvest.py", {**os.environ, "PYTHONPATH": str(HERE.parents[1])})

    def harvest(self, folder: Path, night: int = 1, failpoint: str = "-") -> int:
        """The exit status: 0, or -9 for a kill."""
        return self.send(f"{folder} {night} {failpoint}")
