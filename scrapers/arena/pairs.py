"""Logs of people who voted between two models: the LMArena family, MT-bench, PandaLM, HelpSteer's preferences, HH-RLHF."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any, Final

from scrapers.arena.rows import (
    CLEAR_LOSER,
    LOSER,
    NEGATIVE,
    PAIR,
    SLIGHT_LOSER,
    Case,
    Refused,
    Row,
    Unmapped,
    language_of,
    mapped,
    moment,
    own_marks,
    pair,
    row_id,
    strength_of,
    turns_of,
    user_turn,
)
from thresher.model import Battle, Message, Response, Vote
from thresher.text import clean


def _models(row: Row) -> tuple[str, str]:
    return str(row["model_a"]), str(row["model_b"])


def _voted(row: Row, native_id: str, **more: Any) -> Case:
    """The columns that most sets of the family share."""
    (a, pictures), (b, _) = turns_of(row["conversation_a"]), turns_of(row["conversation_b"])
    vote: Vote = mapped(PAIR, "winner", row["winner"])
    marks = {"turns": sum(m.role == "user" for m in a), **({"images": pictures} if pictures else {}), **more.pop("marks", {})}
    when = moment(row.get("tstamp", row.get("timestamp")))
    battle = pair(a, b, _models(row), vote)
    return Case(native_id, battle, language=language_of(row.get("language")), created_at=when, marks=marks, **more)


def chatbot_arena_33k(row: Row) -> Case:
    """lmsys/chatbot_arena_conversations. Moderation flags are about the prompt, not about what the model did."""
    flagged = bool((row.get("openai_moderation") or {}).get("flagged")) or any(
        bool(v.get("flagged")) for v in (row.get("toxic_chat_tag") or {}).values() if v
    )
    return _voted(row, str(row["question_id"]), judge_id=_person(row.get("judge")), marks={"unsafe_prompt": True} if flagged else {})


def arena_55k(row: Row) -> Case:
    """lmarena-ai/arena-human-preference-55k: JSON lists of turns, where a turn may be null. Its ``tie`` also covers *both are bad*."""
    ballot = tuple(int(row[f"winner_{side}"]) for side in ("model_a", "model_b", "tie"))
    vote: Vote = mapped({(1, 0, 0): "first", (0, 1, 0): "second", (0, 0, 1): "tie"}, "winner_model_a, winner_model_b, winner_tie", ballot)
    prompts, sides, empty = json.loads(row["prompt"]), [], 0
    for side in ("response_a", "response_b"):
        answers = json.loads(row[side])
        if len(answers) != len(prompts):
            raise Refused("uneven_turns", f"{len(prompts)} prompts and {len(answers)} answers in {side}")
        empty += sum(answer is None for answer in answers)
        turns = ((Message("user", clean(p or "")), Message("assistant", clean(r or ""))) for p, r in zip(prompts, answers, strict=True))
        sides.append(tuple(message for turn in turns for message in turn))
    marks = {"turns": len(prompts), **({"empty_turns": empty} if empty else {}), **({"may_be_both_bad": True} if vote == "tie" else {})}
    return Case(str(row["id"]), pair(sides[0], sides[1], _models(row), vote), marks=marks)


def arena_100k(row: Row) -> Case:
    """lmarena-ai/arena-human-preference-100k. The set itself says which of its repeated prompts it left out of its sample."""
    tag = row.get("dedup_tag") or {}
    if tag.get("high_freq") and not tag.get("sampled"):
        raise Refused("high_frequency", "a prompt that the set marks as repeated and not sampled")
    return _voted(
        row, str(row["question_id"]), judge_id=_person(row.get("judge_hash")), marks=own_marks(row, "is_code", "is_refusal") | _tags(row)
    )


def arena_140k(row: Row) -> Case:
    """lmarena-ai/arena-human-preference-140k and arena-expert-5k. In a later vote of a session the earlier turns may be other models'
    words: no response is then said to fail by itself."""
    case = _voted(row, str(row["id"]), marks=own_marks(row, "is_code", "evaluation_session_id", "occupational_tags") | _tags(row))
    earlier = int(row.get("evaluation_order") or 1) - 1
    if earlier <= 0 or len(case.battle.messages) + 1 >= len(turns_of(row["conversation_a"])[0]):
        return case
    battle, plain = case.battle, tuple(Response(r.model, r.text) for r in case.battle.responses)
    weaker = replace(battle, responses=plain, strength=min(battle.strength, LOSER))
    return Case(case.native_id, weaker, case.language, case.created_at, marks={**case.marks, "earlier_votes": earlier})


def search_arena_24k(row: Row) -> Case:
    """lmarena-ai/search-arena-24k. A row without a vote is a talk that nobody judged."""
    (a, _), (b, _) = turns_of(row["messages_a"]), turns_of(row["messages_b"])
    meta = row.get("system_a_metadata") or {}
    native_id = str(meta.get("conv_id") or row_id(row["messages_a"], row["messages_b"]))
    vote: Vote = mapped(PAIR, "winner", row["winner"])
    languages = row.get("languages") or []
    marks = {"turns": row.get("turn"), "search": True, **own_marks(row, "primary_intent", "secondary_intent")}
    return Case(
        native_id,
        pair(a, b, _models(row), vote),
        language=language_of(languages[0] if len(languages) == 1 else ""),
        created_at=moment(row.get("timestamp")),
        judge_id=_person(row.get("judge")),
        marks=marks,
    )


def ppe_v1(row: Row) -> Case:
    """lmarena-ai/PPE-Human-Preference-V1: one turn; response_1 is model_a's."""
    vote: Vote = mapped(PAIR, "winner", row["winner"])
    prompt = user_turn(row["prompt"])
    a, b = ((*prompt, Message("assistant", clean(row[side] or ""))) for side in ("response_1", "response_2"))
    marks = own_marks(row, "is_code", "is_refusal", "hard_prompt", "math_prompt", "if_prompt") | _tags(row)
    return Case(str(row["question_id"]), pair(a, b, _models(row), vote), language=language_of(row.get("language")), marks=marks)


_MODEL_JUDGES: Final = {"gpt4_pair": "gpt-4"}


def mt_bench_human(row: Row) -> Case:
    """lmsys/mt_bench_human_judgments: the vote is about turn 1 or turn 2; what comes after it is not part of the case."""
    turn = int(row["turn"])
    (a, _), (b, _) = turns_of(row["conversation_a"]), turns_of(row["conversation_b"])
    voter = row["judge"][0] if isinstance(row["judge"], list) else row["judge"]
    judge = _MODEL_JUDGES.get(voter, "human")
    vote: Vote = mapped(PAIR, "winner", row["winner"])
    battle = pair(a[: 2 * turn], b[: 2 * turn], _models(row), vote, judge=judge)
    native_id = row_id(row["question_id"], row["model_a"], row["model_b"], voter, turn)
    return Case(
        native_id,
        battle,
        judge_id=voter if judge == "human" else None,
        thread_id=":".join(map(str, (row["question_id"], turn, *sorted(_models(row))))),
        marks={"question_id": row["question_id"], "turns": turn},
    )


_PANDALM: Final[dict[object, Vote]] = {0: "tie", 1: "first", 2: "second"}
_PANDALM_GPT: Final[dict[object, Vote]] = {"1": "first", "2": "second", "Tie": "tie", "garbage": "none"}


def pandalm(row: Row) -> Case:
    """PandaLM's test set: three people each said 1, 2 or 0 (a tie); what most of them said counts."""
    votes: list[Vote] = [mapped(_PANDALM, f"annotator{n}", row[f"annotator{n}"]) for n in (1, 2, 3)]
    winner, most = Counter(votes).most_common(1)[0]
    vote: Vote = winner if most >= 2 else "tie"
    strength = CLEAR_LOSER if most == 3 and vote != "tie" else strength_of(vote)
    marks = {"annotators": [row[f"annotator{n}"] for n in (1, 2, 3)], "agree": most, **own_marks(row, "motivation_app")}
    return Case(
        f"{row['idx']}",
        Battle(user_turn(row["instruction"], row["input"]), _panda_responses(row), vote, "human", strength, shown="first"),
        marks=marks,
    )


def pandalm_gpt(row: Row) -> Case:
    """GPT-3.5's judgement of the same pairs. ``garbage`` is what the set calls an answer without a verdict."""
    return _panda_judged(
        row, "gpt-3.5-turbo", mapped(_PANDALM_GPT, "gpt_result", row["gpt_result"]), row.get("gpt_reason"), row.get("gpt_reference")
    )


def pandalm_7b(row: Row) -> Case:
    """PandaLM-7B's judgement of the same pairs."""
    return _panda_judged(
        row,
        "pandalm-7b",
        mapped(_PANDALM, "pandalm_result", row["pandalm_result"]),
        row.get("pandalm_reason"),
        row.get("pandalm_reference"),
    )


def _panda_judged(row: Row, judge: str, vote: Vote, reason: str | None, reference: str | None) -> Case:
    about = row.get("_pair")
    marks: dict[str, Any] = {} if about else {"missing": ["prompt", "responses"]}
    if vote == "none":
        marks["no_verdict"] = True
    if reference:
        marks["judge_answer"] = clean(reference)  # the judge's own attempt: no key to go by
    messages, responses = (user_turn(about["instruction"], about["input"]), _panda_responses(about)) if about else ((), ())
    battle = Battle(messages, responses, vote, judge, strength_of(vote), clean(reason or ""), shown="first")
    return Case(f"{row['idx']}:{judge}", battle, thread_id=str(row["idx"]), marks=marks)


def _panda_responses(row: Row) -> tuple[Response, ...]:
    """The models' names are in one key. Six responses were written down as JSON's ``true``: the model said the word."""
    first, _, second = str(row.get("cmp_key") or "_").partition("_")
    return Response(first, _panda_text(row["response1"])), Response(second, _panda_text(row["response2"]))


def _panda_text(said: Any) -> str:
    """The set writes ``<nooutput>`` where a model gave nothing."""
    text = clean(str(said))
    return "" if text == "<nooutput>" else text


def pandalm_prompts(row: Row) -> Case:
    """PandaLM's prompts for inference: instructions that nobody has answered yet."""
    return Case(
        row_id(row["instruction"], row["input"]),
        Battle(user_turn(row["instruction"], row["input"]), (), "none", "human"),
        marks=own_marks(row, "motivation_app"),
    )


def helpsteer3(row: Row) -> Case:
    """nvidia/HelpSteer3: -3 (the first is much better) to 3 (the second is)."""
    score = row["overall_preference"]
    reasons = [clean(one.get("reasoning") or "") for one in row.get("individual_preference") or []]
    return _graded(
        row,
        score,
        turns_of(row["context"])[0],
        (row["response1"], row["response2"]),
        "\n\n".join(r for r in reasons if r),
        "overall_preference",
    )


def helpsteer2_preference(row: Row) -> Case:
    """nvidia/HelpSteer2's preferences, on the same scale."""
    rationale = row.get("preference_statement") or row.get("preference_elaboration") or ""
    return _graded(
        row,
        row["preference_strength"],
        steered(row["prompt"]),
        (row["response_1"], row["response_2"]),
        clean(rationale),
        "preference_strength",
    )


def _graded(row: Row, score: Any, prompt: tuple[Message, ...], texts: tuple[str, str], rationale: str, name: str) -> Case:
    if isinstance(score, bool) or score not in (-3, -2, -1, 0, 1, 2, 3):
        raise Unmapped(name, score)
    vote: Vote = "tie" if score == 0 else "first" if score < 0 else "second"
    strength = (0.0, SLIGHT_LOSER, LOSER, CLEAR_LOSER)[abs(int(score))]
    responses = (Response("", clean(texts[0] or "")), Response("", clean(texts[1] or "")))
    battle = Battle(prompt, responses, vote, "human", strength, rationale, shown="first")
    return Case(
        row_id([m.content for m in prompt], *texts),
        battle,
        language=language_of(row.get("language")),
        marks={"preference": score, **own_marks(row, "domain")},
    )


def helpsteer(row: Row) -> Case:
    """nvidia/HelpSteer and HelpSteer2: people's marks from 0 to 4; at most 1 for help or correctness is a failure."""
    marks = {name: row[name] for name in ("helpfulness", "correctness", "coherence", "complexity", "verbosity")}
    for name, value in marks.items():
        if isinstance(value, bool) or value not in (0, 1, 2, 3, 4):
            raise Unmapped(name, value)
    failed = marks["helpfulness"] <= 1 or marks["correctness"] <= 1
    response = Response("", clean(row["response"]), score=marks["helpfulness"] / 4, failed=failed or None)
    battle = Battle(steered(row["prompt"]), (response,), "none", "human", NEGATIVE if failed else 0.0)
    return Case(row_id(row["prompt"], row["response"]), battle, marks=marks)


_STEER: Final = re.compile(r"<extra_id_1>(User|Assistant)\n")


def steered(prompt: str) -> tuple[Message, ...]:
    """HelpSteer2 writes earlier turns into the prompt, each after ``<extra_id_1>`` and its role."""
    first, *rest = _STEER.split(prompt)
    turns = [("User", first), *zip(rest[::2], rest[1::2], strict=True)]
    return tuple(Message("user" if role == "User" else "assistant", clean(text)) for role, text in turns)


_SPEAKER: Final = re.compile(r"\n\n(Human|Assistant): ?")


def is_hh_rlhf(row: Row) -> bool:
    """Whether both sides are whole talks in one string each."""
    return all(isinstance(row[side], str) and row[side].lstrip().startswith(("Human:", "Assistant:")) for side in ("chosen", "rejected"))


def hh_rlhf(row: Row) -> Case:
    """Anthropic/hh-rlhf: two talks as one string each, the chosen first."""
    chosen, rejected = said(row["chosen"]), said(row["rejected"])
    if chosen == rejected:
        raise Refused("same_responses", "chosen and rejected are the same text")
    battle = pair(chosen, rejected, ("", ""), "first", shown="unknown")
    return Case(row_id(row["chosen"], row["rejected"]), battle, marks={"turns": sum(m.role == "user" for m in chosen)})


def said(talk: str) -> tuple[Message, ...]:
    """A talk that is one string, each turn after ``Human:`` or ``Assistant:``."""
    before, *rest = _SPEAKER.split("\n\n" + talk.lstrip("\n"))
    if before.strip() or not rest:
        raise Refused("not_a_talk", "the text does not begin with Human: or Assistant:")
    return tuple(Message("user" if who == "Human" else "assistant", clean(text)) for who, text in zip(rest[::2], rest[1::2], strict=True))


def _person(name: Any) -> str | None:
    return str(name) if name else None


def _tags(row: Row) -> dict[str, Any]:
    """What the set's own classifiers said of the prompt, as flat words: those that are true."""
    categories = [
        f"{group}.{name}"
        for group, values in (row.get("category_tag") or {}).items()
        if isinstance(values, dict)
        for name, value in values.items()
        if value is True
    ]
    return {"categories": sorted(categories)} if categories else {}
