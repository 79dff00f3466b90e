"""Which of Prefect's limits guard a source."""

from __future__ import annotations

from pathlib import Path

from flows.harvest import hosts
from flows.line.workspace import Workspace


def test_every_address_of_a_site_names_the_limit_of_its_host(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path / "data", create=True)
    assert hosts(work, work.settings.source("reddit")) == {"host:www.reddit.com", "host:oauth.reddit.com"}
    assert hosts(work, work.settings.source("arena")) == {"host:huggingface.co"}
    assert "host:forum.cursor.com" in hosts(work, work.settings.source("discourse"))
