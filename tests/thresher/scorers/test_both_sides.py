"""Every scorer on both sides: the key passes, a key that says something else never does, and silence fails.

Keys of our own making, and those of whole books where they are recorded.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scrapers.textbooks import Site, parse, read
from thresher.model import Candidate, Record
from thresher.rules import judge
from thresher.rules.exercises import options
from thresher.scorers.base import Task, task_of
from thresher.scorers.code import score
from thresher.scorers.keys import Parts, key_of
from thresher.scorers.quantities import Quantity

UNITS = ("m", "kg", "m/s", "m/s^{2}", "N", "kJ", "\\(\\Omega\\)", "%", "°C", "kg·m/s", "g/cm^{3}", "years", "apples")
NOUNS = ("river", "lantern", "granite", "violin", "harbour", "meadow", "copper", "thistle", "marble", "saddle")


def generated() -> Iterator[tuple[dict[str, Any], str, list[str]]]:
    """Columns of an item, its key as a response gives it, and keys that say something else."""
    rng = random.Random(7)
    for _ in range(60):  # numbers
        n = rng.randrange(-9999, 999_999)
        yield {"target": f"{n:,}"}, str(n), [str(n + 1), str(-n or 1), str(n * 10 or 1), f"{n + 0.5}"]
    for _ in range(60):  # measures
        value, unit = round(rng.uniform(1.0, 99.0), 2), rng.choice(UNITS)
        others = [
            f"{value * 1.1:.2f} {unit}",
            f"-{value:.2f} {unit}",
            f"{value:.2f} s^3",
            f"{value * 10:.2f} {unit}",
            f"{value:.2f}e3 {unit}",
        ]
        yield {"target": f"{value:.2f} {unit}"}, f"{value:.2f} {unit}", others
    for _ in range(40):  # parts
        one, two = rng.randrange(10, 99), rng.randrange(100, 999)
        key = "(a) {} N\n\n(b) {} m"
        yield {"target": key.format(one, two)}, f"(a) {one} N; (b) {two} m", [f"(a) {one} N; (b) {two + 9} m", f"(a) {two} N; (b) {one} m"]
    for _ in range(60):  # options
        shown = rng.sample(NOUNS, 4)
        right = rng.randrange(4)
        item = {"target": f"{'ABCD'[right]}) {shown[right]}", "choices": shown, "prompt": f"Which?\n\n{options(tuple(shown))}"}
        yield item, "ABCD"[right], ["ABCD"[(right + 1) % 4], shown[right - 1], "A or B", f"{'ABCD'[right - 2]}) {shown[right - 2]}"]
    for _ in range(20):  # words
        key, other = rng.sample(NOUNS, 2)
        yield {"target": key.title()}, f"The {key}.", [other, f"{key} or {other}", f"not {key}"]
    for _ in range(80):  # formulas
        a, b, c, n = (rng.randrange(2, 9) for _ in range(4))
        forms = {
            f"{a}x^{{{n}}}+{b}": (
                f"{b} + {a}x^{{{n}}}",
                [f"{a}x^{{{n}}}-{b}", f"{a}x^{{{n + 1}}}+{b}", f"{a + 1}x^{{{n}}}+{b}", f"{a}y^{{{n}}}+{b}"],
            ),
            f"(x+{a})(x-{b})": (f"(x - {b})(x + {a})", [f"(x-{a})(x+{b + 10})", f"(x+{a})(x-{b + 1})", f"(x+{a})"]),
            f"\\frac{{{a}\\sqrt{{{n}}}}}{{x+{c}}}": (
                f"{a}\\sqrt{{{n}}} / (x + {c})",
                [f"{a}\\sqrt{{{n}}}/x + {c}", f"\\frac{{\\sqrt{{{n + 1}}}}}{{x+{c}}}"],
            ),
            f"(-\\infty,{a}]": (f"(-\\infty, {a}]", [f"(-\\infty,{a})", f"[{a},\\infty)", f"(-\\infty,{a + 1}]"]),
            f"x = {a}, -{b + 9}": (f"x = {a}, x = -{b + 9}", [f"x = {a}", f"x = {a}, {b + 9}", f"x = {a + 1}, -{b + 9}"]),
        }
        key = rng.choice(list(forms))
        yield {"target": f"\\({key}\\)"}, forms[key][0], forms[key][1]


def task(item: dict[str, Any]) -> Task:
    prompt = item.pop("prompt", "What is it?")
    return task_of({"item_id": "i", "kind": "exercise", "key_status": "sourced", "messages": [{"role": "user", "content": prompt}], **item})


def test_of_320_keys_each_passes_none_passes_changed_and_silence_fails() -> None:
    seen: Counter[str] = Counter()
    for item, key, others in generated():
        made = task(dict(item))
        accepted = score(made, f"First 2 + 2 = 4, and A comes before B.\n\nANSWER: {key}")
        assert accepted.verdict == "pass", (item, key, accepted)
        seen[accepted.scorer] += 1
        for other in others:
            assert score(made, f"ANSWER: {other}").verdict != "pass", (item, other)
            assert score(made, f"It might be {key}.\n\nANSWER: {other}").verdict != "pass", (item, other)
        assert any(score(made, f"ANSWER: {other}").verdict == "fail" for other in others) or accepted.scorer == "words"
        for nothing in ("", " \n", f"<think>{key}</think>"):
            assert score(made, nothing).verdict == "fail"
        assert score(made, "I do not know.").verdict != "pass"
    assert sum(seen.values()) == 320
    assert set(seen) == {"quantity", "parts", "choice", "words", "formula"}


def changed(key: str) -> Iterator[str]:
    """A key with one digit or sign changed, so that it says something else."""
    for match in list(re.finditer(r"(?<![_\d.])(?<!_\{)\d+", key))[:3]:
        yield f"{key[: match.start()]}{(int(match[0][0]) + 1) % 9 + 1}{match[0][1:]}{key[match.end() :]}"
    if match := re.search(r"(?<=[\w)}])-(?=[\w(\\])", key):
        yield f"{key[: match.start()]}+{key[match.end() :]}"


SAME = re.compile(r"\(-1\)\^|\|[-+]|(?:^|\D)1\^|\^\{?0")
"""Where a changed sign or power may leave the value as it is."""


@pytest.mark.parametrize("book", ["college-physics-2e", "college-algebra-2e", "calculo-volumen-1"])
def test_keys_of_whole_books_pass_and_none_passes_changed(realdata: Path, rules: Any, book: str) -> None:
    folder = realdata / "textbooks" / f"openstax_{book}_cnxml"
    records = [r for page in read(folder, Site(name="b", repository="openstax/b")) for r in parse(page) if isinstance(r, Record)]
    candidates = [c for c in judge(records, rules) if isinstance(c, Candidate) and c.target]
    tried, wrong = Counter[str](), list[Any]()
    for number, candidate in enumerate(candidates):
        made = task_of(
            {"item_id": candidate.record_key, "messages": candidate.messages, "kind": candidate.kind, "target": candidate.target,
             "choices": candidate.choices, "language": candidate.language, "key_status": candidate.key_status}
        )  # fmt: skip
        key = key_of(made) if made.way != "choice" else None
        if made.way == "choice":
            if score(made, f"ANSWER: {made.answer}").verdict != "pass":
                wrong.append((candidate.target, "refused"))
            tried["choice"] += 1
        elif key is not None:
            kind = "parts" if isinstance(key, Parts) else "quantity" if isinstance(key, Quantity) else "formula"
            tried[kind] += 1
            answer = made.answer if made.way == "maths" else made.target
            lead = "" if isinstance(key, Parts) else "ANSWER: "
            if score(made, f"Working: 3 + 4 = 7.\n\n{lead}{answer}").verdict != "pass":
                wrong.append((answer, "refused"))
            if number % 10 == 0:
                others = [o for o in changed(answer) if not SAME.search(answer)]
                wrong += [(answer, o) for o in others if score(made, f"{lead}{o}").verdict == "pass"]
    assert sum(tried.values()) > 600
    assert sum(reason == "refused" for _, reason in wrong) <= 1
    assert [pair for pair in wrong if pair[1] != "refused"] == []
