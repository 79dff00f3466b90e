"""Quotes in BBCode that were never cooked."""

from __future__ import annotations

import pytest

from thresher.formats.bbcode import quoted
from thresher.model import Quote


@pytest.mark.parametrize(
    ("text", "shown", "quotes"),
    [
        (
            '[quote="kim, post:2, topic:7"]\nout\n[quote=lee]in[/quote]\nmore[/quote]\nown',
            "> out\n\n> > in\n\n> more\n\nown",
            ["out\n\nmore"],
        ),
        ("[QUOTE]a[/QUOTE] b", "> a\n\nb", ["a"]),
        ("[quote=kim] never closed\n\nown words", "> never closed\n\nown words", ["never closed"]),
        ("[quote=kim]one [quote=lee]two\n\nown", "> one\n\n> two\n\nown", ["one", "two"]),
        ("never opened [/quote] own", "never opened\n\nown", []),
        ("`[quote]` and a quote", "`[quote]` and a quote", []),
        ("```\n[quote]x[/quote]\n```", "```\n[quote]x[/quote]\n```", []),
        ("no tags at all", "no tags at all", []),
    ],
)
def test_bbcode_quotes_become_quoted_lines(text: str, shown: str, quotes: list[str]) -> None:
    got, found = quoted(text)
    assert (got, [q.text for q in found]) == (shown, quotes)


def test_a_quote_says_which_post_it_is_of() -> None:
    assert quoted('[quote="kim, post:2, topic:7"]a[/quote]')[1] == (Quote("a", "7/2"),)
