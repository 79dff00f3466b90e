"""Questions that people asked each other, with the answer that the source marks as good; and second good answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from thresher.model import Candidate, Json, Message, Record, Refusal
from thresher.rules.language import language_of
from thresher.rules.outcome import Reason, candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import IMAGE, leans_on, link_share
from thresher.rules.tags import tags_of

_SAME_SOLUTION = 80.0
"""Token-set ratio from which two answers are one solution in other words."""
_COMPARED = 2000
_POINTS_AT_ANSWER = re.compile(
    r"@\w[\w.-]*|(?<!\w)(?:(?:the |this |that )?(?:other|accepted|above|previous|existing|top) answers?|\w+'s answer"
    r"|(?:answers?|comments?) (?:above|below)"
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


def judge_question(question: Record, answer: Record, rules: Rules) -> Candidate | Refusal:
    """A candidate of kind question whose target is the accepted answer."""
    if reason := _unfit(question, answer, rules):
        return refuse(question, *reason)
    prompt = question_text(question)
    language = question.language or language_of(prompt)
    return candidate(
        [question, answer],
        rules.version,
        kind="question",
        messages=[Message("user", prompt)],
        rule="question/accepted",
        target=answer.text,
        key_status="sourced",
        language=language,
        tags=tags_of(rules, prompt),
    )


def judge_answer(record: Record, question: Record | None, accepted: Record | None, rules: Rules) -> Candidate | Refusal:
    """The accepted answer is a target; another one is an alternate if people voted for it and it is not the same solution."""
    if accepted is record:
        return refuse(record, "is_the_reference")
    if (
        question is None
        or accepted is None
        or _score(record.marks) < rules.limits.alternate_min_score
        or len(record.text) < rules.limits.alternate_min_chars
    ):
        return refuse(record, "answer_not_accepted")
    if fuzz.token_set_ratio(record.text[:_COMPARED], accepted.text[:_COMPARED]) >= _SAME_SOLUTION:
        return refuse(record, "answer_not_accepted", "same solution")
    unseen = _POINTS_AT_ANSWER.search(record.text) or IMAGE.search(accepted.text)
    if unseen or _unfit(question, accepted, rules) or _thin(record.text, rules) or leans_on(record.text, rules.cues_for("en")):
        return refuse(record, "answer_not_accepted", "unfit")
    prompt = question_text(question)
    task = rules.alternate_task.replace("{solution}", accepted.text)
    return candidate(
        [record, question, accepted],
        rules.version,
        kind="alternate",
        messages=[Message("user", f"{prompt}\n\n{task}")],
        rule="alternate/voted",
        target=record.text,
        key_status="sourced",
        language=question.language or language_of(prompt),
        tags=tags_of(rules, prompt),
    )


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
