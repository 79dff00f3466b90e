"""What persons accepted and rejected, as a probability for each item that it would be accepted. It orders the queue, and decides nothing.

A logistic regression on what is stored of each item before any person touched it, so that no verdict is explained by itself. The same items
and verdicts give the same probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Item = Mapping[str, Any]
Doubles = npt.NDArray[np.float64]

LEAST = 20
"""Verdicts of each sort, accepted and rejected, below which nothing is learned."""
FOLDS = 5
_PENALTY = 0.1
"""``C`` of scikit-learn: a strong prior for no effect, since there are dozens of verdicts and about as many columns. Set beforehand."""
_RARE = 3
"""A tag, source or other word is weighed from so many decided items on."""
_BINS = 5
_REASONS = 2
"""Reasons for and against that are shown."""

_DECLINES = (
    "i'm sorry", "i\u2019m sorry", "i can't ", "i can\u2019t ", "i cannot ", "as an ai", "unable to", "tut mir leid", "je suis désolé",
    "lo siento", "no puedo", "抱歉", "无法", "maaf",
)  # fmt: skip
"""How answers that decline begin, folded; a cue among others, which verdicts may weigh or not."""
_BEGINNING = 200
"""Characters of a text in which cues are looked for."""
_ASKING = ("?", "\uff1f", "\u061f")

NUMBERS = (
    "the reader's probability of a failure", "no reader's word", "how sure the reader is of the prompt",
    "how sure the reader is of the answer",
    "the signal of failure", "reports", "sources", "reports of its cluster", "items merged into it", "length of the prompt",
    "words of the prompt", "turns", "lines of the prompt", "a question mark at its end", "an address in the prompt", "share of letters",
    "length of the rubric", "length of the claim", "length of the key", "failing answers", "length of the failing answer",
    "an answer that declines",
)  # fmt: skip
_WORDS = {"kind": "kind", "tier": "evidence", "source": "source", "site": "site", "language": "language", "rule": "rule"}


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of items: ``numbers`` (items, ``len(NUMBERS)``), and the ``words`` of item i as places in ``names``, at
    ``places[starts[i]:starts[i + 1]]``."""

    ids: list[str]
    numbers: Doubles
    names: list[str]
    places: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def dense(self, rows: npt.NDArray[np.int64]) -> Doubles:
        """(rows, names) which words each of these items has."""
        made = np.zeros((len(rows), len(self.names)))
        for place, row in enumerate(rows.tolist()):
            made[place, self.places[self.starts[row] : self.starts[row + 1]]] = 1
        return made


def tabulate(items: Iterable[Item]) -> Table:
    """The table of items, as ``store.curating.items`` gives them, in the order of their ids."""
    ids, numbers, words, starts = [], [], [], [0]
    names: dict[str, int] = {}
    for item in sorted(items, key=lambda item: str(item["item_id"])):
        ids.append(item["item_id"])
        numbers.append(_numbers(item))
        words += [names.setdefault(word, len(names)) for word in _words(item)]
        starts.append(len(words))
    shaped = np.array(numbers, dtype=np.float64).reshape(len(ids), len(NUMBERS))
    return Table(ids, shaped, list(names), np.array(words, dtype=np.int64), np.array(starts, dtype=np.int64))


def _words(item: Item) -> list[str]:
    harvested = item["harvested"]
    words = [f"{name} {item[column]}" for column, name in _WORDS.items() if item[column]]
    return [*words, f"key {harvested['key_status']}", *dict.fromkeys(f"tag {tag}" for tag in harvested["tags"] or ())]


def _numbers(item: Item) -> tuple[float, ...]:
    harvested, report = item["harvested"], item["reports"][0] if item["reports"] else {}
    reading = item.get("reading") or {}
    prompt, rubric, target = str(harvested["messages"][-1]["content"]), harvested["rubric"] or "", harvested["target"] or ""
    beginning = prompt[:_BEGINNING]
    letters = sum(map(str.isalpha, beginning)) / max(1, len(beginning))
    failing = str(report["failing"][0]["text"]) if report.get("failing") else ""
    opening = failing[:_BEGINNING].casefold()
    claim = (report.get("claim") or {}).get("words") or {"text": ""}
    cluster = item["cluster"]["reports"] if item["cluster"] else 0
    counts = (item["report_count"], item["source_count"], cluster, len(item["merged"]), len(prompt), prompt.count(" "),
              len(harvested["messages"]), prompt.count("\n"))  # fmt: skip
    lengths = (len(rubric), len(claim["text"]), len(target))
    return (
        reading.get("fails") or 0.0, float(not reading), reading.get("prompt") or 0.0, reading.get("response") or 0.0,
        item["strength"] or 0.0, *map(math.log1p, counts), float(prompt.rstrip().endswith(_ASKING)), float("http" in beginning), letters,
        *map(math.log1p, lengths), float(bool(failing)), math.log1p(len(failing)), float(any(cue in opening for cue in _DECLINES)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bin:
    """Decided items that were given about the same probability by a model that had not seen their verdicts."""

    least: float
    most: float
    items: int
    expected: float
    """Mean of the probabilities."""
    accepted: int


@dataclass(frozen=True, slots=True)
class Learned:
    """Probabilities by item, and how far they can be trusted. Those of decided items come from the folds without them: a verdict does not
    show through its own item. ``brier`` is the mean squared error of these, ``base`` that of saying the share accepted of each."""

    accepted: int
    rejected: int
    brier: float
    base: float
    bins: tuple[Bin, ...]
    chances: Mapping[str, float]
    _table: Table
    _rows: Mapping[str, int]
    _middle: Doubles
    _scale: Doubles
    _weights: Doubles
    """Of the numbers, then of the words."""

    @property
    def share(self) -> float:
        """Of the decided items, those accepted."""
        return self.accepted / (self.accepted + self.rejected)

    def why(self, item_id: str) -> str:
        """The probability of an item with what speaks most for it and against it; empty for one that came later."""
        if (row := self._rows.get(item_id)) is None:
            return ""
        table, width = self._table, len(NUMBERS)
        terms = [*zip(NUMBERS, (table.numbers[row] - self._middle) / self._scale * self._weights[:width], strict=True)]
        terms += [(table.names[p], self._weights[width + p]) for p in table.places[table.starts[row] : table.starts[row + 1]].tolist()]
        terms.sort(key=lambda one: -abs(one[1]))
        parts = [f"{self.chances[item_id]:.0%} likely to be accepted, by {self.accepted + self.rejected:,} verdicts"]
        for sign, name in ((1, "for it"), (-1, "against it")):
            if chosen := [text for text, weight in terms if weight * sign > 0.05][:_REASONS]:
                parts.append(f"{name}: {', '.join(chosen)}")
        return "; ".join(parts)


def learn(table: Table, verdicts: Mapping[str, bool]) -> Learned | None:
    """What these verdicts (accepted or not, by item) say of all items; None where there are fewer than ``LEAST`` of either sort."""
    rows = {item_id: row for row, item_id in enumerate(table.ids)}
    decided = np.array([rows[item_id] for item_id in sorted(verdicts) if item_id in rows], dtype=np.int64)
    accepted = np.array([verdicts[table.ids[row]] for row in decided.tolist()], dtype=bool)
    if not enough(accepted.tolist()):
        return None
    words = table.dense(decided)
    common = words.sum(0) >= _RARE
    numbers = table.numbers[decided]
    middle, scale = numbers.mean(0), numbers.std(0)
    scale[scale < 1e-9] = np.inf  # a number that is the same everywhere says nothing
    columns = np.hstack([(numbers - middle) / scale, words * common])
    folds = _folds(accepted)
    left_out = np.empty(len(decided))
    for fold in range(FOLDS):
        weights, bias = _fit(columns[folds != fold], accepted[folds != fold])
        left_out[folds == fold] = _chance(columns[folds == fold] @ weights + bias)
    weights, bias = _fit(columns, accepted)
    scores = (table.numbers - middle) / scale @ weights[: len(NUMBERS)] + bias
    counts = np.diff(table.starts)
    scores += np.bincount(np.repeat(np.arange(len(table)), counts), weights[len(NUMBERS) :][table.places], len(table))
    chances = _chance(scores)
    chances[decided] = left_out
    share = float(accepted.mean())
    return Learned(
        int(accepted.sum()), int((~accepted).sum()), float(np.mean((left_out - accepted) ** 2)), share * (1 - share),
        _bins(left_out, accepted), dict(zip(table.ids, chances.tolist(), strict=True)), table, rows, middle, scale, weights,
    )  # fmt: skip


def enough(accepted: Sequence[bool]) -> bool:
    """Whether these verdicts suffice to learn from."""
    return min(sum(accepted), len(accepted) - sum(accepted)) >= LEAST


def told(accepted: Sequence[bool], learned: Learned | None) -> dict[str, Any]:
    """How many verdicts there are and how well what was learned of them is calibrated; without ``brier`` where they are too few."""
    counted = {"least": LEAST, "accepted": sum(accepted), "rejected": len(accepted) - sum(accepted)}
    if learned is None:
        return counted
    return counted | {"brier": learned.brier, "base": learned.base, "bins": [asdict(one) for one in learned.bins]}


def _fit(columns: Doubles, accepted: npt.NDArray[np.bool_]) -> tuple[Doubles, float]:
    from sklearn.linear_model import LogisticRegression  # seconds to import

    model = LogisticRegression(C=_PENALTY, max_iter=500).fit(columns, accepted)
    return model.coef_[0], float(model.intercept_[0])


def _chance(scores: Doubles) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -30, 30))))


def _folds(accepted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The fold of each decided item, by turns among those of its sort. Ids are hashes: their order is as good as one drawn by chance."""
    folds = np.empty(len(accepted), dtype=np.int64)
    for sort in (True, False):
        places = np.flatnonzero(accepted == sort)
        folds[places] = np.arange(len(places)) % FOLDS
    return folds


def _bins(chances: Doubles, accepted: npt.NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Equal widths; those without an item are left out."""
    numbers = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    return tuple(
        Bin(n / _BINS, (n + 1) / _BINS, int(inside.sum()), float(chances[inside].mean()), int(accepted[inside].sum()))
        for n in range(_BINS)
        if (inside := numbers == n).any()
    )
