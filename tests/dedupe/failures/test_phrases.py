"""Claims as short phrases: what is kept, what is left out, and where the task has to say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dedupe.failures import phrases
from dedupe.failures.phrases import distil
from thresher.rules import Rules

NAMES = Rules.load(Path(__file__).resolve().parents[3] / "config" / "rules.toml").names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ChatGPT thinks there are 2 r's in strawberry lol", "My daughter made Gemini count the letters of banana and it was wrong"),
        ("Half of the references in my thesis do not exist", "It made up a paper, the DOI belongs to something about fish"),
        ("I said 100 words max and got a 400 word essay", "the reply is always twice as long as requested"),
        ("It answers in English although I write in German", "keeps replying in Spanish, my prompt is Italian"),
        ("returned JSON with a trailing comma", "Please make it give valid json, it wraps everything in fences"),
        ("Ausgerechnet beim i verzählt es sich.", "how many vowels in queue? it counts five"),
    ],
)
def test_one_failure_in_different_words_gets_one_phrase(one: str, other: str) -> None:
    assert distil(one, names=NAMES) == distil(other, names=NAMES)
    assert distil(one, names=NAMES).known


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It invented two court cases", "It invented two papers"),
        ("only 300 words where at least 1,000 were asked", "over the limit of 100 words again"),
        ("converted miles to kilometres wrongly", "translated the idiom wrongly"),
    ],
)
def test_two_failures_in_like_words_get_two_phrases(one: str, other: str) -> None:
    assert distil(one).text != distil(other).text


@pytest.mark.parametrize(
    ("words", "prompt", "phrase"),
    [
        ("It's 4.", 'How many times does the letter e appear in "nevertheless"?', "miscounts letters in a word"),
        ("Off by two thousand.", "What is 4817 \u00d7 236?", "gets a multiplication, sum or other calculation wrong"),
        ("Nope.", "What day of the week is 8 May 2027?", "gets the day of the week wrong"),
    ],
)
def test_where_only_the_right_answer_is_said_the_task_says_what_went_wrong(words: str, prompt: str, phrase: str) -> None:
    assert distil(words, prompt).text == phrase


def test_an_unknown_failure_is_extracted_without_names_numbers_and_first_person() -> None:
    phrase = distil("Hello, I asked GPT-4o three times and honestly it draws hexagonal wheels on 4 of my tractors", names=NAMES)
    assert not phrase.known
    assert {"hexagonal", "wheels", "tractors"} <= set(phrase.text.split())
    assert not {"hello", "i", "my", "gpt-4o", "4", "honestly"} & set(phrase.text.split())


def test_no_phrase_is_longer_than_twelve_words_or_of_an_unknown_category() -> None:
    texts = ["word " * 300, "", "?", "###", "it is wrong, " * 50, "\u0000 \ud83d", "The plough ignores " + "hedges and ditches " * 40]
    for phrase in [*map(distil, texts), *phrases.known_phrases()]:
        assert 2 <= len(phrase.text.split()) <= phrases.MAX_WORDS
        assert phrase.category in phrases.categories()


def test_a_long_claim_takes_no_long_time() -> None:
    assert distil("(" * 20_000 + "wrong " * 20_000).text


def test_code_and_long_quotations_are_not_what_somebody_says() -> None:
    said = 'It draws hexagonal wheels.\n```\nprint("invented citation, no such paper")\n```\n'
    assert distil(said) == distil("It draws hexagonal wheels.")
