"""XML to a tree: no entities, no network, no DTD, no huge trees."""

from __future__ import annotations

from lxml import etree
from lxml.etree import _Element

from thresher.errors import PayloadError


def parse_xml(body: bytes, *, root: str = "") -> _Element:
    """The root element of a document whose root must be called ``root`` (Clark notation), or may be called anything.

    PayloadError: ``empty_body``, ``bad_xml`` (not well-formed, too deep, undeclared entities), ``entities`` (the document declares
    entities of its own), ``wrong_root`` (an HTML page, another namespace).
    """
    if not body.strip():
        raise PayloadError("the file is empty", reason="empty_body")
    # One id on two elements must not cost the file, so ids are not collected; but then libxml2 looks for the DTD of a document type.
    typed = b"<!DOCTYPE" in body
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True, collect_ids=typed
    )
    try:
        element = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise PayloadError(f"not well-formed XML: {error}", reason="bad_xml") from error
    dtd = element.getroottree().docinfo.internalDTD
    if dtd is not None and any(dtd.iterentities()):  # type: ignore[union-attr]  # missing in the stubs
        raise PayloadError("the document declares entities, which are never expanded", reason="entities")
    if root and element.tag != root:
        raise PayloadError(f"the root is {element.tag!r}, expected {root!r}", reason="wrong_root")
    return element


def plain(el: _Element | None) -> str:
    """All text of an element on one line."""
    return "" if el is None else " ".join("".join(str(t) for t in el.itertext()).split())
