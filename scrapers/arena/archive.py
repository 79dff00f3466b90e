"""Failure archives: a README that lists failures one after another, each with a title, a transcript and what would have been right.

An entry is a ``<details>`` block or a section under a heading. It is a case where it quotes the prompt and what the model said; most show a
picture instead, and say so. A file in which a prompt and its expected response stand under those words is read as a list of one question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from scrapers.arena.rows import NEGATIVE, Case, Row, row_id
from thresher.model import Battle, Message, Response
from thresher.text import clean

SUFFIXES: Final = (".md", ".markdown")
MAX_BYTES: Final = 16 * 2**20

_DETAILS: Final = re.compile(r"<details[^>]*>\s*<summary[^>]*>(?P<title>.*?)</summary>(?P<body>.*?)</details>", re.DOTALL | re.IGNORECASE)
_HEADING: Final = re.compile(r"^ {0,3}#{2,5} +(?P<title>[^\n]+?)[ #]*$", re.MULTILINE)
_TAG: Final = re.compile(r"<[^<>\n]{1,200}>")
_IMAGE: Final = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)|<img\b")
_LINK: Final = re.compile(r"https?://[^\s)>\"]+")
_LABEL: Final = re.compile(
    r"^[ \t]*(?:[-*+>][ \t]+)?(?:__|\*\*)(?P<who>[A-Z][\w .()-]{0,39}?)(?::(?:__|\*\*)|(?:__|\*\*):)[ \t]*", re.MULTILINE
)
_NOTE: Final = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+)?(?:\*{2,3}|__)(?P<name>[A-Z][\w ?']{2,40}?):?(?:\*{2,3}|__):?[ \t]*(?P<text>[^\n]*)", re.MULTILINE
)
_ENDS: Final = re.compile(r'^[ \t]*(?:#{1,6} |""")', re.MULTILINE)
_FENCE: Final = re.compile(r"^[ \t]*```.*?^[ \t]*```", re.MULTILINE | re.DOTALL)
_PEOPLE: Final = frozenset(("user", "human", "me", "prompt", "question", "q", "i", "you", "input"))
_NOTES: Final = {
    "correct answer": "correct", "right answer": "correct", "expected": "correct", "expected answer": "correct",
    "expected response": "correct",
    "mistake": "mistake", "error": "mistake", "what went wrong": "mistake", "reproducible?": "reproducible", "reproducible": "reproducible",
    "original source": "other", "plausible explanation": "other", "note": "other", "notes": "other", "source": "other",
}  # fmt: skip
_EXPECTED: Final = re.compile(
    r"^\*\*Prompt:?\*\*:?\s*(?P<prompt>.+?)\n\s*\*\*Expected (?:Response|Answer|Output):?\*\*:?\s*(?P<expected>.+?)(?=\n#|\n\*\*[A-Z]|\Z)",
    re.MULTILINE | re.DOTALL,
)


def markdown_rows(text: str) -> Iterator[dict[str, Any]]:
    """The entries of an archive as rows; none where a text is no archive."""
    text = text.replace("\r\n", "\n")
    if expected := list(_EXPECTED.finditer(text)):
        yield from ({"question": _unquoted(one["prompt"]), "human_answer": _unquoted(one["expected"])} for one in expected)
        return
    entries = [(one["title"], one["body"]) for one in _DETAILS.finditer(text)] or list(_sections(text))
    rows = [_entry(title, body) for title, body in entries]
    if any(row["transcript"] for row in rows):
        yield from rows


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] in '"\u201c' and text[-1] in '"\u201d' else text


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Sections in which somebody speaks; ``Transcript`` and ``Notes`` belong to the one above them."""
    marks = [one for one in _HEADING.finditer(text) if one["title"].strip(" *_:").lower() not in {"transcript", "notes", "conversation"}]
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        body = text[mark.end() : end]
        if len(_LABEL.findall(body)) > 1:
            yield mark["title"], body


def _entry(title: str, body: str) -> dict[str, Any]:
    notes: dict[str, str] = {}
    for note in _NOTE.finditer(body):
        if name := _NOTES.get(note["name"].strip().lower()):
            notes.setdefault(name, note["text"].strip())
    link = _LINK.search(body)
    return {
        "title": _TAG.sub("", title).strip(),
        "transcript": list(_turns(body)),
        "correct_answer": notes.get("correct", ""),
        "mistake": notes.get("mistake", ""),
        "reproducible": notes.get("reproducible", ""),
        "url": link[0] if link else "",
        "images": len(_IMAGE.findall(body)),
    }


def _turns(body: str) -> Iterator[dict[str, str]]:
    labels = [one for one in _LABEL.finditer(body) if one["who"].strip().lower() not in _NOTES]
    ends = [*(label.start() for label in labels[1:]), len(body)]
    for label, end in zip(labels, ends, strict=False):
        fences = [fence.span() for fence in _FENCE.finditer(body, label.end(), end)]
        stops = (one.start() for one in _ENDS.finditer(body, label.end(), end))
        said = body[label.end() : next((at for at in stops if not any(a <= at < b for a, b in fences)), end)]
        if said.strip():
            yield {"who": label["who"].strip(), "said": "\n".join(line.removeprefix("  ") for line in said.strip().split("\n"))}


def failure(row: Row) -> Case:
    """One entry. What is known to be right is about the first answer; without that the last answer is the one that is shown as failing."""
    turns = [Message("user" if one["who"].lower() in _PEOPLE else "assistant", clean(one["said"])) for one in row["transcript"]]
    models = [one["who"] for one in row["transcript"] if one["who"].lower() not in _PEOPLE]
    answers = [n for n, turn in enumerate(turns) if turn.role == "assistant" and n and turns[0].role == "user"]
    correct = clean(row.get("correct_answer") or "")
    noted = bool(correct or row.get("mistake"))
    marks: dict[str, Any] = {"title": row["title"], **({"reproducible": row["reproducible"]} if row.get("reproducible") else {})}
    judge = "human" if noted else "unknown"
    if answers:
        at = answers[0] if noted else answers[-1]
        response = Response(models[0], turns[at].content, failed=True)
        battle = Battle(tuple(turns[:at]), (response,), "none", judge, NEGATIVE, clean(row.get("mistake") or ""), correct, "human")
    else:
        battle = Battle((), (), "none", judge)
        marks["missing"] = ["prompt"]
    return Case(row_id(row["title"], row.get("url"), [turn.content for turn in turns]), battle, marks=marks)
