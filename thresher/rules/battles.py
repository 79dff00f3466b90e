"""Responses with votes or ratings, conversations in which the user objects, and benchmark prompts with a reference.

A tier is never guessed upwards: a vote for one of two says that the other was worse, not that it failed, so such a pair stays
``untested`` with nothing in ``failing``; ``strength`` carries the signal. Only *both bad* and a rating at the bottom are
``witnessed``. Where a model judged, the reference that it was shown is as a rule a model's too, and no key.
"""

from __future__ import annotations

from thresher.cues import fold
from thresher.model import (
    Battle,
    Candidate,
    Claim,
    Kind,
    Message,
    Record,
    Refusal,
    Response,
    Span,
)
from thresher.rules.language import language_of
from thresher.rules.outcome import Reason, candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import IMAGE, count_words, leans_on
from thresher.rules.tags import tags_of

_OBJECTION_READ = 200
_OBJECTION_LONGEST = 600
_OBJECTION_STRENGTH = 0.5
_LEAVE_WORDS = 5


def judge_battle(record: Record, rules: Rules) -> Candidate | Refusal:
    """A preference, a complaint (one response and a bad rating, or an objection), a question with a reference, or a refusal."""
    battle = record.detail
    if not isinstance(battle, Battle):
        return refuse(record, "wrong_detail", "battle")
    if missing := _missing(record, battle):
        return refuse(record, missing)
    if not battle.messages or not battle.messages[-1].content.strip() or not any(m.role == "user" for m in battle.messages):
        return refuse(record, "empty")
    prompt = "\n".join(m.content for m in battle.messages if m.role == "user")
    if record.marks.get("images") or any(IMAGE.search(m.content) for m in battle.messages):
        return refuse(record, "needs_picture", "image")
    if len(prompt) > rules.limits.max_prompt_chars:
        return refuse(record, "too_long", "prompt")
    if len(prompt) < 4 and count_words(prompt) < rules.limits.min_prompt_words:
        return refuse(record, "too_short", "prompt")
    if need := _leans_on(battle.messages[0].content if battle.messages[0].role == "user" else prompt, record, prompt, rules):
        return refuse(record, *need)
    if len(battle.messages) > 1 and _takes_leave(battle.messages[-1].content, rules):
        return refuse(record, "nothing_asked")
    if not battle.responses:
        return _with_reference(record, battle, rules, prompt)
    failed = battle.responses if battle.vote == "both_bad" else tuple(r for r in battle.responses if r.failed is True)
    if failed:
        return _candidate(record, battle, rules, prompt, failed)
    if battle.vote in {"first", "second"}:
        return _candidate(record, battle, rules, prompt, ())
    return _objection(record, battle, rules, prompt)


def _language(record: Record, prompt: str) -> str:
    """Guessing a language costs more than all other rules together, so it is asked for where it decides something, not before."""
    return record.language or language_of(prompt)


def _leans_on(opening: str, record: Record, prompt: str, rules: Rules) -> tuple[Reason, str] | None:
    """What the opening needs and does not hold, by the cues of the prompt's language."""
    if leans_on(opening, rules.any_language) is None:
        return None
    return leans_on(opening, rules.cues_for(_language(record, prompt)))


def _takes_leave(turn: str, rules: Rules) -> bool:
    """Whether a turn says thanks or goodbye and nothing else."""
    return "?" not in turn and len(turn.split()) <= _LEAVE_WORDS and rules.closing.search(fold(turn)) is not None


def _missing(record: Record, battle: Battle) -> Reason | None:
    """What a log says it lacks. An empty response of which it does not say so is what the model gave: a failure like others."""
    lacks = record.marks.get("missing") or ()
    if "prompt" in lacks:
        return "prompt_missing"
    return "response_missing" if "responses" in lacks and any(not r.text.strip() for r in battle.responses) else None


def _candidate(record: Record, battle: Battle, rules: Rules, prompt: str, failed: tuple[Response, ...]) -> Candidate:
    reference = battle.reference.strip() if battle.judge == "human" else ""
    kind: Kind = "preference" if len(battle.responses) > 1 else "complaint"
    return candidate(
        [record],
        rules.version,
        kind=kind,
        messages=battle.messages,
        rule=f"battle/{battle.vote}" if battle.vote != "none" else "battle/rating",
        tier="witnessed" if failed else "untested",
        target=reference,
        key_status="sourced" if reference else "none",
        rubric=battle.rationale,
        failing=failed,
        strength=battle.strength,
        language=_language(record, prompt),
        tags=tags_of(rules, prompt, models=[rules.names.canonical(r.model) for r in failed]),
    )


def _with_reference(record: Record, battle: Battle, rules: Rules, prompt: str) -> Candidate | Refusal:
    """A prompt of a benchmark: its reference is the key. Without one nothing could be graded."""
    if not battle.reference.strip():
        return refuse(record, "no_reference")
    return candidate(
        [record],
        rules.version,
        kind="question",
        messages=battle.messages,
        rule="battle/reference",
        target=battle.reference,
        key_status="sourced",
        language=_language(record, prompt),
        tags=tags_of(rules, "\n".join(m.content for m in battle.messages)),
    )


def _objection(record: Record, battle: Battle, rules: Rules, prompt: str) -> Candidate | Refusal:
    """A conversation without a vote: it fails where the user's next turn says so."""
    for i, turn in enumerate(battle.messages):
        if turn.role != "user" or i == 0 or battle.messages[i - 1].role != "assistant" or len(turn.content) > _OBJECTION_LONGEST:
            continue
        folded = fold(turn.content[:_OBJECTION_READ])
        if not rules.any_language.dissatisfied.search(folded):
            continue
        language = _language(record, prompt)
        if not rules.cues_for(language).dissatisfied.search(folded):
            continue
        model = battle.responses[0].model
        failing = Response(model, battle.messages[i - 1].content, failed=True)
        before = battle.messages[: i - 1]
        if not before:
            continue
        return candidate(
            [record],
            rules.version,
            kind="transcript" if i >= rules.limits.transcript_min_messages else "complaint",
            messages=before,
            rule="battle/objection",
            tier="witnessed",
            rubric=turn.content,
            claim=_claim(record, turn, failing, before[-1]),
            failing=(failing,),
            strength=_OBJECTION_STRENGTH,
            language=language,
            tags=tags_of(rules, "\n".join(m.content for m in before), turn.content, models=[rules.names.canonical(model)]),
        )
    return refuse(record, "no_failure_signal")


def _claim(record: Record, objection: Message, failing: Response, prompt: Message) -> Claim | None:
    """The spans, where the record's text holds the turns."""
    words = _find(record, objection.content)
    if words is None:
        return None
    return Claim(words=words, prompt=_find(record, prompt.content), response=_find(record, failing.text))


def _find(record: Record, content: str) -> Span | None:
    start = record.text.find(content) if content else -1
    return Span(record.key, start, start + len(content), content) if start >= 0 else None
