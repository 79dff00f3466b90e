"""Ctrl-C and SIGTERM: heard wherever a command waits, told in one line, over within two seconds.

The handler raises in the main thread, and what is under way comes to an orderly end: no further request goes out, what was fetched is
landed, the run is marked. Where that takes too long (a connection that does not come about, a model at work) the process is ended where
it stands: what is on the disk is whole after a kill, too, and the next run takes it up.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from flows.cli.shared import FAILED
from thresher.errors import Interrupted

ORDERLY_S = 1.7
"""How long an orderly end may take."""
SAID = "thresher: interrupted; what was fetched is kept, run it again to go on"


def listen() -> None:
    """From here on a first signal raises Interrupted in the main thread; a second one ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # the interpreter writes here in the handler proper, also while the main thread is in a call that does not come back
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise)
    threading.Thread(target=_watch, args=(reading,), name="interruption", daemon=True).start()


def _raise(number: int, _: FrameType | None) -> NoReturn:
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, lambda *_: None)  # not SIG_IGN: a second one must still be written to the pipe
    raise Interrupted(signal.Signals(number).name)


_heard = threading.Event()


def heard() -> None:
    """The signal is how this command ends: it takes the time that its end needs. A second signal still ends it at once."""
    _heard.set()


def _watch(reading: int) -> None:
    while os.read(reading, 1)[0] not in (signal.SIGINT, signal.SIGTERM):
        pass
    timer = threading.Timer(ORDERLY_S, lambda: _heard.is_set() or end())
    timer.daemon = True
    timer.start()
    while os.read(reading, 1)[0] not in (signal.SIGINT, signal.SIGTERM):
        pass
    end()


def end() -> NoReturn:
    """Say it, and end without waiting for anything."""
    shown_again = "\x1b[?25h" if sys.stderr.isatty() else ""  # a progress bar hides the cursor
    os.write(2, f"{shown_again}{SAID}\n".encode())
    os._exit(FAILED)
