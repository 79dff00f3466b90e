"""A question to a model ends in one of five outcomes, whatever its server does, and nothing is paid for that the budget does not hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thresher.errors import StoreError
from thresher.models.budget import Budget
from thresher.models.kept import FILE, MOST_SILENCES, Kept, forget

KEYS = {"input_price": Decimal("0.25"), "output_price": Decimal(2)}
ROOT = Path(__file__).resolve().parents[3]


def test_an_answer_comes_with_its_id_its_tokens_and_its_price(serve: Any, ask: Any, question: Any) -> None:
    server = serve()
    answer = ask(server, **KEYS).ask(question())
    assert (answer.outcome, answer.value.colour, answer.served_id) == ("answered", "red", "small-1")
    used = answer.usage
    assert answer.usd == (used.sent * Decimal("0.25") + used.answered * Decimal(2)) / 1_000_000 > 0
    body = server.seen[0]["body"]
    assert body["response_format"]["json_schema"]["strict"] is True
    schema = body["response_format"]["json_schema"]["schema"]
    assert (schema["required"], schema["additionalProperties"]) == (["colour"], False)


@pytest.mark.parametrize(
    ("fault", "outcome", "said", "served"),
    [
        ("429", "unavailable", "status 429: too many requests", 0),
        ("429-long", "unavailable", "wants a longer wait than max_wait_s", 0),
        ("quota", "unavailable", "You exceeded your current quota", 0),
        ("401", "unavailable", "status 401: Incorrect API key", 0),
        ("404", "unavailable", "status 404: The model does not exist", 0),
        ("400", "unavailable", "status 400: something else is wrong", 0),
        ("503", "unavailable", "status 503: overloaded", 0),
        ("500-after", "unavailable", "status 500: internal error", 3),
        ("redirect", "unavailable", "status 307", 0),
        ("hang", "silent", "no whole answer came", 0),
        ("reset", "silent", "no whole answer came", 0),
        ("cut-body", "silent", "no whole answer came", 2),
        ("huge", "silent", "ResponseTooLarge", 2),
        ("cut-length", "silent", "the answer ends early (length)", 1),
        ("broken-json", "silent", "the body is no JSON", 2),
        ("no-choices", "silent", "no choices came", 2),
        ("empty-object", "silent", "no choices came", 2),
        ("empty-text", "silent", "the answer is empty", 2),
        ("prose", "silent", "not in the form that was asked for", 2),
        ("refusal", "refused", "declined: I can't help with that.", 1),
        ("content-filter", "refused", "declined: stopped by content_filter", 1),
        ("filtered-question", "refused", "The prompt was filtered", 0),
        ("wrong-model", "unavailable", "answers as 'another-model', not as 'small-1'", 1),
    ],
)
def test_a_fault_that_stays_is_an_outcome(serve: Any, ask: Any, question: Any, fault: str, outcome: str, said: str, served: int) -> None:
    server = serve(every=fault)
    asker = ask(server, tries=3, timeout_s=0.3 if fault == "hang" else 5)
    answer = asker.ask(question())
    assert (answer.outcome, answer.value) == (outcome, None)
    assert said in answer.detail
    assert server.served == served
    assert len(server.seen) <= 3


@pytest.mark.parametrize("fault", ["429", "503", "500-after", "reset", "cut-body", "broken-json", "no-choices", "prose"])
def test_a_fault_that_passes_is_healed_by_another_try(serve: Any, ask: Any, question: Any, fault: str) -> None:
    asker = ask(serve(faults=(fault,)))
    assert asker.ask(question()).outcome == "answered"
    assert (asker.tally.asked, asker.tally.outcomes["answered"]) == (1, 1)


def test_the_wait_that_a_server_asks_for_is_kept(serve: Any, ask: Any, question: Any, waits: Any) -> None:
    ask(serve(faults=("429",))).ask(question())
    assert waits.waited == [1.0]


@pytest.mark.parametrize(
    ("fault", "form", "limit"),
    [
        ("no-json-schema", "json_object", "max_tokens"),
        ("no-response-format", None, "max_tokens"),
        ("no-max-tokens", "json_schema", "max_completion_tokens"),
    ],
)
def test_a_server_that_does_not_know_a_parameter_is_asked_without_it(
    serve: Any, ask: Any, question: Any, fault: str, form: str | None, limit: str
) -> None:
    server = serve(lambda _: 'Sure: {"colour": "blue"} (as in the sky)', every=fault)
    asker = ask(server)
    assert [asker.ask(question(text)).value.colour for text in ("one?", "two?")] == ["blue", "blue"]
    last = server.seen[-1]["body"]
    assert ((last.get("response_format") or {}).get("type"), limit in last) == (form, True)
    assert len(server.seen) - server.served <= 2, "what the server does not know is asked about once"


def test_an_endpoint_that_fails_again_and_again_is_left_alone(serve: Any, ask: Any, question: Any) -> None:
    server = serve(every="503")
    asker = ask(server, tries=1, concurrency=1)
    answers = asker.ask_all([question(f"{n}?") for n in range(20)])
    assert {a.outcome for a in answers} == {"unavailable"}
    assert len(server.seen) == 5
    assert "5 questions in a row failed" in asker.down


@pytest.mark.parametrize("fault", ["401", "404", "quota", "wrong-model"])
def test_what_no_further_question_can_heal_is_asked_once(serve: Any, ask: Any, question: Any, fault: str) -> None:
    server = serve(every=fault)
    ask(server, concurrency=1).ask_all([question(f"{n}?") for n in range(9)])
    assert len(server.seen) == 1


def test_questions_go_side_by_side_and_answers_keep_their_order(serve: Any, ask: Any, question: Any) -> None:
    server = serve(lambda body: {"colour": "red" if "7" in body["messages"][0]["content"] else "blue"}, delay_s=0.05)
    told: list[tuple[int, int]] = []
    asker = ask(server, concurrency=4)
    asker.told = lambda done, total: told.append((done, total))
    answers = asker.ask_all([question(f"number {n}") for n in range(12)])
    assert [n for n, a in enumerate(answers) if a.value.colour == "red"] == [7]
    assert 2 <= server.most_at_once <= 4
    assert (len(told), max(told)) == (12, (12, 12))


def test_equal_questions_are_asked_once(serve: Any, ask: Any, question: Any) -> None:
    server = serve()
    answers = ask(server).ask_all([question(about=(f"r{n}",)) for n in range(5)])
    assert [a.outcome for a in answers] == ["answered"] * 5
    assert server.served == 1


def test_requests_in_a_minute_are_limited(serve: Any, ask: Any, question: Any, waits: Any) -> None:
    asker = ask(serve(), requests_per_minute=3, concurrency=1)
    asker.ask_all([question(f"{n}?") for n in range(7)])
    assert waits.waited == [60.0, 60.0]


@pytest.mark.parametrize("every", ["", "no-usage", "500-after", "cut-body"])
def test_the_budget_is_never_passed_by_those_who_ask_at_once(serve: Any, ask: Any, question: Any, every: str) -> None:
    most = question()
    one = (most.most_input_tokens * Decimal("0.25") + 100 * Decimal(2)) / 1_000_000
    budget = Budget(one * 5, None)
    server = serve(every=every, delay_s=0.01)
    asker = ask(server, budget=budget, concurrency=8, tries=1, **KEYS)
    answers = asker.ask_all([question(f"Which colour has number {n:04}?") for n in range(60)])
    assert budget.spent_usd <= budget.limit_usd
    assert budget.spent_usd == sum((a.usd for a in answers), Decimal(0)) == asker.tally.usd
    assert ("over_budget" in {a.outcome for a in answers}) == bool(every), "what was set aside and not used is waited for"
    assert server.served <= (5 if every else 60)


def test_a_budget_of_tokens_binds_where_nothing_costs_money(serve: Any, ask: Any, question: Any) -> None:
    budget = Budget(None, question().most_input_tokens * 3 + 300)
    answers = ask(serve(every="no-usage"), budget=budget).ask_all([question(f"{n}?") for n in range(9)])
    assert 2 <= sum(a.outcome == "answered" for a in answers) <= 4
    assert budget.spent_tokens <= budget.limit_tokens


def test_a_lost_answer_is_charged_as_the_most_that_it_can_have_cost(serve: Any, ask: Any, question: Any) -> None:
    answer = ask(serve(every="reset"), tries=1, **KEYS).ask(question())
    assert answer.usd == (question().most_input_tokens * Decimal("0.25") + 100 * Decimal(2)) / 1_000_000


def test_what_was_answered_is_kept_and_nobody_is_asked_again(serve: Any, ask: Any, question: Any, tmp_path: Path) -> None:
    server = serve(lambda body: {"colour": "red"} if "one" in body["messages"][0]["content"] else "nothing", faults=("",))
    path = tmp_path / FILE
    first = ask(server, kept=Kept(path), **KEYS).ask(question("one?"))
    again = ask(server, kept=Kept(path), **KEYS)
    answer = again.ask(question("one?"))
    assert (answer.value, answer.usage, answer.from_archive, answer.usd) == (first.value, first.usage, True, 0)
    assert (server.served, again.tally.kept, again.tally.asked) == (1, 1, 0)
    line = json.loads(path.read_text())
    assert json.loads(line["response"])["choices"][0]["message"]["content"] == '{"colour": "red"}'
    assert (line["outcome"], line["served_id"], Decimal(line["usd"])) == ("answered", "small-1", first.usd)
    assert ask(server, kept=Kept(path), offline=True).ask(question("two?")).outcome == "unavailable"


def test_a_lost_answer_settles_nothing_and_is_asked_for_again(serve: Any, ask: Any, question: Any, tmp_path: Path) -> None:
    server = serve(faults=("reset",))
    lost = ask(server, tries=1, kept=Kept(tmp_path / FILE), **KEYS).ask(question(form=None))
    again = ask(server, tries=1, kept=Kept(tmp_path / FILE), **KEYS).ask(question(form=None))
    assert (lost.outcome, again.outcome, again.from_archive) == ("silent", "answered", False)
    assert again.charged == lost.usd + again.usd > again.usd > 0


def test_a_question_is_asked_as_often_as_it_has_samples(serve: Any, ask: Any, question: Any, tmp_path: Path) -> None:
    server = serve()
    asker = ask(server, kept=Kept(tmp_path / FILE))
    asker.ask_all([question(sample=sample) for sample in ("1", "2", "2", "")] + [question()])
    assert server.served == 3


def test_silence_is_asked_about_again_but_not_for_ever(serve: Any, ask: Any, question: Any, tmp_path: Path) -> None:
    server = serve(every="prose")
    for _ in range(4):
        assert ask(server, kept=Kept(tmp_path / FILE)).ask(question()).outcome == "silent"
    assert MOST_SILENCES <= server.served <= MOST_SILENCES + 1


def test_an_answer_leaves_with_the_record_that_it_quotes(serve: Any, ask: Any, question: Any, tmp_path: Path) -> None:
    ask(serve(), kept=Kept(tmp_path / FILE)).ask_all([question(f"{n}?", about=(f"r{n}", "all")) for n in range(3)])
    forget(tmp_path, {"r1", "r9"})
    left = [json.loads(line)["about"] for line in (tmp_path / FILE).read_text().splitlines()]
    assert sorted(left) == [["r0", "all"], ["r2", "all"]]
    forget(tmp_path, {"all"})
    assert (tmp_path / FILE).read_text() == ""


def test_nothing_is_asked_where_no_answer_could_be_kept(serve: Any, ask: Any, question: Any, tmp_path: Path) -> None:
    server = serve()
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        ask(server, kept=Kept(None), budget=None).ask_all([]) or ask(server, kept=_Unwritable(tmp_path / "folder")).ask(question())
    assert server.seen == []


class _Unwritable(Kept):
    def __init__(self, path: Path) -> None:
        super().__init__(None)
        self._path = path


def test_the_key_goes_to_the_endpoint_and_is_kept_nowhere(
    serve: Any, ask: Any, question: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-very-secret-0123456789"
    monkeypatch.setenv("THRESHER_TEST_KEY", secret)
    server = serve(every="echo-key")
    answer = ask(server, kept=Kept(tmp_path / FILE), api_key_env="THRESHER_TEST_KEY").ask(question(form=None))
    assert server.seen[0]["headers"]["Authorization"] == f"Bearer {secret}"
    assert answer.outcome == "answered"
    assert secret not in answer.text + (tmp_path / FILE).read_text()


def test_a_key_that_is_not_set_is_said_and_nothing_is_sent(serve: Any, ask: Any, question: Any) -> None:
    server = serve()
    answer = ask(server, api_key_env="THRESHER_NOWHERE").ask(question())
    assert (answer.outcome, server.seen) == ("unavailable", [])
    assert "THRESHER_NOWHERE, which is not set" in answer.detail


_ASKING = """
import sys
from pathlib import Path
sys.path[:0] = ["tests/thresher/models", "tests/kit"]
from conftest import Colour
from thresher.models.answers import Question
from thresher.models.ask import Asker
from thresher.models.kept import Kept
from thresher.models.settings import Model
asker = Asker(Model(name="small", endpoint=sys.argv[1], served_id="small-1", concurrency=1), kept=Kept(Path(sys.argv[2])))
answers = asker.ask_all([Question((("user", f"{n}?"),), Colour) for n in range(8)])
print([a.outcome for a in answers].count("answered"), asker.tally.kept, asker.tally.asked)
"""


@pytest.mark.parametrize("failpoint", ["models.kept:5", "models.answered:4"])
def test_killed_while_it_asks_it_asks_only_what_is_missing(serve: Any, tmp_path: Path, failpoint: str) -> None:
    server = serve()

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _ASKING, server.url, str(tmp_path / FILE)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert run(THRESHER_FAILPOINT=failpoint).returncode == -signal.SIGKILL
    kept = len((tmp_path / FILE).read_text().splitlines())
    done = run()
    assert done.stdout.split() == ["8", str(kept), str(8 - kept)], done.stderr
    assert server.served == 8 + (failpoint.startswith("models.answered")), "what was on its way when the power went is asked once more"
