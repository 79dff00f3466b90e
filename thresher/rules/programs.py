"""Problems that programs solve, and the programs that people sent in: what the source's judge said of them is the key.

A *problem* is a question whose key are its tests. Of the accepted programs of a problem the first is given, and one that solves it by a
different idea (``thresher.rules.ideas``) is an *alternate*. A rejected one is a *review*: is it right, and where does it first go wrong?
Its key is the verdict and the first test that it fails, with what that test gives and expects. As many accepted programs are asked about
in the same words, or the answer would always be no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from thresher.model import Candidate, Json, Message, Record, Refusal
from thresher.rules.ideas import differ, ideas_of
from thresher.rules.outcome import Reason, candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import IMAGE

ACCEPTED = "accepted"
Use = Literal["given", "alternate", "rejected", "right"]


_TEST = re.compile(r"Input:\n```\n(.*?)\n```\nExpected output:\n```\n(.*?)\n```(?=\s*\Z|\n\nInput:\n```\n)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JudgeTest:
    """One test of a problem: what a program reads, and what it must print."""

    input: str
    output: str

    def __str__(self) -> str:
        return f"Input:\n```\n{self.input.strip()}\n```\nExpected output:\n```\n{self.output.strip()}\n```"

    @classmethod
    def read(cls, key: str) -> tuple[JudgeTest, ...]:
        """The tests of a key that is nothing but tests, as ``__str__`` writes them; none of any other text."""
        tests = tuple(cls(match[1], match[2]) for match in _TEST.finditer(key))
        return tests if tests and "\n\n".join(map(str, tests)) == key.strip() else ()

    def __len__(self) -> int:
        return len(self.input) + len(self.output)


@dataclass(frozen=True, slots=True)
class Programs:
    """The problem of a thread, what is known of its tags, and what each program is taken for."""

    problem: Record | None = None
    tags: tuple[str, ...] = ()
    uses: Mapping[str, Use] = field(default_factory=dict)
    given: Record | None = None
    """The accepted program that an alternate is asked beside."""

    @classmethod
    def of(cls, thread: Sequence[Record], rules: Rules) -> Programs:
        """Which programs are taken does not depend on the order in which records come: the oldest submissions first."""
        live = [r for r in thread if r.text.strip() and r.status in {"live", "edited"}]
        problem = next((r for r in live if r.role == "problem" and not r.marks.get("no_body")), None)
        tags = _tags([r for r in thread if r.role == "problem"])
        programs = sorted((r for r in live if r.role == "submission"), key=lambda r: (len(r.native_id), r.native_id))
        if problem is None or not programs:
            return cls(problem, tags)
        accepted = [r for r in programs if r.marks.get("verdict") == ACCEPTED and len(r.text) <= rules.programs.max_program_chars]
        given, others = _others(accepted, tags, rules.programs.alternates_most)
        uses: dict[str, Use] = {r.native_id: "alternate" for r in others}
        if given is not None:
            uses[given.native_id] = "given"
        rejected = _rejected(programs, problem, rules)[: rules.programs.reviews_most]
        uses |= {r.native_id: "rejected" for r in rejected}
        free = [r for r in accepted if r.native_id not in uses]
        uses |= {r.native_id: "right" for r in free[: len(rejected)]}
        return cls(problem, tags, uses, given)


def judge_problem(problem: Record, programs: Programs, rules: Rules) -> Candidate | Refusal:
    """A candidate of kind question whose key are tests; those that the statement shows itself only where there are no others."""
    if problem.marks.get("no_body"):
        return refuse(problem, "no_body")
    if reason := _unfit(problem, rules):
        return refuse(problem, *reason)
    tests = _tests(problem)
    shown = whole_mark(problem, "examples")
    hidden = _upto(tests[shown:], rules.programs.max_key_chars)
    key = hidden or _upto(tests[:shown], rules.programs.max_key_chars)
    tags = ("gradable:tests",) if hidden else ("gradable:examples",) if key else ()
    return candidate(
        [problem],
        rules.version,
        kind="question",
        messages=[Message("user", f"{statement(problem)}\n\n{rules.tasks.program}")],
        rule="question/tests",
        target="\n\n".join(map(str, key)),
        key_status="sourced" if key else "none",
        rubric=_rubric(problem, rules) if key else "",
        language=problem.language,
        tags=tuple(sorted((*tags, *(f"topic:{t}" for t in programs.tags)))),
    )


def judge_submission(record: Record, programs: Programs, rules: Rules) -> Candidate | Refusal:
    """A candidate of kind alternate or review, or why the program makes none."""
    problem = programs.problem
    if problem is None:
        return refuse(record, "no_problem")
    if _unfit(problem, rules):
        return refuse(record, "no_problem", "unfit")
    match programs.uses.get(record.native_id):
        case "given":
            return refuse(record, "is_the_reference")
        case "alternate" if programs.given is not None:
            return _alternate(record, problem, programs.given, programs.tags, rules)
        case "rejected":
            return _review(record, problem, _failing(record, problem, rules), rules)
        case "right":
            return _review(record, problem, None, rules)
    if record.marks.get("verdict") != ACCEPTED and _failing(record, problem, rules) is None:
        return refuse(record, "verdict_without_test", str(record.marks.get("verdict") or "none"))
    return refuse(record, "enough_programs")


def _alternate(record: Record, problem: Record, given: Record, tags: tuple[str, ...], rules: Rules) -> Candidate:
    first, second = (ideas_of(r.text, language_mark(r), tags) for r in (given, record))
    task = rules.tasks.alternate_program.replace("{ideas}", ", ".join(first)).replace("{solution}", fenced(given))
    return candidate(
        [record, problem, given],
        rules.version,
        kind="alternate",
        messages=[Message("user", f"{statement(problem)}\n\n{task}")],
        rule="alternate/ideas",
        target=fenced(record),
        key_status="sourced",
        rubric=f"The first program rests on: {', '.join(first)}. This one rests on: {', '.join(second)}. {_rubric(problem, rules)}",
        language=problem.language,
        tags=tuple(sorted({"gradable:tests", *(f"topic:{t}" for t in {*first, *second})})),
    )


def _review(record: Record, problem: Record, failing: JudgeTest | None, rules: Rules) -> Candidate:
    task = rules.tasks.review_program.replace("{solution}", fenced(record)).replace("{language}", language_mark(record))
    passed = whole_mark(record, "tests_passed")
    if failing is None:
        key = "It is right: it was accepted and passes all tests" + (f" ({passed} of them)." if passed else ".")
        rule = "review/accepted"
    else:
        verdict = rules.programs.verdicts[str(record.marks["verdict"])]
        key = f"It is not right: {verdict} on test {passed + 1}; it passes the tests before.\n\n{failing}"
        rule = "review/rejected"
    return candidate(
        [record, problem],
        rules.version,
        kind="review",
        messages=[Message("user", f"{statement(problem)}\n\n{task}")],
        rule=rule,
        target=key,
        key_status="sourced",
        rubric=_with_others(problem, rules.tasks.review_rubric, rules) if failing else "",
        language=problem.language,
        tags=("by:people",),
    )


def _unfit(problem: Record, rules: Rules) -> tuple[Reason, str] | None:
    if problem.marks.get("images") or IMAGE.search(problem.text):
        return "needs_picture", "image"
    if len(problem.text) > rules.limits.max_prompt_chars:
        return "too_long", ""
    return None


def _others(accepted: Sequence[Record], tags: tuple[str, ...], most: int) -> tuple[Record | None, list[Record]]:
    """The first program that shows an idea, and those that show another one than it and than each other."""
    shown = [(r, ideas) for r in accepted if (ideas := ideas_of(r.text, language_mark(r), tags))]
    if not shown:
        return None, []
    taken = shown[:1]
    for record, ideas in shown[1:]:
        if len(taken) <= most and all(differ(ideas, other) for _, other in taken):
            taken.append((record, ideas))
    return (taken[0][0], [r for r, _ in taken[1:]]) if len(taken) > 1 else (None, [])


def _rejected(programs: Sequence[Record], problem: Record, rules: Rules) -> list[Record]:
    """Rejected programs whose failing test is held, one for each verdict and test."""
    unlike: dict[tuple[Json, int], Record] = {}
    for record in programs:
        if len(record.text) <= rules.programs.max_program_chars and _failing(record, problem, rules) is not None:
            unlike.setdefault((record.marks.get("verdict"), whole_mark(record, "tests_passed")), record)
    return list(unlike.values())


def _failing(record: Record, problem: Record, rules: Rules) -> JudgeTest | None:
    """The first test that a rejected program fails, where the source's tests are whole up to there and the judge counts by them."""
    if record.marks.get("verdict") not in rules.programs.verdicts or not problem.marks.get("tests_complete"):
        return None
    passed, tests = record.marks.get("tests_passed"), _tests(problem)
    if not isinstance(passed, int) or isinstance(passed, bool) or not 0 <= passed < len(tests):
        return None
    return tests[passed] if len(tests[passed]) <= rules.programs.max_test_chars else None


def statement(problem: Record) -> str:
    """Title and text."""
    return f"{problem.title}\n\n{problem.text}".strip()


def fenced(record: Record) -> str:
    """The program as a code block; longer fences where it holds one."""
    fence = "```"
    while fence in record.text:
        fence += "`"
    return f"{fence}\n{record.text}\n{fence}"


def language_mark(record: Record) -> str:
    """What the judge calls the language of a program."""
    return str(record.marks.get("programming_language") or "")


def whole_mark(record: Record, name: str) -> int:
    """A count among the marks; 0 where there is none."""
    value = record.marks.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _tags(problems: Sequence[Record]) -> tuple[str, ...]:
    """Of the statement and of the site's list, which may be newer."""
    told = (r.marks.get("tags") for r in problems if r.status in {"live", "edited"})
    return tuple(sorted({str(tag) for tags in told if isinstance(tags, list) for tag in tags}))


def _tests(problem: Record) -> list[JudgeTest]:
    tests = problem.marks.get("tests")
    return [JudgeTest(str(t[0]), str(t[1])) for t in tests if isinstance(t, list) and len(t) == 2] if isinstance(tests, list) else []


def _upto(tests: Sequence[JudgeTest], chars: int) -> list[JudgeTest]:
    def fitting() -> Iterator[JudgeTest]:
        left = chars
        for test in tests:
            if len(test) <= left:
                left -= len(test)
                yield test

    return list(fitting())


def _rubric(problem: Record, rules: Rules) -> str:
    return _with_others(problem, rules.tasks.program_rubric, rules)


def _with_others(problem: Record, rubric: str, rules: Rules) -> str:
    return f"{rubric} {rules.tasks.several_outputs}" if problem.marks.get("several_outputs") else rubric
