"""What an exercise points at that is not in it: another exercise, a figure, a part that went before."""

from __future__ import annotations

import re

from thresher.cues import fold
from thresher.rules.exercise_citations import FEW_WORDS, OWN_NUMBERS, TABLE, cited, cites, is_aside
from thresher.rules.exercise_tasks import MATHEMATICS, NUMBER, PICTURE, gives_data
from thresher.rules.settings import ExerciseCues

_NUMBERED_HERE = re.compile(r"\\(?:begin|tag|\\)[^\n]{0,20}\(1\)")
"""A text that numbers its own equations."""
_NUMBERED = re.compile(r"(table|equation|figure|example|exercise|note)s?\s\(?(\d{1,4}(?:\.\d{1,4})?)\)?")
"""As links are named in a book of any language."""
_ONLY = {"figure": PICTURE, "table": re.compile(r"(?:\A|[^|\n]\n|\n\n)\|")}
"""How a figure or a table begins."""
_BY_NUMBER = re.compile(r"\b(?:from|in|by|using|into|en|aus|dans)\s(\(\d{1,2}(?:\.\d{1,2})?\))(?!\w)")
"""An equation or a part, named by its number alone."""
_LABELS = (":\n", ": |", ": \\[", ": [figure", " (previous):\n")
"""After a name: what it names stands there."""
PREVIOUS = " (previous):\n"
"""As the parser names the exercise before, where it gives it along."""
_PART = re.compile(r"\W{0,4}(?:\(?([b-h])[.)]|([\u24d1-\u24e9]))(?=\s|\Z)")
_OWN_TASK = re.compile(r"[^\n:]{8,120}:\s*(?:\\\(.+\\\)\W*|[^\n]{1,60}=[^\n]{1,60})", re.DOTALL)
"""``Convert to exponential form:`` and a formula."""
_ANOTHER = re.compile(
    r"\W{0,4}\w{3,14}\s(?:another|otr[oa]|une? autre|einen? weitere[ns]?|un[' ]?altr[oa]|outr[oa]|kolejn\w+)\s[^.?!:;]{1,40}[.?!]?\s*"
)
"""``Write another assumption.``: the first was asked for before."""
_FIRST_PART = re.compile(r"(?:\A|[\s(*])(?:a[.)]|\u24d0)(?:[\s*]|\Z)")
_OWN_PART = re.compile(r"(?:\A|[\s(*])(?:[ab1i][.)]|\u24d0)[\s*]")
_PART_WORD = re.compile(r"\b(?:parts?|partes?|incisos?|apartados?|literal|teil\w*|parties?|punto|alínea|item|częś\w+)\b")
_BACK = re.compile(r"above|earlier|the one\b|arriba|anteriormente|antes|acima|sopra|ci-dessus|plus haut|oben|powyżej|wyżej|wcześniej")
_BEFORE = re.compile(r"previous|preceding|prior\b|above|anterior|precedent|pr[ée]c[ée]dent|vorige|vorherige|poprzedni")
_PICTURED = re.compile(
    r"figure|graph|diagram|picture|image|photo|drawing|illustra|\bmap|chart|plot|shown|depicted|sketch|drawn|circuit|structure|below|above"
    r"|accompanying|following|figura|gr[áa]fic|imagen|dibujo|mostrad|muestra|aparece|abajo|arriba|dado|dada|graph|sch[ée]ma|montr|abbildung"
    r"|gezeigt|rysun|wykres|pokaza|mostrat|sotto|abaixo"
)
"""May speak of a picture."""
_NUMBERS_FOLLOW = re.compile(r"[^\d\n]{0,40}(?:[$-]?\d[\d.,]{0,12}%?(?:;|,\s)\s?){2}")
_ON = re.compile(r"below|following|a continuación|siguiente|abajo|abaixo|a seguir|sotto|seguent|ci-dessous|unten|folgend|poniżej|poniższ")
_PIECE = re.compile(
    r"exercise|problem|question|example|expression|expresión|section|chapter|module|figure|graph|diagram|picture|image|photo|drawing|\bmap|chart|illustration"
    r"|circuit|ejercicio|ejemplo|pregunta|capítulo|sección|figura|gráfic|imagen|dibujo|esercizi|esempi|exercice|exemple|aufgabe|beispiel"
    r"|abbildung|zada|przykład|rysun|exercício|exemplo|questão"
)
"""A part of a book, which cannot stand in the problem as a sentence can."""
_WHICH = re.compile(r"which|what of|cuál|qua[il]|le(?:s)?quel|laquelle|lesquelles|welche|któr")
_ENUMERATES = re.compile(r"[\n:,;(\[]|\s(?:or|o|ou|oder|lub|czy|y|and|e|et|und|i)\s")
"""After ``which of the following``: what is to be chosen from stands there."""
_WORKED = re.compile(r"example|ejemplo|exemple|exemplo|esempi|beispiel|przykład")
_WORKED_THERE = re.compile(r"(?:\A|\n)example \d{1,3}:\n")
_OWN_TITLE = re.compile(r"[,(:]\s?\Z")
_USES = re.compile(r"us[aeio]|utili|nutz|verwend|wykorz|użyj")
_CURVE = re.compile(r"(?:graph|gr[áa]fic[oa]|graphique|graphen|wykres\w*)\Z")
_OF_FUNCTION = re.compile(r"\s(?:of|de|del|du|des|di|do|da|della|von|der|funkcji)\s(?!arriba|abajo|la izquierda|la derecha|acima|abaixo)")
"""``en el gráfico de la función`` speaks of a curve and points at no picture."""
_THIS = re.compile(
    r"(?:this|est[ea]|ce|cette|dies\w{0,2}|quest[oa]|t[ęe]n)\s(?:graph|gr[áa]fic|wykres|diagram|sketch|figure|picture|dibujo)"
)
_A_MAP = re.compile(r"\b(?:an?|each|every)\s(?:[\w-]+\s){0,2}map\b")
"""A mapping; ``this map`` is one, too, behind formulas."""
_GRAPHS_FOLLOW = re.compile(r"following graphs|siguientes gr[áa]fic")
_FORMULA_FOLLOWS = re.compile(r"\n[^\n]{0,20}\\\([^\n]{0,200}=")
_BESIDE_NAME = re.compile(r"\s{0,2}(?:\(|in )((?:figure|table) \d{1,3})(?!\d)")
_SHOWN = re.compile(r"shown|graph|figure|plot|muestra|gr[áa]fic|figura|montr|gezeigt|wykres|mostrat")
_FUNCTION = re.compile(r"\\\([^\n]{0,200}?=[^\n]{0,200}?[xyt][^\n]{0,200}?\\\)(?![^\n]*=[^\n]*\\\))")
"""The last formula on a line that says what a function or a curve is; a picture of it shows no more."""
_FITTED = re.compile(
    r"[^.!?\n]{0,60}\b(?:fit|regression|model|curve|ajuste|regresión|modelo|curva)\b[^.!?\n]{0,40}?\\\([^\n]{0,80}?=[^\n]{0,20}\d"
)
"""Behind a graph: it only draws the curve whose equation follows."""
_ENDS = re.compile(r"[.!?\n]")
_ENDS_SENTENCE = re.compile(r"[.!?]\s|\n\n")
_CONSIDERS = re.compile(
    r"\b(?:consider\w{0,6}|recall\w{0,3}|remember|recuerd\w{1,3}|recordemos|considér\w{1,4}|lembr\w{1,4}|betracht\w{1,3}|rozważ\w{0,3}|ricord\w{1,4})"
    r"\s[^.!?\n]{0,60}\Z"
)
"""Before a thing described earlier, of which the next sentence says all."""
_ON_TO = 40
"""Characters behind a pointer in which it may say of what."""


def part_of_another(problem: str, stem: str, cues: ExerciseCues) -> str:
    """The letter of a problem that is a later part (``b. Is it larger?``) of one that is not there, or the word that says so."""
    if _ANOTHER.fullmatch(problem):
        return "another"
    match = _PART.match(problem)
    if match is None or _FIRST_PART.search(problem) or gives_data(stem, cues) or _OWN_TASK.fullmatch(problem, match.end()):
        return ""
    return match.group().strip()


def pieces_needed(pieces: tuple[str, ...], statement: str, cues: ExerciseCues, *, recapped: bool = True) -> tuple[str, ...]:
    """Of the texts that the book gives along, those that a problem does more than cite, and what these need themselves; without
    ``recapped`` only those of which it does not say itself what is needed."""
    folded, needed = fold(statement), []
    for piece in reversed(pieces):
        name = fold(piece.partition(":\n")[0])
        if f"{name}:\n".endswith(PREVIOUS):
            places = [m.span() for m in cues.elsewhere.finditer(folded) if points_back(_in_sentence(folded, m))]
        else:
            places = [m.span() for m in re.finditer(re.escape(name), folded)]
        if any(
            not (cites(folded, start, cues) or is_aside(folded, start, end, cues) or (not recapped and cited(folded, start, end, cues)))
            for start, end in places
        ):
            needed.append(piece)
            folded = f"{folded}\n\n{fold(piece)}"
    return tuple(reversed(needed))


def leans_elsewhere(folded: str, cues: ExerciseCues) -> str:
    """The words with which a problem points at something that it does not hold; empty where there are none. A table that stands in the
    problem may be pointed at, and so may its own parts, its own drawing, and what it said before or says below."""
    has_table, has_previous = "\n|" in folded, PREVIOUS in folded
    has_picture = "[" in folded and PICTURE.search(folded) is not None
    addressed = cues.addressees.match(folded)
    for match in cues.elsewhere.finditer(folded):
        words = match.group()
        if (addressed is not None and match.start() < addressed.end()) or cited(folded, match.start(), match.end(), cues):
            continue
        numbered = _NUMBERED.search(words)
        if numbered and (stands(f"{numbered.group(1)} {numbered.group(2)}", folded) or _NUMBERED_HERE.search(folded)):
            continue
        if numbered and _is_only_one(numbered.group(1), folded):
            continue
        if not numbered and ((has_table and TABLE.search(words)) or (has_picture and _PICTURED.search(words))):
            continue
        if _WORKED.search(words) and not numbered and _WORKED_THERE.search(folded):
            continue
        if has_previous and not numbered and points_back(_in_sentence(folded, match)):
            continue
        if _within(folded, match, cues):
            continue
        return words
    return next((m.group() for m in _BY_NUMBER.finditer(folded) if folded.count(m.group(1)) == 1), "")


def stands(name: str, folded: str) -> bool:
    """Whether what goes by a name stands in the text, under it."""
    if name not in folded:
        return False
    return (
        any(f"{name}{label}" in folded for label in _LABELS)
        or re.search(rf"{re.escape(name)}: [^\n\[]{{1,120}}\n(?:\[figure|\|)", folded) is not None
    )


def _is_only_one(kind: str, folded: str) -> bool:
    """Whether the one figure or table of a text must be that which it names by the number that it has in print."""
    if kind not in _ONLY or re.search(rf"(?:\A|\n){kind} \d[\d.]*:", folded):
        return False
    numbers = {m.group(2) for m in _NUMBERED.finditer(folded) if m.group(1) == kind}
    return len(numbers) == 1 and len(_ONLY[kind].findall(folded)) == 1


def points_back(words: str) -> bool:
    """Whether words speak of the exercise or example before."""
    return _BEFORE.search(words) is not None and _PIECE.search(words) is not None


def _in_sentence(folded: str, match: re.Match[str]) -> str:
    """The words of a pointer and those behind them that may say of what: ``you found in the previous exercise``."""
    return match.group() + _ENDS.split(folded[match.end() : match.end() + _ON_TO], maxsplit=1)[0]


def _within(folded: str, match: re.Match[str], cues: ExerciseCues) -> bool:
    """Whether what is pointed at stands in the same text."""
    words, before, after = match.group(), folded[: match.start()], folded[match.end() :]
    if words.startswith("section") and before.endswith(("cross ", "cross-")):
        return True
    if named := _BESIDE_NAME.match(after):
        return stands(named.group(1), folded)
    if words.endswith(" map"):
        return MATHEMATICS.search(before) is not None or _A_MAP.search(before) is not None
    if _WHICH.match(words):
        return _ENUMERATES.search(after.strip()) is not None
    if _CURVE.search(words) and _OF_FUNCTION.match(after):
        return True
    if _OWN_TITLE.search(before) and "\n" not in before and after[:1] == "\n":
        return True
    if not before.strip(" *") and after[:1] == ":":
        return True
    if _CONSIDERS.search(before) and (MATHEMATICS.search(after) or len(NUMBER.findall(after)) > OWN_NUMBERS):
        return _BACK.search(words) is not None
    if "data" in words and not _BACK.search(words) and not _ON.search(words) and len(NUMBER.findall(before)) > OWN_NUMBERS:
        return True
    if _SHOWN.search(words) and _FITTED.match(after):
        return True
    if _SHOWN.search(words) and _FUNCTION.search(before) and not _ENDS_SENTENCE.search(before[_FUNCTION.search(before).end() :]):  # type: ignore[union-attr]
        return True
    if _PART_WORD.search(words + after[:12]) and _OWN_PART.search(before):
        return True
    if _ON.search(words) and "\n```" in after:
        return True
    if _PIECE.search(words):
        if _GRAPHS_FOLLOW.search(words) and _FORMULA_FOLLOWS.search(after):
            return True
        own = _USES.match(words) is not None or _THIS.match(words) is not None or before.endswith("on ")
        return own and cues.drawing.search(before) is not None
    if _ON.search(words):
        return "\n" in after.strip() or "\\[" in after or _NUMBERS_FOLLOW.match(after) is not None
    return _BACK.search(words) is not None and len(before.split()) >= FEW_WORDS
