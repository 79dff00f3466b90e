"""The flow after the harvest that asks models what came in, within a nightly budget."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from flows.cli.evaluating import in_words, migrated
from flows.harvest import take_credentials
from flows.line.nightly import evaluate_night
from flows.line.workspace import Workspace
from thresher.errors import ThresherError


@flow(name="evaluate", persist_result=False)
def evaluate(data: str = "data", config: str | None = None, budget_usd: float | None = None) -> dict[str, Any]:
    """Ask the models of ``thresher.toml`` about new claims, and report. Ends *Failed* where nothing that was asked was answered; what is
    left is asked in the next night."""
    log = get_run_logger()
    take_credentials()
    work = Workspace.open(Path(data), Path(config) if config else None)
    migrated(work)
    budget = None if budget_usd is None else Decimal(str(budget_usd))
    plan, outcome, notices = evaluate_night(work, budget_usd=budget)
    lines = in_words(plan, outcome)
    for line in (*lines, *notices):
        log.info("%s", line)
    create_markdown_artifact(key="evaluate", markdown="\n".join(f"- {line}" for line in (*lines, *notices)))
    if (outcome.left_out or outcome.not_asked) and not outcome.verdicts:
        raise ThresherError("no model answered: " + "; ".join(lines[1:]))
    return {"plan": [portion.row() for portion in plan.portions], **outcome.row()}
