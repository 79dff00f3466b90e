"""What `make demo-models` writes before a real model is there to be asked."""

from __future__ import annotations

import tomllib

from sample.demo_models import MODEL, _models
from thresher.models.settings import Models


def test_the_model_of_the_demo_is_one_that_may_be_asked_and_needs_no_key() -> None:
    model = Models.model_validate(tomllib.loads(_models("http://127.0.0.1:9"))).named(MODEL)
    assert (model.url, model.key({})) == ("http://127.0.0.1:9/v1/chat/completions", "")
    assert model.answers_as("/a/folder/SmolLM2-135M-Instruct.Q4_1.gguf")
