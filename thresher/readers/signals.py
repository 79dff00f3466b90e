"""What can be counted in a post: its shape, its scripts, its marks of structure, the cues of the rules and what the rules would say.

Nothing decides here. Each signal is a number that the learned reader weighs; none names a site or a language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from thresher.cues import fold
from thresher.model import Candidate, Record, Refusal
from thresher.rules.quotations import INLINE, inline_group
from thresher.rules.settings import Cues, Rules
from thresher.rules.standing import IMAGE, LINK
from thresher.rules.turns import find_turns

Floats = npt.NDArray[np.float32]

_LOOK_AT = 8000
_PATTERNS: dict[str, re.Pattern[str]] = {
    "questions": re.compile(r"[?\uff1f\u061f]"),
    "exclamations": re.compile(r"[!\uff01]"),
    "digits": re.compile(r"\d"),
    "capitals": re.compile(r"[A-Z]{3,}"),
    "lines": re.compile(r"\n"),
    "paragraphs": re.compile(r"\n[ \t]*\n"),
    "sentences": re.compile(r"[.!?\u3002\uff01\uff1f](?=\s|$|[^\x00-\x7f])"),
    "fences": re.compile(r"```"),
    "ticks": re.compile(r"(?<!`)`[^`\n]{1,200}`"),
    "quoted_lines": re.compile(r"^[ \t]{0,3}>", re.MULTILINE),
    "headings": re.compile(r"^#{1,6} |^\*\*[^*\n]{2,60}\*\*:?[ \t]*$", re.MULTILINE),
    "list_items": re.compile(r"^[ \t]*(?:[-*+\u2022]|\d{1,2}[.)])[ \t]+", re.MULTILINE),
    "labels": re.compile(r"^[^\n:\uff1a]{1,24}[:\uff1a]", re.MULTILINE),
    "paths": re.compile(r"[\w.-]+/[\w.-]+/[\w./-]+|\b\w+\.(?:py|js|ts|json|gguf|cpp|md|txt|yaml)\b"),
    "versions": re.compile(r"\bv?\d+\.\d+(?:\.\d+)+\b"),
    "traces": re.compile(r"Traceback|Exception|Error:|errno|HTTP/|\b[45]\d\d\b"),
    "boxes": re.compile(r"\[[ xX]\]"),
    "emoji": re.compile(r"[\U0001f300-\U0001faff\u2600-\u27bf]"),
    "ellipses": re.compile(r"\.\.\.|\u2026"),
    "pictures": IMAGE,
    "picture_links": re.compile(r"https?://\S{1,300}\.(?:png|jpe?g|gif|webp)|preview\.redd\.it|user-attachments|i\.imgur|prnt\.sc"),
    "links": LINK,
}
_SCRIPTS = {
    "han": (0x4E00, 0x9FFF),
    "kana": (0x3040, 0x30FF),
    "hangul": (0xAC00, 0xD7AF),
    "cyrillic": (0x400, 0x4FF),
    "accents": (0xC0, 0x24F),
}
"""First and last character."""
_OUTCOMES = (
    "complaint", "no_prompt_found", "prompt_behind_link", "prompt_in_picture", "needs_picture", "not_self_contained", "not_about_a_model",
    "language_not_covered", "no_failure_claimed", "about_the_service", "user_error", "joke", "too_short", "link_only", "spam",
)  # fmt: skip
"""What the rules can say of a post; all that is rarer is told by none of these."""
_CUES = tuple(f.name for f in fields(Cues) if f.name not in {"question_words", "infinitive", "indirect_end"})
NAMES: tuple[str, ...] = (
    "length", "words", "title_length", "has_title", "comment", "quoted", "quoted_share", "quoted_longest",
    *(f"shape_{name}" for name in (*_PATTERNS, *_SCRIPTS)), "shape_upper",
    "models", "model_in_title", "model_first", "shares", "about",
    *(f"cue_{name}" for name in _CUES), *(f"title_{name}" for name in ("claim", "praise", "service", "ask", "answer")),
    "turns_user", "turns_assistant", "turns_share",
    *(f"rules_{name}" for name in _OUTCOMES),
)  # fmt: skip


def signals(record: Record, outcome: Candidate | Refusal | None, rules: Rules) -> Floats:
    """(len(NAMES),) numbers of one post; ``outcome`` is what the rules alone would say of it."""
    text = record.text[:_LOOK_AT]
    folded, title = fold(text), fold(record.title)
    numbers = [*_shape(record, text), *_models(record, folded, title, rules), *_cues(folded, title, rules)]
    numbers += _turns(text, rules)
    said = "complaint" if isinstance(outcome, Candidate) else outcome.reason if outcome else ""
    numbers += [float(said == name) for name in _OUTCOMES]
    return np.array(numbers, np.float32)


def _shape(record: Record, text: str) -> list[float]:
    quoted = [len(m.group(inline_group(m))) for m in INLINE.finditer(text)]
    whole = max(len(text), 1)
    numbers = [
        math.log1p(len(text)), math.log1p(text.count(" ")), math.log1p(len(record.title)), float(bool(record.title)),
        float(record.role == "comment"), math.log1p(len(quoted)), sum(quoted) / whole, math.log1p(max(quoted, default=0)),
    ]  # fmt: skip
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    for name, pattern in _PATTERNS.items():
        count = len(pattern.findall(text))
        numbers.append(count / whole if name == "digits" else math.log1p(count))
    numbers += [float(((codes >= first) & (codes <= last)).sum()) / whole for first, last in _SCRIPTS.values()]
    return [*numbers, sum(map(str.isupper, text)) / whole]


def _models(record: Record, folded: str, title: str, rules: Rules) -> list[float]:
    named = rules.names.find(folded, limit=20)
    first = named[0].start / max(len(folded), 1) if named else 1.0
    about = rules.about_words.search(folded) or rules.about_words.search(title)
    in_title = bool(rules.names.find(title, limit=1))
    return [math.log1p(len(named)), float(in_title), first, float(rules.shares(record.text)), float(about is not None)]


def _cues(folded: str, title: str, rules: Rules) -> list[float]:
    cues = rules.any_language
    counts = [math.log1p(sum(1 for _ in getattr(cues, name).finditer(folded))) for name in _CUES]
    return counts + [float(getattr(cues, name).search(title) is not None) for name in ("claim", "praise", "service", "ask", "answer")]


def _turns(text: str, rules: Rules) -> list[float]:
    turns = find_turns(text, rules, rules.any_language)
    inside = sum(t.end - t.start for t in turns if t.speaker in ("user", "assistant"))
    speakers = [sum(t.speaker == who for t in turns) for who in ("user", "assistant")]
    return [*(math.log1p(n) for n in speakers), inside / max(len(text), 1)]


def table(rows: Sequence[Floats]) -> Floats:
    """Rows as one matrix (rows, len(NAMES)), also where there is none."""
    return np.vstack(rows) if rows else np.zeros((0, len(NAMES)), np.float32)
