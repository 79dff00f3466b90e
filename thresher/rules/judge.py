"""One thread in, one outcome for each of its records out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from thresher.model import Candidate, Record, Refusal
from thresher.rules.battles import judge_battle
from thresher.rules.complaints import about_a_model, collects_failures, judge_complaint
from thresher.rules.exercises import judge_exercise
from thresher.rules.outcome import Reason, refuse
from thresher.rules.programs import Programs, judge_problem, judge_submission
from thresher.rules.questions import accepted_answer, judge_answer, judge_question
from thresher.rules.replies import explained_replies, judge_reply
from thresher.rules.settings import Rules
from thresher.rules.unwanted import refused_outright
from thresher.rules.votes import Ballots

_NO_TEXT: dict[str, Reason] = {"deleted": "deleted", "removed": "removed", "gone": "gone"}

_NO_COMPLAINT = frozenset({"not_about_a_model", "no_failure_claimed"})
"""Refusals that say: nobody complains of a model here, so that it counts as a question."""


def judge(thread: Sequence[Record], rules: Rules) -> Iterator[Candidate | Refusal]:
    """For every record of the thread, in its order, one candidate or one refusal.

    A thread is all known records with the same (source, site, thread_id). Pure: the same thread and rules give the same outcomes.
    """
    known = _Thread(thread, rules)
    for record in thread:
        yield _judge_one(record, known, rules)


class _Thread:
    """What the records of one thread need to know of each other, found once."""

    def __init__(self, thread: Sequence[Record], rules: Rules) -> None:
        self.records = thread
        self.by_id = {r.native_id: r for r in thread}
        self.question = next((r for r in thread if r.role == "question"), None)
        self.accepted = accepted_answer(self.question, thread) if self.question else None
        self.root = next((r for r in thread if r.parent_id is None and r.role in {"post", "question"}), None)
        self.about_a_model = (
            self.root is not None and len(self.root.text) <= rules.limits.max_chars and about_a_model(self.root, rules) is True
        )
        self.ballots = Ballots.of(thread)
        self.collects = self.root is not None and collects_failures(self.root, rules)
        self.explained = explained_replies(thread, rules)
        self.programs = Programs.of(thread, rules)

    def chain(self, record: Record) -> list[Record]:
        """What a record answers, from the post down to its parent; without the root where a part is not known."""
        found: list[Record] = []
        parent = self.parent(record)
        while parent is not None and parent not in found:
            found.append(parent)
            parent = self.parent(parent)
        return found[::-1]

    def parent(self, record: Record) -> Record | None:
        """What a record answers, where it is known."""
        return self.by_id.get(record.parent_id) if record.parent_id else None


def _judge_one(record: Record, thread: _Thread, rules: Rules) -> Candidate | Refusal:
    if reason := _NO_TEXT.get(record.status):
        return refuse(record, reason)
    if record.role == "exercise":
        return judge_exercise(record, rules)
    if record.role == "ranking":
        return refuse(record, "ranking")
    if record.role == "step":
        from thresher.rules.steps import judge_step  # brings the mathematics, which no other record needs

        return judge_step(record, rules)
    if record.marks.get("post_type"):
        return refuse(record, "site_text", str(record.marks["post_type"]))
    if record.marks.get("no_body") and not record.text.strip():
        return refuse(record, "no_body")
    if not record.text.strip() and not record.title.strip() and record.detail is None:
        return refuse(record, "empty")
    if record.role == "problem":
        return judge_problem(record, thread.programs, rules)
    if record.role == "submission":
        return judge_submission(record, thread.programs, rules)
    if refusal := refused_outright(record, rules):
        return refuse(record, "is_the_reference") if record is thread.accepted else refusal
    if record.role == "battle":
        return judge_battle(record, rules, thread.ballots)
    if record is thread.accepted or record.role == "answer":
        return judge_answer(record, thread.question, thread.accepted, thread.records, rules)
    if record.role == "question":
        return _judge_question(record, thread, rules)
    return _judge_post(record, thread, rules)


def _judge_question(record: Record, thread: _Thread, rules: Rules) -> Candidate | Refusal:
    if thread.accepted is not None and record is thread.question:
        return judge_question(record, thread.accepted, thread.records, rules)
    outcome = judge_complaint(record, rules)
    if isinstance(outcome, Candidate) or outcome.reason not in _NO_COMPLAINT:
        return outcome
    return refuse(record, "no_accepted_answer")


def _judge_post(record: Record, thread: _Thread, rules: Rules) -> Candidate | Refusal:
    parent = thread.parent(record)
    replies = record.parent_id is not None
    outcome = judge_complaint(
        record, rules, parent=parent, thread_about=replies and thread.about_a_model, collected=replies and thread.collects
    )
    if isinstance(outcome, Candidate) or not replies:
        return outcome
    reply = judge_reply(record, thread.chain(record), thread.explained.get(record.native_id), rules, root=thread.root)
    if isinstance(reply, Candidate) or outcome.reason == "not_about_a_model":
        return reply
    return outcome
