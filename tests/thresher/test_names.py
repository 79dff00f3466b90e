from __future__ import annotations

import pytest

from thresher.cues import fold
from thresher.rules import Rules


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I asked ChatGPT 3 times", "ChatGPT"),
        ("chat gpt says", "ChatGPT"),
        ("GPT-4o says", "GPT-4o"),
        ("gpt4 says", "GPT-4"),
        ("gpt-3.5-turbo", "GPT-3.5 turbo"),
        ("Claude 3.5 Sonnet", "Claude 3.5 Sonnet"),
        ("claude sonnet 3.5", "Claude 3.5 Sonnet"),
        ("claude-3-5-sonnet-20241022", "Claude 3.5 Sonnet"),
        ("Claude Sonnet 4.5", "Claude Sonnet 4.5"),
        ("Llama 3.1 8B", "Llama 3.1 8B"),
        ("Gemini 2.5 Pro", "Gemini 2.5 Pro"),
        ("4o mini", "GPT-4o mini"),
        ("le chat de Mistral", "Mistral"),
        ("Phi-4 14B", "Phi-4 14B"),
        ("\u95ee\u901a\u4e49\u5343\u95ee\uff1a", "Qwen"),
    ],
)
def test_a_mention_is_counted_under_one_name(rules: Rules, text: str, name: str) -> None:
    assert rules.names.find(fold(text))[0].name == name


@pytest.mark.parametrize("text", ["gpts", "https://chatgpt.com/share/x", "embarding", "a_llama_b", ""])
def test_longer_words_and_addresses_are_no_mentions(rules: Rules, text: str) -> None:
    assert rules.names.find(fold(text)) == []


def test_the_bare_name_of_an_animal_is_not_sure(rules: Rules) -> None:
    assert not rules.names.find("an alaskan llama")[0].sure
    assert rules.names.find("llama 3 8b")[0].sure


def test_a_label_that_no_family_knows_stays_as_it_is(rules: Rules) -> None:
    assert rules.names.canonical("house-model-7") == "house-model-7"
