"""One request to a model and what came of it: sent in the dialect of its server, read, charged, and kept before anybody uses it."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from decimal import Decimal

from pydantic import BaseModel

from thresher.failpoint import failpoint
from thresher.models import protocol
from thresher.models.answers import Answer, Question, Usage, cost
from thresher.models.kept import Kept, Line
from thresher.models.protocol import Dialect
from thresher.models.settings import Model
from thresher.models.wire import Lost, NotServed, Reply, Wire
from thresher.net import delay
from thresher.net.clock import Clock

log = logging.getLogger("thresher.models")

_MAYBE_SERVED = frozenset({408, 500, 502, 504, 520, 522, 524})
"""Statuses behind which the model may have been at work, so that the answer is charged as lost. 429, 503 and 529 say that it was not."""
_FOR_GOOD = frozenset({401, 402, 403, 404, 405, 410})
"""No further question would fare better."""
LIMITED_S = 1.0
"""The wait after a server that is asked too fast and names none."""


@dataclass(frozen=True, slots=True)
class Try:
    """One request and what came of it; ``sent`` where it went out, ``again`` where another one may help, after ``wait_s`` for everybody
    where the endpoint said so; ``for_good`` where no question will fare better; ``adapted`` where the server is asked in another way from
    now on."""

    answer: Answer
    sent: bool = True
    again: bool = False
    wait_s: float | None = None
    for_good: bool = False
    adapted: bool = False


class Exchange:
    """The endpoint of one model. Thread-safe. ``stop``, once set, ends every answer."""

    def __init__(self, model: Model, kept: Kept, clock: Clock, stop: threading.Event) -> None:
        self._model, self._kept, self._clock, self._stop = model, kept, clock, stop
        self.dialect = Dialect(model.answers)
        self._lock = threading.Lock()
        self._wire: Wire | None = None

    def once(self, question: Question, request_hash: str, lost: tuple[Usage, Decimal]) -> Try:
        """Never an exception but StoreError. ``lost`` is what an answer is charged that does not say what it cost."""
        dialect = self.dialect
        began = self._clock.monotonic()
        try:
            reply = self._wired().post(protocol.request_body(self._model, question, dialect))
        except NotServed as error:
            return Try(Answer("unavailable", request_hash, f"cannot be reached: {error}"), again=True)
        except Lost as error:
            seconds = self._clock.monotonic() - began
            answer = Answer("silent", request_hash, f"no whole answer came: {error}", usage=lost[0], usd=lost[1], seconds=seconds)
            self._keep(answer, "lost", question, b"")
            return Try(answer, again=not self._stop.is_set())
        failpoint("models.answered")
        seconds = self._clock.monotonic() - began
        if reply.status != 200:
            return self._refused_by_server(reply, question, request_hash, dialect, lost, seconds)
        return self._read(reply, question, request_hash, lost, seconds)

    def _refused_by_server(
        self, reply: Reply, question: Question, request_hash: str, dialect: Dialect, lost: tuple[Usage, Decimal], seconds: float
    ) -> Try:
        detail = f"status {reply.status}: {protocol.error_text(reply.body)}"
        if protocol.is_filtered(reply.status, reply.body):
            answer = Answer("refused", request_hash, detail, finish_reason="content_filter", seconds=seconds)
            self._keep(answer, "refused", question, reply.body)
            return Try(answer)
        if other := dialect.without_what_is_refused(reply.status, reply.body):
            log.info("model %s is asked in another way: %s", self._model.name, detail)
            with self._lock:
                self.dialect = other if self.dialect == dialect else self.dialect
            return Try(Answer("unavailable", request_hash, detail), adapted=True)
        told = delay.read(reply.status, reply.headers, reply.body, self._clock.now())
        usage, usd = lost if reply.status in _MAYBE_SERVED else (Usage(), Decimal(0))
        answer = Answer("unavailable", request_hash, detail, usage=usage, usd=usd, seconds=seconds)
        if usd or usage.tokens:
            self._keep(answer, "lost", question, reply.body)
        for_good = protocol.is_spent(reply.body) or (reply.status in _FOR_GOOD and not told.limited)
        again = not for_good and (told.limited or delay.is_retryable(reply.status) or reply.status >= 500)
        wait_s = LIMITED_S if told.limited and told.wait_s is None else told.wait_s
        return Try(answer, again=again, wait_s=wait_s, for_good=for_good)

    def _read(self, reply: Reply, question: Question, request_hash: str, lost: tuple[Usage, Decimal], seconds: float) -> Try:
        said = protocol.read_body(reply.body)
        usage, usd = lost if said.usage is None else (said.usage, cost(self._model, said.usage))
        answer = Answer("silent", request_hash, said.trouble, said.text, None, said.served_id, said.finish_reason, usage, usd, seconds)
        if not self._model.answers_as(said.served_id):
            other = f"answers as {said.served_id[-80:]!r}, not as {self._model.served_id!r}"
            detail = f"{self._model.name} {other}: if that is right, add it to serves"
            self._keep(answer, "lost", question, reply.body)
            return Try(replace(answer, outcome="unavailable", detail=detail), for_good=True)
        if said.refusal:
            answer = replace(answer, outcome="refused", detail=f"declined: {' '.join(said.refusal.split())[:120]}")
        elif not said.trouble:
            value = protocol.value_of(said.text, question.form) if question.form else None
            answer = self._judged(answer, question.form, value)
        self._keep(answer, answer.outcome, question, reply.body)
        return Try(answer, again=answer.outcome == "silent" and said.finish_reason in protocol.FINISHED)

    def _judged(self, answer: Answer, form: type[BaseModel] | None, value: BaseModel | None) -> Answer:
        if form is not None and value is None:
            return replace(answer, detail="the answer is not in the form that was asked for")
        return replace(answer, outcome="answered", value=value)

    def _keep(self, answer: Answer, outcome: str, question: Question, body: bytes) -> None:
        usage = {"prompt_tokens": answer.usage.sent, "completion_tokens": answer.usage.answered,
                 "prompt_tokens_details": {"cached_tokens": answer.usage.cached}}  # fmt: skip
        self._kept.keep(
            Line(
                answer.request_hash, outcome, answer.detail, body.decode("utf-8", "replace"), self._model.name, answer.served_id,
                answer.finish_reason, usage, str(answer.usd), round(answer.seconds, 3), self._clock.now().isoformat(), question.purpose,
                question.about,
            )
        )  # fmt: skip
        failpoint("models.kept")

    def _wired(self) -> Wire:
        with self._lock:
            if self._wire is None:
                self._kept.make_sure_of_place()
                self._wire = Wire(self._model, self._model.key(), stop=self._stop)
            return self._wire

    def close(self) -> None:
        """Close every connection."""
        if self._wire is not None:
            self._wire.close()
