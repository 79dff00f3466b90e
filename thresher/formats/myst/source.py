"""A file of a book to a tree of Markdown. Of a notebook the cells are read, each for itself, and nothing of what they put out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from thresher.errors import PayloadError
from thresher.model import Dead
from thresher.payload import json_value

MAX_CELL = 200_000
"""Characters; a longer cell is no text that somebody wrote."""
MAX_YAML = 200_000
_DIRECTIVE = re.compile(r"\{([\w:+.-]+)\}\s*(.*)", re.DOTALL)
_OPTION = re.compile(r":([\w-]+):(?:[ \t]+(.*))?")
_NO_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass
class Source:
    """One file: its blocks in order, what its head says, and its cells that cannot be read."""

    path: str
    nodes: list[SyntaxTreeNode] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=dict)
    dead: list[Dead] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Directive:
    """A fence that means something: ``{exercise} Title``, its options and its body. ``line`` counts within the text that it stands in."""

    name: str
    argument: str
    options: dict[str, str]
    body: str
    line: int


@cache
def parser() -> MarkdownIt:
    """CommonMark with what MyST adds to it."""
    md = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for plugin in (front_matter_plugin, myst_role_plugin, myst_block_plugin, colon_fence_plugin, amsmath_plugin, footnote_plugin):
        md.use(plugin)
    return md.use(dollarmath_plugin, double_inline=True, allow_blank_lines=False)


def blocks(text: str) -> list[SyntaxTreeNode]:
    """The blocks of a Markdown text."""
    return list(SyntaxTreeNode(parser().parse(_NO_CONTROLS.sub("", text))).children)


def read_source(path: str, body: bytes) -> Source:
    """A Markdown file or a notebook. PayloadError where a notebook is none."""
    source = Source(path)
    for text in _cells(source, body) if path.endswith(".ipynb") else [body.decode("utf-8-sig", "replace")]:
        source.nodes += blocks(text)
    if source.nodes and source.nodes[0].type == "front_matter":
        source.head = mapping(source.nodes.pop(0).content)
    return source


def _cells(source: Source, body: bytes) -> Iterator[str]:
    """The cells of a notebook as Markdown: code between fences, without outputs. A cell that is none is dead and costs itself."""
    notebook = json_value(body, source.path)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if cells is None and isinstance(notebook, dict) and isinstance(sheets := notebook.get("worksheets"), list):
        cells = [c for s in sheets if isinstance(s, dict) and isinstance(s.get("cells"), list) for c in s["cells"]]
    if not isinstance(cells, list):
        raise PayloadError(f"{source.path} is no notebook: it has no list 'cells'", reason="bad_notebook")
    for n, cell in enumerate(cells, start=1):
        text = _cell_text(cell)
        if text is None or len(text) > MAX_CELL:
            reason = "bad_cell" if text is None else "huge_cell"
            source.dead.append(Dead(reason, f"cell {n} of {source.path}", f"{source.path}#cell-{n}"))
        elif cell.get("cell_type") == "markdown":
            yield text
        elif cell.get("cell_type") == "code" and text.strip():
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
            yield f"{fence}{{code-cell}}\n\n{text}\n{fence}"


def _cell_text(cell: Any) -> str | None:
    if not isinstance(cell, dict):
        return None
    text = cell.get("source", cell.get("input", ""))
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        return "".join(text)
    return text if isinstance(text, str) else None


def mapping(text: str) -> dict[str, Any]:
    """YAML as a mapping; empty where it is something else, too large or broken."""
    if len(text) > MAX_YAML:
        return {}
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def directive(node: SyntaxTreeNode) -> Directive | None:
    """The directive that a fence is, None for plain code and everything else."""
    if node.type not in {"fence", "colon_fence"}:
        return None
    match = _DIRECTIVE.fullmatch(node.info.strip())
    if match is None:
        return None
    options, body = _options(node.content)
    return Directive(match[1], match[2].strip(), options, body, (node.map or (0, 0))[0] + 1)


def _options(content: str) -> tuple[dict[str, str], str]:
    """The options at the head of a directive (``:label: ex-1``, or YAML between dashes) and what comes after them."""
    lines = content.split("\n")
    if lines and lines[0].strip() == "---":
        end = next((i for i, line in enumerate(lines[1:], start=1) if line.strip() == "---"), 0)
        if end:
            stated = mapping("\n".join(lines[1:end]))
            return {str(k): str(v) for k, v in stated.items()}, "\n".join(lines[end + 1 :])
    options: dict[str, str] = {}
    at = 0
    while at < len(lines) and (match := _OPTION.match(lines[at].strip())):
        options[match[1]] = (match[2] or "").strip()
        at += 1
    return options, "\n".join(lines[at:])
