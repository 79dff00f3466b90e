"""A piece of LaTeX to Markdown-like text with LaTeX mathematics. pylatexenc parses it and knows its accents and signs.

A command that is neither rendered nor left out on purpose raises UnknownElement: what is not understood is never dropped silently.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from posixpath import basename
from typing import Any

from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import (
    LatexCharsNode,
    LatexCommentNode,
    LatexEnvironmentNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexMathNode,
    LatexSpecialsNode,
    LatexWalker,
    get_default_latex_context_db,
)
from pylatexenc.macrospec import std_environment, std_macro

from thresher.formats.books.macros import Macro, expand
from thresher.formats.books.marks import letter, roman
from thresher.formats.books.text import KEPT, UnknownElement, code_block, display, emphasised, inline_code, listing, table, tidy
from thresher.formats.latexbook.commands import (
    CODE,
    CONTENT_LAST,
    EMPHASISED,
    ENVIRONMENT_ARGUMENTS,
    ITEMS,
    LISTS,
    PICTURE_COMMANDS,
    PICTURES,
    REFERENCES,
    SILENT,
    STRONG,
    TABLES,
    WITH_ARGUMENTS,
)
from thresher.formats.latexbook.formulas import formula, is_display

_MARK_ONLY = re.compile(r"\(\w{1,4}\)[.:]?|\w{1,3}[.):]")
_LIGATURES = {
    "``": "\u201c", "''": "\u201d", "---": "\u2014", "--": "\u2013", "~": " ", "!`": "\u00a1", "?`": "\u00bf", "&": " ",
}  # fmt: skip
_FONT_AT_END = re.compile(r"(?:\\(?:bf|it|em|rm|sl|sc|tt|bfseries|itshape|normalfont)\s*)+\Z")
_COUNTER = re.compile(r"\\(?:setcounter|addtocounter)\s*\{enum\w+\}\s*\{(-?\d+)\}")
_LETTERING = re.compile(r"\\(alph|Alph|roman|Roman|arabic)\s*\*?\s*(?:\{[^{}]*\})?|(?<![A-Za-z\\])([aAiI1])(?![A-Za-z])")


def _context() -> Any:
    context = get_default_latex_context_db()
    context.add_context_category(
        "books",
        prepend=True,
        macros=[std_macro(name, arguments) for name, arguments in WITH_ARGUMENTS.items()],
        environments=[std_environment(name, arguments.replace("(", "")) for name, arguments in ENVIRONMENT_ARGUMENTS.items()],
    )
    return context


_CONTEXT = _context()
# It warns of every command that it cannot put in words; here such an exercise is a dead letter.
logging.getLogger("pylatexenc").setLevel(logging.ERROR)
_SIGNS = LatexNodes2Text(math_mode="verbatim", strict_latex_spaces=True)


class Writer:
    """Renders pieces of one document. ``labels`` name what its references point to; ``fonts`` are fonts that the book calls by names of its
    own; ``apart`` are the environments that are kept apart (answers, hints)."""

    def __init__(self, macros: Mapping[str, Macro], labels: Mapping[str, str], fonts: frozenset[str], apart: Mapping[str, str]) -> None:
        self._macros, self._labels, self._fonts, self._apart = macros, labels, fonts, apart
        self._depth = 0
        self._own: dict[str, str] = {}
        self.figures: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.elsewhere: list[str] = []
        self.kept_apart: dict[str, list[str]] = {"answer": [], "hint": []}
        """The texts of answers and hints that stood in it."""

    def text(self, latex: str) -> str:
        """The finished text of a piece of LaTeX."""
        latex = _FONT_AT_END.sub("", expand(latex, self._macros).strip())
        self._own = {key: f"({n})" for n, key in enumerate(re.findall(r"\\label\s*\{([^{}]*)\}", latex), start=1)}
        return tidy(self._nodes(self._parsed(latex)))

    def _parsed(self, latex: str) -> Sequence[Any]:
        walker = LatexWalker(latex, latex_context=_CONTEXT, tolerant_parsing=True)
        nodes, _, _ = walker.get_latex_nodes()
        return list(nodes)

    def _nodes(self, nodes: Iterable[Any]) -> str:
        """Nodes in a row. A switch of font holds to the end of its group."""
        out: list[str] = []
        waiting = [n for n in nodes if n is not None]
        i = 0
        while i < len(waiting):
            node = waiting[i]
            i += 1
            mark = self._switch(node)
            if mark is not None:
                rest, stop = self._nodes_until_switch(waiting[i:])
                inner = self._nodes(rest)
                out.append(_marked(inner, mark))
                i += stop
                continue
            if isinstance(node, LatexMacroNode) and node.macroname in _TAKES_LENGTH and i < len(waiting):
                waiting[i] = _without_length(waiting[i])
            out.append(self._node(node))
        return "".join(out)

    def _switch(self, node: Any) -> str | None:
        if not isinstance(node, LatexMacroNode) or (node.nodeargd and any(node.nodeargd.argnlist or ())):
            return None
        name = node.macroname
        if name in self._fonts:
            return "*"
        if name in {"bf", "bfseries"}:
            return "**"
        return "*" if name in {"it", "itshape", "em", "sl", "slshape"} else None

    def _nodes_until_switch(self, nodes: list[Any]) -> tuple[list[Any], int]:
        stop = next((n for n, node in enumerate(nodes) if isinstance(node, LatexMacroNode) and node.macroname in _FONT_BACK), len(nodes))
        return nodes[:stop], stop

    def _node(self, node: Any) -> str:
        if isinstance(node, LatexCharsNode):
            return _paragraphs(node.chars)
        if isinstance(node, LatexCommentNode):
            return ""
        if isinstance(node, LatexGroupNode):
            return self._nodes(node.nodelist)
        if isinstance(node, LatexMathNode):
            return self._math(node.latex_verbatim()[len(node.delimiters[0]) : -len(node.delimiters[1])], node.displaytype == "display")
        if isinstance(node, LatexSpecialsNode):
            if node.specials_chars == "\n\n":
                return "\n\n"
            return _LIGATURES.get(node.specials_chars, str(node.specials_chars))
        if isinstance(node, LatexEnvironmentNode):
            return self._environment(node)
        return self._macro(node)

    def _math(self, latex: str, displayed: bool) -> str:
        latex = formula(latex, dict(self._labels) | self._own)
        if not latex:
            return ""
        return f"{display(latex)}" if displayed else f"\\({latex}\\)"

    def _environment(self, node: Any) -> str:
        name = node.environmentname
        if is_display(name):
            return self._math(node.latex_verbatim(), displayed=True)
        if kind := self._apart.get(name):
            self.kept_apart[kind].append(self._nodes(_content(node)).strip())
            return ""
        if name in LISTS:
            return self._list(node)
        if name in TABLES:
            return self._tabular(node)
        if name == "tabbing":
            return self._tabbing(_verbatim(node))
        if name in CODE:
            return code_block(_verbatim(node))
        if name in PICTURES:
            self.figures.append("drawing")
            return "\n\n[figure]\n\n"
        if name == "comment":
            return ""
        return f"\n\n{self._nodes(_content(node))}\n\n"

    def _list(self, node: Any) -> str:
        least = LISTS[node.environmentname]
        style = _argument_text(node, 0)
        numbered = least >= 0
        level = max(self._depth, least)
        self._depth += numbered
        items: list[tuple[Any, list[Any]]] = []
        before: list[Any] = []
        for child in _content(node):
            if isinstance(child, LatexMacroNode) and child.macroname in ITEMS:
                items.append((child, []))
            elif items:
                items[-1][1].append(child)
            else:
                before.append(child)
        counter = int(m[1]) if (m := _COUNTER.search("".join(b.latex_verbatim() for b in before))) else 0
        rows = []
        for item, nodes in items:
            label = self._nodes(_arguments(item)).strip()
            counter += not label
            # A label without content numbers what stands in the list within it.
            rows.append((f"{_unmarked(label)} " if label else _mark(numbered, style, level, counter), self._nodes(nodes).strip()))
        self._depth -= numbered
        return self._nodes(before).strip() + listing(rows)

    def _tabular(self, node: Any) -> str:
        rows: list[list[str]] = [[]]
        cell: list[Any] = []

        def finish_cell() -> None:
            rows[-1].append(" ".join(tidy(self._nodes(cell)).split()))
            cell.clear()

        for child in _content(node):
            if isinstance(child, LatexSpecialsNode) and child.specials_chars == "&":
                finish_cell()
            elif isinstance(child, LatexMacroNode) and child.macroname in {"\\", "tabularnewline"}:
                finish_cell()
                rows.append([])
            elif not (isinstance(child, LatexMacroNode) and child.macroname in {"hline", "cline", "toprule", "midrule", "bottomrule"}):
                cell.append(child)
        finish_cell()
        return table([r for r in rows if any(r)], head=False)

    def _tabbing(self, latex: str) -> str:
        """Lines with tab stops, as programs are set, each stop as an indent; a line that only sets them is left out."""
        lines = []
        for line in _LINE_END.split(latex):
            if not line.rstrip().endswith("\\kill"):
                cells = [" ".join(tidy(self._nodes(self._parsed(cell))).split()) for cell in _TAB.split(line)]
                lines.append("".join(KEPT * 4 if not cell and n < len(cells) - 1 else f"{cell} " for n, cell in enumerate(cells)).rstrip())
        return "\n\n" + "\n".join(line for line in lines if line.strip(f" {KEPT}")) + "\n\n"

    def _macro(self, node: Any) -> str:
        name = node.macroname
        arguments = [a for a in (node.nodeargd.argnlist if node.nodeargd else ()) or () if a is not None]
        last = [arguments[-1]] if arguments else []
        if name in {"\\", "newline", "tabularnewline", "cr"}:
            return "\n"
        if name == "par" or name in {"bigskip", "medskip"}:
            return "\n\n"
        if name in SILENT:
            return ""
        if name in REFERENCES:
            return self._reference(name, arguments)
        if name in PICTURE_COMMANDS:
            self.figures.append(basename(_plain(arguments[-1])) if arguments else "drawing")
            return "\n\n[figure]\n\n"
        if name == "ensuremath":
            return self._math(_plain(arguments[-1]), displayed=False)
        if name in CONTENT_LAST:
            return self._nodes(last)
        if name in STRONG:
            return _marked(self._nodes(last), "**")
        if name in EMPHASISED:
            return _marked(self._nodes(last), "*")
        if name in {"paragraph", "subparagraph", "section", "subsection", "subsubsection"}:
            return f"\n\n{emphasised(self._nodes(last).strip(), '**')}\n\n"
        if name in {"texttt", "code", "lstinline", "verb"}:
            return inline_code(_verb(node) if name == "verb" else tidy(self._nodes(last)))
        return self._sign(node, name, arguments)

    def _sign(self, node: Any, name: str, arguments: list[Any]) -> str:
        """Links, notes, blanks, scripts, and every sign that pylatexenc knows."""
        inner = self._nodes(arguments[-1:]) if arguments else ""
        if not arguments and WITH_ARGUMENTS.get(name, "").endswith("{"):
            raise UnknownElement(f"\\{name} without what it is about")
        if name == "url":
            self.links.append((_plain(arguments[-1]), _plain(arguments[-1])))
            return _plain(arguments[-1])
        if name == "href":
            self.links.append((_plain(arguments[0]), inner))
            return inner
        if name == "footnote":
            return f" [note: {inner.strip()}]"
        if name == "fillin":
            return "_" * 6
        if name == "enquote":
            return f"\u201c{inner}\u201d"
        if name in {"textsuperscript", "textsubscript"}:
            return f"{'^' if name == 'textsuperscript' else '_'}{{{inner}}}"
        if name in {"num", "SI", "qty", "si", "unit", "ang"}:
            return f"\\({node.latex_verbatim()}\\)"
        if name in {"hint", "answer", "solution"} and arguments:
            self.kept_apart["hint" if name == "hint" else "answer"].append(inner.strip())
            return ""
        if name == " ":
            return " "
        spec = _SIGNS.latex_context.get_macro_spec(name)
        if spec is None or (spec.simplify_repl is None and not name[:1].isalpha()):
            if name in self._macros:
                return inner
            raise UnknownElement(f"no rule for \\{name}")
        try:
            known = str(_SIGNS.nodelist_to_text([node]))
        except (IndexError, TypeError, ValueError) as error:
            raise UnknownElement(f"\\{name} is not called as it should be") from error
        return f"{known} " if node.macro_post_space and known[-1:].isalnum() and not arguments else known

    def _reference(self, name: str, arguments: list[Any]) -> str:
        """The number of an exercise, behind its word where the command sets that too; ``[reference]`` for what has no number here."""
        key = _plain(arguments[-1]) if arguments else ""
        if key in self._own:
            return self._own[key]
        target = self._labels.get(key, "")
        number = target if target[:1].isdigit() else "[reference]"
        worded = name in {"autoref", "cref", "Cref", "vref"}
        kind = "Exercise" if number == target else target.capitalize()
        self.elsewhere.append(f"{kind or 'Exercise'} {number}" if number == target else number)
        return f"{kind} {number}".strip() if worded else number


_FONT_BACK = frozenset(
    {"rm", "rmfamily", "normalfont", "upshape", "mdseries", "tt", "sf", "sc", "bf", "bfseries", "it", "em", "sl", "item"}
)
_LINE_END = re.compile(r"\\\\(?:\[[^\]]*\])?|(?<=\\kill)")
_TAB = re.compile(r"\\[>=]")
_TAKES_LENGTH = frozenset({"vskip", "hskip", "kern"})
_LENGTH = re.compile(
    r"\s*-?\d*\.?\d+\s*(?:pt|in|cm|mm|em|ex|pc|bp|sp|mu)(?:\s*(?:plus|minus)\s*-?\d*\.?\d+\s*(?:pt|in|cm|mm|em|ex|fill?))*"
)


def _without_length(node: Any) -> Any:
    """What follows ``\\vskip`` without its length."""
    if isinstance(node, LatexCharsNode):
        return LatexCharsNode(parsing_state=node.parsing_state, chars=_LENGTH.sub("", node.chars, count=1), pos=node.pos, len=node.len)
    return node


def _marked(inner: str, mark: str) -> str:
    """Emphasised, but for the mark of a part: ``(a)`` is printed bold by many books."""
    return inner if _MARK_ONLY.fullmatch(inner.strip()) else emphasised(inner, mark)


def _unmarked(label: str) -> str:
    return " ".join(label.replace("*", "").split())


def _mark(numbered: bool, style: str, level: int, n: int) -> str:
    """``(a)`` for the first list in an exercise, ``(i)`` for one in it; as the list itself says where it does."""
    if not numbered:
        return "- "
    match = _LETTERING.search(style)
    if match is None:
        return f"{(f'({letter(n)})', f'({roman(n)})', f'{letter(n).upper()})', f'{n}.')[min(level, 3)]} "
    kind = {"alph": "a", "Alph": "A", "roman": "i", "Roman": "I", "arabic": "1"}.get(match[1] or "", match[2] or "1")
    number = {"a": letter(n), "A": letter(n).upper(), "i": roman(n), "I": roman(n).upper(), "1": str(n)}[kind]
    around = style[max(0, match.start() - 1) : match.end() + 1]
    opening = "(" if "(" in around else ""
    return f"{opening}{number}{')' if ')' in around or kind in 'aAiI' else '.'} "


def _paragraphs(chars: str) -> str:
    """Characters with line breaks as spaces, but for blank lines, which part paragraphs."""
    parts = re.split(r"\n[ \t]*\n\s*", chars)
    return "\n\n".join(re.sub(r"[ \t\r\n]+", " ", p) for p in parts)


def _content(node: Any) -> list[Any]:
    return [n for n in node.nodelist or () if n is not None]


def _arguments(node: Any) -> list[Any]:
    return [a for a in (node.nodeargd.argnlist if node.nodeargd else ()) or () if a is not None]


def _argument_text(node: Any, n: int) -> str:
    arguments = (node.nodeargd.argnlist if node.nodeargd else ()) or ()
    return _plain(arguments[n]).strip("[]") if n < len(arguments) and arguments[n] is not None else ""


def _plain(node: Any) -> str:
    """The source of an argument without its braces."""
    source = str(node.latex_verbatim())
    return source[1:-1] if source[:1] in "{[" and source[-1:] in "}]" else source


def _verbatim(node: Any) -> str:
    """The text of an environment as it stands."""
    source = str(node.latex_verbatim())
    body = source[source.index("}") + 1 : source.rindex("\\end")]
    return re.sub(r"\A\s*\[[^\]]*\]|\A\{[^{}]*\}", "", body) if node.environmentname in {"lstlisting", "minted"} else body


def _verb(node: Any) -> str:
    source = str(node.latex_verbatim())
    return re.sub(r"^\\verb\*?(.)(.*)\1$", r"\2", source, flags=re.DOTALL)
