"""Rows of LaTeX cells as environments: matrices, systems, piecewise definitions, steps of a calculation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from thresher.formats.latex import RELATIONS

FENCES = {"{": r"\{", "}": r"\}", "‖": r"\|", "⟨": r"\langle ", "⟩": r"\rangle "}
"""Fences that are not written as they are."""

MATRICES = {("(", ")"): "pmatrix", ("[", "]"): "bmatrix", ("|", "|"): "vmatrix", ("{", "}"): "Bmatrix", ("‖", "‖"): "Vmatrix"}
"""The environment that brings a pair of fences with it."""

_RELATION_SET = frozenset(RELATIONS.values())
_RELATION_INSIDE = re.compile(r" (?:[=<>]|\\[A-Za-z]+) ")


def arrange(rows: list[list[str]], opening: str, closing: str, lines: Sequence[str] = ()) -> str:
    """A table between two fences (either may be empty): its own environment where LaTeX has one, ``cases`` after a lone brace, ``array``
    where ``lines`` (MathML's ``columnlines``) draws a rule between columns, ``aligned`` where it is lines of equations."""
    rows = _without_empty_columns([r for r in rows if any(r)])
    if not rows:
        return FENCES.get(opening, opening) + FENCES.get(closing, closing)
    plain = [" & ".join(r) for r in rows]
    columns = max(len(r) for r in rows)
    if "solid" in lines or "dashed" in lines:
        return _between(opening, _environment("array", plain, _column_spec(columns, lines)), closing)
    if name := MATRICES.get((opening, closing)):
        return _environment(name, plain)
    if opening == "{" and not closing:
        return _environment("cases", [_case(r) for r in rows])
    if opening or closing:
        return _between(opening, _environment("matrix", plain), closing)
    if columns == 1 and len(rows) == 1:
        return rows[0][0]
    return _environment("aligned", [_aligned_row(r) for r in rows]) if _aligned(rows) else _environment("matrix", plain)


def _environment(name: str, lines: list[str], spec: str = "") -> str:
    return rf"\begin{{{name}}}{spec}" + r" \\ ".join(lines) + rf"\end{{{name}}}"


def _between(opening: str, body: str, closing: str) -> str:
    if not opening and not closing:
        return body
    left, right = (FENCES.get(m, m) if m else "." for m in (opening, closing))
    return rf"\left{left}{body}\right{right}"


def _column_spec(columns: int, lines: Sequence[str]) -> str:
    spec = ""
    for i in range(columns):
        line = lines[min(i, len(lines) - 1)]
        spec += "c" + ("|" if line in {"solid", "dashed"} and i + 1 < columns else "")
    return f"{{{spec}}}"


def _starts_with_relation(cell: str) -> bool:
    word = cell.split(" ", 1)[0].split("{", 1)[0]
    return word in _RELATION_SET or cell[:1] in {"=", "<", ">"}


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    """Authors use empty columns and rows as space; a row may also be shorter than others."""
    columns = max((len(r) for r in rows), default=0)
    kept = [i for i in range(columns) if any(i < len(r) and r[i] for r in rows)]
    return rows if len(kept) == columns else [[r[i] for i in kept if i < len(r)] for r in rows]


def _case(cells: list[str]) -> str:
    """One line of a system or of a piecewise definition: the condition in a column of its own, the parts of an equation together."""
    if len(cells) == 2 and all(cells) and not _starts_with_relation(cells[1]) and cells[0] not in _RELATION_SET:
        return " & ".join(cells)
    return " ".join(c for c in cells if c)


def _aligned(rows: list[list[str]]) -> bool:
    """Whether this is lines of equations rather than entries of a matrix."""
    if max(len(r) for r in rows) == 1:
        return any(_RELATION_INSIDE.search(f" {r[0]}") for r in rows)
    return any(_starts_with_relation(c) or c.startswith(r"\text") for row in rows for c in row[1:] if c)


def _aligned_row(cells: list[str]) -> str:
    out = cells[0] if cells else ""
    for before, cell in pairwise(cells):
        if before.strip() in _RELATION_SET:
            out += f" {cell}"
        else:
            out += f" & {cell}"
    return out.rstrip(" &").strip() if not any(cells[1:]) else out.strip()
