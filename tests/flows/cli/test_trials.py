"""Results in the formats of others: written from a snapshot's trials, and read back into a benchmark that never asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer

from store.file.database import Database
from store.reading import rows

CONFIG = Path(__file__).resolve().parents[3] / "config"
COLUMNS = "trial_id, item_id, model, served_id, response, usd, seconds, verdict, asked_at"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One model that answers A to everything, and fails to end one answer in five."""
    folder = tmp_path_factory.mktemp("trials") / "config"
    shutil.copytree(CONFIG, folder)
    with ChatServer(lambda body: "I am sure.\nANSWER: A") as server:
        model = {"name": "small", "endpoint": server.url, "served_id": "small-1", "input_price": 0.5, "output_price": 2.0}
        lines = [f"{key} = {json.dumps(value)}" for key, value in model.items()]
        (folder / "models.toml").write_text("\n".join(["[[models]]", *lines]), encoding="utf-8")
        yield folder


@pytest.fixture(scope="module")
def asked(thresher: Callable[..., Any], data: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample book, frozen, with trials of some of its items."""
    folder = tmp_path_factory.mktemp("asked") / "data"
    shutil.copytree(data, folder)
    where = ("--data", str(folder), "--config", str(config))
    assert thresher("evaluate", "small", "--way", "choice", "--trials", "2", *where).returncode == 0
    assert thresher("snapshot", "first", "--leave-out", *where).returncode == 0
    return folder


def told(folder: Path, sql: str) -> list[dict[str, Any]]:
    with Database(folder).reader() as con:
        return rows(con, sql)


def written(thresher: Callable[..., Any], asked: Path, config: Path, to: Path, form: str) -> tuple[dict[str, Any], Path]:
    where = ("--data", str(asked), "--config", str(config))
    done = thresher("trials", "export", "first", str(to), "--format", form, "--json", *where)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    return outcome, Path(outcome["files"][0])


def imported(thresher: Callable[..., Any], folder: Path, config: Path, *logs: Path, **environment: str) -> Any:
    named = [argument for log in logs for argument in ("--from-log", str(log))]
    return thresher("evaluate", *named, "--json", "--data", str(folder), "--config", str(config), **environment)


def test_an_exported_log_read_into_a_benchmark_that_never_asked_gives_the_same_trials(
    thresher: Callable[..., Any], asked: Path, copy: Path, config: Path, tmp_path: Path
) -> None:
    outcome, log = written(thresher, asked, config, tmp_path / "logs", "inspect")
    before = told(asked, f"SELECT {COLUMNS} FROM trials ORDER BY trial_id")
    assert outcome["trials"] == len(before) > 2
    assert {row["verdict"] for row in before} == {"pass", "fail"}
    assert imported(thresher, copy, config, log, THRESHER_FAILPOINT="trials.kept").returncode == -9
    again = imported(thresher, copy, config, log)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["already"] == len(before)
    assert told(copy, f"SELECT {COLUMNS} FROM trials ORDER BY trial_id") == before
    checks = "SELECT item_id, key_verdict FROM scorer_checks ORDER BY item_id"
    assert told(copy, checks) == told(asked, checks) != []
    assert json.loads(
        thresher("evaluate", "small", "--way", "choice", "--dry-run", "--json", "--data", str(copy), "--config", str(config)).stdout
    )


def test_an_export_made_twice_is_the_same_file(thresher: Callable[..., Any], asked: Path, config: Path, tmp_path: Path) -> None:
    _, one = written(thresher, asked, config, tmp_path / "one", "inspect")
    _, other = written(thresher, asked, config, tmp_path / "other", "inspect")
    assert (one.name, one.read_bytes()) == (other.name, other.read_bytes())


def test_rows_of_every_eval_ever_say_what_was_asked_and_what_it_took(
    thresher: Callable[..., Any], asked: Path, config: Path, tmp_path: Path
) -> None:
    outcome, file = written(thresher, asked, config, tmp_path / "eee", "every-eval-ever")
    made = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(made) == outcome["trials"]
    for row in made:
        assert row["schema_version"] == "instance_level_eval_0.2.2"
        letter = row["input"]["reference"][0]
        assert f"{letter}) {row['input']['choices'][ord(letter) - ord('A')]}" in row["input"]["raw"]
        assert row["evaluation"]["is_correct"] is (letter == "A")
        assert row["performance"]["latency_ms"] > 0
        assert float(row["performance"]["additional_details"]["cost_usd"]) > 0
        assert row["metadata"]["attribution"]


def test_samples_that_fit_no_item_are_counted_and_a_file_that_is_no_log_costs_no_other(
    thresher: Callable[..., Any], copy: Path, config: Path, tmp_path: Path
) -> None:
    item = told(copy, "SELECT item_id, prompt, choices, target FROM items_current WHERE len(choices) > 0 LIMIT 1")[0]
    # the options in another order than ours, as Inspect shuffles them; the key stands last
    choices = sorted(item["choices"], key=lambda choice: choice in item["target"])
    last = "ABCDEFGH"[len(choices) - 1]

    def sample(epoch: int, **more: Any) -> dict[str, Any]:
        answer = {"message": {"role": "assistant", "content": f"ANSWER: {last}"}, "stop_reason": "stop"}
        usage = {"input_tokens": 30, "output_tokens": 4, "total_cost": 0.25}
        made = {
            "id": 1, "epoch": epoch, "metadata": {"item_id": item["item_id"]}, "input": item["prompt"], "choices": choices,
            "output": {"model": "small-1-large-0301", "choices": [answer], "usage": usage},
        }  # fmt: skip
        return made | more

    samples = [
        sample(1), sample(2), sample(3, limit={"type": "token", "limit": 9}), sample(4, metadata={"item_id": "f00"}),
        sample(5, input="What is the capital of Peru?"), sample(6, choices=["yes", "no"]), {"id": 7},
    ]  # fmt: skip
    log = tmp_path / "foreign.json"
    spec = {"eval_id": "e1", "created": "2025-03-01T08:00:00+00:00", "model": "openai/small-1-large"}
    log.write_text(json.dumps({"version": 2, "eval": spec, "samples": samples}), encoding="utf-8")
    (tmp_path / "no.eval").write_bytes(b"not a zip")
    done = imported(thresher, copy, config, tmp_path)
    outcome = json.loads(done.stdout)
    assert done.returncode == 3
    assert len(outcome["unreadable"]) == 1
    assert (outcome["samples"], outcome["verdicts"]) == (7, {"pass": 2})
    assert outcome["left_out"] == {"the limit of token cut it": 1}
    assert outcome["unfit"] == {
        "its id is that of no item": 1, "it asks something else than the item": 1, "its options are not those of the item": 1,
        "a sample cannot be read: 'epoch' is missing": 1,
    }  # fmt: skip
    kept = told(copy, "SELECT model, served_id, usd, sent_tokens, asked_at::VARCHAR AS day FROM trials WHERE error = ''")
    assert {(row["model"], row["served_id"], float(row["usd"]), row["sent_tokens"], row["day"][:10]) for row in kept} == {
        ("openai/small-1-large", "small-1-large-0301", 0.25, 30, "2025-03-01")
    }
    assert imported(thresher, copy, config).returncode == 2
