"""The flow that freezes a snapshot of what the benchmark holds, and sends it to the Hub where one is configured."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.line.workspace import Workspace
from store.snapshot import publishing
from store.snapshot.freeze import freeze
from store.snapshot.remote import Remote


@flow(name="publish", persist_result=False)
def publish(data: str = "data", config: str | None = None, name: str | None = None, repository: str | None = None) -> str:
    """Freeze ``snapshots/<name>`` (by default the day's date) and return its folder. It goes to ``repository``, else to that of
    ``export.toml``; with neither it stays on this machine."""
    work = Workspace.open(Path(data), Path(config) if config else None)
    snapshot = freeze(work.database, name or f"{datetime.now(UTC):%Y-%m-%d}", work.snapshots, work.settings.export)
    text = f"`{snapshot.path}`: {snapshot.items} items, manifest sha256 `{snapshot.sha256}`"
    settings = work.settings.export.publish
    if target := repository or settings.repository:
        sent = publishing.publish(Path(snapshot.path), Remote(target, settings.endpoint), private=settings.private)
        text += f"; at {sent.url}, revision `{sent.revision}`"
    create_markdown_artifact(key="snapshot", markdown=text)
    return snapshot.path
