# ruff: noqa: RUF001 - Chinese has signs of its own
"""Lines of a screenshot and the turns that they are put into."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from small_pictures import BLUE, GREY, chat, line, sheet

from thresher.pictures.turns import Conversation, NoConversation, conversation


def turns(found: Conversation | NoConversation) -> list[tuple[str, str]]:
    assert isinstance(found, Conversation), found
    return [(turn.speaker, turn.text) for turn in found.turns]


def test_a_bubble_at_the_right_asks_and_the_open_page_answers(rules: Any) -> None:
    found = conversation(chat("How many legs has a spider?", "A spider has six legs."), rules.names, 0.6)
    assert turns(found) == [("user", "How many legs has a spider?"), ("assistant", "A spider has six legs.")]
    assert isinstance(found, Conversation)
    assert found.model == "ChatGPT"


def test_one_colour_at_both_sides_leaves_the_sides_to_decide(rules: Any) -> None:
    shown = sheet(
        line("A spider has six legs.", 30, 10, ground=GREY), line("How many legs has a spider?", 500, 60, ground=GREY),
        line("Eight, of course.", 30, 110, ground=GREY),
    )  # fmt: skip
    assert turns(conversation(shown, rules.names, 0.6)) == [("user", "How many legs has a spider?"), ("assistant", "Eight, of course.")]


def test_what_the_program_writes_around_it_is_left_out(rules: Any) -> None:
    shown = sheet(
        line("9:41", 20, 4), line("5G 87%", 700, 4), line("Today", 380, 30),
        line("Which is larger, a whale or a bus?", 470, 70, ground=BLUE),
        line("10:42 AM", 700, 92, ground=BLUE, height=11), line("A bus is larger.", 30, 140, ground=GREY),
        line("Copy Retry", 30, 180, ground=GREY),
        line("Message ChatGPT", 60, 420, ground=GREY), line("ChatGPT can make mistakes. Check important info.", 200, 460, height=14),
    )  # fmt: skip
    assert turns(conversation(shown, rules.names, 0.6)) == [
        ("user", "Which is larger, a whale or a bus?"), ("assistant", "A bus is larger."),
    ]  # fmt: skip


@pytest.mark.parametrize("answer", ["9.11", "2", "1901."])
def test_a_number_may_be_all_that_a_model_answers(rules: Any, answer: str) -> None:
    assert turns(conversation(chat("Which is larger, 9.11 or 9.9?", answer), rules.names, 0.6))[1] == ("assistant", answer)


def test_the_bar_of_a_telephone_says_nothing(rules: Any) -> None:
    shown = chat("How many legs has a spider?", "A spider has six legs.")
    shown = sheet(
        line("9:41", 20, 2), line("5G 87", 720, 2), *(replace(one, top=one.top + 40, bottom=one.bottom + 40) for one in shown.lines)
    )
    assert [speaker for speaker, _ in turns(conversation(shown, rules.names, 0.6))] == ["user", "assistant"]


@pytest.mark.parametrize(
    ("asks", "answers"),
    [
        ("You", "ChatGPT"),
        ("USER", "ASSISTANT"),
        ("我", "文心一言"),
        ("Du", "Claude 3.5 Sonnet"),
        ("Me Today at 10:41 AM", "ChatGPT BOT 11/02/2026 10:42"),
    ],
)
def test_names_above_turns_say_who_speaks(rules: Any, asks: str, answers: str) -> None:
    shown = sheet(line(asks, 30, 10), line("Name a bird that cannot fly.", 30, 40), line(answers, 30, 90), line("The swallow.", 30, 120))
    assert turns(conversation(shown, rules.names, 0.6)) == [("user", "Name a bird that cannot fly."), ("assistant", "The swallow.")]


def test_names_may_stand_beside_what_is_said(rules: Any) -> None:
    shown = sheet(
        line("USER", 20, 10), line("Name a bird that cannot fly.", 160, 10), line("ASSISTANT", 20, 60), line("The swallow.", 160, 60)
    )
    assert turns(conversation(shown, rules.names, 0.6)) == [("user", "Name a bird that cannot fly."), ("assistant", "The swallow.")]


def test_rows_of_two_colours_take_turns(rules: Any) -> None:
    shown = sheet(
        line("JK", 60, 12, height=14), line("Is seven even?", 110, 10), line("Yes, seven is even.", 110, 70, ground=GREY),
        line("JK", 60, 132, height=14), line("Are you sure about it?", 110, 130), line("Quite sure.", 110, 190, ground=GREY),
    )  # fmt: skip
    assert turns(conversation(shown, rules.names, 0.6)) == [
        ("user", "Is seven even?"), ("assistant", "Yes, seven is even."), ("user", "Are you sure about it?"), ("assistant", "Quite sure."),
    ]  # fmt: skip


def test_lines_are_put_together_where_the_width_broke_them_and_not_where_the_writer_did(rules: Any) -> None:
    shown = sheet(
        line("Give me a list.", 640, 10, ground=GREY),
        line("Here are some rivers that flow into the northern sea and", 40, 70, 700), line("are long:", 40, 94),
        line("• Rhine", 60, 118), line("• Elbe", 60, 142), line("Those are all of them.", 40, 190),
    )  # fmt: skip
    assert turns(conversation(shown, rules.names, 0.6))[1][1] == (
        "Here are some rivers that flow into the northern sea and are long:\n• Rhine\n• Elbe\n\nThose are all of them."
    )


def test_chinese_lines_are_joined_without_a_space(rules: Any) -> None:
    shown = sheet(
        line("谁写了这首诗？", 600, 10, 170, ground=GREY), line("这首诗的作者是唐代著名的大诗人杜甫先生而不是别的什么人物呀", 40, 70, 730),
        line("大家都知道。", 40, 94, 140),
    )  # fmt: skip
    assert turns(conversation(shown, rules.names, 0.6))[1][1] == "这首诗的作者是唐代著名的大诗人杜甫先生而不是别的什么人物呀大家都知道。"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "no_text"),
        ([line("The harbour was quiet when the ferry came in.", 40, 10), line("Nobody had told the crew.", 40, 34)], "no_conversation"),
        ([line("WHEN THE BOT SAYS", 200, 10, flat=0.2), line("IT TESTED THE CODE", 190, 400, flat=0.2)], "no_conversation"),
        ([line("def mean(values):", 40, 10), line("total = 0", 90, 34), line("return total / 4 or none", 90, 58)], "no_conversation"),
        ([line("号ł ţ", 400, 10, ground=GREY, sure=0.4), line("ħ ł 号 ţ", 40, 70, sure=0.5)], "illegible"),
        ([line("Is this a question?", 600, 10, ground=GREY)], "no_conversation"),
    ],
)  # fmt: skip
def test_what_shows_no_conversation_says_why(rules: Any, lines: list[Any], reason: str) -> None:
    found = conversation(sheet(*lines), rules.names, 0.6)
    assert found == NoConversation(reason)


def test_the_confidence_of_a_turn_is_that_of_its_characters(rules: Any) -> None:
    shown = sheet(
        line("Is seven even?", 640, 10, ground=GREY),
        line("Yes, it is even, as everybody can see at", 40, 70, 700, sure=1.0),
        line("once", 40, 94, sure=0.7),
    )
    found = conversation(shown, rules.names, 0.6)
    assert isinstance(found, Conversation)
    assert found.turns[1].confidence == pytest.approx((40 * 1.0 + 4 * 0.7) / 44)
