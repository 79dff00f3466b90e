"""Tags from cue words: the model that is blamed, and what the case is about, only where words say so."""

from __future__ import annotations

from collections.abc import Iterable

from thresher.cues import fold
from thresher.rules.settings import Rules

_LOOK_AT = 3000


def tags_of(rules: Rules, *texts: str, models: Iterable[str] = ()) -> tuple[str, ...]:
    """Sorted: ``model:<canonical name>`` for each model, and every topic with a cue in the texts."""
    folded = fold("\n".join(t[:_LOOK_AT] for t in texts if t))
    topics = {name for name, pattern in rules.tags.items() if pattern.search(folded)}
    return tuple(sorted(topics | {f"model:{m}" for m in models if m}))
