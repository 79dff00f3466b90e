"""The commands and environments of LaTeX that are known: what arguments they take, and what becomes of them."""

from __future__ import annotations

WITH_ARGUMENTS = {
    "raisebox": "{[[{", "parbox": "[[[{{", "framebox": "[[{", "makebox": "[[{", "fbox": "{", "mbox": "{", "hbox": "{", "vbox": "{",
    "colorbox": "{{", "textcolor": "[{{", "color": "[{", "rule": "[{{", "vspace": "*{", "hspace": "*{", "vskip": "", "hskip": "",
    "setlength": "{{", "addtolength": "{{", "setcounter": "{{", "addtocounter": "{{", "scalebox": "{{", "resizebox": "*{{{",
    "rotatebox": "[{{", "includegraphics": "*[{", "epsfbox": "[{", "epsfig": "{", "psfig": "{", "index": "{", "label": "{", "ref": "{",
    "eqref": "{", "pageref": "{", "autoref": "{", "cref": "{", "Cref": "{", "vref": "{", "nameref": "{", "hyperref": "[{", "cite": "[[{",
    "citep": "[[{", "citet": "[[{", "url": "{", "href": "{{", "footnote": "[{", "footnotetext": "[{", "caption": "[{", "markright": "{",
    "markboth": "{{", "addcontentsline": "{{{", "textbf": "{", "textit": "{", "emph": "{", "texttt": "{", "textrm": "{", "textsf": "{",
    "textsc": "{", "textsl": "{", "textup": "{", "textmd": "{", "textnormal": "{", "underline": "{", "uline": "{", "sout": "{", "text": "{",
    "ensuremath": "{", "hint": "{", "part": "[", "subpart": "[", "subsubpart": "[", "choice": "[", "CorrectChoice": "[", "task": "[",
    "ex": "", "marginpar": "[{", "phantom": "{", "hphantom": "{", "vphantom": "{", "SI": "[{{", "si": "[{", "num": "[{", "ang": "[{",
    "qty": "[{{", "unit": "[{", "lstinline": "[{", "code": "{", "verbatiminput": "{", "lstinputlisting": "[{", "input": "{", "hfill": "",
    "multicolumn": "{{{", "cline": "{", "fillin": "[[", "underbrace": "{", "substack": "{", "textsuperscript": "{", "textsubscript": "{",
    "paragraph": "*[{", "subparagraph": "*[{", "section": "*[{", "subsection": "*[{", "subsubsection": "*[{", "subfigure": "[{",
    "enquote": "{", "foreignlanguage": "{{", "term": "{", "defn": "{", "dfn": "{", "pagestyle": "{", "thispagestyle": "{",
    "linespread": "{",
    "vspace*": "{", "hspace*": "{", "centerline": "{", "leftline": "{", "rightline": "{", "bibliography": "{", "nocite": "{",
    "fontsize": "{{", "selectfont": "", "phantomsection": "", "hypertarget": "{{", "hyperlink": "{{", "adjustbox": "{", "points": "{",
    "tcbset": "{", "ifthenelse": "{{{", "intertext": "{", "tag": "{", "ovalbox": "{", "shadowbox": "{", "stretch": "{", "TikZ": "",
    "draw": "", "sage": "{", "sageplot": "[[{", "py": "{", "textquotedbl": "", "newline": "", "linebreak": "[", "pagebreak": "[",
    "nolinebreak": "[", "nopagebreak": "[", "answer": "{", "solution": "{",
}  # fmt: skip
ENVIRONMENT_ARGUMENTS = {
    "enumerate": "[", "itemize": "[", "description": "[", "list": "{{", "multicols": "{[", "minipage": "[[[{", "tabular": "[{",
    "tabular*": "{[{",
    "tabularx": "{[{", "array": "[{", "figure": "[", "table": "[", "wrapfigure": "[{[{", "picture": "", "tikzpicture": "[", "parts": "[",
    "tasks": "[(", "adjustbox": "{", "compactenum": "[", "asparaenum": "[", "inparaenum": "[", "enumerate*": "[", "itemize*": "[",
    "lstlisting": "[", "minted": "[{", "questions": "", "longtable": "[{", "subfigure": "[{", "subequations": "", "center": "",
    "oneparchoices": "", "choices": "", "pspicture": "*", "quote": "", "solutionorbox": "[", "tcolorbox": "[", "mdframed": "[",
    "thebibliography": "{", "spacing": "{", "boxedminipage": "[{", "subparts": "", "changemargin": "{{",
}  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SILENT = _words(
    """
    label index vspace hspace vskip hskip vfill hfill hfil noindent indent par bigskip medskip smallskip newpage clearpage
    cleardoublepage pagebreak linebreak nolinebreak nopagebreak centering raggedright raggedleft setlength addtolength setcounter
    addtocounter rule markright markboth addcontentsline pagestyle thispagestyle protect displaystyle textstyle small footnotesize
    scriptsize tiny large Large LARGE huge Huge normalsize selectfont fontsize bf bfseries it itshape em sl slshape rm rmfamily sf
    sffamily tt ttfamily sc scshape normalfont mdseries upshape boldmath unboldmath color phantomsection qedhere qed leavevmode null
    relax strut allowbreak sloppy fussy cite citep citet nocite bibliography footnotemark footnotetext marginpar phantom hphantom
    vphantom hrule hline toprule midrule bottomrule maketitle tableofcontents printindex columnbreak raggedcolumns vspace* hspace*
    looseness linespread frenchspacing nonfrenchspacing parskip parindent baselineskip itemsep setlist samepage unskip ignorespaces
    break penalty smallbreak medbreak bigbreak goodbreak filbreak onehalfspacing doublespacing singlespacing nobreak kern points tcbset
    ex cline obeylines flushleft stepcounter refstepcounter clearfloat unitlength thinlines thicklines / global
    """
)
"""Layout, and what a reader of one exercise has no use for."""
CONTENT_LAST = _words(
    """
    raisebox parbox framebox makebox fbox mbox hbox vbox colorbox textcolor scalebox resizebox rotatebox textrm textsf textsc textup
    textmd textnormal text centerline leftline rightline hyperref foreignlanguage hypertarget hyperlink ovalbox shadowbox caption
    adjustbox multicolumn intertext textsl ensuremath
    """
)
"""Commands whose last argument is what is read."""
STRONG = frozenset({"textbf", "bf", "bfseries", "term", "defn", "dfn"})
EMPHASISED = frozenset({"emph", "textit", "it", "itshape", "em", "sl", "slshape", "textsl", "uline", "underline"})
REFERENCES = frozenset({"ref", "eqref", "autoref", "cref", "Cref", "vref", "nameref", "pageref"})
LISTS = {
    "enumerate": 0, "compactenum": 0, "asparaenum": 0, "inparaenum": 0, "enumerate*": 0, "parts": 0, "subparts": 1, "tasks": 0,
    "choices": 2,
    "oneparchoices": 2, "itemize": -1, "itemize*": -1, "list": -1, "trivlist": -1, "description": -1, "questions": 3,
}  # fmt: skip
"""Lists, and which mark of a level theirs are at least."""
ITEMS = frozenset({"item", "part", "subpart", "subsubpart", "choice", "CorrectChoice", "task", "question"})
CODE = frozenset({"verbatim", "verbatim*", "lstlisting", "Verbatim", "minted", "alltt", "BVerbatim", "sageblock", "pycode", "sageverbatim"})
PICTURES = frozenset({"tikzpicture", "picture", "pspicture", "xy", "asy", "circuitikz", "pgfpicture", "diagram", "CD"})
PICTURE_COMMANDS = frozenset({"includegraphics", "epsfbox", "epsfig", "psfig", "sageplot", "xymatrix", "includestandalone"})
TABLES = frozenset({"tabular", "tabular*", "tabularx", "longtable", "array"})
