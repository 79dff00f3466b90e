"""Installs thresher into an environment of its own, .venv: the first step of `make demo` and `make test`.

uv installs, from requirements.lock, and checks the hash of each package. torch alone is not in the lock: its builds for a processor and for
a GPU share one version and differ in their hashes, and which of them comes is the choice of the index. uv does not read pip's settings, so
an index or a folder of wheels that pip is told of is handed on to it; without them another build of torch would come, of several gigabytes.
Where uv does not run, pip installs the same versions.

    python install.py                   what runs thresher
    python install.py --extra dev       and what tests it
    python install.py --lock            requirements.lock anew; more arguments go to `uv pip compile`, such as --upgrade-package duckdb
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11, 5)
VERSION = ".".join(map(str, OLDEST_PYTHON))

UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
"""pip's options and the variables by which uv is told the same."""


def pip_options(listing: str) -> dict[str, str]:
    """The options in force, from what ``pip config list`` prints: variables stand over ``[install]``, and that over ``[global]``."""
    options: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{re.escape(section)}\.([\w-]+)=(.*)$", listing, re.MULTILINE):
            options[name] = " ".join(ast.literal_eval(value).split())
    return options


def uv_environment(options: dict[str, str]) -> dict[str, str]:
    """The same options for uv, as variables: an index may carry a password, which would be seen on a command line."""
    environment = {UV_NAMES[name]: value for name, value in options.items() if name in UV_NAMES and value}
    if "UV_FIND_LINKS" in environment:
        environment["UV_FIND_LINKS"] = environment["UV_FIND_LINKS"].replace(" ", ",")
    if "UV_EXTRA_INDEX_URL" in environment:
        environment["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip's own rule; uv's takes what the first index has, however old
    return environment


def pinned(package: str, lock: str) -> str:
    """The lines of the lock for one package, with its hashes."""
    match = re.search(rf"^{re.escape(package)}==.*(?:\n    --hash=.*)*", lock, re.MULTILINE)
    if not match:
        raise SystemExit(f"{LOCK.name} does not name {package}: make lock")
    return match[0] + "\n"


def without_hashes(lock: str) -> str:
    """The versions alone: pip would demand a hash of torch, and of thresher itself, as soon as one other has some."""
    return re.sub(r" \\(?:\n    --hash=\S+(?: \\)?)+", "", lock)


def run(command: list[str], environment: dict[str, str] | None = None) -> int:
    """A command's exit status. Ends all where a package is not the one that was locked."""
    result = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    print(result.stderr, end="", file=sys.stderr)
    if result.returncode and re.search("hash mismatch|do not match the hashes", result.stderr, re.IGNORECASE):
        raise SystemExit("a package is not the one that was locked; nothing else is tried")
    return result.returncode


def pip(*arguments: str) -> int:
    """The exit status of ``pip install`` in the environment."""
    return run([str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq", *arguments])


def has_uv() -> bool:
    """Whether the environment has the uv of the lock, installing it where it is missing."""
    wanted = VENV / "uv.txt"
    wanted.write_text(pinned("uv", LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    return pip("--require-hashes", "-r", str(wanted)) == 0


def uv(*arguments: str) -> int:
    """The exit status of ``uv pip`` under pip's settings; a UV_ variable that is set already stands."""
    python = str(VENV / "bin" / "python")
    listing = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    environment = {**uv_environment(pip_options(listing)), **os.environ}
    return run([str(VENV / "bin" / "uv"), "pip", *arguments, "--quiet", "--python", python], environment)


def install(extras: list[str]) -> int:
    """Install thresher, editable, with what the lock pins."""
    target = str(ROOT) + (f"[{','.join(extras)}]" if extras else "")
    print(f"installing the pinned packages into {VENV.name} (about 2 GB, once)", flush=True)
    if has_uv() and uv("install", "-c", str(LOCK), "--build-constraints", str(LOCK), "-e", target) == 0:
        return 0
    print("uv cannot install here: pip installs the same versions, without their hashes (some minutes)", file=sys.stderr, flush=True)
    versions = VENV / "versions.txt"
    versions.write_text(without_hashes(LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    return pip("-c", str(versions), "-e", target)


def lock(arguments: list[str]) -> int:
    """Write the lock anew for every platform and extra. A version in it stays unless an argument says otherwise."""
    if not has_uv():
        raise SystemExit("the lock is made by uv, which could not be installed")
    # The main index alone: a further one may have a package for one platform only, and the lock would then hold no other hash.
    os.environ.update(UV_EXTRA_INDEX_URL="", UV_FIND_LINKS="")
    return uv(
        "compile", "pyproject.toml", "--all-extras", "--universal", "--python-version", VERSION, "--generate-hashes",
        "--no-emit-package", "torch", "--no-annotate", "--custom-compile-command", "make lock", "-o", LOCK.name, *arguments,
    )  # fmt: skip


def main() -> int:
    """Make the environment where there is none, and install."""
    if sys.version_info < OLDEST_PYTHON:
        raise SystemExit(f"thresher needs Python {VERSION} or later; try: make PYTHON=python3.12")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extra", action="append", default=[], help="an extra of pyproject.toml to install too")
    parser.add_argument("--lock", action="store_true", help="write requirements.lock instead of installing")
    options, more = parser.parse_known_args()
    if more and not options.lock:
        parser.error(f"unknown: {' '.join(more)}")
    if not (VENV / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    return lock(more) if options.lock else install(options.extra)


if __name__ == "__main__":
    raise SystemExit(main())
