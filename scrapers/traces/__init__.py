"""Traces of agents: OpenTelemetry's GenAI spans and the logs of Inspect, with what the model thought, called and was given.

``files`` puts together what belongs to one trace, ``spans`` and ``inspect_log`` understand the two formats, ``steps`` is what both give.
"""

from scrapers.traces.files import fetch, read
from scrapers.traces.records import parse
from scrapers.traces.site import Site

__all__ = ["Site", "fetch", "parse", "read"]
