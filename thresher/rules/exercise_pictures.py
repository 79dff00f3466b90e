"""Pictures of an exercise: which it needs, which only illustrate, and whether its answer is one."""

from __future__ import annotations

import re

from thresher.cues import fold
from thresher.rules.exercise_captions import SHOWN, without_captions
from thresher.rules.exercise_keys import leaves_open
from thresher.rules.exercise_pointers import leans_elsewhere
from thresher.rules.exercise_tasks import MATHEMATICS, NUMBER, PICTURE, WHOLE_WORDS, begins_clause, is_data, prose
from thresher.rules.settings import ExerciseCues

_BLANK_AREA = re.compile(
    r"\b(?:blank|empty|unlabell?ed|en blanco|vac[íi][oa]s?|vuot[oa]|leere[rsn]?|vide|em branco|pust\w+)\b.{0,80}?"
    r"\b(?:grid|graph|plane|axes|axis|coordinate|line|table|plot|chart|plano|ejes|cuadr[íi]cula|gr[áa]fic[oa]|piano|assi|griglia|raster"
    r"|achsen|koordinaten\w*|rep[èe]re|grille|eixos|osie|siatk\w+)",
    re.IGNORECASE | re.DOTALL,
)
"""Where something is to be drawn."""
_EMPTY_PART = re.compile(r"(?:\(\w\)|[\u24d0-\u24e9])\s*(?=\(\w\)|[\u24d0-\u24e9]|\Z)")
_CREDIT = re.compile(r"\b(?:credits?|cr[ée]ditos?|cr[ée]dits?|crediti|bildnachweis|źródło)\b", re.IGNORECASE)
"""Below a photograph."""
_IN_PARENTHESES = re.compile(r"\(figure(?=\s\d)")
_FIGURE_NUMBER = re.compile(r"(?:\s\d[\d.-]*\d|\s\d)?(?:\([a-z]\))?(?:\s(?:below|above|here))?")
_WORD = re.compile(r"\w")
_OWN_DATA, _FORMULAS = 2, 3
"""Numbers and equations, or formulas of any kind, with which a text says itself what a picture shows too."""


def illustration_left_out(text: str, cues: ExerciseCues, *, shared: bool) -> str | None:
    """The text without pictures, where it needs none: they are empty areas to draw in, or it says all itself and points at none of them but
    to illustrate. None where a picture is needed, as one that several exercises share always is."""
    if PICTURE.search(text) is None:
        return text
    bare = without_captions(text)
    if PICTURE.search(bare) or _EMPTY_PART.search(bare):
        return None
    if all(_BLANK_AREA.search(m["alt"]) for m in SHOWN.finditer(text)):
        return bare
    if shared:
        return None
    bare = _without_pointers(bare, cues)
    if leans_elsewhere(fold(bare), cues):
        return None
    formulas = [m.group(1) or m.group(2) for m in MATHEMATICS.finditer(bare)]
    data = sum(map(is_data, formulas)) + len(NUMBER.findall(MATHEMATICS.sub(" ", bare)))
    is_photograph = _CREDIT.search(text) is not None and len(bare.split()) >= WHOLE_WORDS
    return bare if data >= _OWN_DATA or len(formulas) >= _FORMULAS or is_photograph else None


def _without_pointers(text: str, cues: ExerciseCues) -> str:
    """A text without the words that only point at an illustration: ``, as shown in Figure 3``, ``(see Figure 3)``."""
    folded = fold(text)
    spans = [(m.start(), _FIGURE_NUMBER.match(folded, m.end())) for m in cues.illustrated.finditer(folded)]
    spans += [(m.start() + 1, _FIGURE_NUMBER.match(folded, m.end())) for m in _IN_PARENTHESES.finditer(folded)]
    for begin, number in sorted(((b, n) for b, n in spans if n is not None), key=lambda span: span[0], reverse=True):
        start, end = len(text[:begin].rstrip(" ,(")), number.end()
        if "(" in text[start:begin]:
            closing = text.find(")", end, end + 3)
            if closing < 0:
                continue
            end = closing + 1
        if text[:start].endswith((".", "!", "?", "\n", ".\\)", "?\\)")) or not start:
            end += text.startswith((".", ";"), end)
        text = text[:start] + text[end:]
    return text


def draws_only(statement: str, solution: str, cues: ExerciseCues) -> bool:
    """Whether the answer can only be drawn: the book's solution is a picture and no word, or there is none and nothing but a drawing is
    asked."""
    folded = fold(prose(statement))
    if not any(begins_clause(folded, m, purpose=True) for m in cues.drawing.finditer(folded)):
        return False
    if solution.strip() and not leaves_open(solution, cues):
        return PICTURE.search(solution) is not None and _WORD.search(without_captions(solution)) is None
    return "?" not in statement and cues.beside_drawing.search(folded) is None
