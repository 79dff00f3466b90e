"""``thresher curate``: the page on which a person decides."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli import interruption
from flows.cli.shared import DEFAULT_DATA, Config, Data, benchmark, command_line, warn
from thresher.errors import DatabaseLocked, Interrupted, StoreError

if TYPE_CHECKING:
    from curation.agreement import Agreement
    from curation.queue import Queue
    from flows.line.workspace import Workspace

_LOOK_S = 5.0
"""How often the page looks whether a harvest changed the benchmark: a glance at a file."""


def curate(
    port: Annotated[int, typer.Option("--port", help="Of this machine; 0 takes a free one.", min=0, max=65535)] = 8741,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    opinions: Annotated[int, typer.Option("--opinions", help="Reviewers of each item, none of whom sees what others say.", min=1)] = 1,
    agreed: Annotated[bool, typer.Option("--agreement", help="Print how far reviewers agree, and open nothing.")] = False,
    data: Data = DEFAULT_DATA, config: Config = None,
) -> None:  # fmt: skip
    """Open the page on which a person decides, until interrupted.

    One item at a time, by keyboard. A verdict is on the disk at once, and in the database when the page is closed or the next command
    writes. A harvest may run meanwhile.
    """
    import uvicorn

    from curation.queue import Queue
    from curation.server import make_app
    from flows.line.desk import AtTheDesk
    from store.curating import VerdictLog

    work = benchmark(data, config)
    queue, closing = Queue(wanted=opinions), threading.Event()

    def refresh(item_ids: Sequence[str], items: list[dict[str, Any]], leads: list[dict[str, Any]]) -> None:
        queue.refresh(item_ids, items)
        queue.leads = leads

    with work.database.writer():  # an older database is migrated here
        pass
    stamp = _load(work, queue)
    if agreed:
        queue.take(VerdictLog(work.folder).news())
        _print_agreement(queue.agreement())
        return
    server = uvicorn.Server(uvicorn.Config(lambda: None, host="127.0.0.1", port=port, log_level="warning"))
    socket = server.config.bind_socket()
    socket.listen()  # whoever comes before the server is ready waits
    hosts = {f"{name}:{socket.getsockname()[1]}" for name in ("127.0.0.1", "localhost")}
    server.config.app = make_app(queue, VerdictLog(work.folder), hosts, AtTheDesk(work, refresh))
    address = f"http://127.0.0.1:{socket.getsockname()[1]}/"
    threads = [
        threading.Thread(target=server.run, args=([socket],), daemon=True),
        threading.Thread(target=_follow, args=(work, queue, stamp, closing), daemon=True),
    ]
    for thread in threads:
        thread.start()
    print(f"{len(queue):,} items to look at: {address} (Ctrl-C ends)", flush=True)
    if browser:
        webbrowser.open(address)
    try:
        threads[0].join()
    except Interrupted:  # how this command ends
        interruption.heard()
    server.should_exit = True
    closing.set()
    for thread in threads:
        thread.join()
    _take_up(work)


def _print_agreement(told: Agreement) -> None:
    if not told.items:
        print("no item was decided by two reviewers; `thresher curate --opinions 2` asks for second opinions")
        return
    print(f"{told.items:,} items were decided by two reviewers or more, {told.agreed:,} of them alike")
    print(f"Krippendorff's alpha {_of(told.alpha)}")
    for pair in told.pairs:
        print(f"{pair.first} and {pair.second}: {pair.items:,} items, {pair.agreed:,} alike, Cohen's kappa {_of(pair.kappa)}")


def _of(coefficient: float | None) -> str:
    return "is not defined: only one word was used" if coefficient is None else f"{coefficient:.3f}"


def _load(work: Workspace, queue: Queue) -> tuple[int, int]:
    """Bring the benchmark as it is into the queue. Returns what tells this state of the file from another."""
    from store import curating

    stamp = _stamp(work)
    with work.database.reader() as con:
        queue.replace(curating.items(con))
        queue.leads = curating.leads(con)
    return stamp


def _stamp(work: Workspace) -> tuple[int, int]:
    state = work.database.path.stat()
    return state.st_mtime_ns, state.st_size


def _follow(work: Workspace, queue: Queue, stamp: tuple[int, int], closing: threading.Event) -> None:
    """Show what a harvest brings, as soon as it lets others read, and learn from the verdicts that were given."""
    while not closing.is_set():
        with suppress(StoreError, OSError):  # somebody is writing: at the next look
            if _stamp(work) != stamp:
                stamp = _load(work, queue)
        queue.learn()
        closing.wait(_LOOK_S)


def _take_up(work: Workspace) -> None:
    """The verdicts into the database, where nobody else is writing."""
    from flows.line.opening import open_run
    from store import verdicts

    waiting = len(verdicts.untaken(work.database))
    if not waiting:
        return
    said = "1 verdict is" if waiting == 1 else f"{waiting:,} verdicts are"
    try:
        with open_run(work, command_line()):
            print(f"{said} in the benchmark")
    except DatabaseLocked as locked:
        warn(f"{locked}. {said} in {work.folder / verdicts.FILE}; the next command that writes takes them up")
