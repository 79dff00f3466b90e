"""A chat server that misbehaves, and who asks it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Literal

import pytest
from chat_server import ChatServer
from pydantic import BaseModel

from thresher.models.answers import Question
from thresher.models.ask import Asker
from thresher.models.settings import Model
from thresher.net.clock import Clock


class Colour(BaseModel):
    """What the tests ask for."""

    colour: Literal["red", "blue"]


class Waits:
    """A clock whose waits are over at once, and that remembers them."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self._passed = 0.0
        self._lock = threading.Lock()
        self.clock = Clock(monotonic=lambda: self._passed, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self.waited.append(round(seconds, 3))
            self._passed += seconds


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def serve() -> Iterator[Callable[..., ChatServer]]:
    """A server that answers red, with faults."""
    with ExitStack() as stack:

        def started(answer: Any = None, **more: Any) -> ChatServer:
            return stack.enter_context(ChatServer(answer or (lambda _: {"colour": "red"}), **more))

        yield started


@pytest.fixture
def ask(waits: Waits) -> Iterator[Callable[..., Asker]]:
    """Who asks a server; keys of the model and of the asker by name."""
    with ExitStack() as stack:

        def opened(server: ChatServer, **more: Any) -> Asker:
            own = {name: more.pop(name) for name in ("budget", "kept", "offline") if name in more}
            model = Model(**{"name": "small", "endpoint": server.url, "served_id": "small-1", "timeout_s": 5, **more})
            return stack.enter_context(Asker(model, clock=waits.clock, **own))

        yield opened


@pytest.fixture(scope="session")
def question() -> Callable[..., Question]:
    def made(text: str = "Which colour is a ripe tomato?", **more: Any) -> Question:
        return Question(**{"messages": (("user", text),), "form": Colour, "max_output_tokens": 100, **more})

    return made
