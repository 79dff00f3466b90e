"""Votes between two sides in the many ways that logs write them: the server's own log of an arena, tables of pairs, and votes alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from scrapers.arena.dpo import prompt_of
from scrapers.arena.lists import heads
from scrapers.arena.rows import PAIR, Case, Refused, Row, is_talk, mapped, moment, own_marks, pair, role_of, row_id, turns_of, user_turn
from scrapers.arena.verdicts import number
from thresher.model import Battle, Message, Response, Vote
from thresher.text import clean

_EVENTS: Final[dict[object, Vote]] = {"leftvote": "first", "rightvote": "second", "tievote": "tie", "bothbad_vote": "both_bad"}


def server_log(row: Row) -> Case:
    """FastChat's log of its arena: ``leftvote`` and the like, with the state of both sides. What else happened there is no vote."""
    if row["type"] not in _EVENTS:
        raise Refused("no_vote", f"an event of the kind {str(row['type'])[:40]!r}")
    sides = [tuple(_turn(turn) for turn in state["messages"] if turn[1]) for state in row["states"]]
    models = tuple(str(state.get("model_name") or name) for state, name in zip(row["states"], row.get("models") or ("", ""), strict=True))
    battle = pair(sides[0], sides[1], (models[0], models[1]), mapped(_EVENTS, "type", row["type"]))
    ids = [state.get("conv_id") for state in row["states"]]
    marks = {"turns": sum(m.role == "user" for m in sides[0])}
    return Case(row_id(ids, row["type"], row.get("tstamp")), battle, created_at=moment(row.get("tstamp")), marks=marks)


def _turn(turn: list[Any]) -> Message:
    return Message(role_of(str(turn[0])), clean(turn[1] if isinstance(turn[1], str) else str(turn[1][0])))


_WORD: Final = re.compile(r"[^a-z0-9]+")
_NAMED: Final = (
    "response_{}", "response{}", "output_{}", "output{}", "answer_{}", "answer{}", "completion_{}", "completion{}", "conversation_{}",
    "messages_{}", "reply_{}", "text_{}", "candidate_{}", "generation_{}", "summary_{}", "{}_response", "{}_output", "{}_answer",
)  # fmt: skip
_PLACES: Final = (("a", "b"), ("1", "2"), ("0", "1"), ("left", "right"), ("first", "second"))
_COLUMNS: Final = (
    *((name.format(a), name.format(b), a, b) for name in _NAMED for a, b in _PLACES),
    ("left", "right", "left", "right"),
    ("first", "second", "first", "second"),
)
_VERDICTS: Final = (
    "winner", "preference", "preferred", "vote", "label", "choice", "chosen", "better", "verdict", "overall_preference", "human_label",
)  # fmt: skip
_WORDS: Final[dict[str, Vote]] = {
    "a": "first", "left": "first", "first": "first", "leftvote": "first", "b": "second", "right": "second", "second": "second",
    "rightvote": "second", "tie": "tie", "same": "tie", "equal": "tie", "both": "tie", "both_good": "tie", "draw": "tie", "neutral": "tie",
    "tievote": "tie", "both_bad": "both_bad", "bothbad": "both_bad", "tie_bothbad": "both_bad", "neither": "both_bad",
    "bothbad_vote": "both_bad",
}  # fmt: skip


_SCORED: Final = (
    "score_{}", "score{}", "rating_{}", "rating{}", "{}_score", "{}_rating", "overall_score_{}", "response_{}_score", "response_{}_rating",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pair:
    """The columns of a pair: both responses and the verdict, or both scores; ``a`` and ``b`` are what the columns call the sides."""

    first: str
    second: str
    verdict: str
    a: str
    b: str
    scores: tuple[str, str] | None = None


def _pair_of(row: Row) -> _Pair | None:
    plain = {_plain(name): str(name) for name in row}
    verdict = next((plain[name] for name in _VERDICTS if name in plain), "")
    sides = next((names for names in _COLUMNS if names[0] in plain and names[1] in plain), None)
    if sides is None:
        return None
    named = ((name.format(sides[2]), name.format(sides[3])) for name in _SCORED)
    scores = None if verdict else next(((plain[a], plain[b]) for a, b in named if a in plain and b in plain), None)
    return _Pair(plain[sides[0]], plain[sides[1]], verdict, sides[2], sides[3], scores) if verdict or scores else None


def _plain(name: object) -> str:
    return _WORD.sub("_", str(name).lower()).strip("_")


def is_pair(row: Row) -> bool:
    """Whether a row holds two responses under names for two sides, a verdict, and what was asked."""
    columns = _pair_of(row)
    return columns is not None and (is_talk(row[columns.first]) or bool(prompt_of(row)) or "question" in heads(row))


def with_verdicts(rows: Iterable[Row]) -> Iterator[Row]:
    """Each row with the verdicts of all rows: 0 and 1 alone may count from nought, with a 2 they do not, and with a number below nought
    they are on a scale from the first side to the second."""
    rows = list(rows)
    columns = [_pair_of(row) for row in rows]
    seen = sorted({_plain(row[one.verdict]) for row, one in zip(rows, columns, strict=True) if one and one.verdict})
    signed = any((said := number(row[one.verdict])) and said[0] < 0 for row, one in zip(rows, columns, strict=True) if one and one.verdict)
    for row in rows:
        yield {**row, "_seen": seen, "_signed": signed}


def table_of_pairs(row: Row) -> Case:
    """A table of pairs. The verdict names a side by its letter, number, place, column or model. Who judged is not said, unless a column
    says it."""
    columns = _pair_of(row)
    if columns is None:
        raise Refused("no_vote", "two responses and a verdict are not both there")
    asked = prompt_of(row) or (user_turn(str(row[heads(row)["question"]])) if "question" in heads(row) else ())
    texts = [row[columns.first], row[columns.second]]
    sides = [turns_of(text)[0] if is_talk(text) else (*asked, Message("assistant", clean(str(text or "")))) for text in texts]
    models = [str(row.get(f"model_{side}") or row.get(f"{side}_model") or "") for side in (columns.a, columns.b)]
    vote = _vote(row, columns, models)
    judge = next((row[name] for name in ("judge", "annotator", "annotator_type") if isinstance(row.get(name), str)), "unknown")
    judge = "human" if judge.lower() in {"human", "humans", "crowd", "expert", "author"} else judge
    own = next((row[name] for name in ("id", "question_id", "pair_id", "uid") if row.get(name) is not None), None)
    return Case(
        row_id(own, *texts, row.get(columns.verdict), judge),
        pair(sides[0], sides[1], (models[0], models[1]), vote, judge=judge),
        thread_id=row_id([m.content for m in sides[0][:-1]]),
        marks=own_marks(row, "category", "source", "dataset"),
    )


def _vote(row: Row, columns: _Pair, models: list[str]) -> Vote:
    if columns.scores:
        first, second = (number(row[name]) for name in columns.scores)
        if first is None or second is None:
            return "none"
        return "tie" if first[0] == second[0] else "first" if first[0] > second[0] else "second"
    value = row[columns.verdict]
    if value is None or value == "":
        return "none"
    if row["_signed"] and (said := number(value)):
        return "first" if said[0] < 0 else "second" if said[0] > 0 else "tie"
    word = _plain(int(value) if isinstance(value, float) and value.is_integer() else value)
    for model, vote in zip(models, ("first", "second"), strict=True):
        if model and word == _plain(model):
            return vote  # type: ignore[return-value]
    if better := _IS_BETTER.search(word):
        return mapped({**_WORDS, columns.a: "first", columns.b: "second"}, columns.verdict, better[1])  # type: ignore[no-any-return]
    side = word if word in _WORDS else word.removesuffix("_better").rsplit("_", 1)[-1]
    if match := _ENDS_IN_NUMBER.search(side):
        side = match[0]
    if (columns.a, columns.b) == ("1", "2") and side in "012" and not ("0" in row["_seen"] and "2" not in row["_seen"]):
        return mapped({"0": "tie", "1": "first", "2": "second"}, columns.verdict, side)  # type: ignore[no-any-return]
    named = {columns.a: "first", columns.b: "second"} if (columns.a, columns.b) != ("1", "2") else {}
    return mapped({**_WORDS, **named}, columns.verdict, side)  # type: ignore[no-any-return]


_IS_BETTER: Final = re.compile(r"(?:^|_)(a|b|1|2|left|right|first|second)(?:_(?:response|answer|one))?_(?:is|was)_(?:[a-z]+_)?better")
_ENDS_IN_NUMBER: Final = re.compile(r"\d$")


def is_alone(row: Row) -> bool:
    """Whether a vote between two models comes without what they said."""
    return not is_pair(row)


def battle_alone(row: Row) -> Case:
    """A vote between two models without a word of what was asked or answered: good for a ranking, no case."""
    vote: Vote = mapped(PAIR, "winner", row["winner"])
    battle = Battle((), (Response(str(row["model_a"]), ""), Response(str(row["model_b"]), "")), vote, "human", shown="first")
    native_id = row_id(
        row["model_a"], row["model_b"], row["winner"], row.get("judge"), row.get("turn"), row.get("tstamp"), row.get("question_id")
    )
    return Case(native_id, battle, created_at=moment(row.get("tstamp")), marks={"missing": ["prompt", "responses"]})
