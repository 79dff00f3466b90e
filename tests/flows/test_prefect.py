"""The flows under the real engine: ``thresher serve`` as people start it, with the server that it brings, and flows called against it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from gate import Gate
from prefect.blocks.system import Secret
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.client.schemas.objects import FlowRun, State
from prefect.runner import Runner
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_HOME,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

import flows.harvest as nightly
import flows.serve as serving
import sample
from flows.deduplicate import deduplicate
from flows.line import harvesting
from flows.prefect_server import Server
from flows.publish import publish
from flows.recheck import recheck
from sample import World
from store.doctor import doctor
from store.file.database import Database
from thresher.errors import ThresherError

pytestmark = pytest.mark.prefect

CANARY = "canary-4f1b9c-must-not-be-kept"
SOURCES = sorted(path.stem for path in (Path(sample.__file__).parent / "config" / "sources").glob("*.toml"))
"""Those of the sample world."""


@dataclass
class Served:
    """A ``thresher serve`` under way."""

    world: World
    folder: Path
    process: subprocess.Popen[str]
    url: str
    said: list[str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, config: Path, **environment: str) -> tuple[subprocess.Popen[str], list[str]]:
    """``thresher serve``, and what it said until it gave its address."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_API", "THRESHER_"))}
    env = {**kept, "PREFECT_HOME": str(folder / "prefect"), "PYTHONUNBUFFERED": "1", **environment}
    command = [sys.executable, "-m", "flows.cli", "serve", "--data", str(folder / "data"), "--config", str(config)]
    with (folder / "stderr").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout
    said = []
    for text in process.stdout:
        said.append(text)
        if text.startswith("Prefect: "):
            return process, said
    process.wait(30)
    process.stdout.close()
    raise AssertionError("thresher serve ended: " + (folder / "stderr").read_text(encoding="utf-8")[-2000:])


def end(process: subprocess.Popen[str], number: signal.Signals) -> int:
    process.send_signal(number)
    try:
        return process.wait(30)
    finally:
        process.kill()
        assert process.stdout
        process.stdout.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests: it takes some 15 s to start."""
    folder = tmp_path_factory.mktemp("served")
    with World() as world:
        config = world.write_config(folder / "config")
        process, said = start(
            folder,
            config,
            PREFECT_SERVER_API_PORT=str(free_port()),
            PREFECT_RUNNER_POLL_FREQUENCY="2",
            THRESHER_SALT=CANARY,
            **world.environment(),
        )
        url = said[-1].split()[1]
        try:
            with temporary_settings(
                {PREFECT_API_URL: f"{url}/api", PREFECT_HOME: folder / "prefect", PREFECT_LOGGING_TO_API_ENABLED: False}
            ):
                yield Served(world, folder, process, f"{url}/api", said)
        finally:
            code = end(process, signal.SIGTERM)
        assert code == 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url.rsplit(":", 1)[1]))) != 0, "its server is still there"


@pytest.fixture
def client(served: Served) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture
def config(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of the sample world, with the credentials in the environment and retries that follow at once."""
    for name, value in served.world.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(nightly, "harvest_source", nightly.harvest_source.with_options(retry_delay_seconds=0))
    return served.world.write_config(tmp_path / "config")


def harvest(tmp_path: Path, config: Path, **parameters: Any) -> State[Any]:
    state = nightly.harvest(data=str(tmp_path / "data"), config=str(config), embed=False, return_state=True, **parameters)
    assert isinstance(state, State)
    return state


def close(config: Path, source: str, url: str) -> None:
    """Point a source at a port where nobody listens, and have the client give up soon."""
    path = config / "sources" / f"{source}.toml"
    port = free_port()
    path.write_text(path.read_text(encoding="utf-8").replace(url, f"http://127.0.0.1:{port}"), encoding="utf-8")
    general = config / "thresher.toml"
    text = general.read_text(encoding="utf-8").replace("[network]", "[network]\ntries = 2", 1)
    text = text.replace("allow_addresses = [", f'allow_addresses = ["127.0.0.1:{port}", ').replace(
        "backoff_base_s = 0.2", "backoff_base_s = 0.01"
    )
    general.write_text(text, encoding="utf-8")


def markdown(client: SyncPrefectClient, run_id: UUID) -> str:
    answer = client.request(
        "POST", "/artifacts/filter",
        json={"artifacts": ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id])).model_dump(mode="json")},
    )  # fmt: skip
    return "\n".join(str(a["data"]) for a in answer.json())


def tasks(client: SyncPrefectClient, run_id: UUID) -> dict[str, Any]:
    answer = client.request("POST", "/task_runs/filter", json={"flow_runs": {"id": {"any_": [str(run_id)]}}})
    return {t["name"].rsplit("-", 1)[0].removeprefix("harvest-"): t for t in answer.json()}


def rows_of(data: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a query gives. No test has a connection as a local: Prefect keeps the traceback of a failed flow, and so the test's frame."""
    with Database(data).reader() as con:
        return con.execute(sql).fetchall()


def run_of(state: State[Any]) -> UUID:
    assert state.state_details.flow_run_id
    return state.state_details.flow_run_id


def until_ended(client: SyncPrefectClient, run_id: UUID) -> FlowRun:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id])))[0]
        if found.state and found.state.is_final():
            return found
    raise AssertionError("the run did not end in a minute")


@pytest.fixture(scope="session")
def harvested(served: Served) -> FlowRun:
    """A whole harvest that was asked for and that ``thresher serve`` ran."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("harvest/nightly")
        assert deployment.entrypoint == "flows.harvest.harvest"
        asked = client.create_flow_run_from_deployment(deployment.id, parameters={**deployment.parameters, "embed": False})
        return until_ended(client, asked.id)


def test_a_served_harvest_runs_when_it_is_asked_for_with_no_other_set_up(served: Served, harvested: FlowRun) -> None:
    assert harvested.state_name == "Completed"
    assert rows_of(served.folder / "data", "SELECT state FROM runs") == [("finished",)]
    assert "Traceback" not in (served.folder / "stderr").read_text(encoding="utf-8")


def test_a_run_ends_without_a_word_of_leaked_objects(served: Served, harvested: FlowRun) -> None:
    """The process of a flow ends with Prefect's threads still running, and DuckDB tells of what they hold."""
    assert "nanobind" not in (served.folder / "stderr").read_text(encoding="utf-8")


def test_a_harvest_has_one_tagged_task_for_each_source(client: SyncPrefectClient, harvested: FlowRun) -> None:
    ran = tasks(client, harvested.id)
    assert sorted(ran) == SOURCES
    assert all({"thresher", f"source:{name}"} <= set(task["tags"]) for name, task in ran.items())


def test_a_harvest_leaves_an_artifact_with_the_numbers(served: Served, client: SyncPrefectClient, harvested: FlowRun) -> None:
    text = markdown(client, harvested.id)
    rows = rows_of(served.folder / "data", "SELECT source, pages, records + dead + tombstoned, candidates, landed FROM run_sources")
    assert len(rows) == len(SOURCES)
    for name, *numbers in rows:
        assert f"| {name} | {' | '.join(map(str, numbers))} |" in text


def test_no_secret_reaches_prefect(served: Served, harvested: FlowRun) -> None:
    home = served.folder / "prefect"
    files = [p for p in home.rglob("*") if p.is_file()]
    assert any(p.suffix == ".db" for p in files)
    for path in files:
        body = path.read_bytes()
        assert CANARY.encode() not in body, path
        assert served.world.environment()["THRESHER_REDDIT_CLIENT_SECRET"].encode() not in body, path
    assert not [p for p in files if "storage" in p.parts], "a result was persisted"


@pytest.mark.parametrize(("name", "hour"), [("harvest/nightly", 3), ("recheck/nightly", 5)])
def test_the_cron_is_scheduled_by_the_server_that_serve_brings(served: Served, client: SyncPrefectClient, name: str, hour: int) -> None:
    deployment = client.read_deployment_by_name(name)
    deadline = time.monotonic() + 30
    planned: list[FlowRun] = []
    while not planned and time.monotonic() < deadline:
        planned = [
            r
            for r in client.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])))
            if r.auto_scheduled
        ]
    assert planned
    assert {r.state_name for r in planned} == {"Scheduled"}
    assert {r.expected_start_time.hour for r in planned if r.expected_start_time} == {hour}


def test_a_source_that_is_down_is_tried_again_and_costs_the_others_nothing(
    served: Served, client: SyncPrefectClient, config: Path, tmp_path: Path
) -> None:
    close(config, "discourse", served.world.urls["discourse"])
    others = ["arena", "textbooks"]
    state = harvest(tmp_path, config, sources=["discourse", *others])
    assert state.is_failed()
    assert "discourse" in (state.message or "")
    ran = tasks(client, run_of(state))
    assert {name: task["run_count"] for name, task in ran.items()} == {**dict.fromkeys(others, 1), "discourse": 3}
    assert {name: task["state_name"] for name, task in ran.items()} == {**dict.fromkeys(others, "Completed"), "discourse": "Failed"}
    assert "**discourse**: wrenhouse: robots_unreachable:" in markdown(client, run_of(state))
    assert rows_of(tmp_path / "data", "SELECT state FROM runs") == [("partial",)]
    ends = rows_of(tmp_path / "data", "SELECT source, state, landed + merged > 0 FROM run_sources ORDER BY source")
    assert ends == [("arena", "finished", True), ("discourse", "failed", False), ("textbooks", "finished", True)]
    assert doctor(tmp_path / "data").healthy


def test_an_error_that_will_not_pass_is_not_tried_again(served: Served, client: SyncPrefectClient, config: Path, tmp_path: Path) -> None:
    path = config / "sources" / "stackexchange.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("/2.3", "/9.9"), encoding="utf-8")
    state = harvest(tmp_path, config, sources=["stackexchange"])
    assert state.is_failed()
    assert tasks(client, run_of(state))["stackexchange"]["run_count"] == 1


def test_numbers_stay_right_when_a_source_is_tried_again(served: Served, client: SyncPrefectClient, config: Path, tmp_path: Path) -> None:
    """One of two sites is down: the other is asked three times, and counted once."""
    path = config / "sources" / "stackexchange.toml"
    down = f"http://127.0.0.1:{free_port()}"
    first, second = path.read_text(encoding="utf-8").rsplit(served.world.urls["stackexchange"], 1)
    path.write_text(first + down + second, encoding="utf-8")
    close(config, "arena", "http://unused.invalid")
    general = config / "thresher.toml"
    general.write_text(
        general.read_text(encoding="utf-8").replace("allow_addresses = [", f'allow_addresses = ["{down[7:]}", '), encoding="utf-8"
    )
    state = harvest(tmp_path, config, sources=["stackexchange"])
    assert tasks(client, run_of(state))["stackexchange"]["run_count"] == 3
    records, landed, merged, leads, refused = rows_of(tmp_path / "data", "SELECT records, landed, merged, leads, refused FROM run_sources")[
        0
    ]
    (kept,) = rows_of(tmp_path / "data", "SELECT count(*) FROM records")[0]
    assert records == landed + merged + leads + refused == kept > 0


def test_credentials_come_from_secret_blocks_where_the_environment_lacks_them(
    served: Served, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in served.world.environment().items():
        monkeypatch.setenv(name, "")
        Secret(value=value).save(name.lower().replace("_", "-"), overwrite=True)
    state = harvest(tmp_path, config, sources=["reddit"])
    assert state.is_completed()
    assert state.result()["sources"]["reddit"]["records"] > 0


def test_a_global_limit_of_a_host_is_held_while_its_source_is_harvested(
    served: Served, client: SyncPrefectClient, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="host:127.0.0.1", limit=1))
    seen: set[int] = set()
    harvest_for_real = harvesting.harvest_source

    def looking(*given: Any) -> Any:
        seen.add(client.read_global_concurrency_limit_by_name("host:127.0.0.1").active_slots)
        return harvest_for_real(*given)

    monkeypatch.setattr(harvesting, "harvest_source", looking)
    try:
        assert harvest(tmp_path, config, sources=["textbooks"]).is_completed()
        assert seen == {1}
        assert client.read_global_concurrency_limit_by_name("host:127.0.0.1").active_slots == 0
    finally:
        client.delete_global_concurrency_limit_by_name("host:127.0.0.1")


def test_deduplicate_and_publish_go_on_from_a_harvest(served: Served, client: SyncPrefectClient, config: Path, tmp_path: Path) -> None:
    harvest(tmp_path, config, sources=["textbooks"])
    decided = deduplicate(data=str(tmp_path / "data"), config=str(config))
    assert decided["embedded"] > 0
    folder = publish(data=str(tmp_path / "data"), config=str(config), name="first")
    assert (Path(folder) / "README.md").is_file()


def test_a_recheck_goes_on_from_a_harvest(
    served: Served, client: SyncPrefectClient, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THRESHER_RECHECK_AFTER_DAYS", "0")
    harvest(tmp_path, config, sources=["stackexchange"])
    state = recheck(data=str(tmp_path / "data"), config=str(config), sources=["stackexchange"], embed=False, return_state=True)
    assert state.is_completed()
    assert list(tasks(client, run_of(state))) == ["recheck-stackexchange"]
    assert "| stackexchange |" in markdown(client, run_of(state))
    assert rows_of(tmp_path / "data", "SELECT command, state FROM runs ORDER BY started_at")[-1] == ("recheck (Prefect)", "finished")


@pytest.fixture
def silent(config: Path) -> Iterator[socket.socket]:
    """A server that takes connections and never answers; the client may reach it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        path = config / "thresher.toml"
        place = f'allow_addresses = ["127.0.0.1:{server.getsockname()[1]}", '
        path.write_text(path.read_text(encoding="utf-8").replace("allow_addresses = [", place), encoding="utf-8")
        yield server


def process_of(run_id: UUID) -> int:
    """The PID of the process in which a run of a flow is under way."""
    wanted = f"PREFECT__FLOW_RUN_ID={run_id}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                return int(folder.name)
    raise AssertionError(f"no process runs {run_id}")


def test_of_two_runs_begun_at_once_the_second_waits_and_ends_right_although_the_first_is_killed(
    served: Served, harvested: FlowRun, client: SyncPrefectClient, config: Path, silent: socket.socket, tmp_path: Path
) -> None:
    hung = served.world.write_config(tmp_path / "hung", {**served.world.urls, "github_api": f"http://127.0.0.1:{silent.getsockname()[1]}"})
    deployment = client.read_deployment_by_name("harvest/nightly")
    parameters = {"data": str(tmp_path / "data"), "embed": False, "sources": ["textbooks"]}
    asked = [
        client.create_flow_run_from_deployment(deployment.id, parameters={**parameters, "config": str(folder)}).id
        for folder in (hung, config)
    ]
    connection, _ = silent.accept()
    with connection:
        assert client.read_flow_run(asked[1]).start_time is None
        os.kill(process_of(asked[0]), signal.SIGKILL)
        first, second = (until_ended(client, run_id) for run_id in asked)
    assert (first.state_name, second.state_name) == ("Crashed", "Completed")
    runs = rows_of(tmp_path / "data", "SELECT state, error FROM runs ORDER BY started_at")
    assert runs == [("failed", "its process ended before the run did"), ("finished", "")]
    records = "SELECT native_id, revision, status, text FROM records WHERE source = 'textbooks' ORDER BY ALL"
    assert rows_of(tmp_path / "data", records) == rows_of(served.folder / "data", records)
    assert doctor(tmp_path / "data").healthy


def test_a_task_that_is_tried_again_after_it_succeeded_lands_nothing_twice(
    served: Served, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harvest_for_real = harvesting.harvest_source
    results = []

    def its_first_end_is_lost(*given: Any) -> Any:
        results.append(harvest_for_real(*given))
        return replace(results[0], state="failed", errors=("the answer was lost",)) if len(results) == 1 else results[-1]

    monkeypatch.setattr(harvesting, "harvest_source", its_first_end_is_lost)
    assert harvest(tmp_path, config, sources=["textbooks"]).is_completed()
    assert [result.state for result in results] == ["finished", "finished"]
    counts = "SELECT count(*), count(DISTINCT (site, native_id, revision)) FROM records"
    assert rows_of(tmp_path / "data", counts) == [(results[0].records, results[0].records)]
    assert rows_of(tmp_path / "data", "SELECT landed = (SELECT count(*) FROM items) FROM run_sources") == [(True,)]
    assert doctor(tmp_path / "data").healthy


def test_a_server_that_is_away_while_a_harvest_runs_costs_it_its_table_and_nothing_else(
    served: Served,
    client: SyncPrefectClient,
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    harvest_for_real, give_for_real = harvesting.harvest_source, nightly._give_table

    with Gate(int(served.url.removesuffix("/api").rsplit(":", 1)[1])) as gate:

        def cut_off(*given: Any) -> Any:
            gate.close()
            return harvest_for_real(*given)

        def back_after(*given: Any) -> None:
            give_for_real(*given)
            gate.open()

        monkeypatch.setattr(harvesting, "harvest_source", cut_off)
        monkeypatch.setattr(nightly, "_give_table", back_after)
        through = {PREFECT_API_URL: f"http://127.0.0.1:{gate.port}/api", PREFECT_CLIENT_MAX_RETRIES: 0}  # else its client waits a minute
        with temporary_settings(through):
            state = harvest(tmp_path, config, sources=["textbooks"])
    assert state.is_completed()
    assert client.read_flow_run(run_of(state)).state_name == "Completed"
    assert markdown(client, run_of(state)) == ""
    assert "Prefect did not take the table of run" in caplog.text
    assert rows_of(tmp_path / "data", "SELECT state FROM runs") == [("finished",)]
    assert doctor(tmp_path / "data").healthy


def test_serve_does_not_outlive_the_server_that_it_brought(served: Served) -> None:
    """Prefect's runner would poll for ever, and no night would ever be harvested."""
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"]) as gone:
        gone.wait()
    with pytest.raises(ThresherError, match="the Prefect server that thresher started ended with code 7"):
        asyncio.run(serving._until_told(Runner(name="spare", pause_on_shutdown=False), Server(served.url, gone)))


def test_serve_says_in_a_line_that_the_server_that_is_configured_does_not_answer(tmp_path: Path, served: Served) -> None:
    url = f"http://127.0.0.1:{free_port()}/api"
    config = served.world.write_config(tmp_path / "config")
    with pytest.raises(AssertionError, match="thresher serve ended"):
        start(tmp_path, config, PREFECT_API_URL=url)
    (told,) = (tmp_path / "stderr").read_text(encoding="utf-8").splitlines()
    assert told.startswith(f"thresher: the Prefect server at {url} does not answer (ConnectError")
    assert "unset PREFECT_API_URL" in told


def test_serve_uses_the_server_that_is_configured_and_stops_on_an_interrupt(served: Served, tmp_path: Path) -> None:
    config = served.world.write_config(tmp_path / "config")
    process, said = start(tmp_path, config, PREFECT_API_URL=served.url)
    assert served.url.removesuffix("/api") in said[-1]
    assert end(process, signal.SIGINT) == 0
