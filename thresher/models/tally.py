"""What was asked of a model in a run, and what it came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from thresher.models.answers import Outcome

OUTCOMES: tuple[Outcome, ...] = ("answered", "refused", "silent", "over_budget", "unavailable")


@dataclass
class Tally:
    """``asked`` are questions that went out (second tries are not counted apart), ``kept`` those that the archive answered;
    ``outcomes`` are of both. ``troubles`` says what went wrong, and how often."""

    model: str = ""
    asked: int = 0
    kept: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    sent_tokens: int = 0
    answered_tokens: int = 0
    usd: Decimal = Decimal(0)
    troubles: Counter[str] = field(default_factory=Counter)

    @property
    def questions(self) -> int:
        """All that there were."""
        return self.outcomes.total()

    def row(self) -> dict[str, Any]:
        """For the balance of a run, JSON-ready; ``held`` are the questions that nobody answered yet."""
        held = sum(self.outcomes[name] for name in ("silent", "over_budget", "unavailable"))
        return {
            "model": self.model,
            "questions": self.questions,
            "asked": self.asked,
            "kept": self.kept,
            **{name: self.outcomes[name] for name in OUTCOMES},
            "held": held,
            "sent_tokens": self.sent_tokens,
            "answered_tokens": self.answered_tokens,
            "usd": float(self.usd),
            "troubles": dict(self.troubles.most_common(5)),
        }


def in_words(row: dict[str, Any]) -> str:
    """One line for a person."""
    counts = [f"{row[name]:,} {name.replace('_', ' ')}" for name in OUTCOMES if row[name]]
    line = f"language model {row['model']}: {row['questions']:,} questions, {row['kept']:,} of them answered from the archive; "
    line += f"{', '.join(counts) or 'nothing asked'}; ${row['usd']:.4f} for {row['sent_tokens'] + row['answered_tokens']:,} tokens"
    return line + (f"; {row['held']:,} posts keep the reading before and are asked about in the next run" if row["held"] else "")
