"""Markdown to HTML as the sample sites show it."""

from __future__ import annotations

import pytest

from sample.markup import DISCOURSE, REDDIT, STACK_EXCHANGE, Flavour, html


@pytest.mark.parametrize(
    ("text", "flavour", "expected"),
    [
        ("a\nb", REDDIT, "<p>a\nb</p>"),
        ("a\nb", DISCOURSE, "<p>a<br>\nb</p>"),
        ("> a\n> b\n\nc", REDDIT, "<blockquote>\n<p>a\nb</p>\n</blockquote>\n<p>c</p>"),
        ("```python\nx < 1\n```", DISCOURSE, '<pre><code class="lang-python">x &lt; 1\n</code></pre>'),
        ("    x = 1\n    y", REDDIT, "<pre><code>x = 1\ny\n</code></pre>"),
        ("1. a\n2. b", REDDIT, "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("**a** *b* `*c*`", REDDIT, "<p><strong>a</strong> <em>b</em> <code>*c*</code></p>"),
        ("$a_1 * b * c$", STACK_EXCHANGE, "<p>$a_1 * b * c$</p>"),
        ("[x](https://a.example.org/?b=1&c=2)", REDDIT, '<p><a href="https://a.example.org/?b=1&amp;c=2" rel="nofollow">x</a></p>'),
        ("po**ss**e", REDDIT, "<p>po<strong>ss</strong>e</p>"),
    ],
)
def test_markdown_becomes_the_sites_html(text: str, flavour: Flavour, expected: str) -> None:
    assert html(text, flavour) == expected
