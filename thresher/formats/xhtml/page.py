"""A page of a book as a tree with plain names: ``p``, ``div``, and MathML under its own namespace."""

from __future__ import annotations

import re

from lxml import etree
from lxml.etree import _Element

from thresher.errors import PayloadError
from thresher.formats.books.document import parse_xml
from thresher.formats.mathml import NS

_XHTML = "{http://www.w3.org/1999/xhtml}"
_PREFIXED = re.compile(r"^(?:m|mml|math):")
_XML_CHARSET = re.compile(rb"<\?xml[^>]{0,60}encoding|<meta[^>]{0,80}charset", re.IGNORECASE)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def read_page(body: bytes) -> _Element:
    """The root of a page, well-formed or not. PayloadError where it is empty, declares entities of its own, or holds no tags."""
    try:
        root = parse_xml(body)
    except PayloadError as error:
        if error.reason != "bad_xml":
            raise
        root = _tag_soup(body)
    _rename(root)
    return root


def _tag_soup(body: bytes) -> _Element:
    encoding = None if _XML_CHARSET.search(body[:2048]) else "utf-8"
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, encoding=encoding)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, LookupError) as error:
        raise PayloadError(f"no HTML: {error}", reason="bad_html") from error
    if root is None:
        raise PayloadError("the page holds no tags", reason="bad_html")
    return root


def _rename(root: _Element) -> None:
    """Names without the namespace of XHTML; mathematics under its own, also where HTML's parser or a prefix left it without."""
    for el in root.iter():
        if not isinstance(el.tag, str):
            continue
        if el.tag.startswith(_XHTML):
            el.tag = el.tag[len(_XHTML) :]
        parent = el.getparent()
        in_math = parent is not None and isinstance(parent.tag, str) and parent.tag.startswith(f"{{{NS}}}")
        name = _PREFIXED.sub("", el.tag)
        if not el.tag.startswith("{") and (in_math or name == "math"):
            el.tag = f"{{{NS}}}{name if name.isalnum() else 'mrow'}"


def classes(el: _Element) -> frozenset[str]:
    """The names in ``class``, lower-case."""
    return frozenset((el.get("class") or "").lower().split())


def names(el: _Element) -> list[str]:
    """The names by which links know an element: its id and, of an anchor, its name."""
    own = (el.get("id"), el.get("name") if el.tag == "a" else None)
    return [n for n in own if n]


def title_of(el: _Element) -> str:
    """The words of a heading; number and title, which pages keep in a span each, with a space between."""
    parts = [el.text or ""]
    for child in el:
        parts += [" " if child.tag == "span" else "", *(str(t) for t in child.itertext()), child.tail or ""]
    return " ".join("".join(parts).split())
