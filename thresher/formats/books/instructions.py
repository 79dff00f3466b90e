"""Instructions that speak to several exercises, and to how many: "For the following exercises", "los dos ejercicios siguientes".

In English, Spanish, French, German, Portuguese, Italian and Polish. In another language an instruction is known by its place alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ONE = (
    r"(?:exercise|problem|question|ejercicio|problema|pregunta|exercice|probl[èe]me|aufgabe|[üu]bung|frage|exerc[íi]cio|quest[ãa]o|pergunta"
    r"|esercizio|domanda|quesito|zadaniu|zadanie|[ćc]wiczeniu|[ćc]wiczenie|pytanie)"
)
_SEVERAL = (
    r"(?:exercises|problems|questions|ejercicios|problemas|preguntas|exercices|probl[èe]mes|aufgaben|[üu]bungen|fragen|exerc[íi]cios"
    r"|quest[õo]es|perguntas|esercizi|problemi|domande|quesiti|zadaniach|zadania|zada[ńn]|[ćc]wiczeniach|[ćc]wiczenia|[ćc]wicze[ńn]"
    r"|pytaniach|pytania|pyta[ńn])"
)
_NEXT = (
    r"(?:following|next|siguientes?|pr[óo]xim[oa]s?|suivante?s?|folgende[nrms]?|n[äa]chsten?|seguintes?|seguent[ei]|prossim[ie]"
    r"|nast[ęe]pn\w{1,3}|poni[żz]sz\w{1,3}|kolejn\w{1,3}|a\s+seguir|ci-dessous|que\s+siguen)"
)
_WORDS = r"(?:\w+\s+){0,2}?"
_INSTRUCTION = re.compile(
    rf"(?:\b\w+\s+)?\b{_NEXT}\s+{_WORDS}(?:{_ONE}|{_SEVERAL})\b|(?:\b\w+\s+)?\b(?:{_ONE}|{_SEVERAL})\s+(?:{_WORDS}{_NEXT}\b|that\s+follow|below)",
    re.IGNORECASE,
)
_NUMBERS = {
    word: n
    for n, words in enumerate(
        (
            "two dos deux zwei dois due dwóch dwa duas",
            "three tres trois drei três tre trzech trzy",
            "four cuatro quatre vier quatro quattro czterech cztery",
            "five cinco cinq fünf cinque pięciu pięć",
            "six seis sechs sei sześciu sześć",
            "seven siete sept sieben sete sette siedmiu siedem",
            "eight ocho huit acht oito otto ośmiu osiem",
            "nine nueve neuf neun nove dziewięciu dziewięć",
            "ten diez dix zehn dez dieci dziesięciu dziesięć",
            "eleven once onze elf undici",
            "twelve doce douze zwölf doze dodici",
        ),
        start=2,
    )
    for word in words.split()
}
_RANGE = re.compile(
    rf"\b{_SEVERAL}\s+(\d{{1,3}})\s*(?:(?:,\s*\d{{1,3}}\s*){{0,10}}(?:,\s*)?(?:and|und|et|[yei&])|[-\u2013\u2014]|through|to|bis|à|al?|do)\s*(\d{{1,3}})\b",
    re.IGNORECASE,
)
"""``exercises 17 and 18``, ``exercises 5-9``."""
_TABLE = re.compile(
    r"\btab(?:les?|las?|elas?|elle[ns]?|ell[ae]|eaux?|el[aiąęy]?)\b|\bdata\b|\bdatos\b|\bdonnées\b|\bdaten\b|\bdados\b|\bdati\b",
    re.IGNORECASE,
)
_MOST = 60
_EXAMPLE = r"(?:examples?|ejemplos?|exemples?|beispiele?|exemplos?|esemp[io]|przyk[łl]ad\w{0,3})"
_BEFORE = (
    r"(?:previous|preceding|prior|above|anterior(?:es)?|precedent[ei]|pr[ée]c[ée]dente?s?|vorige[nrs]?|vorherige[nrs]?|poprzedni\w{0,3})"
)
_ABOVE = r"(?:above|anterior(?:es)?|precedent[ei]|pr[ée]c[ée]dente?s?|poprzedni\w{0,3})"
_ANY = rf"(?:{_EXAMPLE}|{_ONE}|{_SEVERAL}|expression|expresi[óo]n)"
_BACK = re.compile(rf"\b(?:{_BEFORE}\s+(?:\w+\s+)?(?P<first>{_ANY})|(?P<second>{_ANY})\s+{_ABOVE})\b", re.IGNORECASE)
_BACK_STEMS = ("previ", "prec", "préc", "prior", "above", "anterior", "vorig", "vorher", "poprzedni")
"""One of them stands in every text that speaks of what went before."""
_IS_EXAMPLE = re.compile(_EXAMPLE, re.IGNORECASE)
_ARE_SEVERAL = re.compile(_SEVERAL, re.IGNORECASE)


def speaks_to_exercises(text: str) -> bool:
    """Whether a paragraph says that it is about exercises that follow."""
    return _INSTRUCTION.search(text) is not None or _RANGE.search(text) is not None


def speaks_to_next(text: str) -> bool:
    """Whether a paragraph says so of exercises right behind it, not of some by their numbers."""
    return _INSTRUCTION.search(text) is not None


def reach(text: str) -> int:
    """For how many exercises an instruction holds; 0 is all, or that it does not say."""
    if match := _RANGE.search(text):
        count = int(match.group(2)) - int(match.group(1)) + 1
        return count if 0 < count <= _MOST else 0
    match = _INSTRUCTION.search(text)
    if match is None:
        return 0
    words = match.group().lower().split()
    for word in words:
        if word.isdecimal() and 0 < int(word) <= _MOST:
            return int(word)
        if word in _NUMBERS:
            return _NUMBERS[word]
    return 0 if re.search(_SEVERAL + r"\b", match.group(), re.IGNORECASE) else 1


class Back(NamedTuple):
    """What right before an exercise it speaks of: a worked example, or so many exercises."""

    example: bool
    exercises: int


def refers_back(text: str) -> Back | None:
    """Whether a text speaks of "the previous exercise", "the two problems above", "el ejemplo anterior"."""
    low = text.lower()
    match = _BACK.search(text) if any(stem in low for stem in _BACK_STEMS) else None
    if match is None:
        return None
    noun = match["first"] or match["second"]
    if _IS_EXAMPLE.fullmatch(noun):
        return Back(True, 1)
    if _ARE_SEVERAL.fullmatch(noun) is None:
        return Back(False, 1)
    return Back(False, next((_NUMBERS[w] for w in match.group().lower().split() if w in _NUMBERS), 2))


def mentions_table(text: str) -> bool:
    """Whether a text speaks of a table or of data."""
    return _TABLE.search(text) is not None
