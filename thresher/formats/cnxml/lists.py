"""The marks before the items of a list."""

from __future__ import annotations

from collections.abc import Sequence

from lxml.etree import _Element

from thresher.formats.books.marks import letter, roman
from thresher.formats.cnxml.document import cnx


def markers(el: _Element, items: Sequence[_Element]) -> list[str]:
    """One mark per item with its trailing space: ``(a) ``, ``1. ``, ``- ``; nothing where the item brings its own (a circled letter in a
    ``token`` span) or the list has none."""
    kind = el.get("list-type") or "bulleted"
    if kind == "labeled-item" or (kind == "bulleted" and el.get("bullet-style") == "none"):
        return [""] * len(items)
    first = el.get("start-value") or ""
    start = int(first) if first.isdecimal() and len(first) < 4 else 1
    return ["" if _brings_own(item) else _marker(el, kind, start + i) for i, item in enumerate(items)]


def _brings_own(item: _Element) -> bool:
    first = item[0] if len(item) else None
    while first is not None and first.tag == cnx("para") and not (item.text or "").strip():
        item, first = first, (first[0] if len(first) else None)
    return first is not None and first.tag == cnx("span") and first.get("class") == "token" and not (item.text or "").strip()


def _marker(el: _Element, kind: str, n: int) -> str:
    if kind != "enumerated":
        return "- "
    style = el.get("number-style") or "arabic"
    number = letter(n) if style.endswith("alpha") else roman(n) if style.endswith("roman") else str(n)
    number = number.upper() if style.startswith("upper") else number
    prefix, suffix = el.get("mark-prefix"), el.get("mark-suffix")
    if prefix or suffix:
        return f"{prefix or ''}{number}{suffix or ''} "
    return f"{number}. " if style == "arabic" else f"({number}) "
