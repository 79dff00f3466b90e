"""From readings to outcomes: item, lead or refused. The rules are one witness, the readers another, and the thresholds decide.

An item needs a failure that is probable enough and a prompt that can be asked again as it stands; a failure without one is a lead.
``witnessed`` needs an answer that its reader is sure of; below that the claim stays a claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from thresher.cues import fold
from thresher.model import Candidate, Claim, Lead, Marked, Message, Reading, Record, Refusal, Response, Span, Tier
from thresher.readers.base import Chain, Post
from thresher.readers.weights import Thresholds, log_odds
from thresher.rules import Rules, judge
from thresher.rules.blame import Part, blamed_model
from thresher.rules.claims import Words, stated_answers
from thresher.rules.complaints import about_a_model
from thresher.rules.conversation import Asked
from thresher.rules.labels import Turn
from thresher.rules.language import language_of
from thresher.rules.outcome import LEADS, Reason, candidate, refuse
from thresher.rules.quotations import unquoted
from thresher.rules.standing import IMAGE, count_words, leans_on
from thresher.rules.tags import tags_of

Outcome = Candidate | Lead | Refusal

READABLE: frozenset[str] = LEADS | {
    "not_about_a_model", "language_not_covered", "no_failure_claimed", "about_the_service", "user_error", "joke", "ordinary_reply",
    "no_accepted_answer", "link_only",
}  # fmt: skip
"""What the rules may say of a post without having the last word. What they refuse for other reasons (advertising, what is not allowed, what
was taken away) nobody reads."""
_NEEDS: dict[str, Reason] = {"link": "prompt_behind_link", "picture": "prompt_in_picture", "context": "not_self_contained"}
"""What a reader says that is missing, as the reason of a lead."""
_ROLES = frozenset({"post", "comment", "question"})
_SAME = 0.8
_OPENING = 1000
"""Characters in which each of 365 labelled posts that report a failure and name a model at all names one."""


def readable(record: Record, outcome: Candidate | Refusal) -> bool:
    """Whether a record is a post in which somebody may report a failure, so that it is read."""
    if record.role not in _ROLES:
        return False
    if isinstance(outcome, Candidate):
        return outcome.claim is not None
    return outcome.reason in READABLE or (outcome.reason == "too_short" and outcome.detail == "prompt")


def about_models(post: Post, rules: Rules) -> bool:
    """Whether somebody speaks of a language model: the post, what it answers, what opened its thread, or whoever picked it. The learned
    reader has met posts about models alone, and takes the quotations and objections of any other forum for reports."""
    if isinstance(post.outcome, Candidate) or post.record.source in rules.about_sources:
        return True
    return any(about_a_model(_opening(record), rules) for record in (post.record, *post.context))


def _opening(record: Record) -> Record:
    """A post as far as it says what it is about: far down in a long one a model is mentioned in passing."""
    return record if len(record.text) <= _OPENING else replace(record, text=record.text[:_OPENING])


def judge_threads(threads: Sequence[Sequence[Record]], rules: Rules, chain: Chain | None) -> tuple[list[Outcome], dict[str, Reading]]:
    """One outcome for each record of the threads, in their order, and the readings by record. Without readers the rules decide alone."""
    records = [record for thread in threads for record in thread]
    outcomes = [outcome for thread in threads for outcome in judge(thread, rules)]
    if chain is None:
        return [*outcomes], {}
    around = {record.key: thread for thread in threads for record in thread}
    posts = (Post(r, o, _context(r, around[r.key])) for r, o in zip(records, outcomes, strict=True) if readable(r, o))
    readings = chain.read([post for post in posts if about_models(post, rules)])
    decided = (weigh(r, o, readings, rules, chain.thresholds_for(readings.get(r.key))) for r, o in zip(records, outcomes, strict=True))
    return [*decided], readings


def _context(record: Record, thread: Sequence[Record]) -> tuple[Record, ...]:
    """The post that this one answers, and the one that opened the thread."""
    parent = next((r for r in thread if r.native_id == record.parent_id), None) if record.parent_id else None
    opener = thread[0] if thread[0].role in ("post", "question") else None
    others = [r for r in (parent, opener) if r is not None and r.key != record.key and (r.text or r.title)]
    return tuple({r.key: r for r in others}.values())


def weigh(record: Record, outcome: Candidate | Refusal, readings: Mapping[str, Reading], rules: Rules, thresholds: Thresholds) -> Outcome:
    """The last word on one record."""
    reading = readings.get(record.key)
    if reading is None:
        return outcome
    if reading.held == "refused":
        return refuse(record, "reader_declined")
    prompt = reading.prompt
    need = lacking(record, prompt, rules, thresholds, reading.missing)
    usable = prompt is not None and _usable(prompt, rules, thresholds)
    sure = (
        usable
        and prompt is not None
        and log_odds(reading.fails) + log_odds(prompt.confidence) >= thresholds.item
        and reading.fails >= thresholds.item_fails
    )
    if reading.fails < thresholds.lead and not sure:
        return _refused(record, outcome, reading)
    if prompt is None or need:
        return _lead(record, reading, rules, need or "no_prompt_found", prompt.span if prompt and usable else None)
    if not sure:
        return _lead(record, reading, rules, "failure_unsure", prompt.span)
    return _item(record, outcome, reading, prompt, rules, thresholds)


def lacking(record: Record, prompt: Marked | None, rules: Rules, thresholds: Thresholds, said: str = "") -> Reason | None:
    """What a failure lacks to be asked again; None where nothing. ``said`` is what its reader says of it, where readers do."""
    if prompt is None or not _usable(prompt, rules, thresholds):
        return _NEEDS.get(said) if thresholds.says_needs and said in _NEEDS else _whereabouts(record, rules)
    if thresholds.says_needs:
        return {**_NEEDS, "picture": "needs_picture", "prompt": "not_self_contained"}.get(said)
    need = leans_on(unquoted(prompt.span.text), rules.cues_for(record.language or language_of(record.text)))
    return need[0] if need else None


def _usable(prompt: Marked, rules: Rules, thresholds: Thresholds) -> bool:
    return prompt.confidence >= thresholds.prompt and not _misfit(prompt.span.text, rules, thresholds)


def _refused(record: Record, outcome: Candidate | Refusal, reading: Reading) -> Refusal:
    """What the rules refused for a reason of their own keeps it; what they would have taken is improbable."""
    if isinstance(outcome, Refusal) and outcome.reason not in LEADS | {"language_not_covered", "too_short"}:
        return outcome
    return refuse(record, "improbable", f"{reading.fails:.2f}")


def _misfit(prompt: str, rules: Rules, thresholds: Thresholds) -> bool:
    """Too long, or too short to be a prompt; a reader that says what is lacking may take a greeting for one."""
    if len(prompt) > rules.limits.max_prompt_chars:
        return True
    least = rules.limits.min_prompt_words
    return not thresholds.says_needs and count_words(prompt) < least and len(prompt) < 2 * least


def _lead(record: Record, reading: Reading, rules: Rules, reason: Reason, prompt: Span | None) -> Lead:
    claim = reading.claim.span if reading.claim else None
    model = reading.model.span.text if reading.model else _named(record, claim, rules)
    return Lead(record.key, reason, reading.fails, claim, prompt, model)


def _whereabouts(record: Record, rules: Rules) -> Reason:
    """Where the prompt of a failure may be that the text does not hold."""
    links = record.marks.get("links") or ()
    if rules.shares(record.text) or any(isinstance(link, str) and rules.shares(link) for link in links):
        return "prompt_behind_link"
    shown = record.marks.get("images") or record.marks.get("pictures") or IMAGE.search(record.text)
    return "prompt_in_picture" if shown else "no_prompt_found"


def _named(record: Record, claim: Span | None, rules: Rules) -> str:
    """The first model that the claim names, else the title, else the text."""
    for text in (claim.text if claim else "", record.title, record.text):
        if text and (named := next((n for n in rules.names.find(fold(text), limit=5)), None)):
            return named.name
    return ""


def _item(
    record: Record, outcome: Candidate | Refusal, reading: Reading, prompt: Marked, rules: Rules, thresholds: Thresholds
) -> Candidate:
    response = reading.response if reading.response and reading.response.confidence >= thresholds.response else None
    same = outcome if isinstance(outcome, Candidate) and outcome.claim and _same(outcome.claim.prompt, prompt.span) else None
    content = unquoted(prompt.span.text)
    messages = same.messages if same else (Message("user", content),)
    parts, source, part, claim = _parts(record, _words(same, reading), prompt.span, response, messages)
    blamed = blamed_model(rules, parts, source, source.asked, part, claim) if source.asked else None
    model = blamed[1].name if blamed else reading.model.span.text if reading.model else ""
    failing: tuple[Response, ...] = ()
    tier: Tier = "claimed"
    if response is not None:
        failing, tier = (Response(model, unquoted(response.span.text), failed=True),), "witnessed"
    cues = rules.cues_for(record.language or language_of(record.text))
    taken = part.asked.taken if part.asked else ()
    said = [part.text[claim.start : claim.end], *(part.text[s:e] for s, e in stated_answers(part.folded, cues, taken, claim))]
    evidence = Claim(
        words=Span(record.key, claim.start, claim.end, part.text[claim.start : claim.end], "title" if part.name == "title" else "text"),
        model=reading.model.span if reading.model else _mention(record, blamed[0], blamed[1].start, blamed[1].end) if blamed else None,
        prompt=prompt.span,
        response=response.span if response else None,
    )
    return candidate(
        [record],
        rules.version,
        kind=same.kind if same and (failing or same.kind == "complaint") else "complaint",
        messages=messages,
        rule=same.rule if same else "complaint/read",
        tier=tier,
        rubric="\n".join(said),
        claim=evidence,
        failing=failing,
        strength=0.8 if tier == "witnessed" else 0.5,
        language=language_of("\n".join(m.content for m in messages)) or record.language or language_of(record.text),
        tags=tags_of(rules, content, record.title, *said, models=[model]),
    )


def _words(same: Candidate | None, reading: Reading) -> Span | None:
    """What went wrong: in the words that the rules take, where they make the same item, else in those of the reader."""
    if same is not None and same.claim is not None:
        return same.claim.words
    return reading.claim.span if reading.claim else None


def _parts(
    record: Record, claim: Span | None, prompt: Span, response: Marked | None, messages: tuple[Message, ...]
) -> tuple[tuple[Part, ...], Part, Part, Words]:
    """Text and title with what was asked in them, the part that holds the prompt, the part of the claim, and the claim."""
    answer = response.span if response and response.span.part == prompt.part else None
    turn = Turn("assistant", answer.start, answer.start, answer.end, closed=True) if answer else None
    taken = ((prompt.start, prompt.end), *(((answer.start, answer.end),) if answer else ()))
    asked = Asked(messages, (prompt.start, prompt.end), turn, taken, "read")
    parts = tuple(
        Part(name, text, fold(text), asked if name == prompt.part else None)
        for name, text in (("text", record.text), ("title", record.title))
    )
    source = next(p for p in parts if p.name == prompt.part)
    marked = claim or prompt
    part = next(p for p in parts if p.name == marked.part)
    return parts, source, part, Words(marked.start, marked.end, strong=True)


def _mention(record: Record, part: Part, start: int, end: int) -> Span:
    return Span(record.key, start, end, part.text[start:end], "title" if part.name == "title" else "text")


def _same(one: Span | None, other: Span) -> bool:
    if one is None or one.part != other.part:
        return False
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared >= _SAME * (max(one.end, other.end) - min(one.start, other.start))
