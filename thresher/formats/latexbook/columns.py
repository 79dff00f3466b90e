"""Parts that a book sets in two columns, put in their order: a column is a list of its own in the source, ``(a) (c)``, ``(b) (d)``."""

from __future__ import annotations

import re

from thresher.formats.books.marks import letter

_ITEM = re.compile(r"\(([a-z])\) ")
_BLANK = "\n\n"


def in_order(text: str) -> str:
    """The text with lists that stand one behind the other and whose letters fill each other's gaps made one."""
    blocks = text.split(_BLANK)
    out: list[str] = []
    i = 0
    while i < len(blocks):
        lists: list[list[tuple[str, str]]] = []
        while i + len(lists) < len(blocks) and (items := _items(blocks[i + len(lists)])):
            lists.append(items)
        merged = _merged(lists) if len(lists) > 1 else None
        if merged is not None:
            out.append(merged)
            i += len(lists)
        else:
            out.append(blocks[i])
            i += 1
    return _BLANK.join(out)


def _items(block: str) -> list[tuple[str, str]]:
    """The lettered items of a block; none where it is anything else."""
    items: list[tuple[str, str]] = []
    for line in block.split("\n"):
        if match := _ITEM.match(line):
            items.append((match[1], line))
        elif items and line.startswith("   "):
            items[-1] = (items[-1][0], f"{items[-1][1]}\n{line}")
        else:
            return []
    return items


def _merged(lists: list[list[tuple[str, str]]]) -> str | None:
    items = sorted(item for column in lists for item in column)
    if [mark for mark, _ in items] != [letter(n) for n in range(1, len(items) + 1)] or all(len(c) < 2 for c in lists):
        return None
    return "\n".join(text for _, text in items)
