from __future__ import annotations

from collections.abc import Callable

import pytest

from thresher.model import Record
from thresher.readers.places import MAX_PLACES, balanced, layouts
from thresher.rules import Rules

OFFERED = [
    ("quoted", 'My aunt tried "name three rivers of Wales" and got lakes.', "name three rivers of Wales"),
    (
        "told after a verb",
        "We asked the assistant to draw up a seating plan for nine and it sat eleven.",
        "draw up a seating plan for nine",
    ),
    ("a fence", "This is what I sent:\n\n```\nreverse the word kettle\n```\n\nand so on", "reverse the word kettle"),
    ("quoted lines", "Look:\n\n> how deep is Loch Ness\n\nNobody knows.", "how deep is Loch Ness"),
    ("a label", "Customer: where is my parcel\nBot: I am a parcel.", "where is my parcel"),
    ("Chinese after a verb", "我让它把这句话翻成法语\uff0c结果翻成了德语。", "把这句话翻成法语"),
    ("Japanese in brackets", "「京都の寺を三つ挙げて」と入力したら大阪の城が出た。", "京都の寺を三つ挙げて"),
    ("Indonesian after a verb", "saya minta buatkan jadwal kereta malah dikasih resep", "buatkan jadwal kereta"),
    ("a line of a list", "Steps:\n1. Open the chat\n2. Type how old is the moon\n3. Wait", "how old is the moon"),
]


@pytest.mark.parametrize(("form", "text", "words"), OFFERED, ids=[form for form, _, _ in OFFERED])
def test_what_was_asked_is_among_the_places_in_every_form(
    rules: Rules, post: Callable[..., Record], form: str, text: str, words: str
) -> None:
    places = [layout.text[p.start : p.end] for layout in layouts(post(text), rules) for p in layout.places]
    assert words in places, places


def test_a_title_is_a_place(rules: Rules, post: Callable[..., Record]) -> None:
    found = layouts(post("See title.", title="What is heavier, a pound of lead or of wool?"), rules)
    assert any("title" in place.forms for layout in found for place in layout.places)


def test_hostile_texts_give_a_bounded_number_of_places(rules: Rules, post: Callable[..., Record]) -> None:
    for text in (
        '"' * 5000,
        "asked: " * 1500,
        "> " * 3000,
        "a, " * 3000,
        "```\n" * 2000,
        "\uff1a" * 4000,
        "\n".join("Me: x" for _ in range(1500)),
    ):
        for layout in layouts(post(text), rules):
            assert len(layout.places) <= MAX_PLACES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('the bot "how deep is the sea?', "how deep is the sea?"),
        ('how deep is the sea?" and then', "how deep is the sea?"),
        ('say "sea" twice', 'say "sea" twice'),
        ("how deep is the sea?", "how deep is the sea?"),
    ],
)
def test_words_beyond_a_lone_quotation_mark_are_cut_off(text: str, words: str) -> None:
    start, end = balanced(text, 0, len(text))
    assert text[start:end] == words
