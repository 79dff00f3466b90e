"""One trial explained: from who reported what, over what was asked and answered, to the verdict and each rule that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flows.line.scoring import shown
from store import evaluation, queries
from store.file.database import Connection
from thresher.readers.verbatim import find
from thresher.rulebook.model import Rulebook
from thresher.scorers.base import task_of
from thresher.scorers.citing import Cited

_OF_TRIAL = ("trial_id", "model", "served_id", "round", "number", "asked_at", "usd", "seconds", "finish_reason", "sent_tokens",
             "answered_tokens", "error", "verdict", "why", "scorer", "scorer_version", "response")  # fmt: skip


def trials(con: Connection, beginning: str, model: str) -> list[dict[str, Any]]:
    """The trial of that id, or, of a model and an item, those of the last round. UsageError where there is none."""
    if not model:
        return [evaluation.trial_like(con, beginning)]
    item = queries.item(con, beginning)
    return evaluation.last_round(con, model, item["merged_into"] or item["item_id"])


def explained(con: Connection, trial: Mapping[str, Any], version: Callable[[int], Rulebook]) -> dict[str, Any]:
    """The whole chain of a trial, JSON-ready. ``version`` reads a version of the rulebook; it is not called for a verdict without rules."""
    item = queries.item(con, trial["item_id"])
    task = task_of(item)
    cited = Cited.of(trial["evidence"], trial["scorer_version"])
    place = find(trial["response"], cited.words)
    return {
        **{name: trial[name] for name in _OF_TRIAL},
        "usd": float(trial["usd"]),
        "item": {name: item.get(name) for name in ("item_id", "kind", "tier", "status", "version", "key_status", "target", "rubric")},
        "asked_version": trial["version"],
        "way": trial["way"],
        "claims": [_claim(report) for report in item["reports"] if report["live"]],
        "asked": [{"role": one.role, "content": one.content} for one in shown(task, trial["number"]).messages],
        "words": cited.words,
        "words_at": list(place) if place else None,
        **_law(cited, version),
    }


def _claim(report: Mapping[str, Any]) -> dict[str, Any]:
    claim = report["claim"] or {}
    return {
        "source": report["source"], "site": report["site"], "url": report["url"], "by": report["attribution"],
        "at": report["created_at"], "tier": report["tier"], "rule": report["rule"],
        "words": (claim.get("words") or {}).get("text", ""), "of_model": (claim.get("model") or {}).get("text", ""),
        "failing": [{"model": answer.get("model", ""), "text": answer["text"]} for answer in report["failing"] or ()],
    }  # fmt: skip


def _law(cited: Cited, version: Callable[[int], Rulebook]) -> dict[str, Any]:
    """Each rule in the words that it had, with what stands above it, nearest first. ``altered``: somebody changed that version by hand."""
    if not cited.rulebook:
        return {"rulebook": None, "rules": [], "precedents": []}
    book = version(cited.rulebook)
    cases = {case.id: case for case in book.cases}
    return {
        "rulebook": {"version": cited.rulebook, "digest": cited.digest, "altered": book.digest != cited.digest},
        "rules": [
            {
                "id": rule_id,
                "text": book.rules[rule_id].text if rule_id in book.rules else None,
                "above": [{"id": upper.id, "text": upper.text} for upper in book.above(rule_id)] if rule_id in book.rules else [],
            }
            for rule_id in cited.rules
        ],
        "precedents": [
            {"id": case_id, **(cases[case_id].model_dump(mode="json", include={"asked", "verdict", "rules", "reason", "by"}))}
            if case_id in cases
            else {"id": case_id}
            for case_id in cited.precedents
        ],
    }
