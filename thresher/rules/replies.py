"""Replies that mean something only beside what they answer, and that people marked as good: does a model understand them?"""

from __future__ import annotations

from collections.abc import Sequence

from thresher.model import Candidate, Message, Record, Refusal
from thresher.rules.language import language_of
from thresher.rules.outcome import candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import IMAGE, LINK, count_words
from thresher.rules.tags import tags_of


def judge_reply(record: Record, chain: Sequence[Record], rules: Rules, *, root: Record | None = None) -> Candidate | Refusal:
    """A candidate of kind reply. Being good is what the votes say; nothing else is guessed.

    ``chain`` leads from the post down to what the reply answers, and all of it is shown: ``good luck with that`` means nothing beside its
    parent alone. In a thread about a picture or a link nobody who sees only its texts can tell what they are about; and who answers
    himself adds something, and makes no reply of it.
    """
    limits = rules.limits
    if approval(record) < limits.reply_min_score or len(record.text) > limits.reply_max_chars:
        return refuse(record, "ordinary_reply")
    if (
        count_words(record.text) < 3
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
    said = rules.reply_between.join(f"{r.title}\n\n{r.text}".strip() for r in chain)
    if len(said) > limits.reply_parent_max_chars or any(r.marks.get("images") for r in chain) or IMAGE.search(said) or LINK.search(said):
        return refuse(record, "ordinary_reply", "parent")
    task = rules.reply_task.replace("{parent}", said).replace("{reply}", record.text)
    return candidate(
        [record, *chain],
        rules.version,
        kind="reply",
        messages=[Message("user", task)],
        rule="reply/voted",
        language=record.language or language_of(f"{said}\n{record.text}"),
        tags=tags_of(rules, record.text),
    )


def approval(record: Record) -> int:
    """Votes or likes, whichever the site counts."""
    values = [v for name in ("score", "likes") if isinstance(v := record.marks.get(name), int) and not isinstance(v, bool)]
    return max(values, default=0)
