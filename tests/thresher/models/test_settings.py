"""What models.toml may say, and what readers.toml makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.line.settings import load_models, load_readers
from thresher.errors import SettingsError
from thresher.models.settings import Model


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/chat/completions"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1/chat/completions"),
        ("https://api.example.com/v1/chat/completions", "https://api.example.com/v1/chat/completions"),
        ("https://example.com/api/openai", "https://example.com/api/openai/chat/completions"),
    ],
)
def test_an_endpoint_is_understood_however_it_is_written(endpoint: str, url: str) -> None:
    assert Model(name="m", endpoint=endpoint, served_id="m").url == url


@pytest.mark.parametrize(
    ("served", "is_ours"),
    [
        ("gpt-5-mini", True),
        ("GPT-5-mini-2025-08-07", True),
        ("models/gpt-5-mini.Q4_K_M.gguf", True),
        ("twin", True),
        ("", True),
        ("gpt-5", False),
        ("gpt-5-minimal", False),
        ("another", False),
    ],
)
def test_an_answer_under_another_id_is_not_of_this_model(served: str, is_ours: bool) -> None:
    assert Model(name="m", endpoint="http://x/v1", served_id="gpt-5-mini", serves=("twin",)).answers_as(served) is is_ours


ONE = '[[models]]\nname = "small"\nendpoint = "http://127.0.0.1:8000/v1"\nserved_id = "small-1"\n'


@pytest.mark.parametrize(
    ("models", "readers", "said"),
    [
        (ONE + 'api_key = "sk-1"\n', "", "api_key: Extra inputs are not permitted"),
        (ONE + 'api_key_env = "sk-abc"\n', "", "api_key_env"),
        (ONE + ONE, "", "the name 'small' is taken twice"),
        (ONE.replace("http:", "ftp:"), "", "give an address such as https://"),
        (ONE, '[language_model]\nmodel = "big"\n', "has no model 'big'; configured are: small"),
        (ONE, '[language_model]\nmodel = "small"\nendpoint = "http://x/v1"\n', "leave out endpoint and served_id"),
        ("", '[language_model]\nendpoint = "http://x/v1"\n', "needs both endpoint and served_id"),
        ("", '[language_model]\nendpoint = "nowhere"\nserved_id = "m"\n', "give an address such as https://"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, models: str, readers: str, said: str) -> None:
    (tmp_path / "models.toml").write_text(models, encoding="utf-8")
    (tmp_path / "readers.toml").write_text(readers, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_readers(tmp_path).model(load_models(tmp_path))
    assert said in str(raised.value)
    assert "sk-" not in str(raised.value)


def test_a_model_may_stand_in_either_file(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(ONE, encoding="utf-8")
    (tmp_path / "readers.toml").write_text('[language_model]\nmodel = "small"\n', encoding="utf-8")
    listed = load_readers(tmp_path).model(load_models(tmp_path))
    (tmp_path / "readers.toml").write_text(
        '[language_model]\nendpoint = "http://127.0.0.1:8000/v1"\nserved_id = "small-1"\n', encoding="utf-8"
    )
    inline = load_readers(tmp_path).model(load_models(tmp_path))
    assert listed is not None
    assert inline is not None
    assert (inline.url, inline.served_id) == (listed.url, listed.served_id)
    (tmp_path / "readers.toml").write_text("", encoding="utf-8")
    assert load_readers(tmp_path).model(load_models(tmp_path)) is None
