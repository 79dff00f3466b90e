"""HTML of posts to text. The HTML has the forms that Discourse and Stack Exchange give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thresher.formats.html import render, repair
from thresher.model import Quote

ASIDE = (
    '<aside class="quote no-group" data-username="somebody" data-post="3" data-topic="12"><div class="title">'
    '<div class="quote-controls"></div><img alt="" src="/a.png" class="avatar"> somebody:</div>'
    "<blockquote><p>First.</p><p>Second.</p></blockquote></aside><p>My own words.</p>"
)
ONEBOX = (
    '<aside class="onebox allowlistedgeneric" data-onebox-src="https://example.org/page"><header class="source">'
    '<img src="/i.png" class="site-icon"><a href="https://example.org/page">example.org</a></header>'
    '<article class="onebox-body"><h3><a href="https://example.org/page">A page</a></h3>'
    "<p>Words of that page.</p></article></aside>"
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one<p>two", "one\n\ntwo"),
        ("<p>a<br>\nb</p>", "a\nb"),
        ("<p>soft\nbreak</p>", "soft break"),
        ("<p><strong>b</strong> <em>i</em> <s>gone</s></p>", "**b** *i* ~~gone~~"),
        ("<p><strong>b </strong>c</p>", "**b** c"),
        ("<h2><a name='x' class='anchor' href='#x'></a>Title</h2>", "## Title"),
        ("<p>x<sup>2</sup> + e<sup>10</sup> + a<sub>i</sub>, the 1<sup>st</sup></p>", "x^2 + e^{10} + a_i, the 1st"),
        ("<p><sup>small print that goes on</sup></p>", "small print that goes on"),
        (
            "<pre><code>y = x<sup>2</sup> + a<sub>10</sub></code></pre><p><code>H<sub>2</sub>O</code></p>",
            "```\ny = x^2 + a_{10}\n```\n\n`H_2O`",
        ),
        (
            '<p>I use <a href="http://socket.io">socket.io</a>, it <a href="http://works.It">works.It</a> is fine</p>',
            "I use socket.io, it works.It is fine",
        ),
        (
            '<p><a href="http://a.org/b">a.org/b</a> and <a href="http://www.a.org">www.a.org</a></p>',
            "http://a.org/b and [www.a.org](http://www.a.org)",
        ),
        (
            '<div class="poll"><div class="poll-container"><ul><li>yes</li><li>no</li></ul></div><div class="poll-info">'
            "<p><span>0</span> voters</p></div></div>",
            "- yes\n- no",
        ),
        (
            '<p>See:</p><div class="lazyYT" data-youtube-id="a1B2" data-youtube-title="A kettle" data-width="480"></div>',
            "See:\n\n[A kettle](https://www.youtube.com/watch?v=a1B2)",
        ),
        (
            '<div class="onebox lazyYT lazyYT-container" data-youtube-id="a1B2" data-youtube-title="A kettle"><a href="https://youtu.be/a1B2">'
            '<img class="ytp-thumbnail-image" src="https://i.ytimg.com/a.jpg"></a></div>',
            "[A kettle](https://youtu.be/a1B2)",
        ),
        ("<p>Use <code>a`b</code>, <code>x</code></p>", "Use `` a`b ``, `x`"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ('<ol start="3"><li><p>a</p><pre><code>x</code></pre></li><li>b</li></ol>', "3. a\n\n   ```\n   x\n   ```\n4. b"),
        ("<ul><li>a<ol><li>b<li>c</ol>", "- a\n  1. b\n  2. c"),
        ("<table><tr><th>h</th><th>i</th></tr><tr><td>a|b</td><td></td></tr></table>", "| h | i |\n| --- | --- |\n| a\\|b |  |"),
        ("<details><summary>More</summary><p>inside</p></details>", "**More**\n\ninside"),
        ('<blockquote class="spoiler"><p>the answer</p></blockquote>', "the answer"),
        ("<hr>", "---"),
        ('<p>Hi <a class="mention" href="/u/somebody">@somebody</a>!</p>', "Hi @someone!"),
        ('<p>An <span class="mention">@2x</span> icon in <span class="mention">@media</span></p>', "An @2x icon in @media"),
        ('<p><img class="emoji" title=":wave:" alt=":wave:"></p>', ":wave:"),
        ('<p><img class="emoji" alt="\N{WAVING HAND SIGN}"></p>', "\N{WAVING HAND SIGN}"),
        (
            '<p><a class="hashtag-cooked" href="/c/x/9"><span class="hashtag-icon-placeholder"><svg></svg></span><span>lab</span></a></p>',
            "#lab",
        ),
        ('<p>note<sup class="footnote-ref"><a href="#footnote-1">[1]</a></sup></p>', "note[1]"),
        ("<script>alert(1)</script><style>p{}</style><p>x</p><!-- y -->", "x"),
        ("&lt;b&gt; &amp; x", "<b> & x"),
        ("<p>5 &lt; 6 and 2 * 3 * 4 = 24, snake_case_name</p>", "5 < 6 and 2 * 3 * 4 = 24, snake_case_name"),
        ("plain, no tags", "plain, no tags"),
        ("https://example.org/?a=1&b=2", "https://example.org/?a=1&b=2"),
        ("<?xml version='1.0'?><p>x</p>", "x"),
        ("</div></body>y<p>z", "y\n\nz"),
        ("", ""),
    ],
)
def test_form_becomes_text(html: str, text: str) -> None:
    assert render(html).text == text


def test_fence_has_the_language_and_is_longer_than_the_backticks_in_it() -> None:
    rendered = render('<pre class="lang-py prettyprint-override"><code>s = """```"""\n  if x &lt; 1:\n</code></pre>')
    assert rendered.text == '````py\ns = """```"""\n  if x < 1:\n````'
    assert rendered.code_blocks == 1


@pytest.mark.parametrize("name", ["lang-auto", "lang-plaintext", "hljs"])
def test_fence_of_no_language_names_none(name: str) -> None:
    assert render(f'<pre><code class="{name}">x</code></pre>').text == "```\nx\n```"


def test_quote_has_its_lines_marked_its_source_kept_and_no_name() -> None:
    rendered = render(ASIDE)
    assert rendered.text == "> First.\n>\n> Second.\n\nMy own words."
    assert rendered.quotes == (Quote("First.\n\nSecond.", of="12/3"),)


def test_nested_quote_stays_inside_the_outer_one() -> None:
    rendered = render("<blockquote><blockquote><p>inner</p></blockquote><p>outer</p></blockquote>")
    assert rendered.text == "> > inner\n>\n> outer"
    assert rendered.quotes == (Quote("> inner\n\nouter"),)


def test_own_line_that_looks_like_a_quote_is_escaped() -> None:
    rendered = render("<p>&gt; not a quote</p><p>&gt;&gt;&gt; prompt</p>")
    assert rendered.text == "\\> not a quote\n\n>>> prompt"
    assert rendered.quotes == ()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (r'<p>Let <span class="math">a_1 \lt b</span>.</p>', r"Let $a_1 \lt b$."),
        ('<div class="math">\nx = \\sum_i y_i\n</div>', "$$\nx = \\sum_i y_i\n$$"),
        ('<p>If <span class="math-container">$a &lt; b$</span></p>', "If $a < b$"),
        (
            '<p><span class="math-container">$$\n\\begin{align}\na &amp;= b\n\\end{align}\n$$</span></p>',
            "$$\n\\begin{align}\na &= b\n\\end{align}\n$$",
        ),
        ("<p>old: $x_1*y_2*z$</p>", "old: $x_1*y_2*z$"),
        ('<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math>', "$x^2$"),
    ],
)
def test_mathematics_stays_latex(html: str, text: str) -> None:
    assert render(html).text == text


def test_link_preview_is_one_link_line() -> None:
    rendered = render(ONEBOX)
    assert rendered.text == "[A page](https://example.org/page)"
    assert rendered.links == ("https://example.org/page",)


def test_title_of_a_link_to_github_names_nobody() -> None:
    html = '<a href="https://example.org/pull/1" class="inline-onebox">Fix the fuse by some-body · Pull Request #1 · org/repo · GitHub</a>'
    assert render(html).text == "[Fix the fuse · Pull Request #1 · org/repo · GitHub](https://example.org/pull/1)"


def test_links_are_absolute_once_each_and_of_the_web() -> None:
    hrefs = {"t": "/t/1", "again": "/t/1", "js": "javascript:x()", "m": "mailto:a@example.org", "in": "#x", "bad": "http://["}
    html = " ".join(f'<a href="{href}">{text}</a>' for text, href in hrefs.items())
    rendered = render(html, base_url="https://forum.example.org")
    assert rendered.links == ("https://forum.example.org/t/1",)
    assert rendered.text == "[t](https://forum.example.org/t/1) [again](https://forum.example.org/t/1) js m in bad"


def test_address_shown_as_itself_is_written_once() -> None:
    assert render('<a href="https://www.example.org/a/long/path">example.org/a/long/p…</a>').text == "https://www.example.org/a/long/path"


def test_pictures_are_counted_and_faces_are_not() -> None:
    html = (
        '<p><img src="a.png" alt="enter image description here"> <img src="b.png" alt="a dog on a boat"></p>'
        '<img class="avatar" src="c.png"><div class="lightbox-wrapper"><a class="lightbox" href="/x.png"><img src="/x.png" alt="screen">'
        '<div class="meta"><span class="filename">screen</span></div></a></div>'
    )
    rendered = render(html)
    assert rendered.text == "[image] [image: a dog on a boat]\n\n[image]"
    assert rendered.images == 3


def test_wrongly_decoded_text_is_put_right_as_a_whole() -> None:
    rendered = render("<p>" + "naïve café “quoted”".encode().decode("cp1252", "replace").replace("\ufffd", "\x9d") + "</p>")
    assert rendered.text == "naïve café “quoted”"
    assert rendered.repaired


@pytest.mark.parametrize(
    "text",
    [
        "naïve café “quoted” — Ünï … 漢字 עברית 👩‍👩‍👧",
        "Why does my UTF-8 file show cafÃ© in the browser?",
        "The charset is wrong: â€œ instead of a quote",
        "Ã la carte is fine, “quoted” text too",
        "ÄÖÜ äöü ß, naïveté, São Paulo, Ærø, ½ µ ±",
        "x̂ = Σ aᵢ·bᵢ ≤ 10⁻³",
    ],
)
def test_correct_text_is_never_changed(text: str) -> None:
    assert repair(text) == (text, False)


def test_dangerous_characters_do_not_survive() -> None:
    assert render("<p>a\x00b\ud800c\u202ed\U000e0041e</p>").text == "a\ufffdb\ufffdcde"


@pytest.mark.parametrize(
    "html",
    [
        lambda n: "<b>" * n,
        lambda n: "<blockquote>" * n + "x",
        lambda n: "<table><tr><td>" * (n // 10) + "q",
        lambda n: "<ul><li>" * n + "x",
        lambda n: "<span><p>" * n,
        lambda n: "<" * (7 * n),
        lambda n: "<p>" * (3 * n),
        lambda n: "<em>" * 100 + "<p>x" * n,
        lambda n: "<em><a>x" * n,
    ],
)
def test_hostile_nesting_costs_no_more_than_its_length(html: Callable[[int], str], grows_evenly: Any) -> None:
    small, large = html(750), html(3000)
    assert grows_evenly(lambda: render(small), lambda: render(large))
