"""Markdown to HTML, as much of it as the sample posts use: what a forum shows beside what its people wrote."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

_INLINE_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_BARE_LINK = re.compile(r"(?<![\"'>=\w])(https?://[^\s<>\"')]+[^\s<>\"').,;:!?])")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", re.DOTALL)
_ITALIC = re.compile(r"(?<![*\w])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![*\w])", re.DOTALL)
_MATH = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)
_BULLET = re.compile(r"^[-*+] +")
_NUMBERED = re.compile(r"^(\d+)[.)] +")
_HEADING = re.compile(r"^(#{1,4}) +(.*)$")


@dataclass(frozen=True, slots=True)
class Flavour:
    """How a site differs from the others."""

    line_breaks: bool = False
    """Whether the end of a line shows as one."""
    math: bool = False
    """Whether ``$…$`` is left as it is."""
    code: Callable[[str], str] = lambda language: "<pre><code>"
    """The opening tags of a code block in that language (empty where none is given)."""


REDDIT = Flavour()
STACK_EXCHANGE = Flavour(math=True, code=lambda lang: f'<pre class="lang-{lang} prettyprint-override"><code>' if lang else "<pre><code>")
DISCOURSE = Flavour(line_breaks=True, code=lambda lang: f'<pre><code class="lang-{lang or "auto"}">')


def html(text: str, flavour: Flavour) -> str:
    """The whole of a post."""
    return "\n".join(_blocks(text.split("\n"), flavour))


def _blocks(lines: list[str], flavour: Flavour) -> list[str]:
    out: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif line.startswith("```"):
            at = _fence(lines, at, flavour, out)
        elif line.startswith("    "):
            at = _indented(lines, at, flavour, out)
        elif line.startswith(">"):
            end = _run(lines, at, lambda s: s.startswith(">"))
            inner = [re.sub(r"^> ?", "", s) for s in lines[at:end]]
            out.append("<blockquote>\n" + "\n".join(_blocks(inner, flavour)) + "\n</blockquote>")
            at = end
        elif heading := _HEADING.match(line):
            level = len(heading[1])
            out.append(f"<h{level}>{_inline(heading[2], flavour)}</h{level}>")
            at += 1
        elif line.strip() in {"---", "***"}:
            out.append("<hr>")
            at += 1
        elif _BULLET.match(line) or _NUMBERED.match(line):
            at = _list(lines, at, flavour, out)
        else:
            end = _run(lines, at, _is_prose)
            out.append(f"<p>{_inline(chr(10).join(lines[at:end]), flavour)}</p>")
            at = end
    return out


def _run(lines: list[str], at: int, belongs: Callable[[str], bool]) -> int:
    end = at + 1
    while end < len(lines) and belongs(lines[end]):
        end += 1
    return end


def _is_prose(line: str) -> bool:
    return (
        bool(line.strip())
        and not line.startswith((">", "```"))
        and not _HEADING.match(line)
        and not _BULLET.match(line)
        and not _NUMBERED.match(line)
    )


def _fence(lines: list[str], at: int, flavour: Flavour, out: list[str]) -> int:
    end = at + 1
    while end < len(lines) and not lines[end].startswith("```"):
        end += 1
    out.append(f"{flavour.code(lines[at][3:].strip())}{escape(chr(10).join(lines[at + 1 : end]), quote=False)}\n</code></pre>")
    return end + 1


def _indented(lines: list[str], at: int, flavour: Flavour, out: list[str]) -> int:
    end = _run(lines, at, lambda s: s.startswith("    "))
    out.append(f"{flavour.code('')}{escape(chr(10).join(s[4:] for s in lines[at:end]), quote=False)}\n</code></pre>")
    return end


def _list(lines: list[str], at: int, flavour: Flavour, out: list[str]) -> int:
    mark = _NUMBERED if _NUMBERED.match(lines[at]) else _BULLET
    items: list[str] = []
    start = _NUMBERED.match(lines[at])
    while at < len(lines) and lines[at].strip():
        if mark.match(lines[at]):
            items.append(mark.sub("", lines[at]))
        elif _is_prose(lines[at]):
            items[-1] += "\n" + lines[at].strip()
        else:
            break
        at += 1
    tag, first = ("ol", f' start="{start[1]}"' if start and start[1] != "1" else "") if start else ("ul", "")
    out.append(f"<{tag}{first}>\n" + "\n".join(f"<li>{_inline(i, flavour)}</li>" for i in items) + f"\n</{tag}>")
    return at


def _inline(text: str, flavour: Flavour) -> str:
    kept: list[str] = []

    def keep(made: str) -> str:
        kept.append(made)
        return f"\x00{len(kept) - 1}\x00"

    text = _INLINE_CODE.sub(lambda m: keep(f"<code>{escape(m[2].strip(), quote=False)}</code>"), text)
    if flavour.math:
        text = _MATH.sub(lambda m: keep(escape(m[0], quote=False)), text)
    text = _IMAGE.sub(lambda m: keep(f'<img src="{escape(m[2])}" alt="{escape(m[1])}">'), text)
    text = _LINK.sub(lambda m: keep(f'<a href="{escape(m[2])}" rel="nofollow">{escape(m[1], quote=False)}</a>'), text)
    text = _BARE_LINK.sub(lambda m: keep(f'<a href="{escape(m[1])}" rel="nofollow">{escape(m[1], quote=False)}</a>'), text)
    text = escape(text, quote=False)
    text = _ITALIC.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", text))
    text = re.sub(r" {2,}\n", "<br>\n", text)
    if flavour.line_breaks:
        text = re.sub(r"(?<!<br>)\n", "<br>\n", text)
    while "\x00" in text:
        text = re.sub("\x00(\\d+)\x00", lambda m: kept[int(m[1])], text)
    return text
