"""Replies that mean something only beside what they answer, and that people marked as good: does a model understand them?"""

from __future__ import annotations

from thresher.model import Candidate, Message, Record, Refusal
from thresher.rules.language import language_of
from thresher.rules.outcome import candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import IMAGE, LINK, count_words
from thresher.rules.tags import tags_of


def judge_reply(record: Record, parent: Record | None, rules: Rules, *, root: Record | None = None) -> Candidate | Refusal:
    """A candidate of kind reply. Being good is what the votes say; nothing else is guessed. In a thread about a picture or a link nobody
    who sees only two of its texts can tell what they are about."""
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
    if parent is None or not (parent.text or parent.title) or parent.status not in {"live", "edited"}:
        return refuse(record, "ordinary_reply", "no parent")
    if root is not None and (root.marks.get("images") or (not root.text and root.marks.get("links"))):
        return refuse(record, "ordinary_reply", "about a picture or link")
    said = f"{parent.title}\n\n{parent.text}".strip()
    if len(said) > limits.reply_parent_max_chars or parent.marks.get("images") or IMAGE.search(said) or LINK.search(said):
        return refuse(record, "ordinary_reply", "parent")
    task = rules.reply_task.replace("{parent}", said).replace("{reply}", record.text)
    return candidate(
        [record, parent],
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
