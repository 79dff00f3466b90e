"""A miniature internet, written for this project: five sites with made-up people, on loopback ports, for the demo and for tests.

Everything in ``world/`` was written by hand for this purpose; no post of a real person is in it. ``python -m sample`` serves it.
"""

from __future__ import annotations

from sample.server import REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET, World
from sample.truth import Truth, truth
from sample.wire import Seen

__all__ = ["REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET", "Seen", "Truth", "World", "truth"]
