"""Questions that people asked each other, with the answer that the source marks as good; and second solutions.

Every question has a tag that says how far its answer can be graded (``gradable:fact``, see ``thresher.rules.gradable``). Only where that is
far enough, and the accepted answer firm enough, is the answer a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from thresher.cues import fold
from thresher.model import Candidate, Json, Message, Record, Refusal
from thresher.rules.gradable import CODE_BLOCK, GRADABLE, formulas, grade, is_technical, prose, unfirm
from thresher.rules.language import language_of
from thresher.rules.outcome import Reason, candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import leans_on, link_share
from thresher.rules.tags import tags_of

_SAME_SOLUTION = 80.0
"""Token-set ratio from which two answers are one solution in other words."""
_COMPARED = 2000
_WORKED_OUT = 3
"""Formulas from which an answer works something out."""
_SPEAKS_TO = re.compile(r"(?<![\w.])@[^\W\d_]")
"""An answer that speaks to somebody answers somebody's comment or answer, too."""
_COMMAND = re.compile(
    r"\s*(?:[$#>%]\s+)?(?:sudo|su|apt(?:-get)?|yum|dnf|pacman|brew|snap|choco|pip3?|conda|npm|npx|yarn|gem|cargo|docker|kubectl|git|svn|hg"
    r"|systemctl|service|chmod|chown|mkdir|cd|ls|rm|cp|mv|ssh|scp|wget|curl|export|echo|cat|source)(?![\w(=.])"
)
_POINTS_AT_ANSWER = re.compile(
    r"(?<!\w)(?:(?:the |this |that )?(?:other|accepted|above|previous|existing|top) answers?|\w+'s answer"
    r"|(?:answers?|comments?|solutions?) (?:above|below)|(?:in|to) addition to (?:the|what|his|her|their|other)"
    r"|to add to|adding to|to complement|to expand on|just to add"
    r"|as (?:said|mentioned|noted|suggested|pointed out) (?:by|above|before|earlier)"
    r"|as (?:others|someone|somebody|everyone|everybody) (?:has |have )?(?:said|mentioned|noted|pointed out|suggested))(?!\w)",
    re.IGNORECASE,
)
"""An answer that says so speaks to those who see the others."""


def accepted_answer(question: Record, thread: Sequence[Record]) -> Record | None:
    """The answer that the source marks as good, if it still has a text."""
    wanted = question.marks.get("accepted_id")
    for record in thread:
        if record is question or not record.text or record.status not in {"live", "edited"}:
            continue
        if (wanted is not None and record.native_id == str(wanted)) or (record.marks.get("accepted") is True and record.role != "question"):
            return record
    return None


def question_text(question: Record) -> str:
    """Title and text as one prompt; a text that begins with its title is not given it twice."""
    if not question.title or question.text.startswith(question.title):
        return question.text
    return f"{question.title}\n\n{question.text}".strip()


def judge_question(question: Record, answer: Record, thread: Sequence[Record], rules: Rules) -> Candidate | Refusal:
    """A candidate of kind question. The accepted answer is its target where it is a key, else the question has none."""
    if reason := _unfit(question, answer, rules):
        return refuse(question, *reason)
    prompt = question_text(question)
    language = question.language or language_of(prompt)
    tags, is_key = _graded(question, answer, thread, language, rules)
    return candidate(
        [question, answer],
        rules.version,
        kind="question",
        messages=[Message("user", prompt)],
        rule="question/accepted",
        target=answer.text if is_key else "",
        key_status="sourced" if is_key else "none",
        language=language,
        tags=tuple(sorted((*tags_of(rules, prompt), *tags))),
    )


def _graded(question: Record, answer: Record, thread: Sequence[Record], language: str, rules: Rules) -> tuple[tuple[str, ...], bool]:
    """The tags that say how far a question is gradable and why its accepted answer is no key, and whether it is one."""
    if language and language not in rules.graded_languages and not is_technical(question, answer):
        return ("no_key:language",), False
    found = grade(question, answer, rules)
    if found not in GRADABLE:
        return (f"gradable:{found}",), False
    answers = [r for r in thread if r is not question and r.parent_id == question.native_id and r.text]
    reason = "pointing" if _POINTS_AT_ANSWER.search(prose(answer.text)) else unfirm(question, answer, answers, rules)
    return ((f"gradable:{found}", f"no_key:{reason}"), False) if reason else ((f"gradable:{found}",), True)


def judge_answer(
    record: Record, question: Record | None, accepted: Record | None, thread: Sequence[Record], rules: Rules
) -> Candidate | Refusal:
    """The accepted answer is a target; another one is an alternate if it is a second way to solve what can be solved in several: people
    voted for it, both work it out in mathematics or code, and it is not the same solution."""
    if accepted is record:
        return refuse(record, "is_the_reference")
    if (
        question is None
        or accepted is None
        or _score(record.marks) < rules.limits.alternate_min_score
        or len(record.text) < rules.limits.alternate_min_chars
    ):
        return refuse(record, "answer_not_accepted")
    if not _has_several_ways(question, accepted, record, rules):
        return refuse(record, "answer_not_accepted", "one way")
    if _same_solution(record, accepted):
        return refuse(record, "answer_not_accepted", "same solution")
    prompt = question_text(question)
    if _unfit(question, accepted, rules) or not all(_stands_alone(a, question, thread, rules) for a in (accepted, record)):
        return refuse(record, "answer_not_accepted", "unfit")
    task = rules.tasks.alternate.replace("{solution}", accepted.text)
    return candidate(
        [record, question, accepted],
        rules.version,
        kind="alternate",
        messages=[Message("user", f"{prompt}\n\n{task}")],
        rule="alternate/voted",
        target=record.text,
        key_status="sourced",
        language=question.language or language_of(prompt),
        tags=tuple(sorted((*tags_of(rules, prompt), f"gradable:{grade(question, accepted, rules)}"))),
    )


def _has_several_ways(question: Record, accepted: Record, other: Record, rules: Rules) -> bool:
    """Whether a check can tell two ways apart: a derivation that both carry out in formulas, or a program that both give. Why something
    is so, or what is wrong with somebody's code, has one answer."""
    asked = fold(question.title or question.text[:200])
    if rules.grading.one_way.search(asked) or rules.grading.yes_or_no.match(asked):
        return False
    found = grade(question, accepted, rules)
    if found == "derivation":
        return min(formulas(accepted), formulas(other)) >= _WORKED_OUT
    return found in GRADABLE and _gives_program(accepted) and _gives_program(other)


def _gives_program(answer: Record) -> bool:
    """Whether an answer holds code that is more than commands of a shell: which tool installs a thing is no other way to solve it."""
    lines = [line for block in CODE_BLOCK.findall(answer.text) for line in block.split("\n")[1:-1] if line.strip()]
    return any(not _COMMAND.match(line) for line in lines)


def _same_solution(record: Record, accepted: Record) -> bool:
    """The same in other words, or in the same code."""
    if fuzz.token_set_ratio(record.text[:_COMPARED], accepted.text[:_COMPARED]) >= _SAME_SOLUTION:
        return True
    ours, theirs = ("\n".join(CODE_BLOCK.findall(a.text))[:_COMPARED] for a in (record, accepted))
    return bool(ours and theirs) and fuzz.token_set_ratio(ours, theirs) >= _SAME_SOLUTION


def _stands_alone(answer: Record, question: Record, thread: Sequence[Record], rules: Rules) -> bool:
    """Whether an answer is a whole solution that needs neither the others nor a picture, and does not call itself a hint."""
    own_words = prose(answer.text)
    if _POINTS_AT_ANSWER.search(own_words) or _SPEAKS_TO.search(own_words):
        return False
    if _thin(answer.text, rules) or leans_on(answer.text, rules.cues_for("en")):
        return False
    return not unfirm(question, answer, [], rules)


def _unfit(question: Record, answer: Record, rules: Rules) -> tuple[Reason, str] | None:
    if question.marks.get("closed"):
        return "closed", ""
    if _score(question.marks) < rules.limits.question_min_score or _score(answer.marks) < rules.limits.answer_min_score:
        return "low_score", ""
    if question.marks.get("images"):
        return "needs_picture", "image"
    if need := leans_on(question_text(question), rules.cues_for(question.language)):
        return need
    if _thin(answer.text, rules):
        return "answer_too_thin", ""
    return None


def _thin(text: str, rules: Rules) -> bool:
    share, count = link_share(text)
    return len(text) < rules.limits.answer_min_chars or (count > 0 and share > rules.limits.max_link_share)


def _score(marks: Mapping[str, Json]) -> int:
    for name in ("score", "likes"):
        value = marks.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0
