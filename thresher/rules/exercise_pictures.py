"""Pictures of an exercise: which it needs, which only illustrate, and whether its answer is one."""

from __future__ import annotations

import re

from thresher.cues import fold
from thresher.rules.exercise_captions import SHOWN, without_captions
from thresher.rules.exercise_keys import leaves_open, only_pictured
from thresher.rules.exercise_pointers import leans_elsewhere
from thresher.rules.exercise_tasks import MATHEMATICS, NUMBER, PICTURE, WHOLE_WORDS, begins_clause, is_data, prose
from thresher.rules.settings import ExerciseCues

_BLANK_AREA = re.compile(
    r"\b(?:blank|empty|unlabell?ed|en blanco|vac[íi][oa]s?|vuot[oa]|leere[rsn]?|vide|em branco|pust\w+)\b.{0,80}?"
    r"\b(?:grid|graph|plane|axes|axis|coordinate|line|table|plot|chart|plano|ejes|cuadr[íi]cula|gr[áa]fic[oa]|piano|assi|griglia|raster"
    r"|curve|curva|kurve|courbe|number line|recta|achsen|koordinaten\w*|rep[èe]re|grille|eixos|osie|siatk\w+)",
    re.IGNORECASE | re.DOTALL,
)
"""Where something is to be drawn."""
_EMPTY_PART = re.compile(r"(?:\(\w\)|[\u24d0-\u24e9])\s*(?=\(\w\)|[\u24d0-\u24e9]|\Z)")
_CREDIT = re.compile(r"\b(?:credits?|micrographs? provided|cr[ée]ditos?|cr[ée]dits?|crediti|bildnachweis|źródło)\b", re.IGNORECASE)
"""Below a photograph."""
_TELLS_MORE = re.compile(
    r"\b(?:diagrams?|charts?|maps?|tables?|circuits?|structures?|spectr\w+|labell?ed|histograms?|diagramas?|mapas?)\b", re.IGNORECASE
)
"""More than what a thing looks like."""
_SHOWN_IN = re.compile(
    r",?\s(?<!that\s)(?<!those\s)(?<!as\s)(?:shown|seen|pictured|depicted|illustrated|(?:que )?se (?:muestra|ve)n?)\s(?:in|en)\s(?:la )?"
    r"figure\s\d[\d.-]*(?:,(?=\s(?:is|was|has|are|es|tiene)\b))?",
    re.IGNORECASE,
)
"""Behind a thing: what it looks like is in a photograph."""
_ARE_SHOWN = re.compile(r"\b(?:shown|labell?ed|marked|se muestran?|señalad[oa]s?|marcad[oa]s?)\b", re.IGNORECASE)
_LOOKS = re.compile(
    r"\b(?:notice|distinctive|recogni[sz]e|(?<!to )identify|zoom on|this (?:image|slide|photo\w*|section of))\b", re.IGNORECASE
)
"""Asks for what is seen."""
_IN_PARENTHESES = re.compile(r"\(figure(?=\s\d)")
_FIGURE_NUMBER = re.compile(r"(?:\s\d[\d.-]*\d|\s\d)?(?:\([a-z]\))?(?:\s(?:below|above|here))?")
_GRAPH = re.compile(
    r"\b(?:graph(?:s|ed|ing)?|scatter ?plots?|plot of|plotted|grid|the curves?|[xy]-axis|number line|recta num\w+|gr[áa]fic[oa]s?|la curva"
    r"|graficad[oa]s?|graphiques?|courbes?|wykres\w*|schaubild\w*|graphen)\b",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    r"\b(?:increas|decreas|concav|inflection|c[óo]ncav|crecient|aument|disminu|inflexi[óo]n|as[íi]ntota|asymptote|croissant|wachs|rosn)",
    re.IGNORECASE,
)
"""What can be told of a graph in words."""
_STRAIGHT = re.compile(r"\b(?:straight lines?|l[íi]neas? rectas?|droites?|geraden?)\b", re.IGNORECASE)
_ASKS_SHAPE = re.compile(
    rf"{_SHAPE.pattern}|\b(?:one-to-one|biun[íi]voc|inyectiv|(?:horizontal|vertical) line test|recta (?:horizontal|vertical))",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"\b(?:circle|c[íi]rculo|circunferencia|cercle|kreis)\b.*\b(?:radius|radio|rayon)\b.{0,12}\d|\bline\b.*\b(?:slope|intercept)\b.*\bintercepts?\b|\brecta\b.*\b(?:pendiente|intersecci[óo]n)\b.*\bintersecci[óo]n"
    r"|\d\s?<=?\s?x|x\s?<=?\s?\d",
    re.IGNORECASE | re.DOTALL,
)
"""A straight line or a circle told whole, or an interval."""
_PARTIAL = re.compile(r"\b(?:zeroe?s|asymptotes?)\b", re.IGNORECASE)
_FULLY = re.compile(r"\b(?:stretch|compress|shift|reflect|translat|transpos|estira|desplaza|refleja)", re.IGNORECASE)
"""A transformed graph told whole."""
_FUNCTION = re.compile(r"\w\s?(?:\(\w\))?\s?=\s?[^,.;=]{0,40}?(?<!\w)[\d.]*[xyt](?!\w)")
_RAY = re.compile(
    r"number line.*\b(?:dot|circle|bracket|parenthes|arrow)|recta num.*\b(?:c[íi]rculo|punto|flecha)", re.IGNORECASE | re.DOTALL
)
_AXES = re.compile(r"\b(?:ax[ie]s|ejes?)\b.*\b(?:rang\w+|runs?|goes?|va|van|extend\w*|scale)\b", re.IGNORECASE)
"""A sentence that only says how large the paper is."""
_TABLE_PLOTTED = re.compile(
    r"(?<![^\n.] )(?:the|el|la)\s[^.\n|]{0,40}\b(?:plot|graph|gr[áa]fic[oa])\b[^.\n|]{0,120}?"
    r"\b(?:(?:is|are) shown|se muestran?)\b[^.\n|]{0,60}\.",
    re.IGNORECASE,
)
"""A sentence that only shows the data of the table in another form."""
_POINT = re.compile(r"\(\s*(?:negative |minus |menos )?[-\u2212\u2013]?\d[^()]{0,30}[,;]\s?[^()]{1,30}\)", re.IGNORECASE)
_NUMBER_WORD = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
    r"|zero|cero|un[oa]|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"\b(?:several|various|variou?s|some|each a different|vari[oa]s|alguno?s|certain)\b", re.IGNORECASE)
"""In a description: it does not say how many, or where."""
_CIRCUIT, _PLACES = re.compile(r"circuit", re.IGNORECASE), re.compile(r"\b(?:junction|loop [a-z]{2,}|the points)\b", re.IGNORECASE)
_CAPTION = re.compile(r"\n?[^\n]{0,2000}")
_LONG_WORD, _SAME = re.compile(r"[^\W\d_]{4,}"), 0.6
"""A word that says something, and the share of them that make two texts say the same."""
_WHOLE_STORY, _STORY = 40, 20
"""Words of a text that says itself what a picture beside it shows."""
_ORIGIN = re.compile(r"\b(?:origin|origen|origine|ursprung)\b", re.IGNORECASE)
_TOLD, _AT_LENGTH, _OF_ONE_POINT, _MANY_WORDS = 15, 60, 4, 8
"""Words of a description that tells a picture, and of one that goes through it; numbers that stand beside two points; words for numbers
from which on they are values and not counts (``three curves``)."""
_OWN_DATA, _FORMULAS = 2, 3
"""Numbers and equations, or formulas of any kind, with which a text says itself what a picture shows too."""


def illustration_left_out(text: str, cues: ExerciseCues, *, shared: bool, stem: str = "") -> str | None:
    """The text without pictures, where it needs none: they are empty areas to draw in, or it says all itself, with its stem, and points at
    none of them but to illustrate. None where a picture is needed, as one that several exercises share always is."""
    if PICTURE.search(text) is None:
        return text
    bare = without_captions(text)
    if PICTURE.search(bare) or _EMPTY_PART.search(bare):
        return None
    if all(_BLANK_AREA.search(m["alt"]) for m in SHOWN.finditer(text)):
        return bare
    photograph = _is_photograph(text)
    if shared and not photograph:
        return None
    stem = fold(f"{stem}\n\n")
    unpointed = not leans_elsewhere(stem + fold(bare), cues)
    draws = unpointed and any(begins_clause(stem + fold(bare), m) for m in cues.drawing.finditer(stem + fold(bare)))
    bare = _without_pointers(_TABLE_PLOTTED.sub("", bare) if "\n|" in bare else bare, cues)
    if not unpointed and photograph:
        bare = _SHOWN_IN.sub("", bare)
    if not unpointed and leans_elsewhere(stem + fold(bare), cues):
        return None
    return bare if _says_enough(bare, photograph=photograph, unpointed=unpointed, draws=draws) else None


def _is_photograph(text: str) -> bool:
    """Whether a text shows what something looks like, and no graph or diagram that says more than that."""
    return _CREDIT.search(text) is not None and _GRAPH.search(text) is None and _TELLS_MORE.search(text) is None


def _says_enough(bare: str, *, photograph: bool, unpointed: bool, draws: bool) -> bool:
    """Whether a text without its pictures says itself what it is about. What is to be drawn is drawn on a picture beside it (``draws``)."""
    formulas = [m.group(1) or m.group(2) for m in MATHEMATICS.finditer(bare)]
    data = sum(max(1, f.count("=")) for f in formulas if is_data(f)) + len(NUMBER.findall(MATHEMATICS.sub(" ", bare)))
    words = len(bare.split())
    if data >= _OWN_DATA or len(formulas) >= _FORMULAS or (words >= _WHOLE_STORY and _ARE_SHOWN.search(bare) is None):
        return True
    if unpointed and (words >= _STORY or draws) and data > 0 and _ARE_SHOWN.search(bare) is None:
        return True
    return photograph and words >= WHOLE_WORDS and _LOOKS.search(bare) is None


def described(text: str) -> bool:
    """Whether the book's own descriptions say of every picture of a text what can be read off it: points or numbers of a graph, whole
    sentences of anything else."""
    bare = without_captions(text)
    asked = _GRAPH.search(bare) is not None
    for match in SHOWN.finditer(text):
        alt = match["alt"]
        words = len(alt.split()) + len(_CAPTION.match(text, match.end()).group().split())  # type: ignore[union-attr]  # may be empty
        if len(alt.split()) < _AT_LENGTH and (_VAGUE.search(alt) or (_CIRCUIT.search(alt) and _PLACES.search(bare))):
            return False
        plotted = asked or _GRAPH.search(alt)
        if not (_shows_values(alt, text) if plotted else words >= _TOLD or _says_the_same(alt, bare) or _beside_formula(text, bare)):
            return False
    return PICTURE.search(SHOWN.sub("", text)) is None


def _says_the_same(alt: str, bare: str) -> bool:
    """Whether the words of a description are words of the text."""
    words = {w.lower() for w in _LONG_WORD.findall(alt)}
    return len(words) >= _FORMULAS and len(words & {w.lower() for w in _LONG_WORD.findall(bare)}) >= _SAME * len(words)


def _beside_formula(text: str, bare: str) -> bool:
    """Whether a picture only shows what something looks like, beside a text with a formula."""
    return _CREDIT.search(text) is not None and any(is_data(m.group(1) or m.group(2)) for m in MATHEMATICS.finditer(bare))


def _shows_values(alt: str, text: str) -> bool:
    """Whether the description of a graph says where it runs; where it only asks how the graph rises and bends, one point is enough."""
    alt = ". ".join(s for s in alt.split(". ") if _AXES.search(s) is None)
    points = len(_POINT.findall(alt))
    in_words = len(_NUMBER_WORD.findall(alt))
    numbers = len(NUMBER.findall(alt)) + (in_words if in_words >= _MANY_WORDS else 0)
    if points > 1 or len(_FUNCTION.findall(alt)) > 1 or _LINE.search(alt):
        return True
    if numbers and (_FULLY.search(alt) or _RAY.search(alt)):
        return True
    at_length = len(alt.split()) >= _TOLD
    if at_length and _ASKS_SHAPE.search(SHOWN.sub("", text)) and (_SHAPE.search(alt) or _STRAIGHT.search(alt)):
        return points == 1 or numbers > 0 or _ORIGIN.search(alt) is not None
    digits = 0 if _PARTIAL.search(alt) else len(NUMBER.findall(alt))
    return (numbers > _OF_ONE_POINT and (points == 1 or at_length)) or digits >= (_FORMULAS if at_length else _OF_ONE_POINT)


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
    return text.lstrip(" ,;")


def draws_only(statement: str, solution: str, cues: ExerciseCues) -> bool:
    """Whether the answer can only be drawn: the book's solution is a picture and no word, or there is none and nothing but a drawing is
    asked."""
    folded = fold(prose(statement))
    if not any(begins_clause(folded, m, purpose=True) for m in cues.drawing.finditer(folded)):
        return False
    if solution.strip() and not leaves_open(solution, cues):
        return only_pictured(solution)
    return "?" not in statement and cues.beside_drawing.search(cues.drawing.without(folded)) is None
