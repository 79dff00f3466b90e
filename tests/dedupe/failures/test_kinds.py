"""Which failure a post reports: by its sentences, in several languages, and none where it says nothing."""

from __future__ import annotations

import pytest

from dedupe.failures import kinds
from dedupe.failures.kinds import Said
from thresher.readers.vectors import UniversalSentenceEncoder

POSTS = {
    "refuses a harmless request": Said("", "Na gut.", "Na gut. Es weigert sich, eine harmlose Frage zu beantworten."),
    "answers in the wrong language": Said("Sprache", "Version 1.2", "I wrote Dutch.\nIt always replies to me in English.\nVersion 1.2"),
    "repeats itself in a loop": Said("", "", "模型一直在重复同一句话停不下来。"),
    "destroys files, code or data": Said("Never again", "I asked", "I asked for a rename. It deleted my folder with all data."),
}  # fmt: skip


@pytest.fixture(scope="module")
def read() -> dict[str, tuple[str, float]]:
    made = kinds.load().of(list(POSTS.values()), UniversalSentenceEncoder().encode)
    return {wanted: (phrase.text, chance) for wanted, (phrase, chance) in zip(POSTS, made, strict=True)}


@pytest.mark.parametrize("wanted", list(POSTS))
def test_the_sentence_that_says_it_decides_wherever_it_stands(wanted: str, read: dict[str, tuple[str, float]]) -> None:
    phrase, chance = read[wanted]
    assert phrase == wanted
    assert chance >= kinds.SURE


def test_a_post_without_words_of_failure_is_surely_of_no_kind() -> None:
    posts = [Said("", "", ""), Said("Ferry", "The ferry leaves at noon", "The ferry leaves at noon. Tickets are sold on board.")]
    assert all(chance < kinds.SURE for _, chance in kinds.load().of(posts, UniversalSentenceEncoder().encode))
    assert kinds.load().of([], UniversalSentenceEncoder().encode) == []


def test_the_weights_are_those_of_the_sentences() -> None:
    assert [at for at, _ in kinds.sentences()] == kinds.load().owner.tolist()
