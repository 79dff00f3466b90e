"""Quotes in BBCode that a forum left as they were typed: in raw posts, imported ones, and where the tags do not balance.

``[quote="name, post:1, topic:77"] ... [/quote]`` becomes lines behind ``> `` like any other quote; the name goes.
"""

from __future__ import annotations

import re

from thresher.model import Quote

_TAG = re.compile(r"\[(?P<close>/)?quote(?:=(?P<of>[^\]\n]{0,200}))?\]", re.IGNORECASE)
MAX_TAGS = 500
"""More than this is no conversation: the tags go and nothing is taken for a quote."""
_CODE = re.compile(r"^```.*?(?:^```|\Z)|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_SPACE = re.compile(r"\s*")
_POST = re.compile(r"post:\s*(\d+)")
_TOPIC = re.compile(r"topic:\s*(\d+)")


def quoted(text: str) -> tuple[str, tuple[Quote, ...]]:
    """The text with its BBCode quotes as quoted lines, and the outermost of them. An opening tag without an end quotes up to the end of its
    paragraph; an end without a beginning is left out. Code stays."""
    tags = _balanced(text)
    if not tags:
        return text, ()
    if len(tags) > MAX_TAGS:
        return _TAG.sub("", text).strip(), ()
    blocks: list[str] = []
    quotes: list[Quote] = []
    depth, place = 0, 0
    for start, end, opens, of in [*tags, (len(text), len(text), False, "")]:
        if words := text[place:start].strip():
            blocks.append("\n".join(f"{'> ' * depth}{line}".rstrip() for line in words.split("\n")))
            if depth == 1 and quotes:
                quotes[-1] = Quote(f"{quotes[-1].text}\n\n{words}".strip(), quotes[-1].of)
        if start == len(text):
            break
        if opens and depth == 0:
            quotes.append(Quote("", _source(of)))
        depth = max(0, depth + (1 if opens else -1))
        place = end
    return "\n\n".join(blocks), tuple(q for q in quotes if q.text)


def _balanced(text: str) -> list[tuple[int, int, bool, str]]:
    """Every tag outside code as start, end, whether it opens, and what it names; those that lack an end are given one."""
    if "quote" not in text and "QUOTE" not in text:
        return []
    code = [m.span() for m in _CODE.finditer(text)]
    tags, unclosed = [], []
    for match in _TAG.finditer(text):
        if any(start <= match.start() < end for start, end in code):
            continue
        tag = (match.start(), match.end(), match["close"] is None, match["of"] or "")
        tags.append(tag)
        if tag[2]:
            unclosed.append(tag)
        elif unclosed:
            unclosed.pop()
    for _, end, _, _ in unclosed[:MAX_TAGS]:
        begin = _SPACE.match(text, end)
        stop = text.find("\n\n", begin.end() if begin else end)
        stop = min([stop if stop >= 0 else len(text), *(s for s, *_ in tags[: 2 * MAX_TAGS] if s > end)])
        tags.append((stop, stop, False, ""))
    return sorted(tags, key=lambda tag: (tag[0], tag[1]))


def _source(of: str) -> str | None:
    post, topic = _POST.search(of), _TOPIC.search(of)
    return f"{topic[1]}/{post[1]}" if post and topic else None
