"""A formula of a LaTeX document as LaTeX that stands alone: without labels, numbers and page layout, old commands in today's words."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ENVIRONMENT = re.compile(
    r"\\begin\{(?P<name>equation|math|displaymath|align|alignat|eqnarray|flalign|gather|multline|dmath|subequations)(?P<star>\*?)\}"
    r"(?P<body>.*)\\end\{(?P=name)(?P=star)\}",
    re.DOTALL,
)
_INSIDE = {
    "align": "aligned", "alignat": "alignedat", "eqnarray": "aligned", "flalign": "aligned", "gather": "gathered", "multline": "gathered",
}  # fmt: skip
_DISPLAYS = frozenset(
    {"equation", "math", "displaymath", "align", "alignat", "eqnarray", "flalign", "gather", "multline", "dmath", "subequations"}
)
_LABEL = re.compile(r"\s*\\label\s*\{([^{}]*)\}")
_ROWS = re.compile(r"(\\\\|\\end\{(?:aligned|gathered|alignedat)\})")
_DROPPED = re.compile(r"\\(?:notag|nonumber|displaystyle|hfill|allowbreak|index\{[^{}]*\})(?![A-Za-z])\s?")
_REFERENCE = re.compile(r"\\(?:eq|page|auto|c|C)?ref\s*\{([^{}]*)\}")
_BBB = re.compile(r"\{\s*\\Bbb\s+([A-Za-z])\s*\}|\\Bbb\s*(?:\{([A-Za-z])\}|([A-Za-z]))")
_BOLD = re.compile(r"\\bold(?:symbol)?(?![A-Za-z])\s?")
_MBOX = re.compile(r"\\(?:mbox|hbox|textrm|textnormal)\s*(?=\{)")
_OVER = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*?)\\over(?![a-z])((?:[^{}]|\{[^{}]*\})*?)\}")
_SPACES = re.compile(r"\s+")


def is_display(name: str) -> bool:
    """Whether an environment is a formula on lines of its own."""
    return name.rstrip("*") in _DISPLAYS


def _numbered(row: str, labels: Mapping[str, str]) -> str:
    """A line of a formula without its label, and behind it the number by which the text itself points to it."""
    own = [labels[m] for m in _LABEL.findall(row) if labels.get(m, "").startswith("(")]
    bare = _LABEL.sub("", row)
    return rf"{bare.rstrip()} \qquad \text{{{own[0]}}}" if own else bare


def formula(latex: str, labels: Mapping[str, str]) -> str:
    """A formula on one line. A numbered environment becomes its unnumbered sister inside of a display; a line that the text itself points
    to keeps a number."""
    match = _ENVIRONMENT.fullmatch(latex.strip())
    if match:
        name, body = match["name"], match["body"]
        if name == "subequations":
            return formula(body, labels)
        if name in _INSIDE and ("\\\\" in body or "&" in body):
            columns = r"\s*(\{\d+\})" if name == "alignat" else r"()"
            body = re.sub(columns, r"\1", body, count=1) if name == "alignat" else body
            if name == "eqnarray":
                body = re.sub(r"&\s*([=<>]|\\[lg]eq?|\\approx|\\equiv|\\cong|\\sim|\\subset)\s*&", r"&\1", body)
            latex = rf"\begin{{{_INSIDE[name]}}}{body}\end{{{_INSIDE[name]}}}"
        else:
            latex = body
    latex = "".join(_numbered(row, labels) for row in _ROWS.split(latex))
    latex = _REFERENCE.sub(lambda m: labels[m[1]] if labels.get(m[1], " ")[0] in "(0123456789" else "[reference]", latex)
    latex = _BBB.sub(lambda m: rf"\mathbb{{{m[1] or m[2] or m[3]}}}", latex)
    latex = _BOLD.sub(r"\\mathbf ", latex)
    latex = _OVER.sub(lambda m: rf"\frac{{{m[1].strip()}}}{{{m[2].strip()}}}", latex)
    latex = _MBOX.sub(r"\\text", _DROPPED.sub("", latex))
    return _SPACES.sub(" ", latex).strip()
