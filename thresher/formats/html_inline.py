"""The inline half of ``thresher.formats.html``: what stands within a paragraph, and what is gathered on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from thresher.formats.tree import Tag
from thresher.model import Quote

MAX_DEPTH = 120
"""Tags nested deeper than this are flattened to their text."""
DROPPED = frozenset({
    "script", "style", "svg", "template", "noscript", "button", "head", "select", "textarea", "object", "embed", "link", "meta",
})  # fmt: skip
DROPPED_CLASSES = frozenset({
    "anchor", "quote-controls", "footnote-backref", "hashtag-icon-placeholder", "cooked-selection-barrier", "poll-info", "poll-buttons",
    "poll-title-voters",
})  # fmt: skip
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~", "strike": "~~"}
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_ALT_SAYS_NOTHING = re.compile(r"^(?:enter image description here|screen ?shot .*|[\w-]+|.*\.(?:png|jpe?g|gif|webp|svg|bmp))?$", re.I)
"""One word is a file's name, more often than not."""
_BY_NAME = re.compile(r" by [\w.-]+(?= \u00b7 (?:Pull Request|Issue|Discussion) )")
"""Who opened it, in the titles that sites give to links to GitHub."""
_ABSOLUTE = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?(?:/[\w/.~%+,@-]*(?:\?[\w/.~%+,@&=-]+)?(?:#[\w/.~%+,@&=-]+)?)?", re.ASCII)
"""An address that ``urljoin`` leaves as it is: most links of posts."""
_FACES = frozenset({"avatar", "site-icon", "thumbnail", "onebox-avatar", "onebox-avatar-inline"})


@dataclass(slots=True)
class Gathered:
    """What is gathered on the way through one post."""

    base_url: str
    quotes: list[Quote] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    images: int = 0
    code_blocks: int = 0
    quoting: int = 0

    def link(self, href: str) -> str:
        """The absolute address, noted; empty for what is no address of the web."""
        url = self._absolute(href)
        if url and url not in self.links:
            self.links.append(url)
        return url

    def picture(self, address: str) -> None:
        """One more picture, and where it is."""
        self.images += 1
        url = self._absolute(address) if address else ""
        if url and url not in self.pictures:
            self.pictures.append(url)

    def _absolute(self, href: str) -> str:
        url = href.strip()
        if _ABSOLUTE.fullmatch(url):
            return url
        try:
            url = urljoin(self.base_url, url)
            scheme = urlsplit(url).scheme
        except ValueError:
            return ""
        return url if scheme in {"http", "https"} and not href.startswith("#") else ""


def inline(node: Tag | str, gathered: Gathered, depth: int) -> str:
    """One node as text within a paragraph: white space made single, line breaks from ``<br>``."""
    if isinstance(node, str):
        return _single_spaced(node)
    if depth > MAX_DEPTH:
        return collapse(node.text(" "))
    return _inline_tag(node, gathered, depth)


def _inline_tag(tag: Tag, gathered: Gathered, depth: int) -> str:
    name, classes = tag.name, tag.classes
    if name in DROPPED or classes & DROPPED_CLASSES:
        return ""
    if name == "br":
        return "\n"
    if name == "img":
        return picture(tag, gathered)
    if name in {"code", "tt"} or "asciimath" in classes:
        return _inline_code(code_text(tag))
    if "math-container" in classes:
        return tag.text().strip()
    if "math" in classes:
        return f"${tag.text().strip()}$"
    if name == "math":
        return _mathml(tag)
    if name in {"iframe", "video", "audio", "source"}:
        return _media(tag, gathered)
    if name == "input":
        return {True: "[x] ", False: "[ ] "}[tag.get("checked") is not None] if tag.get("type") == "checkbox" else ""
    if "chcklst-box" in classes:
        return "[x]" if "checked" in classes else "[ ]"
    if "footnote-ref" in classes:
        return f"[{tag.text().strip(' []')}]"
    if classes & {"hashtag", "hashtag-cooked"}:
        return "#" + collapse(tag.text()).lstrip("#")  # Mastodon calls it a mention, too
    if classes & {"mention", "mention-group"} and name == "a":
        return "@someone"
    if name == "a" and "lightbox" in classes:
        return picture(tag, gathered)
    text = "".join(inline(c, gathered, depth + 1) for c in tag.children)
    if name == "a":
        return _anchor(tag, text, gathered)
    if name in {"sup", "sub"}:
        return _script("^" if name == "sup" else "_", text)
    return emphasis(text, _MARKS[name]) if name in _MARKS else text


def code_text(tag: Tag) -> str:
    """What stands in code, where ``x<sup>2</sup>`` is the only way to raise a letter: ``x^2``."""
    if not any(t.name in {"sup", "sub"} for t in tag.descendants()):
        return tag.text()
    return "".join(_code_part(c) for c in tag.children)


def _code_part(node: Tag | str) -> str:
    if isinstance(node, str):
        return node
    inner = "".join(_code_part(c) for c in node.children)
    if node.name == "br":
        return "\n"
    return _script("^" if node.name == "sup" else "_", inner) if node.name in {"sup", "sub"} else inner


def _inline_code(text: str) -> str:
    text = collapse(text)
    if not text:
        return ""
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks} {text} {ticks}" if len(ticks) > 1 else f"`{text}`"


def emphasis(text: str, mark: str) -> str:
    """The text between marks, white space outside them; as it is where marks would not read as emphasis."""
    inner = text.strip()
    if not inner or "\n" in inner or inner.startswith(mark):
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{mark}{inner}{mark}{after}"


def _script(mark: str, text: str) -> str:
    """``x<sup>2</sup>`` is ``x^2``; small print and ordinals stay plain."""
    inner = text.strip()
    if not inner or " " in inner or inner.lower() in _ORDINALS or inner.startswith(("[", "(", "*")):
        return text
    return mark + (inner if len(inner) == 1 else f"{{{inner}}}")


def _anchor(tag: Tag, text: str, gathered: Gathered) -> str:
    href = tag.get("href") or ""
    if _is_autolink(text, href):
        return text
    url = gathered.link(href) if href else ""
    if not url:
        return text
    if not text.strip():
        return ""
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{link_text(text.strip(), url)}{after}"


def _is_autolink(text: str, href: str) -> bool:
    """Whether the site took words for an address (``socket.io``, ``works.It`` for want of a space): the author wrote no scheme, no ``www.``
    and no path."""
    shown = text.strip()
    if "." not in shown or "/" in shown or " " in shown or shown.lower().startswith("www."):
        return False
    return re.sub(r"^https?://|/$", "", href.strip()).lower() == shown.lower()


def link_text(text: str, url: str) -> str:
    """``[text](url)``, or the bare address where the text is nothing but the address, perhaps shortened."""
    text = _BY_NAME.sub("", text)
    bare = re.sub(r"^https?://(?:www\.)?|/$", "", url)
    shown = re.sub(r"^https?://(?:www\.)?|(?:\.\.\.|\u2026)$|/$", "", text)
    if not shown or bare == shown or (text != shown and bare.startswith(shown) and len(shown) > 8):
        return url
    return f"[{text}]({url})"


def picture(tag: Tag, gathered: Gathered) -> str:
    """An emoji as its short name or character; any other picture as ``[image]``, with the alternative text where it says something."""
    image = tag if tag.name == "img" else tag.first("img")
    if image is None:
        return ""
    classes, alt = image.classes, collapse(image.get("alt") or "")
    if "emoji" in classes:
        return alt or collapse(image.get("title") or "")
    if classes & _FACES:
        return ""
    whole = tag.get("href") if tag.name == "a" else None  # a lightbox leads to the picture in its full size
    gathered.picture(whole or image.get("src") or "")
    return "[image]" if _ALT_SAYS_NOTHING.match(alt) else f"[image: {alt}]"


def _media(tag: Tag, gathered: Gathered) -> str:
    sources = (tag, *(t for t in tag.descendants() if t.name == "source"))
    return gathered.link(next((src for t in sources if (src := t.get("src"))), ""))


def _mathml(tag: Tag) -> str:
    notes = (t for t in tag.descendants() if t.name == "annotation" and t.get("encoding") == "application/x-tex")
    note = next(notes, None)
    return collapse(tag.text(" ")) if note is None else f"${note.text().strip()}$"


def collapse(text: str) -> str:
    """White space made single, none at the ends."""
    return " ".join(text.split())


def _single_spaced(text: str) -> str:
    """White space made single; what stands at the ends parts this text from its neighbours."""
    inner = " ".join(text.split())
    if not inner:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{inner}{' ' if text[-1].isspace() else ''}"
