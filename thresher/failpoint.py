"""Named places where a test may kill the process, as a power cut would.

``THRESHER_FAILPOINT="label:n"`` sends SIGKILL to the own process at the n-th hit of that label (``label`` alone means the first).
Nothing is read at import and nothing happens without the variable.
"""

from __future__ import annotations

import os
import signal
import threading

_hits: dict[str, int] = {}
_lock = threading.Lock()


def failpoint(label: str) -> None:
    """Die here without any clean-up if the environment says so."""
    wanted = os.environ.get("THRESHER_FAILPOINT")
    if not wanted:
        return
    name, _, count = wanted.partition(":")
    if name != label:
        return
    with _lock:
        _hits[label] = _hits.get(label, 0) + 1
        if _hits[label] == int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)
