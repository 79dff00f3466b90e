"""A judge before the rulebook: the law that it is given for a case, and what of its citations code can check.

Rules are part of the instructions, since the rulebook is ours. Precedents quote what models said: they go where the answer goes, between
the marks. A verdict whose citations have a fault is none, and what it cited is kept with the trial, so that a person can see it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final, Protocol, Self

from thresher.model import conversation
from thresher.rulebook.checking import faults
from thresher.rulebook.evidence import Evidence
from thresher.rulebook.model import Case, Response, Rule, Rulebook, Ruled
from thresher.rulebook.retrieval import Law, Retriever
from thresher.rulebook.searching import Encode
from thresher.scorers.base import Task, Verdict

RULES: Final = "rules_1"
"""The file in ``prompts/`` that asks a judge to cite; it is part of the version of a judge that does."""


@dataclass(frozen=True, slots=True)
class Cited:
    """What decided a verdict, as it is kept in ``evidence`` of a trial: words of the answer, ids of rules in their order of precedence and
    of precedents, and the rulebook by version and digest. A verdict without rules keeps its words alone."""

    words: str
    rules: tuple[str, ...] = ()
    precedents: tuple[str, ...] = ()
    rulebook: int = 0
    digest: str = ""

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), ensure_ascii=False) if self.rulebook else self.words

    @classmethod
    def of(cls, evidence: str, scorer_version: str) -> Self:
        """From what was kept. Without rules in the version of the scorer they are words, also where an answer holds such JSON."""
        if RULES not in scorer_version.partition("-")[0].split("+"):
            return cls(evidence)
        try:
            stated = json.loads(evidence)
            rules, precedents = tuple(map(str, stated["rules"])), tuple(map(str, stated["precedents"]))
            return cls(str(stated["words"]), rules, precedents, int(stated["rulebook"]), str(stated["digest"]))
        except (ValueError, KeyError, TypeError):
            return cls(evidence)


class Citing(Protocol):
    """What a judge says besides, where it has a rulebook."""

    why: str
    rules: list[str]
    precedents: list[str]
    rulebook: int


class Court:
    """One version of a rulebook, and what the benchmark knows of its items. Thread-safe. ``encode`` is not used before the first case."""

    def __init__(self, book: Rulebook, encode: Encode, items: Mapping[str, Evidence] | None = None) -> None:
        self.book = book
        self._encode = encode
        self._items = items or {}
        self._lock = threading.Lock()

    @cached_property
    def version(self) -> str:
        """Changes with each amendment, each word of a rule and each decided case: whatever may change a verdict. How rules are looked up
        (by meaning, or by words where no model is at hand) is not part of it."""
        cases = [case.model_dump_json() for case in self.book.precedents]
        digest = hashlib.sha256("\n".join([self.book.digest, *cases]).encode()).hexdigest()[:8]
        return f"rules{self.book.version}.{digest}"

    @cached_property
    def _retriever(self) -> Retriever:
        return Retriever(self.book, self._encode)

    def law(self, task: Task, answer: str) -> Law:
        """The rules and precedents for an answer."""
        item = self._items.get(task.item_id) or Evidence(task.item_id, task.kind, "", (), conversation(list(task.messages)), (), ())
        with self._lock:
            return self._retriever.law(item, (answer,))

    def faults(self, law: Law, said: Citing, verdict: Verdict, answer: str, words: str) -> list[str]:
        """What is wrong with what was cited; ``words`` as they stand in the answer."""
        if not said.rules:
            return ["it cites no rule"]
        if said.rulebook != self.book.version:
            return [f"it was given version {self.book.version} of the rulebook and cites version {said.rulebook}"]
        ruled = Ruled(
            asked="", responses=(Response(text=answer, decides=(words,)),), verdict=verdict, rules=tuple(said.rules),
            reason=said.why.strip() or "none", version=said.rulebook,
        )  # fmt: skip
        given, decided = {rule.id for rule in law.rules}, {case.id for case in law.precedents}
        unseen = [rule_id for rule_id in said.rules if rule_id in self.book.rules and rule_id not in given]
        unseen += [case_id for case_id in said.precedents if case_id not in decided]
        return [*faults(self.book, ruled), *(f"it cites {one}, which it was not given" for one in unseen)]

    def cited(self, said: Citing, words: str) -> Cited:
        """What is kept of it."""
        return Cited(words, tuple(said.rules), tuple(said.precedents), self.book.version, self.book.digest)


def in_words(law: Law) -> str:
    """The rules as a judge reads them, highest first."""
    rules = "\n\n".join(_rule(rule) for rule in law.rules)
    return f"# Version {law.version} of the rulebook: what may concern this case\n\n{rules}\n"


def _rule(rule: Rule) -> str:
    example = [f"  {label}: {text}" for label, text in (("asked", rule.asked), ("kept", rule.keeps), ("broken", rule.breaks)) if text]
    return "\n".join((f"- {rule.id} ({'principle' if rule.layer == 'constitution' else 'rule'}): {rule.text}", *example))


def as_data(cases: tuple[Case, ...]) -> list[dict[str, Any]]:
    """Precedents as they are quoted."""
    return [
        {
            "id": case.id,
            "asked": case.asked,
            "responses": [{"text": response.text, "decides": list(response.decides)} for response in case.responses],
            "verdict": case.verdict,
            "rules": list(case.rules),
            "reason": case.reason,
        }
        for case in cases
    ]
