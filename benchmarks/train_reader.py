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
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parent))

import written_posts

from flows.line.reading import read_posts
from thresher.readers import measures
from thresher.readers.base import Post
from thresher.readers.features import Places, whole
from thresher.readers.kinds import KINDS, chances
from thresher.readers.learned import LIKELY, NUMBER_WEIGHT, SIGNAL_WEIGHT, LearnedReader, against, answer_curve, standardised
from thresher.readers.ngrams import BUCKETS, ngrams
from thresher.readers.ranking import Choice, relations
from thresher.readers.signals import signals
from thresher.readers.vectors import UniversalSentenceEncoder
from thresher.readers.weights import FILE, SHAPES, Curve, Thresholds, Weights, log_odds
from thresher.rules import Rules

Doubles = npt.NDArray[np.float64]

FOLDS = 5
DETECTOR_C = 10.0
NEWTON_STEPS = 25
COMMON = 20_000
"""Tokens are numbered by how common they are."""
BORDERLINE = 0.6
"""What a post weighs of which two readers might disagree."""
WEIGHTS = {"sample": 0.5, "written": 0.5}
"""What a post of the sample world or of benchmarks/labels/posts.txt weighs: the forms are many, the words one author's."""
RANKER_L2 = 0.3
RANKER_STEPS = 80
MAX_WRONG = 30
LISTWISE = 0.5
"""What the softmax weighs beside the pointwise model; both are linear, and so is their sum."""
POINTWISE_C = 3.0
RIGHT = 0.8
"""A span is right from this likeness to the labelled one on, as the scorer has it."""
OPEN = Thresholds(first=-99.0, second=-99.0, lead=0.0, item=0.0, prompt=0.0, response=0.0, kind=1.0)
FLAT = Curve(1.0, 0.0)
NEVER = -4.6
"""The log odds of one in a hundred."""


KIND_WORDS = (
    (
        "refusal",
        r"\brefus|lectur|blocked|censor|filter|evasive|no action allowed|will not edit|flags a|violation|crisis hotline|"
        r"removes a harmless|accuses the user",
    ),
    (
        "wrong_language",
        r"\b(?:in|to|into|only|from|for|always|replies in|switch to|drifts? to|english) (?:english|german|french|dutch|italian|"
        r"japanese|korean|polish|portuguese|spanish|chinese|thai|random languages)\b|language|mixes (?:korean|portuguese)|"
        r"leaves chinese",
    ),
    (
        "degenerate_output",
        r"repeat|endless|\bloops?\b|gibberish|garbage|word salad|nonsense|never stops|without end|unrelated (?:text|words|"
        r"passages|musings)|rambles|garbled|special token|keeps (?:inventing|emitting|generating)|random|symbols|gone on|"
        r"trails off|drifts into|broken sentences|half words|in circles|invented dialogue|self-introduction",
    ),
    (
        "fabrication",
        r"invent|made[- ]up|makes? up|fake|hallucinat|(?:not|never) exist|non-?existent|findable|backdated|false sights|"
        r"polar books",
    ),
    (
        "false_report",
        r"claims? |promises|says (?:it moved|all finished)|believes|reports green|announces|never made|insists edits|"
        r"no file changed|describes a fix without|still writes nothing|changes nothing|returns a to-do|outlines and excuses",
    ),
    (
        "calculation",
        r"\bsum\b|\bproduct of|quotient|division|\bcounts?\b|number of|arithmetic|divisor|difference|conversion|puzzle|riddle|"
        r"proof|squaring|fraction|\bmath|day of the week|days|totals|letter|syllable|\bprime|factor of|999|5\.21|anagram|"
        r"unit fraction|wrong moves|mate in one|spell",
    ),
    (
        "code_error",
        r"\bcode\b|\bscript|\bbugs?\b|wrong column|pagination|bracket|module|\bapp\b|formula|function|\bfix|screens|ui errors|"
        r"container|swiftui|regex",
    ),
    (
        "instruction_ignored",
        r"told|rules?\b|ignor|against|exceeds|instead of|instead|although|though|despite|limit|orders?\b|asked|instruction|"
        r"in place of|does not (?:follow|read)|continue|request|not fit|stop|skips|of (?:14|12|60|140)",
    ),
    (
        "factual_error",
        r"wrong|outdated|false|incorrect|untrue|says |inaccura|mistake|denies|thinks|errors|misspell|faulty|confident",
    ),
)
"""What a labeller's few words on a failure say of its kind, the first that fits."""


@dataclass(frozen=True)
class Sample:
    """A labelled post with everything that was computed of it."""

    row: Mapping[str, Any]
    post: Post
    signals: npt.NDArray[np.float32]
    vector: npt.NDArray[np.float32]
    places: Places
    prompt_likeness: Doubles
    response_likeness: Doubles

    @property
    def fails(self) -> bool:
        return bool(self.row["label"]["failure"])

    @property
    def kind(self) -> str:
        """The kind of its failure; empty where the label does not tell."""
        what = self.row["label"].get("what") or ""
        return next((kind for kind, pattern in KIND_WORDS if re.search(pattern, what, re.IGNORECASE)), "") if self.fails else ""


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
    reader = LearnedReader(empty(projection(vectors)), rules, vectors)
    made = []
    for row, read in zip(rows, read_posts(path, rules, None), strict=True):
        if read.record is None or read.outcome is None:
            raise SystemExit(f"{path}: the post {row.get('id')} cannot be read")
        post = Post(read.record, read.outcome)
        places = reader.places(post)
        label = row["label"]
        spans = [_likenesses(read.record, places, label[what] if label["failure"] else None) for what in ("prompt", "response")]
        measured = signals(post.record, post.outcome, rules)
        made.append(Sample(row, post, measured, vectors.encode([whole(post.record)])[0], places, *spans))
    return made


@cache
def projection(vectors: Any) -> npt.NDArray[np.float32]:
    """(DIM, MEANINGS) the directions in which the meanings of the encoder's commonest tokens differ most."""
    table = vectors.meanings(np.arange(COMMON)).astype(np.float64)
    table -= table.mean(0)
    _, directions = np.linalg.eigh(table.T @ table)
    kept = directions[:, ::-1][:, : measures.MEANINGS]
    return np.asarray(kept * np.sign(kept[np.abs(kept).argmax(0), np.arange(measures.MEANINGS)]), np.float32)


def more(paths: Sequence[Path], rules: Rules, vectors: Any) -> list[Sample]:
    """Posts that are learned from and on which nothing is measured: those that this project wrote, and those of ``paths``."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "written.jsonl"
        written_posts.write(written)
        return [s for path in (written, *paths) for s in samples(path, rules, vectors)]


def _likenesses(record: Any, looked: Places, gold: str | None) -> Doubles:
    places = looked.places
    if not gold:
        return np.zeros(len(places))
    return np.array([likeness((record.title if p.part == "title" else record.text)[p.start : p.end], gold) for p in places])


def empty(projected: npt.NDArray[np.float32] | None = None) -> Weights:
    """Weights that say nothing."""
    arrays = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    arrays["signal_scale"] += 1
    arrays["number_scale"] += 1
    if projected is not None:
        arrays["projection"] = projected
    return Weights(arrays, 0.0, 0.0, 0.0, dict.fromkeys(("first", "second", "fails", "prompt", "response", "paired"), FLAT), OPEN, "never")


class Corpus:
    """Posts with their n-grams and how alike these are, computed once for all folds."""

    def __init__(self, members: Sequence[Sample]) -> None:
        grams = ngrams([whole(s.post.record) for s in members])
        self.grams = sp.csr_matrix((grams.values, grams.buckets, grams.starts), shape=(len(members), BUCKETS))
        self.alike = (self.grams @ self.grams.T).toarray().astype(np.float64)
        self._rows = {id(s): row for row, s in enumerate(members)}

    def of(self, members: Sequence[Sample]) -> tuple[sp.csr_matrix, Doubles]:
        """The n-grams of some of the posts, and how alike these are."""
        rows = np.array([self._rows[id(s)] for s in members])
        return self.grams[rows], self.alike[np.ix_(rows, rows)]


def fit(members: Sequence[Sample], corpus: Corpus, vectors: Any) -> Weights:
    """Weights from these posts; curves and thresholds are not set."""
    fails = np.array([s.fails for s in members]).astype(float)
    weight = np.array([WEIGHTS.get(s.row["made"], BORDERLINE if s.row["label"]["borderline"] else 1.0) for s in members])
    grams, alike = corpus.of(members)
    measured = np.vstack([s.signals for s in members])
    mean, scale = measured.mean(0), measured.std(0) + 1e-3
    standard = standardised(measured, mean, scale) * SIGNAL_WEIGHT
    meant = np.vstack([s.vector for s in members]).astype(np.float64)
    first, first_bias = logistic(alike, fails, weight)
    second, second_bias = logistic(alike + standard @ standard.T, fails, weight)
    detector, bias = logistic(alike + standard @ standard.T + meant @ meant.T, fails, weight)
    arrays: dict[str, Any] = {
        "first_ngrams": (grams.T @ first).astype(np.float16),
        "second_ngrams": (grams.T @ second).astype(np.float16),
        "second_signals": second @ standard,
        "ngrams": (grams.T @ detector).astype(np.float16),
        "vector": detector @ meant,
        "signals": detector @ standard,
        "signal_mean": mean,
        "signal_scale": scale,
        "projection": projection(vectors),
    }
    failures = [s for s in members if s.fails and len(s.places.places) and s.row["made"] != "sample"]
    numbers = np.vstack([s.places.numbers for s in failures])
    arrays |= {"number_mean": numbers.mean(0), "number_scale": numbers.std(0) + 1e-3}
    for what in ("prompt", "response"):
        arrays |= rank(failures, what, arrays)
    arrays |= kinds(members, np.hstack((standard, meant)))
    return replace(
        empty(),
        arrays={name: np.asarray(arrays[name], np.float32) for name in SHAPES},
        bias=bias,
        first_bias=first_bias,
        second_bias=second_bias,
    )


def kinds(members: Sequence[Sample], table: Doubles) -> dict[str, Any]:
    """Each kind of failure against all others."""
    told = [i for i, s in enumerate(members) if s.kind]
    rows = table[told]
    fitted = [
        logistic(rows @ rows.T, np.array([members[i].kind == kind for i in told]).astype(float), np.ones(len(told))) for kind in KINDS
    ]
    return {"kinds": np.vstack([a @ rows for a, _ in fitted]), "kind_bias": np.array([bias for _, bias in fitted])}


def logistic(alike: Doubles, fails: Doubles, weight: Doubles) -> tuple[Doubles, float]:
    """(a, bias) of a logistic regression with L2 whose weights are ``a`` times the rows. There are far fewer posts than n-grams, so
    Newton's steps are taken over posts (Rasmussen and Williams, Gaussian Processes, algorithm 3.1)."""
    inner = alike + 1.0
    scores, a = np.zeros(len(fails)), np.zeros(len(fails))
    for _ in range(NEWTON_STEPS):
        chances = 1.0 / (1.0 + np.exp(-scores))
        curvature = DETECTOR_C * weight * chances * (1.0 - chances)
        root = np.sqrt(curvature)
        b = curvature * scores + DETECTOR_C * weight * (fails - chances)
        factor = cho_factor(np.eye(len(fails)) + root[:, None] * inner * root, lower=True)
        a = b - root * cho_solve(factor, root * (inner @ b))
        before, scores = scores, inner @ a
        if np.abs(scores - before).max() < 1e-4:
            break
    return a, float(a.sum())


def rank(members: Sequence[Sample], what: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The ranker's weights: a softmax over the places of each post and "none", by L-BFGS."""
    tables, contexts, goods, offsets, starts, nothings = [], [], [], [], [0], []
    for number, s in enumerate(members):
        places = s.places
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
        nothings.append(against(standardised(s.signals, arrays["signal_mean"], arrays["signal_scale"]), s.vector, 1.0))
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
    width, right = table.shape[1], good > 0
    turned = context.T.tocsr()

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores = table @ weights[:width] + context @ weights[width:-1] + weights[-1]
        off = 1.0 / (1.0 + np.exp(-np.clip(scores, -40, 40))) - right
        value = float(np.logaddexp(0.0, np.where(right, -scores, scores)).sum())
        gradient = np.concatenate((table.T @ off, turned @ off, [off.sum()]))
        return POINTWISE_C * value + 0.5 * float(weights @ weights), POINTWISE_C * gradient + weights

    start = np.zeros(width + context.shape[1] + 1)
    weights = np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": RANKER_STEPS}).x)
    return weights[:-1], float(weights[-1])


def _labelled_prompt(s: Sample) -> tuple[Any, str]:
    """The place of the labelled prompt, None where there is none, and the text that it stands in."""
    best = int(s.prompt_likeness.argmax())
    prompt = s.places.places[best] if s.prompt_likeness[best] >= RIGHT else None
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


def curve(scores: Doubles, right: npt.NDArray[Any]) -> Curve:
    """Platt: a logistic curve through scores of posts that were not trained on, with his targets, which keep few examples from certainty;
    where the scores say nothing, hardly ever right."""
    count = int(right.sum())
    if not 0 < count < len(right):
        return Curve(0.0, NEVER)
    target = np.where(right, (count + 1) / (count + 2), 1 / (len(right) - count + 2))
    twice, both = np.concatenate((scores, scores)).reshape(-1, 1), np.repeat([1, 0], len(scores))
    fitted = LogisticRegression(C=1e3, solver="lbfgs").fit(twice, both, sample_weight=np.concatenate((target, 1 - target)))
    return Curve(round(float(fitted.coef_[0, 0]), 6), round(float(fitted.intercept_[0]), 6))


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
    second: float
    score: float
    prompt: Choice | None
    response: Choice | None
    prompt_right: bool
    response_right: bool
    kinds: Doubles


def score(weights: Weights, members: Sequence[Sample], rules: Rules, vectors: Any) -> list[Scored]:
    """The raw scores of posts."""
    reader = LearnedReader(weights, rules, vectors)
    grams = ngrams([whole(s.post.record) for s in members])
    first, second, last = (grams.dot(weights.arrays[name]) for name in ("first_ngrams", "second_ngrams", "ngrams"))
    made = []
    for i, s in enumerate(members):
        standard = reader.standard(s.signals)
        total = reader.score(float(last[i]), standard, s.vector)
        nothing = against(standard, s.vector, 1.0)
        prompt = reader._prompt(s.places, nothing)
        response = reader._response(s.places, nothing, prompt.place if prompt and prompt.score > LIKELY else None, s.post.record)
        made.append(
            Scored(
                s,
                float(first[i]) + weights.first_bias,
                float(second[i]) + reader.weighed(standard, "second_signals") + weights.second_bias,
                total,
                prompt,
                response,
                prompt is not None and bool(s.prompt_likeness[prompt.index] >= RIGHT),
                response is not None and bool(s.response_likeness[response.index] >= RIGHT),
                chances(standard * SIGNAL_WEIGHT, s.vector, weights.arrays),
            )
        )
    return made


def calibrated(weights: Weights, scored: Sequence[Scored]) -> Weights:
    """The same weights with curves and thresholds from scores of posts that were left out."""
    fails = np.array([s.sample.fails for s in scored])
    steps = {"first": [s.first for s in scored], "second": [s.second for s in scored], "fails": [s.score for s in scored]}
    curves = {name: curve(np.array(scores), fails) for name, scores in steps.items()}
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
    lead = precise(probability, fails, LEAD_PRECISION)
    kept = [s for s, taken in zip(scored, fails & (probability >= lead), strict=True) if taken]
    prompts = np.array([curves["prompt"](s.prompt.score) if s.prompt else 0.0 for s in scored])
    joint = np.array([log_odds(p) + log_odds(q) for p, q in zip(probability, prompts, strict=True)])
    possible = (prompts >= PROMPT_LEAST) & (probability >= lead / 2)
    item = precise(joint[possible], fails[possible], ITEM_PRECISION)
    answers = [s for s, taken in zip(scored, possible & (joint >= item), strict=True) if taken and s.response]
    sure = np.array([curves[answer_curve(s.prompt, s.response)](s.response.score) for s in answers if s.response])
    response = precise(sure, np.array([s.response_right for s in answers]), RESPONSE_PRECISION)
    told = [s for s in scored if s.sample.kind]
    kind = precise(
        np.array([s.kinds.max() for s in told]), np.array([KINDS[s.kinds.argmax()] == s.sample.kind for s in told]), KIND_PRECISION
    )
    loss = int(len(kept) * STEP_LOSS)
    first, second = (sorted(getattr(s, step) for s in kept)[loss] for step in ("first", "second"))
    return Thresholds(round(first, 4), round(second, 4), round(lead, 4), round(item, 4), PROMPT_LEAST, round(response, 4), round(kind, 4))


LEAD_PRECISION = 0.78
ITEM_PRECISION = 0.89
PROMPT_LEAST = 0.25
"""Of prompts below it, left out by thread, fewer than one in ten were right: such a post is a lead."""
STEP_LOSS = 0.01
RESPONSE_PRECISION = 0.85
KIND_PRECISION = 0.7


def left_out(
    everything: Sequence[Sample],
    groups: Sequence[npt.NDArray[np.int64]],
    rules: Rules,
    vectors: Any,
    also: Sequence[Sample] = (),
    corpus: Corpus | None = None,
) -> list[Scored]:
    """Each group scored by weights from all others and from ``also``, in the order of ``everything``."""
    corpus = corpus or Corpus([*everything, *also])
    made: dict[int, Scored] = {}
    for group in groups:
        inside = set(group.tolist())
        threads = {everything[i].row["thread"] for i in inside}
        weights = fit(
            [*(s for i, s in enumerate(everything) if i not in inside and s.row["thread"] not in threads), *also], corpus, vectors
        )
        made.update(zip(group.tolist(), score(weights, [everything[i] for i in group.tolist()], rules, vectors), strict=True))
    return [made[i] for i in sorted(made)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--config", type=Path, default=Path("config"))
    parser.add_argument(
        "--also",
        type=Path,
        nargs="*",
        default=[],
        help="more posts to learn from, on which nothing is measured (benchmarks/sample_labelled.py)",
    )
    args = parser.parse_args()
    rules, vectors = Rules.load(args.config / "rules.toml"), UniversalSentenceEncoder()
    everything = samples(args.labelled, rules, vectors)
    also = more(args.also, rules, vectors)
    corpus = Corpus([*everything, *also])
    scored = left_out(everything, folds([s.row["thread"] for s in everything]), rules, vectors, also, corpus)
    weights = calibrated(fit([*everything, *also], corpus, vectors), scored)
    weights = replace(weights, made=f"{len(everything)} + {len(also)} posts")
    weights.save(args.out)
    print(f"{args.out}: {args.out.stat().st_size} bytes; {weights.thresholds}")


if __name__ == "__main__":
    main()
