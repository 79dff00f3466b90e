"""What a judge is asked of two responses."""

from __future__ import annotations

from thresher.pairwise import judge_prompt, winner

TALK = [
    {"role": "user", "content": "Name a metal."},
    {"role": "assistant", "content": "Iron."},
    {"role": "user", "content": "A liquid one."},
]


def test_a_judge_sees_every_turn_and_both_responses_in_their_order() -> None:
    asked = judge_prompt(TALK, ("Mercury {0}.", "Lead."))
    parts = ("user: Name a metal.", "assistant: Iron.", "user: A liquid one.", "[Response A]\nMercury {0}.", "[Response B]\nLead.")
    assert [asked.index(part) for part in parts] == sorted(asked.index(part) for part in parts)
    assert asked.endswith("Answer with the letter A or B alone.")


def test_the_better_response_is_found_by_its_text_whatever_its_case_and_spaces() -> None:
    assert winner(("Mercury.", "Lead."), " lead.") == "B"
    assert winner(("Mercury.", "Lead."), "Gold.") == ""
