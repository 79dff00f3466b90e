"""Arena logs become Records: one case for each layout, what each literal means, and what is refused."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sample.faults import BodyFault
from scrapers import arena
from scrapers.arena.columns import OWN_WORDS
from scrapers.arena.layouts import KNOWN_SETS, LAYOUTS
from thresher.errors import UsageError
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
        ("mt_bench_pair", ["second", "tie", "no_verdict", "unmapped_literal"]),
        ("dpo", [*["first"] * 6, "no_prompt"]),
        ("kto", ["none", "none", "unmapped_literal"]),
        ("pairs", ["first", "second", "tie", "unmapped_literal"]),
        ("side_votes", ["first", "both_bad", "no_vote"]),
        ("battles_only", ["first", "both_bad"]),
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


def own_id(record: Record) -> str:
    """The id that a row has of its own, without the hash of what was asked."""
    return record.native_id.rpartition(":")[0]


def test_rows_of_two_files_with_one_number_are_two_records(tmp_path: Path) -> None:
    for name, asked in (("monday", "How many legs has a crab?"), ("tuesday", "Which moon is larger?")):
        talk = [{"role": "user", "content": asked}, {"role": "assistant", "content": "Eight."}]
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"id": 1, "messages": talk}))
    monday, tuesday = records(results(tmp_path))
    assert monday.native_id != tuesday.native_id
    talk = json.loads((tmp_path / "monday.jsonl").read_text())["messages"]
    talk += [{"role": "user", "content": "Are you sure?"}, {"role": "assistant", "content": "Ten."}]
    (tmp_path / "monday.jsonl").write_text(json.dumps({"id": 1, "messages": talk}))
    assert records(results(tmp_path))[0].native_id == monday.native_id, "a talk that went on is the same talk"
    uuid = "3f1d2c4b-0000-4000-8000-000000000001"
    (tmp_path / "monday.jsonl").write_text(json.dumps({"id": uuid, "messages": talk}))
    assert records(results(tmp_path))[0].native_id == uuid


def test_a_battle_is_readable_as_text() -> None:
    record = records(rows("chatbot_arena_33k"))[0]
    assert record.text == "User: How many legs has a spider?\n\nResponse 1 (alpha-7b): Eight.\n\nResponse 2 (beta-13b): Six."
    assert (own_id(record), record.language, record.author_key) == ("q1", "en", "arena_user_1")
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
    assert (own_id(root), own_id(later)) == ("m1", "m4")
    assert root.thread_id == later.thread_id
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
    found = {own_id(record): record for record in records(results(tmp_path))}
    review = found["rv1"]
    assert [m.content for m in battle(review).messages] == ["Why is the sky blue?"]
    assert [(r.model, r.text) for r in battle(review).responses] == [("alpha-7b", "Scattering."), ("beta-13b", "")]
    assert (review.marks["missing"], battle(review).judge, battle(review).rationale) == (["responses"], "gpt-4", "The first explains it.")
    assert [m.content for m in battle(found["answer:va1"]).messages] == ["Why is the sky blue?"]


def test_files_that_only_explain_others_are_passed_over_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.jsonl").write_text('{"model_id": "a:1", "model_name": "a"}\n')
    (tmp_path / "rows.jsonl").write_bytes((FIXTURES / "ppe_v1.jsonl").read_bytes())
    assert [page.context["file"] for page in arena.read(tmp_path, SITE)] == ["rows.jsonl"]


def test_every_row_of_an_unknown_layout_is_counted_and_says_which_layouts_were_near(tmp_path: Path) -> None:
    rows = [{"model_a": "oak", "model_b": "elm", "colour": "red", "size": n} for n in range(700)]
    (tmp_path / "odd.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = results(tmp_path / "odd.jsonl")
    assert reasons(found) == ["unknown_layout"] * 700
    assert len({result.native_id for result in found}) == 700
    (detail,) = {result.detail for result in found if isinstance(result, Dead)}
    assert detail.startswith("odd.jsonl: rows with the columns colour, model_a, model_b, size are of no known layout; nearest:")
    assert "battles_only (without winner)" in detail


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
    assert own_id(record) == "17"


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


def test_each_shape_of_a_training_pair_says_what_was_asked_and_who_won() -> None:
    found = [battle(record) for record in records(rows("dpo"))]
    assert [[m.content for m in one.messages] for one in found] == [
        ["Which metal is liquid in a warm room?"],
        ["You teach.", "What is 13 * 19?"],
        ["Name a moon of Mars."],
        ["Spell 'rhythm'."],
        ["Is a whale a fish?"],
        ["Largest planet?"],
    ]
    assert [[r.text for r in one.responses] for one in found][2:5] == [
        ["Phobos.", "Titan."],
        ["rhythm", "rythm"],
        ["No, a mammal.", "Yes."],
    ]
    assert {(one.judge, one.shown) for one in found} == {("unknown", "unknown")}


def test_a_pair_judged_in_both_orders_counts_where_both_agree() -> None:
    first, later = (battle(record) for record in records(rows("mt_bench_pair")))
    assert (first.judge, first.shown, [r.text for r in first.responses]) == ("gpt-4", "both", ["Oak.", "Fir."])
    assert [m.content for m in first.messages] == ["Name a tree that keeps its needles."]
    assert "And one that sheds." in later.responses[0].text


def test_the_branch_that_the_user_saw_last_is_read_from_a_chatgpt_export() -> None:
    (record,) = records(rows("chatgpt_export"))
    assert [m.content for m in battle(record).messages] == ["How many wings has a bee?", "Two.", "That is wrong, a bee has four."]
    assert [(r.model, r.text) for r in battle(record).responses] == [("gpt-4o", "You are right: four.")]
    assert record.export_class == "none"


def test_what_tools_gave_back_is_nobodys_words() -> None:
    talk = battle(records(rows("sharegpt"))[1])
    assert [m.role for m in talk.messages] == ["user", "assistant", "tool"]
    called = battle(records(rows("chats"))[1])
    assert [m.role for m in called.messages] == ["user", "assistant", "tool"]
    assert "read_list" in called.messages[1].content


def test_a_thumb_down_beside_a_talk_is_about_its_last_answer() -> None:
    found = battle(records(rows("chats"))[0])
    assert (found.judge, [(r.text, r.failed) for r in found.responses]) == ("unknown", [("Yes.", True)])


def test_a_tree_in_one_row_is_read_like_its_messages() -> None:
    root, later = (battle(record) for record in records(rows("oasst_trees")))
    assert [(r.text[:8], r.failed) for r in root.responses] == [("Two minu", None), ("Half an ", True)]
    assert (root.vote, [m.content[:8] for m in later.messages]) == ("first", ["How long", "Two minu", "And blac"])


def test_second_turns_are_asked_after_the_authors_first_answer() -> None:
    first, second = records(rows("mt_bench_questions"))
    assert (own_id(first), battle(first).reference) == ("question:101", "First.")
    assert (own_id(second), battle(second).reference, battle(second).reference_by) == ("question:101:turn2", "Second.", "human")
    assert [(m.role, m.content) for m in battle(second).messages] == [("user", "One?"), ("assistant", "First."), ("user", "Two?")]


def test_notes_for_a_grader_are_not_put_into_an_assistants_mouth(tmp_path: Path) -> None:
    row = {
        "question_id": 1,
        "category": "coding",
        "turns": ["Add.", "Now subtract."],
        "reference": ["Check the sign.\n```\na + b\n```", "a - b"],
    }
    (tmp_path / "question.jsonl").write_text(json.dumps(row))
    _, second = records(results(tmp_path / "question.jsonl"))
    assert battle(second).messages[1].content == "```\na + b\n```"


def test_a_reference_answer_names_the_model_that_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "reference_answer").mkdir()
    question = {"question_id": 1, "category": "math", "turns": ["What is 6 * 7?"]}
    answer = {"question_id": 1, "answer_id": "x", "model_id": "gpt-4", "choices": [{"index": 0, "turns": ["42"]}]}
    (tmp_path / "question.jsonl").write_text(json.dumps(question))
    (tmp_path / "reference_answer" / "gpt-4.jsonl").write_text(json.dumps(answer))
    found = next(record for record in records(results(tmp_path)) if own_id(record) == "question:1")
    assert (battle(found).reference, battle(found).reference_by) == ("42", "gpt-4")


@pytest.mark.parametrize(
    ("reviewer", "table", "judge"),
    [
        ("gpt-3.5-turbo-0301-default", [], "gpt-3.5-turbo"),
        ("gpt-4-0328-math", [], "gpt-4"),
        (2, [{"reviewer_id": 1, "description": "GPT-4"}, {"reviewer_id": 2, "description": "GPT-3.5 for math"}], "gpt-3.5-turbo"),
        (7, [{"reviewer_id": "gpt-4-a"}, {"reviewer_id": "gpt-4-b"}], "gpt-4"),
        (7, [{"reviewer_id": "gpt-4-a"}, {"reviewer_id": "gpt-35-b"}], "reviewer 7"),
    ],
)
def test_a_review_is_its_own_reviewers(tmp_path: Path, reviewer: Any, table: list[dict[str, Any]], judge: str) -> None:
    row = json.loads((FIXTURES / "vicuna_eval.jsonl").read_text().splitlines()[0])
    (tmp_path / "review_a_b.jsonl").write_text(json.dumps({**row, "reviewer_id": reviewer}))
    (tmp_path / "reviewer.jsonl").write_text("\n".join(json.dumps({"prompt_id": 1, **one}) for one in table))
    (record,) = records(results(tmp_path))
    assert battle(record).judge == judge


def test_criteria_are_the_key_and_mistakes_the_rubric() -> None:
    old, new = (battle(record) for record in records(rows("misguided_prompts")))
    assert (old.reference, old.rubric) == ("Answer says that the cups are empty already", "Common mistakes:\n- Answer pours something out")
    assert new.reference == "Answer says that he takes the boat"  # a criterion of weight 0 is asked for interest only


def test_an_output_fails_where_it_meets_no_criterion_and_its_judge_is_a_model() -> None:
    failed, well = (battle(record) for record in records(rows("misguided_evaluations")))
    assert (failed.responses[0].failed, failed.judge, failed.reference_by) == (True, "a model", "human")
    assert (failed.responses[0].model, well.responses[0].failed) == ("oak-7b", None)


def test_a_list_of_questions_gives_the_key_and_what_was_marked_as_wrong() -> None:
    wrong, right, alone = (battle(record) for record in records(rows("question_list")))
    assert [(r.text, r.failed) for r in (*wrong.responses, *right.responses)] == [("6", True), ("Eight.", None)]
    assert (wrong.reference, alone.responses, alone.reference, alone.judge) == ("8", (), "6", "human")


@pytest.mark.parametrize(
    ("columns", "key", "answer", "failed"),
    [
        ({"Question": "Q?", "Best Answer": "7"}, "7", None, None),
        ({"problem": "Q?", "answer": "7"}, "7", None, None),
        ({"prompt": "Q?", "ground_truth": "7", "response": "8", "correct": False}, "7", "8", True),
        ({"query": "Q?", "Reference Answer": "7", "Model Output": "8", "Grade": "1/5"}, "7", "8", True),
        ({"question": "Q?", "human_answer": "7", "llm_answer": "7", "score": 10}, "7", "7", None),
        ({"question": "Q?", "model": "m", "answer": "8", "human_score": 0}, "", "8", True),
    ],
)
def test_question_lists_head_their_columns_as_they_like(
    tmp_path: Path, columns: dict[str, Any], key: str, answer: Any, failed: Any
) -> None:
    (tmp_path / "list.jsonl").write_text(json.dumps(columns))
    (record,) = records(results(tmp_path / "list.jsonl"))
    found = battle(record)
    assert (found.reference, found.responses[0].text if found.responses else None) == (key, answer)
    assert (found.responses[0].failed if found.responses else None) == failed


def test_a_failure_archive_gives_the_transcript_with_what_would_have_been_right(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        "# Failures\n\nSome words.\n\n<details>\n  <summary><ins>It adds a day to a week</ins></summary>\n  by somebody\n"
        "  #### Transcript\n  * __User:__ How many days has a week and a day?\n"
        "  * __ChatGPT:__ Seven:\n\n  ```\n  # a comment\n  7\n  ```\n"
        "  * __User:__ Are you sure?\n  * __ChatGPT:__ Yes.\n\n  #### Notes\n  - ***Correct answer:*** 8\n  - ***Mistake:*** It said 7\n"
        "</details>\n<details>\n  <summary>It draws a horse</summary>\n  ![](horse.png)\n</details>\n"
    )
    told, shown = records(results(tmp_path / "README.md"))
    found = battle(told)
    assert ([m.content for m in found.messages], found.reference, found.rationale) == (
        ["How many days has a week and a day?"],
        "8",
        "It said 7",
    )
    assert found.responses[0].text == "Seven:\n\n```\n# a comment\n7\n```"
    assert (found.judge, found.responses[0].failed, shown.marks["missing"]) == ("human", True, ["prompt"])


def test_a_page_of_prose_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# A project\n\n## Usage\n\n**Note:** call it as you like.\n")
    assert results(tmp_path / "README.md") == []


@pytest.mark.parametrize(("label", "vote"), [(0, "first"), (1, "second")])
def test_numbers_that_may_count_from_nought_are_not_guessed(tmp_path: Path, label: int, vote: str) -> None:
    zero = {"prompt": "Q?", "response_0": "a", "response_1": "b", "preference": label}
    one = {"prompt": "Q?", "response_1": "a", "response_2": "b", "preference": label}
    (tmp_path / "zero.jsonl").write_text(json.dumps(zero))
    assert [battle(record).vote for record in results(tmp_path / "zero.jsonl")] == [vote]
    (tmp_path / "one.jsonl").write_text("\n".join(json.dumps({**one, "preference": n}) for n in (0, 1)))
    assert reasons(results(tmp_path / "one.jsonl"))[0] == "unmapped_literal"
    (tmp_path / "two.jsonl").write_text("\n".join(json.dumps({**one, "preference": n}) for n in (0, 1, 2)))
    assert [battle(record).vote for record in results(tmp_path / "two.jsonl")] == ["tie", "first", "second"]


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
    if body_fault.name == "unknown fields" and name in OWN_WORDS:
        pytest.skip("every file of this layout has columns of its own")
    body = (FIXTURES / f"{name}.jsonl").read_bytes()
    body_fault.check(
        arena, Page("arena", "log", "file:rows", 200, {}, body, datetime(2026, 3, 1, tzinfo=UTC), {"layout": name, "file": "rows"})
    )


def read_rows(tmp_path: Path, *rows: dict[str, Any]) -> list[Record | Dead]:
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return [result for result in results(path) if isinstance(result, Record | Dead)]


ASKED, RIGHT, WRONG = "Name a noble gas.", "Neon.", "Iron."
PAIRED: list[tuple[dict[str, Any], str]] = [
    ({"prompt": ASKED, "response_a": RIGHT, "response_b": WRONG, "score_a": 9, "score_b": 2}, "first"),
    ({"prompt": ASKED, "response1": RIGHT, "response2": WRONG, "rating1": 2, "rating2": 2.0}, "tie"),
    ({"question": {"full_text": ASKED}, "answer_0": WRONG, "answer_1": RIGHT, "score_0": -0.5, "score_1": 0.5}, "second"),
    ({"question": ASKED, "model_a": "m1", "model_b": "m2", "answer_a": WRONG, "answer_b": RIGHT, "winner": "m2"}, "second"),
    ({"prompt": ASKED, "response_1": WRONG, "response_2": RIGHT, "preference": "Response 2 is slightly better"}, "second"),
    ({"prompt": ASKED, "response_1": WRONG, "response_2": RIGHT, "preference": "Response 2 is better than Response 1"}, "second"),
]


@pytest.mark.parametrize(("row", "vote"), PAIRED)
def test_a_pair_is_decided_by_scores_by_names_and_by_words(tmp_path: Path, row: dict[str, Any], vote: str) -> None:
    (one,) = read_rows(tmp_path, row)
    assert (battle(one).vote, battle(one).messages[0].content, len(battle(one).responses)) == (vote, ASKED, 2)


def test_a_verdict_below_nought_is_for_the_first_side(tmp_path: Path) -> None:
    pair = {"prompt": ASKED, "response_1": RIGHT, "response_2": WRONG}
    found = read_rows(tmp_path, *({**pair, "preference": n} for n in (-1, 0, 1, 2)))
    assert [battle(one).vote for one in found] == ["first", "tie", "second", "second"]


def test_a_pair_for_training_without_one_answer_costs_itself_alone(tmp_path: Path) -> None:
    found = read_rows(
        tmp_path, {"prompt": ASKED, "chosen": RIGHT, "rejected": ""}, {"prompt": "And another?", "chosen": "Argon.", "rejected": "Tin."}
    )
    assert [[r.text for r in battle(one).responses] for one in found] == [[RIGHT, ""], ["Argon.", "Tin."]]


def test_a_number_names_an_option_and_so_does_a_letter(tmp_path: Path) -> None:
    options = {"question": "Which is a noble gas?", "choices": ["Iron", "Neon", "Tin"]}
    from_nought, last = read_rows(tmp_path, {**options, "answer": 1}, {**options, "answer": 0})
    assert (battle(from_nought).reference, battle(last).reference) == ("B) Neon", "A) Iron")
    assert battle(from_nought).messages[0].content == "Which is a noble gas?\n\nA) Iron\nB) Neon\nC) Tin"
    from_one, _ = read_rows(tmp_path, {**options, "answer": 2}, {**options, "answer": 3})
    assert battle(from_one).reference == "B) Neon"
    (lettered,) = read_rows(tmp_path, {"question": "Which is a noble gas?", "A": "Iron", "B": "Neon", "answer": "B"})
    assert (battle(lettered).messages[0].content, battle(lettered).reference) == ("Which is a noble gas?\n\nA) Iron\nB) Neon", "B")


def test_a_letter_whose_options_are_elsewhere_is_no_key(tmp_path: Path) -> None:
    assert reasons(read_rows(tmp_path, {"question": "Which is a noble gas?", "answer": "B"})) == ["no_options"]
    (offered,) = read_rows(tmp_path, {"question": "Which is a noble gas?\nA) Iron\nB) Neon", "answer": "B"})
    assert battle(offered).reference == "B"


@pytest.mark.parametrize(
    "row",
    [
        {"chat_messages": [{"sender": "human", "text": ASKED, "content": []}, {"sender": "assistant", "text": WRONG, "content": []}]},
        {"contents": [{"role": "user", "parts": [{"text": ASKED}]}, {"role": "model", "parts": [{"text": WRONG}]}]},
        {"messages": json.dumps([{"role": "user", "content": ASKED}, {"role": "assistant", "content": WRONG}])},
    ],
)
def test_talks_under_other_names_are_read(tmp_path: Path, row: dict[str, Any]) -> None:
    (one,) = read_rows(tmp_path, row)
    assert (battle(one).messages, [r.text for r in battle(one).responses]) == ((Message("user", ASKED),), [WRONG])


def test_ranked_answers_are_no_list_of_keys(tmp_path: Path) -> None:
    found = read_rows(tmp_path, {"prompt": ASKED, "answers": [{"answer": RIGHT, "rank": 1.0}, {"answer": WRONG, "rank": 2.0}]})
    assert reasons(found) == ["unknown_layout"]
