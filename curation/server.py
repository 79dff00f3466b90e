"""The page's server: the queue as JSON, the verdicts that come back, and the files of the page. For this machine alone.

A verdict is on the disk before its answer is sent. Nothing else writes, and no connection to the database is held: while the page is open a
harvest may run, and a harvest that runs does not close the page.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from curation.acts import Line, Name, router
from curation.opinions import TAKEN_BACK
from curation.order import Order
from curation.queue import FACETS, Changed, Queue, Shown
from store.curating import VerdictLog
from store.edits import TEXTS, Edit
from store.verdicts import VERDICTS, Verdict
from thresher.errors import UsageError

STATIC = Path(__file__).with_name("static")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing is loaded from elsewhere, and no text can become a script: not even ours may write HTML."""
_HEADERS = {
    "Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
_TOKEN_PLACE = "{{token}}"
MOST_AT_ONCE = 10_000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=4_000)


def _note(reason: str) -> str:
    """What a reviewer gives as a reason; never the word by which undo is known."""
    return reason if reason != TAKEN_BACK else f"{reason}, says the reviewer"


Reason = Annotated[str, Field(max_length=4_000), AfterValidator(_note)]


class _Shown(_Body):
    item_id: str
    version: int
    last: str = ""


class Given(_Body):
    """One word on one or many items."""

    verdict: str
    reviewer: Name
    reason: Reason = ""
    items: list[_Shown] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ForAll(_Body):
    """One word on all items of a filter; ``total`` is how many the reviewer was told of."""

    verdict: str
    reviewer: Name
    reason: Reason = ""
    wanted: dict[str, str] = {}
    words: str = ""
    total: int = Field(ge=1, le=MOST_AT_ONCE)


class Undo(_Body):
    """Verdicts to be taken back."""

    reviewer: Name
    verdicts: list[str] = Field(min_length=1, max_length=MOST_AT_ONCE)


class EditedTexts(_Body):
    """How an item is to be: what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", str_max_length=200_000)

    reviewer: Name
    reason: Reason = ""
    item: _Shown
    messages: list[str] | None = Field(None, max_length=1_000)
    target: str | None = None
    rubric: str | None = None
    tags: list[Annotated[str, Field(max_length=80)]] | None = Field(None, max_length=50)


class Miscounted(Exception):
    """A filter gives another number of items than the reviewer was told: this one."""


class Desk:
    """The queue and the journal together: what was shown, what is said, what others said meanwhile. Requests come in threads: one at a time
    looks at what was shown and writes, or two could both find an item as they had seen it."""

    def __init__(self, queue: Queue, log: VerdictLog) -> None:
        self.queue = queue
        self._log = log
        self._deciding = threading.Lock()

    def look(self) -> None:
        """Take in what was written since, by this process or another."""
        self.queue.take(self._log.news())

    def give(self, word: str, reviewer: str, reason: str, shown: list[Shown]) -> list[dict[str, Any]]:
        """Write the verdicts down; the items as they are now. Nothing is written where one is not what was shown (Changed), or has had all
        the opinions that are wanted of it (UsageError)."""
        with self._deciding:
            self.look()
            self.queue.refuse_changed(shown, reviewer)
            self.queue.refuse_more([one.item_id for one in shown], word, reviewer)
            return self._write([Verdict(one.item_id, word, reviewer, reason, one.version) for one in shown])

    def give_all(self, word: str, reviewer: str, reason: str, wanted: dict[str, str], words: str, total: int) -> list[dict[str, Any]]:
        """The same for all items of a filter. Miscounted, and nothing written, where these are not as many as the reviewer was told."""
        with self._deciding:
            self.look()
            ids = self.queue.chosen(wanted, words, reviewer)
            if len(ids) != total:
                raise Miscounted(len(ids))
            self.queue.refuse_more(ids, word, reviewer)
            return self._write(
                [Verdict(item["item_id"], word, reviewer, reason, item["version"]) for item in self.queue.items(ids, reviewer)]
            )

    def undo(self, reviewer: str, verdict_ids: list[str]) -> list[dict[str, Any]]:
        """Say again what held before these verdicts; nothing is ever deleted."""
        with self._deciding:
            self.look()
            return self._write(self.queue.before(verdict_ids, reviewer))

    def edit(self, shown: Shown, reviewer: str, reason: str, texts: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Write down how an item is from now on. Changed, and nothing written, where it is not what was shown; UsageError where no item can
        be made of it."""
        with self._deciding:
            self.look()
            self.queue.refuse_changed([shown], reviewer)
            return self._write(self.queue.edited(shown.item_id, reviewer, reason, texts))

    def _write(self, given: Sequence[Verdict | Edit]) -> list[dict[str, Any]]:
        self._log.add(given, {one.item_id: self.queue.roles(one.item_id) for one in given if isinstance(one, Edit)})
        self.look()
        return self.queue.items(dict.fromkeys(one.item_id for one in given), given[0].author if given else "")


def _facets(request: Request) -> dict[str, str]:
    return {facet: value for facet, value in request.query_params.items() if facet in FACETS}


def make_app(queue: Queue, log: VerdictLog, hosts: set[str], line: Line | None = None) -> FastAPI:
    """The application. ``hosts`` are the names with port under which it may be asked: another one is a page elsewhere that resolves to this
    machine."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    desk = Desk(queue, log)
    token = secrets.token_urlsafe(32)

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.headers.get("host", "") not in hosts:
            return JSONResponse({"detail": f"this page is served as {', '.join(sorted(hosts))}"}, 421)
        response = await answer(request)
        response.headers.update(_HEADERS)
        return response

    def from_the_page(request: Request, x_thresher_token: Annotated[str, Header()] = "") -> None:
        """A request of the page itself: it alone can read the token."""
        origin = request.headers.get("origin", "")
        if origin.partition("://")[2] not in hosts or not hmac.compare_digest(x_thresher_token, token):
            raise HTTPException(403, "not sent by the page: reload it")

    def of_the_page(request: Request, x_thresher_token: Annotated[str, Header()] = "") -> None:
        if request.method != "GET":
            from_the_page(request, x_thresher_token)

    @app.exception_handler(Changed)
    async def changed(_: Request, error: Exception) -> Response:
        assert isinstance(error, Changed)
        return JSONResponse({"detail": "changed", "items": error.items}, 409)

    @app.exception_handler(UsageError)
    async def refused(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": str(error)}, 422)

    @app.get("/")
    def index() -> HTMLResponse:
        return HTMLResponse((STATIC / "index.html").read_text(encoding="utf-8").replace(_TOKEN_PLACE, token))

    @app.get("/api/queue")
    def page(
        wanted: Annotated[dict[str, str], Depends(_facets)], words: str = "", after: str = "", reviewer: str = "",
        order: Order = "urgent",
    ) -> dict[str, Any]:  # fmt: skip
        desk.look()
        stretch = queue.page(wanted, words, after, reviewer=reviewer, order=order)
        told = {"progress": queue.progress(reviewer), "learning": queue.learning()}
        return {"ids": stretch.ids, "more": stretch.more, "total": stretch.total, "facets": stretch.facets, **told}

    @app.get("/api/items")
    def items(id: Annotated[list[str], Query(max_length=50)], reviewer: str = "") -> list[dict[str, Any]]:
        desk.look()
        return queue.items(id, reviewer)

    @app.get("/api/agreement")
    def agreement() -> dict[str, Any]:
        desk.look()
        return {"wanted": queue.wanted, **asdict(queue.agreement())}

    @app.post("/api/verdicts", dependencies=[Depends(from_the_page)])
    def give(given: Given) -> list[dict[str, Any]]:
        return desk.give(_word(given.verdict), given.reviewer, given.reason, [Shown(**one.model_dump()) for one in given.items])

    @app.post("/api/verdicts/all", dependencies=[Depends(from_the_page)])
    def give_all(given: ForAll) -> list[dict[str, Any]]:
        wanted = {facet: value for facet, value in given.wanted.items() if facet in FACETS}
        try:
            return desk.give_all(_word(given.verdict), given.reviewer, given.reason, wanted, given.words, given.total)
        except Miscounted as error:
            raise HTTPException(409, f"the filter gives {error} items now: look again") from None

    @app.post("/api/edits", dependencies=[Depends(from_the_page)])
    def edit(given: EditedTexts) -> list[dict[str, Any]]:
        texts = {name: given.model_dump()[name] for name in TEXTS if getattr(given, name) is not None}
        made = {name: tuple(text) if isinstance(text, list) else text for name, text in texts.items()}
        try:
            return desk.edit(Shown(**given.item.model_dump()), given.reviewer, given.reason, made)
        except KeyError:
            raise HTTPException(404, f"there is no item {given.item.item_id}") from None

    @app.post("/api/undo", dependencies=[Depends(from_the_page)])
    def undo(asked: Undo) -> list[dict[str, Any]]:
        try:
            return desk.undo(asked.reviewer, asked.verdicts)
        except KeyError as error:
            raise HTTPException(404, f"there is no verdict {error}") from None

    app.include_router(router(queue, line), dependencies=[Depends(of_the_page)])
    app.mount("/static", StaticFiles(directory=STATIC))
    app.get("/favicon.ico")(lambda: FileResponse(STATIC / "icon.svg", media_type="image/svg+xml"))
    return app


def _word(verdict: str) -> str:
    if verdict not in VERDICTS:
        raise HTTPException(422, f"{verdict!r} is no verdict; there are: {', '.join(VERDICTS)}")
    return verdict
