"""How far a judge agrees with people: rates with intervals, and whether it may decide alone.

A positive is an answer that a person passes. Intervals of rates are Wilson's, those of kappa percentiles of a bootstrap over the answers,
both of 95 %. Observed pass rates are corrected after Rogan and Gladen (1978).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from thresher.scorers.base import Verdict
from thresher.shares import wilson

LEAST_KAPPA: Final = 0.7
LEAST_RATE: Final = 0.9
"""From which agreement on a judge may gate (the bars that practitioners use for a set that was used once)."""
LEAST_ANSWERS: Final = 30
"""Of those that people pass, and of those that they fail: of fewer no rate can be told."""
_RESAMPLES: Final = 2000

_CLASSES: Final[dict[str | None, int]] = {"pass": 0, "fail": 1}
Counts = npt.NDArray[np.float64]
Pair = tuple[Verdict, Verdict | None]
"""What a person says, and what the judge says."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval of 95 %; None where there is nothing to take it of."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """``tpr`` and ``tnr`` are the shares of passes and of fails of people that the judge gives too; what it leaves open or calls borderline
    counts as not given. ``kappa`` is Cohen's, over pass, fail and everything else. ``open`` are answers without a verdict."""

    answers: int
    passes: int
    fails: int
    open: int
    tpr: Estimate | None
    tnr: Estimate | None
    kappa: Estimate | None
    observed: float | None
    corrected: Estimate | None

    @property
    def why_not(self) -> tuple[str, ...]:
        """Why the judge may not gate; empty where it may."""
        reasons = [
            f"only {n} answers that people {verdict}; {LEAST_ANSWERS} are the least"
            for n, verdict in ((self.passes, "pass"), (self.fails, "fail"))
            if n < LEAST_ANSWERS
        ]
        for name, estimate, least in (("kappa", self.kappa, LEAST_KAPPA), ("TPR", self.tpr, LEAST_RATE), ("TNR", self.tnr, LEAST_RATE)):
            if estimate is None or estimate.value < least:
                reasons.append(f"{name} is {'unknown' if estimate is None else f'{estimate.value:.2f}'}; {least} is the least")
        return tuple(reasons)


def calibrate(pairs: Sequence[Pair]) -> Calibration:
    """The agreement of a judge with people. Pure and repeatable."""
    passed = [judge for person, judge in pairs if person == "pass"]
    failed = [judge for person, judge in pairs if person == "fail"]
    tpr, tnr = rate(passed.count("pass"), len(passed)), rate(failed.count("fail"), len(failed))
    ruled = [judge for _, judge in pairs if judge in ("pass", "fail")]
    observed = ruled.count("pass") / len(ruled) if ruled else None
    return Calibration(
        answers=len(pairs),
        passes=len(passed),
        fails=len(failed),
        open=sum(judge is None for _, judge in pairs),
        tpr=tpr,
        tnr=tnr,
        kappa=_bootstrap(pairs),
        observed=observed,
        corrected=corrected(observed, _of_ruled(passed, "pass"), _of_ruled(failed, "fail")),
    )


def _of_ruled(said: Sequence[Verdict | None], right: Verdict) -> Estimate | None:
    """A rate over what the judge ruled on alone, as the observed pass rate is."""
    return rate(said.count(right), said.count("pass") + said.count("fail"))


def rate(hits: int, of: int) -> Estimate | None:
    """A share with Wilson's interval; None of nothing."""
    if not of:
        return None
    return Estimate(hits / of, *wilson(hits, of))


def kappa(pairs: Sequence[tuple[str | None, str | None]]) -> float | None:
    """Cohen's kappa of two raters; what is neither pass nor fail is one class. None where both give one and the same class throughout, or
    nothing."""
    value = float(_kappas(_table(pairs)[None])[0])
    return None if math.isnan(value) else value


def _table(pairs: Sequence[tuple[str | None, str | None]]) -> Counts:
    """How often each verdict of one met each of the other."""
    table = np.zeros((3, 3))
    for one, other in pairs:
        table[_CLASSES.get(one, 2), _CLASSES.get(other, 2)] += 1
    return table


def _kappas(tables: Counts) -> Counts:
    """Of tables of shape (n, 3, 3); NaN where there is none."""
    total = tables.sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        agreed = np.trace(tables, axis1=1, axis2=2) / total
        by_chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / total**2
        return np.asarray((agreed - by_chance) / (1 - by_chance))


def _bootstrap(pairs: Sequence[Pair]) -> Estimate | None:
    value = kappa(pairs)
    if value is None:
        return None
    shares = _table(pairs).ravel() / len(pairs)
    drawn = np.random.default_rng(0).multinomial(len(pairs), shares, size=_RESAMPLES).reshape(-1, 3, 3)
    low, high = np.nanpercentile(_kappas(drawn.astype(float)), (2.5, 97.5))
    return Estimate(value, float(low), float(high))


def corrected(observed: float | None, tpr: Estimate | None, tnr: Estimate | None) -> Estimate | None:
    """The true pass rate behind one that a judge observed; its interval by the ends of those of the judge's rates, so rather wide. None
    where the judge is no better than chance."""
    if observed is None or tpr is None or tnr is None:
        return None
    value = _rogan_gladen(observed, tpr.value, tnr.value)
    ends = [_rogan_gladen(observed, sensitivity, specificity) for sensitivity in (tpr.low, tpr.high) for specificity in (tnr.low, tnr.high)]
    if value is None or None in ends:
        return None
    return Estimate(value, min(end for end in ends if end is not None), max(end for end in ends if end is not None))


def _rogan_gladen(observed: float, sensitivity: float, specificity: float) -> float | None:
    if sensitivity + specificity <= 1:
        return None
    return min(1.0, max(0.0, (observed + specificity - 1) / (sensitivity + specificity - 1)))
