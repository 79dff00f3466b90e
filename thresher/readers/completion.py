"""A lead with what a person added to it: a candidate by the same rules as any other, or still a lead."""

from __future__ import annotations

from dataclasses import replace

from thresher.model import Candidate, Claim, Completion, Lead, Message, Reading, Record, Refusal
from thresher.rules import Rules
from thresher.rules.language import language_of
from thresher.rules.outcome import candidate
from thresher.rules.quotations import unquoted
from thresher.rules.standing import count_words, leans_on
from thresher.rules.tags import tags_of
from thresher.rules.unwanted import refused_outright

Outcome = Candidate | Lead | Refusal

RULE = "complaint/completed"
BY_A_PERSON = "completed_by_a_person"
"""The tag of an item whose prompt, or a part of it, a person added."""


def completed(record: Record, outcome: Outcome, reading: Reading | None, given: Completion, rules: Rules) -> Outcome:
    """The lead as a candidate, where what was given can be asked by the rules. What became an item by itself stays so; a person's word that
    a failure is reported outweighs a reader that finds it improbable by now."""
    lead = outcome
    if isinstance(outcome, Refusal) and outcome.reason == "improbable" and reading is not None:
        lead = Lead(record.key, outcome.reason, reading.fails, reading.claim.span if reading.claim else None)
    if not isinstance(lead, Lead) or lacks(record, lead, given, rules):
        return outcome
    content = _content(lead, given)
    said = lead.claim.text if lead.claim else ""
    made = candidate(
        [record], rules.version, kind="complaint", messages=(Message("user", content),), rule=RULE, tier="claimed", rubric=said,
        claim=Claim(words=lead.claim) if lead.claim else None, strength=0.5,
        language=language_of(content) or record.language or language_of(record.text),
        tags=tuple(sorted({BY_A_PERSON, *tags_of(rules, content, record.title, said, models=[lead.model])})),
    )  # fmt: skip
    return replace(made, hidden=made.hidden + given.hidden)


def lacks(record: Record, lead: Lead, given: Completion, rules: Rules) -> str:
    """Why this cannot be asked all the same, as a reason that ``config/rules.toml`` explains; empty where it can."""
    content = _content(lead, given)
    if not given.prompt and lead.prompt is None:
        return "no_prompt_found"
    least = rules.limits.min_prompt_words
    if count_words(content) < least and len(content) < 2 * least:
        return "too_short"
    if len(content) > rules.limits.max_prompt_chars:
        return "too_long"
    if refusal := refused_outright(replace(record, title="", text=content), rules):
        return refusal.reason
    need = leans_on(content, rules.cues_for(language_of(content)))
    return need[0] if need and not given.context else ""


def _content(lead: Lead, given: Completion) -> str:
    """What is asked: the context, and after it the prompt of the person, else that of the post."""
    asked = given.prompt or (unquoted(lead.prompt.text) if lead.prompt else "")
    return "\n\n".join(part for part in (given.context, asked) if part)
