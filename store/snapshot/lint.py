"""What is wrong with the rows of a snapshot, looked for before they leave: each finding with its item and what to do.

Rows are looked at as they are written, or as they lie in a frozen folder (an older thresher may have frozen it). What is compared between
rows are 64-bit hashes, so that a million rows take some tens of megabytes.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import xxhash
from ftfy.badness import is_bad

from store.snapshot.licences import family
from store.snapshot.registry import frozen_rows
from store.snapshot.tasks import config_of, way_of
from thresher.errors import StoreError
from thresher.redaction import redact
from thresher.scorers.ways import Way
from thresher.text import normalise

RULES: Final[dict[str, str]] = {
    "duplicate": "another row asks the same with the same key",
    "two_keys": "another row asks the same with another key: one of them is wrong, or both lack what tells them apart",
    "empty_input": "nothing is asked",
    "empty_target": "nothing is there to score an answer by",
    "constant_target": "nearly all rows of its configuration have this answer: who always gives it scores nearly full",
    "no_such_option": "the answer is the letter of no option",
    "broken_encoding": "letters were lost or read in another encoding than they were written in",
    "answer_leak": "the question tells its answer",
    "licence_missing": "its licence is missing, or does not belong in its configuration",
    "attribution_missing": "its licence asks for an attribution, and there is none",
    "personal_data": "holds an address, a number of a person, or a secret key",
}
"""What is looked for. A rule may be added; its name stands in manifests and is not given another meaning."""

FEWEST = 20
"""Of fewer rows nobody can say that their answers are constant."""
CONSTANT = 0.95
_LOST = re.compile("[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ANNOUNCED: Final = r"(?i)(?<!\w)(?:answer|solution|(?:answer )?key)\s*(?:is|:|=)[\s*`$\\(]*"
_ANNOUNCES = re.compile(_ANNOUNCED)
_TEXTS: Final = ("question", "input", "target", "answer", "rubric")


@dataclass(frozen=True, slots=True)
class Finding:
    """One row and what is wrong with it."""

    rule: str
    config: str
    item_id: str
    says: str

    @property
    def line(self) -> str:
        """For a person."""
        return f"{self.rule} {self.config}/{self.item_id}: {self.says}"


class SnapshotRefused(StoreError):
    """The snapshot does not leave; ``findings`` say why."""

    def __init__(self, message: str, findings: Sequence[Finding]) -> None:
        super().__init__(message)
        self.findings = tuple(findings)

    @property
    def listed(self) -> list[dict[str, str]]:
        """The findings, JSON-ready, with what each rule means."""
        return [{**asdict(one), "means": RULES[one.rule]} for one in self.findings]


@dataclass(slots=True)
class _Rows:
    """Of one configuration: who its rows are, and the hashes of what they ask and of their answers."""

    item_ids: list[str] = field(default_factory=list)
    asked: array[int] = field(default_factory=lambda: array("Q"))
    answers: array[int] = field(default_factory=lambda: array("Q"))
    spelled: dict[int, str] = field(default_factory=dict)
    """The first few answers as they are written, for the message."""

    def drop(self, item_ids: Collection[str]) -> None:
        """Forget these items."""
        stay = [n for n, item_id in enumerate(self.item_ids) if item_id not in item_ids]
        self.item_ids = [self.item_ids[n] for n in stay]
        self.asked, self.answers = (array("Q", (hashes[n] for n in stay)) for hashes in (self.asked, self.answers))


class Lint:
    """Looks at rows one by one, and in the end at all of them together."""

    def __init__(self, *, personal: bool = True) -> None:
        self._personal = personal
        self._rows: dict[str, _Rows] = {}
        self._single: list[Finding] = []

    def add(self, config: str, row: dict[str, Any]) -> None:
        """Look at a row. Those of ``ids`` have no text to look at."""
        way = way_of(config)
        if way is None:
            return
        item_id = row["item_id"]
        self._single += (Finding(rule, config, item_id, says) for rule, says in self._of_row(config, way, row))
        if way != "unkeyed":
            rows = self._rows.setdefault(config, _Rows())
            rows.item_ids.append(item_id)
            rows.asked.append(_hash("\n".join((normalise(row["input"]), *sorted(map(normalise, row["choices"]))))))
            answer = _hash(normalise(row["answer"]))
            rows.answers.append(answer)
            if len(rows.spelled) < FEWEST:
                rows.spelled.setdefault(answer, row["answer"])

    def drop(self, item_ids: Collection[str]) -> None:
        """Forget rows: they do not leave."""
        self._single = [one for one in self._single if one.item_id not in item_ids]
        for rows in self._rows.values():
            rows.drop(item_ids)

    def findings(self) -> list[Finding]:
        """All that is wrong, by rule and configuration."""
        together = [*self._repeated(), *self._constant()]
        return sorted([*self._single, *together], key=lambda one: (one.rule, one.config, one.item_id))

    def _of_row(self, config: str, way: Way, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
        texts = {name: row[name] for name in _TEXTS} | {f"option {n}": text for n, text in enumerate(row["choices"], 1)}
        if not row["input"].strip():
            yield "empty_input", "has no text; reject it, or complete its lead"
        if way != "unkeyed" and not row["answer"].strip():
            yield "empty_target", "has no answer; reject it: an empty one makes scorers call every response right"
        if way == "choice" and not 0 <= ord(row["answer"][:1] or "\0") - ord("A") < len(row["choices"]):
            yield "no_such_option", f"{row['answer'][:20]!r} of {len(row['choices'])} options; reject it"
        for name, text in texts.items():
            if broken := _broken(text):
                yield "broken_encoding", f"its {name} holds {broken}; harvest it anew from a whole file, or reject it"
                break
        if way != "preference" and _tells(row["question"] or row["input"], row["answer"]):
            yield "answer_leak", "its text holds the key; reject it"
        if config_of(family(row["licence"]), way) != config:
            yield "licence_missing", f"{row['licence'][:40]!r} in {config}; set the licence of its source, or its export_class to id_only"
        elif not row["attribution"].strip() and not row["licence"].lower().startswith(("cc0", "public-domain", "pddl")):
            yield "attribution_missing", f"{row['licence']} asks for one; harvest its source anew"
        if self._personal and (tags := _personal([*texts.values(), row["url"], row["attribution"]])):
            yield "personal_data", f"{', '.join(tags)}; freeze anew: it stays as an id then"

    def _repeated(self) -> Iterator[Finding]:
        """Rows that ask the same, in whichever configurations. Of those that agree the first by id may stay."""
        configs = [config for config, rows in self._rows.items() for _ in rows.item_ids]
        item_ids = [item_id for rows in self._rows.values() for item_id in rows.item_ids]
        asked = _joined(rows.asked for rows in self._rows.values())
        answers = _joined(rows.answers for rows in self._rows.values())
        order = np.argsort(asked, kind="stable")
        edges = np.flatnonzero(np.diff(asked[order])) + 1
        starts, ends = np.concatenate(([0], edges)), np.concatenate((edges, [len(order)]))
        for start, end in zip(*(places[ends - starts > 1].tolist() for places in (starts, ends)), strict=True):
            alike = sorted(order[start:end].tolist(), key=lambda n: (item_ids[n], configs[n]))
            agree = len({int(answers[n]) for n in alike}) == 1
            for n in alike[1:] if agree else alike:
                other = item_ids[alike[0] if n != alike[0] else alike[1]]
                says = f"asks the same as {other}{'' if agree else ' with another key'}; reject one"
                yield Finding("duplicate" if agree else "two_keys", configs[n], item_ids[n], says)

    def _constant(self) -> Iterator[Finding]:
        for config, rows in self._rows.items():
            if len(rows.item_ids) < FEWEST or way_of(config) == "judged":
                continue
            answer, count = Counter(rows.answers).most_common(1)[0]
            if count >= CONSTANT * len(rows.item_ids):
                says = f"{count:,} of {len(rows.item_ids):,} answers are {rows.spelled.get(answer, '')[:40]!r}; reject it, or bring others"
                yield from (
                    Finding("constant_target", config, item_id, says)
                    for item_id, own in zip(rows.item_ids, rows.answers, strict=True)
                    if own == answer
                )


def lint_folder(folder: Path) -> list[Finding]:
    """The rows of a frozen snapshot, as they lie on disk. A row without a column that is looked at was written by another format."""
    lint = Lint()
    for config, row in frozen_rows(folder):
        if way_of(config) is None:
            break  # and so have all that follow no text to look at
        try:
            lint.add(config, row)
        except (KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{folder / config}: has no column {error}: an earlier thresher froze it; freeze again") from None
    return lint.findings()


def refuse(name: str, findings: Sequence[Finding]) -> None:
    """SnapshotRefused where there are any."""
    if findings:
        counts = Counter(one.rule for one in findings)
        told = ", ".join(f"{rule} {n:,}" for rule, n in sorted(counts.items()))
        items = len({one.item_id for one in findings})
        raise SnapshotRefused(
            f"{name} does not leave: {items:,} {'item is' if items == 1 else 'items are'} not fit to ({told}); mend or reject them "
            "(`thresher verdict rejected ITEM`), or freeze without them (`thresher snapshot NAME --leave-out`)",
            findings,
        )


def _broken(text: str) -> str:
    if lost := _LOST.search(text):
        return f"U+{ord(lost[0]):04X}"
    return "letters of a wrong encoding" if not text.isascii() and is_bad(text) else ""


def _tells(asked: str, answer: str) -> bool:
    """Whether a question announces its key. That it holds it proves nothing: of "Is it true that ..." and "Determine whether ..." the key
    may repeat the question's own words."""
    if not answer.strip() or ("nswer" not in asked and "olution" not in asked and " key" not in asked) or not _ANNOUNCES.search(asked):
        return False  # a pattern for each answer is slow to make
    return re.search(rf"{_ANNOUNCED}{re.escape(answer.strip())}(?![\w.,]\w|\w)", asked) is not None


def _personal(texts: Iterable[str]) -> list[str]:
    tags: Counter[str] = Counter()
    for text in texts:
        tags.update(redact(text)[1])
    return sorted(tags)


def _hash(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


def _joined(parts: Iterable[array[int]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    arrays = [np.frombuffer(part, np.uint64) for part in parts if part]
    return np.concatenate(arrays) if arrays else np.empty(0, np.uint64)
