"""What the store tells the rulebook of an item; apart from the ties made of it, so that who only looks imports no numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Evidence:
    """An item as far as rules are concerned. ``failures`` are the kinds that readers saw in its reports, ``phrases`` those under which its
    reports are clustered."""

    item_id: str
    kind: str
    tier: str
    tags: tuple[str, ...]
    prompt: str
    failures: tuple[str, ...]
    phrases: tuple[str, ...]


class Word(NamedTuple):
    """A person's word that an item is a case of a rule, or is none."""

    item_id: str
    rule_id: str
    holds: bool
