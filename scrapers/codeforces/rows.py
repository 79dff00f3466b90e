"""Rows of datasets and the API's list -> Records: pure.

A problem is known as ``CONTEST/INDEX``, whichever file or answer it comes from; what the list says of it is a record of its own beside it
(``CONTEST/INDEX/listed``), so that neither takes the other's place. Programs are kept without their comments: they name authors, and tell
of verdicts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scrapers.codeforces.site import LISTED, PROBLEMS, SOURCE, SUBMISSIONS
from scrapers.common.fields import Fields, told
from scrapers.common.json_rows import UNREADABLE, line_rows
from scrapers.common.page import from_epoch, json_of, once, rights, whole
from thresher.errors import PayloadError
from thresher.formats.markdown import links_and_images
from thresher.model import Dead, Json, Page, Record, Unread
from thresher.net.client import Response
from thresher.programs import without_comments
from thresher.text import clean

PROBLEM_COLUMNS: Final = frozenset(("id", "title", "description", "input_format", "output_format", "examples"))
SUBMISSION_COLUMNS: Final = frozenset(("submission_id", "source", "programmingLanguage", "verdict"))
VERDICTS: Final = {
    "OK": "accepted", "WRONG_ANSWER": "wrong_answer", "TIME_LIMIT_EXCEEDED": "time_limit", "MEMORY_LIMIT_EXCEEDED": "memory_limit",
    "RUNTIME_ERROR": "runtime_error", "COMPILATION_ERROR": "compilation_error", "PRESENTATION_ERROR": "presentation_error",
    "IDLENESS_LIMIT_EXCEEDED": "idleness_limit", "CHALLENGED": "hacked", "PARTIAL": "partial", "FAILED": "failed", "SKIPPED": "skipped",
    "SECURITY_VIOLATED": "security_violated", "CRASHED": "crashed", "INPUT_PREPARATION_CRASHED": "crashed", "REJECTED": "rejected",
}  # fmt: skip
"""Of the API (codeforces.com/apiHelp/objects, Submission) as the marks say them. ``TESTING`` is no verdict yet."""
FINAL_TESTS: Final = "TESTS"
"""The test set by which a submission is judged in the end; tests of others (PRETESTS, CHALLENGES) are counted otherwise."""
MAX_TESTS_CHARS: Final = 32_000
"""Of the tests that are kept of a problem, in their order."""

LIST_PROBLEM = Fields("problem", used="contestId index name rating tags", ignored="points problemsetName type")
LIST_COUNT = Fields("statistics", used="contestId index solvedCount", ignored="problemsetName")
PROBLEM = Fields(
    "problem_row",
    used="contest_id contest_start description examples generated_checker id index input_format input_mode interaction_format memory_limit "
    "note official_tests official_tests_complete output_format rating tags time_limit title",
    ignored="aliases contest_name contest_start_year contest_type editorial executable generated_tests language prompt testset_size",
)
SUBMISSION = Fields(
    "submission_row",
    used="contestId creationTimeSeconds index passedTestCount problem_id problem_index programmingLanguage source submission_id testset "
    "verdict",
    ignored="memoryConsumedBytes timeConsumedMillis",
)
_IDENTITY: Final = re.compile(r"(\d{1,6})/?([A-Z][A-Z0-9]{0,3})")
_MATHEMATICS: Final = re.compile(r"\${3}(.+?)\${3}", re.DOTALL)


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every row as a Record. Of the list, what was ``asked`` for and is not in it is a Record ``gone``."""
    layout = page.context.get("layout", LISTED)
    if layout == LISTED:
        yield from _from_list(page)
        return
    rows = list(line_rows(io.BytesIO(page.body)))
    one = {PROBLEMS: _problem, SUBMISSIONS: _submission}.get(layout)
    if one is None:
        raise PayloadError(f"no layout is called {layout[:40]!r}", reason="unknown_layout")
    yield from once(Dead("bad_row", str(row[UNREADABLE])[:200]) if UNREADABLE in row else one(page, row) for row in rows)
    yield from told((PROBLEM if layout == PROBLEMS else SUBMISSION).unread(row for row in rows if UNREADABLE not in row))


def listed(answer: Page | Response) -> tuple[list[Any], list[Any]]:
    """The problems of the API's list, and how many people solved each.

    Raises PayloadError for a failure that it tells, an empty list, or no list. (That it was asked too often the client knows.)
    """
    body = json_of(answer)
    if isinstance(body, dict) and body.get("status") == "FAILED":
        raise PayloadError(f"Codeforces says: {str(body.get('comment') or 'no reason')[:200]}", reason="api_failed")
    result = body.get("result") if isinstance(body, dict) else None
    problems = result.get("problems") if isinstance(result, dict) else None
    if not isinstance(problems, list):
        raise PayloadError(f"{answer.url} holds no list of problems: {str(body)[:80]}", reason="not_problems")
    if not problems:
        raise PayloadError(f"{answer.url} lists no problems: is the API down?", reason="empty_listing")
    counts = result.get("problemStatistics") if isinstance(result, dict) else None
    return problems, counts if isinstance(counts, list) else []


def native_id_of(problem: str) -> str:
    """That of the record that says what the list says of a problem."""
    return f"{problem}/{LISTED}"


def _from_list(page: Page) -> Iterator[Record | Dead | Unread]:
    problems, counts = listed(page)
    solved = {identity: whole(c.get("solvedCount")) for c in counts if isinstance(c, dict) and (identity := _listed_identity(c))}
    asked = page.context.get("asked", "").split()
    answered = set()
    for result in once(_listed_problem(page, p, solved) for p in problems):
        if isinstance(result, Record):
            answered.add(result.native_id)
        if not asked or (isinstance(result, Record) and result.native_id in asked):
            yield result
    for native_id in asked:
        if native_id not in answered:
            thread = native_id.removesuffix(f"/{LISTED}")
            yield Record(
                SOURCE, page.site, native_id, _address(thread), "problem", "", thread_id=thread, status="gone", export_class="none"
            )
    yield from told(LIST_PROBLEM.unread(problems), LIST_COUNT.unread(counts))


def _listed_identity(thing: Mapping[str, Any]) -> str:
    return _identity(f"{whole(thing.get('contestId'))}/{thing.get('index')}")


def _listed_problem(page: Page, problem: Any, solved: Mapping[str, int | None]) -> Record | Dead:
    if not isinstance(problem, dict):
        return Dead("not_a_problem", f"a JSON {type(problem).__name__} in the place of a problem")
    identity = _listed_identity(problem)
    if not identity:
        return Dead("no_identity", "no contest and index, by which a problem is known", str(problem.get("name") or "")[:40])
    if not isinstance(problem.get("name"), str):
        return Dead("no_text", "name is missing", identity)
    name = clean(problem["name"])
    marks = {"no_body": True, "tags": _tags(problem.get("tags")), "rating": whole(problem.get("rating")), "solved": solved.get(identity)}
    return Record(
        SOURCE,
        page.site,
        native_id_of(identity),
        _address(identity),
        "problem",
        name,
        title=name,
        thread_id=identity,
        language="en",
        marks={key: value for key, value in marks.items() if value is not None},
        licence_evidence="the API grants no licence for its data",
    )


def _problem(page: Page, row: Mapping[str, Any]) -> Record | Dead:
    identity = _identity(str(row.get("id") or "")) or _identity(f"{row.get('contest_id')}/{row.get('index')}")
    if not identity:
        return Dead("no_identity", "no contest and index, by which a problem is known", str(row.get("id") or "")[:40])
    if not all(isinstance(row.get(name), str) and row[name].strip() for name in ("title", "description")):
        return Dead("no_text", "title or description is missing: the dataset does not hold every statement", identity)
    examples, tests = _pairs(row.get("examples")), _pairs(row.get("official_tests"))
    text = _statement(row, examples)
    _, images = links_and_images(text)
    whole_set = bool(tests) and row.get("official_tests_complete") is True
    tests = _kept(tests if whole_set else _together(examples, tests))
    stdin = not row.get("interaction_format") and row.get("input_mode") in (None, "", "stdio")
    marks: dict[str, Json] = {
        "tags": _tags(row.get("tags")),
        "rating": whole(row.get("rating")),
        "images": images or None,
        "tests": tests if stdin and tests else None,
        "examples": sum(1 for one, other in zip(tests, examples, strict=False) if one == other) or None,
        "tests_complete": True if stdin and whole_set else None,
        "several_outputs": True if row.get("generated_checker") else None,
    }
    address = _address(identity)
    granted = rights(page)
    attribution = page.context.get("attribution", "")
    return Record(
        SOURCE,
        page.site,
        identity,
        address,
        "problem",
        text,
        title=clean(row["title"]),
        thread_id=identity,
        created_at=from_epoch(row.get("contest_start")),
        language="en",
        marks={key: value for key, value in marks.items() if value is not None},
        attribution=f"{attribution}; {clean(row['title'])}, {address}" if attribution else "",
        **granted,
    )


def _statement(row: Mapping[str, Any], examples: list[list[str]]) -> str:
    """The problem as the site shows it: description, input, output, examples, note, limits."""
    parts = [str(row["description"])]
    for heading, name in (("Input", "input_format"), ("Output", "output_format"), ("Interaction", "interaction_format")):
        if isinstance(row.get(name), str) and row[name].strip():
            parts.append(f"{heading}\n\n{row[name].strip()}")
    parts += [f"Example input:\n```\n{given.strip()}\n```\nExample output:\n```\n{expected.strip()}\n```" for given, expected in examples]
    if isinstance(row.get("note"), str) and row["note"].strip():
        parts.append(f"Note\n\n{row['note'].strip()}")
    limits = [
        f"{label}: {row[name]:g} {unit}"
        for label, name, unit in (("Time limit", "time_limit", "s"), ("Memory limit", "memory_limit", "MB"))
        if isinstance(row.get(name), int | float) and not isinstance(row[name], bool)
    ]
    if limits:
        parts.append(". ".join(limits) + ".")
    return clean(_MATHEMATICS.sub(r"$\1$", "\n\n".join(parts)))


def _submission(page: Page, row: Mapping[str, Any]) -> Record | Dead:
    number = whole(row.get("submission_id"))
    index = row.get("problem_index") or row.get("index")
    identity = _identity(str(row.get("problem_id") or "")) or _identity(f"{row.get('contestId')}/{index}")
    if number is None or not identity:
        return Dead("no_identity", "no submission_id, or no problem that it is for", str(row.get("submission_id") or "")[:40])
    verdict = VERDICTS.get(str(row.get("verdict")))
    if verdict is None:
        return Dead("unmapped_literal", f"verdict {str(row.get('verdict'))[:40]!r}", str(number))
    language = row.get("programmingLanguage")
    if not isinstance(row.get("source"), str) or not isinstance(language, str) or not row["source"].strip():
        return Dead("no_text", "source or programmingLanguage is missing", str(number))
    program = without_comments(row["source"], language)
    if program is None:
        return Dead("unknown_language", f"comments of {language[:40]!r} cannot be told from the program", str(number))
    final = row.get("testset") == FINAL_TESTS
    passed = _count(row.get("passedTestCount")) if final else None
    marks: dict[str, Json] = {
        "verdict": verdict if final or verdict != "accepted" else "passed_pretests",
        "tests_passed": passed,
        "programming_language": clean(language),
    }
    return Record(
        SOURCE,
        page.site,
        str(number),
        f"https://codeforces.com/contest/{identity.partition('/')[0]}/submission/{number}",
        "submission",
        program,
        thread_id=identity,
        parent_id=identity,
        created_at=from_epoch(row.get("creationTimeSeconds")),
        language="en",
        marks={key: value for key, value in marks.items() if value is not None},
        licence=rights(page)["licence"],
        licence_evidence=rights(page)["licence_evidence"],
        export_class="id_only",
    )


def _identity(text: str) -> str:
    """``CONTEST/INDEX``; empty where the text names no problem."""
    match = _IDENTITY.fullmatch(text.strip())
    return f"{int(match[1])}/{match[2]}" if match else ""


def _address(identity: str) -> str:
    contest, _, index = identity.partition("/")
    return f"https://codeforces.com/problemset/problem/{contest}/{index}"


def _tags(value: object) -> list[str] | None:
    """The site's own topics; ``*special`` and the like say how a problem is judged."""
    tags = [clean(tag) for tag in value if isinstance(tag, str) and not tag.startswith("*")] if isinstance(value, list) else []
    return tags or None


def _count(value: object) -> int | None:
    """A count, which the dataset writes as a decimal number."""
    return int(value) if isinstance(value, float) and value.is_integer() and value >= 0 else whole(value)


def _pairs(value: object) -> list[list[str]]:
    if not isinstance(value, list):
        return []
    pairs = [(one.get("input"), one.get("output")) for one in value if isinstance(one, dict)]
    return [[given, expected] for given, expected in pairs if isinstance(given, str) and isinstance(expected, str)]


def _together(examples: list[list[str]], tests: list[list[str]]) -> list[list[str]]:
    return [*examples, *(test for test in tests if test not in examples)]


def _kept(tests: list[list[str]]) -> list[list[str]]:
    kept, left = [], MAX_TESTS_CHARS
    for test in tests:
        left -= sum(map(len, test))
        if left < 0:
            break
        kept.append(test)
    return kept
