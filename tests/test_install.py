"""The installer hands pip's settings on to uv, and the lock names what the project needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import install

PIP_CONFIG = """[global]
index-url = https://name:password@main.example/simple
find-links = /a/folder
[install]
extra-index-url =
    https://one.example/simple
    https://two.example/simple
trusted-host = main.example
"""


def environment_by(tmp_path: Path, **variables: str) -> dict[str, str]:
    """What uv is told where pip has that configuration and these variables."""
    file = tmp_path / "pip.conf"
    file.write_text(PIP_CONFIG)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env={**plain, "PIP_CONFIG_FILE": str(file), **variables}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return install.uv_environment(install.pip_options(listing))


def test_uv_is_told_of_the_indexes_and_folders_of_pip_and_chooses_among_them_as_pip_does(tmp_path: Path) -> None:
    told = environment_by(tmp_path)
    assert told["UV_DEFAULT_INDEX"] == "https://name:password@main.example/simple"
    assert told["UV_EXTRA_INDEX_URL"] == "https://one.example/simple https://two.example/simple"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert told["UV_FIND_LINKS"] == "/a/folder"
    assert told["UV_INSECURE_HOST"] == "main.example"


def test_a_variable_of_pip_stands_over_its_files(tmp_path: Path) -> None:
    told = environment_by(tmp_path, PIP_INDEX_URL="https://other.example/simple", PIP_FIND_LINKS="/b /c")
    assert told["UV_DEFAULT_INDEX"] == "https://other.example/simple"
    assert told["UV_FIND_LINKS"] == "/b,/c"


def test_the_versions_without_hashes_are_those_of_the_lock() -> None:
    text = install.LOCK.read_text(encoding="utf-8")
    versions = install.without_hashes(text)
    assert "--hash" not in versions
    assert "\\" not in versions
    pins = re.findall(r"^[\w.-]+==\S+", text, re.MULTILINE)
    assert re.findall(r"^[\w.-]+==\S+", versions, re.MULTILINE) == pins
    assert len(pins) > 150


def test_uv_is_installed_by_its_hashes() -> None:
    lines = install.pinned("uv", install.LOCK.read_text(encoding="utf-8")).splitlines()
    assert re.fullmatch(r"uv==[\d.]+ \\", lines[0])
    assert len(lines) > 5
    assert all("--hash=sha256:" in line for line in lines[1:])
    with pytest.raises(SystemExit, match="make lock"):
        install.pinned("no-such-package", "uv==1")


def needed(name: str, extras: frozenset[str], seen: set[str]) -> set[str]:
    """Names of the packages that a package needs here, and those that these need; torch and what only it needs are no part of it."""
    for text in requires(name) or []:
        requirement = Requirement(text)
        wanted = canonicalize_name(requirement.name)
        applies = requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""})
        if applies and wanted not in seen | {"torch"}:
            seen.add(wanted)
            needed(wanted, frozenset(requirement.extras), seen)
    return seen


def test_every_package_that_the_project_needs_is_in_the_lock_at_the_version_that_is_tested() -> None:
    text = install.LOCK.read_text(encoding="utf-8")
    versions = {canonicalize_name(name): pin for name, pin in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}
    names = needed("thresher", frozenset({"dev"}), set())
    assert len(names) > 100
    assert {name: versions.get(name) for name in names} == {name: version(name) for name in names}


def test_no_host_of_an_index_stands_in_the_lock() -> None:
    assert "://" not in install.LOCK.read_text(encoding="utf-8")
