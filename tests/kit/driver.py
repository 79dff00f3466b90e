"""The command on the sample world, in processes of its own: what the tests of the whole line drive."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from forks import ForkServer

from sample import World
from store.file.database import Database
from store.ledger import final_hash, table_hashes

ROOT = Path(__file__).parents[2]
SALT = "the same salt in every run"


@dataclass(frozen=True)
class Done:
    """How a command ended. ``hits`` is empty for one that was killed."""

    rc: int
    out: str
    err: str
    hits: dict[str, int] = field(default_factory=dict)


class Command:
    """``thresher`` with ``environment``, in forks of one process that has imported all (``run``) or on its own (``start``)."""

    def __init__(self, forks: CommandForks, scratch: Path, environment: Mapping[str, str]) -> None:
        self._forks = forks
        self._scratch = scratch
        self._environment = dict(environment)

    def run(
        self,
        *argv: object,
        failpoint: str = "",
        without: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        program: str = "",
        **limits: float,
    ) -> Done:
        """Run one command line to its end. ``without``: packages that it cannot import; ``program``: Python to run instead of the command;
        ``file_size``: no file of it may grow beyond so many bytes; ``portion``: records in one transaction; ``seconds``: kill it then."""
        out, err, hits = (self._scratch / name for name in ("out", "err", "hits"))
        hits.unlink(missing_ok=True)
        order = {
            "argv": [str(a) for a in argv], "env": {**self._environment, "THRESHER_FAILPOINT": failpoint, **(env or {})},
            "out": str(out), "err": str(err), "hits": str(hits), "without": list(without), "cwd": str(cwd or self._scratch),
            "program": program, **limits,
        }  # fmt: skip
        rc = self._forks.send(json.dumps(order))
        counted = json.loads(hits.read_text(encoding="utf-8")) if hits.exists() else {}
        return Done(rc, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"), counted)

    def start(self, *argv: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """The same command as a process that runs beside the test."""
        return subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *(str(a) for a in argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self._environment, **(env or {})}, cwd=self._scratch,
        )  # fmt: skip


class Run(Protocol):
    """The command with these arguments, and with more variables in its environment where they are given by name."""

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]: ...


class CommandForks(ForkServer):
    """The process of which every ``Command`` is a fork."""

    def __init__(self) -> None:
        # The Hub's client looks at its environment when it is imported; the loopback Hub speaks its older way to upload.
        super().__init__("crash_run.py", {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_XET": "1"})


class Line:
    """The command on one sample world: ``harvest`` and its kin on a data folder with the world's configuration."""

    def __init__(self, command: Command, world: World, config: Path) -> None:
        self.command = command
        self.world = world
        self.config = config

    def run(self, verb: str, data: Path, *more: object, failpoint: str = "", without: Sequence[str] = (), **limits: float) -> Done:
        """One command on ``data``."""
        given = () if verb == "doctor" else ("--config", self.config)
        return self.command.run(verb, *more, "--data", data, *given, failpoint=failpoint, without=without, **limits)

    def well(self, verb: str, data: Path, *more: object, without: Sequence[str] = (), **limits: float) -> Done:
        """The same, and it must end well."""
        done = self.run(verb, data, *more, without=without, **limits)
        assert done.rc == 0, f"{verb} ended with {done.rc}: {done.err[-2000:]}\n{done.out[-2000:]}"
        assert "Traceback" not in done.err
        return done

    def start(self, verb: str, data: Path, *more: object, failpoint: str = "") -> subprocess.Popen[str]:
        """The same beside the test."""
        return self.command.start(verb, *more, "--data", data, "--config", self.config, env={"THRESHER_FAILPOINT": failpoint})

    def tables(self, data: Path) -> dict[str, str]:
        """A hash of each table of the benchmark in ``data``, and ``final_hash`` of all."""
        with Database(data).reader() as con:
            return {**table_hashes(con), "all": final_hash(con)}


@dataclass(frozen=True)
class FirstNight:
    """A benchmark made by one harvest of the whole world, what that reported, and how many requests it took."""

    data: Path
    report: dict[str, Any]
    requests: int

    def copy(self, folder: Path) -> Path:
        """A copy of its folder that a test may change."""
        return Path(shutil.copytree(self.data, folder))
