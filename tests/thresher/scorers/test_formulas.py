"""Formulas: equal by value, in the form that was asked for, and no text that runs, hangs or is guessed at."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from thresher.scorers.base import Task
from thresher.scorers.code import score
from thresher.scorers.formula import UnreadableFormula, parse

PASS = [
    ("\\frac{5}{6}", "5/6"),
    ("7\\sqrt{2}", "7*sqrt(2)"),
    ("\\log_{b}(7)", "\\frac{\\ln 7}{\\ln b}"),
    ("x = -5", "-5"),
    ("x = -5", "$x=-5$"),
    ("y = -\\frac{1}{3}x+\\frac{11}{3}", "\\(f(x) = \\frac{11-x}{3}\\)"),
    ("(x+2)(x-2)", "(x - 2)(x + 2)"),
    ("18x^{2}+60x+51", "51 + 60x + 18x²"),
    ("4-8x+3x^{2}-y^{2} = 0", "y^2 = 3x^2 - 8x + 4"),
    ("(-\\infty,4]", "(-∞, 4]"),
    ("[-1,0)\\cup [1,\\infty)", "\\left[-1,0\\right)\\cup\\left[1,\\infty\\right)"),
    ("(31,-42,87)", "(31, -42, 87)"),
    ("x = \\frac{2}{5},\\frac{-1}{3}", "x = 2/5 or x = -1/3".replace(" or ", ", ")),
    ("x = \\pm 3", "x = 3, x = -3"),
    ("x = \\pm 3", "x = -3, x = 3"),
    ("\\sqrt[3]{x-3}", "(x-3)^{1/3}"),
    ("f^{-1}(x) = x-3", "f^{-1}(x) = x - 3"),
    ("\\sqrt{125} = 5\\sqrt{5}", "5\\sqrt{5}"),
    ("x \\leq 4", "4 \\geq x"),
    ("e^{5}-1", "e^5 - 1"),
    ("\\frac12", "\\frac{1}{2}"),
    ("2\\sin(x)\\cos(x)", "\\sin(2x)"),
    ("128i", "128 i"),
    ("2^{10} = 1024", "1024"),
]
FAIL = [
    ("x+1", "x+2"),
    ("x = -5", "x = 5"),
    ("\\frac{5}{6}", "\\frac{6}{5}"),
    ("(-\\infty,4]", "(-\\infty,4)"),
    ("(31,-42,87)", "(31,42,87)"),
    ("x^{2}", "x^3"),
    ("2\\sin(x)", "2\\cos(x)"),
    ("\\sqrt{2}", "\\sqrt{3}"),
    ("x = 2, 3", "x = 2, 5"),
    ("(x+2)(x-2)", "(x+2)(x-3)"),
]
OPEN = [
    ("\\sqrt{x^{2}}", "x"),
    ("x = 2, 3", "x = 3, 2"),
    ("7\\sqrt{2}", "9.9"),
    ("x = 5", "y = 5"),
    ("f(x) = 3x", "f(y) = 3x"),
    ("4+2 = 6", "4+2 = 8"),
    ("10", "3^2+1"),
    ("x+1", "one more than x"),
    ("x+1", "x + 1 or x + 2"),
    ("\\frac{1}{2}", "6/12"),
    ("2^{50} = 1.13\\times 10^{15}", "2^{70} = 1.13\\times 10^{15}"),
    ("x^{2}", "\\int 2x dx"),
    ("\\frac{1}{x}", "\\frac{d}{dx}\\ln x"),
    ("x+1", "import os"),
    ("xy = 1", "y = \\frac{1}{x}"),
    ("x \\leq 4", "(-\\infty,4]"),
]


@pytest.mark.parametrize(
    ("key", "given", "verdict"), [*((*c, "pass") for c in PASS), *((*c, "fail") for c in FAIL), *((*c, None) for c in OPEN)]
)
def test_a_formula_is_the_key_by_its_value(make: Callable[..., Task], key: str, given: str, verdict: str | None) -> None:
    said = score(make(f"\\({key}\\)", "What is it?"), f"First x = 1, then 2 + 2 = 4.\n\nANSWER: {given}")
    assert said.verdict == verdict, said


@pytest.mark.parametrize(
    ("prompt", "key", "lazy"),
    [
        ("Factor \\(x^2-4\\).", "(x+2)(x-2)", "x^2-4"),
        ("Expand \\((x+2)(x-2)\\).", "x^{2}-4", "(x+2)(x-2)"),
        ("Reduce \\(\\frac{6}{8}\\).", "\\frac{3}{4}", "6/8"),
        ("Simplify \\(\\sqrt{98}\\).", "7\\sqrt{2}", "\\sqrt{98}"),
        ("Evaluate \\(2^{3}\\cdot 3\\).", "24", "2^3 * 3"),
        ("Write \\(\\frac{1}{8}\\) as a decimal.", "0.125", "1/8"),
        ("Add \\(\\frac{1}{x}+\\frac{1}{y}\\).", "\\frac{x+y}{xy}", "\\frac{1}{y} + \\frac{1}{x}"),
    ],
)
def test_to_give_the_question_back_is_no_answer(make: Callable[..., Task], prompt: str, key: str, lazy: str) -> None:
    task = make(f"\\({key}\\)", prompt)
    assert score(task, f"ANSWER: \\({key}\\)").verdict == "pass"
    assert score(task, f"ANSWER: \\({lazy}\\)").verdict is None


HOSTILE = [
    "9^9^9",
    "9^{9^{9^{9}}}",
    "10000000!",
    "((9!)!)!",
    "(" * 400 + "1" + ")" * 400,
    "(" * 120 + "1" + ")" * 120,
    "^".join("9" * 190),
    "2^{" * 60 + "2" + "}" * 60,
    "exp(exp(exp(exp(10))))",
    "\\sin(10^{1000})",
    "\\frac{1}{0}",
    "0^{-1}",
    "\\log(0)",
    "\\sqrt[0]{2}",
    "__import__('os').system('true')",
    "().__class__.__bases__[0]",
    "x" * 400,
    "|" * 300,
    "{" * 399,
    "-" * 399,
    "!" * 399,
    "1" * 399,
    "\\frac" * 70,
    "\\pm" * 100,
    ",".join("1" * 190),
    "1" + "!" * 390,
    "\\sqrt" * 60 + "2",
    "\u0661+1",
    "\x00",
    "\\boxed{" * 300,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_formula_ends_soon_in_any_thread_and_never_passes(make: Callable[..., Task], text: str) -> None:
    tasks = [make("\\(x+1\\)"), make("1"), make(f"\\({text[:80]}\\)"), make("12 kg"), make("(a) 1\n\n(b) 2")]
    verdicts: list[str | None] = []
    begun = time.process_time()
    threads = [
        threading.Thread(target=lambda t=task: verdicts.append(score(t, f"ANSWER: {text}").verdict)) for task in tasks[:2] + tasks[3:]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    score(tasks[2], f"ANSWER: {text}")
    assert len(verdicts) == 4
    assert "pass" not in verdicts
    assert time.process_time() - begun < 2, "CPU, not the clock: a runaway takes minutes"


def test_nothing_but_formulas_is_read() -> None:
    for text in ("hello", "a = b = c", "1 2", "f'(x)", "\\int x", "\\sum_{k=1}^{5}4", "x_", "(1", "1)", "", "\\sin^{-1} x", "\\unknown"):
        with pytest.raises(UnreadableFormula):
            parse(text)
