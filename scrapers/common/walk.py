"""The two ways in which a listing is walked.

*In order*, oldest first: once a page is stored, so is everything before it, and each page may carry a cursor (``Step.answer.page(...,
cursor=...)``). *Newest first*: until the walk has come down to what is known already there is a hole below it, so only the last page may
carry the cursor. A run killed in mid-walk then begins the walk anew; with a cursor on an earlier page it would never fill the hole.
``follow`` goes through the pages of either, ``cursor_on_last`` is for the second kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from thresher.errors import ThresherError
from thresher.model import Json, Page
from thresher.net.client import PageGuard


class Answer(Protocol):
    """A Response, or a Page made of one."""

    @property
    def sha256(self) -> str:
        """Hex digest of the body."""
        ...


A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True)
class Step(Generic[A]):
    """One page of a listing: the answer, the entries read off it, and where the next page begins (None after the last one)."""

    answer: A
    entries: Sequence[Any]
    following: Json = None


def follow(ask: Callable[[Any], Step[A]], start: Json, max_pages: int) -> Iterator[Step[A]]:
    """The pages of a listing from ``start`` on, each asked for when it is wanted: who has seen enough stops listening.

    Raises PaginationError where the listing loops, where two empty pages in a row promise more, or where ``max_pages`` are not its end.
    """
    guard = PageGuard(max_pages)
    step = ask(start)
    while True:
        yield step
        if step.following is None:
            return
        guard.check(cursor=step.following, body_sha256=step.answer.sha256, empty=not step.entries)
        step = ask(step.following)


_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')


def next_link(headers: Mapping[str, str], api_url: str) -> str | None:
    """Where the ``Link`` header of an answer leads to (RFC 8288, ``rel=next``); nowhere but to the same API."""
    match = _NEXT.search(headers.get("link", ""))
    return match[1] if match and match[1].startswith(f"{api_url}/") else None


Cursor = Mapping[str, Json] | None


def cursor_on_last(pages: Iterable[Page], cursor: Cursor | Callable[[], Cursor]) -> Iterator[Page]:
    """The pages, of which only the last one carries the cursor; where it is known only after the walk it is a function, which is called
    when no more pages come. What came before an error is given on before the error is, without a cursor."""
    waiting: Page | None = None
    try:
        for page in pages:
            if waiting is not None:
                yield waiting
            waiting = page
    except ThresherError:
        if waiting is not None:
            yield waiting
        raise
    if waiting is not None:
        yield replace(waiting, cursor=cursor() if callable(cursor) else cursor)
