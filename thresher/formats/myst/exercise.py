"""The ``exercise`` and ``solution`` directives of a book, linked by their labels over all its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode

from thresher.formats.books.exercise import BookExercise, joined, numbered_ids, solution_line
from thresher.formats.books.licence import Licence
from thresher.formats.books.macros import Macro
from thresher.formats.myst.render import Writer
from thresher.formats.myst.source import Directive, Source, blocks, directive
from thresher.model import Dead, Exercise

_EXERCISES = frozenset({"exercise", "exercise-start"})
_SOLUTIONS = frozenset({"solution", "solution-start"})
_ENDS = {"exercise-start": "exercise-end", "solution-start": "solution-end"}
_DEEPEST = 12


@dataclass(eq=False)
class Piece:
    """An exercise or a solution: its directive, its blocks, and where it stands."""

    directive: Directive
    nodes: list[SyntaxTreeNode]
    titles: tuple[str, ...]
    source: Source
    closed: bool = True


@dataclass(eq=False)
class _Paired:
    exercise: Piece
    solutions: list[Piece] = field(default_factory=list)


def exercises(
    sources: list[Source], macros: Mapping[str, Macro], book: str, licences: Mapping[str, Licence]
) -> Iterator[BookExercise | Dead]:
    """Every exercise of all files in order, with its solutions; a solution that belongs to none is dead."""
    pieces = [p for source in sources for p in _pieces(source)]
    pairs = [_Paired(p) for p in pieces if p.directive.name in _EXERCISES]
    yield from _link(pairs, [p for p in pieces if p.directive.name in _SOLUTIONS], pieces)
    equations = {s.path: _equations(s) for s in sources}
    counts: dict[str, int] = {}
    names = []
    for pair in pairs:
        path = pair.exercise.source.path
        counts[path] = counts.get(path, 0) + 1
        names.append(f"{path.rpartition('.')[0]}/{_label(pair.exercise) or f'exercise-{counts[path]}'}")
    numbers: dict[str, int] = {}
    for position, (pair, native_id) in enumerate(zip(pairs, numbered_ids(names), strict=True), start=1):
        path = pair.exercise.source.path
        numbers[path] = numbers.get(path, 0) + 1
        try:
            yield _exercise(pair, native_id, position, str(numbers[path]), book, macros, equations[path], licences.get(path))
        except _Unusable as error:
            yield Dead(str(error), f"exercise {native_id}", native_id)
        except RecursionError:
            yield Dead("too_deep", "blocks are nested too deeply to be read", native_id)


class _Unusable(ValueError):
    """An exercise that asks nothing, or that never ends; the text is the reason."""


def _label(piece: Piece) -> str:
    return piece.directive.options.get("label") or piece.directive.options.get("name") or ""


def _link(pairs: list[_Paired], solutions: list[Piece], pieces: list[Piece]) -> Iterator[Dead]:
    """Every solution to the exercise whose label it names, in its own file before others; without a label to the exercise before it."""
    for solution in solutions:
        label = solution.directive.argument.strip()
        fitting = [p for p in pairs if label and _label(p.exercise) == label]
        near = [p for p in fitting if p.exercise.source is solution.source]
        if not label:
            before = [p for p in pieces[: pieces.index(solution)] if p.source is solution.source and p.directive.name in _EXERCISES]
            near = [p for p in pairs if before and p.exercise is before[-1]]
        if near or fitting:
            (near or fitting)[0].solutions.append(solution)
        else:
            place = f"{solution.source.path}, line {solution.directive.line}"
            yield Dead("solution_without_exercise", f"a solution to {label!r} in {place}", f"{solution.source.path}/{label}")


def _pieces(source: Source) -> list[Piece]:
    out: list[Piece] = []
    _collect(source.nodes, source, out, [], 0)
    return out


def _collect(nodes: list[SyntaxTreeNode], source: Source, out: list[Piece], titles: list[tuple[int, str]], depth: int) -> None:
    """Exercises and solutions among blocks and in the directives among them. What stands between a start and its end is its body; a start
    without an end ends at the next start."""
    i = 0
    while i < len(nodes):
        node = nodes[i]
        i += 1
        if node.type == "heading":
            level = int(node.tag[1:] or 1)
            del titles[next((n for n, (have, _) in enumerate(titles) if have >= level), len(titles)) :]
            titles.append((level, Writer({}, {}).text(node.children).replace("**", "")))
            continue
        found = directive(node)
        if found is None:
            if node.children and node.type in {"bullet_list", "ordered_list", "list_item", "blockquote"} and depth < _DEEPEST:
                _collect(list(node.children), source, out, titles, depth + 1)
        elif found.name in _ENDS:
            end = next((n for n in range(i, len(nodes)) if _is(nodes[n], {_ENDS[found.name]})), None)
            next_start = next((n for n in range(i, len(nodes)) if _is(nodes[n], {found.name})), len(nodes))
            closed = end is not None and end <= next_start
            stop = end if closed and end is not None else next_start
            out.append(Piece(found, nodes[i:stop], tuple(t for _, t in titles), source, closed))
            inner = [n for n in nodes[i:stop] if found.name == "exercise-start" and _is(n, _SOLUTIONS)]
            _collect(inner, source, out, titles, depth + 1)
            i = stop
        elif found.name in _EXERCISES | _SOLUTIONS:
            body = blocks(found.body)
            out.append(Piece(found, body, tuple(t for _, t in titles), source))
            if depth < _DEEPEST:
                _collect([n for n in body if _is(n, _SOLUTIONS | _EXERCISES)], source, out, titles, depth + 1)
        elif depth < _DEEPEST and ("exercise" in found.body or "solution" in found.body):
            _collect(blocks(found.body), source, out, titles, depth + 1)


def _is(node: SyntaxTreeNode, names: frozenset[str] | set[str]) -> bool:
    found = directive(node)
    return found is not None and found.name in names


def _equations(source: Source) -> dict[str, tuple[str, str]]:
    """The labelled formulas of a file: name and LaTeX by label."""
    out: dict[str, tuple[str, str]] = {}
    for node in source.nodes:
        found = directive(node)
        label, latex = (node.info, node.content) if node.type == "math_block_label" else ("", "")
        if found is not None and found.name == "math" and (own := found.options.get("label")):
            label, latex = own, f"{found.argument}\n{found.body}"
        if label:
            out.setdefault(label, (f"Equation {len(out) + 1}", latex.strip()))
    return out


def _exercise(
    pair: _Paired, native_id: str, position: int, number: str, book: str, macros: Mapping[str, Macro],
    equations: Mapping[str, tuple[str, str]], licence: Licence | None,
) -> BookExercise:  # fmt: skip
    piece = pair.exercise
    if not piece.closed:
        raise _Unusable("exercise_without_end")
    first = Writer(macros, equations)
    first.text(piece.nodes)
    writer = Writer(macros, equations)
    writer.named = frozenset(first.targets)
    title = _title(piece, writer)
    asked = writer.text(piece.nodes)
    if not asked and not title and not writer.figures:
        raise _Unusable("empty_problem")
    problem = joined(title, asked, writer.equations_beside())
    solution = joined(*(_solution(s, macros, equations) for s in pair.solutions))
    return BookExercise(
        native_id=native_id,
        position=position,
        text=joined(problem, solution_line(solution)),
        detail=Exercise(
            problem=problem,
            solution=solution,
            number=number,
            section=" > ".join(piece.titles),
            book=book,
            figures=tuple(dict.fromkeys(writer.figures)),
        ),
        container="section",
        links=tuple(dict.fromkeys(u for u, _ in writer.links)),
        refers_to=tuple(dict.fromkeys(w for w in writer.elsewhere if w)),
        hint=joined(*writer.hints),
        path=piece.source.path,
        line=piece.directive.line if piece.source.path.endswith(".md") else 0,
        anchor=_label(piece).lower().replace("_", "-"),
        heading=piece.titles[0] if piece.titles else "",
        licence=licence,
    )


def _title(piece: Piece, writer: Writer) -> str:
    return writer.text(blocks(piece.directive.argument)) if piece.directive.argument else ""


def _solution(piece: Piece, macros: Mapping[str, Macro], equations: Mapping[str, tuple[str, str]]) -> str:
    return Writer(macros, equations).text(piece.nodes)
