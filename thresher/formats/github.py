"""GitHub's Markdown as the text of a Record: as ``thresher.formats.markdown``, without what a template left behind.

Instructions of templates (HTML comments) and sections of issue forms that were left empty (``_No response_``) go; headings stay, by which
readers know what is what (``### Prompt``). Folded parts (``<details>``) are opened, pictures are ``[image]``, other HTML goes but for its
text. Code is left as it is.
"""

from __future__ import annotations

import html
import re

from thresher.formats import markdown

_COMMENT = re.compile(r"(^ {0,3}(```|~~~).*?(?:^ {0,3}\2|\Z)|`[^`\n]+`)|<!--.*?(?:-->|\Z)", re.DOTALL | re.MULTILINE)
"""Code, or a comment: whichever begins first."""
_EMPTY = re.compile(r"^#{1,6}[ \t][^\n]*\n\s*_No response_[ \t]*(?:\n+|\Z)", re.MULTILINE)
_PICTURE = re.compile(r"!\[([^\]\n]{0,300})\]\([^)\n]{1,1000}\)")
_IMG = re.compile(r"<img\b([^<>]{0,2000})/?>", re.IGNORECASE)
_ALT = re.compile(r"""\balt=(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SUMMARY = re.compile(r"[ \t]*<summary>(.{0,1000}?)</summary>[ \t]*", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(
    r"</?(?:details|summary|p|div|span|b|i|em|strong|kbd|sub|sup|ul|ol|li|a|h[1-6]|hr|picture|source|table|thead|tbody|tr|td|th|center|video)"
    r"\b[^<>]{0,1000}>",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\n{3,}")
_NO_LABEL = re.compile(r"(?:image|img|screenshot|[0-9a-f-]{8,})?", re.IGNORECASE)
"""What GitHub itself writes, and names of files that are digests."""


def as_text(source: str) -> str:
    """Markdown of an issue or comment as text."""
    source = _COMMENT.sub(lambda match: match[1] or "", source.replace("\r\n", "\n"))
    return _BLANKS.sub("\n\n", markdown.as_text(markdown.outside_code(source, _plain))).strip("\n")


def _plain(part: str) -> str:
    """A part outside code."""
    part = _EMPTY.sub("", part)
    part = _IMG.sub(lambda match: _image(" ".join(filter(None, alt.groups())) if (alt := _ALT.search(match[1])) else ""), part)
    part = _PICTURE.sub(lambda match: _image(match[1]), part)
    return _TAG.sub("", _SUMMARY.sub(lambda match: f"\n{match[1].strip()}\n", _BREAK.sub("\n", part)))


def _image(label: str) -> str:
    label = html.unescape(label).strip()
    return "[image]" if _NO_LABEL.fullmatch(label) else f"[image: {label}]"
