# ruff: noqa: RUF001 - a table of characters that look like others
"""Characters and tokens as LaTeX: the tables and the last touches behind ``thresher.formats.mathml``.

Commands are those of ``amsmath`` and ``amssymb`` (KaTeX draws the same set).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def _pairs(table: str) -> dict[str, str]:
    """Sign and LaTeX in turn, separated by white space."""
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


RELATIONS = _pairs(
    r"""
    = =   < <   > >   ≤ \leq   ≥ \geq   ⩽ \leq   ⩾ \geq   ≦ \leq   ≧ \geq   ≠ \neq   ≈ \approx   ≡ \equiv   ≅ \cong   ∼ \sim
    ~ \sim   ≃ \simeq   ∝ \propto   ≪ \ll   ≫ \gg   → \to   ⟶ \longrightarrow   ← \leftarrow   ↔ \leftrightarrow   ⇒ \Rightarrow
    ⇐ \Leftarrow   ⇔ \Leftrightarrow   ⟹ \Rightarrow   ⇌ \rightleftharpoons   ↦ \mapsto   ⊂ \subset   ⊆ \subseteq   ⊃ \supset
    ⊇ \supseteq   ⊄ \not\subset   ∈ \in   ∉ \notin   ∋ \ni   ⊥ \perp   ∥ \parallel   ≜ \triangleq   ≔ :=   := :=   ↑ \uparrow
    ↓ \downarrow   ≮ \not<   ≯ \not>   ≁ \nsim   ⊢ \vdash   ∣ \mid   ⟺ \Leftrightarrow
"""
)
"""Relations and arrows; they are set with a space on both sides."""

INVISIBLE = "\u2061\u2062\u2063\u2064\u200b\u200c\u200d\u2060\ufeff"
"""Function application, invisible times and their like."""

SYMBOLS = dict.fromkeys(INVISIBLE, "") | {
    sign: latex + " " * latex[-1].isalpha()
    for sign, latex in _pairs(
        r"""
    − -   – -   — -   ‐ -   ‑ -   ＋ +   × \times   ⋅ \cdot   · \cdot   ∙ \cdot   • \bullet   ∗ *   ± \pm   ∓ \mp   ÷ \div   ∕ /
    ⁄ /   ∘ \circ   ⊕ \oplus   ⊗ \otimes   ⊙ \odot   ∪ \cup   ∩ \cap   ∧ \wedge   ∨ \vee   ¬ \neg   ∖ \setminus   ∞ \infty
    ∂ \partial   ∇ \nabla   ∅ \emptyset   ∀ \forall   ∃ \exists   ∠ \angle   △ \triangle   ∴ \therefore   ∵ \because   √ \surd
    ∑ \sum   ∏ \prod   ∫ \int   ∬ \iint   ∭ \iiint   ∮ \oint   ⋃ \bigcup   ⋂ \bigcap   … \ldots   ⋯ \cdots   ⋮ \vdots   ⋱ \ddots
    ′ '   ″ ''   ‴ '''   ’ '   ‘ `   ° ^{\circ}   º ^{\circ}   ˚ ^{\circ}   ℓ \ell   ℏ \hbar   ħ \hbar   ℜ \Re   ℑ \Im   ℵ \aleph
    ℝ \mathbb{R}   ℤ \mathbb{Z}   ℕ \mathbb{N}   ℚ \mathbb{Q}   ℂ \mathbb{C}   ⟨ \langle   ⟩ \rangle   〈 \langle   〉 \rangle
    ⌊ \lfloor   ⌋ \rfloor   ⌈ \lceil   ⌉ \rceil   ‖ \|   ¯ ^{-}   ‾ ^{-}   ✓ \checkmark   ★ \star   □ \square   ■ \blacksquare
    ◯ \bigcirc   ○ \circ   ¼ \tfrac{1}{4}   ½ \tfrac{1}{2}   ¾ \tfrac{3}{4}   ² ^{2}   ³ ^{3}   ¹ ^{1}   ₀ _{0}   ₁ _{1}   ₂ _{2}
    ₃ _{3}   Γ \Gamma   Δ \Delta   ∆ \Delta   Θ \Theta   Λ \Lambda   Ξ \Xi   Π \Pi   Σ \Sigma   Υ \Upsilon   ϒ \Upsilon   Φ \Phi
    Ψ \Psi   Ω \Omega   Ω \Omega   α \alpha   β \beta   γ \gamma   δ \delta   ε \varepsilon   ϵ \epsilon   ζ \zeta   η \eta
    θ \theta   ϑ \vartheta   ι \iota   κ \kappa   λ \lambda   μ \mu   µ \mu   ν \nu   ξ \xi   π \pi   ϖ \varpi   ρ \rho   ϱ \varrho
    σ \sigma   ς \varsigma   τ \tau   υ \upsilon   φ \varphi   ϕ \phi   χ \chi   ψ \psi   ω \omega
"""
    ).items()
}
"""Single characters of mathematics; a command that ends in a letter carries the space that ends it."""

OVER = _pairs(
    r"""
    ¯ \overline   ‾ \overline   - \overline   − \overline   – \overline   — \overline   _ \overline   → \vec   ⃗ \vec   ⇀ \vec
    ^ \hat   ˆ \hat   ~ \tilde   ˜ \tilde   ∼ \tilde   ˙ \dot   . \dot   ¨ \ddot   .. \ddot   ⏞ \overbrace   ︷ \overbrace
    ↔ \overleftrightarrow   ← \overleftarrow   ´ \acute   ` \grave   ˘ \breve   ˇ \check   ˉ \overline   ⏠ \overbrace
"""
)
_COMBINING = {
    "\u0300": r"\grave", "\u0301": r"\acute", "\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\overline", "\u0305": r"\overline",
    "\u0306": r"\breve", "\u0307": r"\dot", "\u0308": r"\ddot", "\u030a": r"\mathring", "\u030c": r"\check", "\u20d0": r"\vec",
    "\u20d1": r"\vec", "\u20d6": r"\overleftarrow", "\u20d7": r"\vec", "\u20e1": r"\overleftrightarrow",
}  # fmt: skip
"""Accents as characters of their own, which stand behind their letter."""
OVER |= _COMBINING
UNDER = _pairs(r"¯ \underline   _ \underline   ‾ \underline   ̲ \underline   - \underline   − \underline   ⏟ \underbrace   ︸ \underbrace")
UNDER |= {"\u0331": r"\underline", "\u0333": r"\underline"}
"""Accents: what a sign over or under something means."""

SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""White space that MathML does not trim: authors use it as a visible space."""

_LIMITS = ("lim", "liminf", "limsup", "max", "min", "sup", "inf", "gcd", "det")
_UPRIGHT = ("arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "dim", "exp", "hom", "ker", "lg", "ln", "log")
FUNCTIONS = frozenset({*_LIMITS, *_UPRIGHT, "sec", "sin", "sinh", "tan", "tanh"})
"""Names that LaTeX sets upright with a command of their own."""

BIG = frozenset("\\" + name for name in (*_LIMITS, "sum", "prod", "int", "iint", "iiint", "oint", "bigcup", "bigcap"))
"""Commands whose lower and upper parts are written with ``_`` and ``^``."""

TEXT_END = "\x02"
"""Closes a ``\\text{`` until the formula is finished, so that neighbours can be told from other groups and merged."""

_ESCAPES = str.maketrans({c: "\\" + c for c in "{}$%&#_"} | {"\\": r"\backslash ", "^": r"\wedge "})
_TEXT_ESCAPES = str.maketrans(
    {c: "\\" + c for c in "{}$%&#_"}
    | {"\\": r"\textbackslash ", "^": r"\textasciicircum ", "~": r"\textasciitilde "}
    | dict.fromkeys(SPACES, " ")
    | dict.fromkeys(INVISIBLE, "")
)
_WHITE = re.compile(rf"[\s{SPACES}]+")
_IN_TEXT = "–—‐‑’‘…•½¼¾"
"""Signs that stay what they are among words."""
_MAPPED = "".join(re.escape(c) for c in (*SYMBOLS, *RELATIONS) if len(c) == 1 and not c.isascii() and c not in _IN_TEXT)
_RUNS = re.compile(rf"[{_MAPPED}]+|[^{_MAPPED}]+")
_TRAILING_NUMBER = re.compile(r"(?<=[ (;,=])[0-9][0-9.,]*$")
_LEADING_NUMBER = re.compile(r"[\d.,]*\d(?= ?[A-Za-zÅ%])(?!(?:st|nd|rd|th)\b)")


@lru_cache(maxsize=4096)
def operator(text: str) -> str:
    """An ``mo``: relations with spaces around, everything else tight."""
    text = text.strip()
    if text in RELATIONS:
        return f" {RELATIONS[text]} "
    if len(text) > 1 and text.isalpha():
        return identifier(text)
    if set(text) == {"_"}:
        return words(text)
    return symbols(text)


@lru_cache(maxsize=4096)
def identifier(text: str) -> str:
    """An ``mi``: one letter as it is, known functions as commands, other words upright."""
    text = text.strip()
    if len(text) == 1:
        return SYMBOLS.get(text) or (_accented(text) if text.isalnum() else operator(text))
    if text in FUNCTIONS:
        return f"\\{text} "
    if text.isascii() and text.isalpha():
        return f"\\mathrm{{{text}}}"
    if any(len(run) > 1 for run in re.findall(r"[A-Za-z]+", text)) or (text.isalpha() and SYMBOLS.keys().isdisjoint(text)):
        return words(text)
    return symbols(text)


def _accented(letter: str) -> str:
    """A letter that brings its accent with it, as a letter under an accent."""
    parts = unicodedata.normalize("NFD", letter)
    return f"{_COMBINING[parts[1]]}{{{parts[0]}}}" if len(parts) == 2 and parts[1] in _COMBINING else letter


@lru_cache(maxsize=8192)
def number(text: str) -> str:
    """An ``mn``, which authors also fill with signs, units and letters."""
    text = text.strip()
    if len(re.findall(r"[A-Za-z]", text)) > 1:
        return words(text)
    return symbols(text)


def symbols(text: str) -> str:
    """Characters in mathematics mode, each by the tables; white space inside stays one visible space."""
    if text.isascii() and text.isalnum():
        return text
    out: list[str] = []
    for c in _WHITE.sub(" ", text):
        if c in _COMBINING:
            out.append(f"{_COMBINING[c]}{{{out.pop().strip() if out else ''}}}")
        elif c == " ":
            out.append(r"\ ")
        elif c in SYMBOLS:
            out.append(SYMBOLS[c])
        elif c in RELATIONS:
            out.append(f" {RELATIONS[c]} ")
        else:
            out.append(c.translate(_ESCAPES) if c.isascii() else rf"\text{{{c}{TEXT_END}")
    return "".join(out)


@lru_cache(maxsize=8192)
def words(text: str) -> str:
    """An ``mtext``: letters inside ``\\text{...}``, with the spaces that authors put at its ends; signs, digits, Greek as mathematics."""
    flat = _WHITE.sub(" ", text)
    if flat.strip() in FUNCTIONS:
        return f"\\{flat.strip()} "
    if flat.strip()[1:] in _COMBINING:
        return symbols(flat)
    out = []
    if match := _LEADING_NUMBER.match(flat):
        out.append(symbols(match.group()))
        flat = flat[match.end() :]
    last = _TRAILING_NUMBER.search(flat)
    for run in _RUNS.findall(flat[: last.start()] if last else flat):
        if any(c.isalpha() and c not in SYMBOLS for c in run) or "_" in run:
            out.append(rf"\text{{{run.translate(_TEXT_ESCAPES)}{TEXT_END}")
        else:
            out.append(symbols(run))
    return "".join(out) + (symbols(last.group()) if last else "")


_WORD = "and|or|if|as|for|when|where|is|are|so|then|to|of|in|at|with|but|not|such that"
_TIDY: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("\\ \\", re.compile(rf"(?<!\\)(?:\\ )+(?=\\(?:{'|'.join(sorted(FUNCTIONS))})\b)"), ""),
    (TEXT_END + "\\", re.compile(rf"{TEXT_END}(?:\\ )?\\text\{{"), ""),
    (r"\text{", re.compile(r"(\d)\\text\{(?=[A-Za-zÅ])(?!(?:st|nd|rd|th)\b)"), r"\1\\text{ "),
    (r"\text{", re.compile(rf"(?<=[A-Za-z0-9)\]}}\x02])\\text\{{(?=(?:{_WORD})[ \x02])"), r"\\text{ "),
    (TEXT_END, re.compile(rf"(\\text\{{ ?(?:{_WORD}))\x02(?=[A-Za-z0-9(\\])"), "\\1 \x02"),
    (" }", re.compile(r" \}(?<!\\ \})"), "}"),
    (TEXT_END, re.compile(TEXT_END), "}"),
    (r"\ \text{ ", re.compile(r"(?<!\\)\\ \\text\{ "), r"\\ \\text{"),
    ("{}", re.compile(r"(?<=[A-Za-z0-9)\]])\{\}(?=[\^_])"), ""),
    (r"\quad ", re.compile(r"(?:\\ )*\\quad (?:\\quad |\\ )*"), r"\\quad "),
    ("\\ ", re.compile(r"(?:(?<=[^\\] )|(?<=\\\\ ))(?:\\ )+|(?<!\\)(?:\\ )+(?= )"), ""),
    ("\\ \\ ", re.compile(r"(?<!\\)(?:\\ ){2,}"), r"\\ "),
    ("}\\ ", re.compile(r"(\\begin\{\w+\})(?:\\ )+"), r"\1"),
    ("  ", re.compile(r"(?<=[^\\ ])  +"), " "),
    ("\\", re.compile(r"(\\[A-Za-z]+) (?=[\^_})\],(.;:+=\-])"), r"\1"),
    ("=", re.compile(r"(\\[A-Za-z]+)(?==)"), r"\1 "),
)
"""In this order: what stands in every text that the pattern changes (most formulas need none of it), the pattern, and what takes its
place."""
_SCRIPT = re.compile(r"[\^_](?=\{)|'+")
_SCRIPT_ON_SCRIPT = re.compile(r"[}'] ?(?:[\^_]\{|')")


def _parted(latex: str) -> str:
    """A second superscript or subscript of one base gets an empty base of its own, for which LaTeX asks: ``10^{3}\\,{}^{\\circ}``."""
    out, end = "", 0
    for match in _SCRIPT.finditer(latex):
        out += latex[end : match.start()]
        end = match.end()
        if match.group()[0] in _taken(out.rstrip(" ")):
            out += r"\,{}" if latex.startswith(r"{\circ", end) else "{}"
        out += match.group()
    return out + latex[end:]


def _taken(latex: str) -> str:
    """The marks that the base at the end of a formula may not carry again. A superscript may follow primes, but primes no superscript."""
    marks = ""
    while latex.endswith(("}", "'")) and not latex.endswith(r"\}"):
        start = len(latex.rstrip("'")) if latex.endswith("'") else _opening(latex) - 1
        mark = latex[start : start + 1] if start >= 0 else ""
        if mark not in {"^", "_", "'"}:
            break
        marks += {"^": "^'", "_": "_", "'": ""}[mark]
        latex = latex[:start]
    return marks


def _opening(latex: str) -> int:
    """Where the group opens that ends a formula; -1 where none does."""
    depth = 0
    for i in range(len(latex) - 1, -1, -1):
        if latex[i] in "{}" and latex[i - 1 : i] != "\\":
            depth += 1 if latex[i] == "}" else -1
            if not depth:
                return i
    return -1


_ENDS = re.compile(r"^(?:\\ |\\quad |\s)+|(?:(?<!\\)\\ |\\quad|\s)+$")


@lru_cache(maxsize=8192)
def finish(latex: str) -> str:
    """The last touches on a whole formula: texts merged and kept off their neighbours, one space where several meet, none at its ends."""
    for needle, pattern, replacement in _TIDY:
        if needle in latex:
            latex = pattern.sub(replacement, latex)
    if _SCRIPT_ON_SCRIPT.search(latex):
        latex = _parted(latex)
    ends = latex[:1].isspace() or latex[-1:].isspace() or latex.startswith(("\\ ", r"\quad ")) or latex.endswith(r"\quad")
    return _ENDS.sub("", latex) if ends else latex
