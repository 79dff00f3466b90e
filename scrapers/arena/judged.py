"""Logs in which a model judged models: the Vicuna reviews, AlpacaEval, Arena-Hard, WildBench. MT-bench has a file of its own."""

from __future__ import annotations

from scrapers.arena.rows import (
    BOTTOM,
    NEGATIVE,
    Case,
    Refused,
    Row,
    Unmapped,
    dialogue,
    moment,
    own_marks,
    row_id,
    strength_of,
    turns_of,
    user_turn,
)
from thresher.model import Battle, Response, Vote
from thresher.text import clean


def vicuna_eval(row: Row) -> Case:
    """Two answers to a Vicuna question with a mark each, 0 to 10, and the reviewer's words. ``-1`` stands for a review without marks."""
    first, second = row["score"]
    for mark in (first, second):
        if isinstance(mark, bool) or not isinstance(mark, int | float) or (mark != -1 and not 0 <= mark <= 10):
            raise Unmapped("score", row["score"])
    if -1 in (first, second):
        raise Refused("no_verdict", "the reviewer gave no marks (-1)")
    vote: Vote = "first" if first > second else "second" if second > first else "tie"
    responses = tuple(_reviewed(row, n, mark / 10) for n, mark in ((1, first), (2, second)))
    question = row.get("_question")
    missing = ([] if question else ["prompt"]) + ([] if all(r.text for r in responses) else ["responses"])
    failed = any(r.failed for r in responses)
    battle = Battle(
        user_turn(question["text"]) if question else (),
        responses,
        vote,
        str(row.get("_reviewer") or row["reviewer_id"]),
        NEGATIVE if failed else strength_of(vote),
        clean(row["text"].partition("\n")[2]),
        shown="first",
    )
    marks = {"question_id": row["question_id"], "marks": [first, second], **({"missing": missing} if missing else {})}
    return Case(str(row["review_id"]), battle, marks=marks)


def _reviewed(row: Row, n: int, share: float) -> Response:
    """One side of a review. Where its answer is not at hand nothing is witnessed, whatever its mark."""
    if answer := row.get(f"_answer{n}"):
        return Response(str(answer["model_id"]), clean(answer["text"]), share, share <= BOTTOM or None)
    return Response((row.get("_models") or ["", ""])[n - 1], "", share)


def alpaca_annotations(row: Row) -> Case:
    """AlpacaEval: 1 prefers output_1 (the baseline), 2 output_2 (the model on trial), 0 or 1.5 neither; weighted judges give any number
    between 1 and 2."""
    preference = row["preference"]
    if isinstance(preference, bool) or not (
        preference is None or (isinstance(preference, int | float) and (preference == 0 or 1 <= preference <= 2))
    ):
        raise Unmapped("preference", preference)
    vote: Vote = "none" if preference is None else "tie" if preference in (0, 1.5) else "first" if preference < 1.5 else "second"
    outputs = [clean(row[f"output_{n}"] or "") for n in (1, 2)]
    responses = tuple(Response(str(row.get(f"generator_{n}") or ""), text) for n, text in ((1, outputs[0]), (2, outputs[1])))
    battle = Battle(user_turn(row["instruction"]), responses, vote, str(row["annotator"]), strength_of(vote), _explained(row))
    native_id = row_id(row["instruction"], *(str(row.get(name)) for name in ("generator_1", "generator_2", "annotator")))
    return Case(native_id, battle, marks={**own_marks(row, "dataset"), "preference": preference})


def _explained(row: Row) -> str:
    """The judge's explanation. It calls the models m and M, in an order that changes from row to row."""
    completion = row.get("raw_completion")
    words = clean(str(completion.get("concise_explanation") or "")) if isinstance(completion, dict) else ""
    letters = row.get("referenced_models")
    if not words or not isinstance(letters, dict):
        return words
    which = ", ".join(f"{letter}: {name}" for letter, name in letters.items()).replace("output_", "response ")
    return f"{words}\n\n({which})"


def alpaca_outputs(row: Row) -> Case:
    """A model's output for an AlpacaEval instruction; nobody judged it here."""
    battle = Battle(user_turn(row["instruction"]), (Response(str(row["generator"]), clean(row["output"] or "")),), "none", "human")
    return Case(row_id(row["instruction"], row["generator"], row["output"] or ""), battle, marks=own_marks(row, "dataset"))


def arena_hard_questions(row: Row) -> Case:
    """Arena-Hard's prompts."""
    return Case(
        str(row["uid"]), Battle(user_turn(row["prompt"]), (), "none", "human"), marks=own_marks(row, "category", "cluster", "subcategory")
    )


def arena_hard_answers(row: Row) -> Case:
    """A model's answer to an Arena-Hard prompt; the judgements are elsewhere."""
    messages, responses = dialogue(turns_of(row["messages"])[0], str(row["model"]))
    return Case(
        str(row["ans_id"]),
        Battle(messages, responses, "none", "human"),
        created_at=moment(row.get("tstamp")),
        marks={"question_id": row["uid"]},
    )


def wildbench_scores(row: Row) -> Case:
    """WildBench: an answer marked from 1 to 10, with strengths and weaknesses. The prompt is in another set, under ``session_id``."""
    mark = row["score"]
    if isinstance(mark, bool) or str(mark).removesuffix(".0") not in {str(n) for n in range(1, 11)}:
        raise Unmapped("score", mark)
    share = (float(mark) - 1) / 9
    failed = share <= BOTTOM or None
    verdict = row.get("parsed_result") or {}
    rationale = "\n\n".join(
        f"{name.capitalize()}: {clean(str(verdict[name]))}" for name in ("strengths", "weaknesses") if verdict.get(name)
    )
    prompt = row.get("_question")
    response = Response(str(row["model_test"]), clean(row["model_output"] or ""), share, failed)
    battle = Battle(
        user_turn(prompt) if prompt else (), (response,), "none", str(row.get("_judge") or "model"), NEGATIVE if failed else 0.0, rationale
    )
    native_id = f"{row['session_id']}:{row['model_test']}"
    return Case(
        native_id, battle, marks={"session_id": row["session_id"], "mark": int(float(mark)), **({} if prompt else {"missing": ["prompt"]})}
    )
