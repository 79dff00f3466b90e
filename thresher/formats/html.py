"""HTML of forum posts -> Markdown-like plain text. Pure; written for what Discourse cooks and Stack Exchange serves.

Own words and quoted words stay apart: every quoted line begins with ``> `` (an own line that happens to begin so is written ``\\> ``), code
is fenced, mathematics stays LaTeX (``$..$``, ``$$..$$``), pictures become ``[image]``. What the site adds is left out: names in quote
headers, linked mentions (``@someone``; what the site did not link stays), link previews (one link line), icons, anchors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import ftfy
from ftfy.badness import is_bad

from thresher.formats.html_inline import (
    DROPPED,
    DROPPED_CLASSES,
    MAX_DEPTH,
    Gathered,
    code_text,
    collapse,
    emphasis,
    inline,
    link_text,
    picture,
)
from thresher.formats.tree import BLOCKS, Tag, read
from thresher.model import Quote
from thresher.text import clean

_LANGUAGE = re.compile(r"^(?:lang|language|snippet-code)-([A-Za-z0-9_+#.-]+)$")
_NO_LANGUAGE = frozenset({"auto", "none", "nohighlight", "plaintext", "text", "txt", "default", "raw"})
_VIDEOS = frozenset({"lazy-video-container", "video-placeholder-container", "lazyYT", "lazyYT-container"})
"""What stands for an embedded video in Discourse; ``lazyYT`` until 2022."""
_UNPARSABLE = re.compile("[\x00\ud800-\udfff]")
_OWN_QUOTE_MARK = re.compile(r"^>(?=\s|$)", re.MULTILINE)
_TIGHT = re.compile(r"(?:- |\d+\. )")
_ABOUT_ENCODINGS = re.compile(
    r"utf-?(?:8|16)|unicode|encod|charset|code ?page|mojibake|latin-?1|cp-?125\d|windows-125\d|iso-?8859|ascii|garbled", re.I
)
_FTFY = ftfy.TextFixerConfig(
    unescape_html=False, decode_inconsistent_utf8=False, restore_byte_a0=False, replace_lossy_sequences=False, explain=False
)
"""Only the repair of a whole text: ``decode_inconsistent_utf8`` would change a correct text that shows what mojibake looks like."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A post as text. ``links`` are absolute where ``base_url`` was given, each once, in order; ``quotes`` are the outermost ones."""

    text: str
    quotes: tuple[Quote, ...] = ()
    links: tuple[str, ...] = ()
    images: int = 0
    pictures: tuple[str, ...] = ()
    code_blocks: int = 0
    repaired: bool = False
    """The HTML as a whole had been decoded with the wrong charset, and was put right."""


def render(html: str, *, base_url: str = "") -> Rendered:
    """The post as text. Never raises on bad HTML. A Discourse quote says ``of`` as ``<topic id>/<post number>``."""
    html, repaired = repair(_UNPARSABLE.sub("\ufffd", html))
    if "<" not in html and "&" not in html:
        return Rendered(text=clean(_own(html)), repaired=repaired)
    gathered = Gathered(base_url)
    text = "\n\n".join(_blocks(read(f"<div>{html}</div>"), gathered, 0))
    return Rendered(
        clean(text),
        tuple(gathered.quotes),
        tuple(gathered.links),
        gathered.images,
        tuple(gathered.pictures),
        gathered.code_blocks,
        repaired,
    )


def repair(text: str) -> tuple[str, bool]:
    """UTF-8 that was decoded as a one-byte charset, put right; everything else unchanged, and a text that speaks of encodings above all."""
    if text.isascii() or not is_bad(text) or _ABOUT_ENCODINGS.search(text):
        return text, False
    better = ftfy.fix_encoding(text, _FTFY)
    if better == text or is_bad(better):
        return text, False
    return better, True


def _blocks(node: Tag, gathered: Gathered, depth: int) -> list[str]:
    """The node's content as paragraphs, lists, quotes, ...: each without blank lines around it."""
    if depth > MAX_DEPTH:
        return _paragraph(collapse(node.text(" ")))
    blocks: list[str] = []
    run: list[str] = []
    for child in node.children:
        if isinstance(child, Tag) and (child.name in BLOCKS or _is_around_blocks(child)):
            blocks += _paragraph("".join(run))
            run = []
            blocks += _block(child, gathered, depth + 1)
        else:
            run.append(inline(child, gathered, depth + 1))
    return blocks + _paragraph("".join(run))


def _paragraph(inline: str) -> list[str]:
    if not inline:
        return []
    text = _own("\n".join(collapse(line) for line in inline.split("\n")) if "\n" in inline else collapse(inline)).strip()
    return [text] if text else []


def _own(text: str) -> str:
    return _OWN_QUOTE_MARK.sub(r"\\>", text) if ">" in text else text


def _is_around_blocks(tag: Tag) -> bool:
    """An inline tag around blocks (``<a><div>``, ``<em><p>``): its content is rendered as blocks."""
    return tag.holds_blocks and tag.name not in DROPPED and "lightbox" not in tag.classes


def _block(tag: Tag, gathered: Gathered, depth: int) -> list[str]:
    name, classes = tag.name, tag.classes
    if name in DROPPED or classes & DROPPED_CLASSES:
        return []
    if name == "hr":
        return ["---"]
    if name == "pre":
        return [_code_block(tag, gathered)]
    if ("onebox" in classes and name == "aside") or classes & _VIDEOS:
        return _preview(tag, gathered)
    if "lightbox-wrapper" in classes:
        return _paragraph(picture(tag, gathered))
    if "math" in classes:
        return [f"$$\n{tag.text().strip()}\n$$"]
    if (
        (name == "aside" and "quote" in classes)
        or (name == "blockquote" and "spoiler" not in classes)
        or (name == "details" and "elided" in classes)
    ):
        return _quote(tag, gathered, depth)
    if name in {"ul", "ol"}:
        return _list(tag, gathered, depth)
    if name == "table":
        return _table(tag, gathered, depth)
    if name in {"h1", "h2", "h3", "h4", "h5", "h6"}:
        heading = collapse("".join(inline(c, gathered, depth) for c in tag.children))
        return [f"{'#' * int(name[1])} {heading}"] if heading else []
    if name in {"summary", "dt"}:
        label = collapse(" ".join(_blocks(tag, gathered, depth)))
        return [label if "**" in label else emphasis(label, "**")] if label else []
    return _blocks(tag, gathered, depth)


def _code_block(tag: Tag, gathered: Gathered) -> str:
    gathered.code_blocks += 1
    code = tag.first("code")
    classes = [name for t in (tag, code) if t is not None for name in (t.get("class") or "").split()]
    language = next((m[1] for c in classes if (m := _LANGUAGE.match(c)) and m[1].lower() not in _NO_LANGUAGE), "")
    text = code_text(tag).strip("\n")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _quote(tag: Tag, gathered: Gathered, depth: int) -> list[str]:
    body = tag.first("blockquote") if tag.name == "aside" else tag
    if body is None:
        return []
    gathered.quoting += 1
    text = clean("\n\n".join(_blocks(body, gathered, depth)))
    gathered.quoting -= 1
    if not text:
        return []
    if not gathered.quoting:
        topic, post = tag.get("data-topic") or "", tag.get("data-post") or ""
        gathered.quotes.append(Quote(text, of=f"{topic}/{post}" if topic.isdigit() and post.isdigit() else None))
    return ["\n".join(f"> {line}" if line else ">" for line in text.split("\n"))]


def _list(tag: Tag, gathered: Gathered, depth: int) -> list[str]:
    start = tag.get("start") or "1"
    number = int(start) if start.isdigit() and len(start) < 7 else 1
    lines: list[str] = []
    for child in tag.children:
        if isinstance(child, Tag) and child.name in {"ul", "ol"}:
            lines += _indent("\n\n".join(_list(child, gathered, depth + 1)), "  ", first="  ")
        elif isinstance(child, Tag):
            marker = f"{number}. " if tag.name == "ol" else "- "
            number += 1
            if content := _join_item(_blocks(child, gathered, depth + 1)):
                lines += _indent(content, " " * len(marker), first=marker)
        elif text := collapse(inline(child, gathered, depth)):
            lines.append(f"- {text}")
    return ["\n".join(lines)] if lines else []


def _join_item(blocks: list[str]) -> str:
    """The blocks of a list item; a list follows its sentence without a blank line."""
    text = ""
    for block in blocks:
        tight = _TIGHT.match(block) is not None
        text += ("" if not text else "\n" if tight else "\n\n") + block
    return text


def _indent(text: str, indent: str, *, first: str) -> list[str]:
    lines = text.split("\n") if text else []
    return [(first if i == 0 else indent) + line if line else "" for i, line in enumerate(lines)]


def _table(tag: Tag, gathered: Gathered, depth: int) -> list[str]:
    rows = []
    sections = [tag, *(c for c in tag.children if isinstance(c, Tag) and c.name in {"thead", "tbody", "tfoot"})]
    for row in (r for section in sections for r in section.children if isinstance(r, Tag) and r.name == "tr"):
        cells = [c for c in row.children if isinstance(c, Tag) and c.name in {"td", "th"}]
        rows.append([collapse(" ".join(_blocks(c, gathered, depth + 1))).replace("|", "\\|") for c in cells])
    rows = [r for r in rows if any(r)]
    if not rows:
        return []
    width = max(len(r) for r in rows)
    lines = ["| " + " | ".join(r + [""] * (width - len(r))) + " |" for r in rows]
    return ["\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])]


def _preview(tag: Tag, gathered: Gathered) -> list[str]:
    """A link preview, as one line: ``[title](address)``."""
    heading = tag.first("h3", "h4") or next((a for t in tag.descendants() if t.name == "header" and (a := t.first("a"))), None)
    title = collapse(heading.text(" ") if heading else tag.get("data-video-title") or tag.get("data-youtube-title") or "")
    links = (href for t in tag.descendants() if t.name == "a" and (href := t.get("href")) is not None)
    source = tag.get("data-onebox-src") or tag.get("data-video-src") or next(links, "")
    if not source and (video := tag.get("data-youtube-id")):
        source = f"https://www.youtube.com/watch?v={video}"
    url = gathered.link(source)
    return [link_text(title, url)] if url else _paragraph(title)
