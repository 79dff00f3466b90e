"""How well the rules tell which questions have a key, on sites that they were not made on: 180 invented questions with accepted answers.

    python benchmarks/questions_invented.py

They are of forty sites, more than half of them such that no second person would grade an answer by the accepted one. Of the four sets the
first three were read while the rules were changed; the fourth was written after that, and nothing was changed for it but that the EU is
no first person.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from thresher.model import Candidate, Record
from thresher.rules import Rules, judge

ROOT = Path(__file__).parents[1]
QUESTIONS = Path(__file__).parent / "labels" / "questions_invented.jsonl"


def main() -> None:
    """Print a line for each set, and the questions on which label and rules differ."""
    rules = Rules.load(ROOT / "config" / "rules.toml")
    counts: Counter[tuple[int, bool, bool]] = Counter()
    for row in map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines()):
        keyed = _is_keyed(row, rules)
        counts[row["set"], keyed, row["key"]] += 1
        if keyed != row["key"]:
            print(f"{row['site']:15} {row['title'][:60]:60} {'keyed' if keyed else 'no key'}")
    for number in sorted({number for number, _, _ in counts}):
        right = counts[number, True, True]
        keyed, fit = right + counts[number, True, False], right + counts[number, False, True]
        print(f"set {number}: {keyed} keyed, of which {right} are fit; {fit} fit, of which {right} keyed")


def _is_keyed(row: dict[str, str | list[str]], rules: Rules) -> bool:
    where = {"source": "stackexchange", "site": str(row["site"]), "url": "https://qa.example.org/1"}
    marks = {"accepted_id": 2, "score": 5, "tags": row.get("tags", [])}
    question = Record(native_id="1", role="question", title=str(row["title"]), text=str(row["question"]), marks=marks, **where)  # type: ignore[arg-type]
    answer = Record(native_id="2", role="answer", parent_id="1", text=str(row["answer"]), marks={"score": 6}, **where)  # type: ignore[arg-type]
    outcome = next(iter(judge([question, answer], rules)))
    return isinstance(outcome, Candidate) and outcome.key_status == "sourced"


if __name__ == "__main__":
    main()
