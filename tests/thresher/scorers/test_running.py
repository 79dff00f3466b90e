"""Programs run against the tests of a problem: what passes, what fails, what has no verdict, and what does no harm."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.line.scoring import why_not
from thresher.rules.programs import JudgeTest
from thresher.scorers import proof, sandbox
from thresher.scorers.asking import PROGRAM, asked
from thresher.scorers.base import Task, task_of
from thresher.scorers.code import by_code, score
from thresher.scorers.running import key_tests, program_in

TESTS = (JudgeTest("3\n1 2 3\n", "6\n"), JudgeTest("2\n-5 5\n", "0\n"), JudgeTest("1\n0\n", "0\n"))
SUM = "input()\nprint(sum(map(int, input().split())))"
SEVERAL = "Where the problem accepts several outputs, one that differs from the expected one may be right as well."

needs_bubblewrap = pytest.mark.skipif(bool(sandbox.unavailable()), reason=f"programs are not run here: {sandbox.unavailable()}")


def problem(tests: tuple[JudgeTest, ...] = TESTS, rubric: str = "A right program prints the expected output.") -> Task:
    item = {"item_id": "a", "kind": "question", "messages": [{"role": "user", "content": "Print the sum."}], "key_status": "sourced"}
    return task_of({**item, "target": "\n\n".join(map(str, tests)), "rubric": rubric})


def program(text: str, language: str = "python") -> str:
    return f"It adds them up.\n\n```{language}\n{text}\n```\n\nIt is linear."


def test_a_key_of_tests_is_read_as_it_was_written_and_no_other_key_is() -> None:
    assert [(test.input, test.output) for test in key_tests(problem())] == [("3\n1 2 3", "6"), ("2\n-5 5", "0"), ("1\n0", "0")]
    assert JudgeTest.read("It is not right: wrong answer on test 2.\n\n" + str(TESTS[0])) == ()
    assert JudgeTest.read(f"{TESTS[0]}\n\nand so on") == ()
    assert JudgeTest.read("Input: 5") == ()


def test_a_problem_asks_for_a_program_and_its_tests_are_no_answer_to_it() -> None:
    assert asked(problem()).messages[-1].content.endswith(PROGRAM)
    assert by_code(problem())
    assert proof.of_key(problem()) is None


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (program("a = 1"), ("a = 1\n", "python")),
        (program("a = 1", "") + program("b = 2", "text"), ("a = 1\n", "")),
        (program("int main() {}", "cpp"), ("int main() {}\n", "cpp")),
        ("<think>" + program("draft") + "</think>I cannot.", ("", "")),
    ],
)
def test_the_last_program_of_a_response_is_taken(response: str, expected: tuple[str, str]) -> None:
    assert program_in(response) == expected


@needs_bubblewrap
@pytest.mark.parametrize(
    ("text", "rubric", "verdict", "why"),
    [
        (SUM, "", "pass", "all 3 tests"),
        ("input()\nprint(sum(map(int, input().split())) or 1)", "", "fail", "test 2 of 3: another output"),
        ("print(6)", "", "fail", "test 2 of 3: another output"),
        ("print(6)", SEVERAL, None, "may be right as well"),
        ("print(1 / 0)", "", "fail", "test 1 of 3: it ends with an error"),
        ("this is no program", "", "fail", "it ends with an error"),
        ("print('6.0')", "", "fail", "another output"),
    ],
)
def test_a_program_passes_where_every_test_does(text: str, rubric: str, verdict: str | None, why: str) -> None:
    said = score(problem(rubric=rubric), program(text))
    assert (said.scorer, said.verdict) == ("tests", verdict)
    assert why in said.why


@needs_bubblewrap
def test_a_difference_that_judges_forgive_has_no_verdict() -> None:
    assert score(problem((JudgeTest("", "YES 0.3333333"),)), program("print('yes', 1 / 3)")).verdict is None
    assert score(problem((JudgeTest("", "YES 0.3333333"),)), program("print('yes', 0.334)")).verdict == "fail"
    assert score(problem((JudgeTest("", "7"),)), program("print(7)", "cpp")).verdict is None
    assert score(problem(), "Add the numbers up.").verdict is None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "CPU_S", 1)
    monkeypatch.setattr(sandbox, "WALL_S", 3.0)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        yield server


@needs_bubblewrap
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "text",
    [
        "import os\nwhile True:\n    os.fork()",
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        "while True:\n    pass",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True:\n    pass",
        "while True:\n    print('x' * 1000)",
        "bytearray(1 << 32)",
        "import time\ntime.sleep(1000)",
        "import os, sys\nos.close(1)\nos.close(2)\nimport time\ntime.sleep(1000)",
        "open('/etc/passwd').read()",
        "with open('/tmp/x', 'wb') as f:\n    while True:\n        f.write(bytes(1 << 20))",
        "import os\nos.kill(-1, 9)\nos.execv('/bin/sh', ['sh', '-c', 'exit 3'])",
    ],
)
def test_a_program_that_means_harm_does_none(text: str) -> None:
    assert score(problem(), program(text)).verdict != "pass"
    assert score(problem(), program(SUM)).verdict == "pass", "nothing is left of it that stands in the way of another"


@needs_bubblewrap
def test_no_file_of_ours_and_no_server_can_be_reached(tmp_path: Path, listening: socket.socket) -> None:
    (tmp_path / "secret").write_text("6")
    tmp_path.chmod(0o755)
    (tmp_path / "secret").chmod(0o644)
    assert score(problem(), program(f"print(open({str(tmp_path / 'secret')!r}).read())")).verdict == "fail"
    port = listening.getsockname()[1]
    assert score(problem(), program(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)\nprint(6)")).verdict == "fail"
    with pytest.raises(TimeoutError):
        listening.accept()
    told = sandbox.run("import os\nprint(sorted(os.environ), os.getuid(), os.getgroups())", "")
    assert told.output.split("]")[0] + "]" in ("['LC_CTYPE', 'PWD']", "['PWD']")
    assert " 65534 " in told.output


def test_where_there_is_no_bubblewrap_nothing_is_run_and_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox.unavailable.cache_clear()
    try:
        said = score(problem(), program(SUM))
        assert (said.verdict, said.why) == (None, "programs are not run here: bwrap is not installed")
        assert why_not(problem(), judged=True) == "programs are not run here: bwrap is not installed"
    finally:
        sandbox.unavailable.cache_clear()


@needs_bubblewrap
def test_where_namespaces_may_not_be_made_nothing_is_run_and_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refusing: Any = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    tmp_path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    sandbox.unavailable.cache_clear()
    try:
        assert "bubblewrap cannot make a sandbox" in score(problem(), program(SUM)).why
    finally:
        sandbox.unavailable.cache_clear()
