"""The trials of what a snapshot let out, for those who keep results: nothing leaves here that did not leave there."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from flows.line.scoring import shown
from flows.line.workspace import Workspace
from store import evaluation
from store.evaluation import Wanted
from store.snapshot import shown as frozen
from store.snapshot.files import IDS
from store.trials import of_a_log
from thresher.disk import write_whole
from thresher.logs import every_eval_ever
from thresher.logs.inspect_writing import write_log
from thresher.logs.trial import LoggedTrial
from thresher.models.answers import Usage
from thresher.redaction import redact
from thresher.rules.exercise_keys import LETTERS
from thresher.scorers.base import Task, task_of

Format = Literal["inspect", "every-eval-ever"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


@dataclass
class Exported:
    """The files that were written, how many trials are in them, and how many stay, by reason."""

    files: list[str] = field(default_factory=list)
    trials: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def row(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"files": self.files, "trials": self.trials, "left_out": dict(self.left_out)}


def export(work: Workspace, snapshot: str, folder: Path, form: Format) -> Exported:
    """Write one file for each model, of every trial of an item that is in the snapshot with its text, in the words that it has there.
    UsageError where there is no such snapshot."""
    place = work.snapshots / snapshot
    frozen.manifest(place)
    let_out = {row["item_id"]: row for config, row in frozen.rows(place) if config != IDS}
    exported = Exported()
    by_model: dict[str, list[LoggedTrial]] = {}
    for trial in _leaving(work, snapshot, let_out, exported.left_out):
        by_model.setdefault(trial.model, []).append(trial)
    name = f"thresher {snapshot}"
    for model, trials in sorted(by_model.items()):
        file = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', model).strip('.') or 'model'}-{trials[0].log[:8]}"
        if form == "inspect":
            file = file.with_name(f"{file.name}.eval")
            folder.mkdir(parents=True, exist_ok=True)
            write_log(file, "thresher", name, trials)
        else:
            rows = [every_eval_ever.row(trial, name) for trial in trials]
            exported.left_out["without a verdict of pass or fail"] += rows.count(None)
            trials = [trial for trial, row in zip(trials, rows, strict=True) if row is not None]
            if not trials:
                continue
            file = file.with_name(f"{file.name}_samples.jsonl")
            write_whole(file, b"".join(json.dumps(row).encode() + b"\n" for row in rows if row is not None))
        exported.files.append(str(file))
        exported.trials += len(trials)
    exported.left_out += Counter()  # without the zeros
    return exported


def _leaving(
    work: Workspace, snapshot: str, let_out: Mapping[str, Mapping[str, Any]], left_out: Counter[str]
) -> Iterator[LoggedTrial]:  # fmt: skip
    """The trials in order, each with its epoch: rounds go on where the one before ended."""
    with work.database.reader() as con:
        tasks = {item["item_id"]: task_of(item) for item in evaluation.items(con, Wanted())}
        kept = evaluation.trials(con)
    epochs: Counter[tuple[str, str]] = Counter()
    for trial in kept:
        item_id = trial["item_id"]
        task, row = tasks.get(item_id), let_out.get(item_id)
        if of_a_log(trial["round"]):
            left_out["imported from a log"] += 1
        elif task is None or row is None:
            left_out["not in the snapshot with its text"] += 1
        elif not trial["version"] == task.version == row["version"]:
            left_out["asked in other words than the snapshot has"] += 1
        elif task.choices and not row["choices"]:
            left_out["its options do not leave"] += 1
        elif redact(trial["response"])[1]:
            left_out["personal data or a key in the answer"] += 1
        else:
            epochs[item_id, trial["model"]] += 1
            yield _logged(trial, task, row, epochs[item_id, trial["model"]], snapshot)


def _logged(trial: Mapping[str, Any], task: Task, row: Mapping[str, Any], epoch: int, snapshot: str) -> LoggedTrial:
    asked = shown(task, trial["number"])
    target = row["answer"] or row["target"]
    if asked.order and row["answer"]:
        target = LETTERS[asked.order.index(LETTERS.index(task.answer))]
    return LoggedTrial(
        trial_id=trial["trial_id"], log=hashlib.sha256(f"{snapshot} {trial['model']}".encode()).hexdigest()[:22],
        item_id=trial["item_id"], epoch=epoch, model=trial["model"], served_id=trial["served_id"], messages=asked.messages,
        response=trial["response"], asked_at=datetime.fromisoformat(trial["asked_at"]),
        choices=tuple(task.choices[place] for place in asked.order), target=target, finish_reason=trial["finish_reason"],
        usage=Usage(trial["sent_tokens"], trial["cached_tokens"], trial["answered_tokens"]), usd=trial["usd"], seconds=trial["seconds"],
        error=trial["error"], verdict=trial["verdict"], evidence=trial["evidence"],
        scorer=f"{trial['scorer']} {trial['scorer_version']}".strip(),
        why="" if asked.order else trial["why"],  # where it names letters, they are those of the item's own order
        metadata={"way": trial["way"], "round": trial["round"], "number": str(trial["number"]), "tier": row["tier"],
                  "key_status": row["key_status"], "kind": row["kind"], "licence": row["licence"], "attribution": row["attribution"]},
    )  # fmt: skip
