"""Lists of questions, with people's answers and, in some, marked answers of models: tables that everybody heads in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from scrapers.arena.rows import NEGATIVE, Case, Refused, Row, own_marks, row_id, user_turn
from scrapers.arena.verdicts import number, scale_of, share_of
from thresher.model import Battle, Response
from thresher.text import clean

_HEADS: Final[dict[str, tuple[str, ...]]] = {
    "question": ("question", "prompt", "problem", "query", "task", "riddle", "puzzle", "input", "instruction"),
    "key": (
        "human_answer", "correct_answer", "reference_answer", "expected_answer", "best_answer", "gold_answer", "right_answer",
        "true_answer",
        "ground_truth", "reference", "gold", "expected", "expected_output", "ideal", "solution", "target", "answer_key", "correct",
    ),
    "answer": (
        "model_answer", "llm_answer", "ai_answer", "model_response", "llm_response", "ai_response", "model_output", "llm_output",
        "response",
        "output", "prediction", "generated_answer", "completion", "reply", "chatgpt_answer", "gpt_answer",
    ),
    "score": (
        "score", "human_score", "grade", "mark", "is_correct", "correct", "passed", "pass", "rating", "accuracy", "result", "verdict",
        "auto_score", "judge_score", "llm_score", "evaluation",
    ),
    "model": ("model", "llm", "model_name", "model_id", "engine", "system_name"),
    "judge": ("judge", "grader", "evaluator", "scored_by", "annotator", "judge_model"),
    "why": ("explanation", "justification", "reason", "rationale", "comment", "feedback", "notes", "why"),
    "id": ("id", "index", "question_id", "qid", "idx", "no", "number", "prompt_id"),
}  # fmt: skip
_WORD: Final = re.compile(r"[^a-z0-9]+")
_BY_PEOPLE: Final = frozenset({"human_score"})


def heads(row: Row) -> dict[str, str]:
    """The columns of a row by what they hold. ``answer`` alone is the key where no other column is, else the model's."""
    plain = {_WORD.sub("_", str(name).lower()).strip("_"): name for name in row}
    columns: dict[str, str] = {}
    for role, names in _HEADS.items():
        taken = columns.values()
        if found := next((plain[name] for name in names if name in plain and plain[name] not in taken), None):
            columns[role] = found
    if columns.get("key") and plain.get("correct") == columns["key"] and _is_mark(row[columns["key"]]):
        columns["score"] = columns.pop("key")
    if (answer := plain.get("answer") or plain.get("answers")) is not None:
        role = "answer" if "key" in columns else "key"
        if role == "key" and columns.keys() & {"score", "model"} and "answer" not in columns:
            role = "answer"
        columns.setdefault(role, answer)
    return columns


def _is_mark(value: Any) -> bool:
    return isinstance(value, bool) or number(value) is not None or str(value).strip().lower() in {"true", "false", "yes", "no"}


def is_list(row: Row) -> bool:
    """Whether a row asks something and holds the key, or a model's answer with its mark."""
    columns = heads(row)
    if "question" not in columns or not isinstance(row[columns["question"]], str) or not row[columns["question"]].strip():
        return False
    if isinstance(value := row.get(columns.get("key", "")), dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    ):
        return False
    return "key" in columns or {"answer", "score"} <= columns.keys()


def on_one_scale(rows: Iterable[Row]) -> Iterator[Row]:
    """Each row with the scale of the marks, which only the rows together show."""
    rows = list(rows)
    values = [row[column] for row in rows if (column := heads(row).get("score"))]
    scale = scale_of(values)
    from_one = any((given := _options(row)) and _index(row) == len(given) for row in rows)
    for row in rows:
        yield {**row, "_scale": scale, "_from_one": from_one}


def _index(row: Row) -> int | None:
    """The number by which a row names one of its options, where it is one and no option's own text."""
    value = row.get(heads(row).get("key", ""))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.strip().isdigit() and value.strip() not in _options(row):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def question_list(row: Row) -> Case:
    """A question with its key, or a model's answer to it with a mark. Who gave the mark is taken from the columns, where they say it."""
    columns = heads(row)
    options = _options(row)
    asked = user_turn(str(row[columns["question"]]), _lettered(options))
    if not asked:
        raise Refused("no_prompt", "the question is empty")
    key = _text(row.get(columns.get("key", "")))
    if options and (index := _index(row)) is not None and 0 <= (place := index - bool(row.get("_from_one"))) < len(options):
        key = f"{_LETTERS[place]}) {options[place]}"
    elif len(key) == 1 and key in _LETTERS and not options and not _OFFERS.search(asked[0].content):
        raise Refused("no_options", f"the key is {key}, and the options that it names are not in the row")
    answer = _text(row.get(columns.get("answer", "")))
    model = str(row.get(columns.get("model", "")) or "")
    share, failed = share_of(row.get(columns.get("score", "")), float(row.get("_scale") or 1.0))
    responses = (Response(model, answer, share, failed or None),) if answer else ()
    why = _text(row.get(columns.get("why", ""))) if failed else ""
    judge = "human" if not responses else _judge(row, columns)
    battle = Battle(asked, responses, "none", judge, NEGATIVE if failed else 0.0, why, key, "human")
    own = row.get(columns.get("id", ""))
    native_id = row_id(own, asked[0].content, key, model, answer) if responses or own in (None, "") else f"question:{own}"
    marks = own_marks(row, "category", "Category", "type", "Type", "level", "difficulty")
    return Case(native_id, battle, thread_id=row_id(asked[0].content), marks=marks)


def _judge(row: Row, columns: dict[str, str]) -> str:
    if named := str(row.get(columns.get("judge", "")) or "").strip():
        return "human" if named.lower() in {"human", "expert", "author", "annotator"} else named
    score = _WORD.sub("_", columns.get("score", "").lower()).strip("_")
    if score in _BY_PEOPLE:
        return "human"
    return "a model" if score in {"auto_score", "judge_score", "llm_score"} else "unknown"


def _text(value: Any) -> str:
    """A cell as text; a list of answers as lines."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, list):
        return "\n".join(part for part in map(_text, value) if part)
    return clean(str(value)) if not isinstance(value, dict) else ""


_LETTERS: Final = "ABCDEFGHIJ"
_OFFERS: Final = re.compile(r"(?m)(?:^|[\s(])[ABC][).:]\s")
_ONE_BY_ONE: Final = ("{}", "option_{}", "option{}", "choice_{}", "choice{}", "op{}", "opt_{}")


def _options(row: Row) -> list[str]:
    """The options of a multiple-choice question, where a column holds them as a list or each has a column."""
    for name in ("choices", "options", "Choices", "Options"):
        value = row.get(name)
        if isinstance(value, dict):  # of the Hub: {"text": [...], "label": [...]}, or by letter
            value = value.get("text") or (list(value.values()) if all(isinstance(one, str) for one in value.values()) else None)
        if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
            return [clean(str(one)) for one in value][: len(_LETTERS)]
    plain = {_WORD.sub("_", str(name).lower()).strip("_"): name for name in row}
    for form in _ONE_BY_ONE:
        for counted in ("abcdefghij", "1234567890"):
            names = [plain[form.format(mark)] for mark in counted if form.format(mark) in plain]
            if len(names) > 1 and form.format(counted[0]) in plain:
                return [clean(str(row[name])) for name in names if _text(row[name])]
    return []


def _lettered(options: list[str]) -> str:
    return "\n".join(f"{letter}) {option}" for letter, option in zip(_LETTERS, options, strict=False))
