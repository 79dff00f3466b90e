"""What an exercise only cites: a pointer behind which it says itself all that is needed."""

from __future__ import annotations

import re

from thresher.rules.exercise_tasks import NUMBER
from thresher.rules.settings import ExerciseCues

_OPENING = re.compile(r"figure\s\d{1,3}\s(?:shows|illustrates|depicts)\s(?:an?|how)\b(?![^.]{0,60}(?:graph|circuit|plot|diagram|curve))")
_STOPS, _WHOLE_STORY, _LONG = ("", "\n", ".", "!", "?"), 40, 20
_AS_IN = re.compile(r"\b(?:as|like) in (?:the )?\Z")
_FOR = re.compile(r"(?:for|to|para|pour|für|per|dla)\b")
_GIVEN = re.compile(r"\b(?:the|an?|el|la)\s\d[\d.,]*[-\s](?:\w+[-\s]){1,4}(?:in|of|from|de|en)\s\Z")
_SMALL = r"[\s(,]*(?:(?:in|en|the|a|an|el|la)[\s(,]+){0,2}"
_AS = re.compile(r"\b(?:as|like|como|comme|come|wie|jak)\s\Z")
_TOLD = re.compile(
    r"(?:discussed|described|considered|studied|mentioned|introduced|stated|noted|explained|derived|shown in|seen|vimos|visto|vista"
    r"|analizamos|estudiamos|mencionad[oa]|descrit[oa]|comentamos)\b"
)
"""With ``as`` before it, or with numbers enough behind it, a text says itself what was discussed."""
_TOLD_IN = re.compile(r"\b(?:discussed|considered|studied|mentioned|introduced|analyzed)\s(?:(?:in|at)\s(?:the\s)?)?\Z")
_LOOK_BACK = 90
_HINT = re.compile(r"[*_(]{0,3}(?:hint|pista|sugerencia|indicaci[óo]n|dica|sugest[ãa]o|suggerimento|indication|hinweis|tipp|wskazówka)s?\b")
_PROVED = re.compile(r"theorem|lemma|proposition|corollary|definition|teorema|proposici[óo]n|corolario|definici[óo]n")
"""What is only named where the words around say it: ``we order L, as in Theorem 3, by``."""
_NAMES = r"[a-z][\w'-]*(?:\s[a-z][\w'-]*){0,3}"
_LISTS = re.compile(rf":\s{_NAMES}(?:,\s{_NAMES}){{2,8}}[.;]")
"""Behind a pointer: the names of all that stands there."""
TABLE = re.compile(r"table|data|list|below$|above$|^refer to$|tabla|tabel|tableau|datos|dados|dati|daten")
FEW_WORDS = 15
OWN_NUMBERS, _MANY_NUMBERS = 2, 3
"""From here on a text gives numbers of its own."""


def cited(folded: str, start: int, end: int, cues: ExerciseCues) -> bool:
    """Whether a text only cites what it points at between two places, and says itself what is needed: ``as stated in``, ``a setup like
    that in``, ``(see also ...)``, ``in ..., we found that``, ``the 70.0-kg swimmer in``."""
    return (
        _in_footnote(folded, start, end)
        or _in_hint(folded, start, end)
        or _LISTS.match(folded, end) is not None
        or (
            _PROVED.match(folded, start) is not None
            and folded[:start].endswith((", as in ", ", como en el "))
            and folded[end : end + 1] == ","
        )
        or cites(folded, start, cues)
        or is_aside(folded, start, end, cues)
        or _recaps(folded, end, cues)
        or _says_itself(folded, start)
        or _opens(folded, start)
    )


def _in_footnote(folded: str, start: int, end: int) -> bool:
    """Whether a place stands in a footnote, which says nothing that a problem needs unless it sends to data."""
    opening = folded.rfind("[note:", 0, start)
    return opening >= 0 and "]" not in folded[opening:start] and TABLE.search(folded[start:end]) is None


def _in_hint(folded: str, start: int, end: int) -> bool:
    """Whether a place stands in a paragraph that begins with ``Hint:``."""
    paragraph = folded.rfind("\n", 0, start) + 1
    return _HINT.match(folded, paragraph) is not None and TABLE.search(folded[start:end]) is None


def cites(folded: str, start: int, cues: ExerciseCues) -> bool:
    """Whether the words before a place say that it is only cited: ``as stated in``, ``as`` before ``discussed in``."""
    before = folded[max(0, start - _LOOK_BACK) : start]
    return cues.cites.ends(before, _SMALL) or (_AS.search(before) is not None and _TOLD.match(folded, start) is not None)


def is_aside(folded: str, start: int, end: int, cues: ExerciseCues) -> bool:
    """Whether the place is a parenthesis that only sends to more of the same: ``(see also Exercise 7)``, ``the law (Equation 6.4)``."""
    opening = folded.rfind("(", max(0, start - _LOOK_BACK), start + 1)
    if opening < 0 or folded[opening - 1 : opening] == "\\" or ")" in folded[opening:start]:
        return False
    closing = folded.find(")", end - 1, end + _LOOK_BACK)
    words = folded[opening + 1 : start].strip()
    is_for = _FOR.match(folded[end:closing].strip()) is not None and not words.startswith("you ")
    if closing < 0 or TABLE.search(folded[start:end]) or is_for:
        return False
    if not words and not cues.asides.match(folded, start):
        law = folded[start:end].startswith(("equation", "ecuación"))
        return law or len(NUMBER.findall(folded)) >= OWN_NUMBERS
    aside = cues.asides.match(folded[opening + 1 : end]) or _AS_IN.search(folded[opening:start])
    return aside is not None and len(folded.split()) >= FEW_WORDS


def _recaps(folded: str, end: int, cues: ExerciseCues) -> bool:
    """Whether the words behind a place say what stands there: ``In Example 2, we found that``."""
    after = folded[end : end + _LOOK_BACK]
    match = cues.recaps.match(after.lstrip(" ,)"))
    return match is not None and (NUMBER.search(folded) is not None or "\\(" in folded or "\\[" in folded or len(folded.split()) > _LONG)


def _says_itself(folded: str, start: int) -> bool:
    """Whether a place stands behind a thing whose quantity is given: ``The 70.0-kg swimmer in``."""
    before = folded[max(0, start - _LOOK_BACK) : start]
    numbers = len(NUMBER.findall(folded))
    if numbers > _MANY_NUMBERS and (_TOLD.match(folded, start) or _TOLD_IN.search(before)):
        return True
    return numbers > OWN_NUMBERS and _GIVEN.search(before) is not None


def _opens(folded: str, start: int) -> bool:
    """Whether a place opens a sentence that says what a figure shows, ``Figure 4 shows how``, in a text that goes on without it."""
    return _OPENING.match(folded, start) is not None and folded[:start].rstrip(" *")[-1:] in _STOPS and len(folded.split()) >= _WHOLE_STORY
