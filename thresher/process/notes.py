"""What stands out in a transcript, as far as code can tell: by structure first, by words where a claim is made.

Each check is meant to be silent where it is not sure. English words alone are taken for claims.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain

from rapidfuzz import fuzz

from thresher.process import claims
from thresher.process.steps import Note, NoteKind, Step, Transcript
from thresher.text import normalise

ALIKE = 92.0
"""RapidFuzz's ratio from which on two thoughts, or two queries with their words sorted, are one. Thoughts that differ in what
was learnt between them share fewer words; a query in another order or case shares all."""
_LEAST_WORDS = 8
"""Of a thought: shorter ones ("Let me look at the file.") are said again for good reasons."""
_SEARCH = re.compile(r"search|query|lookup|look_up|grep|browse|retriev", re.IGNORECASE)
_QUERY = ("query", "q", "search_query", "keywords", "pattern", "search", "input")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_ERROR = re.compile(
    r"^\s*(?:[\w.]*(?:Error|Exception)\b.{0,160}|error\b.{0,160}|Traceback \(most recent call last\)|fatal: .{0,160}|.{0,80}"
    r"(?:command not found|No such file or directory|Permission denied|timed out|HTTP (?:4|5)\d\d).{0,80})",
    re.IGNORECASE | re.MULTILINE,
)
_NOTICED = re.compile(
    r"error|fail|exception|not found|could ?n.t|can ?n.t|cannot|unable|did ?n.t|does ?n.t|missing|denied|timed? ?out|unfortunately|"
    r"problem|issue|instead|retry|try again|wrong|invalid",
    re.IGNORECASE,
)
_MOST_SHOWN = 200


def notes(run: Transcript) -> list[Note]:
    """In the order of the messages."""
    checks = (_repeated_calls, _repeated_thoughts, _ignored_errors, _empty_steps, claims.notes)
    return sorted(chain.from_iterable(check(run) for check in checks), key=lambda note: (note.step.message, note.begin))


def _repeated_calls(run: Transcript) -> Iterator[Note]:
    """A call that was made before and gave the same, with no new one between: after an edit, a test may well be run again."""
    last: dict[tuple[str, str], int] = {}
    newest = -1
    for place, step in enumerate(run.steps):
        if step.kind != "call":
            continue
        key = (step.tool, _canonical(step.text))
        before = last.get(key)
        if before is None:
            similar = _similar_search(step, [run.steps[other] for other in last.values()])
            if similar is not None:
                yield _whole("repeated search", step, "process.repeat.1", f"asks what message {similar.message} asked, in the same words")
            newest = place
        elif newest <= before and _gave(run, before) == _gave(run, place):
            why = f"as in message {run.steps[before].message}, with the same result and nothing new between"
            if _SEARCH.search(step.tool):
                yield _whole("repeated search", step, "process.repeat.1", why)
            else:
                yield _whole("repeated call", step, "tools.loops.1", why)
        last[key] = place


def _gave(run: Transcript, place: int) -> str | None:
    result = run.results.get(place)
    return None if result is None else normalise(result.text)


@cache
def _canonical(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), sort_keys=True)
    except ValueError:
        return arguments


def _similar_search(step: Step, before: list[Step]) -> Step | None:
    """An earlier search with the same words in other clothes, its other arguments alike: another page of hits is another search."""
    if not _SEARCH.search(step.tool):
        return None
    query, rest = _query(step)
    if not query:
        return None
    for other in before:
        asked, others = _query(other) if other.tool == step.tool else ("", "")
        if asked and others == rest and fuzz.token_sort_ratio(asked, query) >= ALIKE:
            return other
    return None


def _query(step: Step) -> tuple[str, str]:
    try:
        given = json.loads(step.text)
    except ValueError:
        return "", ""
    if not isinstance(given, dict):
        return "", ""
    name = next((name for name in _QUERY if isinstance(given.get(name), str)), "")
    rest = {key: value for key, value in given.items() if key != name}
    return normalise(given[name]) if name else "", json.dumps(rest, sort_keys=True)


def _repeated_thoughts(run: Transcript) -> Iterator[Note]:
    earlier: list[tuple[Step, str]] = []
    for step in run.of("thought", "said"):
        text = normalise(step.text)
        if step.kind == "thought" and (looped := _loop(step)):
            yield looped
        if len(text.split()) < _LEAST_WORDS:
            continue
        before = next((other for other, said in earlier if other.message != step.message and fuzz.ratio(said, text) >= ALIKE), None)
        if before is not None:
            yield _whole("repeated thought", step, "process.repeat.1", f"as in message {before.message}")
        earlier.append((step, text))


def _loop(step: Step) -> Note | None:
    """A sentence that stands in one thought three times. In answers choruses, lists and code repeat themselves rightly."""
    seen: dict[str, int] = {}
    for match in _SENTENCE.finditer(step.text):
        words = normalise(match[0])
        if len(words.split()) >= _LEAST_WORDS:
            seen[words] = seen.get(words, 0) + 1
            if seen[words] == 3:
                begin = match.start() + len(match[0]) - len(match[0].lstrip())
                return Note("repeated thought", step, begin, match.end(), "process.repeat.1", "the third time in one message")
    return None


def failed(result: Step) -> re.Match[str] | None:
    """Where a result says that the call failed; of one that the runner marks so, its beginning."""
    return _ERROR.search(result.text) or (re.match(r".{0,160}", result.text) if result.failed else None)


def _ignored_errors(run: Transcript) -> Iterator[Note]:
    """An error of which nothing that is thought or said afterwards speaks, and whose tool is not used with success afterwards."""
    for place, result in run.results.items():
        error = failed(result)
        if error is None:
            continue
        later = [step for step in run.of("thought", "said") if step.message > result.message]
        mended = any(
            run.steps[other].tool == run.steps[place].tool and answer.message > result.message and not failed(answer)
            for other, answer in run.results.items()
        )
        if later and not mended and not any(_NOTICED.search(step.text) for step in later):
            begin = error.start() + len(error[0]) - len(error[0].lstrip())
            why = f"{run.steps[place].tool or 'the tool'} failed, and nothing after it says so or tries again"
            yield Note("ignored error", result, begin, error.end(), "tools.errors.1", why)


def _empty_steps(run: Transcript) -> Iterator[Note]:
    for step in run.of("empty"):
        yield _whole("empty step", step, "process.step.1", "no word, no thought, no call")


def _whole(kind: NoteKind, step: Step, rule_id: str, why: str) -> Note:
    return Note(kind, step, 0, min(len(step.text), _MOST_SHOWN), rule_id, why)
