"""What both formats give: a conversation with its process, and what says that it failed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final, Literal

from scrapers.arena.rows import spoken
from thresher.model import Battle, Json, Message, Response
from thresher.text import clean

Did = Literal["asked", "thought", "said", "called", "given"]
_ROLES: Final[dict[Did, str]] = {"asked": "user", "thought": "assistant", "said": "assistant", "called": "assistant", "given": "tool"}
FAILED: Final = 0.4
"""How strong a signal of failure a mark of a program or a model is, whose way of marking is not known; as a loser of a pair."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done: the user ``asked``, the model ``thought``, ``said`` or ``called`` (a tool, a search), a tool has ``given``.
    ``name`` is that of the tool, ``call`` the id by which a call and its result are told to belong together."""

    did: Did
    text: str
    name: str = ""
    call: str = ""
    error: str = ""

    def plain(self) -> dict[str, Json]:
        """As it is kept among the marks of a record; without what it does not have."""
        values = {"did": self.did, "name": self.name, "text": self.text, "call": self.call, "error": self.error}
        return {name: value for name, value in values.items() if value}

    def message(self) -> Message:
        """As a turn of the conversation."""
        said = {"thought": f"<thinking>\n{self.text}\n</thinking>", "called": f"{self.name}({self.text})"}.get(self.did, self.text)
        return Message(_ROLES[self.did], said + (f"\n[error: {self.error}]" if self.error else ""))


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace, understood. ``failure`` says by what it counts as failed, empty where nothing says so; ``key`` is the right answer as the
    log has it."""

    native_id: str
    steps: Sequence[Step]
    model: str
    system: str = ""
    failure: str = ""
    key: str = ""
    user: str | None = None
    created_at: datetime | None = None
    pictures: int = 0
    marks: dict[str, Json] = field(default_factory=dict)

    def battle(self) -> Battle:
        """What was asked up to the last turn of the user, and all that followed as the answer. A trace in which the model never came to
        speak failed by somebody else. What was thought in earlier turns is left out: no model is shown it again."""
        at = max((n for n, step in enumerate(self.steps) if step.did == "asked"), default=-1)
        before, after = [step for step in self.steps[: at + 1] if step.did != "thought"], self.steps[at + 1 :]
        asked = (*([Message("system", self.system)] if self.system else []), *_turns(before))
        if not any(step.did in {"said", "called", "thought"} for step in after):
            return Battle(asked, (), "none", "unknown")
        failed = True if self.failure else None
        answer = Response(self.model, spoken(_turns(after)), 0.0 if failed else None, failed)
        return Battle(asked, (answer,), "none", "unknown", FAILED if failed else 0.0, reference=self.key if failed else "")


def _turns(steps: Sequence[Step]) -> list[Message]:
    """Steps as turns, those of one speaker together."""
    spoken_by = groupby((step.message() for step in steps), key=lambda message: message.role)
    return [Message(role, "\n\n".join(one.content for one in together)) for role, together in spoken_by]


def as_text(value: Any) -> str:
    """A value of a log as text: what a tool was given or gave back may be anything that JSON holds."""
    if value is None:
        return ""
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
