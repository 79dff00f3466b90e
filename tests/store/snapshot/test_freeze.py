"""What leaves: by class and licence, nothing withheld, the same bytes twice, readable by others."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import store.snapshot.export
import store.snapshot.freeze
from store import decisions, items, pages, runs, verdicts
from store.file.database import Database
from store.snapshot import leaks
from store.snapshot.card import card
from store.snapshot.licences import family
from store.snapshot.runs import runs_of
from store.snapshot.settings import Export
from thresher.errors import StoreError, UsageError
from thresher.model import Battle, Candidate, Decision, Message, Page, Record, Response

pytestmark = pytest.mark.usefixtures("lease")

ALL = Export(version="1", classes=("full", "derived", "id_only"))
NIGHT = datetime(2026, 2, 1, tzinfo=UTC)
WORDS = [
    "amber",
    "birch",
    "cobalt",
    "daisy",
    "ember",
    "fjord",
    "garnet",
    "heron",
    "iris",
    "juniper",
    "krill",
    "lotus",
    "maple",
    "nectar",
    "onyx",
    "poppy",
    "quartz",
    "raven",
    "sable",
    "tulip",
]


def prose(n: int) -> str:
    """Twelve words that no other number has in this order."""
    return " ".join(f"{WORDS[(n * 7 + k) % 20]}{n}" for k in range(12)) + "?"


def put(database: Database, *pairs: tuple[Record, Candidate]) -> None:
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        page = Page("forum", "x", "https://example.org/", 200, {}, repr(pairs).encode(), NIGHT)
        pages.land_batch(con, run_id, [pages.PageResult(page, [r for r, _ in pairs])])
        items.land_outcomes(con, run_id, "forum", [c for _, c in pairs], [r for r, _ in pairs])


def pair(n: int, export_class: Any = "full", licence: str = "cc-by-4.0", **more: Any) -> tuple[Record, Candidate]:
    text = more.pop("text", prose(n))
    fields = {k: more.pop(k) for k in ("title", "author_key", "detail", "attribution", "status") if k in more}
    record = Record(
        "forum", "x", f"n{n}", f"https://example.org/{n}", "question", text, licence=licence, export_class=export_class, **fields
    )
    messages = more.pop("messages", (Message("user", prose(n)),))
    return record, Candidate(
        record.key,
        more.pop("kind", "question"),
        messages,
        "rule",
        "1",
        licence=licence,
        export_class=export_class,
        **{"target": f"{n}07", **more},
    )


def freeze(database: Database, name: str = "s1", export: Export = ALL) -> Path:
    return Path(store.snapshot.freeze.freeze(database, name, database.folder / "snapshots", export).path)


def table(folder: Path, config: str) -> list[dict[str, Any]]:
    path = folder / config / "test-00000-of-00001.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist() if path.exists() else []
    return rows


def every_byte(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def test_each_licence_has_its_config(database: Database) -> None:
    put(
        database,
        pair(1),
        pair(2, licence="CC-BY-SA-4.0"),
        pair(3, licence="cc-by-nc-sa-4.0"),
        pair(4, licence="provider-terms"),
        pair(5, licence="unknown"),
    )
    folder = freeze(database)
    assert [r["native_id"] for r in table(folder, "keyed")] == ["n1"]
    assert [r["native_id"] for r in table(folder, "cc-by-sa-keyed")] == ["n2"]
    assert [r["native_id"] for r in table(folder, "nc-keyed")] == ["n3"]
    assert [r["native_id"] for r in table(folder, "ids")] == ["n4"]
    assert json.loads((folder / "manifest.json").read_text())["withheld"] == {"licence_not_open": 1, "licence_unknown": 1}


@pytest.mark.parametrize(("licence", "config"), [("CC-BY-4.0", "default"), ("cc-by-sa-3.0", "cc-by-sa"), ("cc-by-nc-nd-4.0", None),
("cc-by-nd-4.0", None), ("", None), ("CC-BY-SA-3.0-DE", "cc-by-sa"), ("CC-BY-SA-3.0 AND CC-BY-SA-4.0", "cc-by-sa"),
("CC-BY-4.0 AND CC-BY-NC-SA-4.0", "nc"), ("CC-BY-SA-4.0 AND CC-BY-NC-4.0", None), ("CC-BY-4.0 AND site-terms", None)])  # fmt: skip
def test_a_licence_has_one_family(licence: str, config: str | None) -> None:
    assert family(licence) == config


def test_share_alike_and_non_commercial_rows_leave_with_their_key_and_options(database: Database) -> None:
    for n, licence in ((1, "CC-BY-SA-4.0"), (2, "CC-BY-NC-SA-4.0")):
        put(database, pair(n, licence=licence, target=f"B) two{n}", choices=("one", f"two{n}"), key_status="sourced"))
    folder = freeze(database)
    for n, config in ((1, "cc-by-sa-choice"), (2, "nc-choice")):
        (row,) = table(folder, config)
        assert (row["target"], row["choices"], row["key_status"]) == (f"B) two{n}", ["one", f"two{n}"], "sourced")


def test_a_row_whose_key_stays_does_not_say_that_it_has_one(database: Database) -> None:
    put(database, pair(1, "derived", target=prose(3), key_status="sourced"), pair(2, key_status="sourced"))
    put(database, pair(4, "id_only", licence="site-terms", key_status="sourced"))
    folder = freeze(database)
    assert {r["native_id"]: (r["key_status"], r["target"]) for name in ("keyed", "unkeyed") for r in table(folder, name)} == {
        "n1": ("none", ""),
        "n2": ("sourced", "207"),
    }
    (ids,) = table(folder, "ids")
    assert ("key_status" in ids, ids["key_at_source"]) == (False, "sourced")


def test_the_right_option_of_a_derived_prompt_leaves_with_it(database: Database) -> None:
    asked = (Message("user", f"{prose(1)}\n\nA) lungs\nB) heart"),)
    more: dict[str, Any] = {"target": "B) heart", "choices": ("lungs", "heart"), "key_status": "sourced", "messages": asked}
    put(database, pair(1, "derived", text=asked[0].content, **more))
    (row,) = table(freeze(database), "choice")
    assert (row["target"], row["choices"], row["key_status"]) == ("B) heart", ["lungs", "heart"], "sourced")
    assert (row["question"], row["answer"]) == (prose(1), "B")


def test_options_that_stand_beside_a_derived_prompt_stay(database: Database) -> None:
    put(database, pair(1, "derived", target=prose(5), choices=(prose(5), prose(6)), key_status="sourced"))
    (row,) = table(freeze(database), "unkeyed")
    assert (row["target"], row["choices"], row["key_status"]) == ("", [], "none")


def test_a_prompt_leaves_under_its_own_licence_where_the_log_names_one(database: Database) -> None:
    put(database, pair(1, "derived", licence="prompts CC-BY-4.0; outputs under their providers' terms"))
    (row,) = table(freeze(database), "unkeyed")
    assert (row["input"], row["licence"]) == (prose(1), "CC-BY-4.0")


def test_a_full_row_has_text_licence_and_attribution_and_one_string_as_target(database: Database) -> None:
    put(database, pair(1, aliases=("a", "b"), attribution="A. Person, CC BY"), pair(2))
    rows = table(freeze(database), "keyed")
    assert all(isinstance(r["target"], str) and r["licence"] and r["attribution"] for r in rows)
    one = next(r for r in rows if r["native_id"] == "n1")
    assert (one["messages"], one["target"], one["aliases"], one["attribution"]) == (
        [{"role": "user", "content": prose(1)}],
        "107",
        ["a", "b"],
        "A. Person, CC BY",
    )


def test_a_derived_row_has_the_prompt_and_a_hash_and_no_words_of_a_model(database: Database) -> None:
    battle = Battle((Message("user", prose(1)),), (Response("m", prose(2)),), "both_bad", "human")
    put(database, pair(1, "derived", detail=battle, failing=(Response("m", prose(2), failed=True),), target=prose(3), rubric=prose(4)))
    folder = freeze(database)
    (row,) = table(folder, "unkeyed")
    assert (row["input"], row["target"], row["rubric"], row["failing_models"]) == (prose(1), "", "", ["m"])
    assert len(row["failing_hashes"][0]) == 32


def test_a_derived_prompt_that_a_response_repeats_still_leaves(database: Database) -> None:
    battle = Battle((Message("user", prose(1)),), (Response("m", f"You ask: {prose(1)}"),), "both_bad", "human")
    put(database, pair(1, "derived", detail=battle))
    assert len(table(freeze(database), "unkeyed")) == 1


def test_rows_with_a_key_and_rows_without_one_share_no_config(database: Database) -> None:
    keyed, alone = {"target": "7", "key_status": "sourced"}, {"target": "", "key_status": "none"}
    families = [("cc-by-4.0", "default"), ("cc-by-sa-4.0", "cc-by-sa"), ("cc-by-nc-4.0", "nc")]
    put(database, *(pair(n, licence=licence, **(keyed if n % 2 else alone)) for n in range(1, 7) for licence in [families[n % 3][0]]))
    folder = freeze(database)
    targets = {path.parent.name: {row["target"] for row in table(folder, path.parent.name)} for path in folder.glob("*/*.parquet")}
    assert targets == {
        "keyed": {"7"}, "cc-by-sa-keyed": {"7"}, "nc-keyed": {"7"}, "unkeyed": {""}, "cc-by-sa-unkeyed": {""}, "nc-unkeyed": {""},
    }  # fmt: skip


def preference(n: int, export_class: str = "full", **more: Any) -> tuple[Record, Candidate]:
    battle = Battle((Message("user", prose(n)),), (Response("a", prose(n + 50)), Response("b", prose(n + 90))), "second", "human")
    told: dict[str, Any] = {
        "kind": "preference",
        "choices": (prose(n + 50), prose(n + 90)),
        "target": prose(n + 90),
        "key_status": "sourced",
    }
    return pair(n, export_class, detail=battle, **{**told, **more})


def test_a_preference_leaves_as_what_a_judge_is_asked_and_its_letter(database: Database) -> None:
    put(database, preference(1))
    (row,) = table(freeze(database), "preference")
    assert (row["target"], row["choices"]) == ("B", [prose(51), prose(91)])
    assert [turn["role"] for turn in row["messages"]] == ["user"]
    assert row["input"] == row["messages"][0]["content"]
    assert row["input"].index(prose(1)) < row["input"].index(prose(51)) < row["input"].index(prose(91))


def test_a_preference_whose_vote_is_no_key_leaves_without_one(database: Database) -> None:
    put(database, preference(1, key_status="none"))
    folder = freeze(database)
    assert (table(folder, "preference"), [row["answer"] for row in table(folder, "unkeyed")]) == ([], [""])


def test_a_preference_whose_responses_stay_leaves_as_hashes_and_the_vote(database: Database) -> None:
    put(database, preference(1, "derived"))
    folder = freeze(database)
    (row,) = table(folder, "ids")
    assert ([len(hashed) for hashed in row["response_hashes"]], row["better"]) == ([32, 32], "B")
    assert table(folder, "preference") == []


def test_a_derived_conversation_with_turns_of_a_model_goes_as_an_id(database: Database) -> None:
    turns = (Message("user", prose(1)), Message("assistant", prose(2)), Message("user", prose(3)))
    put(database, pair(1, "derived", messages=turns))
    folder = freeze(database)
    assert table(folder, "keyed") == []
    assert len(table(folder, "ids")) == 1


def test_id_only_rows_hold_no_text_title_author_or_address(database: Database) -> None:
    put(database, pair(1, "id_only", licence="site-terms", title=prose(2), author_key="feedbeef", attribution="somebody"))
    folder = freeze(database)
    (row,) = table(folder, "ids")
    assert (row["source"], row["site"], row["native_id"], row["kind"]) == ("forum", "x", "n1", "question")
    said = json.dumps(row)
    assert not any(word in said for word in (prose(1)[:12], prose(2)[:12], "feedbeef", "somebody", "http", "107"))


def test_what_may_not_leave_leaves_nothing(database: Database) -> None:
    put(database, pair(1, "none"), pair(2), pair(3), pair(4, "id_only", licence="unknown"), pair(5), pair(6))
    with database.reader() as con:
        ids = dict(con.execute("SELECT native_id, item_id FROM items_current").fetchall())
    put(database, pair(5, status="deleted"))
    verdicts.save_verdicts(database, [verdicts.Verdict(ids["n2"], "rejected", "me"), verdicts.Verdict(ids["n3"], "waived", "me")])
    folder = freeze(database)
    assert [r["native_id"] for c in ("keyed", "cc-by-sa-keyed", "nc-keyed", "ids") for r in table(folder, c)] == ["n6"]


def test_an_item_that_shares_a_word_run_with_a_withheld_text_goes_as_an_id(database: Database) -> None:
    put(database, pair(1), pair(2), pair(3, "id_only", licence="site-terms", text=f"Somebody wrote: {prose(1)}"))
    folder = freeze(database)
    assert [r["native_id"] for r in table(folder, "keyed")] == ["n2"]
    assert sorted(r["native_id"] for r in table(folder, "ids")) == ["n1", "n3"]
    assert json.loads((folder / "manifest.json").read_text())["withheld"] == {"overlap": 1}


def test_a_refused_record_keeps_no_open_item_back(database: Database) -> None:
    asked = Battle((Message("user", prose(1)),), (Response("m", prose(5)),), "none", "human")
    put(database, pair(1, "derived", detail=replace(asked, vote="both_bad")), pair(2, licence="CC-BY-NC-SA-4.0"))
    refused = [
        pair(3, "derived", text=f"{prose(1)} {prose(5)}", detail=asked)[0],
        pair(4, text=f"{prose(2)} {prose(6)}", licence="CC-BY-NC-SA-4.0")[0],
    ]
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        page = Page("forum", "x", "https://example.org/r", 200, {}, b"refused", NIGHT)
        pages.land_batch(con, run_id, [pages.PageResult(page, refused)])
    folder = freeze(database)
    assert [r["native_id"] for config in ("unkeyed", "nc-keyed") for r in table(folder, config)] == ["n1", "n2"]


def test_a_leak_that_no_rule_stops_publishes_nothing(database: Database) -> None:
    put(database, pair(1), pair(2, "id_only", licence="site-terms", tags=(prose(2),)))
    with pytest.raises(StoreError, match=r"ids/test-00000-of-00001\.parquet, item .* must not leave"):
        freeze(database)
    assert list((database.folder / "snapshots").iterdir()) == []
    with database.reader() as con:
        assert con.execute("FROM snapshots").fetchall() == []


def test_personal_data_and_keys_stay(database: Database) -> None:
    put(database, pair(1, target="write to jo@example.org"), pair(2, rubric="ghp_" + "a1B2" * 9), pair(3))
    folder = freeze(database)
    assert [r["native_id"] for c in ("keyed", "ids") for r in table(folder, c)] == ["n3"]
    assert json.loads((folder / "manifest.json").read_text())["withheld"] == {"personal_data": 1, "secret_key": 1}


def test_classes_that_are_switched_off_stay(database: Database) -> None:
    put(database, pair(1), pair(2, "id_only", licence="site-terms"))
    folder = freeze(database, export=Export(version="1", classes=("full",)))
    assert [p.name for p in sorted(folder.iterdir())] == [
        "README.md",
        "croissant.json",
        "difference.json",
        "eval.yaml",
        "harness",
        "keyed",
        "manifest.json",
    ]


def test_frozen_twice_it_is_the_same_to_the_byte(database: Database) -> None:
    put(database, *(pair(n) for n in range(8)))
    copied = shutil.copytree(database.folder, database.folder / "copied")
    first = every_byte(freeze(database))
    shutil.rmtree(database.folder / "snapshots")
    assert every_byte(freeze(Database(copied, threads=1))) == first
    assert every_byte(freeze(database)) == first
    with database.reader() as con:
        assert con.execute("SELECT count(*) FROM snapshots").fetchall() == [(1,)]


def test_gathered_in_pieces_it_is_the_same_to_the_byte(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    put(database, *(pair(n) for n in range(7)), pair(9, "id_only", licence="site-terms", text=f"Somebody wrote: {prose(1)}"))
    with database.transaction() as con:
        a, b = sorted(row[0] for row in con.execute("SELECT item_id FROM items").fetchall())[3:5]
        run_id = runs.open_run(con, "test", dedupe_version="1")
        decisions.save_decisions(con, run_id, [Decision(b, "same", a, 1, 1, "m", "r", "e")])
    whole = every_byte(freeze(database))
    shutil.rmtree(database.folder / "snapshots")
    monkeypatch.setattr(store.snapshot.export, "_AT_ONCE", 2)
    assert every_byte(freeze(database)) == whole


def test_a_name_that_is_taken_by_other_content_is_refused(database: Database) -> None:
    put(database, pair(1))
    before = every_byte(freeze(database))
    put(database, pair(2))
    with pytest.raises(UsageError, match="choose another name"):
        freeze(database)
    assert every_byte(database.folder / "snapshots" / "s1") == before


def test_the_difference_to_the_snapshot_before_is_told(database: Database) -> None:
    put(database, pair(1), pair(2))
    freeze(database)
    put(database, pair(3), pair(2, status="deleted"), pair(1, target="107", tags=("new",)))
    difference = json.loads((freeze(database, "s2") / "difference.json").read_text())
    assert difference["since"] == "s1"
    assert [len(difference[k]) for k in ("added", "removed", "changed")] == [1, 1, 1]


@pytest.mark.parametrize("name", ["../x", "CON", "con", "aux.txt", "a" * 65, "", ".hidden", "-x", "a/b", "naïve", "a b", "x."])
def test_a_name_that_is_unsafe_somewhere_is_refused(name: str, database: Database) -> None:
    with pytest.raises(UsageError, match="cannot name a snapshot"):
        freeze(database, name)


def test_a_merged_item_is_not_a_row_of_its_own(database: Database) -> None:
    put(database, pair(1), pair(2))
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", dedupe_version="1")
        a, b = sorted(r[0] for r in con.execute("SELECT item_id FROM items").fetchall())
        decisions.save_decisions(con, run_id, [Decision(b, "same", a, 1, 1, "m", "r", "e")])
    (row,) = table(freeze(database), "keyed")
    assert (row["item_id"], row["reports"]) == (a, 2)


def opened(program: str, home: Path) -> list[str]:
    """What a program of somebody else prints who has the library, no network, and only the folder."""
    env = {**os.environ, "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_others_can_load_it_offline(database: Database, tmp_path: Path) -> None:
    put(database, pair(1), pair(2), pair(3, "id_only", licence="site-terms"))
    folder = freeze(database)
    program = (
        f"import datasets; d = datasets.load_dataset({str(folder)!r}, 'keyed'); print(d['test'].num_rows, "
        f"sorted(d['test']['native_id']));"
        f"print(datasets.load_dataset({str(folder)!r}, 'ids')['test'].num_rows)"
    )
    assert opened(program, tmp_path) == ["2 ['n1', 'n2']", "1"]
    assert duckdb.sql(f"SELECT count(*) FROM '{folder}/keyed/*.parquet'").fetchall() == [(2,)]


def test_a_snapshot_without_open_texts_opens_by_itself(database: Database, tmp_path: Path) -> None:
    put(database, pair(1, licence="CC-BY-SA-4.0"), pair(2, "id_only", licence="site-terms"))
    folder = freeze(database)
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == ["cc-by-sa-keyed", "harness", "ids"]
    assert opened(f"import datasets; print(datasets.load_dataset({str(folder)!r})['test']['native_id'][:])", tmp_path) == ["['n1']"]


@pytest.mark.parametrize(
    "text",
    ["---", "a: b\n---\nlicense: mit", "{{ x }}", "=cmd|' /C calc'!A0", "`x`", "<script>alert(1)</script>", "| a | b |", "\r\n# big"],
)
def test_no_text_breaks_out_of_the_card(text: str) -> None:
    said = card("s1", {"keyed": 3}, {"keyed": {text: 3}}, canary=text)
    front, body = said.split("\n---\n", 1)
    meta = yaml.safe_load(front.removeprefix("---\n"))
    assert meta["license"] == "other"
    assert meta["configs"] == [
        {"config_name": "keyed", "default": True, "data_files": [{"split": "test", "path": "keyed/test-00000-of-00001.parquet"}]}
    ]
    assert "<script" not in body
    assert "\n---" not in body
    assert body.count("\n# ") == 1


CLASSES = st.sampled_from(["full", "derived", "id_only", "none"])
LICENCES = st.sampled_from(["cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "unknown", "site-terms"])


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CLASSES, LICENCES, st.booleans(), st.integers(0, 5)), min_size=1, max_size=12))
def test_no_word_run_of_a_withheld_text_leaves(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, str, bool, int]]) -> None:
    database = Database(tmp_path_factory.mktemp("leak"))
    pairs = [
        pair(n, export_class, licence, text=f"{prose(n)} and also {prose(100 + n if not quotes else other)}", title=prose(200 + n),
        author_key=f"author{n:010}",
             failing=(Response("m", prose(300 + n)),), rubric=prose(400 + n) if quotes else "")
        for n, (export_class, licence, quotes, other) in enumerate(rows)
    ]  # fmt: skip
    put(database, *pairs)
    folder = freeze(database)
    for record, _ in pairs:
        n = int(record.native_id[1:])
        withheld = [prose(200 + n), f"author{n:010}", prose(300 + n)]
        if record.export_class != "full" or family(record.licence) is None:
            withheld += [prose(400 + n), *([] if record.export_class == "derived" and family(record.licence) else [record.text])]
        withheld_runs = {int(h) for h in runs_of(withheld)[0]}
        for path in folder.rglob("*"):
            if path.is_file():
                held = "\n".join(leaks.strings_in(pq.read_table(path).to_pylist())) if path.suffix == ".parquet" else path.read_text()
                assert f"author{n:010}" not in held
                assert withheld_runs.isdisjoint(int(h) for h in runs_of([held])[0])
