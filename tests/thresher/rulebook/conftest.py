"""A rulebook of three rules, small enough to see through."""

from __future__ import annotations

from pathlib import Path

import pytest

CONSTITUTION = """chapter = "constitution"
layer = "constitution"
title = "Principles"

[[rule]]
id = "constitution.truth"
text = "Say what is so."
asked = "Is it raining?"
keeps = "Yes."
breaks = "No."
"""
LAMPS = """chapter = "lamps"
layer = "legislation"
title = "Lamps"

[scope]
under = ["constitution.truth"]
failures = ["factual_error"]

[[rule]]
id = "lamps.lit.1"
text = \"\"\"
A lamp that is lit is called lit.
An oil lamp too.
\"\"\"
over = ["lamps.short.1"]
phrases = ["calls a lamp dark"]
asked = "Is the lamp on the pier lit?"
keeps = "It is lit."
breaks = "It is dark."

[[rule]]
id = "lamps.short.1"
text = "An answer about lamps is short."
failures = ["instruction_ignored"]
tags = ["pier"]
asked = "How many lamps has the pier?"
keeps = "Four."
breaks = "Many a lamp, dear friend, has stood here."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "rulebook"
    made.mkdir()
    (made / "constitution.toml").write_text(CONSTITUTION, encoding="utf-8")
    (made / "lamps.toml").write_text(LAMPS, encoding="utf-8")
    return made
