"""The nouns of the rulebook: rules in chapters, the amendments that made its versions, and decided cases.

    constitution (principles) > legislation (rules) > case law (cases)

Every noun is frozen. What a rulebook says of precedence is here too, since every reader of it must see the same order.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from thresher.errors import UsageError
from thresher.model import Kind
from thresher.readers.kinds import KINDS

Layer = Literal["constitution", "legislation"]
Ruling = Literal["first", "second", "tie", "borderline", "pass", "fail"]
"""What a case decides: which of two responses is better, or whether one is good enough. ``borderline`` is for a person to settle."""

ID = r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)+"
CASE_ID = r"case\.\d{4,}"


def _one_line(value: object) -> object:
    return re.sub(r"\s+", " ", value).strip() if isinstance(value, str) else value


def _known_kind(value: str) -> str:
    if value not in KINDS:
        raise ValueError(f"{value!r} is no kind of failure; there are: {', '.join(KINDS)}")
    return value


RuleId = Annotated[str, Field(pattern=f"^{ID}$")]
Prose = Annotated[str, BeforeValidator(_one_line), Field(min_length=1)]
"""Text in one line, however its file breaks it."""
Failure = Annotated[str, AfterValidator(_known_kind)]


class Noun(BaseModel):
    """Frozen, and a key that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(Noun):
    """Where a rule applies; what a chapter states counts for those of its rules that state nothing."""

    under: tuple[str, ...] = ()
    """Principles, or wider rules, that it serves: the tree above it."""
    failures: tuple[Failure, ...] = ()
    """Kinds of failure (``thresher.readers.kinds``) in which it may be broken."""
    tags: tuple[str, ...] = ()
    """Tags of items (``[tags]`` of ``config/rules.toml``)."""
    items: tuple[Kind, ...] = ()
    """Kinds of items; empty for every kind."""
    by_request: bool = True
    """Whether a request like that of its example is a case of it. False where a breach does not hang on what is asked."""


class Rule(Scope):
    """A principle or a rule, with one situation in which it is kept and broken."""

    id: RuleId
    text: Prose
    phrases: tuple[str, ...] = ()
    """Phrases of failure clusters (``dedupe/failures/kinds.toml``) that report a breach of this very rule."""
    over: tuple[str, ...] = ()
    """Rules that it overrides where both apply and cannot both be kept."""
    yields: tuple[str, ...] = ()
    """Rules that override it."""
    asked: str = ""
    """What was asked in the example; ``keeps`` and ``breaks`` are two responses to it."""
    keeps: str = ""
    breaks: str = ""
    rank: int = Field(0, ge=0)
    """The authority that an imported rulebook gives it, 1 the highest; 0 where it gives none."""
    layer: Layer = "legislation"
    chapter: str = ""

    @property
    def in_words(self) -> str:
        """All that can be looked for in it."""
        return "\n".join((self.id.replace(".", " "), self.text, self.asked, self.breaks, *self.phrases))


class Chapter(Noun):
    """One file of a rulebook."""

    chapter: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    layer: Layer
    title: str
    about: Prose | Literal[""] = ""
    rules: tuple[Rule, ...] = ()


class Amendment(Noun):
    """One act that made a version of another: rules in the wording that they have from then on, and those that it repeals."""

    version: int = Field(ge=2)
    author: str = Field(min_length=1)
    at: datetime
    reason: str = Field(min_length=1)
    upon: str
    """The digest of the rulebook that it amends."""
    repeals: tuple[str, ...] = ()
    overrules: tuple[str, ...] = ()
    """Cases, and verdicts by their ids, that no longer count."""
    rules: tuple[Rule, ...] = ()


class Response(Noun):
    """One of the responses of a case, with the words that decided."""

    text: str
    decides: tuple[str, ...] = ()
    """Verbatim from ``text``."""


class Ruled(Noun):
    """What a judge or a person held of one response or of two, and why; it counts only if ``checking.faults`` has nothing against it."""

    asked: str
    responses: tuple[Response, ...] = Field(min_length=1, max_length=2)
    verdict: Ruling
    rules: tuple[str, ...] = Field(min_length=1)
    """Those that were applied, in their order of precedence."""
    reason: Prose
    version: int = Field(ge=1)
    """Of the rulebook by which it was decided."""


class Case(Ruled):
    """A decided case: by whom and when, and of which item of the benchmark (empty for one that was made for the rulebook)."""

    id: str = Field(pattern=f"^{CASE_ID}$")
    item: str = ""
    by: str = Field(min_length=1)
    at: datetime


class Rulebook(Noun):
    """One version of a rulebook, with the amendments up to it and the cases that were decided by then."""

    version: int
    chapters: tuple[Chapter, ...]
    amendments: tuple[Amendment, ...] = ()
    cases: tuple[Case, ...] = ()

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Every principle and rule by its id, principles first, in the order of chapters and files."""
        ordered = sorted(self.chapters, key=lambda chapter: chapter.layer != "constitution")
        return {rule.id: rule for chapter in ordered for rule in chapter.rules}

    @cached_property
    def digest(self) -> str:
        """The first 12 hex digits of a sha256 over all rules: a change that no amendment made shows in it."""
        body = [rule.model_dump(mode="json", exclude_defaults=True) for _, rule in sorted(self.rules.items())]
        return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]

    @cached_property
    def overruled(self) -> frozenset[str]:
        """Cases and verdicts that an amendment took out of force."""
        return frozenset(one for amendment in self.amendments for one in amendment.overrules)

    @property
    def precedents(self) -> list[Case]:
        """The cases in force."""
        return [case for case in self.cases if case.id not in self.overruled]

    @cached_property
    def overrides(self) -> dict[str, frozenset[str]]:
        """The rules that each overrides by its own words or by theirs, one step far; only between rules that there are."""
        made: dict[str, set[str]] = {rule_id: set() for rule_id in self.rules}
        for rule in self.rules.values():
            for other in rule.over:
                if other in made:
                    made[rule.id].add(other)
            for other in rule.yields:
                if other in made:
                    made[other].add(rule.id)
        return {rule_id: frozenset(others) for rule_id, others in made.items()}

    def rule(self, rule_id: str) -> Rule:
        """The rule of that id, or of the one id that begins with it. UsageError names what there is."""
        if rule_id in self.rules:
            return self.rules[rule_id]
        near = [known for known in self.rules if known.startswith(rule_id)]
        if len(near) == 1:
            return self.rules[near[0]]
        if near:
            raise UsageError(f"{rule_id!r} is the beginning of {len(near)} rules: {', '.join(near[:8])}")
        raise UsageError(f"there is no rule {rule_id!r} in version {self.version}; `thresher rules list` shows which there are")

    def precedes(self, rule_id: str, other: str) -> bool:
        """Whether one stands above the other: by the override of one over the other, through others too, else as a principle above a
        rule, else by rank. An override that is stated counts first, since it is the more specific."""
        if self._reaches(rule_id, other):
            return True
        if self._reaches(other, rule_id):
            return False
        upper, lower = self.rules[rule_id], self.rules[other]
        if upper.layer != lower.layer:
            return upper.layer == "constitution"
        return 0 < upper.rank < lower.rank

    def _reaches(self, rule_id: str, other: str) -> bool:
        seen, open_ends = {rule_id}, [rule_id]
        while open_ends:
            for lower in self.overrides[open_ends.pop()]:
                if lower == other:
                    return True
                if lower not in seen:
                    seen.add(lower)
                    open_ends.append(lower)
        return False

    def above(self, rule_id: str) -> list[Rule]:
        """The tree above a rule: what it serves, and what those serve, nearest first."""
        found: dict[str, Rule] = {}
        open_ends = list(self.rules[rule_id].under)
        for upper in open_ends:  # grows while it is walked
            if upper in self.rules and upper not in found and upper != rule_id:
                found[upper] = self.rules[upper]
                open_ends.extend(self.rules[upper].under)
        return list(found.values())

    def history(self, rule_id: str) -> Iterator[Amendment]:
        """The amendments that touched a rule, oldest first."""
        for amendment in self.amendments:
            if rule_id in amendment.repeals or any(rule.id == rule_id for rule in amendment.rules):
                yield amendment
