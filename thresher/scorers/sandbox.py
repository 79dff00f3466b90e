"""A program of a stranger, run where it can do no harm: bubblewrap, without network, as nobody, within limits.

It sees a copy of itself, the system's programs and libraries to read, and an empty /tmp in memory; no other file of this machine, no
process, no socket. Where bubblewrap is missing, or may not make namespaces, nothing is run: ``unavailable`` says why.

Started by root, the limit on processes does not hold for the root that bubblewrap begins as, so we become nobody before it.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

CPU_S: Final = 10
"""Of one run. Judges allow one to five seconds, on faster machines than many."""
WALL_S: Final = 30.0
"""A run that sleeps, or that gets no processor, is stopped and says nothing of the program."""
MEMORY_BYTES: Final = 1 << 29
"""Of addresses, for each process."""
PROCESSES: Final = 16
OUTPUT_BYTES: Final = 1 << 22
"""On each of its two outputs; who writes more is stopped."""
_TEMPORARY_BYTES: Final = 1 << 24
PYTHON: Final = "/usr/bin/python3"
_PROGRAM: Final = "/program.py"
_NOBODY: Final = "65534"
_SEEN: Final = ("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec")
_LIMITED: Final = (152, 137)
"""128 and SIGXCPU or SIGKILL: the processor's time, or memory, was used up."""
_AT_ONCE: Final = threading.BoundedSemaphore(os.cpu_count() or 1)

End = Literal["ended", "limit", "output", "wall", "broken"]


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended: by itself with ``status``; at the ``limit`` of time or memory; with too much ``output``; after ``WALL_S``; or
    ``broken``, where the sandbox itself could not be set up. ``error`` is the last line that it complained."""

    end: End
    status: int = 0
    output: str = ""
    error: str = ""


@cache
def unavailable() -> str:
    """Why no program is run here; empty where one that was tried ran, and found no network and no file of ours."""
    for tool in ("bwrap", "prlimit", *(["setpriv"] if os.geteuid() == 0 else [])):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if not Path(PYTHON).exists():
        return f"there is no {PYTHON}"
    tried = run("import os, socket\nprint(len(socket.if_nameindex()), os.path.exists('/etc/passwd'), os.getuid())", "")
    if tried.end != "ended" or tried.output.split() != ["1", "False", _NOBODY]:
        return f"bubblewrap cannot make a sandbox ({(tried.error or tried.output or tried.end)[:200]})"
    return ""


def run(program: str, given: str) -> Run:
    """Run a Python program that reads ``given``. Thread-safe; as many at once as there are processors."""
    with _AT_ONCE, _in_memory(program) as code, _in_memory(given) as stdin:
        read, write = os.pipe()
        try:
            process = subprocess.Popen(
                _command(code, write), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(code, write), env={}, cwd="/"
            )
            os.close(write)
            write = -1
            outputs, stopped = _watched(process)
            return _run_of(outputs, stopped, _status(read))
        except OSError as error:
            return Run("broken", error=str(error))
        finally:
            os.close(read)
            if write >= 0:
                os.close(write)


def _command(code: int, status: int) -> Sequence[str]:
    tools = {name: shutil.which(name) or name for name in ("setpriv", "bwrap", "prlimit")}
    drop = [tools["setpriv"], f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    seen = [part for path in _SEEN if Path(path).is_dir() for part in ("--ro-bind", path, path)]
    libraries = [name for name in ("bin", "lib", "lib32", "lib64") if Path(f"/usr/{name}").is_dir()]
    links = [part for name in libraries for part in ("--symlink", f"usr/{name}", f"/{name}")]
    return [
        *drop, tools["bwrap"], "--unshare-all", "--unshare-user", "--disable-userns", "--uid", _NOBODY, "--gid", _NOBODY,
        "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL", *seen, *links, "--proc", "/proc", "--dev", "/dev",
        "--size", str(_TEMPORARY_BYTES), "--tmpfs", "/tmp", "--ro-bind-data", str(code), _PROGRAM, "--remount-ro", "/dev",
        "--remount-ro", "/", "--chdir", "/tmp", "--json-status-fd", str(status),
        "/usr/bin/prlimit", f"--cpu={CPU_S}", f"--as={MEMORY_BYTES}", f"--nproc={PROCESSES}", f"--fsize={_TEMPORARY_BYTES}",
        "--nofile=64", "--core=0", PYTHON, "-I", "-B", _PROGRAM,
    ]  # fmt: skip


@contextmanager
def _in_memory(text: str) -> Iterator[int]:
    """A file that is nowhere on the disk, at its beginning."""
    descriptor = os.memfd_create("thresher")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(text.encode("utf-8", "replace"))
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _watched(process: subprocess.Popen[bytes]) -> tuple[Mapping[str, bytes], End | None]:
    """Both outputs as far as they were read, and why the run was stopped; it and all that it began are gone in the end."""
    outputs = {"stdout": bytearray(), "stderr": bytearray()}
    until = time.monotonic() + WALL_S
    stopped: End | None = None
    with process, selectors.DefaultSelector() as selector:
        for name in outputs:
            selector.register(getattr(process, name), selectors.EVENT_READ, name)
        while selector.get_map() and stopped is None:
            for key, _ in selector.select(max(0.0, until - time.monotonic())):
                piece = os.read(key.fd, 1 << 16)
                outputs[key.data] += piece
                if not piece:
                    selector.unregister(key.fileobj)
            if any(len(output) > OUTPUT_BYTES for output in outputs.values()):
                stopped = "output"
            elif time.monotonic() >= until:
                stopped = "wall"
        try:
            process.wait(0 if stopped else max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            stopped = stopped or "wall"
            process.kill()  # with bubblewrap its namespace of processes goes
    return {name: bytes(output) for name, output in outputs.items()}, stopped


def _status(read: int) -> int | None:
    """The exit status of the program; None where bubblewrap never started it. Nobody inside can write here."""
    told = b""
    while piece := os.read(read, 1 << 12):
        told += piece
    for line in told.decode(errors="replace").splitlines():
        if "exit-code" in line:
            return int(json.loads(line)["exit-code"])
    return None


def _run_of(outputs: Mapping[str, bytes], stopped: End | None, status: int | None) -> Run:
    output, error = (outputs[name].decode("utf-8", "replace") for name in ("stdout", "stderr"))
    last = error.strip().splitlines()[-1][:300] if error.strip() else ""
    if stopped is not None:
        return Run(stopped, 0, output[:OUTPUT_BYTES], last)
    if status is None:
        return Run("broken", 0, output, last)
    return Run("limit" if status in _LIMITED else "ended", status, output, last)
