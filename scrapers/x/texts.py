"""What stands in a post of X: the whole text of a long one, its links, names and entities resolved. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thresher.formats.mentions import hide_names
from thresher.text import clean

_STATUS = re.compile(r"^https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/(?:\w+|i/web)/status/\d+")
_PICTURE = re.compile(_STATUS.pattern + r"/(?:photo|video)/\d+")
_PASSED_ON = re.compile(r"RT @\w{1,20}:? ")
_PLACEHOLDER = re.compile(
    r"@\w{1,20}['\u2019]s account (?:is|has been) [^.]{1,80}\bviolat[^.]{1,60}\. Learn more\.?\s*(?:https://t\.co/\w+\s*)*"
)
_SHORT = re.compile(r"\s*https://t\.co/\w+\s*$")
_ADDRESSED = re.compile(r"^(?:@\w{1,20}\s+)+(?=\S)")


@dataclass(frozen=True, slots=True)
class Written:
    """A text as people read it. ``links`` and ``tags`` each once, in order."""

    text: str
    links: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def written(post: Mapping[str, Any], *, quoted: bool) -> Written:
    """The text of a post. ``text`` of a long one is its beginning, ``note_tweet`` the whole. Links are those that were shortened; what
    stands for a picture, or for the post that is ``quoted`` below, goes, and so do the names that X puts before a reply."""
    note = post.get("note_tweet")
    whole_text = note.get("text") if isinstance(note, dict) else None
    is_long = isinstance(whole_text, str) and bool(whole_text)
    text = str(whole_text if is_long else post.get("text"))
    stated = [thing.get("entities") for thing in ((note, post) if is_long else (post,)) if isinstance(thing, dict)]
    entities = [thing for thing in stated if isinstance(thing, dict)]
    links: dict[str, None] = {}
    for link in [link for thing in entities for link in _objects(thing.get("urls"))]:
        short, full = link.get("url"), link.get("unwound_url") or link.get("expanded_url")
        if not isinstance(short, str) or not short or not isinstance(full, str):
            continue
        stands_for = (
            "media_key" in link
            or _PICTURE.match(full) is not None
            or (quoted and _STATUS.match(full) is not None and text.rstrip().endswith(short))
        )
        text = text.replace(short, "" if stands_for else full)
        if not stands_for:
            links[full] = None
    if _is_reply(post):
        text = _ADDRESSED.sub("", text)
    names = [name for thing in entities for mention in _objects(thing.get("mentions")) if isinstance(name := mention.get("username"), str)]
    for name in sorted(set(filter(None, names)), key=len, reverse=True):
        text = re.sub(rf"(?<!\w)@{re.escape(name)}(?!\w)", "@someone", text, flags=re.IGNORECASE)
    tags = dict.fromkeys(
        tag for thing in entities for hashtag in _objects(thing.get("hashtags")) if isinstance(tag := hashtag.get("tag"), str)
    )
    plain = clean(html.unescape(text))
    return Written(hide_names(_SHORT.sub("", plain) if _pictured(post) else plain), tuple(links), tuple(map(clean, tags)))


def is_passed_on(post: Mapping[str, Any]) -> bool:
    """Whether it only repeats another post, which answers without ``referenced_tweets`` say by its first words alone."""
    is_retweet = any(reference.get("type") == "retweeted" for reference in _objects(post.get("referenced_tweets")))
    return is_retweet or _PASSED_ON.match(str(post.get("text"))) is not None


def is_placeholder(post: Mapping[str, Any]) -> bool:
    """Whether X put a sentence of its own in the place of the author's words: ``@name's account is temporarily unavailable ...``."""
    return _PLACEHOLDER.fullmatch(str(post.get("text"))) is not None


def _is_reply(post: Mapping[str, Any]) -> bool:
    references = post.get("referenced_tweets")
    return any(reference.get("type") == "replied_to" for reference in _objects(references))


def _pictured(post: Mapping[str, Any]) -> bool:
    """Whether a link at the end, of which no entity says anything, is that of a picture."""
    return isinstance(post.get("attachments"), dict)


def _objects(value: object) -> list[dict[str, Any]]:
    return [thing for thing in value if isinstance(thing, dict)] if isinstance(value, list) else []
