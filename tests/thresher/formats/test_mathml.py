# ruff: noqa: RUF001 - signs that look like others are what is tested
"""MathML to LaTeX, element by element."""

from __future__ import annotations

import pytest
from lxml import etree

from thresher.formats.mathml import NS, UnknownMathML, to_latex

OPEN, CLOSE = "<mo>(</mo>", "<mo>)</mo>"


def latex(inner: str) -> str:
    return to_latex(etree.fromstring(f'<math xmlns="{NS}">{inner}</math>'))


def table(*rows: str) -> str:
    return "<mtable>" + "".join(f"<mtr>{''.join(f'<mtd>{c}</mtd>' for c in r.split('|'))}</mtr>" for r in rows) + "</mtable>"


@pytest.mark.parametrize(
    ("mathml", "expected"),
    [
        ("<mn>2</mn><mi>x</mi><mo>+</mo><mn>3</mn><mo>=</mo><mn>7</mn>", "2x+3 = 7"),
        ("<mn>−5</mn><mo>−</mo><mn>–2</mn>", "-5--2"),
        ("<mi>a</mi><mo>≤</mo><mi>b</mi><mo>≠</mo><mi>c</mi>", r"a \leq b \neq c"),
        ("<mn>3</mn><mo>×</mo><msup><mn>10</mn><mn>−4</mn></msup>", r"3\times 10^{-4}"),
        ("<mi>π</mi><mi>r</mi>", r"\pi r"),
        ("<mi>sin</mi><mi>θ</mi>", r"\sin \theta"),
        ("<mi>log</mi><mo>(</mo><mi>x</mi><mo>)</mo>", r"\log(x)"),
        ("<mi>area</mi>", r"\mathrm{area}"),
        ('<mi mathvariant="bold">v</mi>', r"\mathbf{v}"),
        ('<mi mathvariant="normal">d</mi><mi>x</mi>', r"\mathrm{d}x"),
        ("<mo>{</mo><mn>1</mn><mo>,</mo><mn>2</mn><mo>}</mo>", r"\{1,2\}"),
        ("<mn>100</mn><mo>%</mo>", r"100\%"),
        ("<mi>x</mi><mo>&#x2061;</mo><mi>y</mi>", "xy"),
    ],
)
def test_tokens(mathml: str, expected: str) -> None:
    assert latex(mathml) == expected


@pytest.mark.parametrize(
    ("mathml", "expected"),
    [
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac>", r"\frac{a+1}{2}"),
        ('<mo>(</mo><mfrac linethickness="0"><mi>n</mi><mi>k</mi></mfrac><mo>)</mo>', r"(\genfrac{}{}{0pt}{}{n}{k})"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", r"\sqrt{x+1}"),
        ("<mroot><mn>8</mn><mn>3</mn></mroot>", r"\sqrt[3]{8}"),
        ("<msub><mi>v</mi><mtext>rms</mtext></msub>", r"v_{\text{rms}}"),
        ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_{1}^{2}"),
        ("<msup><mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mn>2</mn></msup>", "(a)^{2}"),
        ("<msup><mrow><mi>a</mi><mi>b</mi></mrow><mn>2</mn></msup>", "ab^{2}"),
        ("<msup><mrow><mo>-</mo><mi>b</mi></mrow><mn>2</mn></msup>", "{-b}^{2}"),
        ("<msup><mi>f</mi><mo>′</mo></msup><mo>(</mo><mi>x</mi><mo>)</mo>", "f'(x)"),
        ("<msup><mn>30</mn><mo>∘</mo></msup>", r"30^{\circ}"),
        ("<mn>30º</mn><mtext>C</mtext>", r"30^{\circ}\text{C}"),
        ("<msup><msup><mi>x</mi><mn>2</mn></msup><mn>3</mn></msup>", "{x^{2}}^{3}"),
        ("<mn>10</mn><msup><mrow/><mn>5</mn></msup>", "10^{5}"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", r"\overline{x}"),
        ("<mover><mi>F</mi><mo>→</mo></mover>", r"\vec{F}"),
        ("<munder><mi>lim</mi><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder><mi>x</mi>", r"\lim_{x \to 0}x"),
        ("<munderover><mo>∑</mo><mrow><mi>k</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>k</mi>", r"\sum_{k = 1}^{n}k"),
        ("<munder><munder><mi>a</mi><mo>⏟</mo></munder><mtext>sum</mtext></munder>", r"\underbrace{a}_{\text{sum}}"),
        ("<munder><mi>a</mi><munder><mo>⏟</mo><mtext>sum</mtext></munder></munder>", r"\underbrace{a}_{\text{sum}}"),
        ("<mover><mi>y</mi><mtext>swap</mtext></mover>", r"\overset{\text{swap}}{y}"),
        ("<menclose notation='updiagonalstrike'><mi>x</mi></menclose>", r"\cancel{x}"),
        (
            "<mmultiscripts><mtext>He</mtext><none/><mo>+</mo><mprescripts/><mn>2</mn><mn>4</mn></mmultiscripts>",
            r"{}_{2}^{4}\text{He}^{+}",
        ),
        ("<mi>A</mi><msup><mo>∪</mo><mrow/></msup><mi>B</mi>", r"A\cup B"),
        ("<mi>A</mi><mover><mo>∪</mo><mrow/></mover><mi>B</mi>", r"A\cup B"),
        ("<mi>a</mi><mphantom><mi>b</mi></mphantom>", "a"),
        ("<semantics><mi>a</mi><annotation encoding='x'>b</annotation></semantics>", "a"),
    ],
)
def test_structures(mathml: str, expected: str) -> None:
    assert latex(mathml) == expected


@pytest.mark.parametrize(
    ("mathml", "expected"),
    [
        ("<mn>5</mn><mtext>m/s</mtext>", r"5\text{ m/s}"),
        ("<mn>5</mn><mspace width='0.25em'/><mtext>m/s</mtext>", r"5\ \text{m/s}"),
        ("<mn>3</mn><mtext>rd</mtext>", r"3\text{rd}"),
        ("<mn>2</mn><mo>.</mo><mtext>50 km</mtext>", r"2.50\text{ km}"),
        ("<mtext>, red; 46</mtext><mo>.</mo><mn>0</mn>", r"\text{, red; }46.0"),
        ("<mtext>10 μF</mtext>", r"10\ \mu \text{F}"),
        ("<mi>x</mi><mtext>and</mtext><mi>y</mi>", r"x\text{ and }y"),
        ("<mtext>\u00a0if\u00a0</mtext><mi>x</mi>", r"\text{ if }x"),
        ("<mtext>100% of_it</mtext>", r"100\text{\% of\_it}"),
        ("<mtext>a</mtext><mtext>b</mtext>", r"\text{ab}"),
        ("<mspace width='2em'/><mi>x</mi><mspace width='2em'/>", "x"),
        ("<mtext> </mtext>", ""),
        ("<mi>a</mi><mspace width='wide'/><mspace width='1.2.3em'/><mspace/><mi>b</mi>", r"a\quad b"),
    ],
)
def test_words_and_spaces(mathml: str, expected: str) -> None:
    assert latex(mathml) == expected


def test_matrix_takes_its_fences() -> None:
    assert latex(f"<mrow><mo>[</mo>{table('1|2', '3|4')}<mo>]</mo></mrow>") == r"\begin{bmatrix}1 & 2 \\ 3 & 4\end{bmatrix}"
    assert latex(f"<mo>(</mo>{table('1', '2')}<mspace width='1em'/><mo>)</mo>") == r"\begin{pmatrix}1 \\ 2\end{pmatrix}"
    assert latex(f"<mfenced open='|' close='|'>{table('1|2', '3|4')}</mfenced>") == r"\begin{vmatrix}1 & 2 \\ 3 & 4\end{vmatrix}"


def test_augmented_matrix_keeps_its_rule() -> None:
    drawn = table("1|2|3").replace("<mtable>", "<mtable columnlines='none solid'>")
    assert latex(f"<mfenced open='[' close=']'>{drawn}</mfenced>") == r"\left[\begin{array}{cc|c}1 & 2 & 3\end{array}\right]"


def test_system_behind_a_lone_brace_is_cases() -> None:
    system = table("<mi>x</mi>|<mo>=</mo>|<mn>1</mn>", "<mi>y</mi>|<mo>=</mo>|<mn>2</mn>")
    assert latex(f"<mo>{{</mo><mrow>{system}</mrow>") == r"\begin{cases}x = 1 \\ y = 2\end{cases}"


def test_piecewise_definition_keeps_the_condition_in_its_column() -> None:
    pieces = table("<mi>x</mi>|<mtext>if</mtext><mi>x</mi><mo>></mo><mn>0</mn>", "<mn>0</mn>|<mtext>otherwise</mtext>")
    expected = r"\begin{cases}x & \text{if }x > 0 \\ 0 & \text{otherwise}\end{cases}"
    assert latex(f"<mi>f</mi><mo>=</mo><mfenced open='{{' close=''>{pieces}</mfenced>") == f"f = {expected}"


def test_steps_of_a_calculation_are_aligned() -> None:
    assert latex(table("<mi>x</mi>|<mo>=</mo>|<mn>1</mn>", "|<mo>=</mo>|<mn>2</mn>")) == r"\begin{aligned}x & = 1 \\ & = 2\end{aligned}"


def test_empty_columns_of_a_table_go() -> None:
    assert latex(f"<mo>(</mo>{table('1||2', '3||4')}<mo>)</mo>") == r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}"


def test_fenced_arguments_are_separated() -> None:
    assert latex("<mi>f</mi><mfenced><mi>x</mi><mi>y</mi></mfenced>") == "f(x,y)"
    assert latex("<mfenced open='[' close=')' separators=';'><mn>1</mn><mn>2</mn></mfenced>") == "[1;2)"


def test_stray_text_is_kept() -> None:
    assert latex("<mrow>about<mi>x</mi>or so</mrow>") == r"\text{about}x\text{ or so}"


@pytest.mark.parametrize(
    ("mathml", "expected"),
    [
        ("<mover><mi>i</mi><mo>&#x302;</mo></mover>", r"\hat{i}"),
        ("<mover accent='true'><mi>F</mi><mo>&#x25cc;&#x20d7;</mo></mover>", r"\vec{F}"),
        ("<mover><mi>p</mi><mo>&#x304;</mo></mover>", r"\overline{p}"),
        ("<munder><mi>u</mi><mo>&#x331;</mo></munder>", r"\underline{u}"),
        ("<mi>y&#x302;</mi><mo>=</mo><mi>ẋ</mi>", r"\hat{y} = \dot{x}"),
        ("<mtext>q&#x303;</mtext>", r"\tilde{q}"),
        ("<mi>según</mi>", r"\text{según}"),
        ("<mn>20</mn><mi>¢</mi>", r"20\text{¢}"),
    ],
)
def test_accents_are_commands_and_signs_without_one_are_text(mathml: str, expected: str) -> None:
    assert latex(mathml) == expected


@pytest.mark.parametrize(
    ("mathml", "expected"),
    [
        ("<msup><mn>10</mn><mn>3</mn></msup><mo>&#x2062;</mo><mi mathvariant='normal'>°</mi><mi mathvariant='normal'>C</mi>",
         r"10^{3}\,{}^{\circ}\mathrm{C}"),
        ("<msup><mi>y</mi><mn>2</mn></msup><mo>′</mo>", "y^{2}{}'"),
        ("<msubsup><mi>a</mi><mn>1</mn><mn>2</mn></msubsup><mo>°</mo>", r"a_{1}^{2}\,{}^{\circ}"),
        ("<msub><mi>T</mi><mn>1</mn></msub><mo>°</mo>", r"T_{1}^{\circ}"),
        ("<msup><mi>f</mi><mo>′</mo></msup><mo>(</mo><mi>x</mi><mo>)</mo>", "f'(x)"),
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac><mo>°</mo>", r"\frac{1}{2}^{\circ}"),
    ],
)  # fmt: skip
def test_no_base_carries_two_superscripts(mathml: str, expected: str) -> None:
    assert latex(mathml) == expected


@pytest.mark.parametrize(
    ("mathml", "expected"),
    [
        ("<msup><mtext>m/s</mtext><mn>2</mn><mo>,</mo></msup>", r"\text{m/s}^{2},"),
        ("<msubsup><mi>v</mi><mn>0</mn><mn>2</mn><mo>.</mo></msubsup>", "v_{0}^{2}."),
        ("<mover><mi>x</mi><mo>¯</mo><mo>;</mo></mover>", r"x^{-};"),
    ],
)
def test_children_behind_the_scripts_are_shown_behind_them(mathml: str, expected: str) -> None:
    assert latex(mathml) == expected


@pytest.mark.parametrize("mathml", ["<mrow><blink/></mrow>", "<mfrac><mi>a</mi><mi>b</mi><mi>c</mi></mfrac>"])
def test_what_is_no_mathml_raises(mathml: str) -> None:
    with pytest.raises(UnknownMathML):
        latex(mathml)


def test_prefix_does_not_matter() -> None:
    element = etree.fromstring(f'<q:math xmlns:q="{NS}"><q:mi>x</q:mi></q:math>')
    assert to_latex(element) == "x"
