"""Formulas written by what they mean."""

from __future__ import annotations

import pytest
from lxml import etree

from thresher.formats.mathml import NS, to_latex


def latex(inner: str) -> str:
    return to_latex(etree.fromstring(f'<math xmlns="{NS}">{inner}</math>'))


def apply(operator: str, *arguments: str) -> str:
    return f"<apply><{operator}/>{''.join(arguments)}</apply>"


X, Y, ONE, TWO = "<ci>x</ci>", "<ci>y</ci>", "<cn>1</cn>", "<cn>2</cn>"


@pytest.mark.parametrize(
    ("mathml", "expected"),
    [
        (apply("eq", apply("plus", apply("power", Y, TWO), Y), "<cn>12</cn>"), "y^{2}+y = 12"),
        (apply("times", TWO, apply("plus", X, ONE)), "2(x+1)"),
        (apply("times", TWO, "<cn>3</cn>"), r"2\cdot 3"),
        (apply("minus", X, apply("minus", Y, ONE)), "x-(y-1)"),
        (apply("minus", X), "-x"),
        (apply("power", apply("power", X, TWO), "<cn>3</cn>"), "(x^{2})^{3}"),
        (apply("divide", apply("plus", X, ONE), apply("times", TWO, Y)), r"\frac{x+1}{2y}"),
        (apply("root", "<degree><cn>3</cn></degree>", X), r"\sqrt[3]{x}"),
        (apply("sin", X), r"\sin(x)"),
        (apply("log", "<logbase><cn>2</cn></logbase>", X), r"\log_{2}(x)"),
        (apply("abs", apply("minus", X, ONE)), "|x-1|"),
        (apply("mean", X), r"\overline{x}"),
        (apply("in", X, "<reals/>"), r"x \in \mathbb{R}"),
        (apply("diff", "<bvar><ci>t</ci></bvar>", X), r"\frac{dx}{dt}"),
        (apply("int", f"<bvar>{X}</bvar>", "<lowlimit><cn>0</cn></lowlimit>", "<uplimit><cn>1</cn></uplimit>", apply("power", X, TWO)),
         r"\int_{0}^{1}x^{2}\,dx"),
        (apply("sum", "<bvar><ci>k</ci></bvar>", "<lowlimit><cn>1</cn></lowlimit>", "<uplimit><ci>n</ci></uplimit>", "<ci>k</ci>"),
         r"\sum_{k = 1}^{n}k"),
        (apply("limit", f"<bvar>{X}</bvar>", "<lowlimit><cn>0</cn></lowlimit>", apply("sin", X)), r"\lim_{x \to 0}\sin(x)"),
        ("<apply><ci>g</ci><ci>x</ci></apply>", "g(x)"),
        ("<apply><power/><apply><ci>g</ci><ci>x</ci></apply><cn>2</cn></apply>", "(g(x))^{2}"),
        ('<cn type="rational">3<sep/>4</cn>', r"\frac{3}{4}"),
        ('<cn type="e-notation">6.02<sep/>23</cn>', r"6.02\times 10^{23}"),
        ("<ci><msub><mi>v</mi><mn>0</mn></msub></ci>", "v_{0}"),
        ("<vector><cn>1</cn><cn>2</cn></vector>", "(1, 2)"),
        ('<interval closure="closed-open"><cn>0</cn><infinity/></interval>', r"[0, \infty)"),
        (f"<set><bvar>{X}</bvar><condition>{apply('gt', X, '<cn>0</cn>')}</condition></set>", r"\{x \mid x > 0\}"),
        ("<matrix><matrixrow><cn>1</cn><cn>0</cn></matrixrow><matrixrow><cn>0</cn><cn>1</cn></matrixrow></matrix>",
         r"\begin{pmatrix}1 & 0 \\ 0 & 1\end{pmatrix}"),
        (f"<piecewise><piece><cn>0</cn>{apply('lt', X, '<cn>0</cn>')}</piece><otherwise>{X}</otherwise></piecewise>",
         r"\begin{cases}0 & x < 0 \\ x & \text{otherwise}\end{cases}"),
        (apply("curl", "<ci>F</ci>"), r"\nabla\times F"),
        (apply("arcsinh", X), r"\operatorname{arcsinh}(x)"),
    ],
)  # fmt: skip
def test_content_is_written_as_it_is_read(mathml: str, expected: str) -> None:
    assert latex(mathml) == expected


def test_content_stands_beside_presentation() -> None:
    assert latex(f"<mrow><mi>f</mi><mo>=</mo>{apply('plus', X, ONE)}</mrow>") == "f = x+1"


def test_of_both_the_way_it_is_set_is_taken() -> None:
    shown = '<annotation-xml encoding="MathML-Presentation"><mrow><mi>x</mi><mo>⋅</mo><mi>y</mi></mrow></annotation-xml>'
    assert latex(f"<semantics>{apply('times', X, Y)}{shown}</semantics>") == r"x\cdot y"
