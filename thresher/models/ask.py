"""Asking one model: under its limits and a budget, tried again where that can help, and every answer kept before it is used."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from decimal import Decimal
from typing import Any, Self

from thresher.errors import SettingsError
from thresher.models import protocol
from thresher.models.answers import Answer, Question, Usage, cost
from thresher.models.budget import Budget
from thresher.models.exchange import Exchange, Try
from thresher.models.kept import MOST_SILENCES, Kept
from thresher.models.pace import Pace
from thresher.models.protocol import Dialect
from thresher.models.settings import Model
from thresher.models.tally import Tally
from thresher.net.clock import Clock

log = logging.getLogger("thresher.models")

DOWN_AFTER = 5
"""Questions in a row for which the endpoint could not be had; then nobody asks it again in this run."""
UNUSABLE_TRIES = 2
"""A server that stumbles is asked once more; one that answers in another form will do so again."""
_BACKOFF_S = 1.0
_MOST_ADAPTED = 6
_CLOSED = "the endpoint wants a longer wait than max_wait_s"
_STOPPED = "stopped on request"


class Asker:
    """Asks one model. Thread-safe. ``stop`` ends waits and answers; ``offline`` answers from what was kept and asks nobody."""

    def __init__(
        self,
        model: Model,
        *,
        budget: Budget | None = None,
        kept: Kept | None = None,
        offline: bool = False,
        clock: Clock | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.model = model
        self.tally = Tally(model.name)
        self.told: Callable[[int, int], None] = lambda done, total: None
        self._stop = threading.Event()
        self._budget = budget or Budget()
        self._kept = kept or Kept(None)
        self._clock = clock or replace(Clock(), sleep=self._sleep)
        self._rng = rng or random.Random()
        self._pace = Pace(model.requests_per_minute, model.tokens_per_minute, model.max_wait_s, self._clock)
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._down = "only answers that were kept are used" if offline else self._not_to_be_had()
        self._exchange = Exchange(model, self._kept, self._clock, self._stop)

    def _not_to_be_had(self) -> str:
        if self.model.shutdown is not None and self._clock.now().date() >= self.model.shutdown:
            return f"{self.model.name} was shut down on {self.model.shutdown}"
        try:
            self.model.key()
        except SettingsError as error:
            return str(error)
        return ""

    @property
    def dialect(self) -> Dialect:
        """How the server is asked by now."""
        return self._exchange.dialect

    @property
    def down(self) -> str:
        """Why nobody is asked any more; empty while the endpoint is asked."""
        return self._down

    def ask_all(self, questions: Sequence[Question]) -> list[Answer]:
        """An answer for each question, in their order, as many at once as the model allows; equal questions are asked once. ``told`` hears
        of each that is done. StoreError where an answer cannot be kept: then no further one is paid for."""
        places: dict[str, list[int]] = {}
        for place, question in enumerate(questions):
            places.setdefault(question.hash_for(self.model), []).append(place)
        merged = {h: replace(questions[p[0]], about=tuple({k: None for i in p for k in questions[i].about})) for h, p in places.items()}
        pool = ThreadPoolExecutor(max_workers=self.model.concurrency, thread_name_prefix="thresher-model")
        futures: dict[str, Future[Answer]] = {}
        try:
            for request_hash, question in merged.items():
                futures[request_hash] = pool.submit(self.ask, question)
                futures[request_hash].add_done_callback(lambda _: self.told(sum(f.done() for f in [*futures.values()]), len(merged)))
            wait(futures.values(), return_when=FIRST_EXCEPTION)
            by_hash = {request_hash: future.result() for request_hash, future in futures.items() if future.done()}
        except BaseException:
            self._stop.set()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        by_place = {place: by_hash[request_hash] for request_hash, members in places.items() for place in members}
        return [by_place[place] for place in range(len(questions))]

    def ask(self, question: Question) -> Answer:
        """What came of it. Never an exception but StoreError."""
        request_hash = question.hash_for(self.model)
        line = self._kept.of(request_hash)
        answer = self._from(line, question) if line is not None else self._fresh(question, request_hash)
        with self._lock:
            self.tally.kept += answer.from_archive
            self.tally.outcomes[answer.outcome] += 1
            if answer.detail:
                self.tally.troubles[answer.detail] += 1
        return replace(answer, charged=self._kept.charged(request_hash))

    def _from(self, line: dict[str, Any], question: Question) -> Answer:
        said = protocol.read_body(line["response"].encode())
        value = protocol.value_of(said.text, question.form) if question.form else None
        read = line["outcome"] == "refused" or value is not None or question.form is None
        return Answer(
            line["outcome"] if read else "silent",
            line["request_hash"],
            line["detail"],
            said.text,
            value,
            line["served_id"],
            line["finish_reason"],
            Usage.of(line["usage"]) or Usage(),
            seconds=float(line["seconds"]),
            from_archive=True,
            at=line["at"],
        )

    def _fresh(self, question: Question, request_hash: str) -> Answer:
        if self._kept.silences(request_hash) >= MOST_SILENCES:
            return Answer("silent", request_hash, f"asked {MOST_SILENCES} times without a usable answer", from_archive=True)
        if question.most_input_tokens // 2 + question.max_output_tokens > self.model.context_tokens:
            return Answer("unavailable", request_hash, f"longer than the context of {self.model.context_tokens:,} tokens")
        if self._down:
            return Answer("unavailable", request_hash, self._down)
        tried = self._tried(question, request_hash)
        self._take_note(tried)
        return tried.answer

    def _tried(self, question: Question, request_hash: str) -> Try:
        """The last try of several."""
        tried = Try(Answer("unavailable", request_hash, _STOPPED), sent=False)
        tries = unusable = adapted = 0
        sent = False
        while tries < self.model.tries and unusable < UNUSABLE_TRIES and adapted < _MOST_ADAPTED and not self._stop.is_set():
            tried = self._try(question, request_hash)
            sent = sent or tried.sent
            if tried.adapted:
                adapted += 1
                continue
            tries += 1
            unusable += tried.answer.outcome == "silent"
            if not tried.again or tries == self.model.tries or unusable == UNUSABLE_TRIES:
                break
            if tried.wait_s is None:
                self._clock.sleep(self._backoff(tries))
            else:
                self._pace.close_for(tried.wait_s)
        return replace(tried, sent=sent)

    def _take_note(self, tried: Try) -> None:
        """Whether the endpoint is still worth asking."""
        answer = tried.answer
        with self._lock:
            self.tally.asked += tried.sent
            if answer.outcome in ("answered", "refused"):
                self._in_a_row = 0
            elif answer.outcome != "over_budget" and answer.detail != _STOPPED:
                self._in_a_row += 1
            if (tried.for_good or self._in_a_row >= DOWN_AFTER) and not self._down:
                self._down = answer.detail if tried.for_good else f"{DOWN_AFTER} questions in a row failed, the last: {answer.detail}"
                log.warning("model %s is not asked any more in this run: %s", self.model.name, self._down)

    def _try(self, question: Question, request_hash: str) -> Try:
        most = Usage(question.most_input_tokens, 0, question.max_output_tokens)
        reserve = self._budget.reserve(cost(self.model, most), most.tokens)
        if reserve is None:
            return Try(Answer("over_budget", request_hash, "the budget of this run is used"), sent=False)
        usage, usd = most, reserve.usd
        try:
            if (closed_s := self._pace.enter(question.most_input_tokens // 3 + question.max_output_tokens)) is not None:
                usage, usd = Usage(), Decimal(0)
                log.info("model %s wants a wait of %.0f s", self.model.name, closed_s)
                return Try(Answer("unavailable", request_hash, _CLOSED), sent=False)
            tried = self._exchange.once(question, request_hash, (most, reserve.usd))
            usage, usd = tried.answer.usage, tried.answer.usd
            return tried
        finally:
            self._budget.settle(reserve, usd, usage.tokens)
            with self._lock:
                self.tally.usd += usd
                self.tally.sent_tokens += usage.sent
                self.tally.answered_tokens += usage.answered

    def _backoff(self, attempt: int) -> float:
        return min(self.model.max_wait_s, float(_BACKOFF_S * 2.0 ** (attempt - 1) * self._rng.uniform(0.7, 1.3)))

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def close(self) -> None:
        """End what is under way, and close every connection."""
        self._stop.set()
        self._exchange.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
