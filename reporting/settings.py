"""What may be set of the report."""

from __future__ import annotations

from pydantic import Field

from thresher.settings import Section


class Report(Section):
    """``thresher report``: when a source is stale, and who is told of what is new."""

    stale_after_h: float = Field(48.0, gt=0)
    """A source that is switched on and of which no page came for so many hours is stale."""
    webhook: str = Field("", repr=False)
    """Where alerts are posted as ``{"text": ..., "alerts": [...]}``, which Slack and others take; empty: nowhere. The address is a
    secret: set THRESHER_REPORT_WEBHOOK."""
