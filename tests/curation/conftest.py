"""What the tests of the page share: a server with a few items."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk, item


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Five items."""
    desk = Desk(tmp_path, [item(n) for n in range(1, 6)])
    yield desk
    desk.close()
