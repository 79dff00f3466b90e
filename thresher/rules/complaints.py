"""Somebody says that a model failed: the words, the model, the prompt and the answer, each verbatim, or the reason why it is no case.

A right answer that the author states is written into the rubric and never into the target: authors of complaints are wrong too often
for their word to be a key.
"""

from __future__ import annotations

import re

from thresher.cues import fold
from thresher.model import (
    Candidate,
    Claim,
    Kind,
    Message,
    Record,
    Refusal,
    Response,
    Span,
    Tier,
)
from thresher.rules.blame import Part, blamed_model
from thresher.rules.claims import Words, find_claim, free_text, sentences, stated_answers
from thresher.rules.conversation import (
    Asked,
    asks_something,
    from_turns,
    indirect,
    paragraph_before,
    unattributed,
)
from thresher.rules.labels import Turn
from thresher.rules.language import language_of
from thresher.rules.outcome import candidate, refuse
from thresher.rules.quotations import quoted_blocks, unquoted
from thresher.rules.settings import Cues, Rules
from thresher.rules.standing import count_words, leans_on
from thresher.rules.tags import tags_of
from thresher.rules.turns import find_turns, words

_SENTENCE_END = re.compile(r"[.!?…]\s|\n")
_NEAR = 500
"""Characters before a prompt in which a model must be spoken of."""
_LONG = 5000
"""In posts longer than this only labels and verbs say what a prompt is."""
_SHORT = 2500
"""Up to here a word such as "the model" beside a transcript is enough."""
_ANSWER_REACH = 60
"""How far behind a prompt a verb must say that there was an answer, where the answer itself is only told."""
_TOOL_MARKS = (
    "tool_call",
    "function_call",
    "<thinking>",
    "<tool",
    "thought:",
    "observation:",
    "searching the web",
    "searched the web",
    "action input:",
)


_SIZED = re.compile(r"(?<![\w.])(?!(?:16|32|64|128|256|512)b)(?:0\.|[1-9]\d{0,2}\.?)\d?b(?!\w)")
"""A size in parameters, as in "WizardMath 7B": a model that no list knows. Powers of two are bits and bytes more often."""


def about_a_model(record: Record, rules: Rules) -> bool | None:
    """Whether a post speaks of a language model, by name, in general words, or because of where it stands; None where only a whole
    transcript can tell."""
    if record.site.lower() in rules.about_sites:
        return True
    folded = fold(f"{record.title}\n{record.text}")
    if _names_one(folded, rules) or rules.shares(record.text):
        return True
    weak, named = rules.about_weak.search(folded) is not None, bool(rules.names.find(folded, limit=1))
    if weak and named:
        return True
    return None if len(folded) <= _SHORT and (weak or named) else False


def collects_failures(root: Record, rules: Rules) -> bool:
    """Whether a thread asks for failures, so that what is posted in it is meant as one."""
    return rules.collects.search(fold(f"{root.title}\n{root.text[:_SHORT]}")) is not None


def _names_one(folded: str, rules: Rules) -> bool:
    return rules.names_a_model(folded) or _SIZED.search(folded) is not None


def judge_complaint(
    record: Record, rules: Rules, *, parent: Record | None = None, thread_about: bool = False, collected: bool = False
) -> Candidate | Refusal:
    """A candidate of kind complaint or transcript, or the reason why there is none. A comment speaks of what its thread speaks of; where
    failures are ``collected`` a word about the answer is enough."""
    collected = collected or record.site.lower().endswith(rules.collecting_sites)
    about = thread_about or about_a_model(record, rules)
    if about is False:
        return refuse(record, "not_about_a_model")
    language = record.language or language_of(f"{record.title}\n{record.text}")
    cues = rules.cues_for(language)
    text = Part("text", record.text, fold(record.text), None)
    title = Part("title", record.title, fold(record.title), None)
    if not collected and not any("?" in p.folded or cues.claim.search(p.folded) or cues.contrast.search(p.folded) for p in (text, title)):
        return _without_prompt(record, rules, cues, (text, title), language)
    parts = tuple(Part(p.name, p.text, p.folded, _asked(record, p, rules, cues, parent)) for p in (text, title))
    source = next((p for p in parts if p.asked and p.asked.response), None) or next((p for p in parts if p.asked), None)
    if about is None and not (source and source.asked and source.asked.response and source.asked.form == "transcript"):
        return refuse(record, "not_about_a_model")
    if source is None or not (thread_about or _is_near(record, rules, parts, source)):
        return _without_prompt(record, rules, cues, parts, language)
    return _with_prompt(record, rules, cues, parts, source, language, collected)


def _is_near(record: Record, rules: Rules, parts: tuple[Part, ...], source: Part) -> bool:
    """Whether a model is spoken of beside what looks like a prompt, and not only elsewhere in a long post."""
    asked = source.asked
    if asked is None or record.site.lower() in rules.about_sites:
        return asked is not None
    end = asked.response.end if asked.response else asked.prompt[1]
    around = source.folded[max(0, asked.prompt[0] - _NEAR) : asked.prompt[0]] + source.folded[asked.prompt[1] : end + _NEAR // 2]
    if asked.technical and len(source.text) > _SHORT and not asks_something(asked.messages[-1].content, rules):
        return False
    if asked.technical:
        return any(n.sure for n in rules.names.find(around, limit=5))
    if _names_one(parts[1].folded, rules) or _names_one(around, rules):
        return True
    spoken_of = rules.about_weak.search(around) is not None and len(source.text) <= _SHORT
    return spoken_of and (asked.form == "transcript" or bool(rules.names.find(around, limit=1)))


def _asked(record: Record, part: Part, rules: Rules, cues: Cues, parent: Record | None) -> Asked | None:
    if not part.text:
        return None
    turns = find_turns(part.text, rules, cues)
    if (whole := from_turns(part.text, turns, cues)) and not _same_as_quoted(record, parent, words(part.text, turns[0])):
        told = indirect(part.text, cues) if whole.prompt_is_quoted else None
        if told is None or not told[0] <= whole.prompt[0] < told[1]:
            return whole
    answer = next((t for t in turns if t.speaker == "assistant"), None)
    if answer and answer.closed and asks_something(words(part.text, answer), rules):
        turns = [t for t in turns if t.start > answer.end]
        answer = next((t for t in turns if t.speaker == "assistant"), None)
    if span := indirect(part.text, cues):
        after = answer if answer and answer.start > span[1] else None
        taken = (span, (after.label_start, after.end)) if after else (span,)
        return Asked((Message("user", part.text[slice(*span)]),), span, after, taken, "indirect")
    if part.name == "title" or len(part.text) > _LONG:
        return None
    if answer and (span := paragraph_before(part.text, answer, rules)):
        return _as_asked(part, span, answer, "paragraph", [(t.label_start, t.end) for t in turns if t.speaker != "other"])
    blocks = [b for b in quoted_blocks(part.text) if not _same_as_quoted(record, parent, part.text[slice(*b)].strip("> \n"))]
    if found := unattributed(part.text, blocks, rules, replying=record.parent_id is not None):
        span, reply = found
        after = answer if answer and answer.start > span[1] else reply
        return _as_asked(part, span, after, "block", [(t.label_start, t.end) for t in turns if t.speaker != "other"])
    return None


def _as_asked(part: Part, span: tuple[int, int], answer: Turn | None, form: str, taken: list[tuple[int, int]]) -> Asked:
    content = unquoted(part.text[slice(*span)])
    return Asked((Message("user", content),), span, answer, (span, *taken, *([(answer.label_start, answer.end)] if answer else [])), form)


def _same_as_quoted(record: Record, parent: Record | None, content: str) -> bool:
    """Whether the words are another post's: a quotation of a known post, or of the one that this answers."""
    head = content.strip()[:200]
    if not head:
        return True
    if any(q.of is not None and head in q.text for q in record.quotes):
        return True
    return parent is not None and head in parent.text


def _without_prompt(record: Record, rules: Rules, cues: Cues, parts: tuple[Part, ...], language: str) -> Refusal:
    claim = next((f for p in parts if (f := find_claim(p.folded, cues, ()))), None)
    everything = _mine(parts)
    if cues.joke.search(everything):
        return refuse(record, "joke")
    if claim is None:
        if match := cues.service.search(everything):
            return refuse(record, "about_the_service", match.group())
        return refuse(record, "no_failure_claimed" if language in rules.cues or not language else "language_not_covered")
    if match := cues.user_error.search(everything):
        return refuse(record, "user_error", match.group())
    sentence = next(p.folded[claim.start : claim.end] for p in parts if find_claim(p.folded, cues, ()) == claim)
    if match := cues.service.search(sentence):
        return refuse(record, "about_the_service", match.group())
    if _shared(record, rules):
        return refuse(record, "prompt_behind_link")
    if record.marks.get("images") or record.marks.get("pictures") or "![" in record.text:
        return refuse(record, "prompt_in_picture")
    return refuse(record, "no_prompt_found")


def _shared(record: Record, rules: Rules) -> bool:
    links = record.marks.get("links") or ()
    return rules.shares(record.text) or any(isinstance(link, str) and rules.shares(link) for link in links)


def _with_prompt(
    record: Record, rules: Rules, cues: Cues, parts: tuple[Part, ...], source: Part, language: str, collected: bool
) -> Candidate | Refusal:
    asked = source.asked
    assert asked is not None
    mine = _mine(parts)
    if cues.joke.search(mine):
        return refuse(record, "joke")
    if match := cues.user_error.search(mine):
        return refuse(record, "user_error", match.group())
    found = _claim(parts, source, cues, rules) or (_remark(source, cues, rules) if collected else None)
    if found is None:
        return refuse(record, "no_failure_claimed")
    part, claim = found
    if not claim.strong and cues.praise.search(mine):
        return refuse(record, "no_failure_claimed", "praise")
    if asked.response is None and (match := cues.service.search(part.folded[claim.start : claim.end])):
        return refuse(record, "about_the_service", match.group())
    last = asked.messages[-1].content
    if count_words(last) < rules.limits.min_prompt_words and len(last) < 2 * rules.limits.min_prompt_words:
        return refuse(record, "too_short", "prompt")
    if sum(len(m.content) for m in asked.messages) > rules.limits.max_prompt_chars:
        return refuse(record, "too_long", "prompt")
    for message in asked.messages:
        if message.role == "user" and (need := leans_on(message.content, cues)):
            return refuse(record, *need)
    return _candidate(record, rules, cues, parts, source, asked, part, claim, language)


def _mine(parts: tuple[Part, ...]) -> str:
    """What the author says, folded, without turns and quotations."""
    return "\n".join(free_text(p.folded, [*(p.asked.taken if p.asked else ()), *quoted_blocks(p.text)]) for p in parts)


def _claim(parts: tuple[Part, ...], source: Part, cues: Cues, rules: Rules) -> tuple[Part, Words] | None:
    """Strong words in the text, then in the title, then an objection inside the conversation, then a mere contrast behind the answer."""
    assert source.asked is not None
    longest = rules.limits.max_claim_chars
    after = max([source.asked.prompt[1], *([source.asked.response.end] if source.asked.response else [])])
    for part in parts:
        found = find_claim(
            part.folded, cues, part.asked.taken if part.asked else (), after=after if part is source else -1, longest=longest
        )
        if found:
            return part, found
    if objection := source.asked.dissatisfied:
        return source, Words(objection.start, min(objection.end, objection.start + longest), strong=True)
    if source.asked.response is None:
        told = _told_until(source, source.asked, cues)
        if told is None:
            return None
        after = told
    for part, start in [(source, after), *((p, 0) for p in parts if p is not source)]:
        if found := find_claim(part.folded, cues, part.asked.taken if part.asked else (), after=start, contrast=True, longest=longest):
            return part, found
    return None


def _told_until(source: Part, asked: Asked, cues: Cues) -> int | None:
    """Where the sentence ends that tells the answer to a prompt (``and it said 2.``); None where none does."""
    verb = cues.answer.search(source.folded, asked.prompt[1], asked.prompt[1] + _ANSWER_REACH)
    if verb is None:
        return None
    told = _SENTENCE_END.search(source.folded, verb.end())
    return told.end() if told else len(source.folded)


def _remark(source: Part, cues: Cues, rules: Rules) -> tuple[Part, Words] | None:
    """The first sentence that the author puts behind an answer, if no praise stands there."""
    asked = source.asked
    if asked is None:
        return None
    after = asked.response.end if asked.response else _told_until(source, asked, cues)
    if after is None or cues.praise.search(source.folded, after):
        return None
    behind = next((s for s in sentences(source.folded, asked.taken) if s[0] >= after), None)
    if behind is None:
        return None
    return source, Words(behind[0], min(behind[1], behind[0] + rules.limits.max_claim_chars), strong=False)


def _candidate(
    record: Record,
    rules: Rules,
    cues: Cues,
    parts: tuple[Part, ...],
    source: Part,
    asked: Asked,
    part: Part,
    claim: Words,
    language: str,
) -> Candidate:
    blamed = blamed_model(rules, parts, source, asked, part, claim)
    model = blamed[1].name if blamed else ""
    failing: tuple[Response, ...] = ()
    tier: Tier = "claimed"
    if asked.response is not None:
        failing, tier = (Response(model, words(source.text, asked.response), failed=True),), "witnessed"
    said = [part.text[claim.start : claim.end]]
    taken = part.asked.taken if part.asked else ()
    said += [part.text[s:e] for s, e in stated_answers(part.folded, cues, taken, claim)]
    evidence = Claim(
        words=_span(record, part, claim.start, claim.end),
        model=_span(record, blamed[0], blamed[1].start, blamed[1].end) if blamed else None,
        prompt=_span(record, source, *asked.prompt),
        response=_span(record, source, asked.response.start, asked.response.end) if asked.response else None,
    )
    prompt = "\n".join(m.content for m in asked.messages)
    return candidate(
        [record],
        rules.version,
        kind=_kind(asked, failing, rules),
        messages=asked.messages,
        rule=f"complaint/{asked.form}" + ("" if claim.strong else "+contrast"),
        tier=tier,
        rubric="\n".join(said),
        claim=evidence,
        failing=failing,
        strength=0.8 if tier == "witnessed" else 0.5,
        language=language_of(prompt) or language,
        tags=tags_of(rules, prompt, record.title, *said, models=[model]),
    )


def _kind(asked: Asked, failing: tuple[Response, ...], rules: Rules) -> Kind:
    """A long conversation, or one that shows how the model worked, is a transcript."""
    process = fold("\n".join([*(m.content for m in asked.messages), *(r.text for r in failing)])[:20000])
    long = len(asked.messages) + len(failing) >= rules.limits.transcript_min_messages
    return "transcript" if failing and (long or any(mark in process for mark in _TOOL_MARKS)) else "complaint"


def _span(record: Record, part: Part, start: int, end: int) -> Span:
    return Span(record.key, start, end, part.text[start:end], "title" if part.name == "title" else "text")
