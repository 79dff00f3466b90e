"""The layouts that arena logs come in: by which columns each is known, what turns its rows into Records, and what may leave of them.

Layouts of one set are known by their columns. Those that many sets share, each in its own words, are known by what their rows hold
(``accepts``), and only where no set's layout fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from scrapers.arena import archive, chats, dpo, feedback, judged, lists, misguided, mt_bench, pairs, sides, talks
from scrapers.arena.columns import fields
from scrapers.arena.rows import Case, Row
from scrapers.common.fields import Fields
from thresher.errors import PayloadError
from thresher.model import ExportClass

LMARENA: Final = "prompts CC-BY-4.0; outputs under their providers' terms"


@dataclass(frozen=True, slots=True)
class Layout:
    """One schema. ``columns`` are those without which a row is not of this layout."""

    name: str
    columns: frozenset[str]
    convert: Callable[[Row], Case]
    licence: str
    export_class: ExportClass
    fields: Fields | None
    """All columns that it may have; None where every file has columns of its own."""
    gather: Callable[[Iterable[Row]], Iterator[Row]] | None = None
    """Where several rows make one case: rows in, cases out."""
    together: str = ""
    """Rows with the same value in this column stay on one page."""
    strip: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """What must go before a row is even kept as a page."""
    accepts: Callable[[Row], bool] | None = None
    """What beside the columns a row must hold."""
    lasting_ids: bool = False
    """Whether a later row with the id of an earlier one is the same event, told anew."""

    def fits(self, row: Row) -> bool:
        """Whether a row is of this layout."""
        return self.columns <= row.keys() and (self.accepts is None or self.accepts(row))


def _layout(name: str, columns: str, convert: Callable[[Row], Case], licence: str, export_class: ExportClass, **more: Any) -> Layout:
    return Layout(name, frozenset(columns.split()), convert, licence, export_class, fields(name, columns), **more)


_ALL: Final = (
    _layout(
        "chatbot_arena_33k",
        "question_id model_a model_b winner judge conversation_a conversation_b turn anony language tstamp",
        pairs.chatbot_arena_33k,
        "prompts CC-BY-4.0; outputs CC-BY-NC-4.0",
        "derived",
    ),
    _layout(
        "arena_55k",
        "id model_a model_b prompt response_a response_b winner_model_a winner_model_b winner_tie",
        pairs.arena_55k,
        "Apache-2.0",
        "derived",
    ),
    _layout(
        "arena_100k",
        "question_id model_a model_b winner conversation_a conversation_b turn language tstamp conv_metadata category_tag",
        pairs.arena_100k,
        LMARENA,
        "derived",
    ),
    _layout(
        "arena_140k",
        "id model_a model_b winner evaluation_session_id evaluation_order conversation_a conversation_b language",
        pairs.arena_140k,
        LMARENA,
        "derived",
    ),
    _layout(
        "expert_5k",
        "id model_a model_b winner conversation_a conversation_b language occupational_tags",
        pairs.arena_140k,
        LMARENA,
        "derived",
    ),
    _layout(
        "search_arena_24k",
        "model_a model_b winner messages_a messages_b system_a_metadata",
        pairs.search_arena_24k,
        LMARENA,
        "derived",
        strip=talks.without_persons,
    ),
    _layout("ppe_v1", "question_id model_a model_b winner prompt response_1 response_2", pairs.ppe_v1, LMARENA, "derived"),
    _layout(
        "mt_bench_human",
        "question_id model_a model_b winner judge conversation_a conversation_b turn",
        pairs.mt_bench_human,
        "CC-BY-4.0",
        "full",
    ),
    _layout(
        "pandalm",
        "idx cmp_key instruction input response1 response2 annotator1 annotator2 annotator3",
        pairs.pandalm,
        "Apache-2.0",
        "full",
    ),
    _layout("pandalm_gpt", "idx gpt_result", pairs.pandalm_gpt, "Apache-2.0", "full"),
    _layout("pandalm_7b", "idx pandalm_result", pairs.pandalm_7b, "Apache-2.0", "full"),
    _layout("pandalm_prompts", "motivation_app instruction input", pairs.pandalm_prompts, "Apache-2.0", "full"),
    _layout("helpsteer", "prompt response helpfulness correctness coherence complexity verbosity", pairs.helpsteer, "CC-BY-4.0", "full"),
    _layout("helpsteer2_preference", "prompt response_1 response_2 preference_strength", pairs.helpsteer2_preference, "CC-BY-4.0", "full"),
    _layout("helpsteer3", "context response1 response2 overall_preference", pairs.helpsteer3, "CC-BY-4.0", "full"),
    _layout("hh_rlhf", "chosen rejected", pairs.hh_rlhf, "MIT", "derived", accepts=pairs.is_hh_rlhf),
    _layout(
        "mt_bench_questions", "question_id category turns", mt_bench.mt_bench_questions, "Apache-2.0", "full", gather=mt_bench.each_turn
    ),
    _layout("vicuna_questions", "question_id category text", mt_bench.mt_bench_questions, "Apache-2.0", "full"),
    _layout("mt_bench_answers", "question_id answer_id model_id choices", mt_bench.mt_bench_answers, "Apache-2.0", "derived"),
    _layout("vicuna_answers", "question_id answer_id model_id text", mt_bench.mt_bench_answers, "Apache-2.0", "derived"),
    _layout(
        "mt_bench_single", "question_id model judge user_prompt judgment score turn", mt_bench.mt_bench_single, "Apache-2.0", "derived"
    ),
    _layout(
        "mt_bench_pair",
        "question_id model_1 model_2 g1_winner g2_winner judge g1_user_prompt turn",
        mt_bench.mt_bench_pair,
        "Apache-2.0",
        "derived",
    ),
    _layout(
        "vicuna_eval", "review_id question_id answer1_id answer2_id score text reviewer_id", judged.vicuna_eval, "Apache-2.0", "derived"
    ),
    _layout(
        "alpaca_annotations",
        "instruction output_1 output_2 preference annotator",
        judged.alpaca_annotations,
        "prompts Apache-2.0; outputs CC-BY-NC-4.0",
        "derived",
    ),
    _layout("alpaca_outputs", "instruction output generator", judged.alpaca_outputs, "prompts Apache-2.0; outputs CC-BY-NC-4.0", "derived"),
    _layout("arena_hard_questions", "uid prompt category", judged.arena_hard_questions, "Apache-2.0", "derived"),
    _layout("arena_hard_answers", "uid ans_id model messages", judged.arena_hard_answers, "Apache-2.0", "derived"),
    _layout("wildbench_scores", "session_id model_test model_output score", judged.wildbench_scores, "Apache-2.0", "derived"),
    _layout("lmsys_chat_1m", "conversation_id model conversation turn redacted", talks.lmsys_chat_1m, "LMSYS-Chat-1M-Agreement", "id_only"),
    _layout("wildchat", "conversation_hash model conversation turn", talks.wildchat, "ODC-By-1.0", "full", strip=talks.without_persons),
    _layout("chatgpt_export", "mapping", chats.chatgpt_export, "own-chats", "none"),
    _layout("sharegpt", "conversations", chats.chat, "unknown", "id_only", accepts=chats.is_chat),
    _layout("oasst_trees", "message_tree_id prompt", talks.oasst2, "Apache-2.0", "full", gather=talks.oasst_trees, accepts=talks.is_tree),
    _layout(
        "oasst2",
        "message_id text role message_tree_id",
        talks.oasst2,
        "Apache-2.0",
        "full",
        gather=talks.oasst2_trees,
        together="message_tree_id",
    ),
    _layout(
        "feedback",
        "event_id ts consent conversation schema_version",
        feedback.feedback,
        "own-feedback-with-consent",
        "none",
        strip=feedback.without_consent,
        lasting_ids=True,
    ),
    _layout("misguided_prompts", "prompt_id prompt", misguided.prompt, "unknown", "id_only", accepts=misguided.has_criteria),
    _layout("misguided_outputs", "prompt_id prompt llm output", misguided.output, "unknown", "id_only", gather=misguided.each_output),
    _layout("misguided_evaluations", "original_question original_response", misguided.evaluation, "unknown", "id_only"),
    _layout("side_votes", "type states", sides.server_log, "unknown", "id_only", strip=talks.without_persons),
    _layout("battles_only", "model_a model_b winner", sides.battle_alone, "unknown", "id_only", accepts=sides.is_alone),
    _layout("dpo", "chosen rejected", dpo.dpo, "unknown", "id_only", accepts=dpo.is_dpo),
    _layout("preferred", "", dpo.dpo, "unknown", "id_only", accepts=dpo.is_dpo),
    _layout("kto", "prompt completion label", dpo.single, "unknown", "id_only"),
    _layout("pairs", "", sides.table_of_pairs, "unknown", "id_only", gather=sides.with_verdicts, accepts=sides.is_pair),
    _layout("chats", "", chats.chat, "unknown", "id_only", accepts=chats.is_chat),
    _layout("question_list", "", lists.question_list, "unknown", "id_only", gather=lists.on_one_scale, accepts=lists.is_list),
    _layout("failure_archive", "title transcript", archive.failure, "unknown", "id_only"),
)
"""Of two that fit, the one with more columns; of two with as many, the one that stands first."""

LAYOUTS: Final[dict[str, Layout]] = {layout.name: layout for layout in _ALL}


KNOWN_SETS: Final = {
    "lmsys/chatbot_arena_conversations": "chatbot_arena_33k",
    "lmarena-ai/arena-human-preference-55k": "arena_55k",
    "lmarena-ai/arena-human-preference-100k": "arena_100k",
    "lmarena-ai/arena-human-preference-140k": "arena_140k",
    "lmarena-ai/arena-expert-5k": "expert_5k",
    "lmarena-ai/search-arena-24k": "search_arena_24k",
    "lmarena-ai/PPE-Human-Preference-V1": "ppe_v1",
    "lmsys/lmsys-chat-1m": "lmsys_chat_1m",
    "lmsys/mt_bench_human_judgments": "mt_bench_human",
    "allenai/WildChat-1M": "wildchat",
    "allenai/WildChat-4.8M": "wildchat",
    "OpenAssistant/oasst2": "oasst2",
    "nvidia/HelpSteer": "helpsteer",
    "nvidia/HelpSteer2": "helpsteer",
    "nvidia/HelpSteer3": "helpsteer3",
    "Anthropic/hh-rlhf": "hh_rlhf",
}
"""Sets of the Hub by whose name their layout may be called too."""


def named(name: str) -> Layout:
    """The layout called ``name``, which may also be the set that it is known from."""
    name = KNOWN_SETS.get(name, name)
    if name not in LAYOUTS:
        raise PayloadError(f"there is no layout {name!r}; there are: {', '.join(sorted(LAYOUTS))}", reason="unknown_layout")
    return LAYOUTS[name]


def detected(row: Row) -> Layout | None:
    """The layout of a row: of those that fit the one with most columns. None where none does."""
    fits = [layout for layout in _ALL if layout.fits(row)]
    return max(fits, key=lambda layout: len(layout.columns), default=None)


_NEAR: Final = 3


def unknown(row: Row) -> str:
    """What to say of a row that is of no layout: its columns, and what the nearest layouts miss in it."""
    shares = [(len(layout.columns & row.keys()) / len(layout.columns), layout) for layout in _ALL if layout.columns]
    near = sorted((one for one in shares if one[0] > 0), key=lambda one: -one[0])[:_NEAR]
    missing = "; ".join(f"{layout.name} ({_lacks(layout, row)})" for _, layout in near)
    columns = ", ".join(sorted(str(name)[:_NAME] for name in row)[:_COLUMNS_TOLD]) or "none"
    return f"rows with the columns {columns} are of no known layout; nearest: {missing or 'none'}"


_NAME: Final = 40
_COLUMNS_TOLD: Final = 30


def _lacks(layout: Layout, row: Row) -> str:
    lacking = sorted(layout.columns - row.keys())
    return f"without {', '.join(lacking)}" if lacking else "but not its values"
