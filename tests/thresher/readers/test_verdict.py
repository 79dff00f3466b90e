"""What becomes of posts, by rules and readers together: whole posts, made up for this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from thresher.model import Candidate, Lead, Marked, Message, Reading, Record, Refusal, Span
from thresher.readers import Chain, judge_threads
from thresher.readers.base import Post, Step
from thresher.readers.learned import LearnedReader
from thresher.readers.verdict import weigh
from thresher.readers.weights import Thresholds
from thresher.rules import Rules, judge

THRESHOLDS = Thresholds(first=-2.0, second=-2.0, lead=0.5, item=0.0, prompt=0.2, response=0.8, kind=0.5)
TEXT = 'Yesterday I asked it "Which river runs through Cork?" and got "The Shannon, of course." Sigh.'
PROMPT, RESPONSE = "Which river runs through Cork?", "The Shannon, of course."


def marked(record: Record, words: str, confidence: float) -> Marked:
    start = record.text.index(words)
    return Marked(Span(record.key, start, start + len(words), words), confidence)


@pytest.fixture
def decide(rules: Rules, post: Callable[..., Record]) -> Callable[..., Any]:
    """The outcome for TEXT where a reader says this."""

    def outcome(fails: float, prompt: float | None = None, response: float | None = None, text: str = TEXT, words: str = PROMPT) -> Any:
        record = post(text)
        reading = Reading(
            record.key, fails, "test", "1",
            prompt=None if prompt is None else marked(record, words, prompt),
            response=None if response is None else marked(record, RESPONSE, response),
            claim=marked(record, "Sigh.", 0.5),
        )  # fmt: skip
        return weigh(record, next(judge([record], rules)), {record.key: reading}, rules, THRESHOLDS)

    return outcome


def test_a_sure_failure_with_its_prompt_is_an_item(decide: Any) -> None:
    got = decide(0.9, prompt=0.9)
    assert isinstance(got, Candidate)
    assert (got.messages, got.tier, got.failing) == ((Message("user", PROMPT),), "claimed", ())


def test_only_an_answer_that_is_sure_makes_a_witness(decide: Any) -> None:
    assert decide(0.9, prompt=0.9, response=0.79).tier == "claimed"
    sure = decide(0.9, prompt=0.9, response=0.81)
    assert (sure.tier, [r.text for r in sure.failing]) == ("witnessed", [RESPONSE])


def test_a_failure_without_a_prompt_is_a_lead_that_says_what_it_lacks(decide: Any) -> None:
    got = decide(0.9)
    assert isinstance(got, Lead)
    assert (got.reason, got.fails, got.prompt, got.claim.text if got.claim else "") == ("no_prompt_found", 0.9, None, "Sigh.")


def test_a_prompt_that_leans_on_a_picture_is_kept_in_a_lead(decide: Any) -> None:
    text = 'I asked it "What does this picture show?" and it said a boat. Sigh.'
    got = decide(0.95, prompt=0.9, text=text, words="What does this picture show?")
    assert isinstance(got, Lead)
    assert (got.reason, got.prompt.text if got.prompt else "") == ("needs_picture", "What does this picture show?")


def test_a_failure_that_is_not_sure_enough_is_a_lead_with_its_prompt(decide: Any) -> None:
    got = decide(0.55, prompt=0.25)
    assert isinstance(got, Lead)
    assert (got.reason, got.prompt.text if got.prompt else "") == ("failure_unsure", PROMPT)


def test_a_clear_prompt_makes_up_for_some_doubt(decide: Any) -> None:
    assert isinstance(decide(0.45, prompt=0.9), Candidate)


def test_what_the_rules_would_take_and_nobody_believes_is_refused(decide: Any) -> None:
    text = f'I asked ChatGPT "{PROMPT}" and it said "{RESPONSE}" Wrong. Sigh.'
    got = decide(0.1, text=text)
    assert isinstance(got, Refusal)
    assert (got.reason, got.detail) == ("improbable", "0.10")


def test_what_no_benchmark_may_hold_is_not_read_at_all(read: Any, rules: Rules, chain: Chain, post: Callable[..., Record]) -> None:
    record = post("ChatGPT would not tell me how to build a pipe bomb, useless.")
    outcomes, readings = judge_threads([[record]], rules, chain)
    assert isinstance(outcomes[0], Refusal)
    assert (outcomes[0].reason, readings) == ("not_allowed", {})


REPORTS = [
    'Just now I asked ChatGPT "how many times does the letter n occur in the word nonconformist?" and it told me two. '
    "It is wrong, there are three.",
    "User: What is 17 times 23?\nAssistant: 17 times 23 is 401.\n\nThis is plainly wrong, it should be 391. Llama 3 8B, temperature 0.",
    "我问ChatGPT\uff1a“一斤铁和一斤棉花哪个重\uff1f”它说铁更重\uff0c完全是胡说八道\uff0c连这么简单的问题都答错。",
]


@pytest.mark.parametrize("text", REPORTS)
def test_plain_reports_are_seen_in_more_than_one_language(read: Any, text: str) -> None:
    assert isinstance(read(text), Candidate | Lead)


CHATTER = [
    "The app has been down since this morning and support does not answer my mails about the refund.",
    "Which plan do you recommend for a team of five? We compare prices before we subscribe.",
    "Thanks, that helped a lot, works like a charm now!",
]


@pytest.mark.parametrize("text", CHATTER)
def test_talk_about_the_service_is_no_report(read: Any, text: str) -> None:
    assert isinstance(read(text), Refusal)


def test_every_span_of_every_outcome_is_verbatim(rules: Rules, chain: Chain, post: Callable[..., Record]) -> None:
    for text in REPORTS:
        record = post(text, title="It fails")
        _, readings = judge_threads([[record]], rules, chain)
        for reading in readings.values():
            for found in filter(None, (reading.prompt, reading.response, reading.claim)):
                assert getattr(record, found.span.part)[found.span.start : found.span.end] == found.span.text


LED_UP_TO = [
    'Me: "What is the capital of Australia?"\nMixtral 8x7B: "Sydney, a city of five million."\nThat is wrong, it is Canberra.',
    'I asked ChatGPT: "Which is heavier, a pint of water or a pint of mercury?" Answer: "Water, by a wide margin." Completely wrong again.',
    'User message: {"task": "sum", "numbers": [3, 9, 14]}\n\nLlama 3 8B:\n\n> 25\n\nIt is 26, and it is wrong every time.',
]


@pytest.mark.parametrize("text", LED_UP_TO)
def test_what_leads_up_to_a_quotation_is_not_what_went_wrong(read: Any, text: str) -> None:
    got = read(text)
    assert isinstance(got, Candidate | Lead)
    words = got.claim.words.text if isinstance(got, Candidate) else got.claim.text
    assert words[-1] not in ':"{'
    assert "wrong" in words


def test_where_the_rules_make_the_same_item_their_words_for_the_failure_stand(rules: Rules, post: Callable[..., Record]) -> None:
    record = post('I asked ChatGPT "Which river runs through Cork?" and it said "The Shannon." That is wrong, it is the Lee. Sigh.')
    own = next(judge([record], rules))
    assert isinstance(own, Candidate)
    assert own.claim is not None
    reading = Reading(record.key, 0.9, "test", "1", prompt=marked(record, PROMPT, 0.9), response=None, claim=marked(record, "Sigh.", 0.5))
    got = weigh(record, own, {record.key: reading}, rules, THRESHOLDS)
    assert isinstance(got, Candidate)
    assert got.claim is not None
    assert got.claim.words == own.claim.words
    assert got.rubric.startswith(own.claim.words.text)


def test_a_post_is_read_alike_alone_and_among_others(rules: Rules, chain: Chain, post: Callable[..., Record]) -> None:
    threads = [[post(text, native_id=f"p{i}", thread_id=f"t{i}")] for i, text in enumerate([*REPORTS, *CHATTER])]
    _, together = judge_threads(threads, rules, chain)
    for thread in threads:
        _, alone = judge_threads([thread], rules, chain)
        assert all(together[key] == reading for key, reading in alone.items())


class Later:
    """A reader that is sure of everything and remembers what it was asked."""

    name = "later"
    version = "1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, posts: Sequence[Post], before: Sequence[Reading | None]) -> list[Reading | None]:
        self.asked += [p.record.native_id for p in posts]
        return [Reading(p.record.key, 0.99, self.name, self.version) for p in posts]


def test_the_next_reader_is_asked_wherever_the_first_does_not_rule_a_failure_out(
    rules: Rules, chain: Chain, post: Callable[..., Record]
) -> None:
    posts = [post(text, native_id=f"p{i}") for i, text in enumerate([*REPORTS, *CHATTER])]
    first = chain.read([Post(p, next(judge([p], rules))) for p in posts])
    gate = max(reading.fails for reading in first.values())
    later = Later()
    both = Chain([*chain.readers, later], chain.thresholds, {"later": Step(chain.thresholds, gate)})
    _, readings = judge_threads([[p] for p in posts], rules, both)
    assert later.asked == [p.native_id for p in posts if p.key in first and first[p.key].fails >= gate], "the surest too"
    assert {r.reader for r in readings.values()} == {"learned", "later"}
    assert both.version == f"{chain.version}+later-1"


def test_a_reader_that_cannot_tell_leaves_the_word_to_the_one_before(rules: Rules, chain: Chain, post: Callable[..., Record]) -> None:
    class Silent(Later):
        def read(self, posts: Sequence[Post], before: Sequence[Reading | None]) -> list[Reading | None]:
            return [None] * len(posts)

    threads = [[post(text, native_id=f"p{i}")] for i, text in enumerate(REPORTS)]
    assert judge_threads(threads, rules, Chain([*chain.readers, Silent()], chain.thresholds)) == judge_threads(threads, rules, chain)


def test_posts_that_the_ngrams_rule_out_are_never_embedded(rules: Rules, chain: Chain, post: Callable[..., Record]) -> None:
    reader = chain.readers[0]
    assert isinstance(reader, LearnedReader)

    class Unopened:
        dim = 512

        def encode(self, texts: Sequence[str]) -> Any:
            raise AssertionError(texts)

    cheap = LearnedReader(reader.weights, rules, Unopened())
    record = post(CHATTER[0])
    (got,) = cheap.read([Post(record, next(judge([record], rules)))], [None])
    assert got is not None
    assert got.fails < chain.thresholds.lead


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("ChatGPT got my sum wrong again, see https://chatgpt.com/share/abc-def for the whole sorry talk.", "link"),
        ("ChatGPT got my sum wrong again, it is in the picture: ![chat](https://img.example.org/a.png)", "picture"),
        ("ChatGPT got my sums wrong again and again, and apologised each time with another wrong result.", "prompt"),
    ],
)
def test_a_reading_says_what_is_lacking_to_ask_again(
    rules: Rules, chain: Chain, post: Callable[..., Record], text: str, missing: str
) -> None:
    reader = chain.readers[0]
    assert isinstance(reader, LearnedReader)
    assert reader._missing(post(text), None) == missing


def test_a_forum_of_another_field_is_read_only_where_somebody_speaks_of_a_model(
    rules: Rules, chain: Chain, post: Callable[..., Record]
) -> None:
    def readings(title: str, reply: str, source: str = "discourse") -> int:
        opener = post("Which water do you brew with, and why?", source=source, site="kettles", role="post", title=title)
        answer = post(reply, source=source, site="kettles", native_id="p2", parent_id="p1", role="comment")
        return len(judge_threads([[opener, answer]], rules, chain)[1])

    objects = '> the water must boil\n\nI asked "how hot should it be?" and he said 60 degrees. That is completely wrong.'
    assert readings("Brewing", objects) == 0
    assert readings("ChatGPT on brewing", objects) == 2
    assert readings("Brewing", f"From ChatGPT: {objects}") == 1
    whistles = "The kettle whistles. " * 60
    assert readings("Brewing", f"{whistles}I had ChatGPT count them. {whistles}{objects}") == 0
    assert readings("Brewing", objects, source="posts") == 2
