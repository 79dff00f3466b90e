"""MT-bench and its forerunner: questions of two turns, models' answers, and what a judge said of one answer or of two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from scrapers.arena.rows import (
    BOTTOM,
    LOSER,
    NEGATIVE,
    Case,
    Refused,
    Row,
    Unmapped,
    dialogue,
    mapped,
    moment,
    own_marks,
    pair,
    row_id,
    user_turn,
)
from thresher.model import Battle, Message, Vote
from thresher.text import clean


def each_turn(rows: Iterable[Row]) -> Iterator[Row]:
    """A row for each turn of each question; ``_turn`` counts from 1."""
    for row in rows:
        for turn in range(1, len(row["turns"]) + 1 if isinstance(row.get("turns"), list) else 2):
            yield {**row, "_turn": turn}


def mt_bench_questions(row: Row) -> Case:
    """One turn of an MT-bench question, or a Vicuna question. The set's own ``reference`` was written by its authors, the files under
    ``reference_answer`` by the model that they are called after. A later turn is asked after the authors' answers to those before it."""
    turns = [turn["content"] if isinstance(turn, dict) else turn for turn in (row["turns"] if "turns" in row else [row["text"]])]
    at = int(row.get("_turn", 1)) - 1
    own, by_model = _references(row.get("reference"), turns), _references(row.get("_reference"), turns)
    reference, author = (own[at], "human") if own[at] else (by_model[at], str(row.get("_reference_by") or "a model"))
    messages = user_turn(turns[0])
    for turn, answer in zip(turns[1 : at + 1], own[:at], strict=True):
        messages += ((Message("assistant", _as_answer(answer)),) if answer else ()) + user_turn(turn)
    marks = {**own_marks(row, "category", "cluster"), "turn": at + 1}
    if not all(own[:at]):
        marks["missing"] = ["prompt"]
    native_id = f"question:{row['question_id']}" + (f":turn{at + 1}" if at else "")
    battle = Battle(messages, (), "none", "human", reference=reference, reference_by=author)
    return Case(native_id, battle, thread_id=f"question:{row['question_id']}", marks=marks)


def _as_answer(reference: str) -> str:
    """A reference as an assistant would have said it: of notes for a grader with a sample answer in code, the code."""
    _, fence, code = reference.partition("```")
    return f"{fence}{code}" if fence else reference


def _references(given: Any, turns: list[str]) -> list[str]:
    """An answer for each turn; empty where there is none."""
    answers = [clean(answer or "") for answer in given] if isinstance(given, list) else []
    return [answers[n] if n < len(answers) else "" for n in range(len(turns))]


def mt_bench_answers(row: Row) -> Case:
    """A model's answers to an MT-bench question (or, without ``choices``, to a Vicuna question)."""
    answers = row["choices"][0]["turns"] if "choices" in row else [row["text"]]
    answers = [answer["content"] if isinstance(answer, dict) else answer for answer in answers]
    question = row.get("_question")
    prompts = (question["turns"] if "turns" in question else [question["text"]]) if question else [""] * len(answers)
    turns = ((Message("user", clean(p)), Message("assistant", clean(a))) for p, a in zip(prompts, answers, strict=False))
    messages, responses = dialogue(tuple(m for turn in turns for m in turn), str(row["model_id"]))
    marks: dict[str, Any] = {"question_id": row["question_id"]}
    if not question:
        messages, marks["missing"] = (), ["prompt"]
    return Case(
        f"answer:{row['answer_id']}", Battle(messages, responses, "none", "human"), created_at=moment(row.get("tstamp")), marks=marks
    )


_JUDGED = re.compile(
    r"\[Question\]\n(?P<question>.*?)\n\n(?:\[The Start of Reference Answer\]\n(?P<reference>.*?)\n\[The End of Reference Answer\]\n\n)?"
    r"\[The Start of Assistant's Answer\]\n(?P<answer>.*)\n\[The End of Assistant's Answer\]",
    re.DOTALL,
)
_TALK = re.compile(
    r"<\|The Start of Assistant A's Conversation with User\|>\n\n(?P<talk>.*)\n\n<\|The End of Assistant A's Conversation with User\|>",
    re.DOTALL,
)
_TALK_REFERENCE = re.compile(r"<\|The Start of Reference Answer\|>\n\n(?P<talk>.*)\n\n<\|The End of Reference Answer\|>", re.DOTALL)
_SPEAKER = re.compile(r"(?:^|\n\n)### (User|Assistant [AB]|Reference answer):\n")


def mt_bench_single(row: Row) -> Case:
    """One answer marked by GPT-4 from 1 to 10. The judge's own prompt holds the question, the answer and the reference, word for word. That
    reference is a model's; the authors' own comes from the questions, where they are at hand."""
    score = row["score"]
    if isinstance(score, bool) or not isinstance(score, int | float) or (score != -1 and not 1 <= score <= 10):
        raise Unmapped("score", score)
    if score == -1:
        raise Refused("no_verdict", "the judge gave no mark (-1)")
    share = (score - 1) / 9
    failed = share <= BOTTOM or None
    talk, shown = _judged(row["user_prompt"])
    own = _references((row.get("_question") or {}).get("reference"), ["", ""])[int(row["turn"]) - 1 : int(row["turn"])]
    reference, author = (own[0], "human") if own and own[0] else (shown, "")
    messages, responses = dialogue(talk, str(row["model"]), score=share, failed=failed)
    judge = _judge(row)
    battle = Battle(messages, responses, "none", judge, NEGATIVE if failed else 0.0, clean(row["judgment"]), reference, author)
    marks = {
        "question_id": row["question_id"],
        "turns": row["turn"],
        "mark": score,
        **({} if talk else {"missing": ["prompt", "responses"]}),
    }
    return Case(
        row_id(row["question_id"], row["model"], row["judge"], row["turn"]), battle, created_at=moment(row.get("tstamp")), marks=marks
    )


def _judged(prompt: str) -> tuple[tuple[Message, ...], str]:
    if one := _JUDGED.search(prompt):
        return (*user_turn(one["question"]), Message("assistant", clean(one["answer"]))), clean(one["reference"] or "")
    if not (several := _TALK.search(prompt)):
        return (), ""
    reference = _TALK_REFERENCE.search(prompt)
    given = [text for who, text in _turns(reference["talk"]) if who == "Reference answer"] if reference else [""]
    messages = tuple(Message("user" if who == "User" else "assistant", clean(text)) for who, text in _turns(several["talk"]))
    return messages, clean(given[-1])


def _turns(talk: str) -> list[tuple[str, str]]:
    _, *rest = _SPEAKER.split(talk)
    return list(zip(rest[::2], rest[1::2], strict=True))


_ASKED: Final = re.compile(
    r"\[User Question\]\n(?P<question>.*?)\n\n(?:\[The Start of Reference Answer\]\n.*?\n\[The End of Reference Answer\]\n\n)?"
    r"\[The Start of Assistant A's Answer\]\n(?P<a>.*?)\n\[The End of Assistant A's Answer\]\n\n"
    r"\[The Start of Assistant B's Answer\]\n(?P<b>.*)\n\[The End of Assistant B's Answer\]",
    re.DOTALL,
)
_ASKED_LATER: Final = re.compile(
    r"<\|The Start of Assistant A's Conversation with User\|>\n\n(?P<a>.*?)\n\n<\|The End of Assistant A's Conversation with User\|>\n\n"
    r"\s*<\|The Start of Assistant B's Conversation with User\|>\n\n(?P<b>.*)\n\n<\|The End of Assistant B's Conversation with User\|>",
    re.DOTALL,
)
_GAME: Final[dict[object, Vote]] = {"model_1": "first", "model_2": "second", "tie": "tie"}


def mt_bench_pair(row: Row) -> Case:
    """Two answers compared by a model in both orders (FastChat's ``gpt-4_pair.jsonl``): a side wins where it does both times. The prompt of
    the first game holds the question and both answers, model_1's as A."""
    if "error" in (row["g1_winner"], row["g2_winner"]):
        raise Refused("no_verdict", "the judge gave no verdict in one of the orders")
    games: list[Vote] = [mapped(_GAME, name, row[name]) for name in ("g1_winner", "g2_winner")]
    vote: Vote = games[0] if games[0] == games[1] else "tie"
    models = (str(row["model_1"]), str(row["model_2"]))
    first, second = _both_talks(row["g1_user_prompt"])
    marks = {"question_id": row["question_id"], "turns": row["turn"], "games": games}
    if first and second:
        battle = pair(first, second, models, vote, judge=_judge(row), rationale=clean(row.get("g1_judgment") or ""), shown="both")
    else:
        battle, marks = Battle((), (), vote, _judge(row), LOSER, shown="both"), {**marks, "missing": ["prompt", "responses"]}
    native_id = row_id(row["question_id"], *models, row["judge"], row["turn"])
    thread = ":".join(map(str, (row["question_id"], row["turn"], *sorted(models))))
    return Case(native_id, battle, created_at=moment(row.get("tstamp")), thread_id=thread, marks=marks)


def _both_talks(prompt: str) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    if one := _ASKED.search(prompt):
        question = user_turn(one["question"])
        return (*question, Message("assistant", clean(one["a"]))), (*question, Message("assistant", clean(one["b"])))
    if not (several := _ASKED_LATER.search(prompt)):
        return (), ()
    a, b = (
        tuple(Message("user" if who == "User" else "assistant", clean(text)) for who, text in _turns(several[side])) for side in ("a", "b")
    )
    return a, b


def _judge(row: Row) -> str:
    """MT-bench names its judges by model and prompt."""
    return str(row["judge"][0] if isinstance(row["judge"], list) else row["judge"])
