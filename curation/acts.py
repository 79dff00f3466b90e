"""What a reviewer does that needs the database: a run of its own for each, by the code of the commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from curation.queue import Queue
from thresher.errors import DatabaseLocked, ThresherError, UsageError


class Line(Protocol):
    """Each act raises UsageError for what cannot be done, and DatabaseLocked while another command writes; then nothing is written. When
    it returns, the queue shows what came of it."""

    def complete(self, record_key: str, prompt: str, context: str, reviewer: str, reason: str) -> str:
        """Add to a lead what it lacks; the item that it is a report of then."""
        ...

    def reopen(self, record_key: str, reviewer: str) -> None:
        """Take that back."""
        ...

    def merge(self, item_id: str, other_id: str, reviewer: str, reason: str) -> None:
        """Say that an item repeats another."""
        ...

    def split(self, item_id: str, reviewer: str, reason: str) -> str:
        """Part a merged item from its canonical one, which is returned."""
        ...

    def evidence(self, item_id: str) -> list[dict[str, Any]]:
        """The posts behind an item, as ``store.curating.evidence``."""
        ...

    def picture(self, record_key: str, position: int) -> bytes:
        """One of their pictures, as PNG; PayloadError where it cannot be decoded."""
        ...


Name = Annotated[str, Field(min_length=1, max_length=80)]
_Reason = Annotated[str, Field(max_length=4_000)]
"""The page undoes a merge by a split, and says by ``opinions.TAKEN_BACK`` that it does."""
_Text = Annotated[str, Field(max_length=200_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reviewer: Name
    reason: _Reason = ""


class Completed(_Body):
    """What a lead lacks."""

    record_key: str
    prompt: _Text = ""
    context: _Text = ""


class Reopened(_Body):
    """A lead whose completion is taken back."""

    record_key: str


class Merged(_Body):
    """An item that repeats another."""

    item_id: str
    other_id: str


class Split(_Body):
    """A merged item that is one of its own."""

    item_id: str


def router(queue: Queue, line: Line | None) -> APIRouter:
    """What the page asks for these acts. Without a line they are refused."""
    made = APIRouter(prefix="/api")

    def tried(act: Callable[[Line], Any]) -> Any:
        if line is None:
            raise HTTPException(501, "this page only takes verdicts")
        try:
            return act(line)
        except UsageError as error:
            raise HTTPException(422, str(error)) from None
        except DatabaseLocked as error:
            raise HTTPException(423, f"another command writes at the moment, so nothing was done: try again soon ({error})") from None
        except ThresherError as error:
            raise HTTPException(500, str(error)) from error

    @made.get("/leads")
    def leads() -> dict[str, Any]:
        return {"leads": queue.leads}

    @made.get("/evidence")
    def evidence(id: str) -> Any:
        return tried(lambda line: line.evidence(id))

    @made.get("/picture")
    def picture(record: str, position: int) -> Response:
        return Response(tried(lambda line: line.picture(record, position)), media_type="image/png")

    @made.post("/leads/complete")
    def complete(given: Completed) -> dict[str, str]:
        if not given.prompt.strip() and not given.context.strip():
            raise HTTPException(422, "give the prompt, or the context that it leans on")
        return {"item_id": tried(lambda line: line.complete(given.record_key, given.prompt, given.context, given.reviewer, given.reason))}

    @made.post("/leads/reopen")
    def reopen(given: Reopened) -> dict[str, str]:
        tried(lambda line: line.reopen(given.record_key, given.reviewer))
        return {"record_key": given.record_key}

    @made.post("/merge")
    def merge(given: Merged) -> list[dict[str, Any]]:
        tried(lambda line: line.merge(given.item_id, given.other_id, given.reviewer, given.reason))
        return queue.items([given.other_id])

    @made.post("/split")
    def split(given: Split) -> list[dict[str, Any]]:
        canonical = tried(lambda line: line.split(given.item_id, given.reviewer, given.reason))
        return queue.items([canonical, given.item_id])

    return made
