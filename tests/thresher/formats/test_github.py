"""Issues of GitHub as text."""

from __future__ import annotations

import pytest

from thresher.formats.github import as_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("one\r\n\r\ntwo", "one\n\ntwo"),
        ("<!-- say\nwhat `x` is -->\n### Bug\nIt fails.", "### Bug\nIt fails."),
        ("It fails. <!-- never closed", "It fails. "),
        ("### Version\n\n_No response_\n\n### Prompt\n\nCount.", "### Prompt\n\nCount."),
        ("### Version\n\n_No response_", ""),
        ("![Screenshot](https://example.org/assets/1) ![a plot](https://example.org/2)", "[image] [image: a plot]"),
        ("![3f0c77a1-66](https://example.org/1)", "[image]"),
        ('<img width="3" alt="a &amp; b" src="x"/>', "[image: a & b]"),
        ("<details>\n<summary>Log</summary>\n\nlines\n</details>", "Log\n\nlines"),
        ("a<br/>b <kbd>Ctrl</kbd>", "a\nb Ctrl"),
        ("x < y and y > z, List<String>", "x < y and y > z, List<String>"),
    ],
)
def test_what_templates_leave_behind_goes_and_what_people_wrote_stays(source: str, text: str) -> None:
    assert as_text(source) == text


@pytest.mark.parametrize("code", ["```html\n<!-- keep --> <br> ![a](b)\n_No response_\n```", "Use `<!-- x -->` and `<br>`."])
def test_code_is_left_as_it_is(code: str) -> None:
    assert as_text(code) == code
