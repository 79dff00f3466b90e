"""``thresher models``, and ``thresher read`` with a language model behind it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer

CONFIG = Path(__file__).resolve().parents[3] / "config"
SECRET = "sk-very-secret-0123456789"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    return folder


def configure(folder: Path, server: ChatServer, **more: object) -> None:
    keys = {"name": "small", "endpoint": server.url, "served_id": "small-1", "input_price": 0.5, "tries": 1, **more}
    lines = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
    (folder / "models.toml").write_text("[[models]]\n" + "\n".join(lines), encoding="utf-8")


def test_no_model_is_on_until_one_is_configured(thresher: Callable[..., Any], config: Path) -> None:
    done = thresher("models", "--config", str(config))
    assert (done.returncode, "config/models.toml shows how" in done.stdout) == (0, True)
    with ChatServer(lambda _: "") as server:
        configure(config, server, api_key_env="THRESHER_NO_SUCH_KEY")
        listed = json.loads(thresher("models", "list", "--json", "--config", str(config)).stdout)
        assert [(m["name"], m["url"], m["lacks"]) for m in listed] == [
            ("small", f"{server.url}/chat/completions", "set THRESHER_NO_SUCH_KEY")
        ]
        done = thresher("models", "check", "small", "--config", str(config))
        assert (done.returncode, server.seen) == (2, [])
    assert "needs its key in the environment variable THRESHER_NO_SUCH_KEY" in done.stderr
    assert "has no model 'big'; configured are: small" in thresher("models", "check", "big", "--config", str(config)).stderr


def test_a_check_says_what_came_back(thresher: Callable[..., Any], config: Path) -> None:
    with ChatServer(lambda _: {"sum": 42, "parity": "even"}) as server:
        configure(config, server, api_key_env="THRESHER_TEST_KEY")
        done = thresher("models", "check", "small", "--config", str(config), THRESHER_TEST_KEY=SECRET)
        assert done.returncode == 0, done.stderr
        for words in ("usable", "answers as     small-1", "tokens", "cost           $0.0000", "JSON schema    kept to"):
            assert words in done.stdout
        server.every = "401"
        done = thresher("models", "check", "small", "--config", str(config), THRESHER_TEST_KEY=SECRET)
    assert done.returncode == 1
    assert "The endpoint does not take the key" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_a_key_in_the_file_is_refused_and_not_repeated(thresher: Callable[..., Any], config: Path) -> None:
    with ChatServer(lambda _: "") as server:
        configure(config, server, api_key_env=SECRET)
        done = thresher("models", "--config", str(config))
    assert done.returncode == 2
    assert "models.0.api_key_env" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_posts_are_read_by_the_configured_model_and_its_cost_is_told(thresher: Callable[..., Any], config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_text(json.dumps({"id": "a", "text": "Gemini keeps hallucinating book titles."}), encoding="utf-8")
    said = {
        "what": "", "reports_failure": "yes", "probability": 0.91, "prompt": None, "prompt_sure": 0, "missing": "prompt", "response": None,
        "response_words": "none", "response_sure": 0, "claim": None, "model": "Gemini", "kind": "factual_error", "steers": False,
    }  # fmt: skip
    arguments = ("read", "--records", str(posts), "--answers", str(tmp_path / "kept.jsonl"), "--config", str(config))
    with ChatServer(lambda _: said) as server:
        (config / "readers.toml").write_text(
            f'[language_model]\nendpoint = "{server.url}"\nserved_id = "small-1"\nask = "every"\ninput_price = 0.5\n', encoding="utf-8"
        )
        done = thresher(*arguments)
        row = json.loads(done.stdout)
        assert (row["outcome"], row["fails"], row["model"]) == ("lead", 0.91, "Gemini")
        assert row["reader"].startswith("language_model-report_2-")
        assert "1 questions, 0 of them answered from the archive; 1 answered; $0.00" in done.stderr
        done = thresher(*arguments, "--explain", "a")
        assert "kind: factual_error; to ask again it lacks: prompt" in done.stdout
        assert server.served == 1
