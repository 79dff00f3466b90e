"""What every test may use: the recorded real data, where it is there, and a quiet environment."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

KEPT = {"THRESHER_REALDATA", "THRESHER_KILLS", "THRESHER_SOAK"}
"""What a person may set for the tests; everything else comes from the tests alone."""

for name in [n for n in os.environ if n.startswith("THRESHER_") and n not in KEPT]:
    del os.environ[name]
os.environ.setdefault("PREFECT_HOME", tempfile.mkdtemp(prefix="prefect-"))
os.environ.update(DO_NOT_TRACK="1", PREFECT_SERVER_ANALYTICS_ENABLED="false", TOKENIZERS_PARALLELISM="false")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Recorded payloads of the real sources, which are not part of the project: beside the checkout, or where THRESHER_REALDATA says."""
    folder = Path(os.environ.get("THRESHER_REALDATA", ROOT.parent / "shared" / "realdata"))
    if not (folder / "MANIFEST.md").is_file():
        pytest.skip(f"the recorded real data is not at {folder}; set THRESHER_REALDATA to its folder")
    return folder
