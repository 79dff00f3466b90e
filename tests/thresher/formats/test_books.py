"""What the formats of books share: licences in words, commands put in full."""

from __future__ import annotations

from itertools import pairwise

import pytest

from thresher.formats.books.licence import licence_in, licence_of_readme
from thresher.formats.books.macros import expand, macros_in


@pytest.mark.parametrize(
    ("text", "spdx", "export_class"),
    [
        ("see https://creativecommons.org/licenses/by-nc/4.0/", "CC-BY-NC-4.0", "full"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 3.0 Unported", "CC-BY-NC-SA-3.0", "full"),
        ("Creative Commons Attribution-NoDerivatives 4.0", "CC-BY-ND-4.0", "none"),
        ("Creative Commons Attribution License", "unknown", "none"),
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0", "full"),
        ("cc by 4.0", "CC-BY-4.0", "full"),
        ("CC0", "CC0-1.0", "full"),
        ("under the GNU Free Documentation License, Version 1.3 or any later version", "GFDL-1.3-or-later", "full"),
        ("GNU Free Documentation License 1.2 with the Invariant Sections being X", "unknown", "none"),
        ("MIT License", "MIT", "full"),
        ("All rights reserved.", "unknown", "none"),
    ],
)
def test_a_licence_is_read_in_words(text: str, spdx: str, export_class: str) -> None:
    assert (licence_in(text).spdx, licence_in(text).export_class) == (spdx, export_class)


def test_a_readme_states_its_licence_where_it_speaks_of_it() -> None:
    assert licence_of_readme("Like the CC BY 4.0 book of others.\n\n## Links\n").spdx == "unknown"
    assert licence_of_readme("# Book\n\n## License\n\nCC BY 4.0\n").spdx == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("defined", "used", "full"),
    [
        (r"\newcommand{\R}{\mathbb{R}}", r"\R^2 \Rx", r"\mathbb{R}^2 \Rx"),
        (r"\newcommand\norm[1]{\|#1\|}", r"\norm{x_{1}} \norm y", r"\|x_{1}\| \|y\|"),
        (r"\newcommand{\d}[2][x]{\frac{d#2}{d#1}}", r"\d{f} \d[t]{g}", r"\frac{df}{dx} \frac{dg}{dt}"),
        (r"\DeclareMathOperator*{\argmax}{arg\,max}", r"\argmax f", r"\operatorname*{arg\,max} f"),
        (r"\def\half#1{#1/2} \renewcommand{\le}{\leqslant}", r"\half{a}\le b", r"a/2\leqslant b"),
        (r"\newcommand{\nd}{\nmid}", r"a \nd b\nd{}c", r"a \nmid b\nmid{}c"),
        (r"\newcommand{\a}{\b}\newcommand{\b}{1}", r"\a", "1"),
    ],
)
def test_a_books_own_commands_are_put_in_full(defined: str, used: str, full: str) -> None:
    assert expand(used, macros_in(defined)) == full


def test_commands_that_explode_end() -> None:
    names = "abcdefghijklmnopqrst"
    bomb = "".join(rf"\newcommand{{\x{one}}}{{" + rf"\x{after}" * 10 + "}" for one, after in pairwise(names))
    assert len(expand(r"\xa", macros_in(bomb))) <= 200_000
    assert len(expand(r"\y", macros_in(r"\newcommand{\y}{\y\y}"))) <= 200_000
