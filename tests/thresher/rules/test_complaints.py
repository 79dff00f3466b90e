from __future__ import annotations

from typing import Any

import pytest

from thresher.model import Candidate, Message, Record, Refusal

ASKED = "How many times does the letter e appear in nevertheless?"
SAID = "The letter e appears 3 times."

TRANSCRIPTS = {
    "me and a name": f"Me: {ASKED}\nChatGPT: {SAID}\n\nThat is wrong, it is four.",
    "bold labels": f"**Prompt:** {ASKED}\n\n**Response:** {SAID}\n\nWrong again. (ChatGPT, this morning)",
    "labels with bold colons": f"**Prompt**: {ASKED}\n\n**ChatGPT**: {SAID}\n\nThat is incorrect.",
    "user and assistant": f"ChatGPT, default settings.\n\nUser: {ASKED}\nAssistant: {SAID}\n\nIt cannot even count.",
    "q and a": f"Q: {ASKED}\n\nA: {SAID}\n\nChatGPT got it wrong.",
    "human and ai": f"Human: {ASKED}\nAI: {SAID}\n\nThis is wrong.",
    "headings": f"ChatGPT fails here.\n\n## Prompt\n\n{ASKED}\n\n## Output\n\n{SAID}\n\n## Expected output\n\nFour, so this is wrong.",
    "quoted block with labels": f"From ChatGPT:\n\n> Me: {ASKED}\n>\n> ChatGPT: {SAID}\n\nNot even close.",
    "fences after verbs": f"I asked ChatGPT:\n\n```\n{ASKED}\n```\n\nIt answered:\n\n```\n{SAID}\n```\n\nWhich is nonsense.",
    "quoted blocks after verbs": f"I asked ChatGPT this:\n\n> {ASKED}\n\nIt replied:\n\n> {SAID}\n\nWrong, of course.",
    "inline quotations": f'I asked ChatGPT "{ASKED}" and it said "{SAID}" which is wrong.',
    "typographic quotations": f"Asked ChatGPT \u201c{ASKED}\u201d and got \u201c{SAID}\u201d. That's just wrong.",
    "numbered turns": f"1. **User:** {ASKED}\n2. **ChatGPT:** {SAID}\n\nIt is wrong.",
    "bullets": f"* __User:__ {ASKED}\n* __ChatGPT:__ {SAID}\n\n#### Notes\n- ***Correct answer:*** 4",
    "a prompt with nobody's name": f"{ASKED}\n\nChatGPT: {SAID}\n\nIt failed to count.",
    "arrows": f"ChatGPT today\n\nme> {ASKED}\nChatGPT> {SAID}\n\nwrong!",
    "one line": f"ChatGPT. Q: {ASKED} A: {SAID} (It is 4, so this is wrong.)",
    "names that no list knows": f"Nephew: {ASKED}\n\nChatGPT: {SAID}\n\nThat's false.",
}


@pytest.mark.parametrize("form", TRANSCRIPTS)
def test_prompt_and_failing_answer_are_found_in_every_form(judge_one: Any, form: str) -> None:
    got = judge_one(TRANSCRIPTS[form])
    assert isinstance(got, Candidate), got
    assert (got.kind, got.tier, got.key_status, got.target) == ("complaint", "witnessed", "none", "")
    assert got.messages == (Message("user", ASKED),)
    assert [r.text for r in got.failing] == [SAID]


FOREIGN = {
    "de": (
        "Ich: Wie oft kommt e in Nebenwege vor?\n\nChatGPT: Dreimal.\n\nDas ist falsch, es sind vier.",
        "Wie oft kommt e in Nebenwege vor?",
        "Dreimal.",
    ),
    "es": (
        "Le pregunt\u00e9 a ChatGPT: \u00ab\u00bfCu\u00e1ntas letras e hay en tenedores?\u00bb "
        "y respondi\u00f3 \u00abCuatro letras\u00bb. Est\u00e1 mal, son tres.",
        "\u00bfCu\u00e1ntas letras e hay en tenedores?",
        "Cuatro letras",
    ),
    "fr": (
        "J'ai demand\u00e9 \u00e0 ChatGPT : \u00ab Combien de e dans chevreuil ? \u00bb "
        "et il a r\u00e9pondu \u00ab Trois fois \u00bb. C'est faux, il y en a deux.",
        "Combien de e dans chevreuil ?",
        "Trois fois",
    ),
}


@pytest.mark.parametrize("language", FOREIGN)
def test_german_spanish_and_french_are_read(judge_one: Any, language: str) -> None:
    text, asked, said = FOREIGN[language]
    got = judge_one(text, language=language)
    assert isinstance(got, Candidate), got
    assert got.messages[0].content == asked
    assert got.failing[0].text == said
    assert got.tier == "witnessed"


def test_the_language_is_found_where_the_source_does_not_say(judge_one: Any) -> None:
    assert judge_one(FOREIGN["fr"][0]).language == "fr"


def test_the_model_is_named_as_exactly_as_the_post_does(judge_one: Any) -> None:
    got = judge_one(f"Claude 3.5 Sonnet, yesterday.\n\nMe: {ASKED}\nClaude: {SAID}\n\nWrong.")
    assert got.failing[0].model == "Claude 3.5 Sonnet"
    assert got.claim.model.text == "Claude 3.5 Sonnet"
    assert "model:Claude 3.5 Sonnet" in got.tags


def test_an_answer_that_is_only_told_is_claimed(judge_one: Any) -> None:
    got = judge_one(f'I asked Gemini "{ASKED}" and it was off by one. Totally wrong.')
    assert (got.tier, got.failing, got.claim.response) == ("claimed", (), None)


def test_a_question_in_the_authors_sentence_is_a_prompt_if_it_needs_nothing_else(judge_one: Any) -> None:
    got = judge_one("I asked ChatGPT how many weeks there are in a leap year and it said sixty. Completely wrong.")
    assert got.messages[0].content == "how many weeks there are in a leap year"
    assert (got.rule, got.tier) == ("complaint/indirect", "claimed")


def test_a_question_about_the_authors_own_things_is_no_prompt(judge_one: Any) -> None:
    assert judge_one("I asked ChatGPT how long my thesis should be and it told me nonsense.").reason == "no_prompt_found"


def test_everything_may_stand_in_the_title(judge_one: Any) -> None:
    got = judge_one("", title=f'Asked ChatGPT "{ASKED}" and it said "{SAID}". Wrong.')
    assert got.tier == "witnessed"
    assert got.claim.words.part == "title"


def test_the_answer_that_the_user_objects_to_is_the_failing_one(judge_one: Any) -> None:
    text = f"Me: {ASKED}\nChatGPT: {SAID}\nMe: No, that's wrong.\nChatGPT: I apologise, it is 5.\nMe: I give up."
    got = judge_one(text)
    assert got.messages == (Message("user", ASKED),)
    assert got.failing[0].text == SAID


def test_turns_before_the_failing_answer_are_kept(judge_one: Any) -> None:
    talk = "Me: My cat is called Turing.\nClaude: Noted.\nMe: What is my cat called?\nClaude: Your cat is called Grace."
    text = f"{talk}\n\nIt forgot everything. Wrong."
    got = judge_one(text)
    assert [m.role for m in got.messages] == ["user", "assistant", "user"]
    assert got.failing[0].text == "Your cat is called Grace."


def test_a_long_conversation_is_a_transcript(judge_one: Any) -> None:
    turns = "\n".join(f"Me: Please plan day {i} of the trip.\nChatGPT: Day {i} is in Lund." for i in range(1, 6))
    got = judge_one(f"{turns}\n\nIt ignored the whole list of places. Useless.")
    assert got.kind == "transcript"


def test_a_conversation_with_tool_calls_is_a_transcript(judge_one: Any) -> None:
    got = judge_one('Me: Book a table for four at noon.\nGPT-5: tool_call: {"name": "book", "people": 14}\n\nWrong number of people.')
    assert got.kind == "transcript"


def test_the_right_answer_that_the_author_states_is_no_key(judge_one: Any) -> None:
    got = judge_one(f"Me: {ASKED}\nChatGPT: {SAID}\n\nThat is wrong. The correct answer is 4.")
    assert (got.target, got.key_status) == ("", "none")
    assert got.rubric == "That is wrong.\nThe correct answer is 4."


def test_the_authors_comment_is_not_part_of_the_answer(judge_one: Any) -> None:
    got = judge_one(f"Me: {ASKED}\n\nChatGPT: {SAID}\n\nI counted four. I'm a typesetter, my whole life is letters.")
    assert got.failing[0].text == SAID
    assert got.rule == "complaint/transcript+contrast"


def test_an_answer_of_several_paragraphs_is_kept_whole(judge_one: Any) -> None:
    answer = "There are two steps:\n\n1. Count the letters.\n\n2. Report the number: 3."
    got = judge_one(f"Me: {ASKED}\n\nChatGPT: {answer}\n\nWrong, I count four.")
    assert got.failing[0].text == answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ChatGPT made up three court cases for me last week, none of them exists.", "no_prompt_found"),
        ("ChatGPT got it wrong again: https://chatgpt.com/share/6748a1f2-0c3e-8007-9b11", "prompt_behind_link"),
        ("Claude says this is wrong, see what it wrote. ![shot](https://img.example.org/1.png)", "prompt_in_picture"),
        ("ChatGPT is down for me again, is anybody else getting errors? The app crashes too.", "about_the_service"),
        ("The new Claude subscription price is ridiculous.", "about_the_service"),
        ("OpenAI announced GPT-5.1 today, rolling out to everybody this week.", "about_the_service"),
        ("I asked ChatGPT for wrong directions on purpose. My mistake, I misread the map.", "user_error"),
        ("ChatGPT is never wrong about anything, everyone knows that /s", "joke"),
        (f"Me: {ASKED}\nChatGPT: Four times.\n\nNailed it, I am impressed.", "no_failure_claimed"),
        ("I use Claude every day to plan the meals of the family.", "no_failure_claimed"),
        ("My neighbour's hedge is too high and he is wrong about the law.", "not_about_a_model"),
        (
            "\u30c1\u30e3\u30c3\u30c8\u306e\u7b54\u3048\u304c\u9593\u9055\u3063\u3066\u3044\u305f\u3002ChatGPT\u306f\u8a08\u7b97\u304c\u82e6\u624b\u3060\u3068\u601d\u3044\u307e\u3059\u3002",
            "language_not_covered",
        ),
        ('I asked Gemini "What does this picture show?" and it said "a cat". Wrong, it is a dog.', "needs_picture"),
        ('I asked ChatGPT "Summarise the above" and it said "There is nothing." Wrong.', "not_self_contained"),
        ("Use my promo code SAVE20, limited time offer, ChatGPT accounts for sale, buy now!", "spam"),
        ("BEST DEALS AT EXAMPLE\n" * 6, "spam"),
        ("https://news.example.org/a/very/long/address/about/chatgpt/and/others", "link_only"),
        ("wrong", "too_short"),
        ("ChatGPT would not tell me how to build a pipe bomb, useless.", "not_allowed"),
        ("   ", "empty"),
    ],
)
def test_what_is_no_case_says_why(judge_one: Any, text: str, reason: str) -> None:
    got = judge_one(text)
    assert isinstance(got, Refusal), got
    assert got.reason == reason


def test_a_quotation_of_the_post_that_is_answered_is_no_prompt(make: Any, judge_all: Any) -> None:
    thread = [
        make("Is ChatGPT able to count the letters of a word, for example of nevertheless?", "post", "p"),
        make(
            "> Is ChatGPT able to count the letters of a word, for example of nevertheless?\n\nNo, it is wrong every time.",
            "comment",
            "c",
            parent_id="p",
        ),
    ]
    assert judge_all(thread)["c"].reason == "no_prompt_found"


def test_questions_and_answers_that_speak_of_no_model_are_no_transcript(judge_one: Any) -> None:
    assert (
        judge_one("Q: What is a sourdough starter?\nA: Flour and water.\n\nThis FAQ is wrong about the salt.").reason == "not_about_a_model"
    )


def test_input_and_output_of_a_program_are_no_transcript(judge_one: Any) -> None:
    text = "My parser was reviewed by an AI tool.\n\nInput: 12 apples and pears\nOutput: 12\n\nThe output is wrong, it should be a pair."
    assert isinstance(judge_one(text), Refusal)


def test_comments_speak_of_the_model_of_their_thread(make: Any, judge_all: Any) -> None:
    thread = [
        make("Post your ChatGPT failures below, one each please.", "post", "p", title="Failures"),
        make(f'Mine: "{ASKED}" and it said "{SAID}" which is wrong.', "comment", "c", parent_id="p"),
    ]
    assert judge_all(thread)["c"].messages[0].content == ASKED


def test_every_span_is_verbatim(judge_one: Any, make: Any) -> None:
    for text in TRANSCRIPTS.values():
        record: Record = make(text)
        claim = judge_one(text).claim
        for span in filter(None, (claim.words, claim.model, claim.prompt, claim.response)):
            assert getattr(record, span.part)[span.start : span.end] == span.text


UNJUDGED = f'Gemma 2 2B: "{ASKED}" It said "{SAID}" My spelling bee sends it home.'


def test_a_bare_exchange_claims_nothing(judge_one: Any) -> None:
    assert judge_one(UNJUDGED).reason == "no_failure_claimed"


@pytest.mark.parametrize(
    "title", ["Post your favourite failures here", "Share the dumbest mistakes of small models", "What is the worst answer that you got?"]
)
def test_in_a_thread_that_collects_failures_a_word_about_the_answer_is_enough(make: Any, judge_all: Any, title: str) -> None:
    thread = [make("One each, with the name of the model.", "post", "p", title=title), make(UNJUDGED, "comment", "c", parent_id="p")]
    got = judge_all(thread)["c"]
    assert isinstance(got, Candidate), got
    assert got.claim is not None
    assert (got.claim.words.text, [r.text for r in got.failing]) == ("My spelling bee sends it home.", [SAID])


def test_a_forum_called_fails_collects_them(judge_one: Any) -> None:
    assert isinstance(judge_one(UNJUDGED, site="ChatbotFails"), Candidate)


def test_praise_is_no_failure_even_where_failures_are_collected(judge_one: Any) -> None:
    assert judge_one(UNJUDGED.replace("My spelling bee sends it home.", "Spot on, I am impressed."), site="ChatbotFails").reason == (
        "no_failure_claimed"
    )


def test_the_model_that_was_asked_is_blamed_and_not_the_one_behind_it(judge_one: Any) -> None:
    got = judge_one(f'I asked Siri (the one that passes things on to ChatGPT) "{ASKED}" and it said "{SAID}". Wrong.')
    assert got.claim is not None
    assert got.claim.model is not None
    assert got.claim.model.text == "Siri"


def test_a_term_quoted_in_a_long_article_is_no_prompt(judge_one: Any) -> None:
    filler = "The service signs what the Claude agent proposes, if the policy allows it. " * 60
    text = (
        f'{filler}\n\nThis leaves a question: what does the "Untrusted Wish" look like to Claude? It says "Sign this". A wrong sum fails.'
    )
    assert isinstance(judge_one(text), Refusal)


def test_bytes_are_no_size_of_a_model(judge_one: Any) -> None:
    assert judge_one("The header holds 32b of salt and 64b of hash, and the parser gets it wrong.").reason == "not_about_a_model"


@pytest.mark.parametrize("mark", [">", ">>>"])
def test_a_session_in_a_terminal_is_a_conversation(judge_one: Any, mark: str) -> None:
    session = f"```\n{mark} {ASKED}\n{SAID}\n{mark} Are you sure?\nYes, I counted\nthem twice.\n```"
    got = judge_one(f"Llama 3.1 8B on my laptop:\n\n{session}\n\nIt is four, and it says so with such confidence. Wrong twice.")
    assert isinstance(got, Candidate), got
    assert [m.content for m in got.messages] == [ASKED]
    assert [r.text for r in got.failing] == [SAID]


def test_a_diff_in_a_fence_is_no_session(judge_one: Any) -> None:
    got = judge_one("ChatGPT gave me this diff:\n\n```\n< old line\n---\n> new line of code\n```\n\nWrong, it does not apply.")
    assert isinstance(got, Refusal)
