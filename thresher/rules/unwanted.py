"""What no forum post may be: advertising, a heap of links, or a request for something that no benchmark needs."""

from __future__ import annotations

from collections import Counter

from thresher.cues import fold
from thresher.model import Battle, Record, Refusal
from thresher.rules.outcome import refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import link_share

_MIN_LINE = 12
_MANY_LINKS_SHARE = 0.3


def refused_outright(record: Record, rules: Rules) -> Refusal | None:
    """The refusal, or None where a record is worth reading. ``not_allowed`` holds for every source but books; of a battle, what counts
    is what the person asked, not what a model said."""
    text = f"{record.title}\n{record.text}"
    if isinstance(record.detail, Battle):
        text = "\n".join(m.content for m in record.detail.messages if m.role == "user")
    if len(text) > rules.limits.max_chars:
        return refuse(record, "too_long")
    folded = fold(text)
    for category, pattern in rules.not_allowed.items():
        if pattern.search(folded):
            return refuse(record, "not_allowed", category)
    if record.role == "battle":
        return None
    if len(text) - 1 < rules.limits.min_chars:
        return refuse(record, "too_short")
    if len({m.group() for m in rules.spam.finditer(folded)}) >= rules.spam_min_phrases or _repeats(record.text, rules):
        return refuse(record, "spam")
    if record.marks.get("crosspost") and not record.text.strip():
        return refuse(record, "link_only", "crosspost")
    share, count = link_share(text)
    if (
        count
        and not rules.shares(text)
        and (share > rules.limits.max_link_share or (count > rules.limits.max_links and share > _MANY_LINKS_SHARE))
    ):
        return refuse(record, "link_only")
    return None


def _repeats(text: str, rules: Rules) -> bool:
    """The same line again and again, outside quotations: a model that repeats itself is a case, an advertisement that does is not."""
    if text.count("\n") < rules.spam_min_repeats - 1 or "```" in text:
        return False
    lines = [line.strip() for line in text.split("\n") if len(line.strip()) >= _MIN_LINE and not line.lstrip().startswith(">")]
    if not lines:
        return False
    most = Counter(lines).most_common(1)[0][1]
    return most >= rules.spam_min_repeats and most * 2 > len(lines)
