"""Which columns the rows of each layout may have beside those without which they are not of it, used or left out on purpose.

From the cards of the sets and from recorded rows; any other column is told (``scrapers.common.fields``)."""

from __future__ import annotations

from typing import Final

from scrapers.common.fields import Fields

_TAGS = "category_tag conv_metadata is_code is_refusal language"
_PAIR_140K = f"{_TAGS} evaluation_session_id evaluation_order full_conversation timestamp"
_TALK = "country hashed_ip header language openai_moderation redacted state timestamp toxic turn user_key"

BESIDE: Final = {
    "chatbot_arena_33k": "openai_moderation toxic_chat_tag",
    "arena_100k": f"{_TAGS} anony dedup_tag judge_hash tstamp turn",
    "arena_140k": f"{_PAIR_140K} occupational_tags",
    "expert_5k": _PAIR_140K,
    "search_arena_24k": "judge languages primary_intent secondary_intent system_b_metadata timestamp turn",
    "ppe_v1": f"{_TAGS} easy_prompt hard_prompt if_prompt length_a length_b longer_won math_prompt token_diff",
    "pandalm": "motivation_app",
    "pandalm_gpt": "gpt_reason gpt_reference",
    "pandalm_7b": "pandalm_reason pandalm_reference",
    "helpsteer2_preference": "preference_elaboration preference_statement split",
    "helpsteer3": "domain individual_preference language",
    "mt_bench_questions": "reference",
    "mt_bench_answers": "tstamp",
    "vicuna_answers": "metadata",
    "mt_bench_single": "tstamp",
    "mt_bench_pair": "g1_judgment g2_user_prompt g2_judgment tstamp",
    "battles_only": "judge turn anony language tstamp question_id",
    "vicuna_eval": "metadata",
    "alpaca_annotations": "dataset datasplit generator_1 generator_2 price_per_example raw_completion referenced_models time_per_example",
    "alpaca_outputs": "dataset datasplit",
    "arena_hard_questions": "cluster subcategory",
    "arena_hard_answers": "metadata tstamp",
    "wildbench_scores": "meta_data parsed_result",
    "lmsys_chat_1m": "language openai_moderation user_key",
    "wildchat": f"{_TALK} detoxify_moderation",
    "sharegpt": "model id system tools",
    "oasst_trees": "tree_state origin",
    "oasst2": "parent_id created_date deleted detoxify emojis labels lang model_name rank review_count review_result synthetic tree_state "
    "user_id",
    "feedback": "comment left model preferred rating right tags user_key",
}
OWN_WORDS: Final = frozenset(
    (
        "chatgpt_export", "chats", "dpo", "failure_archive", "kto", "misguided_evaluations", "misguided_outputs", "misguided_prompts",
        "preferred", "oasst_trees", "pairs", "question_list", "side_votes",
    )
)  # fmt: skip
"""Layouts that each file heads as it likes: no column of theirs is worth telling."""
ROW: Final = "_row"
"""The column that says which row of its file this is."""
_JOINED = f"{ROW} _answer1 _answer2 _judge _keys _models _pair _question _reference _reference_by _reviewer"
"""What ``files`` puts into a row of the files beside it."""


def fields(layout: str, columns: str) -> Fields | None:
    """What rows of a layout may hold; None where every file has columns of its own."""
    return None if layout in OWN_WORDS else Fields(layout, used=f"{columns} {_JOINED}", ignored=BESIDE.get(layout, ""))
