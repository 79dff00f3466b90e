"""The exercises of a LaTeX book, with the answers beside them, pointed to them, or at the back by chapter and number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pylatexenc.latexwalker import LatexWalkerError

from thresher.formats.books.exercise import BookExercise, joined, numbered_ids, solution_line
from thresher.formats.books.macros import Macro
from thresher.formats.books.text import UnknownElement
from thresher.formats.latexbook.columns import in_order
from thresher.formats.latexbook.render import Writer
from thresher.formats.latexbook.source import Document
from thresher.formats.latexbook.structure import Piece, Words, chapter_of, pieces, stated_number
from thresher.model import Dead, Exercise

_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_HEAD_LABEL = re.compile(r"(?:\s|\\(?:rm|bf|it|em|normalfont)\b|\}|\[[^\]]*\])*\\label\s*\{([^{}]*)\}")
_REF = re.compile(r"\\(?:ref|autoref|cref|Cref|exref|hyperref\s*\[)\s*\{?([^{}\]]*)[}\]]|\b(?:ref|label)\s*=\s*\{?([^,{}\]]+)\}?")
_KEYED = re.compile(r"\b(?:label|title|name)\s*=\s*(?:\{([^{}]*)\}|([^,\]]*))")
_FONT = re.compile(r"\\newfont\s*\{?\\(\w+)\}?|\\font\s*\\(\w+)\s*=")
_NEAR = 120
"""Characters at the head of an answer in which it says to which exercise it belongs."""
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([^{}]*)\}|\\label\s*\{([^{}]*)\}")


@dataclass(eq=False)
class _Paired:
    exercise: Piece
    inside: list[Piece] = field(default_factory=list)
    outside: list[Piece] = field(default_factory=list)


def exercises(document: Document, words: Words, macros: Mapping[str, Macro], book: str) -> Iterator[BookExercise | Dead]:
    """Every exercise of a document in order, as BookExercise or as Dead; none costs another. An answer without an exercise is dead."""
    text = document.text
    found = pieces(text, words)
    pairs = [_Paired(p) for p in found if p.kind == "exercise"]
    yield from _link(pairs, found, document)
    labels = _labels(document, pairs)
    fonts = frozenset(a or b for a, b in _FONT.findall(text))
    apart = {name: "answer" for name in _environments(text) if words.is_answer(name)}
    apart |= {name: "hint" for name in _environments(text) if words.is_hint(name)}
    reader = _Reader(text, macros, labels, fonts, apart, book)
    ids = numbered_ids(_names(pairs, document))
    for position, (pair, native_id) in enumerate(zip(pairs, ids, strict=True), start=1):
        path, line = document.origin(pair.exercise.start)
        try:
            yield reader.read(pair, native_id, position, path, line)
        except UnknownElement as error:
            yield Dead("unknown_element", str(error), native_id)
        except (LatexWalkerError, IndexError) as error:
            # The parser runs beyond the end of what breaks off in the middle.
            yield Dead("bad_latex", str(error).split("\n")[0], native_id)
        except RecursionError:
            yield Dead("too_deep", "groups are nested too deeply to be read", native_id)
        except _Empty:
            yield Dead("empty_problem", f"exercise {native_id}", native_id)


class _Empty(ValueError):
    """An exercise that asks nothing."""


def _environments(text: str) -> set[str]:
    return {m[2].strip() for m in _ENVIRONMENT.finditer(text) if m[1] == "begin"}


def _names(pairs: list[_Paired], document: Document) -> list[str]:
    """The file of an exercise and its label, or its place among the exercises of the file."""
    counts: dict[str, int] = {}
    names = []
    for pair in pairs:
        path, _ = document.origin(pair.exercise.start)
        counts[path] = counts.get(path, 0) + 1
        label = _own_label(pair.exercise, document.text)
        names.append(f"{path.rpartition('.')[0]}/{label or f'exercise-{counts[path]}'}")
    return names


def _own_label(piece: Piece, text: str) -> str:
    """The label at the head of an exercise."""
    match = _HEAD_LABEL.match(text, piece.start, min(piece.end, piece.start + _NEAR))
    keyed = re.search(r"\blabel\s*=\s*\{?([^,{}\]]+)", piece.label)
    return match[1] if match else keyed[1].strip() if keyed else ""


def _link(pairs: list[_Paired], found: list[Piece], document: Document) -> Iterator[Dead]:
    """Every answer to its exercise: the one that it stands in, that it points to, right before it, or of its chapter and number."""
    by_piece = {p.exercise: p for p in pairs}
    by_label = {label: p for p in pairs for label in _LABEL.findall(document.text[p.exercise.start : p.exercise.end])}
    by_label |= {label: p for p in pairs if (label := _own_label(p.exercise, document.text))}
    by_number = _by_number(pairs)
    before: Piece | None = None
    for piece in found:
        if piece.kind == "exercise":
            before = piece
            continue
        if piece.inside in by_piece:
            by_piece[piece.inside].inside.append(piece)
            continue
        pair = _pointed(piece, document, by_label)
        if pair is None and piece.listed:
            pair = _numbered(piece, by_number)
        elif pair is None and before is not None and before.headings[: len(piece.headings)] == piece.headings[: len(before.headings)]:
            pair = by_piece[before]
        if pair is None:
            path, line = document.origin(piece.start)
            yield Dead(
                "solution_without_exercise",
                f"the answer in {path}, line {line}, to {chapter_of(piece)[1]} {_number(piece)}",
                f"{path}#L{line}",
            )
        else:
            pair.outside.append(piece)


def _by_number(pairs: list[_Paired]) -> dict[tuple[str, str], _Paired | None]:
    """The exercise of a chapter (by number, by title) with a number; None where several have it. Those under a heading of their own below
    the chapter's exercises ("Additional Exercises") count anew and give way to the chapter's, and so do those in its running text."""
    out: dict[tuple[str, str], _Paired | None] = {}
    listing = {chapter_of(p.exercise) for p in pairs if p.exercise.listed}
    for pair in pairs:
        chapter, number = chapter_of(pair.exercise), _number(pair.exercise)
        if chapter in listing and not pair.exercise.listed:
            continue
        depth = len(pair.exercise.headings)
        for key in ((chapter[0], number), (_folded(chapter[1]), number)):
            other = out.get(key)
            if not key[0] or (other is not None and depth > len(other.exercise.headings)):
                continue
            same = key in out and (other is None or depth == len(other.exercise.headings))
            out[key] = None if same else pair
    return out


def _pointed(piece: Piece, document: Document, by_label: Mapping[str, _Paired]) -> _Paired | None:
    head = f"[{piece.label}] {document.text[piece.start : min(piece.end, piece.start + _NEAR)]}"
    keys = (a or b for a, b in _REF.findall(head))
    return next((by_label[k.strip()] for k in keys if k.strip() in by_label), None)


def _numbered(piece: Piece, by_number: Mapping[tuple[str, str], _Paired | None]) -> _Paired | None:
    """The exercise of the chapter whose title or number the heading of the answer names, with the answer's number."""
    chapter, title = chapter_of(piece)
    number = _number(piece)
    if "." in number and not chapter:
        chapter, _, number = number.rpartition(".")
    return by_number.get((_folded(title), number)) or by_number.get((chapter, number))


def _number(piece: Piece) -> str:
    return stated_number(piece.label) or str(piece.number)


def _folded(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.casefold()))


def _labels(document: Document, pairs: list[_Paired]) -> dict[str, str]:
    """What everything is that has a label: the number of an exercise, of others the environment around the label."""
    labels: dict[str, str] = {}
    stack: list[str] = []
    for match in _ENVIRONMENT.finditer(document.text):
        if match[1] == "begin":
            stack.append(match[2].strip())
        elif match[1] == "end" and stack:
            stack.pop()
        elif match[3]:
            around = next((s for s in reversed(stack) if s not in {"document", "enumerate", "itemize", "center"}), "section")
            labels.setdefault(match[3], _called(around))
    for pair in pairs:
        if label := _own_label(pair.exercise, document.text):
            labels[label] = _number(pair.exercise)
    return labels


def _called(environment: str) -> str:
    name = environment.rstrip("*")
    return "equation" if name in {"align", "eqnarray", "gather", "multline"} else name if name.isalpha() else ""


class _Reader:
    """Reads one exercise after the other."""

    def __init__(
        self, text: str, macros: Mapping[str, Macro], labels: Mapping[str, str], fonts: frozenset[str], apart: Mapping[str, str], book: str
    ) -> None:
        self._text, self._macros, self._labels, self._fonts, self._apart, self._book = text, macros, labels, fonts, apart, book

    def _writer(self) -> Writer:
        return Writer(self._macros, self._labels, self._fonts, self._apart)

    def read(self, pair: _Paired, native_id: str, position: int, path: str, line: int) -> BookExercise:
        """The exercise; _Empty where it asks nothing."""
        piece = pair.exercise
        writer = self._writer()
        asked = in_order(writer.text(self._text[piece.start : piece.end]))
        title = self._title(piece)
        if not asked and not writer.figures:
            raise _Empty
        problem = joined(title, asked)
        answers = [self._writer().text(self._text[p.start : p.end]) for p in pair.outside]
        solution = joined(*writer.kept_apart["answer"], *answers)
        chapter = next((h.title for h in piece.headings if h.level == 1), piece.headings[0].title if piece.headings else "")
        return BookExercise(
            native_id=native_id,
            position=position,
            text=joined(problem, solution_line(solution)),
            detail=Exercise(
                problem=problem,
                solution=solution,
                number=_number(piece),
                section=" > ".join(" ".join(filter(None, [h.number, h.title])) for h in piece.headings),
                book=self._book,
                figures=tuple(dict.fromkeys(writer.figures)),
            ),
            container="section",
            links=tuple(dict.fromkeys(u for u, _ in writer.links)),
            refers_to=tuple(dict.fromkeys(writer.elsewhere)),
            hint=joined(*writer.kept_apart["hint"]),
            path=path,
            line=line,
            heading=chapter,
        )

    def _title(self, piece: Piece) -> str:
        """The title of an exercise: what stands between the brackets of its environment and is neither number nor setting."""
        if piece.listed or not piece.label or stated_number(piece.label) == piece.label.strip(" ."):
            return ""
        keyed = _KEYED.search(piece.label)
        if keyed or "=" in piece.label:
            title = re.search(r"\b(?:title|name)\s*=\s*(?:\{([^{}]*)\}|([^,\]]*))", piece.label)
            return self._writer().text(title[1] or title[2]) if title else ""
        return self._writer().text(piece.label)
