"""A judge beside people: rows with their verdicts, judged twice, and pairs in both orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, get_args

from thresher.errors import UsageError
from thresher.model import Message
from thresher.scorers.base import Task, Verdict
from thresher.scorers.calibration import Calibration, calibrate, kappa, rate
from thresher.scorers.judge import Judge

_BETTER = {"A": 0, "B": 1, "tie": "tie"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One answer and a person's verdict on it, or two answers (``other``) and which of them is better."""

    task: Task
    response: str
    verdict: Verdict | None = None
    other: str = ""
    better: str = ""
    family: str = ""


def labelled(row: Mapping[str, Any], number: int) -> Labelled:
    """A row of a file of verdicts. UsageError says what it lacks."""

    def text(name: str) -> str:
        return str(row.get(name) or "").strip()

    prompt, response, verdict, better = text("prompt"), text("response"), text("verdict").lower(), text("better")
    better = better if better == "tie" else better.upper() if better else ""
    if not prompt or not response:
        raise UsageError(f"row {number} has no {'response' if prompt else 'prompt'}: columns are prompt, response, verdict, ...")
    if better:
        if better not in _BETTER or not text("other"):
            raise UsageError(f"row {number}: better is A (response), B (other) or tie, and other is the second answer")
    elif verdict not in get_args(Verdict):
        raise UsageError(f"row {number}: verdict is pass, fail or borderline, not {verdict!r}")
    complaint = text("complaint")
    task = Task(
        item_id=text("id") or f"row {number}",
        way="judged",
        messages=(Message("user", prompt),),
        target=text("reference"),
        rubric=complaint or text("rubric"),
        kind="complaint" if complaint else "question",
    )
    if not (task.target or task.rubric):
        raise UsageError(f"row {number} has nothing to judge by: fill reference, rubric or complaint")
    by_person: Verdict | None = None if better else "pass" if verdict == "pass" else "fail" if verdict == "fail" else "borderline"
    return Labelled(task, response, by_person, text("other"), better, text("family"))


def measure(rows: Iterable[Labelled], judge: Judge, again: Judge) -> dict[str, Any]:
    """What the judge says of all rows beside what people say, JSON-ready. ``again`` is the same judge without a memory, for the retest."""
    every = list(rows)
    with ThreadPoolExecutor(judge.asker.model.concurrency, thread_name_prefix="judge") as pool:
        single = [row for row in every if row.verdict is not None]
        first = list(pool.map(lambda row: judge.score(row.task, row.response, row.family), single))
        second = list(pool.map(lambda row: again.score(row.task, row.response, row.family), single))
        pairs = [row for row in every if row.better]
        preferred = list(pool.map(lambda row: judge.compare(row.task, (row.response, row.other), (row.family, row.family)), pairs))
    verdicts = [(row.verdict, score.verdict) for row, score in zip(single, first, strict=True) if row.verdict is not None]
    result = calibrate(verdicts)
    retest = [(one.verdict, two.verdict) for one, two in zip(first, second, strict=True)]
    known = [(row, said) for row, said in zip(pairs, preferred, strict=True) if said.better is not None]
    return {
        "judge": judge.asker.model.name,
        "version": judge.version,
        "may_gate": not why_not(result, judge),
        "why_not": list(why_not(result, judge)),
        **_rounded(asdict(result)),
        "retest_same": _rounded(_estimate(sum(one == two for one, two in retest), len(retest))),
        "retest_kappa": _rounded(kappa(retest)),
        "pairs": len(pairs),
        "pairs_open": len(pairs) - len(known),
        "pairs_agree": _rounded(_estimate(sum(_BETTER[row.better] == said.better for row, said in known), len(known))),
        "pairs_flipped": _rounded(_estimate(sum(said.flipped for _, said in known), len(known))),
        "pairs_longer_won": _rounded(_estimate(sum(said.longer_won for _, said in known), len(known))),
        "disagreements": [
            {"id": row.task.item_id, "person": row.verdict, "judge": score.verdict, "why": score.why, "words": score.evidence}
            for row, score in zip(single, first, strict=True)
            if row.verdict != score.verdict
        ],
        "asked": judge.asker.tally.row(),
    }


def why_not(result: Calibration, judge: Judge) -> tuple[str, ...]:
    """Why the judge may not gate. A set that it was asked about before is no proof: prompts are tuned on what was seen."""
    kept = judge.asker.tally.kept
    used = (f"{kept} of its answers were kept from before: a set proves a judge only once",) if kept else ()
    return (*result.why_not, *used)


def _estimate(hits: int, of: int) -> dict[str, float] | None:
    share = rate(hits, of)
    return None if share is None else asdict(share)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value
