"""What models answered when they were asked items, in ``archive/trials.jsonl`` and from there in the database.

Whoever asks writes lines and holds no lease, so an evaluation of hours never locks a harvest out; the lines come into the database when
somebody next writes (``take_up``), and a rebuild replays them and asks nobody. Four kinds of lines: a ``trial``; ``scored``, another
verdict on a trial that is there, by a newer scorer; ``checked``, what the scorer of an item says of its key and recorded failing answer;
``derived``, its key derived by who was not shown it (``store.derivations``).
What is said of an item that left goes with it: ``purge``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_type_hints

import pyarrow as pa

from store import derivations
from store.file.database import Connection, Database
from store.rows import STAMP, arrow_schema, fetch, keys, run, table
from thresher.disk import BadLine, append_lines, bad_lines, keep_lines, read_lines
from thresher.failpoint import failpoint
from thresher.models import kept

FILE = "trials.jsonl"
TRIAL, SCORED, CHECKED, DERIVED = "trial", "scored", "checked", "derived"
Verdict = Literal["pass", "fail", "borderline"]
VERDICTS = ("pass", "fail", "borderline", None)


@dataclass(frozen=True, slots=True)
class Scored:
    """How an answer was scored. ``verdict`` is None where nothing could score it, and ``why`` says so."""

    scorer: str = ""
    scorer_version: str = ""
    verdict: Verdict | None = None
    why: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One time that a model was asked an item. ``about`` are the records that report the item: with them the answer leaves. ``error`` says
    why there is no whole answer; such a trial counts for nothing, and ``settled`` tells whether it is asked again. ``order`` is that of the
    options as somebody else showed them; ours follows from ``number``."""

    trial_id: str
    item_id: str
    version: int
    way: str
    model: str
    served_id: str
    round: str
    number: int
    asked_at: str
    response: str
    finish_reason: str
    sent_tokens: int
    cached_tokens: int
    answered_tokens: int
    usd: str
    seconds: float
    about: tuple[str, ...] = ()
    score: Scored = field(default_factory=Scored)
    error: str = ""
    settled: bool = True
    order: tuple[int, ...] = ()

    def line(self) -> dict[str, Any]:
        """As it is written."""
        entry = asdict(self)
        score, order = entry.pop("score"), list(entry.pop("order"))
        return {"type": TRIAL, **entry, "about": list(self.about), **score, **({"order": order} if order else {})}


def round_of_log(before: str, log: str) -> str:
    """The round of what a log holds: behind ``before``, the last round of ours that began earlier, and ahead of the next."""
    return f"{before}.{log}"


def of_a_log(round_: str) -> bool:
    """Whether others asked."""
    return "." in round_


def rescored(trial_id: str, score: Scored, at: str) -> dict[str, Any]:
    """The line of another verdict on a trial."""
    return {"type": SCORED, "trial_id": trial_id, "at": at, **asdict(score)}


@dataclass(frozen=True, slots=True)
class Check:
    """What a scorer says of an item's own key, and ``pass`` where it passes a failing answer that was recorded."""

    item_id: str
    way: str
    scorer: str
    scorer_version: str
    key_verdict: Verdict | None
    failing: Verdict | None
    why: str
    about: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether the item may count."""
        return self.key_verdict != "fail" and self.failing != "pass"

    def line(self, at: str) -> dict[str, Any]:
        """As it is written."""
        return {"type": CHECKED, **asdict(self), "about": list(self.about), "at": at}


def keep(archive: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Bring lines to the disk."""
    append_lines(archive / FILE, lines)
    failpoint("trials.kept")


def lines(archive: Path) -> list[dict[str, Any]]:
    """Every line that can be used, in order."""
    return list(read_lines(archive / FILE, check))


def damaged_lines(archive: Path) -> list[BadLine]:
    """The lines that cannot be used."""
    return bad_lines(archive / FILE, check)


_HINTS = {
    name: hint
    for name, hint in (get_type_hints(Trial) | get_type_hints(Scored)).items()
    if name not in ("about", "score", "settled", "order")
}
"""The columns of ``trials``, which are the fields of a trial and of its score."""
_NUMBERS = {int: pa.int64(), float: pa.float64()}
_COLUMNS = {name: STAMP if name == "asked_at" else _NUMBERS.get(hint, pa.string()) for name, hint in _HINTS.items()}
_SCORE = ("trial_id", *(one.name for one in fields(Scored)))
_TEXTS = {
    TRIAL: tuple(name for name, hint in _HINTS.items() if hint is str),
    SCORED: ("at", *(name for name in _SCORE if name != "verdict")),
    CHECKED: ("item_id", "way", "at", "scorer", "scorer_version", "why"),
    DERIVED: derivations.TEXTS,
}


def check(line: dict[str, Any]) -> None:
    """KeyError, TypeError or ValueError for a line that lacks something."""
    kind = line["type"]
    if kind not in _TEXTS:
        raise ValueError(f"{kind!r} is none of {', '.join(_TEXTS)}")
    if not all(type(line[name]) is str for name in _TEXTS[kind]):
        raise TypeError("a text of it is none")
    if any(line[name] not in VERDICTS for name in (("key_verdict", "failing") if kind == CHECKED else ("verdict",))):
        raise ValueError("not a verdict")
    datetime.fromisoformat(line["asked_at" if kind == TRIAL else "at"])
    if kind != SCORED and not isinstance(line["about"], list):
        raise TypeError("about is no list")
    if not all(type(place) is int for place in line.get("order", [])):
        raise TypeError("order is no list of places")
    if kind == TRIAL:
        if not all(type(line[name]) is int for name, hint in _HINTS.items() if hint is int):
            raise TypeError("a number of it is none")
        float(line["seconds"])
    if kind == DERIVED and type(line["version"]) is not int:
        raise TypeError("its version is no number")
    if kind in (TRIAL, DERIVED):
        try:
            Decimal(line["usd"])
        except InvalidOperation as error:
            raise ValueError("usd is no number") from error


def take_up(database: Database, archive: Path, asked: Collection[str] = ()) -> int:
    """Bring what was written since into the database; returns how many trials are new there. A glance where nothing was written.

    ``asked`` are the items that whoever calls has just asked about: what was said of those that left meanwhile is dropped.
    """
    size = _size(archive)
    with database.reader() as con:
        if size == _taken(con):
            return 0
        gone = set(asked) - _present(con, asked)
    if gone:
        _drop(archive, lambda line: line.get("item_id") in gone)
    with database.transaction() as con:
        return replay(con, archive)


def replay(con: Connection, archive: Path) -> int:
    """Bring every line into the database that it lacks. Returns how many trials are new. Those of an item that other rules made stay, and
    no view shows them while it is not there."""
    written, size = lines(archive), _size(archive)
    before = _count(con)
    _insert_trials(con, [line for line in written if line["type"] == TRIAL])
    _score_again(con, [line for line in written if line["type"] == SCORED])
    _insert_checks(con, [line for line in written if line["type"] == CHECKED])
    derivations.insert(con, [line for line in written if line["type"] == DERIVED])
    con.execute("UPDATE trials_taken SET bytes = ?", [size])
    failpoint("trials.taken")
    return _count(con) - before


def purge(con: Connection, archive: Path, record_keys: Collection[str]) -> None:
    """Drop what was said of items that left the database with these records."""
    removed = set(record_keys)
    touched = [line for line in lines(archive) if removed & set(line.get("about", ()))]
    gone = {line["item_id"] for line in touched} - _present(con, [line["item_id"] for line in touched])
    if gone:
        _drop(archive, lambda line: line.get("item_id") in gone)


def _drop(archive: Path, doomed: Any) -> None:
    """Lines, the later verdicts on them, and the answers that they were made of."""
    going = [line for line in lines(archive) if doomed(line)]
    trial_ids = {line["trial_id"] for line in going if line["type"] == TRIAL}
    kept.forget(archive, {key for line in going for key in line["about"]})
    keep_lines(archive / FILE, check, lambda line: not doomed(line) and not (line["type"] == SCORED and line["trial_id"] in trial_ids))


def forget_dropped(con: Connection) -> None:
    """Drop the rows of the items in the table ``dropped``."""
    for name in ("trials", "scorer_checks", "derivations"):
        con.execute(f"DELETE FROM {name} WHERE item_id IN (FROM dropped)")


def _insert_trials(con: Connection, written: list[dict[str, Any]]) -> None:
    by_id = {line["trial_id"]: line for line in written}
    rows = [tuple(datetime.fromisoformat(line[name]) if name == "asked_at" else line[name] for name in _COLUMNS) for line in by_id.values()]
    run(
        con,
        """INSERT INTO trials BY NAME SELECT g.* REPLACE (g.usd::DECIMAL(18, 10) AS usd)
           FROM given g ANTI JOIN trials t ON t.trial_id = g.trial_id""",
        given=table(_COLUMNS, rows),
    )


def _score_again(con: Connection, written: list[dict[str, Any]]) -> None:
    """The last verdict on each trial stands."""
    last = {line["trial_id"]: tuple(line[name] for name in _SCORE) for line in written}
    set_ = ", ".join(f"{name} = g.{name}" for name in _SCORE[1:])
    run(
        con,
        f"UPDATE trials SET {set_} FROM given g WHERE trials.trial_id = g.trial_id",
        given=table(dict.fromkeys(_SCORE, pa.string()), last.values()),
    )


class _Checked(NamedTuple):
    item_id: str
    way: str
    scorer: str
    scorer_version: str
    key_verdict: str | None
    failing: str | None
    why: str
    checked_at: datetime


def _insert_checks(con: Connection, written: list[dict[str, Any]]) -> None:
    last = {line["item_id"]: line for line in written}
    rows = [(*(line[name] for name in _Checked._fields[:-1]), datetime.fromisoformat(line["at"])) for line in last.values()]
    given = table(arrow_schema(_Checked), rows)
    run(con, "DELETE FROM scorer_checks USING given WHERE scorer_checks.item_id = given.item_id", given=given)
    run(con, "INSERT INTO scorer_checks BY NAME SELECT g.* FROM given g SEMI JOIN items USING (item_id)", given=given)


def _present(con: Connection, item_ids: Collection[str]) -> set[str]:
    return {
        row["item_id"] for row in fetch(con, "SELECT item_id FROM items SEMI JOIN given USING (item_id)", given=keys("item_id", item_ids))
    }


def _taken(con: Connection) -> int:
    return int(con.execute("SELECT bytes FROM trials_taken").fetchall()[0][0])


def _count(con: Connection) -> int:
    return int(con.execute("SELECT count(*) FROM trials").fetchall()[0][0])


def _size(archive: Path) -> int:
    return (archive / FILE).stat().st_size if (archive / FILE).exists() else 0
