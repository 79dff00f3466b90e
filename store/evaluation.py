"""Which items a model is asked, and what the trials came to: all that evaluating and comparing models needs to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from store.file.database import Connection
from store.reading import count, rows
from thresher.errors import UsageError
from thresher.model import TIERS, Kind, Lifecycle


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items: those for which every stated property holds. ``tier`` is the weakest evidence that will do, ``items`` are beginnings
    of ids, ``status`` is by default proposed or active."""

    items: tuple[str, ...] = ()
    kind: str = ""
    tier: str = ""
    source: str = ""
    language: str = ""
    tag: str = ""
    status: str = ""
    cluster: str = ""

    def refuse_unknown(self) -> None:
        """UsageError for a word that no item can have."""
        for name, value, words in (
            ("kind", self.kind, get_args(Kind)), ("tier", self.tier, TIERS), ("status", self.status, get_args(Lifecycle)),
        ):  # fmt: skip
            if value and value not in words:
                raise UsageError(f"{value!r} is no {name} of an item; there are: {', '.join(words)}")


_ITEMS = """
    WITH chosen AS (
        SELECT c.item_id, c.version, c.kind, c.messages, c.prompt, c.target, c.aliases, c.choices, c.rubric, c.tier::VARCHAR AS tier,
               c.key_status, c.status, c.language, c.tags, c.source, c.site, c.url, c.report_count
        FROM items_current c
        WHERE ($kind = '' OR c.kind = $kind) AND ($tier = '' OR c.tier >= nullif($tier, '')::tier) AND ($source = '' OR c.source = $source)
          AND ($language = '' OR c.language = $language) AND ($tag = '' OR list_contains(c.tags, $tag))
          AND (CASE WHEN $status = '' THEN c.status IN ('proposed', 'active') ELSE c.status = $status END)
          AND (len($items) = 0 OR list_bool_or(list_transform($items, lambda b: starts_with(c.item_id, b))))
    ),
    said AS (
        SELECT coalesce(i.merged_into, i.item_id) AS item_id, list(r.record_key ORDER BY r.lead_order) AS record_keys,
               list(r.failing ORDER BY r.lead_order) FILTER (i.merged_into IS NULL) AS failing,
               list(r.claim ->> '$.model.text' ORDER BY r.lead_order) AS blamed
        FROM reports r JOIN items i ON i.item_id = r.item_id WHERE r.live GROUP BY 1
    ),
    grouped AS (SELECT item_id, min(cluster_id) AS cluster_id FROM cluster_members WHERE item_id <> '' GROUP BY 1)
    SELECT c.*, s.record_keys, s.failing, s.blamed, coalesce(g.cluster_id, '') AS cluster_id
    FROM chosen c JOIN said s ON s.item_id = c.item_id LEFT JOIN grouped g ON g.item_id = c.item_id
    WHERE $cluster = '' OR starts_with(g.cluster_id, $cluster)
    ORDER BY c.tier <> 'untested' DESC, c.report_count DESC, c.item_id"""


def items(con: Connection, wanted: Wanted) -> list[dict[str, Any]]:
    """The items, claimed failures and the most reported first. ``failing`` are the recorded answers that failed (model, text), ``blamed``
    the models that reports name, in their words. UsageError for a word that no item can have."""
    wanted.refuse_unknown()
    asked = {name: getattr(wanted, name) for name in Wanted.__slots__} | {"items": list(wanted.items)}
    chosen = rows(con, _ITEMS, asked)
    for item in chosen:
        item["messages"] = json.loads(item["messages"])
        failing = [answer for report in item["failing"] or () for answer in json.loads(report) or ()]
        item["failing"] = [answer for answer in failing if answer.get("failed") is not False]
        item["blamed"] = list(dict.fromkeys([*filter(None, item["blamed"]), *(answer["model"] for answer in item["failing"])]))
    return chosen


def reworded(con: Connection) -> dict[str, datetime]:
    """Since when each item that a person reworded asks what it asks now."""
    return dict(con.execute("SELECT item_id, since FROM reworded_items").fetchall())


def last_rounds(con: Connection, model: str) -> dict[str, dict[str, Any]]:
    """Of each item the last round of a model in which anything could be scored: k of n failed, and when and as what it was asked."""
    told = rows(
        con,
        """SELECT item_id, round, k, n, borderline, unscored, left_out, served_id, last_asked FROM trial_rounds WHERE model = ? AND n > 0
           QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY round DESC) = 1""",
        [model],
    )
    return {row["item_id"]: row for row in told}


def last_answers(con: Connection, model: str, item_id: str) -> list[dict[str, Any]]:
    """What a model answered to an item in its last round, scored."""
    return rows(
        con,
        """SELECT t.number, t.response, t.verdict, t.why, t.evidence, t.served_id, t.asked_at FROM trials t JOIN items i USING (item_id)
           WHERE t.model = ? AND coalesce(i.merged_into, i.item_id) = ? AND t.error = ''
           QUALIFY t.round = max(t.round) OVER () ORDER BY t.number""",
        [model, item_id],
    )


def clusters(con: Connection) -> list[dict[str, Any]]:
    """Every failure cluster of every item, with the kind of failure that it is of and what it is called."""
    return rows(
        con,
        """SELECT DISTINCT m.item_id, c.cluster_id, c.category, c.label FROM cluster_members m JOIN clusters c USING (cluster_id)
           WHERE m.item_id <> '' ORDER BY ALL""",
    )


def failing_trials(con: Connection, model: str) -> list[dict[str, Any]]:
    """Every trial of a model that failed, with what its verdict rests on."""
    return rows(
        con,
        """SELECT item_id, round, trial_id, evidence, scorer_version FROM standing_trials
           WHERE model = ? AND error = '' AND verdict = 'fail' ORDER BY ALL""",
        [model],
    )


def in_question(con: Connection) -> set[str]:
    """Items that do not count, because their scorer does not tell their key from their failing answer."""
    return {row["item_id"] for row in rows(con, "SELECT item_id FROM doubted_items")}


def keys_spoken_of(con: Connection) -> set[str]:
    """Items of whose key a person has said what it is worth."""
    return {row["item_id"] for row in rows(con, "SELECT item_id FROM last_verdicts WHERE key_status IS NOT NULL")}


def spent(con: Connection, model: str) -> Any:
    """What the trials of a model cost, in US dollars."""
    return con.execute("SELECT coalesce(sum(usd), 0) FROM trials WHERE model = ?", [model]).fetchall()[0][0]


def models(con: Connection) -> list[str]:
    """Those with trials."""
    return [row["model"] for row in rows(con, "SELECT DISTINCT model FROM trials ORDER BY 1")]


def results(con: Connection) -> list[dict[str, Any]]:
    """``results_by_model``, JSON-ready."""
    return [{**row, "usd": float(row["usd"])} for row in rows(con, "FROM results_by_model")]


def states(con: Connection) -> dict[str, int]:
    """How many pairs of an item and a model are in each state."""
    return {row["state"]: row["n"] for row in rows(con, "SELECT state, count(*) AS n FROM item_states GROUP BY 1 ORDER BY 2 DESC, 1")}


def states_of(con: Connection, item_id: str) -> list[dict[str, Any]]:
    """What the trials say of one item, model by model."""
    return rows(con, "SELECT * EXCLUDE (item_id) FROM item_states WHERE item_id = ? ORDER BY model", [item_id])


def key_queue(con: Connection) -> list[dict[str, Any]]:
    """Items whose key a person should look at first, with the question and the key."""
    return rows(
        con,
        """SELECT q.*, i.kind, i.target, i.messages ->> '$[#-1].content' AS question FROM key_queue q JOIN items i USING (item_id)
           ORDER BY q.reason = 'all_models_fail' DESC, q.reason, q.item_id""",
    )


def key_queue_size(con: Connection) -> int:
    """How many those are."""
    return count(con, "SELECT count(DISTINCT item_id) FROM key_queue")


def trials(con: Connection) -> list[dict[str, Any]]:
    """Every trial, those of an item and a model together and in order."""
    return rows(con, "FROM trials ORDER BY model, item_id, round, number, asked_at, trial_id")


def trial_like(con: Connection, beginning: str) -> dict[str, Any]:
    """The trial whose id begins so, with all its columns. UsageError where there is none or more than one."""
    matches = rows(con, "SELECT * FROM trials WHERE starts_with(trial_id, ?) ORDER BY trial_id LIMIT 2", [beginning]) if beginning else []
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"more than one trial begins with {beginning!r}")
    raise UsageError(f"no trial begins with {beginning!r}; for the last round of an item give its id and --model NAME")


def last_round(con: Connection, model: str, item_id: str) -> list[dict[str, Any]]:
    """Every trial of the last round of a model and an item, with all columns; those without a whole answer too. UsageError where there is
    none."""
    found = rows(
        con,
        """SELECT t.* FROM trials t JOIN items i USING (item_id) WHERE t.model = ? AND coalesce(i.merged_into, i.item_id) = ?
           QUALIFY t.round = max(t.round) OVER () ORDER BY t.number, t.asked_at""",
        [model, item_id],
    )
    if not found:
        asked = rows(
            con,
            "SELECT DISTINCT t.model FROM trials t JOIN items i USING (item_id) WHERE coalesce(i.merged_into, i.item_id) = ? ORDER BY 1",
            [item_id],
        )
        there = ", ".join(row["model"] for row in asked) or "no model yet"
        raise UsageError(f"{item_id} has no trial of {model!r}; it was put to: {there}")
    return found
