"""What a scorer gets, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from thresher.model import KeyStatus, Message
from thresher.scorers.ways import Way, way_and_answer, without_options

Verdict = Literal["pass", "fail", "borderline"]


@dataclass(frozen=True, slots=True)
class Task:
    """An item as it is put to a model and scored.

    ``target`` is the key as the source gives it and ``answer`` the key as a program compares it: the letter of an option, a number or
    words, a formula; of ``preference`` the letter of the better response; empty where no program can. ``rubric`` is what a judge looks at:
    of a complaint the complainer's own words. ``failing`` are recorded answers that failed.
    """

    item_id: str
    way: Way
    messages: tuple[Message, ...]
    target: str = ""
    answer: str = ""
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    rubric: str = ""
    key_status: KeyStatus = "none"
    kind: str = "question"
    failing: tuple[str, ...] = ()
    language: str = ""
    version: int = 1
    record_keys: tuple[str, ...] = ()
    """The records that it quotes: when one is taken down, what a judge said of it goes too."""

    def question(self, message: Message) -> str:
        """A turn without the options that end it."""
        return without_options(message.content, self.choices)


@dataclass(frozen=True, slots=True)
class Score:
    """One verdict. None: nobody can tell, which is no failure and is left out of every rate. ``why`` is one sentence; ``evidence`` the
    words of the response that decided; ``scorer`` and ``version`` say who scored, and change where the same response might get another
    verdict. ``judge_next``: a judge may still tell."""

    verdict: Verdict | None
    why: str
    evidence: str
    scorer: str
    version: str
    judge_next: bool = False


def task_of(item: Mapping[str, Any]) -> Task:
    """The task of an item, from its columns (``messages`` as objects with role and content)."""
    messages = tuple(m if isinstance(m, Message) else Message(m["role"], m["content"]) for m in item["messages"])
    choices = tuple(item.get("choices") or ())
    target, rubric, language = item.get("target") or "", item.get("rubric") or "", item.get("language") or ""
    voted = item.get("key_status") != "none"
    way, answer = way_and_answer(item["kind"], target, choices, rubric, language=language, voted=voted)
    return Task(
        item_id=item["item_id"],
        way=way,
        messages=messages,
        target=target,
        answer=answer,
        aliases=tuple(item.get("aliases") or ()),
        choices=choices,
        rubric=rubric,
        key_status=item.get("key_status") or "none",
        kind=item["kind"],
        failing=tuple(r["text"] if isinstance(r, Mapping) else str(r) for r in item.get("failing") or ()),
        language=language,
        version=int(item.get("version") or 1),
        record_keys=tuple(item.get("record_keys") or ()),
    )
