"""What a model is asked of an item, so that its answer can be scored: where a program scores, the form of the last line is asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from thresher.model import Message
from thresher.pairwise import judge_prompt
from thresher.rules.exercises import options
from thresher.scorers.base import Task
from thresher.scorers.keys import Parts, key_of
from thresher.scorers.quantities import Quantity
from thresher.scorers.running import key_tests
from thresher.scorers.ways import PREFERENCE, Way, without_options

LAST_LINE: Final = "The last line of your response must be 'ANSWER: ' and the answer alone"
LAST_LINES: Final[dict[Way, str]] = {
    "choice": f"{LAST_LINE}, its letter.",
    "keyed": f"{LAST_LINE}: a number in digits without separators of thousands, or at most three words.",
    "maths": f"{LAST_LINE}, as one formula in LaTeX.",
}
"""What is added to the question of each way that wants a form."""
PROGRAM: Final = "Write the program in Python 3, as one block of code. It reads the standard input and prints to the standard output."
MEASURE: Final = f"{LAST_LINE}: a number with its unit."
PARTS: Final = f"{LAST_LINE}, all parts in one line: (a) ...; (b) ..."
"""The same for keys that only our own scorers compare, and for programs."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``order`` says of each letter shown which option of the task it stands for; empty where there are no options."""

    messages: tuple[Message, ...]
    order: tuple[int, ...] = ()


def asked(task: Task, seed: int | None = None) -> Asked:
    """What is sent. With a seed the options (of a preference, the responses) are shuffled, for each item in an order of its own; give
    ``order`` to ``score``. The same seed gives the same order for ever."""
    order = tuple(range(len(task.choices))) if task.way in ("choice", PREFERENCE) else ()
    if seed is not None and order:
        shuffled = list(order)
        random.Random(f"{seed} {task.item_id}").shuffle(shuffled)
        order = tuple(shuffled)
    shown = tuple(task.choices[place] for place in order)
    if task.way == PREFERENCE:
        turns = [{"role": m.role, "content": m.content} for m in task.messages]
        return Asked((Message("user", judge_prompt(turns, shown)),), order)
    form = _form(task)
    if not form or not task.messages:
        return Asked(task.messages)
    *before, last = task.messages
    content = last.content
    if task.way == "choice":
        content = f"{without_options(content, task.choices)}\n\n{options(shown)}"
    return Asked((*before, Message(last.role, f"{content}\n\n{form}")), order)


def _form(task: Task) -> str:
    if key_tests(task):
        return PROGRAM
    if task.way == "judged":
        key = key_of(task)
        return PARTS if isinstance(key, Parts) else MEASURE if isinstance(key, Quantity) else LAST_LINES["maths"] if key is not None else ""
    return LAST_LINES.get(task.way, "")
