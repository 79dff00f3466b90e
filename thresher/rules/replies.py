"""Replies that mean something only to whoever knows what they allude to, and that the thread itself explains: does a model understand them?

Votes show that people liked a reply, not that there is something to understand in it. What shows it is that somebody asks (``I don't get
it``) and somebody else explains, or explains it unasked; that explanation is the key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from thresher.cues import fold
from thresher.model import Candidate, Message, Record, Refusal
from thresher.rules.language import language_of
from thresher.rules.outcome import candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import IMAGE, LINK, count_words
from thresher.rules.tags import tags_of

_ASKING = 200
"""Characters within which somebody asks what a reply means."""
_EXPLAINING = (40, 900)
"""Characters of an explanation; what is shorter hints, what is longer tells something else as well."""
_LEAST_WORDS = 3


def explained_replies(thread: Sequence[Record], rules: Rules) -> Mapping[str, Record]:
    """For each reply whose allusion the thread explains, its explanation, by native_id: at most ``replies.most`` of a thread, those first
    that most people liked."""
    answers: defaultdict[str, list[Record]] = defaultdict(list)
    for record in thread:
        if record.parent_id is not None and record.text and record.status in {"live", "edited"}:
            answers[record.parent_id].append(record)
    explained = {}
    for record in thread:
        if record.parent_id is None or _asks(record, rules):
            continue
        if explanation := next(_explanations(record, answers, rules), None):
            explained[record.native_id] = (approval(record), explanation)
    most = sorted(explained, key=lambda native_id: (-explained[native_id][0], native_id))[: rules.replies_most]
    return {native_id: explained[native_id][1] for native_id in most}


def _explanations(record: Record, answers: Mapping[str, Sequence[Record]], rules: Rules) -> Iterator[Record]:
    """What explains a reply, the most liked first: an answer to somebody who asks, else an answer that explains unasked."""
    for asked in answers.get(record.native_id, ()):
        if _asks(asked, rules):
            named = _says(_ALLUSION, asked)
            others = [a for a in answers.get(asked.native_id, ()) if a.author_key is None or a.author_key != asked.author_key]
            explaining = (a for a in others if _explains(a, rules) and (named or _says(_SAYS_JOKE, a)))
            yield from sorted(explaining, key=lambda a: (-approval(a), a.native_id))
    unasked = (a for a in answers.get(record.native_id, ()) if not _asks(a, rules) and _explains(a, rules) and _says(_SAYS_JOKE, a))
    yield from sorted(unasked, key=lambda a: (-approval(a), a.native_id))


def _asks(record: Record, rules: Rules) -> bool:
    return len(record.text) <= _ASKING and rules.asks_meaning.search(fold(record.text)) is not None


def _explains(record: Record, rules: Rules) -> bool:
    """Whether a post says what an allusion is to, in words that stand for themselves."""
    least, most = _EXPLAINING
    if not least <= len(record.text) <= most or approval(record) < 0 or record.text.rstrip().endswith("?"):
        return False
    return not IMAGE.search(record.text) and rules.explains.search(fold(record.text)) is not None


def _says(words: tuple[str, ...], record: Record) -> bool:
    folded = fold(record.text)
    return any(word in folded for word in words)


_ALLUSION = (
    "joke", "reference", "pun", "quote", "whoosh", "allusion", "witz", "anspielung", "zitat", "référence", "blague", "allusion", "citation",
    "chiste", "broma", "referencia", "piada", "referência", "battuta", "riferimento",
)  # fmt: skip
"""Who asks with one of these words asks for an allusion; of whoever only does not understand, the answer must say that there is one."""
_SAYS_JOKE = (
    "the joke is", "reference to", "is a reference", "referencing", "don't get it", "didn't get it", "for anyone who", "for those who",
    "pun on", "play on words", "allusion to", "alludes to", "explain the joke", "anspielung auf", "wortspiel", "référence à",
    "jeu de mots", "referencia a", "juego de palabras", "el chiste es", "referência a", "trocadilho", "riferimento a", "gioco di parole",
)  # fmt: skip
"""An answer with one of these explains an allusion; a film or a quotation may be mentioned for any reason."""


def judge_reply(
    record: Record, chain: Sequence[Record], explanation: Record | None, rules: Rules, *, root: Record | None = None
) -> Candidate | Refusal:
    """A candidate of kind reply whose key is the explanation that the thread gives.

    ``chain`` leads from the post down to what the reply answers, and all of it is shown: ``good luck with that`` means nothing beside its
    parent alone. In a thread about a picture or a link nobody who sees only its texts can tell what they are about; and who answers
    himself adds something, and makes no reply of it.
    """
    limits = rules.limits
    if explanation is None or len(record.text) > limits.reply_max_chars:
        return refuse(record, "ordinary_reply")
    if (
        count_words(record.text) < _LEAST_WORDS
        or "```" in record.text
        or LINK.search(record.text)
        or IMAGE.search(record.text)
        or record.marks.get("images")
    ):
        return refuse(record, "ordinary_reply", "form")
    if not chain or chain[0].parent_id is not None or not all((r.text or r.title) and r.status in {"live", "edited"} for r in chain):
        return refuse(record, "ordinary_reply", "no parent")
    if record.author_key is not None and record.author_key == chain[-1].author_key:
        return refuse(record, "ordinary_reply", "own")
    if root is not None and (root.marks.get("images") or (not root.text and root.marks.get("links"))):
        return refuse(record, "ordinary_reply", "about a picture or link")
    said = rules.tasks.reply_between.join(f"{r.title}\n\n{r.text}".strip() for r in chain)
    if len(said) > limits.reply_parent_max_chars or any(r.marks.get("images") for r in chain) or IMAGE.search(said) or LINK.search(said):
        return refuse(record, "ordinary_reply", "parent")
    task = rules.tasks.reply.replace("{parent}", said).replace("{reply}", record.text)
    return candidate(
        [record, *chain, explanation],
        rules.version,
        kind="reply",
        messages=[Message("user", task)],
        rule="reply/explained",
        target=explanation.text,
        key_status="sourced",
        language=record.language or language_of(f"{said}\n{record.text}"),
        tags=tags_of(rules, record.text),
    )


def approval(record: Record) -> int:
    """Votes or likes, whichever the site counts."""
    values = [v for name in ("score", "likes") if isinstance(v := record.marks.get(name), int) and not isinstance(v, bool)]
    return max(values, default=0)
