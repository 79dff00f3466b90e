"""A PreTeXt document put together of its files: XInclude by a resolver of our own.

libxml2's own would read any file of the machine and ask the network. This one asks ``read`` for paths inside the repository and nothing
else; what it leaves out is told, not silent.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote

from lxml.etree import _Element

from thresher.errors import PayloadError
from thresher.formats.books.document import parse_xml
from thresher.formats.books.exercise import Read
from thresher.model import Dead

XI = "http://www.w3.org/2001/XInclude"
INCLUDE, _FALLBACK = f"{{{XI}}}include", f"{{{XI}}}fallback"
PATH, ORDINAL = "{https://thresher.invalid/include}path", "{https://thresher.invalid/include}ordinal"
"""Set on every exercise before anything is moved: the file that it is written in, and which of the file's exercises it is. What is included
twice carries the same mark."""
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_DRAWINGS = frozenset({"latex-image", "latex-image-code", "asymptote", "sageplot", "mermaid", "prefigure", "tikz"})
"""Programs that draw a picture: nobody reads them here."""
_MAX_INCLUDES = 5_000
_MAX_BYTES = 64 * 2**20
_MAX_DEPTH = 20


@dataclass
class Assembled:
    """A document put together; ``files`` are those that it is made of, in the order in which they were asked for, ``dead`` what of it
    could not be had."""

    root: _Element
    files: list[str] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    size: int = 0


def assemble(main: str, read: Read) -> Assembled:
    """The document that begins in ``main``; PayloadError where that file itself cannot be read."""
    body = read(main)
    if body is None:
        raise PayloadError(f"{main} is not in the repository", reason="missing_file")
    root = parse_xml(body)
    _mark(root, main)
    document = Assembled(root, [main], size=len(body))
    _resolve(root, main, (main,), document, read)
    return document


def inside(path: str, href: str) -> str:
    """The path from the root of the repository that ``href`` means in the file ``path``; empty where it leads out of the repository."""
    href = unquote(href.partition("#")[0])
    if not href or ":" in href or "\\" in href or href.startswith("/"):
        return ""
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), href))
    return "" if joined.startswith("..") or joined == "." else joined


def _mark(root: _Element, path: str) -> None:
    for n, el in enumerate(root.iter("exercise"), start=1):
        el.set(PATH, path)
        el.set(ORDINAL, str(n))


def _resolve(root: _Element, path: str, open_files: tuple[str, ...], document: Assembled, read: Read) -> None:
    """Replaces every include below ``root``, which came from ``path``."""
    for el in list(root.iter(INCLUDE)):
        parent = el.getparent()
        if parent is None:
            continue
        if parent.tag in _DRAWINGS:
            _put(el, "")
            continue
        try:
            _put(el, _included(el, path, open_files, document, read))
        except PayloadError as error:
            fallback = el.find(_FALLBACK)
            if fallback is None:
                document.dead.append(Dead(error.reason, str(error)))
                _put(el, "")
            else:
                _resolve(fallback, path, open_files, document, read)
                _put(el, fallback)


def _included(el: _Element, path: str, open_files: tuple[str, ...], document: Assembled, read: Read) -> _Element | str:
    href = el.get("href") or ""
    target = inside(path, href) if href else ""
    if not target:
        raise PayloadError(f"{path} includes {href!r}, which is no file of the repository", reason="include_outside")
    if target in open_files or len(open_files) > _MAX_DEPTH:
        raise PayloadError(f"{path} includes {target}, which includes it again", reason="include_cycle")
    body = read(target)
    if body is None:
        raise PayloadError(f"{path} includes {target}, which is not in the repository", reason="missing_file")
    document.files.append(target)
    document.size += len(body)
    if len(document.files) > _MAX_INCLUDES or document.size > _MAX_BYTES:
        raise PayloadError(f"{path} includes {target}, beyond {_MAX_INCLUDES} includes or {_MAX_BYTES} bytes", reason="include_too_much")
    if el.get("parse") == "text":
        return body.decode("utf-8", "replace").translate(_NO_CONTROLS)
    try:
        root = parse_xml(body)
    except PayloadError as error:
        raise PayloadError(f"{target}: {error}", reason=error.reason) from error
    _mark(root, target)
    _resolve(root, target, (*open_files, target), document, read)
    return _part(root, el.get("xpointer") or "", target)


def _part(root: _Element, pointer: str, target: str) -> _Element:
    """The element that a pointer by name means, or all of a file."""
    name = pointer.strip().removeprefix("xpointer(id(").removeprefix("element(").strip("()'\"")
    if not name:
        return root
    el = next((e for e in root.iter() if name in {e.get(XML_ID), e.get("label")}), None)
    if el is None:
        raise PayloadError(f"{target} has no element {pointer!r}", reason="include_pointer")
    return el


_NO_CONTROLS = {c: None for c in range(32) if chr(c) not in "\t\n\r"}
"""What XML holds no text with."""


def _put(el: _Element, content: _Element | str) -> None:
    """Content in the place of an element, whose tail stays: a text, an element, or all that stands in a fallback."""
    parent = cast(_Element, el.getparent())
    before, tail = el.getprevious(), el.tail or ""
    el.tail = None
    at = parent.index(el)
    parent.remove(el)
    if isinstance(content, str):
        _append(parent, before, content + tail)
        return
    new = list(content) if content.tag == _FALLBACK else [content]
    if content.tag == _FALLBACK:
        _append(parent, before, content.text or "")
    for n, child in enumerate(new):
        if child is content:
            child.tail = None
        parent.insert(at + n, child)
    if new:
        new[-1].tail = (new[-1].tail or "") + tail
    else:
        _append(parent, before, tail)


def _append(parent: _Element, before: _Element | None, text: str) -> None:
    if before is None:
        parent.text = (parent.text or "") + text
    else:
        before.tail = (before.tail or "") + text
