"""Trials as a log of Inspect: an ``.eval`` file that ``inspect view``, ``read_eval_log`` and data frames of Inspect read.

The layout is that of log version 2 (Inspect 0.3.285): ``header.json``, one member for each sample, and their summaries. Members are
deflated, which every reader takes. A verdict that nobody could give, or that is borderline, is no score: Inspect then counts the sample as
unscored, and never as wrong. Written twice from the same trials a log is the same, byte for byte.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from thresher.disk import may_be_written
from thresher.logs.trial import LoggedTrial

SCORER: Final = "thresher"
_VALUES: Final = {"pass": "C", "fail": "I"}
_EPOCH_OF_ZIP: Final = (1980, 1, 1, 0, 0, 0)
_STOPS: Final = {"length": "max_tokens", "stop": "stop", "content_filter": "content_filter", "max_tokens": "max_tokens"}


def write_log(path: Path, task: str, dataset: str, trials: Sequence[LoggedTrial]) -> None:
    """Write trials of one model as one log; ``dataset`` says what the items are of."""
    partial = path.with_name(f".{path.name}.partial")
    with may_be_written(path):
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            _put(archive, "_journal/start.json", {"version": 2, "eval": _spec(task, dataset, trials), "plan": {}})
            for trial in trials:
                _put(archive, f"samples/{trial.item_id}_epoch_{trial.epoch}.json", _sample(trial))
            _put(archive, "summaries.json", [_summary(trial) for trial in trials])
            _put(archive, "header.json", _header(task, dataset, trials))
        partial.replace(path)


def _put(archive: zipfile.ZipFile, name: str, value: object) -> None:
    info = zipfile.ZipInfo(name, _EPOCH_OF_ZIP)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, json.dumps(value, ensure_ascii=True))


def _spec(task: str, dataset: str, trials: Sequence[LoggedTrial]) -> dict[str, Any]:
    first = trials[0]
    return {
        "eval_id": first.log, "run_id": first.log, "created": min(trial.asked_at for trial in trials).isoformat(), "task": task,
        "task_id": first.log, "task_version": 0,
        "dataset": {"name": dataset, "samples": len({trial.item_id for trial in trials}), "shuffled": False},
        "model": f"{first.model}", "config": {"epochs": max(trial.epoch for trial in trials)},
        "metadata": {"served_ids": sorted({trial.served_id for trial in trials})},
    }  # fmt: skip


def _header(task: str, dataset: str, trials: Sequence[LoggedTrial]) -> dict[str, Any]:
    scored = [trial.verdict for trial in trials if trial.verdict in _VALUES and not trial.error]
    accuracy = {"name": "accuracy", "value": scored.count("pass") / len(scored)} if scored else None
    score = {
        "name": SCORER, "scorer": SCORER, "scored_samples": len(scored), "unscored_samples": len(trials) - len(scored), "params": {},
        "metrics": {"accuracy": accuracy} if accuracy else {},
    }  # fmt: skip
    return {
        "version": 2, "status": "success", "eval": _spec(task, dataset, trials), "plan": {"name": "plan", "steps": [], "config": {}},
        "results": {"total_samples": len(trials), "completed_samples": sum(not trial.error for trial in trials), "scores": [score]},
        "stats": {
            "started_at": min(trial.asked_at for trial in trials).isoformat(),
            "completed_at": max(trial.asked_at for trial in trials).isoformat(),
            "model_usage": {trials[0].model: _sum([_usage(trial) for trial in trials])},
        },
    }  # fmt: skip


def _sum(told: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: sum(one[name] for one in told) for name in told[0]}


def _usage(trial: LoggedTrial) -> dict[str, Any]:
    """Inspect counts what came from a cache apart from the other input."""
    usage = trial.usage
    return {
        "input_tokens": usage.sent - usage.cached, "output_tokens": usage.answered, "total_tokens": usage.tokens,
        "input_tokens_cache_read": usage.cached, "total_cost": float(trial.usd or 0),
    }  # fmt: skip


def _sample(trial: LoggedTrial) -> dict[str, Any]:
    asked = [{"role": message.role, "content": message.content, "source": "input"} for message in trial.messages]
    said = {"role": "assistant", "content": trial.response, "source": "generate", "model": trial.served_id}
    stop = _STOPS.get(trial.finish_reason, "unknown" if trial.finish_reason else "stop")
    output: dict[str, Any] = {"model": trial.served_id, "choices": [], "usage": _usage(trial), "time": trial.seconds}
    if trial.response or not trial.error:
        output["choices"] = [{"message": said, "stop_reason": stop}]
    sample: dict[str, Any] = {
        "id": trial.item_id, "epoch": trial.epoch, "input": asked, "choices": list(trial.choices) or None, "target": trial.target,
        "messages": [*asked, said] if output["choices"] else asked, "output": output, "scores": _scores(trial),
        "metadata": {"item_id": trial.item_id, "trial_id": trial.trial_id, **trial.metadata}, "model_usage": {trial.model: _usage(trial)},
        "started_at": trial.asked_at.isoformat(), "total_time": trial.seconds, "working_time": trial.seconds, "uuid": trial.trial_id,
    }  # fmt: skip
    if trial.error:
        sample["error"] = {"message": trial.error, "traceback": "", "traceback_ansi": ""}
    return sample


def _scores(trial: LoggedTrial) -> dict[str, Any]:
    if trial.error or trial.verdict not in _VALUES:
        return {}
    value = _VALUES[trial.verdict]
    return {SCORER: {"value": value, "answer": trial.evidence, "explanation": trial.why, "metadata": {"scorer": trial.scorer}}}


def _summary(trial: LoggedTrial) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "id": trial.item_id, "epoch": trial.epoch, "input": "\n\n".join(message.content for message in trial.messages)[:1000],
        "target": trial.target, "metadata": {"item_id": trial.item_id}, "scores": _scores(trial), "uuid": trial.trial_id,
        "model_usage": {trial.model: _usage(trial)}, "started_at": trial.asked_at.isoformat(), "total_time": trial.seconds,
        "working_time": trial.seconds, "completed": True,
    }  # fmt: skip
    return summary | ({"error": trial.error} if trial.error else {})
