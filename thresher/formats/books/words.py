"""Words by which books name exercises and answers, in headings, environments and ids, in the languages whose exercises are read."""

from __future__ import annotations

import re

EXERCISE = (
    r"exercises?|exers?|exos?|problems?|probs?|questions?|quest[ãa]o|quest[õo]es|xca|checkpoints?|ejercicios?|problemas?|preguntas?|exercices?"
    r"|probl[èe]mes?|aufgaben?|[üu]bung(?:en)?|uebung(?:en)?|exerc[íi]cios?|esercizi[o]?|zadani[ea]|[ćc]wiczeni[ea]"
)
ANSWER = (
    r"solutions?|sols?|answers?|ans|soluciones|soluci[óo]n|respuestas?|r[ée]ponses?|corrig[ée]s?|l[öo]sung(?:en)?|loesung(?:en)?|antwort(?:en)?"
    r"|solu[çc][ãa]o|solu[çc][õo]es|respostas?|soluzion[ei]|rispost[ae]|odpowiedzi?|odpowied[źz]|rozwi[ąa]zani[ea]"
)
_AND = r"(?:\s*(?:and|&|y|e|et|und|i|or|to|,|of|for|de|des|der|zu|den)\s*)"
_KIND = (
    r"(?:(?:selected|additional|further|more|review|practice|programming|computer|chapter|section|end-of-chapter|odd-numbered|some|the"
    r"|supplementary|discussion|homework|worked|challenge|advanced|written|conceptual|sage)\s+)*"
)
EXERCISES_HEADING = re.compile(
    rf"(?:[\d.]+\s*)?{_KIND}(?:{EXERCISE})(?:{_AND}{_KIND}(?:{EXERCISE}))?(?:\s+sets?)?(?:\s*[\d.:]+)?", re.IGNORECASE
)
"""The heading of a list of exercises: ``Exercises``, ``Review Questions``, ``3.4 Problems``."""
ANSWERS_HEADING = re.compile(
    rf"(?:[\d.]+\s*)?{_KIND}(?:hints?{_AND})?(?:{ANSWER}|hints?)(?:{_AND}(?:{ANSWER}|hints?))?(?:{_AND}?\s*{_KIND}(?:{EXERCISE}))?",
    re.IGNORECASE,
)
"""The heading of a list of answers: ``Hints and Solutions``, ``Answers to Selected Exercises``."""
