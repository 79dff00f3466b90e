"""The two ways to the tree of a page: lxml's events for posts, BeautifulSoup for whole pages and what lxml refuses."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresher.formats import tree
from thresher.formats.html import render
from thresher.formats.tree import Tag, read

PIECES = (
    "<p>", "</p>", "<div>", "</div>", "<pre>", "</pre>", "<code>", "</code>", "<blockquote>", "<ul>", "<li>", "</ul>", "<table><tr>",
    "<td>",
    "</table>", '<a href="/x" class="lightbox big">', "</a>", "<b>", "</i>", "<br>", "<!-- c -->", "<!---->", "<img alt=x>", "<script>",
    "</script>", "<template>", "</template>", "<ruby>a<rt>b", "</ruby>", "<textarea>", "</textarea>", "<input checked>", "&nbsp;", "&lt;",
    "&no;", "<", ">", "<o:p>", "</br>", "<?php x ?>", "<![CDATA[y]]>", "  \n\t ", "word", "two words", "\u2028", "é",
)  # fmt: skip


def shape(tag: Tag) -> list[object]:
    """A tree as plain data, to be compared."""
    inner = [shape(c) if isinstance(c, Tag) else c for c in tag.children]
    return [tag.name, dict(tag.attributes), tag.holds_blocks, tag.text("|"), inner]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_lxml_alone_gives_the_tree_that_beautifulsoup_gives(pieces: list[str]) -> None:
    html = f"<div>{''.join(pieces)}</div>"
    assert shape(read(html)) == shape(tree._from_soup(html))


@pytest.mark.parametrize("html", ["<!DOCTYPE html><html><body><p>a</p></body></html>", "<body><p>a</p></body>"])
def test_a_whole_page_is_read_by_beautifulsoup(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "_reader", lambda: pytest.fail("a page of unknown making went to lxml alone"))
    assert render(html).text == "a"


def test_what_lxml_refuses_is_read_by_beautifulsoup_and_the_next_post_by_lxml(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = [True]
    feed = tree._Reader.read

    def once(self: tree._Reader, html: str) -> Tag:
        if refuse.pop() if refuse else False:
            raise LookupError("refused")
        return feed(self, html)

    monkeypatch.setattr(tree._Reader, "read", once)
    assert [render(f"<p>{text}</p>").text for text in ("first", "second")] == ["first", "second"]


def test_a_page_nested_a_hundred_thousand_deep_is_read() -> None:
    for around in ("{}", "<body>{}</body>"):
        assert render(around.format("<b>" * 100_000 + "x")).text.strip("*") == "x"


def test_posts_read_in_several_threads_do_not_mix() -> None:
    texts = [f"post {n}" for n in range(400)]
    seen: dict[str, str] = {}

    def run(part: list[str]) -> None:
        seen.update({text: render(f"<div><p>{text}<b>!</b></p></div>").text for text in part})

    threads = [threading.Thread(target=run, args=(texts[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {text: f"{text}**!**" for text in texts}
