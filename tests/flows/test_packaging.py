"""Guards of the layout: generic package names, module entrypoints, and parts that break Prefect silently."""

from __future__ import annotations

import ast
import importlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.flows import Flow, load_flow_from_entrypoint

ROOT = Path(__file__).resolve().parents[2]
DEPLOYED = {d["name"]: d for d in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]}


@pytest.mark.parametrize("name", ["flows", "store", "dedupe", "scrapers", "thresher"])
def test_the_package_is_the_one_of_this_repository(name: str) -> None:
    found = importlib.import_module(name).__file__
    assert found
    assert Path(found).resolve().parent == ROOT / name


def test_no_folder_of_the_tests_is_a_package_that_shadows_one_of_ours() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert not (ROOT / "config" / "__init__.py").exists()


def test_the_server_of_prefect_can_be_imported() -> None:
    importlib.import_module("prefect.server.api.server")


@pytest.mark.parametrize("name", sorted(DEPLOYED))
def test_a_deployed_flow_loads_by_its_module_as_written(name: str) -> None:
    entrypoint = DEPLOYED[name]["entrypoint"]
    assert ":" not in entrypoint, "a path entrypoint puts flows/ first on sys.path"
    flow: Flow[..., Any] = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    assert isinstance(flow, Flow)
    assert set(DEPLOYED[name]["parameters"]) <= set(flow.parameters.properties)


def test_every_flow_is_deployed() -> None:
    assert {d["entrypoint"] for d in DEPLOYED.values()} == {
        f"flows.{n}.{n}" for n in ("harvest", "recheck", "deduplicate", "publish", "evaluate")
    }


def test_deployments_are_written_for_the_prefect_that_is_pinned() -> None:
    written = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["prefect-version"]
    assert f"prefect=={written} \\\n" in (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert written == version("prefect")


@pytest.mark.parametrize("package", ["flows", "scrapers", "dedupe", "thresher", "sample"])
def test_nobody_but_the_store_speaks_to_the_database(package: str) -> None:
    calls = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"execute", "executemany"}
    ]
    assert calls == []
