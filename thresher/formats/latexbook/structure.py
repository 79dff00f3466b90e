"""Chapters, environments and lists of a document, found without reading the text in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from thresher.formats.books.macros import argument
from thresher.formats.books.words import ANSWER, ANSWERS_HEADING, EXERCISE, EXERCISES_HEADING

LEVELS = {"part": 0, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_TOKEN = re.compile(
    r"\\(?P<head>part|chapter|section|subsection|subsubsection)(?P<star>\*?)\s*(?:\[[^\]]*\]\s*)?(?=\{)"
    r"|\\(?P<edge>begin|end)\s*\{(?P<name>[^{}]*)\}"
    r"|\\(?P<set>setcounter|addtocounter)\s*\{(?P<counter>\w+)\}\s*\{(?P<value>-?\d+)\}"
    r"|\\(?P<appendix>appendix)\b"
    r"|\\(?P<item>item|question|titledquestion|bonusquestion)(?![A-Za-z@])"
)
_THEOREM = re.compile(
    r"\\(?:newtheorem|spnewtheorem|declaretheorem|newtcbtheorem|theoremstyle\{\w+\}\s*\\newtheorem)\*?\s*\{(?P<name>[^{}]+)\}\s*(?:\[[^\]]*\])?\s*\{(?P<title>[^{}]*)\}"
)
_SINGULAR = (
    r"(?:exercise|exer|exercice|ejercicio|exerc[íi]cio|esercizio|problem|probleme|problema|prob|xca|question|aufgabe|uebung|[üu]bung|exo"
    r"|zadanie|[ćc]wiczenie)"
)
_EXERCISE_NAME = re.compile(rf"(?:my|the|book|text|home|practice|review|inline|in)?{_SINGULAR}(?:env|box|item)?\*?", re.IGNORECASE)
_SET_NAME = re.compile(
    r"(?:exercises|problems|questions|exerciselist|exerciseset|problemset|exercisegroup|exercices|ejercicios|aufgaben|uebungen|exset|xcb)\*?",
    re.IGNORECASE,
)
_ANSWER_NAME = re.compile(rf"(?:my|the|ex|exercise)?(?:{ANSWER}|soln|solu)(?:env|box|orbox|orlines)?\*?", re.IGNORECASE)
_HINT_NAME = re.compile(r"hints?\*?", re.IGNORECASE)
_LISTS = frozenset(
    {"enumerate", "itemize", "list", "compactenum", "asparaenum", "enumerate*", "tasks", "description", "inparaenum", "trivlist"}
)
_OTHER = re.compile(
    r".*\b(?:references?|readings?|notes?|bibliograph|summary|historical|answers?|solutions?|further|sage|glossary|index|appendix)\b.*",
    re.IGNORECASE,
)
"""Headings below one of exercises under which there are none."""
_WORD_OF_EXERCISE = re.compile(rf"(?:{EXERCISE})\.?", re.IGNORECASE)
_WORD_OF_ANSWER = re.compile(rf"(?:{ANSWER})\.?", re.IGNORECASE)
_NUMBERED_HEADING = re.compile(
    r"\s*(?:(?:chapter|section|cap[íi]tulo|chapitre|kapitel|\u00a7)\s*)?(?P<number>\d+(?:\.\d+)*)\b[.:]?\s*(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_LAYOUT = re.compile(r"\\[A-Za-z]+\*?|[{}\[\]~]")


@dataclass(frozen=True, slots=True)
class Words:
    """The environments of a document that hold exercises, answers and hints."""

    exercises: frozenset[str]
    answers: frozenset[str]

    def is_exercise(self, name: str) -> bool:
        """Whether an environment is one exercise."""
        return name in self.exercises or (_EXERCISE_NAME.fullmatch(name) is not None and name not in self.answers)

    def is_answer(self, name: str) -> bool:
        """Whether an environment is an answer."""
        return name in self.answers or (_ANSWER_NAME.fullmatch(name) is not None and name not in self.exercises)

    @staticmethod
    def is_hint(name: str) -> bool:
        """Whether an environment is a hint."""
        return _HINT_NAME.fullmatch(name) is not None


def words_in(text: str) -> Words:
    """The environments that a preamble calls ``Exercise`` and ``Solution`` in the words that the reader sees."""
    titles = [(m["name"], m["title"].strip(" .:")) for m in _THEOREM.finditer(text)]
    return Words(
        frozenset(n for n, t in titles if _WORD_OF_EXERCISE.fullmatch(t)), frozenset(n for n, t in titles if _WORD_OF_ANSWER.fullmatch(t))
    )


@dataclass(frozen=True, slots=True)
class Heading:
    """A chapter or section: its level, the words of its title, and its number where it is counted."""

    level: int
    title: str
    number: str


@dataclass(eq=False)
class Piece:
    """An exercise or an answer: the text from ``start`` to ``end``, where it stands, and what numbers it."""

    kind: str
    """``exercise`` or ``answer``."""
    start: int
    end: int
    headings: tuple[Heading, ...]
    label: str = ""
    """What stands between the brackets of an item or of an environment."""
    number: int = 0
    """Its place in its list, or of its environment in its chapter."""
    listed: bool = False
    inside: Piece | None = None
    """The exercise that an answer stands in."""


@dataclass
class _State:
    headings: list[Heading] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    appendix: bool = False


@dataclass
class _Open:
    """An environment that is open: its name, where its content begins, and of a list its counter and its last item."""

    name: str
    start: int
    role: str = ""
    piece: Piece | None = None
    counter: int = 0
    items: str = ""
    """What the items of a list are: exercises or answers."""
    item: Piece | None = None


def pieces(text: str, words: Words) -> list[Piece]:
    """All exercises and answers of a document in order."""
    out: list[Piece] = []
    state, stack, counts = _State(), [], {}  # type: tuple[_State, list[_Open], dict[str, int]]
    for token in _TOKEN.finditer(text):
        if token["head"]:
            title = argument(text, token.end())
            if title is not None:
                _close_items(stack, token.start())
                _enter(state, token["head"], bool(token["star"]), title[0])
        elif token["set"]:
            _set(state, stack, token)
        elif token["appendix"]:
            state.appendix, state.counters["chapter"] = True, 0
        elif token["item"]:
            _item(text, token, stack, state, out)
        elif token["edge"] == "begin":
            stack.append(_begin(text, token, stack, state, words, counts, out))
        else:
            _end(token, stack)
    return [p for p in out if p.end >= p.start]


def _enter(state: _State, name: str, starred: bool, title: str) -> None:
    """A heading: those of its level and below it end."""
    level = LEVELS[name]
    state.headings = [h for h in state.headings if h.level < level]
    number = ""
    if not starred:
        state.counters[name] = state.counters.get(name, 0) + 1
        for below, other in LEVELS.items():
            if other > level:
                state.counters[below] = 0
        number = ".".join(
            str(state.counters.get(n, 0))
            for n in ("chapter", "section", "subsection")
            if 1 <= LEVELS[n] <= level and (n != "chapter" or "chapter" in state.counters)
        )
        if state.appendix and number:
            first, _, rest = number.partition(".")
            number = chr(64 + min(int(first), 26)) + (f".{rest}" if rest else "")
    state.headings.append(Heading(level, plain_title(title), number))


def plain_title(title: str) -> str:
    """A title without its commands."""
    return " ".join(_LAYOUT.sub(" ", title.replace("\\&", "and").replace("$", "")).split())


def _set(state: _State, stack: list[_Open], token: re.Match[str]) -> None:
    name, value = token["counter"], int(token["value"])
    added = token["set"] == "addtocounter"
    if name.startswith("enum"):
        target = next((o for o in reversed(stack) if o.role == "list"), None)
        if target is not None:
            target.counter = value + (target.counter if added else 0)
        return
    state.counters[name] = value + (state.counters.get(name, 0) if added else 0)


def _scope(state: _State) -> str:
    """``exercise``, ``answer`` or nothing: what the headings say of the lists below them."""
    scope = ""
    for heading in state.headings:
        title = heading.title.strip(" .:")
        if ANSWERS_HEADING.fullmatch(title) and not EXERCISES_HEADING.fullmatch(title):
            scope = "answer"
        elif EXERCISES_HEADING.fullmatch(title):
            scope = "exercise" if scope != "answer" else "answer"
        elif scope == "exercise" and _OTHER.fullmatch(title):
            scope = ""
    return scope


def _begin(
    text: str, token: re.Match[str], stack: list[_Open], state: _State, words: Words, counts: dict[str, int], out: list[Piece]
) -> _Open:  # fmt: skip
    name = token["name"].strip()
    opened = _Open(name, token.end())
    inside = next((o.piece or o.item for o in reversed(stack) if (o.piece or o.item) is not None), None)
    if words.is_answer(name) or words.is_exercise(name):
        kind = "answer" if words.is_answer(name) else "exercise"
        if kind == "exercise" and inside is not None and inside.kind == "exercise":
            return opened
        label, start = _optional(text, token.end())
        chapter = next((h.number or h.title for h in state.headings if h.level == 1), "")
        key = f"{kind} {chapter}"
        counts[key] = counts.get(key, 0) + 1
        opened.role = kind
        opened.piece = Piece(kind, start, -1, tuple(state.headings), label, counts[key], inside=inside if kind == "answer" else None)
        out.append(opened.piece)
    elif name in _LISTS or _SET_NAME.fullmatch(name):
        scope = "exercise" if _SET_NAME.fullmatch(name) else _scope(state)
        outer = any(o.role in {"list", "exercise", "answer"} for o in stack)
        if scope and not outer:
            opened.role, opened.items = "list", scope
    return opened


def _item(text: str, token: re.Match[str], stack: list[_Open], state: _State, out: list[Piece]) -> None:
    """An item is an exercise where its list is one of exercises and no other list stands between."""
    top = next((o for o in reversed(stack) if o.role or o.name in _LISTS or _SET_NAME.fullmatch(o.name)), None)
    if top is None or top.role != "list":
        return
    if top.item is not None:
        top.item.end = token.start()
    label, start = _optional(text, token.end())
    top.counter += not label or not re.search(r"\d", label)
    top.item = Piece(top.items, start, -1, tuple(state.headings), label, top.counter, listed=True)
    out.append(top.item)


def _end(token: re.Match[str], stack: list[_Open]) -> None:
    name = token["name"].strip()
    if not any(o.name == name for o in stack):
        return
    while stack:
        opened = stack.pop()
        for piece in (opened.piece, opened.item):
            if piece is not None and piece.end < 0:
                piece.end = token.start()
        if opened.name == name:
            return


def _close_items(stack: list[_Open], at: int) -> None:
    """A heading ends every list that its author forgot to end."""
    while stack and stack[-1].role == "list":
        opened = stack.pop()
        if opened.item is not None and opened.item.end < 0:
            opened.item.end = at


def _optional(text: str, at: int) -> tuple[str, int]:
    """What stands between brackets at a place, braces in it balanced, and where it ends."""
    start = at
    while at < len(text) and text[at] in " \t\n":
        at += 1
    if text[at : at + 1] != "[":
        return "", start
    depth = 0
    for i in range(at + 1, min(len(text), at + 400)):
        depth += (text[i] == "{") - (text[i] == "}")
        if text[i] == "]" and depth <= 0:
            return text[at + 1 : i], i + 1
    return "", start


def chapter_of(piece: Piece) -> tuple[str, str]:
    """Number and title of the chapter of an exercise, or of the heading under which an answer stands (``Chapter 0. Preliminaries``)."""
    if piece.kind == "exercise":
        chapter = next((h for h in piece.headings if h.level == 1), None) or (piece.headings[0] if piece.headings else None)
        return (chapter.number, chapter.title) if chapter else ("", "")
    for heading in reversed(piece.headings):
        title = heading.title
        if ANSWERS_HEADING.fullmatch(title.strip(" .:")):
            break
        match = _NUMBERED_HEADING.fullmatch(title)
        return (match["number"], match["title"]) if match else ("", title)
    return "", ""


def stated_number(label: str) -> str:
    """The number in the label of an item: ``12`` of ``{\\bf 12.}``."""
    match = re.search(r"\d+(?:\.\d+)*", label)
    return match[0] if match else ""
