"""What a picture says beside what its post says: read together, told apart afterwards."""

from __future__ import annotations

from dataclasses import replace

from thresher.model import Candidate, Claim, Lead, Message, Picture, Record, Response, Span
from thresher.pictures.transcript import as_text, joined, settled, with_pictures
from thresher.pictures.turns import Conversation, Turn

ASKED, ANSWERED = "How many legs has a spider?", "A spider has six legs."
SAID = as_text(Conversation((Turn("user", ASKED, 0.99), Turn("assistant", ANSWERED, 0.95)), "ChatGPT"))
POST = Record(
    "forum",
    "quay",
    "1",
    "https://example.org/1",
    "post",
    "lol look at this",
    marks={"images": 1, "pictures": ["https://example.org/a.png"]},
)
SHOT = Picture(POST.key, "https://example.org/a.png", "ab" * 32, "", SAID, 0.95, "test-1")


def item(*, prompt: str = "> " + ASKED, response: str = "> " + ANSWERED) -> tuple[Record, Candidate]:
    """As the readers would make it of the post with its picture."""
    whole = with_pictures(POST, [SHOT])

    def span(words: str) -> Span:
        start = whole.text.index(words)
        return Span(POST.key, start, start + len(words), words)

    claim = Claim(span("lol look at this"), None, span(prompt), span(response))
    made = Candidate(POST.key, "complaint", (Message("user", prompt.removeprefix("> ")),), "complaint/read", "1", "witnessed", claim=claim,
                     failing=(Response("ChatGPT", ANSWERED, failed=True),), strength=0.8)  # fmt: skip
    return whole, made


def test_a_transcript_stands_below_the_post_as_somebody_would_have_pasted_it() -> None:
    whole = with_pictures(POST, [SHOT])
    assert whole.text == f"lol look at this\n\nMe:\n> {ASKED}\n\nChatGPT:\n> {ANSWERED}"
    assert whole.marks == {}, "nothing is left in the picture"
    assert with_pictures(POST, [replace(SHOT, text="", refused="no_conversation")]) is POST


def test_spans_say_that_they_stand_in_the_picture_and_the_item_names_it() -> None:
    _, made = item()
    got = settled(made, POST, [SHOT], 0.9)
    assert isinstance(got, Candidate)
    assert got.claim is not None
    assert got.claim.words.part == "text"
    for span in (got.claim.prompt, got.claim.response):
        assert span is not None
        assert span.part == "picture"
        assert joined([SHOT])[span.start : span.end] == span.text
    assert got.claim.pictures == ((SHOT.address, SHOT.sha256),)
    assert got.tags == ("from_picture",)
    assert (got.tier, got.failing) == ("witnessed", made.failing)


def test_an_answer_that_was_read_badly_is_no_evidence() -> None:
    _, made = item()
    got = settled(made, POST, [replace(SHOT, confidence=0.8)], 0.9)
    assert isinstance(got, Candidate)
    assert (got.tier, got.failing, got.strength) == ("claimed", (), 0.5)


def test_most_of_a_turn_is_the_turn() -> None:
    _, made = item(prompt="many legs has a spider?")
    got = settled(made, POST, [SHOT], 0.9)
    assert isinstance(got, Candidate)
    assert [m.content for m in got.messages] == [ASKED]
    assert got.claim is not None
    assert got.claim.prompt is not None
    assert got.claim.prompt.text == "> " + ASKED


def test_what_reaches_over_the_end_of_the_post_stays_on_the_side_of_its_larger_part() -> None:
    whole = with_pictures(POST, [SHOT])
    over = Span(POST.key, 4, len(POST.text) + 5, whole.text[4 : len(POST.text) + 5])
    lead = settled(Lead(POST.key, "no_prompt_found", 0.8, claim=over), POST, [SHOT], 0.9)
    assert isinstance(lead, Lead)
    assert lead.claim == Span(POST.key, 4, len(POST.text), POST.text[4:])
