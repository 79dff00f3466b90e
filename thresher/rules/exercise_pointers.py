"""What an exercise points at that is not in it: another exercise, a figure, a part that went before."""

from __future__ import annotations

import re

from thresher.rules.exercise_tasks import gives_data
from thresher.rules.settings import ExerciseCues

_NUMBERED = re.compile(r"(table|equation)s?\s(\d{1,4}(?:\.\d{1,4})?)\)?")
"""As links are named in a book of any language."""
_TABLE = re.compile(r"table|data|list|below$|above$|^refer to$|tabla|tabel|tableau|datos|dados|dati|daten")
_PART = re.compile(r"\W{0,4}(?:\(?([b-h])[.)]|([\u24d1-\u24e9]))(?=\s|\Z)")
_FIRST_PART = re.compile(r"(?:\A|[\s(*])(?:a[.)]|\u24d0)(?:[\s*]|\Z)")
_OWN_PART = re.compile(r"(?:\A|[\s(*])(?:[ab1i][.)]|\u24d0)[\s*]")
_PART_WORD = re.compile(r"\b(?:parts?|partes?|incisos?|apartados?|literal|teil\w*|parties?|punto|alínea|item|częś\w+)\b")
_BACK = re.compile(r"above|earlier|the one\b|arriba|anteriormente|antes|acima|sopra|ci-dessus|plus haut|oben|powyżej|wyżej|wcześniej")
_ON = re.compile(r"below|following|a continuación|siguiente|abajo|abaixo|a seguir|sotto|seguent|ci-dessous|unten|folgend|poniżej|poniższ")
_PIECE = re.compile(
    r"exercise|problem|question|example|section|chapter|module|figure|graph|diagram|picture|image|photo|drawing|\bmap|chart|illustration"
    r"|circuit|ejercicio|ejemplo|pregunta|capítulo|sección|figura|gráfic|imagen|dibujo|esercizi|esempi|exercice|exemple|aufgabe|beispiel"
    r"|abbildung|zada|przykład|rysun|exercício|exemplo|questão"
)
"""A part of a book, which cannot stand in the problem as a sentence can."""
_WHICH = re.compile(r"which|what of|cuál|qua[il]|le(?:s)?quel|laquelle|lesquelles|welche|któr")
_ENUMERATES = re.compile(r"[\n:,;(\[]|\s(?:or|o|ou|oder|lub|czy|y|and|e|et|und|i)\s")
"""After ``which of the following``: what is to be chosen from stands there."""
_USES = re.compile(r"us[aeio]|utili|nutz|verwend|wykorz|użyj")
_CURVE = re.compile(r"(?:graph|gr[áa]fic[oa]|graphique|graphen|wykres\w*)\Z")
_OF_FUNCTION = re.compile(r"\s(?:of|de|del|du|des|di|do|da|della|von|der|funkcji)\s(?!arriba|abajo|la izquierda|la derecha|acima|abaixo)")
"""``en el gráfico de la función`` speaks of a curve and points at no picture."""
_SMALL = frozenset({"", "in", "the", "in the", "en", "el", "la", "en el", "en la"})
_LOOK_BACK = 60
_FEW_WORDS = 15


def part_of_another(problem: str, stem: str, cues: ExerciseCues) -> str:
    """The letter of a problem that is a later part (``b. Is it larger?``) of one that is not there."""
    match = _PART.match(problem)
    if match is None or _FIRST_PART.search(problem) or gives_data(stem, cues):
        return ""
    return match.group().strip()


def leans_elsewhere(folded: str, cues: ExerciseCues) -> str:
    """The words with which a problem points at something that it does not hold; empty where there are none. A table that stands in the
    problem may be pointed at, and so may its own parts, its own drawing, and what it said before or says below."""
    has_table = "\n|" in folded
    addressed = cues.addressees.match(folded)
    for match in cues.elsewhere.finditer(folded):
        words = match.group()
        if (addressed is not None and match.start() < addressed.end()) or cites(folded, match.start(), cues):
            continue
        numbered = _NUMBERED.fullmatch(words)
        if numbered and any(f"{numbered.group(1)} {numbered.group(2)}{mark}" in folded for mark in (":\n", ": |", ": \\[")):
            continue
        if has_table and not numbered and _TABLE.search(words):
            continue
        if _within(folded, match, cues):
            continue
        return words
    return ""


def cites(folded: str, start: int, cues: ExerciseCues) -> bool:
    """Whether the words before a place only cite what stands there: ``as stated in``, ``a setup like that in``."""
    text = folded[max(0, start - _LOOK_BACK) : start]
    return any(text[m.end() :].strip(" (,") in _SMALL for m in cues.cites.finditer(text))


def _within(folded: str, match: re.Match[str], cues: ExerciseCues) -> bool:
    """Whether what is pointed at stands in the same text."""
    words, before, after = match.group(), folded[: match.start()], folded[match.end() :]
    if _WHICH.match(words):
        return _ENUMERATES.search(after.strip()) is not None
    if _CURVE.search(words) and _OF_FUNCTION.match(after):
        return True
    if _PART_WORD.search(words + after[:12]) and _OWN_PART.search(before):
        return True
    if _PIECE.search(words):
        return _USES.match(words) is not None and cues.drawing.search(before) is not None
    if _ON.search(words):
        return "\n" in after.strip() or "\\[" in after
    return _BACK.search(words) is not None and len(before.split()) >= _FEW_WORDS
