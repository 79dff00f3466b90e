"""Arena logs become Records: one case for each layout, what each literal means, and what is refused."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sample.faults import BodyFault
from scrapers import arena
from scrapers.arena.layouts import KNOWN_SETS, LAYOUTS
from thresher.errors import PayloadError, UsageError
from thresher.model import Battle, Dead, Message, Page, Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "arena"
SITE = arena.Site(name="log", dataset="example/log")


def results(path: Path, site: arena.Site = SITE) -> list[Record | Dead]:
    return [result for page in arena.read(path, site) for result in arena.parse(page)]


def rows(layout: str) -> list[Record | Dead]:
    return results(FIXTURES / f"{layout}.jsonl")


def records(found: list[Record | Dead]) -> list[Record]:
    return [result for result in found if isinstance(result, Record)]


def battle(record: Record | Dead) -> Battle:
    assert isinstance(record, Record)
    assert isinstance(record.detail, Battle)
    return record.detail


def reasons(found: list[Record | Dead]) -> list[str]:
    return [result.reason for result in found if isinstance(result, Dead)]


def votes(layout: str) -> list[str]:
    return [result.reason if isinstance(result, Dead) else battle(result).vote for result in rows(layout)]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_has_a_fixture_that_is_detected_as_it(layout: str) -> None:
    pages = list(arena.read(FIXTURES / f"{layout}.jsonl", SITE))
    assert [page.context["layout"] for page in pages] == [layout]
    assert records([result for page in pages for result in arena.parse(page)])


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_records_of_every_layout_say_what_may_leave(layout: str) -> None:
    for record in records(rows(layout)):
        assert record.role == "battle"
        assert record.licence
        assert record.thread_id
        assert record.marks["layout"] == layout
        if layout != "feedback":
            assert record.export_class == LAYOUTS[layout].export_class


def test_outputs_of_arenas_do_not_leave_and_lmsys_talks_leave_by_id_alone() -> None:
    assert LAYOUTS["arena_140k"].export_class == LAYOUTS["chatbot_arena_33k"].export_class == "derived"
    assert LAYOUTS["lmsys_chat_1m"].export_class == "id_only"


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("chatbot_arena_33k", ["first", "both_bad", "tie", "second", "unmapped_literal"]),
        ("arena_55k", ["second", "tie", "first", "unmapped_literal", "uneven_turns"]),
        ("arena_100k", ["first", "both_bad", "high_frequency"]),
        ("arena_140k", ["both_bad", "second", "both_bad", "first"]),
        ("expert_5k", ["both_bad"]),
        ("search_arena_24k", ["first", "both_bad", "none"]),
        ("ppe_v1", ["second"]),
        ("mt_bench_human", ["first", "tie", "second"]),
        ("helpsteer2_preference", ["first"]),
        ("helpsteer3", ["second", "tie", "unmapped_literal"]),
        ("hh_rlhf", ["first", "same_responses"]),
        ("pandalm", ["first", "tie", "tie", "unmapped_literal"]),
        ("pandalm_gpt", ["none", "tie"]),
        ("pandalm_7b", ["second"]),
        ("alpaca_annotations", ["first", "second", "tie", "first", "tie", "second", "first", "second", "none", *["unmapped_literal"] * 2]),
        ("vicuna_eval", ["first", "tie", "second", "no_verdict", "unmapped_literal"]),
        ("mt_bench_single", ["none", "none", "no_verdict", "unmapped_literal"]),
        ("wildbench_scores", ["none", "none", "none", "unmapped_literal", "none"]),
        ("helpsteer", ["none", "none", "unmapped_literal"]),
        ("feedback", ["none", "none", "no_consent", "unmapped_literal", "bad_time", "unmapped_literal"]),
    ],
)  # fmt: skip
def test_each_literal_has_one_meaning_and_an_unknown_one_is_dead(layout: str, expected: list[str]) -> None:
    assert votes(layout) == expected


def test_both_bad_means_that_each_response_fails_with_full_strength() -> None:
    found = battle(rows("arena_140k")[0])
    assert (found.strength, [r.failed for r in found.responses]) == (1.0, [True, True])


def test_a_loser_is_not_said_to_fail() -> None:
    found = battle(rows("chatbot_arena_33k")[0])
    assert (found.strength, [r.failed for r in found.responses]) == (0.4, [None, None])


def test_a_battle_is_readable_as_text() -> None:
    record = records(rows("chatbot_arena_33k"))[0]
    assert record.text == "User: How many legs has a spider?\n\nResponse 1 (alpha-7b): Eight.\n\nResponse 2 (beta-13b): Six."
    assert (record.native_id, record.language, record.author_key) == ("q1", "en", "arena_user_1")
    assert record.created_at == datetime(2023, 4, 24, 15, 53, 11, 100000, UTC)
    assert record.url == "https://huggingface.co/datasets/example/log"


def test_the_55k_tie_may_hide_both_bad_and_null_turns_are_marked() -> None:
    _, tie, nulls, *_ = records(rows("arena_55k"))
    assert tie.marks["may_be_both_bad"] is True
    assert battle(tie).strength == 0.0
    assert nulls.marks["empty_turns"] == 1
    assert "\ufffd" in nulls.text


def test_pictures_of_a_prompt_are_counted() -> None:
    assert records(rows("arena_140k"))[1].marks["images"] == 1


def test_what_sides_share_is_the_prompt_and_the_rest_of_each_talk_its_response() -> None:
    found = battle(rows("arena_140k")[3])
    assert found.messages == (Message("user", "First?"), Message("assistant", "one"), Message("user", "Second?"))
    assert [r.text for r in found.responses] == ["a", "b"]


def test_in_a_later_vote_words_of_other_models_are_not_laid_at_the_door_of_these() -> None:
    record = rows("arena_140k")[2]
    found = battle(record)
    assert found.vote == "both_bad"
    assert [r.failed for r in found.responses] == [None, None]
    assert found.strength == 0.4
    assert isinstance(record, Record)
    assert record.marks["earlier_votes"] == 1


def test_a_vote_about_turn_one_leaves_turn_two_out() -> None:
    first, second, third = rows("mt_bench_human")
    assert [r.text for r in battle(first).responses] == ["a1", "b1"]
    assert "a2" in battle(second).responses[0].text
    assert (battle(first).judge, battle(third).judge) == ("human", "gpt-4")


def test_the_majority_of_three_annotators_counts_and_three_opinions_are_a_tie() -> None:
    most, _, split = records(rows("pandalm"))
    assert (most.marks["agree"], battle(most).vote) == (2, "first")
    assert (split.marks["agree"], battle(split).vote) == (1, "tie")
    assert battle(most).responses[1].text == "True"


def test_marks_at_the_bottom_of_the_scale_are_failures() -> None:
    one, three, *_ = records(rows("wildbench_scores"))
    assert (battle(one).responses[0].failed, battle(one).strength) == (True, 0.8)
    assert (battle(three).responses[0].failed, battle(three).strength) == (None, 0.0)
    assert battle(records(rows("helpsteer"))[0]).responses[0].failed is True


def test_the_judges_prompt_gives_question_answer_and_reference_back() -> None:
    one, two = (battle(record) for record in records(rows("mt_bench_single")))
    assert (one.messages, one.responses[0].text, one.responses[0].score) == ((Message("user", "One?"),), "A one.", 1.0)
    assert [m.content for m in two.messages] == ["One?", "A one.", "Two?"]
    assert (two.responses[0].text, two.reference, two.responses[0].failed) == ("A two.", "R two", True)


def test_a_judges_letters_for_the_models_are_explained(tmp_path: Path) -> None:
    row = json.loads((FIXTURES / "alpaca_annotations.jsonl").read_text().splitlines()[0])
    said = {"raw_completion": {"concise_explanation": "Model m is better."}, "referenced_models": {"m": "output_1", "M": "output_2"}}
    (tmp_path / "log.jsonl").write_text(json.dumps({**row, **said}))
    assert battle(results(tmp_path / "log.jsonl")[0]).rationale == "Model m is better.\n\n(m: response 1, M: response 2)"


def test_annotators_reasons_are_the_rationale() -> None:
    assert battle(rows("helpsteer3")[0]).rationale == "The second greets."
    assert battle(rows("helpsteer3")[0]).strength == 0.4
    assert battle(rows("helpsteer2_preference")[0]).strength == 0.6


def test_a_tree_of_messages_becomes_a_case_for_each_prompt_that_was_answered() -> None:
    root, later = records(rows("oasst2"))
    assert (root.native_id, later.native_id, root.thread_id) == ("m1", "m4", "t1")
    assert [(r.text, r.failed, r.score) for r in battle(root).responses] == [("Seven.", None, 0.75), ("Nine.", True, 0.0)]
    assert (battle(root).vote, battle(root).strength) == ("first", 0.8)
    assert [m.content for m in battle(later).messages] == ["Name a prime.", "Seven.", "Another."]
    assert [r.text for r in battle(later).responses] == ["Eleven."]


def test_who_asked_and_where_never_enters_a_page() -> None:
    for layout in ("wildchat", "search_arena_24k"):
        (page,) = arena.read(FIXTURES / f"{layout}.jsonl", SITE)
        for secret in (b"feedface", b"Atlantis", b"Foam", b"Ship/1"):
            assert secret not in page.body


def test_feedback_without_consent_is_not_kept_and_private_feedback_never_leaves() -> None:
    (page,) = arena.read(FIXTURES / "feedback.jsonl", SITE)
    third = json.loads(page.body.splitlines()[2])
    assert third["conversation"] == []
    assert "comment" not in third
    public, private = records(list(arena.parse(page)))
    assert (public.export_class, private.export_class) == ("full", "none")
    assert (battle(public).responses[0].failed, battle(public).strength, battle(public).rationale) == (True, 0.8, "Wrong sum.")
    assert public.created_at == datetime(2026, 11, 1, 9, tzinfo=UTC)


def test_a_judgement_without_its_question_says_what_is_missing() -> None:
    review = records(rows("vicuna_eval"))[0]
    assert review.marks["missing"] == ["prompt", "responses"]
    assert battle(review).messages == ()


def test_a_folder_puts_questions_answers_and_reviews_together(tmp_path: Path) -> None:
    for name, where in (
        ("vicuna_questions", "question.jsonl"),
        ("vicuna_answers", "answer/answer_alpha.jsonl"),
        ("vicuna_eval", "review/review_alpha-7b_beta-13b.jsonl"),
    ):
        target = tmp_path / where
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((FIXTURES / f"{name}.jsonl").read_bytes())
    found = {record.native_id: record for record in records(results(tmp_path))}
    review = found["rv1"]
    assert [m.content for m in battle(review).messages] == ["Why is the sky blue?"]
    assert [(r.model, r.text) for r in battle(review).responses] == [("alpha-7b", "Scattering."), ("beta-13b", "")]
    assert (review.marks["missing"], battle(review).judge, battle(review).rationale) == (["responses"], "gpt-4", "The first explains it.")
    assert [m.content for m in battle(found["answer:va1"]).messages] == ["Why is the sky blue?"]


def test_files_that_only_explain_others_are_passed_over_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.jsonl").write_text('{"model_id": "a:1", "model_name": "a"}\n')
    (tmp_path / "rows.jsonl").write_bytes((FIXTURES / "ppe_v1.jsonl").read_bytes())
    assert [page.context["file"] for page in arena.read(tmp_path, SITE)] == ["rows.jsonl"]


def test_unknown_columns_are_named_beside_the_known_layouts(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"colour": "red", "size": 3}\n')
    (page,) = arena.read(tmp_path / "odd.jsonl", SITE)
    with pytest.raises(PayloadError, match=r"colour, size .* arena_140k") as caught:
        list(arena.parse(page))
    assert caught.value.reason == "unknown_layout"


def test_json_arrays_csv_parquet_and_gzip_hold_the_same_rows(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    lines = (FIXTURES / "arena_55k.jsonl").read_bytes()
    table = [json.loads(line) for line in lines.splitlines()]
    (tmp_path / "a.json").write_text(json.dumps(table))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines))
    pq.write_table(pa.Table.from_pylist(table), tmp_path / "a.parquet")
    pc.write_csv(pa.Table.from_pylist(table), tmp_path / "a.csv")
    expected = results(FIXTURES / "arena_55k.jsonl")
    for name in ("a.json", "a.jsonl.gz", "a.parquet", "a.csv"):
        found = results(tmp_path / name)
        assert [(r.native_id, r.text) for r in records(found)] == [(r.native_id, r.text) for r in records(expected)], name
        assert reasons(found) == reasons(expected)


def test_nested_times_of_parquet_are_read_as_utc(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = json.loads((FIXTURES / "arena_140k.jsonl").read_text().splitlines()[0])
    del row["conv_metadata"]  # Parquet has no empty struct
    row["timestamp"] = datetime(2025, 7, 1, 10, tzinfo=UTC)
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    (record,) = records(results(tmp_path / "a.parquet"))
    assert record.created_at == datetime(2025, 7, 1, 10, tzinfo=UTC)


def test_one_poisoned_row_costs_nothing_else(tmp_path: Path) -> None:
    good = json.loads((FIXTURES / "chatbot_arena_33k.jsonl").read_text().splitlines()[0])
    bad = [
        {**good, "conversation_a": "[["},
        {**good, "conversation_a": None},
        {**good, "conversation_a": []},
        {**good, "conversation_b": [{"role": "wizard", "content": "x"}]},
        {**good, "winner": ["model_a"]},
        {key: value for key, value in good.items() if key != "winner"},
        {**good, "toxic_chat_tag": 7},
    ]
    many = [{**good, "question_id": f"g{n}"} for n in range(600)]
    lines = [json.dumps(row) for row in [*many[:300], *bad, *many[300:]]]
    (tmp_path / "log.jsonl").write_text("\n".join([*lines, "{not json", "[1]", '"text"', ""]))
    found = results(tmp_path / "log.jsonl")
    assert len(records(found)) == 600
    assert Counter(reasons(found)) == {
        "bad_row": 3,
        "empty_conversation": 1,
        "unmapped_literal": 2,
        "missing_column": 1,
        "unreadable_row": 3,
    }


def test_a_first_line_that_cannot_be_read_does_not_hide_the_layout(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b"\xff\xfe broken\n" + (FIXTURES / "ppe_v1.jsonl").read_bytes())
    found = results(tmp_path / "log.jsonl")
    assert (reasons(found), len(records(found))) == (["unreadable_row"], 1)


def test_unknown_columns_are_ignored_and_numbers_may_be_ids(tmp_path: Path) -> None:
    row = json.loads((FIXTURES / "ppe_v1.jsonl").read_text())
    (tmp_path / "log.jsonl").write_text(json.dumps({**row, "question_id": 17, "new_column": {"a": 1}}))
    (record,) = records(results(tmp_path / "log.jsonl"))
    assert record.native_id == "17"


def test_pages_stay_small(tmp_path: Path) -> None:
    row = json.loads((FIXTURES / "ppe_v1.jsonl").read_text())
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps({**row, "question_id": n, "response_1": "x" * 20_000}) for n in range(200)))
    pages = list(arena.read(tmp_path / "log.jsonl", SITE))
    assert max(len(page.body) for page in pages) <= 2**20
    assert sum(page.body.count(b"\n") + 1 for page in pages) == 200


def test_a_tree_is_never_cut_between_two_pages(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (FIXTURES / "oasst2.jsonl").read_text().splitlines()]
    trees = [
        {
            **row,
            "message_tree_id": f"t{n}",
            "message_id": f"{row['message_id']}-{n}",
            "parent_id": row["parent_id"] and f"{row['parent_id']}-{n}",
        }
        for n in range(100)
        for row in lines
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, trees)))
    assert len(list(arena.read(tmp_path / "log.jsonl", SITE))) > 1
    found = results(tmp_path / "log.jsonl")
    assert (len(records(found)), reasons(found)) == (200, [])


def test_a_folder_without_data_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(UsageError, match="holds no"):
        list(arena.read(tmp_path, SITE))


def test_a_site_names_a_known_layout_or_set_or_none() -> None:
    for name in ("", "arena_140k", *KNOWN_SETS):
        assert arena.Site(name="s", layout=name).layout == name
    with pytest.raises(ValueError, match="there is no layout"):
        arena.Site(name="s", layout="arena_1k")


def test_an_empty_page_gives_nothing_and_a_page_of_no_rows_is_dead() -> None:
    page = Page("arena", "log", "file:x", 200, {}, b"\n\n", datetime.now(UTC))
    assert list(arena.parse(page)) == []
    scalars = Page("arena", "log", "file:x", 200, {}, b'1\nnull\n"a"', datetime.now(UTC))
    assert reasons(list(arena.parse(scalars))) == ["not_a_row"] * 3


def test_parsing_is_deterministic() -> None:
    for layout in LAYOUTS:
        assert rows(layout) == rows(layout)


def test_a_thousand_battles_are_parsed_in_a_fraction_of_a_second(tmp_path: Path) -> None:
    row = json.loads((FIXTURES / "arena_140k.jsonl").read_text().splitlines()[0])
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps({**row, "id": str(n)}) for n in range(1000)))
    pages = list(arena.read(tmp_path / "log.jsonl", SITE))
    began = time.process_time()
    assert sum(1 for page in pages for _ in arena.parse(page)) == 1000
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.jsonl")))
def test_whatever_a_row_holds_gives_records_or_says_why_not(body_fault: BodyFault, name: str) -> None:
    if body_fault.name == "ids as text":
        pytest.skip("a log's rows are typed, and their schema is checked by layout")
    body = (FIXTURES / f"{name}.jsonl").read_bytes()
    body_fault.check(
        arena, Page("arena", "log", "file:rows", 200, {}, body, datetime(2026, 3, 1, tzinfo=UTC), {"layout": name, "file": "rows"})
    )
