"""Names behind an at sign, and what only looks like one."""

from __future__ import annotations

import pytest

from thresher.formats.mentions import hide_names


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@Robin has it right", "@someone has it right"),
        ("So it is. @zo\u00eb_9, thanks", "So it is. @someone, thanks"),
        ("Thanks @J.Doe!", "Thanks @someone!"),
        ("> @alice: that", "> @someone: that"),
        ("as @robin says", "as @someone says"),
        ("`x` is wrong, as @robin says", "`x` is wrong, as @someone says"),
        ("mark it with @cache: `x = 1`", "mark it with @cache: `x = 1`"),
        ("@2x and @3x icons", "@2x and @3x icons"),
        ("@media print, @Override and @everyone", "@media print, @Override and @everyone"),
        ("@angular/core, me@example.org, @Component({})", "@angular/core, me@example.org, @Component({})"),
        ("@Memo is needed: `@Memo`", "@Memo is needed: `@Memo`"),
        ("five @ a dollar @100", "five @ a dollar @100"),
        ("see https://example.org/@robin", "see https://example.org/@robin"),
    ],
)
def test_a_name_goes_and_everything_else_stays(text: str, shown: str) -> None:
    assert hide_names(text) == shown
    assert hide_names(shown) == shown


def test_a_name_of_the_thread_goes_wherever_it_stands() -> None:
    assert hide_names("I met @Kim_L there", frozenset({"kim_l"})) == "I met @someone there"
    assert hide_names("I met @Kim_L there") == "I met @Kim_L there"
