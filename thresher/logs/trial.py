"""One trial as a log holds it, whoever wrote the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from thresher.model import Message
from thresher.models.answers import Usage


@dataclass(frozen=True, slots=True)
class LoggedTrial:
    """A model was asked once. ``messages`` are what it was asked, ``choices`` the options as they stood there, ``target`` the key (the
    letter among ``choices``). ``usd`` is None where nobody wrote down what it cost; ``error`` says why there is no whole answer. ``log``
    names the run of which it is a part, and the trials of an item are told apart by ``epoch``, from 1."""

    trial_id: str
    log: str
    item_id: str
    epoch: int
    model: str
    served_id: str
    messages: tuple[Message, ...]
    response: str
    asked_at: datetime
    choices: tuple[str, ...] = ()
    target: str = ""
    finish_reason: str = "stop"
    usage: Usage = field(default_factory=Usage)
    usd: Decimal | None = None
    seconds: float = 0.0
    error: str = ""
    verdict: str | None = None
    scorer: str = ""
    why: str = ""
    evidence: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
