"""A tree of MyST Markdown to text with LaTeX mathematics: roles by their words, directives by their body."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from posixpath import basename

from markdown_it.tree import SyntaxTreeNode

from thresher.formats.books.macros import Macro, expand
from thresher.formats.books.text import code_block, display, emphasised, inline_code, listing, settled, table, tidy
from thresher.formats.myst.source import Directive, blocks, directive

_TITLED_ROLE = re.compile(r"(?P<words>.*?)\s*<(?P<target>[^<>]*)>", re.DOTALL)
_POINTING = frozenset({"ref", "numref", "doc", "prf:ref", "eq", "any", "cross-ref", "hoverxref"})
_NAMES_PLACE = re.compile(
    r"\b(?:lectures?|sections?|chapters?|appendix|parts?|exercises?|problems?|figures?|tables?|examples?|listings?|code|equations?|theorems?"
    r"|discussion|notebooks?|pages?|earlier|above|below|before|previous(?:ly)?|last|next|here|later|this|these|there)\b|\d",
    re.IGNORECASE,
)
"""Words of a reference that send the reader elsewhere; others are words of the sentence that can be looked up, too."""
_SILENT = frozenset({"cite", "cite:t", "cite:p", "cite:ps", "cite:ts", "footcite", "label", "index:skip"})
_NO_TEXT = frozenset({
    "index", "raw", "only", "contents", "tableofcontents", "toctree", "bibliography", "margin", "sidebar", "epigraph", "seealso", "comment",
    "button-link", "button-ref", "include", "video", "iframe", "mystnb", "glue:figure", "bookmark", "solution", "solution-start",
    "solution-end", "exercise-end",
})  # fmt: skip
"""Directives whose body is no part of what is asked."""
_CODE = frozenset({"code-cell", "code-block", "code", "sourcecode", "ipython", "ipython3", "highlight", "parsed-literal", "prompt"})
_HINTS = frozenset({"hint"})
_LANGUAGES = {"ipython3": "python", "ipython": "python", "python3": "python", "ipython2": "python", "": "python"}
_HTML = re.compile(r"<[^<>]*>")
_HTML_IMAGE = re.compile(r"<img\b[^<>]*?(?:\balt=[\"'](?P<alt>[^\"']*)[\"'][^<>]*)?>", re.IGNORECASE)
_MAX_DEPTH = 20


class Writer:
    """Renders the parts of one fragment; ``equations`` are the labelled formulas of its file."""

    def __init__(self, macros: Mapping[str, Macro], equations: Mapping[str, tuple[str, str]]) -> None:
        self._macros = macros
        self._equations = equations
        self._depth = 0
        self.figures: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.elsewhere: list[str] = []
        self.hints: list[str] = []
        self.targets: list[str] = []
        self.shown: set[str] = set()
        self.named: frozenset[str] = frozenset()
        """Labels that the text points to, whose formulas show their names."""

    def text(self, nodes: Iterable[SyntaxTreeNode]) -> str:
        """The finished text of several blocks."""
        return tidy(self._blocks(nodes))

    def formula(self, latex: str) -> str:
        """LaTeX with the book's own commands in full."""
        return " ".join(expand(latex, self._macros).split())

    def equations_beside(self) -> str:
        """The equations of the file that the text points to and does not show."""
        keys = [k for k in dict.fromkeys(self.targets) if k not in self.shown]
        return tidy("\n\n".join(f"{self._equations[k][0]}:{display(self.formula(self._equations[k][1]))}" for k in keys))

    def _blocks(self, nodes: Iterable[SyntaxTreeNode]) -> str:
        return settled("\n\n".join(self._block(node) for node in nodes))

    def _block(self, node: SyntaxTreeNode) -> str:
        kind = node.type
        if kind in {"paragraph", "inline", "heading", "th", "td"}:
            inner = "".join(self._inline(c) for c in node.children)
            return f"\n\n{emphasised(inner, '**')}\n\n" if kind == "heading" else inner
        if kind in {"math_block", "math_block_label", "amsmath"}:
            label = node.info if kind == "math_block_label" else ""
            return self._labelled(label) + display(self.formula(_without_environment(node.content)))
        if kind in {"bullet_list", "ordered_list"}:
            return self._list(node)
        if kind in {"fence", "colon_fence", "code_block"}:
            found = directive(node)
            if found is not None:
                return self.directive(found)
            return code_block(node.content, node.info.strip().partition(" ")[0] if kind == "fence" else "")
        if kind == "blockquote":
            return "\n".join(f"> {line}" if line else ">" for line in self._blocks(node.children).split("\n"))
        if kind == "table":
            return self._table(node)
        if kind == "html_block":
            return self._html(node.content)
        if kind in {"dl", "dt", "dd", "list_item"}:
            return self._blocks(node.children)
        return ""

    def directive(self, found: Directive) -> str:
        """A directive within a text."""
        name = found.name
        if name in _HINTS:
            self.hints.append(Writer(self._macros, self._equations).text(blocks(found.body)))
            return ""
        if name in _NO_TEXT or self._depth > _MAX_DEPTH or "remove-cell" in found.options.get("tags", ""):
            return ""
        if name in _CODE:
            return code_block(found.body, _LANGUAGES.get(found.argument, found.argument if found.argument.isalnum() else ""))
        if name == "math":
            return self._labelled(found.options.get("label", "")) + display(
                self.formula(_without_environment(f"{found.argument}\n{found.body}"))
            )
        if name in {"image", "figure", "subfigure"}:
            return self._figure(found)
        if name in {"literalinclude", "code-include"}:
            self.elsewhere.append(found.argument)
            return f"\n\n[code: {found.argument}]\n\n"
        if name in {"list-table", "csv-table"}:
            return self._list_table(found)
        self._depth += 1
        inner = self._blocks(blocks(found.body))
        self._depth -= 1
        title = (
            ""
            if name in {"note", "tip", "important", "warning", "attention", "caution", "danger", "tab-set", "grid", "div"}
            else found.argument
        )
        head = "".join(self._inline(c) for b in blocks(title) for c in b.children for c in c.children) if title else ""
        return f"\n\n{emphasised(head, '**')}\n\n{inner}\n\n"

    def _labelled(self, label: str) -> str:
        """The name of a formula where the text points to it."""
        self.shown.add(label)
        return f"{self._equations[label][0]}:" if label in self.named and label in self._equations else ""

    def _figure(self, found: Directive) -> str:
        self.figures.append(basename(found.argument) or "figure")
        alt = found.options.get("alt", "")
        caption = self._blocks(blocks(found.body)) if found.name != "image" else ""
        return f"\n\n[figure: {alt}]\n{caption}\n\n" if alt else f"\n\n[figure]\n{caption}\n\n"

    def _list_table(self, found: Directive) -> str:
        trees = blocks(found.body)
        if found.name == "csv-table":
            return code_block(found.body)
        rows = [[" ".join(self._blocks(cell.children).split()) for cell in inner.children]
                for tree in trees if tree.type == "bullet_list" for row in tree.children for inner in row.children]  # fmt: skip
        return f"{found.argument}\n" + table(rows, head=found.options.get("header-rows", "0") not in {"0", ""})

    def _list(self, node: SyntaxTreeNode) -> str:
        start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
        marks = (f"{n}. " if node.type == "ordered_list" else "- " for n in range(start, start + len(node.children)))
        return listing((mark, self._blocks(item.children)) for mark, item in zip(marks, node.children, strict=True))

    def _table(self, node: SyntaxTreeNode) -> str:
        rows = [[self._block(c) for c in row.children] for part in node.children for row in part.children]
        return table(rows, head=True)

    def _html(self, raw: str) -> str:
        """HTML within Markdown: its pictures and its words."""
        return _HTML.sub("", _HTML_IMAGE.sub(self._html_image, raw))

    def _html_image(self, match: re.Match[str]) -> str:
        self.figures.append("picture")
        return f"[figure: {match['alt']}]" if match["alt"] else "[figure]"

    def _inline(self, node: SyntaxTreeNode) -> str:
        kind = node.type
        inner = "".join(self._inline(c) for c in node.children) if node.children else ""
        if kind == "inline":
            return inner
        if kind == "text":
            return node.content
        if kind == "code_inline":
            return inline_code(node.content)
        if kind in {"math_inline", "math_single"}:
            return f"\\({self.formula(node.content)}\\)"
        if kind == "math_inline_double":
            return display(self.formula(node.content))
        if kind in {"softbreak", "hardbreak"}:
            return " " if kind == "softbreak" else "\n"
        if kind in {"em", "strong"}:
            return emphasised(inner, "*" if kind == "em" else "**")
        if kind == "link":
            return self._link(str(node.attrs.get("href", "")), inner)
        if kind == "image":
            self.figures.append(basename(str(node.attrs.get("src", ""))))
            return f"[figure: {inner or node.content}]" if inner or node.content else "[figure]"
        if kind == "myst_role":
            return self._role(str(node.meta.get("name", "")), node.content)
        if kind == "html_inline":
            return "\n" if node.content.lower().startswith("<br") else self._html(node.content)
        return inner or ("" if kind.startswith("footnote") else node.content)

    def _link(self, href: str, words: str) -> str:
        if href.startswith(("http://", "https://", "mailto:")):
            self.links.append((href, words))
            return words
        if not words or _NAMES_PLACE.search(words):
            self.elsewhere.append(words or "[reference]")
        return words or "[reference]"

    def _role(self, name: str, content: str) -> str:
        match = _TITLED_ROLE.fullmatch(content)
        words, target = (match["words"], match["target"]) if match else (content, content)
        if name == "math":
            return f"\\({self.formula(content)}\\)"
        if name in {"eq", "numref", "ref"} and target in self._equations:
            self.targets.append(target)
            return match["words"] if match and match["words"] else self._equations[target][0]
        if name in _POINTING:
            said = words if match and words else "[reference]"
            if said == "[reference]" or _NAMES_PLACE.search(said):
                self.elsewhere.append(said)
            return said
        if name in _SILENT:
            return ""
        if name in {"code", "py:func", "py:class", "func", "class", "meth", "mod", "file", "kbd", "command", "literal", "guilabel"}:
            return inline_code(words)
        if name in {"sub", "subscript", "sup", "superscript"}:
            return f"{'_' if name.startswith('sub') else '^'}{{{words}}}"
        if name == "index":
            return words
        if name == "download":
            self.links.append((target, words))
        return words


def _without_environment(latex: str) -> str:
    """A formula without the numbered environment around it, which has no numbers here: ``aligned`` for ``align``."""
    stripped = latex.strip()
    match = _ENVIRONMENT.fullmatch(stripped)
    if match is None:
        return _LABEL.sub("", stripped)
    inner = _LABEL.sub("", match["body"]).strip()
    if match["name"] in {"equation", "math", "displaymath"}:
        return inner
    inside = {
        "align": "aligned",
        "alignat": "aligned",
        "eqnarray": "aligned",
        "flalign": "aligned",
        "gather": "gathered",
        "multline": "gathered",
    }
    return rf"\begin{{{inside[match['name']]}}}{inner}\end{{{inside[match['name']]}}}"


_ENVIRONMENT = re.compile(
    r"\\begin\{(?P<name>equation|math|displaymath|align|alignat|eqnarray|flalign|gather|multline)(?P<star>\*?)\}(?P<body>.*)\\end\{(?P=name)(?P=star)\}",
    re.DOTALL,
)
_LABEL = re.compile(r"\\label\{[^{}]*\}|\\(?:notag|nonumber)\b\s?")
