"""What judging one record gives: the words for refusing, and candidates with what they inherit from their records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from thresher.model import (
    EXPORT_CLASSES,
    Candidate,
    ExportClass,
    Kind,
    Message,
    Record,
    Refusal,
)
from thresher.redaction.records import REPLACED_ID

Reason = Literal[
    "deleted",
    "removed",
    "gone",
    "empty",
    "no_body",
    "prompt_missing",
    "response_missing",
    "site_text",
    "ranking",
    "wrong_detail",
    "too_short",
    "too_long",
    "spam",
    "link_only",
    "not_allowed",
    "needs_picture",
    "asks_for_picture",
    "not_self_contained",
    "no_accepted_answer",
    "closed",
    "low_score",
    "answer_too_thin",
    "is_the_reference",
    "answer_not_accepted",
    "no_problem",
    "verdict_without_test",
    "enough_programs",
    "not_about_a_model",
    "language_not_covered",
    "no_failure_claimed",
    "about_the_service",
    "user_error",
    "joke",
    "no_prompt_found",
    "prompt_behind_link",
    "prompt_in_picture",
    "ordinary_reply",
    "no_reference",
    "model_reference",
    "tie",
    "same_responses",
    "self_play",
    "vote_without_worth",
    "votes_disagree",
    "outvoted",
    "judge_agrees",
    "judge_contradicts_key",
    "objects_to_refusal",
    "no_failure_signal",
    "nothing_asked",
    "improbable",
    "failure_unsure",
    "reader_declined",
]
"""Every reason there is; ``[reasons]`` in config/rules.toml explains each."""

REASONS: frozenset[str] = frozenset(get_args(Reason))

LEADS: frozenset[str] = frozenset(
    {"no_prompt_found", "prompt_behind_link", "prompt_in_picture", "needs_picture", "not_self_contained", "failure_unsure"}
)
"""Reasons that say of a post: a failure is reported, but it makes no item yet."""


def refuse(record: Record, reason: Reason, detail: str = "") -> Refusal:
    """A refusal; the detail is short and never holds the text of a post beyond the words that decided."""
    return Refusal(record.key, reason, detail[:80])


def least_class(records: Sequence[Record]) -> ExportClass:
    """What is made from several records may leave only as far as the least of them."""
    return min((r.export_class for r in records), key=EXPORT_CLASSES.index)


def joint_licence(records: Sequence[Record]) -> str:
    """One licence for what is made from several records: unknown where one is, else all that apply, as an SPDX expression."""
    licences = sorted({r.licence for r in records})
    if "unknown" in licences or "" in licences:
        return "unknown"
    return licences[0] if len(licences) == 1 else " AND ".join(licences)


def candidate(records: Sequence[Record], version: str, *, kind: Kind, messages: Sequence[Message], rule: str, **more: Any) -> Candidate:
    """A candidate reported by the first record and made from all of them."""
    return Candidate(
        record_key=records[0].key,
        kind=kind,
        messages=tuple(messages),
        rule=rule,
        rule_version=version,
        licence=joint_licence(records),
        export_class=least_class(records),
        hidden="".join(str(r.marks.get(REPLACED_ID, "")) for r in records),
        **more,
    )
