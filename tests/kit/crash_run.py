"""A server of processes: imports the command once, then runs each command line in a fork of its own, which may be killed.

One JSON object a line on stdin ({"argv", "env", "cwd", "out", "err", "hits", "program", "file_size", "portion", "seconds", "powerless",
"without"}), the exit status of the fork on stdout. ``hits`` names a file where a process that lives to its end writes how often it passed
each failpoint. ``portion`` is how many records or texts go into one transaction; after ``seconds`` the process is killed; the packages in
``without`` cannot be imported; ``program`` is Python to run instead of the command.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from thresher import failpoint as failpoints

hits: Counter[str] = Counter()
_lock = threading.Lock()
_original = failpoints.failpoint


def _counted(label: str) -> None:
    with _lock:
        hits[label] += 1
    _original(label)


failpoints.failpoint = _counted  # before anything imports it by name

import scrapers.base  # noqa: E402
from dedupe.guard.check import Comparable, check  # noqa: E402
from flows.cli import app as cli  # noqa: E402
from flows.line import deciding, judging, landing, recovery  # noqa: E402
from sample import content  # noqa: E402
from store.snapshot import freeze  # noqa: E402, F401
from thresher.model import Record  # noqa: E402
from thresher.readers import judge_threads, open_chain  # noqa: E402
from thresher.redaction import redact  # noqa: E402
from thresher.rules import Rules  # noqa: E402

for name in scrapers.names():
    scrapers.base.load(name)
for name in ("dedupe.vectors.calibrate", "dedupe.vectors.openvino_engine", "duckdb", "huggingface_hub", "openvino", "pandas", "tokenizers"):
    importlib.import_module(name)  # what a command loads once it needs it: half a second of each fork, had they to do it

_RULES = Path(cli.__file__).parents[2] / "config" / "rules.toml"
_load, _loaded = Rules.load, Rules.load(_RULES)
Rules.load = lambda path: _loaded if path.read_bytes() == _RULES.read_bytes() else _load(path)  # type: ignore[method-assign,assignment]


def _warm() -> None:
    """Have in memory what a command reads or builds once it needs it (patterns, word lists, the sentence encoder), so that the forks share
    it: three seconds of each that reads posts. Nothing of it starts a thread; OpenVINO and DuckDB do, and are left to the forks."""
    texts = [redact(str(entry["text"]))[0] for entry in content.tables("reddit_1") if entry.get("text")][:20]
    threads = [[Record("forum", "site", str(n), "https://example.org", "post", text)] for n, text in enumerate(texts)]
    judge_threads(threads, _loaded, open_chain(_loaded))
    check(Comparable("a", "How many cats sit on the red mat?"), Comparable("b", "How many dogs sat on the red mats?"))


def _kill_after(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


def _give_up_capabilities() -> None:
    """From here on the modes of files hold for root too (capset(2), version 3 of its header)."""
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")


def child(order: dict[str, Any]) -> None:
    """Be the command."""
    for fd, path in ((1, order["out"]), (2, order["err"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), fd)
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    if encoding := order["env"].get("PYTHONIOENCODING"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding=encoding)  # type: ignore[union-attr]
    sys.argv = ["thresher", *order["argv"]]
    if order.get("file_size"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_size"], order["file_size"]))
    if order.get("powerless"):
        _give_up_capabilities()
    for package in order.get("without", ()):
        assert package not in sys.modules
        sys.modules[package] = None  # type: ignore[assignment]
    if order.get("portion"):
        landing.BATCH_RECORDS = judging.BATCH_RECORDS = recovery.BATCH_RECORDS = deciding.EMBED_AT_ONCE = order["portion"]
    if order.get("seconds"):
        threading.Thread(target=_kill_after, args=(order["seconds"],), daemon=True).start()
    status = 0
    try:
        exec(order["program"], {}) if order["program"] else cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    Path(order["hits"]).write_text(json.dumps(hits), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """Serve until stdin closes."""
    _warm()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
