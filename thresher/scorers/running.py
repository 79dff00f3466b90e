"""Whether a program that a response gives passes the tests that are the key of a problem."""

from __future__ import annotations

import re
from typing import Final

from thresher.rules.programs import JudgeTest
from thresher.scorers import sandbox
from thresher.scorers.base import Task, Verdict
from thresher.scorers.final import without_thought

_BLOCK: Final = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*([\w+#.-]*)[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_PYTHON: Final = frozenset({"python", "python3", "py", "py3", ""})
_SEVERAL: Final = re.compile(r"\bseveral outputs\b", re.IGNORECASE)
"""In a rubric: another output than the expected one may be right, too."""
_NEAR: Final = 1e-6
"""The tolerance that judges most often name for decimals."""


def key_tests(task: Task) -> tuple[JudgeTest, ...]:
    """The tests that are all of the key; none where it is anything else."""
    return JudgeTest.read(task.target) if task.kind == "question" else ()


def program_in(response: str) -> tuple[str, str]:
    """The last program of a response and its language as its block says; two empty texts where there is no block."""
    blocks = [(match[2].lower(), match[3]) for match in _BLOCK.finditer(without_thought(response)) if match[3].strip()]
    language, program = next((block for block in reversed(blocks) if block[0] in _PYTHON), blocks[-1] if blocks else ("", ""))
    return program, language


def passes(task: Task, response: str) -> tuple[Verdict | None, str, str]:
    """Verdict, why, and the words that decided. Tests are run in order up to the first that it does not pass."""
    program, language = program_in(response)
    if not program:
        return None, "it holds no program in a block of code", ""
    if language not in _PYTHON:
        return None, f"only programs in Python are run, and this one is in {language[:20]}", ""
    if reason := sandbox.unavailable():
        return None, f"programs are not run here: {reason}", ""
    tests = key_tests(task)
    for number, test in enumerate(tests, 1):
        ran = sandbox.run(program, test.input)
        where = f"test {number} of {len(tests)}"
        if ran.end in ("broken", "wall"):
            return None, f"{where} could not be run to its end: {ran.error or 'it waited too long'}", ""
        if ran.end == "limit":
            return "fail", f"{where}: it needs more than {sandbox.CPU_S} s or {sandbox.MEMORY_BYTES >> 20} MB", ran.error
        if ran.end == "output":
            return "fail", f"{where}: it prints without end", ran.output[:200]
        if ran.status:
            return "fail", f"{where}: it ends with an error", ran.error
        same = _same(test.output, ran.output)
        if same is False and _SEVERAL.search(task.rubric):
            return None, f"{where}: another output than the expected one, which may be right as well", ran.output[:200]
        if not same:
            why = (
                "another output than the expected one" if same is False else "an output that differs in case or in the last decimals alone"
            )
            return (None if same is None else "fail"), f"{where}: {why}", ran.output[:200]
    return "pass", f"it passes all {len(tests)} tests", ""


def _same(expected: str, given: str) -> bool | None:
    """Word by word, as most judges compare; None where the difference is one that some of them forgive."""
    wanted, said = expected.split(), given.split()
    if wanted == said:
        return True
    if len(wanted) != len(said) or not all(map(_near, wanted, said)):
        return False
    return None


def _near(wanted: str, said: str) -> bool:
    if wanted.lower() == said.lower():
        return True
    try:
        one, other = float(wanted), float(said)
    except ValueError:
        return False
    return "." in wanted and abs(one - other) <= _NEAR * max(1.0, abs(one))
