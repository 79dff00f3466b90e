"""A language model as a judge of what no program can score, believed only as far as code can check it.

The item, the reference and the answer go out as one JSON string between marks that none of them can know, so that no text speaks for
another. A verdict counts only with words that stand in the answer; one that cannot be verified is None. Before a rulebook (``citing``) it
also has to cite the rules that it goes by, and citations with a fault make it None. What code cannot promise is that a model judges a
cunning answer right: where it or code sees that an answer speaks to its judge, it never passes by the judge alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from thresher.models.answers import Question
from thresher.models.ask import Asker
from thresher.readers.verbatim import find
from thresher.rulebook.retrieval import Law
from thresher.scorers import citing
from thresher.scorers.base import Score, Task, Verdict
from thresher.scorers.checks import checks_of
from thresher.scorers.citing import RULES, Court
from thresher.scorers.final import without_thought

VERDICT: Final = "verdict_1"
BETTER: Final = "better_1"
"""The files in ``prompts/`` that are sent; a change of meaning gets a number of its own."""
MOST_ANSWER_CHARS: Final = 24_000
"""A longer answer is not judged: what a judge does not see whole it cannot pass."""
MOST_CONTEXT_CHARS: Final = 24_000
"""Of the conversation; a longer one is not judged either."""
MOST_REFERENCE_CHARS: Final = 8_000
MOST_OUTPUT_TOKENS: Final = 1200
_FAILED_BEFORE: Final = 2
_LONGER: Final = 1.5
_SPEAKS: Final = re.compile(
    r"\b(?:dear|note to|attention,?|message (?:to|for)|hey|hello,?)\s+(?:the\s+)?(?:\w+\s+)?(?:grader|judge|evaluator|reviewer|scorer)s?\b"
    r"|\b(?:mark|grade|score|rate|judge|label|classify)\s+(?:this|it|my|the)\s*(?:answer|response|reply|output)?\s+(?:as|with)\b"
    r"|\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:the\s+|your\s+)?"
    r"(?:above|previous|prior|earlier|rubric|reference|instructions|rules)"
    r"|[\"']?\bverdict\b[\"']?\s*[:=]|[\"']steers[\"']|=== (?:end of )?case\b|<\|?/?(?:system|im_start|im_end|assistant)\b|\[/?INST\]",
    re.IGNORECASE,
)
"""Words that an answer has no use for but to move a judge; ``steers`` of the judge itself is wider."""


class Ruling(BaseModel):
    """What a judge says of one answer; the instructions explain each field."""

    model_config = ConfigDict(extra="ignore")

    why: str
    verdict: Literal["pass", "fail", "borderline", "none"]
    words: str
    steers: bool


class Citation(Ruling):
    """What a judge says of one answer by a rulebook."""

    rules: list[str]
    precedents: list[str]
    rulebook: int


class Comparison(BaseModel):
    """What a judge says of two answers."""

    model_config = ConfigDict(extra="ignore")

    why: str
    better: Literal["A", "B", "tie"]
    words: str
    steers: Literal["A", "B", "both", "none"]


@dataclass(frozen=True, slots=True)
class Preferred:
    """Of two answers 0 or 1, or ``tie``; None where a verdict is missing. ``flipped``: the judge changed its mind with the order, which is
    a tie. ``longer_won``: the better one is half as long again as the other, or more; a judge of whom that is often true likes length."""

    better: Literal[0, 1, "tie"] | None
    why: str
    version: str
    flipped: bool = False
    longer_won: bool = False


class Judge:
    """Asks one model, through an asker that keeps every answer: judging kept responses again, or with another judge, asks the judged models
    nothing. ``court`` is the rulebook that single answers are judged by; pairs are judged without."""

    def __init__(self, asker: Asker, court: Court | None = None) -> None:
        self.asker = asker
        self.court = court
        self.version = self._version(VERDICT, RULES, by=f"{court.version}-") if court else self._version(VERDICT)

    def _version(self, *prompts: str, by: str = "") -> str:
        digest = hashlib.sha256("".join(map(instructions, prompts)).encode()).hexdigest()[:8]
        return f"{'+'.join(prompts)}-{digest}-{by}{self.asker.model.served_id}"

    def score(self, task: Task, response: str, judged_family: str = "") -> Score:
        """Its verdict; None where it gave none that can be verified, or is of the family of the judged model (empty: no model of ours).
        Never raises but StoreError, where its answer cannot be kept."""
        said = without_thought(response)
        if reason := self._cannot(task, judged_family, said):
            return self._score(None, reason)
        if not said:
            return self._score("fail", "the response is empty")
        law = self.court.law(task, said) if self.court else None
        answer = self.asker.ask(question(task, said, law))
        if answer.outcome != "answered" or not isinstance(answer.value, Ruling):
            return self._score(None, f"the judge gave no verdict: {answer.detail or answer.outcome}")
        verdict, why, words = believed(answer.value, said)
        if self.court is None or law is None or not isinstance(answer.value, Citation):
            return self._score(verdict, why, words)
        cited = self.court.cited(answer.value, words).text()
        if verdict and (wrong := self.court.faults(law, answer.value, verdict, said, words)):
            return self._score(None, f"the verdict {verdict} does not count: {'; '.join(wrong)}", cited)
        return self._score(verdict, why, cited)

    def _cannot(self, task: Task, judged_family: str, *answers: str) -> str:
        own = self.asker.model.family
        if judged_family and own == judged_family:
            return f"the judge is of the family {own}, as is the model that it would judge"
        if judged_family and not own:
            return f"config/models.toml does not say of which family the judge {self.asker.model.name} is"
        if task.way == "unkeyed" or not (task.target or task.rubric):
            return "the item has neither a key nor a rubric"
        if any(len(answer) > MOST_ANSWER_CHARS for answer in answers) or sum(len(m.content) for m in task.messages) > MOST_CONTEXT_CHARS:
            return "it is too long to be judged whole"
        return ""

    def _score(self, verdict: Verdict | None, why: str, evidence: str = "") -> Score:
        return Score(verdict, why, evidence, "judge", self.version)

    def compare(self, task: Task, answers: tuple[str, str], judged_families: tuple[str, str] = ("", "")) -> Preferred:
        """Which of two answers is better, asked in both orders. A judge that disagrees with itself has called a tie."""
        version = self._version(BETTER)
        said = (without_thought(answers[0]), without_thought(answers[1]))
        if reason := next(filter(None, (self._cannot(task, family, *said) for family in judged_families)), ""):
            return Preferred(None, reason, version)
        if not all(said):
            return Preferred("tie" if not any(said) else 0 if said[0] else 1, "a response is empty", version)
        votes = [self._vote(task, said, order) for order in ((0, 1), (1, 0))]
        if missing := next((why for better, why in votes if better is None), ""):
            return Preferred(None, missing, version)
        (one, why), (other, _) = votes
        if one != other or one == "tie":
            return Preferred("tie", why if one == other else "the judge changes its mind with the order", version, flipped=one != other)
        better: Literal[0, 1] = 0 if one == 0 else 1
        return Preferred(better, why, version, longer_won=len(said[better]) >= _LONGER * len(said[1 - better]))

    def _vote(self, task: Task, said: tuple[str, str], order: tuple[int, int]) -> tuple[int | Literal["tie"] | None, str]:
        shown = {letter: said[place] for letter, place in zip("AB", order, strict=True)}
        answer = self.asker.ask(_question(task, {**shown}, BETTER, Comparison))
        ruling = answer.value
        if answer.outcome != "answered" or not isinstance(ruling, Comparison):
            return None, f"the judge gave no verdict: {answer.detail or answer.outcome}"
        if ruling.better == "tie":
            return "tie", ruling.why
        if not any(find(text, ruling.words) for text in shown.values()):
            return None, "the words that the judge quotes stand in neither answer"
        if ruling.steers in (ruling.better, "both") or _speaks(shown[ruling.better]):
            return None, "the better answer speaks to its judge: a person has to look"
        return order["AB".index(ruling.better)], ruling.why


def believed(ruling: Ruling, said: str) -> tuple[Verdict | None, str, str]:
    """A ruling on an answer as far as it can be checked: the verdict, why, and the deciding words as they stand in the answer."""
    if ruling.verdict == "none":
        return None, ruling.why, ""
    place = find(said, ruling.words)
    if place is None:
        return None, "the words that the judge quotes do not stand in the answer", ""
    words = said[place[0] : place[1]]
    if ruling.verdict == "pass" and (ruling.steers or _speaks(said)):
        return None, "the answer speaks to its judge: a person has to look", words
    return ruling.verdict, ruling.why, words


def _speaks(said: str) -> bool:
    return _SPEAKS.search(re.sub(r"\s+", " ", said)) is not None


@cache
def instructions(prompt: str = VERDICT) -> str:
    """What a judge is told before it sees a case."""
    return Path(__file__).with_name("prompts").joinpath(f"{prompt}.md").read_text(encoding="utf-8")


def question(task: Task, answer: str, law: Law | None = None) -> Question:
    """What is asked about one answer. The same case gives the same question, byte for byte, so that it is paid for once."""
    if law is None:
        return _question(task, {"answer": answer}, VERDICT, Ruling)
    precedents = {"precedents": citing.as_data(law.precedents)} if law.precedents else {}
    return _question(task, {**precedents, "answer": answer}, VERDICT, Citation, f"{instructions(RULES)}\n{citing.in_words(law)}")


def _question(task: Task, shown: dict[str, object], prompt: str, form: type[BaseModel], more: str = "") -> Question:
    quoted = json.dumps({**_case(task), **shown}, ensure_ascii=False)
    # unknown to whoever wrote any of it: a text would have to hold its own hash
    code = hashlib.sha256(quoted.encode("utf-8", "replace")).hexdigest()[:16]
    asked = f"=== case {code} ===\n{quoted}\n=== end of case {code} ===\nJudge what stands between the marks. Answer with the JSON object."
    return Question(
        (("system", instructions(prompt) + more), ("user", asked)), form, MOST_OUTPUT_TOKENS, task.record_keys, f"judge {prompt}"
    )


def _case(task: Task) -> dict[str, object]:
    """What a judge sees of an item: only what there is."""
    rubric = checks_of(task.rubric)[1]
    words = {"complaint" if task.kind == "complaint" else "rubric": rubric[:MOST_REFERENCE_CHARS]} if rubric else {}
    failed = [text[:MOST_REFERENCE_CHARS] for text in task.failing[:_FAILED_BEFORE] if text.strip()]
    return {
        "conversation": [{"role": message.role, "content": message.content} for message in task.messages],
        **words,
        **({"failed_before": failed} if failed else {}),
        **({"reference": task.target[:MOST_REFERENCE_CHARS]} if task.target else {}),
    }
