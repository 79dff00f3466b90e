"""Feedback on one's own product, contract version 1 (docs/product.md): a rating or a comparison of one event, with its user's consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from scrapers.arena.rows import NEGATIVE, Case, Refused, Row, Unmapped, dialogue, mapped, moment, own_marks, row_id, strength_of, turns_of
from scrapers.common.json_rows import UNREADABLE
from thresher.model import Battle, ExportClass, Message, Response, Vote
from thresher.text import clean

CONSENT: Final = "consent"
"""The mark that says what the user agreed to: the export looks at it again."""
EXPORTED: Final[dict[str, ExportClass]] = {"eval_private": "none", "eval_public": "full"}
"""By consent, the most of a row that may leave; of any other row nothing is kept."""
_RATING: Final = {-1: 0.0, 0: None, 1: 1.0, None: None}
_PREFERRED: Final[dict[object, Vote]] = {"left": "first", "right": "second", "tie": "tie", "both_bad": "both_bad", None: "none"}


def feedback(row: Row) -> Case:
    """One event. A thumb down is about the answer that the conversation ends with; where the user has spoken since, nobody knows which
    answer it is about, so that the judge is not known either."""
    if row[CONSENT] == "none":
        raise Refused("no_consent", "its user did not agree to any use")
    export_class = mapped(EXPORTED, CONSENT, row[CONSENT])
    if str(row["schema_version"]) not in {"1", "1.0", "v1"}:
        raise Unmapped("schema_version", row["schema_version"])
    if not row["event_id"] or not isinstance(row["event_id"], str | int):
        raise Refused("no_event_id", "without an event_id an event that is sent twice would count twice")
    when = _moment(row["ts"])
    rating = row.get("rating")
    score = mapped(_RATING, "rating", str(rating) if isinstance(rating, bool) else rating)
    messages, pictures = turns_of(row["conversation"])
    if not messages:
        raise Refused("empty_conversation", "feedback without a message")
    comment = clean(row.get("comment") or "")
    compared = row.get("left") is not None or row.get("right") is not None
    battle = _compared(row, messages, comment) if compared else _rated(messages, str(row.get("model") or ""), score, comment)
    marks = {
        **own_marks(row, "tags"),
        "rating": rating,
        CONSENT: row[CONSENT],
        "turns": sum(m.role == "user" for m in messages),
        **own_marks(row, "model"),
        **({"images": pictures} if pictures else {}),
    }
    return Case(
        str(row["event_id"]),
        battle,
        created_at=when,
        judge_id=str(row["user_key"]) if row.get("user_key") else None,
        thread_id=row_id(*((m.role, m.content) for m in messages), *sorted(r.text for r in battle.responses)) if compared else "",
        marks=marks,
        export_class=export_class,
    )


def _moment(ts: Any) -> datetime:
    """RFC 3339 with a zone: a local time would move the event by hours. From Parquet a moment comes as ISO 8601 already."""
    when = moment(ts) if isinstance(ts, str) else None
    if when is None or datetime.fromisoformat(ts).tzinfo is None:
        raise Refused("bad_time", f"ts is {str(ts)[:40]!r}, not RFC 3339 with a zone")
    return when


def _rated(messages: tuple[Message, ...], model: str, score: float | None, comment: str) -> Battle:
    at = next((n for n in reversed(range(len(messages))) if messages[n].role == "assistant"), None)
    if score != 0.0 or at is None or at == len(messages) - 1:
        asked, responses = dialogue(messages, model, score=score, failed=True if score == 0.0 else None)
        failed = bool(responses) and responses[0].failed is True
        return Battle(asked, responses, "none", "human", NEGATIVE if failed else 0.0, comment)
    response = Response(model, messages[at].content, score, failed=True)
    return Battle(messages[:at], (response,), "none", "unknown", NEGATIVE / 2, comment)


def _compared(row: Row, messages: tuple[Message, ...], comment: str) -> Battle:
    if messages[-1].role == "assistant":
        raise Refused("bad_comparison", "left and right both answer the last turn of the conversation, which must be the user's")
    vote: Vote = mapped(_PREFERRED, "preferred", row.get("preferred"))
    failed = True if vote == "both_bad" else None
    left, right = (_side(row.get(name), str(row.get("model") or ""), failed) for name in ("left", "right"))
    if failed is None and left.model == right.model:
        # in an arena a model against itself is a fault of the log; here it is one product's two drafts, and which was better is the point
        left, right = replace(left, model=""), replace(right, model="")
    return Battle(messages, (left, right), vote, "human", strength_of(vote), comment, shown="first")


def _side(side: Any, model: str, failed: bool | None) -> Response:
    """A side as text, or as an object with ``content`` and ``model``."""
    if isinstance(side, str):
        return Response(model, clean(side), failed=failed)
    if not isinstance(side, dict) or not isinstance(side.get("content"), str):
        raise Refused("bad_comparison", "left and right are texts, or objects with content and model")
    return Response(str(side.get("model") or model), clean(side["content"]), failed=failed)


def without_consent(row: dict[str, Any]) -> dict[str, Any]:
    """What may be kept of a row: of one whose user did not say yes, that it was there, and not even its id."""
    said = row.get(CONSENT)
    if row.keys() == {UNREADABLE} or (isinstance(said, str) and said in EXPORTED):
        return row
    told = said[:40] if isinstance(said, str) else said if said is None else type(said).__name__
    return {"event_id": "", CONSENT: told, "schema_version": "", "conversation": [], "ts": ""}
