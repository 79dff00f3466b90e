"""Small harvests over the store alone, in processes that may be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


class Forks:
    """Runs small harvests in processes of their own."""

    def __init__(self) -> None:
        env = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "small_harvest.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
        )

    def harvest(self, folder: Path, night: int = 1, failpoint: str = "-") -> int:
        """The exit status: 0, or -9 for a kill."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{folder} {night} {failpoint}\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(10)
        self._server.stdout.close()
