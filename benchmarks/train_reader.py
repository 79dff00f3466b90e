"""Train the learned reader from labelled posts.

    python benchmarks/train_reader.py LABELLED.jsonl [--out thresher/readers/reader.npz]

LABELLED holds one post a line (``id``, ``kind``, ``thread``, ``role``, ``title``, ``text``, ``lang`` and ``label``, see
docs/reading.md). The same posts give the same weights, byte for byte. Thresholds are read off scores of posts that were left out of
training, five folds by thread; nothing but sums over hashed n-grams is written.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from flows.line.reading import read_posts
from thresher.readers import measures
from thresher.readers.base import Post
from thresher.readers.features import whole
from thresher.readers.learned import LIKELY, NUMBER_WEIGHT, SIGNAL_WEIGHT, LearnedReader, Looked, answer_curve, standardised
from thresher.readers.ngrams import BUCKETS, ngrams
from thresher.readers.ranking import Choice, relations
from thresher.readers.vectors import UniversalSentenceEncoder
from thresher.readers.weights import FILE, SHAPES, Curve, Thresholds, Weights, log_odds
from thresher.rules import Rules

Doubles = npt.NDArray[np.float64]

FOLDS = 5
DETECTOR_C = 10.0
FIRST_C = 10.0
BORDERLINE = 0.6
"""What a post weighs of which two readers might disagree."""
ALSO = 0.5
"""What a post of the sample world weighs: its forms are many, its words are one author's."""
RANKER_L2 = 0.3
RANKER_STEPS = 80
MAX_WRONG = 50
LISTWISE = 0.5
"""What the softmax weighs beside the pointwise model; both are linear, and so is their sum."""
POINTWISE_C = 3.0
RIGHT = 0.8
"""A span is right from this likeness to the labelled one on, as the scorer has it."""
OPEN = Thresholds(first=-99.0, lead=0.0, item=0.0, prompt=0.0, response=0.0)
FLAT = Curve(1.0, 0.0)
NEVER = -4.6
"""The log odds of one in a hundred."""


@dataclass(frozen=True)
class Sample:
    """A labelled post with everything that was computed of it."""

    row: Mapping[str, Any]
    post: Post
    looked: Looked
    prompt_likeness: Doubles
    response_likeness: Doubles

    @property
    def fails(self) -> bool:
        return bool(self.row["label"]["failure"])


def norm(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", (text or "").lower())


def likeness(a: str | None, b: str | None) -> float:
    """How much of both is the same, 0 to 1, letters and digits alone."""
    a, b = norm(a), norm(b)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    if 2 * min(len(a), len(b)) / (len(a) + len(b)) < 0.5:
        return 0.0
    least = min(4, len(a), len(b))
    same = sum(m.size for m in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks() if m.size >= least)
    return 2 * same / (len(a) + len(b))


def samples(path: Path, rules: Rules, vectors: Any) -> list[Sample]:
    """The labelled posts of a file, measured and embedded."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    reader = LearnedReader(empty(), rules, vectors)
    made = []
    for row, read in zip(rows, read_posts(path, rules, None), strict=True):
        if read.record is None or read.outcome is None:
            raise SystemExit(f"{path}: the post {row.get('id')} cannot be read")
        post = Post(read.record, read.outcome)
        looked = reader.look(post)
        label = row["label"]
        spans = [_likenesses(read.record, looked, label[what] if label["failure"] else None) for what in ("prompt", "response")]
        made.append(Sample(row, post, looked, *spans))
    return made


def _likenesses(record: Any, looked: Looked, gold: str | None) -> Doubles:
    places = looked.places.places
    if not gold:
        return np.zeros(len(places))
    return np.array([likeness((record.title if p.part == "title" else record.text)[p.start : p.end], gold) for p in places])


def empty() -> Weights:
    """Weights that say nothing."""
    arrays = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    arrays["signal_scale"] += 1
    arrays["number_scale"] += 1
    return Weights(arrays, 0.0, 0.0, dict.fromkeys(("first", "fails", "prompt", "response", "paired"), FLAT), OPEN, "never")


def grams_of(members: Sequence[Sample]) -> sp.csr_matrix:
    grams = ngrams([whole(s.post.record) for s in members])
    return sp.csr_matrix((grams.values, grams.buckets, grams.starts), shape=(len(members), BUCKETS))


def fit(members: Sequence[Sample]) -> Weights:
    """Weights from these posts; curves and thresholds are not set."""
    fails = np.array([s.fails for s in members]).astype(int)
    weight = np.array([ALSO if s.row["made"] == "sample" else BORDERLINE if s.row["label"]["borderline"] else 1.0 for s in members])
    grams = grams_of(members)
    signals = np.vstack([s.looked.signals for s in members])
    mean, scale = signals.mean(0), signals.std(0) + 1e-3
    standard = standardised(signals, mean, scale)
    vectors = np.vstack([s.looked.vector for s in members])
    table = sp.hstack([grams, sp.csr_matrix(vectors), sp.csr_matrix(standard * SIGNAL_WEIGHT)]).tocsr()
    detector = LogisticRegression(C=DETECTOR_C, solver="liblinear", random_state=0).fit(table, fails, sample_weight=weight)
    first = LogisticRegression(C=FIRST_C, solver="liblinear", random_state=0).fit(grams, fails, sample_weight=weight)
    coefficients = detector.coef_[0]
    arrays: dict[str, Any] = {
        "first_ngrams": first.coef_[0].astype(np.float16),
        "ngrams": coefficients[:BUCKETS].astype(np.float16),
        "vector": coefficients[BUCKETS : BUCKETS + 512].astype(np.float32),
        "signals": coefficients[BUCKETS + 512 :].astype(np.float32),
        "signal_mean": mean,
        "signal_scale": scale,
    }
    failures = [s for s in members if s.fails and len(s.looked.places.places) and s.row["made"] != "sample"]
    numbers = np.vstack([s.looked.places.numbers for s in failures])
    arrays |= {"number_mean": numbers.mean(0), "number_scale": numbers.std(0) + 1e-3}
    for what in ("prompt", "response"):
        arrays |= rank(failures, what, arrays)
    base = empty()
    return replace(
        base,
        arrays={name: np.asarray(arrays[name], np.float32) for name in SHAPES},
        bias=float(detector.intercept_[0]),
        first_bias=float(first.intercept_[0]),
    )


def rank(members: Sequence[Sample], what: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The ranker's weights: a softmax over the places of each post and "none", by L-BFGS."""
    tables, contexts, goods, offsets, starts, nothings = [], [], [], [], [0], []
    for number, s in enumerate(members):
        places = s.looked.places
        like = s.prompt_likeness if what == "prompt" else s.response_likeness
        table = standardised(places.numbers, arrays["number_mean"], arrays["number_scale"]) * NUMBER_WEIGHT
        allowed = np.ones(len(like), np.bool_)
        if what == "response":
            extra, barred = relations(places, *_labelled_prompt(s))
            table, allowed = np.hstack((table, extra)), ~barred
        kept, offset = _drawn(like, allowed, number)
        counts = np.diff(places.starts)
        weights = np.repeat(1.0 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
        context = sp.csr_matrix((weights, places.buckets, places.starts), shape=(len(like), 1 << measures.CONTEXT_BITS))
        tables.append(table[kept])
        contexts.append(context[kept])
        goods.append(np.where(like >= RIGHT, (like - 0.6) ** 2, 0.0)[kept])
        offsets.append(offset)
        starts.append(starts[-1] + len(kept))
        standard = standardised(s.looked.signals, arrays["signal_mean"], arrays["signal_scale"]) * SIGNAL_WEIGHT
        nothings.append(np.concatenate((standard, [1.0, 1.0])))
    table, context, likes = np.vstack(tables), sp.vstack(contexts).tocsr(), np.concatenate(goods)
    listwise = _softmax(table, context, likes, np.concatenate(offsets), np.array(starts), np.vstack(nothings))
    pointwise, shift = _pointwise(table, context, likes)
    numbers = pointwise[: table.shape[1]] + LISTWISE * listwise[0]
    hashed = pointwise[table.shape[1] :] + LISTWISE * listwise[1]
    nothing = LISTWISE * listwise[2]
    nothing[-1] -= shift
    return {f"{what}_numbers": numbers, f"{what}_context": hashed.astype(np.float16), f"{what}_none": nothing}


def _pointwise(table: Doubles, context: sp.csr_matrix, good: Doubles) -> tuple[Doubles, float]:
    """Each place by itself, right or wrong: less sharp inside a post than the softmax, and surer of which posts hold one."""
    both = sp.hstack([sp.csr_matrix(table), context]).tocsr()
    model = LogisticRegression(C=POINTWISE_C, solver="liblinear", random_state=0).fit(both, (good > 0).astype(int))
    return model.coef_[0], float(model.intercept_[0])


def _labelled_prompt(s: Sample) -> tuple[Any, str]:
    """The place of the labelled prompt, None where there is none, and the text that it stands in."""
    best = int(s.prompt_likeness.argmax())
    prompt = s.looked.places.places[best] if s.prompt_likeness[best] >= RIGHT else None
    record = s.post.record
    return prompt, record.title if prompt and prompt.part == "title" else record.text


def _drawn(like: Doubles, allowed: npt.NDArray[np.bool_], number: int) -> tuple[npt.NDArray[np.int64], Doubles]:
    """Which places are trained on: the right ones and at most MAX_WRONG others, which then stand for all (by the logarithm of how many)."""
    right = np.flatnonzero(allowed & (like >= RIGHT))
    wrong = np.flatnonzero(allowed & (like < RIGHT))
    drawn = wrong if len(wrong) <= MAX_WRONG else np.sort(np.random.default_rng(number).choice(wrong, MAX_WRONG, replace=False))
    kept = np.concatenate((right, drawn))
    stands_for = np.log(len(wrong) / len(drawn)) if len(drawn) else 0.0
    return kept, np.concatenate((np.zeros(len(right)), np.full(len(drawn), stands_for)))


def _softmax(
    table: Doubles, context: sp.csr_matrix, good: Doubles, offset: Doubles, starts: npt.NDArray[np.int64], nothing: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    """Minimise, over posts, -log of the probability of the right places (of "none" where none is right), and L2."""
    width, ends, posts = table.shape[1], table.shape[1] + context.shape[1], len(starts) - 1
    owner = np.repeat(np.arange(posts), np.diff(starts))
    sums = np.bincount(owner, good, posts)
    share = np.where(sums[owner] > 0, good / np.maximum(sums[owner], 1e-9), 0.0)
    none_right = (sums == 0).astype(float)
    turned = context.T.tocsr()

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores = table @ weights[:width] + context @ weights[width:ends] + offset
        none = nothing @ weights[ends:]
        top = np.maximum(none, np.maximum.reduceat(scores, starts[:-1]))
        mass, none_mass = np.exp(scores - top[owner]), np.exp(none - top)
        total = np.bincount(owner, mass, posts) + none_mass
        chances, none_chances = mass / total[owner], none_mass / total
        value = -float((share * np.log(np.maximum(chances, 1e-12))).sum() + (none_right * np.log(np.maximum(none_chances, 1e-12))).sum())
        off = chances - share
        gradient = np.concatenate((table.T @ off, turned @ off, nothing.T @ (none_chances - none_right)))
        return value + RANKER_L2 * float(weights @ weights), gradient + 2 * RANKER_L2 * weights

    start = np.zeros(ends + nothing.shape[1])
    found = np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": RANKER_STEPS}).x)
    return found[:width], found[width:ends], found[ends:]


def curve(scores: Doubles, right: npt.NDArray[Any], weights: Doubles | None = None) -> Curve:
    """Platt: a logistic curve through scores of posts that were not trained on; where those say nothing, hardly ever right."""
    if len(set(right.tolist())) < 2:
        return Curve(0.0, NEVER)
    fitted = LogisticRegression(C=1e3, solver="lbfgs").fit(scores.reshape(-1, 1), right.astype(int), sample_weight=weights)
    return Curve(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def folds(groups: Sequence[str], count: int = FOLDS) -> list[npt.NDArray[np.int64]]:
    """Indices of each fold; a group is in one alone. Groups are dealt out by size, then by name, so that the folds are always the same."""
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    dealt: list[list[int]] = [[] for _ in range(count)]
    for _, indices in sorted(members.items(), key=lambda pair: (-len(pair[1]), norm(pair[0])[::-1], pair[0])):
        min(dealt, key=len).extend(indices)
    return [np.array(sorted(fold), np.int64) for fold in dealt]


@dataclass(frozen=True)
class Scored:
    """What weights that never saw a post say of it."""

    sample: Sample
    first: float
    score: float
    prompt: Choice | None
    response: Choice | None
    prompt_right: bool
    response_right: bool


def score(weights: Weights, members: Sequence[Sample], rules: Rules, vectors: Any) -> list[Scored]:
    """The raw scores of posts."""
    reader = LearnedReader(weights, rules, vectors)
    grams = ngrams([whole(s.post.record) for s in members])
    first = grams.dot(weights.arrays["first_ngrams"]) + weights.first_bias
    second = grams.dot(weights.arrays["ngrams"])
    made = []
    for i, s in enumerate(members):
        standard = standardised(s.looked.signals, weights.arrays["signal_mean"], weights.arrays["signal_scale"])
        total = (
            float(second[i])
            + float(s.looked.vector.astype(np.float64) @ weights.arrays["vector"])
            + float(standard @ weights.arrays["signals"]) * SIGNAL_WEIGHT
        )
        nothing = np.concatenate((standard * SIGNAL_WEIGHT, [1.0, 1.0]))
        prompt = reader._prompt(s.looked.places, nothing)
        response = reader._response(s.looked.places, nothing, prompt.place if prompt and prompt.score > LIKELY else None, s.post.record)
        made.append(
            Scored(
                s,
                float(first[i]),
                total + weights.bias,
                prompt,
                response,
                prompt is not None and bool(s.prompt_likeness[prompt.index] >= RIGHT),
                response is not None and bool(s.response_likeness[response.index] >= RIGHT),
            )
        )
    return made


def calibrated(weights: Weights, scored: Sequence[Scored]) -> Weights:
    """The same weights with curves and thresholds from scores of posts that were left out."""
    fails = np.array([s.sample.fails for s in scored])
    curves = {"first": curve(np.array([s.first for s in scored]), fails), "fails": curve(np.array([s.score for s in scored]), fails)}
    chosen = {"prompt": [(s.prompt.score, s.prompt_right) for s in scored if s.sample.fails and s.prompt], "response": [], "paired": []}
    for s in scored:
        if s.sample.fails and s.response:
            chosen[answer_curve(s.prompt, s.response)].append((s.response.score, s.response_right))
    for what, pairs in chosen.items():
        curves[what] = curve(np.array([c for c, _ in pairs]), np.array([r for _, r in pairs]))
    return replace(weights, curves=curves, thresholds=thresholds(scored, curves))


def precise(values: Doubles, right: npt.NDArray[Any], least: float) -> float:
    """The lowest value from which on at least this share is right."""
    order = np.argsort(-values, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shares >= least)
    return float(values[order][enough[-1]]) if len(enough) else float(values.max()) + 1e-6


def thresholds(scored: Sequence[Scored], curves: Mapping[str, Curve]) -> Thresholds:
    """See docs/reading.md."""
    fails = np.array([s.sample.fails for s in scored])
    probability = np.array([curves["fails"](s.score) for s in scored])
    first = np.array([s.first for s in scored])
    lead = precise(probability, fails, LEAD_PRECISION)
    kept = np.sort(first[fails & (probability >= lead)])
    prompts = np.array([curves["prompt"](s.prompt.score) if s.prompt else 0.0 for s in scored])
    joint = np.array([log_odds(p) + log_odds(q) for p, q in zip(probability, prompts, strict=True)])
    possible = (prompts >= PROMPT_LEAST) & (probability >= lead / 2)
    item = precise(joint[possible], fails[possible], ITEM_PRECISION)
    answers = [s for s, taken in zip(scored, possible & (joint >= item), strict=True) if taken and s.response]
    sure = np.array([curves[answer_curve(s.prompt, s.response)](s.response.score) for s in answers if s.response])
    response = precise(sure, np.array([s.response_right for s in answers]), RESPONSE_PRECISION)
    first_least = float(kept[int(len(kept) * FIRST_LOSS)])
    return Thresholds(round(first_least, 4), round(lead, 4), round(item, 4), PROMPT_LEAST, round(response, 4))


LEAD_PRECISION = 0.79
ITEM_PRECISION = 0.89
PROMPT_LEAST = 0.15
FIRST_LOSS = 0.01
RESPONSE_PRECISION = 0.85


def left_out(
    everything: Sequence[Sample], groups: Sequence[npt.NDArray[np.int64]], rules: Rules, vectors: Any, also: Sequence[Sample] = ()
) -> list[Scored]:
    """Each group scored by weights from all others and from ``also``, in the order of ``everything``."""
    made: dict[int, Scored] = {}
    for group in groups:
        inside = set(group.tolist())
        threads = {everything[i].row["thread"] for i in inside}
        weights = fit([*(s for i, s in enumerate(everything) if i not in inside and s.row["thread"] not in threads), *also])
        made.update(zip(group.tolist(), score(weights, [everything[i] for i in group.tolist()], rules, vectors), strict=True))
    return [made[i] for i in sorted(made)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--config", type=Path, default=Path("config"))
    parser.add_argument("--also", type=Path, help="more posts to learn from, on which nothing is measured (benchmarks/sample_labelled.py)")
    args = parser.parse_args()
    rules, vectors = Rules.load(args.config / "rules.toml"), UniversalSentenceEncoder()
    everything = samples(args.labelled, rules, vectors)
    also = samples(args.also, rules, vectors) if args.also else []
    scored = left_out(everything, folds([s.row["thread"] for s in everything]), rules, vectors, also)
    weights = calibrated(fit([*everything, *also]), scored)
    weights = replace(weights, made=f"{len(everything)} + {len(also)} posts")
    weights.save(args.out)
    print(f"{args.out}: {args.out.stat().st_size} bytes; {weights.thresholds}")


if __name__ == "__main__":
    main()
