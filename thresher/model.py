"""The nouns of thresher: what each step takes and what it gives.

    source --fetch--> Page --parse--> Record --read--> Reading --rules--> Candidate --decide--> Decision --land--> Item --freeze--> Snapshot

Every noun is frozen. Times are timezone-aware UTC. Texts are sanitised (``thresher.text.clean``) before they enter a Record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["exercise", "question", "complaint", "preference", "reply", "alternate", "review", "step", "transcript"]
Tier = Literal["untested", "claimed", "witnessed", "reproduced"]
KeyStatus = Literal["none", "sourced", "agreed", "verified", "disputed"]
RecordStatus = Literal["live", "edited", "deleted", "removed", "gone"]
ExportClass = Literal["full", "derived", "id_only", "none"]
Lifecycle = Literal["proposed", "active", "retired", "rejected", "waived"]
Sameness = Literal["new", "same", "related", "different"]
Role = Literal["question", "answer", "post", "comment", "exercise", "battle", "problem", "submission", "step", "ranking"]
Vote = Literal["first", "second", "tie", "both_bad", "none"]
Shown = Literal["first", "both", "unknown"]

TIERS: tuple[Tier, ...] = ("untested", "claimed", "witnessed", "reproduced")
"""Weakest evidence first; an item has the strongest tier among its reports."""

EXPORT_CLASSES: tuple[ExportClass, ...] = ("none", "id_only", "derived", "full")
"""Least that may leave first; what is made from several records takes the least of theirs."""

CLEANED = "cleaned_of_sha256"
"""In the context of a page that was made again without what was deleted from it: the digest of the body as it came."""

Json = Any
"""A value that ``json.dumps`` takes."""


UNREADABLE_FILE = "unreadable_file"
"""In a page's context: why the file that it stands for could not be read."""

PICTURE_OF = "picture_of"
"""In the context of a page that is a picture: the native_id of the post that shows it."""


@dataclass(frozen=True, slots=True)
class Page:
    """Bytes as they came, from the network or from a file, archived before anyone parses them.

    ``site`` is the name of the target inside the source (one forum, one subreddit, one book). ``context`` is what the scraper knew
    when it asked and ``parse`` cannot read off the body (a licence, a commit, which listing it was); it is archived with the page.
    ``cursor``, where not None, is the site's cursor once this page *and all before it* are stored.
    """

    source: str
    site: str
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    context: Mapping[str, str] = field(default_factory=dict)
    cursor: Mapping[str, Json] | None = None

    @property
    def sha256(self) -> str:
        """Hex digest of the body."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def first_sha256(self) -> str:
        """That of the body as it came, also where what was deleted from it has left the archive."""
        return self.context.get(CLEANED, "") or self.sha256


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of what a model is asked; role is ``system``, ``user``, ``assistant``, or ``tool`` for what a tool gave back."""

    role: str
    content: str


def conversation(messages: Sequence[Message]) -> str:
    """The turns as one text: the contents joined by blank lines, each after its role where there is more than one."""
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"{m.role}: {m.content}" for m in messages)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of somebody else inside a record; ``of`` is the native_id of the quoted record where the site says it."""

    text: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    """What a textbook exercise holds. Mathematics is LaTeX between ``\\(`` and ``\\)`` or ``\\[`` and ``\\]``.

    ``stem`` is the instruction shared with its neighbours; ``choices`` are the options of a multiple-choice question in the book's order;
    ``solution`` is the book's own text (for multiple choice it may be a letter); ``figures`` name the pictures that the problem shows;
    ``link_only`` says that the problem does nothing but point elsewhere (a simulation, a web page); ``pieces`` are texts of the book that
    it goes on from, each under the words that name it (``Example 3:``, ``Exercise 7 (previous):``).
    """

    problem: str
    solution: str = ""
    stem: str = ""
    choices: tuple[str, ...] = ()
    answer: str = ""
    """The choice that the solution names, as text; empty when there are no choices or the solution names none of them."""
    number: str = ""
    section: str = ""
    book: str = ""
    figures: tuple[str, ...] = ()
    link_only: bool = False
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """What a model answered, and how it was scored where the log gives an absolute score (0 worst to 1 best)."""

    model: str
    text: str
    score: float | None = None
    failed: bool | None = None
    """True where the log itself says that it fails (``both_bad``, ``fails_task``, a rating at the bottom); None where it says nothing."""


@dataclass(frozen=True, slots=True)
class Battle:
    """Responses to one prompt with what a judge said of them. ``strength`` is how strong the signal of failure is, 0 to 1
    (both bad 1.0, explicit negative rating .8, loser of a pair .4)."""

    messages: tuple[Message, ...]
    responses: tuple[Response, ...]
    vote: Vote
    judge: str
    """``human``, the name of the judging model, or ``unknown`` where the log does not say who judged."""
    strength: float = 0.0
    rationale: str = ""
    reference: str = ""
    reference_by: str = ""
    """Who wrote the reference, as ``judge`` says it; empty where it was the judge."""
    rubric: str = ""
    """What a grader should look for in any answer, by whoever set the task; ``rationale`` is about these responses."""
    shown: Shown = "unknown"
    """Which response the judge saw first: the ``first``, each of them once (``both``: the vote holds either way), or ``unknown``."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the source said, without opinion.

    ``text`` is Markdown-like plain text: own words, ``> `` before quoted lines, fenced code, LaTeX mathematics. Records with the same
    (source, site, thread_id) are judged together; ``parent_id`` is the native_id of the record that this one answers. ``marks`` are the
    site's own: ``score``, ``accepted`` (this answer was accepted), ``accepted_id`` (of this question), ``solved``, ``answers``,
    ``tags``, ``closed``, ``images`` (count), ``pictures`` (their addresses, as far as the source tells them), ``links`` (list),
    ``flair``, ... ``native_id`` is unique in (source, site).
    """

    source: str
    site: str
    native_id: str
    url: str
    role: Role
    text: str
    title: str = ""
    thread_id: str = ""
    parent_id: str | None = None
    position: int = 0
    author_key: str | None = None
    created_at: datetime | None = None
    edited_at: datetime | None = None
    language: str = ""
    quotes: tuple[Quote, ...] = ()
    detail: Exercise | Battle | None = None
    marks: Mapping[str, Json] = field(default_factory=dict)
    status: RecordStatus = "live"
    licence: str = "unknown"
    licence_evidence: str = ""
    export_class: ExportClass = "id_only"
    attribution: str = ""
    """What a licence with attribution asks to be shown beside the text."""

    @property
    def key(self) -> str:
        """Identity over all sources: ``source:site:native_id``."""
        return f"{self.source}:{self.site}:{self.native_id}"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a post, and what was read in it.

    ``text`` is its conversation as ``thresher.pictures.transcript`` writes it, empty where ``refused`` says in a word why there is none;
    ``confidence`` is that of the least sure turn of a model. ``replaced_id`` is the keyed hash of what was replaced in the text.
    """

    record_key: str
    address: str
    sha256: str
    refused: str = ""
    text: str = ""
    confidence: float = 0.0
    reader: str = ""
    replaced_id: str = ""


@dataclass(frozen=True, slots=True)
class Dead:
    """A part of a page that could not be parsed: kept and counted, never dropped. ``reason`` is a short snake_case word."""

    reason: str
    detail: str
    native_id: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """Fields of a page that its source neither uses nor leaves out on purpose, and how often each came. The user is told; nothing is
    kept of them but the archived page."""

    fields: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record gave no candidate. ``reason`` is a short snake_case word that ``config/rules.toml`` explains."""

    record_key: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a record, verbatim: ``record.text[start:end] == text`` for the record with this key (code checks it).

    ``part`` says which field the words stand in: ``title`` only where a post says everything in its title, ``picture`` where they were
    read in its pictures; places are then those in ``thresher.pictures.transcript.joined`` of them."""

    record_key: str
    start: int
    end: int
    text: str
    part: Literal["text", "title", "picture"] = "text"


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says went wrong. Every part is a verbatim span or absent; nothing is guessed. ``pictures`` name those that a part was
    read in: address and SHA-256."""

    words: Span
    model: Span | None = None
    prompt: Span | None = None
    response: Span | None = None
    pictures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Marked:
    """A span that a reader marked, and how sure it is of it, 0 to 1."""

    span: Span
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a record says about the failure of a model, as one reader sees it. Absent is what the reader did not find.

    ``fails`` is the probability that a failure of a model is reported here. ``missing`` says what is lacking to ask again: ``prompt``,
    ``link`` (the conversation is behind one), ``picture`` (it is in one), ``context`` (a file or an earlier talk); empty for nothing.
    ``held`` says why a further reader, who was to be asked, gave nothing: ``refused``, or ``silent``, ``over_budget``, ``unavailable``,
    after which it is asked again in a later run.
    """

    record_key: str
    fails: float
    reader: str
    version: str
    prompt: Marked | None = None
    response: Marked | None = None
    claim: Marked | None = None
    model: Marked | None = None
    kind: str = ""
    missing: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """A failure that is reported and makes no item yet; ``reason`` says what is lacking (a word that ``config/rules.toml`` explains).

    ``prompt`` is kept where it was found but leans on something else, or where the failure is not sure enough."""

    record_key: str
    reason: str
    fails: float
    claim: Span | None = None
    prompt: Span | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a person added to a lead so that it can be asked again: the prompt, or the context that its prompt leans on. Redacted;
    ``hidden`` is as that of a Candidate. A person's words, never the source's."""

    record_key: str
    prompt: str
    context: str
    hidden: str
    author: str
    reason: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An eval item in the making. ``record_key`` is the record that it is a report of (one record gives at most one candidate).

    A ``preference`` is an item about judging: ``messages`` is the conversation, ``choices`` are the two responses, ``target`` is the
    text of the better one. ``thresher.pairwise`` makes of it what a judge is asked.
    """

    record_key: str
    kind: Kind
    messages: tuple[Message, ...]
    rule: str
    rule_version: str
    tier: Tier = "untested"
    key_status: KeyStatus = "none"
    target: str = ""
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    rubric: str = ""
    claim: Claim | None = None
    failing: tuple[Response, ...] = ()
    """The responses that failed, where the record holds them (the evidence of ``witnessed``)."""
    strength: float = 0.0
    language: str = ""
    tags: tuple[str, ...] = ()
    licence: str = "unknown"
    export_class: ExportClass = "id_only"
    hidden: str = ""
    """Of the words that tags stand for in its records: other words, another value. Part of the item's identity where it holds a tag."""

    @property
    def prompt(self) -> str:
        """The messages as one text."""
        return conversation(self.messages)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the dedupe said of one item against the nearest known one.

    ``item_id`` is the newcomer; ``other_id`` the canonical item that it matched (None for ``new``); ``method``
    says who decided: ``shortlist`` and ``guard`` by the cosine in ``score``, ``scorer`` by its probability; ``reason`` names the feature.
    """

    item_id: str
    verdict: Sameness
    other_id: str | None
    score: float
    threshold: float
    method: str
    reason: str
    encoder: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A frozen, checksummed, named set of items on disk."""

    name: str
    path: str
    items: int
    sha256: str
