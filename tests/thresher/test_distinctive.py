"""Words that tell one thing from the rest."""

from __future__ import annotations

from thresher.distinctive import Text, words_of

OTHERS = [Text.of("other", f"o{n}", f"It answered wrong about topic{'abcdefghij'[n % 10] * 3} again") for n in range(80)]


def test_the_words_that_several_authors_share_and_the_rest_does_not_are_chosen() -> None:
    own = [Text.of("letters", f"a{n}", f"It answered wrong: the letters of strawberry, tried {'uvwxyz'[n] * 4}") for n in range(6)]
    assert words_of([*OTHERS, *own], ["letters"])["letters"] in (
        ("strawberry", "letters"),
        ("letters", "strawberry"),
        ("tried", "strawberry"),
    )


def test_what_one_author_wrote_is_never_searched_for() -> None:
    own = [
        Text.of("thing", "ann", "my secret phrase marmalade"),
        Text.of("thing", "ann", "once more marmalade"),
        Text.of("thing", "bob", "nothing"),
    ]
    assert words_of([*OTHERS, *own], ["thing"]) == {}


def test_words_that_are_left_out_and_words_of_everybody_are_not_chosen() -> None:
    own = [Text.of("thing", author, "chatgpt answered wrong about quaternions") for author in ("ann", "bob")]
    assert words_of([*OTHERS, *own], ["thing"], {"chatgpt"}) == {"thing": ("quaternions",)}
