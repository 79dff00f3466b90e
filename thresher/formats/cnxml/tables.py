"""CALS tables as rows between pipes."""

from __future__ import annotations

from collections.abc import Callable

from lxml.etree import _Element

from thresher.formats.cnxml.document import cnx

_COLSPEC, _ROW, _HEAD = cnx("colspec"), cnx("row"), cnx("thead")
_MAX_SPAN = 100


def grid(group: _Element, cell: Callable[[_Element], str]) -> list[str]:
    """The lines of a ``tgroup``, with a rule under its head; a cell over several columns or rows leaves the others empty."""
    names = {spec.get("colname"): i for i, spec in enumerate(s for s in group if s.tag == _COLSPEC)}
    lines: list[str] = []
    below: dict[int, int] = {}
    for part in group:
        rows = [_cells(row, names, below, cell) for row in part if row.tag == _ROW]
        lines.extend("| " + " | ".join(cells) + " |" for cells in rows)
        if part.tag == _HEAD and rows:
            lines.append("|" + " --- |" * max(1, len(rows[-1])))
    return lines


def _cells(row: _Element, names: dict[str | None, int], below: dict[int, int], cell: Callable[[_Element], str]) -> list[str]:
    """One row; ``below`` counts, for each column, the rows that a cell further up still covers."""
    cells: list[str] = []

    def skip_covered() -> None:
        while below.get(len(cells), 0) > 0:
            below[len(cells)] -= 1
            cells.append("")

    for entry in row:
        skip_covered()
        at = len(cells)
        cells.append(" ".join(cell(entry).split()))
        first, last = names.get(entry.get("namest")), names.get(entry.get("nameend"))
        if first is not None and last is not None:
            cells.extend([""] * min(max(0, last - first), _MAX_SPAN))
        rows = entry.get("morerows") or ""
        if rows.isdecimal() and len(rows) < 4:
            below.update(dict.fromkeys(range(at, len(cells)), int(rows)))
    skip_covered()
    return cells
