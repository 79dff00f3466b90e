"""Responses with votes or ratings, conversations in which the user objects, and benchmark prompts with a reference.

A tier is never guessed upwards. A vote for one of two says that the other was worse, not that it failed: the pair is an item about judging
(``thresher.rules.votes``). *Both bad* and a rating at the bottom are ``witnessed`` where a person said so; a mark of a model, or of who
knows whom, is ``claimed``. A reference is a key only where people wrote it.
"""

from __future__ import annotations

import re

from thresher.cues import fold
from thresher.model import (
    Battle,
    Candidate,
    Claim,
    Message,
    Record,
    Refusal,
    Response,
    Span,
)
from thresher.rules.language import language_of
from thresher.rules.letdown import STATED, LetDown, Way, declines, let_down
from thresher.rules.outcome import Reason, candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.sides import names_a_side
from thresher.rules.standing import IMAGE, count_words, leans_on
from thresher.rules.tags import tags_of
from thresher.rules.votes import HUMAN, Ballots, is_model, judge_vote
from thresher.text import normalise

_STRENGTH: dict[Way, float] = {"complained": 0.5, "corrected": 0.5, "gave_up": 0.3, "rephrased": 0.2}
"""How strong a signal a user's turn is; that of who states the failure is next to a loser of a pair."""
_LEAVE_WORDS = 5


def judge_battle(record: Record, rules: Rules, ballots: Ballots) -> Candidate | Refusal:
    """A preference (two responses and a winner), a complaint (a response that failed, or an objection), a question with a reference, or a
    refusal. ``ballots`` are the votes of its thread."""
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
    failed = _failed(battle)
    talk = _objection(record, battle, rules, prompt) if battle.vote == "none" and not failed else None
    if isinstance(talk, Candidate):
        return talk
    if len(battle.messages) > 1 and _takes_leave(battle.messages[-1].content, rules):
        return refuse(record, "nothing_asked")
    if not battle.responses and (battle.reference or not any(m.role == "assistant" for m in battle.messages)):
        return _with_reference(record, battle, rules, prompt)
    if failed and _OWN_RATING in record.marks and len(failed) == 1 and declines(failed[0].text, rules.any_turn):
        return refuse(record, "objects_to_refusal", "rated")
    refusal: Refusal | None = None
    if battle.vote in {"first", "second"} and len(battle.responses) == 2:
        outcome = judge_vote(record, battle, rules, ballots, prompt, _language(record, prompt))
        if isinstance(outcome, Candidate):
            return outcome
        refusal = outcome
    if failed and _contradicts_key(battle):
        return refuse(record, "judge_contradicts_key", battle.judge)
    if failed and (refusal is None or refusal.reason in _FAILS_STILL):
        return _complaint(record, battle, rules, prompt, failed)
    if refusal is not None:
        return refusal
    return talk or refuse(record, "tie")


_OWN_RATING = "rating"
"""The mark with what the user of a product thought of the answer to their own question."""
_PROCESS = "process"
"""The mark with what a model thought, called and was given, step by step."""
_FAILS_STILL = frozenset({"vote_without_worth", "judge_agrees", "self_play", "same_responses"})
"""Where a vote is no key, a response may have failed all the same."""


def _failed(battle: Battle) -> tuple[Response, ...]:
    """The responses that the log says fail."""
    return battle.responses if battle.vote == "both_bad" else tuple(r for r in battle.responses if r.failed is True)


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


def _complaint(record: Record, battle: Battle, rules: Rules, prompt: str, failed: tuple[Response, ...]) -> Candidate:
    reference = _reference(battle)
    words = None if is_model(battle.judge) else _find(record, battle.rationale)
    return candidate(
        [record],
        rules.version,
        kind="transcript" if _PROCESS in record.marks else "complaint",
        messages=battle.messages,
        rule=f"battle/{battle.vote}" if battle.vote != "none" else "battle/rating",
        tier="witnessed" if battle.judge == HUMAN else "claimed",
        target=reference,
        key_status="sourced" if reference else "none",
        rubric=_rubric(battle, reference),
        claim=Claim(words, prompt=_find(record, battle.messages[-1].content), response=_find(record, failed[0].text)) if words else None,
        failing=failed,
        strength=battle.strength,
        language=_language(record, prompt),
        tags=tags_of(rules, prompt, models=[rules.names.canonical(r.model) for r in failed]),
    )


def _rubric(battle: Battle, reference: str) -> str:
    """What a grader of other answers can use. A model's words about one answer are no such thing beside a key, and nobody's are that speak
    of an answer which the item does not show."""
    if battle.rubric or len(battle.responses) > 1 or names_a_side(battle.rationale) or (reference and is_model(battle.judge)):
        return battle.rubric
    return _MARK.sub("", battle.rationale).strip()


_MARK = re.compile(r"(?:\s*(?:final |overall )?(?:rating|score|grade):?\s*)?\[\[[\w.]{1,8}\]\]\.?", re.IGNORECASE)
"""The mark itself at the end of a judge's words."""


def _contradicts_key(battle: Battle) -> bool:
    """Whether a model calls an answer wrong that ends with the very key. A check by words: for short keys only."""
    if not is_model(battle.judge) or len(battle.responses) != 1 or not (key := _reference(battle)):
        return False
    words = _WORD.findall(normalise(key))
    if not 2 <= len(words) <= _SHORT_KEY and not any(word.isdigit() for word in words):
        return False
    said = set(_WORD.findall(normalise(battle.responses[0].text[-_ENDING:])))
    return len(words) <= _SHORT_KEY and said.issuperset(words)


_WORD = re.compile(r"\w+")
_SHORT_KEY = 12
_ENDING = 200


def _reference(battle: Battle) -> str:
    """The reference, if people wrote it."""
    return "" if is_model(battle.reference_by or battle.judge) else battle.reference.strip()


def _with_reference(record: Record, battle: Battle, rules: Rules, prompt: str) -> Candidate | Refusal:
    """A prompt of a benchmark: its reference is the key. Without one, or with one that a model wrote, nothing could be graded."""
    reference = _reference(battle)
    if not reference:
        return refuse(record, "model_reference" if battle.reference.strip() else "no_reference")
    return candidate(
        [record],
        rules.version,
        kind="question",
        messages=battle.messages,
        rule="battle/reference",
        target=reference,
        key_status="sourced",
        rubric=battle.rubric,
        language=_language(record, prompt),
        tags=tags_of(rules, "\n".join(m.content for m in battle.messages)),
    )


def _objection(record: Record, battle: Battle, rules: Rules, prompt: str) -> Candidate | Refusal:
    """A talk without a vote: it fails where its user was let down."""
    if (found := let_down_in(record, battle, rules, prompt)) is None:
        return refuse(record, "no_failure_signal")
    if found.declined:
        return refuse(record, "objects_to_refusal", found.way)
    before, answer, turn = battle.messages[: found.turn - 1], battle.messages[found.turn - 1], battle.messages[found.turn]
    model = battle.responses[0].model if battle.responses else str(record.marks.get("model", ""))
    failing = Response(model, answer.content, failed=True)
    stated = found.way in STATED
    return candidate(
        [record],
        rules.version,
        kind="transcript" if _PROCESS in record.marks or found.turn >= rules.limits.transcript_min_messages else "complaint",
        messages=before,
        rule=f"battle/{found.way}",
        tier="witnessed" if stated else "claimed",
        rubric=turn.content if stated else "",
        claim=_claim(record, turn, failing, before[-1]),
        failing=(failing,),
        strength=_STRENGTH[found.way],
        language=_language(record, prompt),
        tags=tags_of(rules, "\n".join(m.content for m in before), turn.content, models=[rules.names.canonical(model)]),
    )


def let_down_in(record: Record, battle: Battle, rules: Rules, prompt: str) -> LetDown | None:
    """The turn in which the user of a talk was let down, by the cues of the language of ``prompt``, which is what the user said."""
    if let_down(battle.messages, rules.any_turn) is None:
        return None
    return let_down(battle.messages, rules.turns_for(_language(record, prompt)))


def _claim(record: Record, objection: Message, failing: Response, prompt: Message) -> Claim | None:
    """The spans, where the record's text holds the turns."""
    words = _find(record, objection.content)
    if words is None:
        return None
    return Claim(words=words, prompt=_find(record, prompt.content), response=_find(record, failing.text))


def _find(record: Record, content: str) -> Span | None:
    start = record.text.find(content) if content else -1
    return Span(record.key, start, start + len(content), content) if start >= 0 else None
