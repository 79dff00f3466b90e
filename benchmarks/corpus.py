"""Texts for a comparison of engines: background of the wanted size, with duplicates and near misses of known families planted in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.families import EASY, LONGEST, TUNED, Family
from benchmarks.held_back import HELD_BACK
from benchmarks.real_texts import Labelled
from dedupe.vectors import minilm
from thresher.text import normalise

PLANTED_SHARE = 0.03
"""Of all texts, for each kind that is planted."""
KINDS = ("exact", "typo", "format", "label", "truncation", "reworded", "tuned", "held back")
NEAR_MISSES = {"tuned", "held back"}


@dataclass(frozen=True, slots=True)
class Planted:
    """Two rows of a corpus that belong together (or, as near misses, must not be merged)."""

    kind: str
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """``texts[:known]`` are there before the night; the rest comes in one batch."""

    texts: list[str]
    known: int
    planted: list[Planted]
    real: int
    """How many of the texts are other people's, unchanged."""

    def write(self, folder: Path) -> None:
        """The known texts and the new ones in a file each, so that an engine that keeps what it knows need not read it."""
        for name, texts in (("known", self.texts[: self.known]), ("new", self.texts[self.known :])):
            (folder / f"{name}.json").write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, known: int, *, with_known: bool) -> Corpus:
        """The texts that ``write`` wrote, without what was planted; known texts that are not read are empty."""
        before = json.loads((folder / "known.json").read_text("utf-8")) if with_known else [""] * known
        return cls(before + json.loads((folder / "new.json").read_text("utf-8")), known, [], 0)


@cache
def vocabulary() -> tuple[str, ...]:
    """About 15,000 ordinary words: the model's own."""
    tokens = json.loads((minilm.model_dir() / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    return tuple(sorted(word for word in tokens if re.fullmatch(r"[a-z]{4,12}", word)))


_STEMS = (
    "Why does the {} of a {} depend on its {}?",
    "Write a {} {} about the {} and the {}.",
    "The model says that {} is {}, which is wrong since {} never {}.",
    "How many {} fit into a {} of {} {}?",
    "Explain {} to a {} who knows only {}.",
    "What is the difference between {} {} and {} {}?",
    "Given a {} with {} {}, find its {}.",
    "My {} keeps {} whenever the {} is {}; what should I do?",
    "Translate this: the {} {} by the {}.",
    "List the {} that a {} needs for {} in {}.",
)


def generated(chance: Random) -> Iterator[str]:
    """Requests in words drawn from the whole vocabulary, 6 to about 200 words long: no two are near each other by design."""
    words = vocabulary()
    while True:
        sentences = 1 + min(9, int(chance.expovariate(0.5)))
        parts = (re.sub(r"\{\}", lambda _: chance.choice(words), chance.choice(_STEMS)) for _ in range(sentences))
        yield " ".join((*parts, f"It concerns {chance.choice(words)} {chance.randint(2, 999)}."))


def spliced(texts: Sequence[str], chance: Random) -> Iterator[str]:
    """A sentence of one real text after a sentence of another, and a made-up one: denser than life."""
    sentences = [s for text in texts for s in re.split(r"(?<=[.?!])\s+", text) if 30 < len(s) < 300]
    made = generated(chance)
    while True:
        yield f"{chance.choice(sentences)} {chance.choice(sentences)} {next(made)}"


def changed(families: Sequence[Family], count: int, texts: Sequence[str], chance: Random) -> Iterator[tuple[str, str]]:
    """``count`` pairs, evenly from the families; on real texts where that can be, else on own ones."""
    for place, family in enumerate(families):
        wanted = count // len(families) + (place < count % len(families))
        found: list[tuple[str, str]] = []
        if family.real:
            tried = chance.sample(texts, min(len(texts), 20 * wanted))
            made = ((text, family.apply(text, chance)) for text in tried if 20 < len(text) <= LONGEST)
            found = list(islice(((a, b) for a, b in made if b), (wanted + 1) // 2))
        own = (pair for pair in family.own(chance))
        yield from found
        yield from islice(own, wanted - len(found))


def build(size: int, night: int, texts: Sequence[str], reworded: Sequence[Labelled], seed: int) -> Corpus:
    """``size`` texts; with ``night`` > 0 the last ``night`` of them come after the others, and each planted copy among them."""
    chance = Random(seed)
    count = int((night or size) * PLANTED_SHARE)
    by_kind: dict[str, list[tuple[str, str]]] = {
        "exact": [(text, text) for text in islice(iter(chance.sample(texts, len(texts)) if texts else generated(chance)), count)],
        **{family.name: list(changed((family,), count, texts, chance)) for family in EASY if family.name in KINDS},
        "reworded": [(pair.a, pair.b) for pair in chance.sample(list(reworded), min(count, len(reworded)))],
        "tuned": list(changed(TUNED, count, texts, chance)),
        "held back": list(changed(HELD_BACK, count, texts, chance)),
    }
    rows: dict[str, int] = {}
    firsts: list[str] = []
    seconds: list[tuple[str, str, int]] = []
    late: set[str] = set()
    for kind, pairs in by_kind.items():
        for a, b in pairs:
            if normalise(b) in late or (kind != "exact" and normalise(b) in rows) or normalise(a) in late:
                continue
            if normalise(a) not in rows:
                rows[normalise(a)] = len(firsts)
                firsts.append(a)
            if kind != "exact":
                late.add(normalise(b))
            seconds.append((kind, b, rows[normalise(a)]))
    plain = [text for text in chance.sample(texts, len(texts)) if normalise(text) not in rows and normalise(text) not in late]
    plain = list({normalise(text): text for text in plain}.values())
    rest = max(0, size - len(firsts) - len(seconds))
    real = plain[:rest]
    more = spliced(texts, chance) if texts else generated(chance)
    made = generated(chance)
    background = real + [next(more if chance.random() < 0.5 else made) for _ in range(rest - len(real))]
    chance.shuffle(background)
    fresh = max(0, night - len(seconds)) if night else 0
    before, after = (background[: len(background) - fresh], background[len(background) - fresh :]) if fresh else (background, [])
    known = firsts + before
    order = list(range(len(known)))
    chance.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    batch: list[tuple[str, tuple[str, int] | None]] = [(b, (kind, first)) for kind, b, first in seconds] + [(text, None) for text in after]
    chance.shuffle(batch)
    planted = [Planted(about[0], place[about[1]], len(known) + at) for at, (_, about) in enumerate(batch) if about]
    return Corpus([known[old] for old in order] + [text for text, _ in batch], len(known) if night else 0, planted, len(real))
