"""Votes between two responses: which become items about judging, and which do not.

A vote is a key only where a person gave it, or where the log does not say that a model did; ``[votes]`` in ``config/rules.toml`` says what
one vote of each set is worth. Votes of several people on one pair are counted: most of them must agree. A model's vote is never a key.
Where people decided the same pair otherwise, it is a judge that was seen to fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from thresher.model import Battle, Candidate, KeyStatus, Record, Refusal, Response
from thresher.rules.outcome import candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.sides import sides_named
from thresher.rules.tags import tags_of
from thresher.text import content_id, normalise

HUMAN: Final = "human"
UNKNOWN: Final = "unknown"
MODEL_VOTES: Final = "a_model"
"""The entry of ``[votes]`` for whatever a model decided, of any set."""


def is_model(judge: str) -> bool:
    """Whether a judge is a model, by the name that the log gives it."""
    return judge not in {HUMAN, UNKNOWN}


@dataclass(slots=True)
class Ballots:
    """The votes of people in one thread, by pair: how often each response won, and under an empty text how often neither did."""

    by_pair: dict[str, Counter[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, thread: Sequence[Record]) -> Ballots:
        """Counts a thread; one with a single vote needs no counting."""
        ballots = cls()
        battles = [r.detail for r in thread if isinstance(r.detail, Battle) and r.detail.vote != "none" and len(r.detail.responses) == 2]
        if len(battles) > 1:
            for battle in battles:
                if not is_model(battle.judge):
                    ballots.by_pair.setdefault(_pair(battle), Counter())[normalise(better_of(battle))] += 1
        return ballots

    def decision(self, battle: Battle) -> tuple[str, int]:
        """The normalised text of the response that more than half of the votes on this pair are for, and how many they are; empty without
        such a response."""
        votes = self.by_pair.get(_pair(battle)) if self.by_pair else None
        if not votes:
            return ("", 0) if is_model(battle.judge) else (normalise(better_of(battle)), 1)
        text, most = votes.most_common(1)[0]
        return (text, most) if text and 2 * most > votes.total() else ("", 0)


def _pair(battle: Battle) -> str:
    return content_id([(m.role, m.content) for m in battle.messages], [r.text for r in battle.responses])


def better_of(battle: Battle) -> str:
    """The text of the response that won; empty where neither did."""
    return battle.responses[battle.vote == "second"].text if battle.vote in {"first", "second"} else ""


def judge_vote(record: Record, battle: Battle, rules: Rules, ballots: Ballots, prompt: str, language: str) -> Candidate | Refusal:
    """What a vote for one of two responses gives."""
    first, second = (normalise(r.text) for r in battle.responses)
    if first == second:
        return refuse(record, "same_responses")
    if not first or not second:
        return refuse(record, "response_missing", "a response is empty")
    models = {r.model.lower() for r in battle.responses}
    if len(models) == 1 and "" not in models:
        return refuse(record, "self_play")
    decided, votes = ballots.decision(battle)
    by_model = is_model(battle.judge)
    worth, why = rules.vote_worth(MODEL_VOTES if by_model and not decided else str(record.marks.get("layout", "")))
    if not worth:
        return refuse(record, "vote_without_worth", why)
    if not by_model and not decided:
        return refuse(record, "votes_disagree")
    own = normalise(better_of(battle))
    if decided and own != decided:
        return _failed_judge(record, battle, rules, decided, worth, votes, prompt, language) if by_model else refuse(record, "outvoted")
    if decided and by_model:
        return refuse(record, "judge_agrees", battle.judge)
    return _preference(record, battle, rules, own, prompt, language, strength=battle.strength * worth, votes=votes)


def _failed_judge(
    record: Record, battle: Battle, rules: Rules, decided: str, worth: float, votes: int, prompt: str, language: str
) -> Candidate:
    """A model's vote against what people decided: its verdict is there to read, and it is the other one."""
    verdict = Response(battle.judge, "\n\n".join(part for part in (better_of(battle), battle.rationale) if part), failed=True)
    return _preference(record, battle, rules, decided, prompt, language, strength=battle.strength * worth, votes=votes, failing=(verdict,))


def _preference(
    record: Record,
    battle: Battle,
    rules: Rules,
    decided: str,
    prompt: str,
    language: str,
    *,
    strength: float,
    votes: int,
    failing: tuple[Response, ...] = (),
) -> Candidate:
    swapped = battle.shown == "unknown" and _drawn(record.key)
    responses = battle.responses[::-1] if swapped else battle.responses
    target = next(r.text for r in responses if normalise(r.text) == decided)
    by_model = is_model(battle.judge) and not failing
    key_status: KeyStatus = "none" if by_model else "agreed" if votes > 1 or record.marks.get("agree", 1) > 1 else "sourced"
    who = HUMAN if failing else battle.judge
    tags = tags_of(rules, prompt, models=[rules.names.canonical(r.model) for r in failing])
    return candidate(
        [record],
        rules.version,
        kind="preference",
        messages=battle.messages,
        rule="battle/judge" if failing else "battle/vote",
        tier="witnessed" if failing else "claimed" if by_model else "untested",
        key_status=key_status,
        target=target,
        choices=tuple(r.text for r in responses),
        rubric="" if failing else sides_named(battle.rationale, swapped=swapped),
        failing=failing,
        strength=round(strength, 3),
        language=language,
        tags=tuple(sorted({*tags, f"judge:{who}", f"order:{_ORDER[battle.shown]}"})),
    )


_ORDER: Final = {"first": "shown", "both": "both", "unknown": "drawn"}
"""Of the responses: as the judge saw them, judged both ways around, or drawn by lot because the log always has the better one first."""


def _drawn(key: str) -> bool:
    """A coin for each record that falls the same way each time."""
    return sha256(key.encode()).digest()[0] % 2 == 1
