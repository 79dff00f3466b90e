"""``thresher evaluate``: a real server, real kills, and money."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer

from store import verdicts
from store.curating import VerdictLog
from store.edits import Edit
from store.file.database import Database
from store.reading import rows
from store.trials import lines

CONFIG = Path(__file__).resolve().parents[3] / "config"
N = 3
"""Items that are asked."""


def answer(body: dict[str, Any]) -> str:
    """Option A wherever there are options; what is option A differs from trial to trial."""
    return "It depends on the day.\nANSWER: A"


@pytest.fixture(scope="module")
def landed(thresher: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample book, landed."""
    folder = tmp_path_factory.mktemp("evaluated") / "data"
    book = CONFIG.parent / "sample" / "world" / "book"
    assert thresher("ingest", "textbooks", str(book), "--data", str(folder), "--no-embed").returncode == 3
    return folder


@pytest.fixture
def copy(landed: Path, tmp_path: Path) -> Path:
    shutil.copytree(landed, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(answer) as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, server: ChatServer) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    models = [
        {"name": name, "endpoint": server.url, "served_id": "small-1", "input_price": 0.5, "output_price": 2.0, "tries": 1,
         "timeout_s": 2.0, "max_wait_s": 1.0, "concurrency": 4}
        for name in ("small", "large")
    ]  # fmt: skip
    text = "\n".join("[[models]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in model.items()) for model in models)
    (folder / "models.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def evaluate(thresher: Callable[..., Any], copy: Path, config: Path) -> Callable[..., Any]:
    def run(*arguments: str, models: tuple[str, ...] = ("small",), **environment: str) -> Any:
        more = ("--way", "choice", "--limit", str(N), "--data", str(copy), "--config", str(config))
        return thresher("evaluate", *models, *more, *arguments, **environment)

    return run


def told(copy: Path, sql: str) -> list[dict[str, Any]]:
    with Database(copy).reader() as con:
        return rows(con, sql)


def wrong(copy: Path) -> Callable[[dict[str, Any]], str]:
    """Answers that name an option which is no key."""
    keys = {row["target"] for row in told(copy, "SELECT target FROM items WHERE len(choices) > 0")}
    keys |= {key.partition(") ")[2] for key in keys}

    def answer(body: dict[str, Any]) -> str:
        options = re.findall(r"^([A-Z])\) (.*)$", body["messages"][-1]["content"], re.MULTILINE)
        return "ANSWER: " + next(letter for letter, text in options if text not in keys)

    return answer


def test_a_dry_run_prices_and_asks_nobody(evaluate: Callable[..., Any], server: ChatServer) -> None:
    done = evaluate("--dry-run", "--json", models=("small", "large"))
    plan = json.loads(done.stdout)
    assert (done.returncode, server.seen) == (0, [])
    assert [(p["model"], p["items"], p["trials"]) for p in plan["plan"]] == [("small", N, 5 * N), ("large", N, 5 * N)]
    assert plan["most_usd"] > 2 * 5 * N * 2048 * 2.0 / 1e6


def test_an_item_that_a_person_rewords_is_asked_anew(evaluate: Callable[..., Any], server: ChatServer, copy: Path) -> None:
    assert evaluate().returncode == 0
    item = told(copy, "SELECT t.item_id, i.messages ->> '$[0].content' AS text FROM trials t JOIN items i USING (item_id) ORDER BY 1")[0]
    edit = Edit(item["item_id"], "ann", "clearer", 1, (f"Think first. {item['text']}",))
    log, served = VerdictLog(copy), server.served
    log.add([Edit(item["item_id"], "ann", "", 1, tags=("sums",))], {item["item_id"]: ["user"]})
    verdicts.take_up(Database(copy))
    assert json.loads(evaluate("--json").stdout)["asked"] == 0
    log.add([edit], {item["item_id"]: ["user"]})
    verdicts.take_up(Database(copy))
    assert (json.loads(evaluate("--json").stdout)["asked"], server.served - served) == (5, 5)
    assert [row["round"] for row in told(copy, f"SELECT DISTINCT round FROM trial_rounds WHERE item_id = '{item['item_id']}'")] == ["0002"]


def test_each_item_is_asked_five_times_and_what_was_answered_is_scored(
    evaluate: Callable[..., Any], server: ChatServer, copy: Path
) -> None:  # fmt: skip
    done = evaluate("--json", models=("small", "large"))
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert (outcome["asked"], server.served) == (2 * 5 * N, 2 * 5 * N)
    kept = told(copy, "FROM trials")
    assert len(kept) == 2 * 5 * N
    assert sum(outcome["verdicts"].values()) == 2 * 5 * N
    assert {row["verdict"] for row in kept} == {"pass", "fail"}
    assert sum(row["usd"] for row in kept) == pytest.approx(Decimal(outcome["usd"]), abs=Decimal("1e-9"))
    by_model = told(copy, "SELECT model, items, trials, usd FROM results_by_model")
    assert [(row["model"], row["items"], row["trials"]) for row in by_model] == [("large", N, 5 * N), ("small", N, 5 * N)]
    again = evaluate("--json", models=("small", "large"))
    assert (json.loads(again.stdout)["asked"], server.served) == (0, 2 * 5 * N)


def test_a_killed_evaluation_begun_again_asks_only_what_is_missing(
    evaluate: Callable[..., Any], server: ChatServer, copy: Path
) -> None:  # fmt: skip
    for failpoint in ("models.kept:3", "trials.kept:2", "models.kept:4", "trials.taken"):
        assert evaluate(THRESHER_FAILPOINT=failpoint).returncode == -9
    done = evaluate()
    assert done.returncode == 0, done.stderr
    kept = told(copy, "SELECT item_id, number, usd FROM trials")
    assert len(kept) == len({(row["item_id"], row["number"]) for row in kept}) == 5 * N
    answers = [json.loads(line) for line in (copy / "archive" / "model_answers.jsonl").read_text().splitlines()]
    assert len(answers) == len({line["request_hash"] for line in answers}) == 5 * N
    assert sum(row["usd"] for row in kept) == sum(Decimal(line["usd"]) for line in answers)
    # of four kills each may have met the questions of four threads that the server had and that nobody had written down
    assert server.served <= 5 * N + 4 * 3


def test_the_budget_is_never_passed_and_the_rest_is_left_for_the_next_time(
    evaluate: Callable[..., Any], server: ChatServer, copy: Path
) -> None:  # fmt: skip
    budget = Decimal("0.0024")
    done = evaluate("--budget", str(budget), "--json", "--max-tokens", "1000")
    outcome = json.loads(done.stdout)
    assert (done.returncode, 0 < outcome["asked"] < 5 * N) == (3, True)
    spent = sum(
        Decimal(line["usd"]) for line in map(json.loads, (copy / "archive" / "model_answers.jsonl").read_text().splitlines())
    )  # fmt: skip
    assert 0 < spent == Decimal(str(outcome["usd"])) <= budget
    assert outcome["not_asked"] == {"the budget of this run is used": 5 * N - outcome["asked"]}
    assert json.loads(evaluate("--json", "--max-tokens", "1000").stdout)["asked"] == 5 * N - outcome["asked"]


@pytest.mark.parametrize("fault", ["429", "hang", "broken-json", "no-choices", "500-after", "cut-length", "content-filter"])
def test_a_server_that_misbehaves_makes_no_failure_of_a_model(
    evaluate: Callable[..., Any], server: ChatServer, copy: Path, fault: str
) -> None:  # fmt: skip
    server.every = fault
    done = evaluate("--trials", "1", "--json")
    outcome = json.loads(done.stdout)
    assert (done.returncode, outcome["verdicts"]) == (1, {})
    assert sum(outcome["left_out"].values()) + sum(outcome["not_asked"].values()) == N
    assert told(copy, "FROM item_states") == []
    charged = sum(Decimal(line["usd"]) for line in lines(copy / "archive") if line["type"] == "trial")
    assert charged == Decimal(str(outcome["usd"]))
    server.every = ""
    assert evaluate("--trials", "1").returncode == 0 or fault in ("cut-length", "content-filter")


def test_trials_survive_a_rebuild_and_nobody_is_asked(
    evaluate: Callable[..., Any], thresher: Callable[..., Any], server: ChatServer, copy: Path, config: Path
) -> None:  # fmt: skip
    assert evaluate().returncode == 0
    before, asked = told(copy, "FROM trials ORDER BY trial_id"), server.served
    done = thresher("rebuild", "--data", str(copy), "--config", str(config))
    assert done.returncode in (0, 3), done.stderr
    assert (told(copy, "FROM trials ORDER BY trial_id"), server.served) == (before, asked)


def test_a_harvest_that_is_writing_is_not_in_the_way(evaluate: Callable[..., Any], copy: Path, server: ChatServer) -> None:
    with Database(copy).lease(0):
        done = evaluate("--json")
    assert (done.returncode, json.loads(done.stdout)["waiting"]) == (0, True)
    assert told(copy, "FROM trials") == []
    assert "the next command that writes takes the trials up" in done.stderr
    assert json.loads(evaluate("--json").stdout)["waiting"] is False
    assert (len(told(copy, "FROM trials")), server.served) == (5 * N, 5 * N)


def test_what_cannot_be_is_told(evaluate: Callable[..., Any], server: ChatServer) -> None:
    for arguments, said in (
        (("--kind", "poem"), "'poem' is no kind of an item; there are: exercise"),
        (("--tier", "sure"), "'sure' is no tier"),
        (("--judge", "nobody"), "has no model 'nobody'"),
    ):
        done = evaluate(*arguments)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert server.seen == []


def test_what_trials_say_is_shown_and_a_key_in_question_is_queued(
    evaluate: Callable[..., Any], thresher: Callable[..., Any], server: ChatServer, copy: Path
) -> None:  # fmt: skip
    server.answer = lambda body: "ANSWER: none of them"
    assert evaluate().returncode == 0
    assert told(copy, "FROM item_states") == []
    server.answer = wrong(copy)
    assert evaluate("--again-after", "0", models=("small", "large")).returncode == 0
    states = told(copy, "FROM item_states")
    assert {row["state"] for row in states} == {"reproduced"}
    item_id = states[0]["item_id"]
    shown = thresher("show", item_id, "--data", str(copy))
    assert "small: reproduced, 5 of 5 failed on " in shown.stdout
    assert "served as" in shown.stdout
    queue = json.loads(thresher("keys", "list", "--json", "--data", str(copy)).stdout)
    assert {row["reason"] for row in queue} == {"all_models_fail"}
    status = thresher("status", "--data", str(copy)).stdout
    assert "what models made of it" in status
    assert f"{N} items: `thresher keys list`" in status
    assert json.loads(thresher("status", "--json", "--data", str(copy)).stdout)["status"]["by_tier"]["reproduced"] == N


def test_a_takedown_takes_the_answers_along(
    evaluate: Callable[..., Any], thresher: Callable[..., Any], server: ChatServer, copy: Path, config: Path
) -> None:  # fmt: skip
    server.answer = lambda body: f"You asked: {body['messages'][-1]['content']}\nANSWER: A"
    assert evaluate().returncode == 0
    (gone, words), *_ = [tuple(row.values()) for row in told(
        copy, "SELECT r.record_key, left(c.messages ->> '$[0].content', 25) FROM items_current c JOIN reports r USING (item_id) "
        "SEMI JOIN trials USING (item_id) ORDER BY ALL"
    )]  # fmt: skip
    done = thresher("takedown", gone, "--reason", "asked for", "--no-embed", "--data", str(copy), "--config", str(config))
    assert done.returncode == 0, done.stderr
    assert told(copy, "SELECT count(DISTINCT item_id) AS n FROM trials") == [{"n": N - 1}]
    for name in ("trials.jsonl", "model_answers.jsonl"):
        assert words not in (copy / "archive" / name).read_text(encoding="utf-8")
    assert json.loads(evaluate("--json").stdout)["asked"] == 5


def by_rule(body: dict[str, Any]) -> Any:
    """A model that says nothing, and a judge who fails it by the first two rules that it is given."""
    told = body["messages"][0]
    if told["role"] != "system":
        return "I would rather not say how that is done."
    ruling = {"why": "it says nothing", "verdict": "fail", "words": "rather not say", "steers": False}
    version = re.search(r"Version (\d+) of the rulebook", told["content"])
    rules = re.findall(r"^- ([a-z.0-9]+) \(", told["content"], re.MULTILINE)
    return {**ruling, "rules": rules[:2], "precedents": [], "rulebook": int(version[1])} if version else ruling


@pytest.fixture
def judged(thresher: Callable[..., Any], server: ChatServer, copy: Path, config: Path) -> Callable[..., dict[str, Any]]:
    """What came of items that only a judge can score, without a model for embedding."""
    server.answer = by_rule
    dedupe = config / "dedupe.toml"
    dedupe.write_text(re.sub(r"(?m)^engine = .*$", 'engine = "none"', dedupe.read_text(encoding="utf-8")), encoding="utf-8")

    def run(*more: str) -> dict[str, Any]:
        done = thresher("evaluate", "small", "--way", "judged", "--limit", "12", "--trials", "1", "--judge", "large", "--json",
                        "--data", str(copy), "--config", str(config), *more)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    return run


def test_what_no_program_can_score_is_judged_within_the_same_budget(judged: Callable[..., dict[str, Any]], copy: Path) -> None:
    outcome = judged("--no-rules")
    scored = told(copy, "SELECT scorer, verdict, why, evidence FROM trials WHERE scorer = 'judge'")
    assert scored
    assert {(row["verdict"], row["evidence"]) for row in scored} == {("fail", "rather not say")}
    charged = sum(Decimal(line["usd"]) for line in map(json.loads, (copy / "archive" / "model_answers.jsonl").read_text().splitlines()))
    assert charged == Decimal(str(outcome["usd"])) > sum(row["usd"] for row in told(copy, "SELECT usd FROM trials"))


def test_an_amendment_has_kept_answers_judged_again_and_asks_no_model(
    judged: Callable[..., dict[str, Any]], thresher: Callable[..., Any], server: ChatServer, copy: Path, config: Path
) -> None:  # fmt: skip
    def cited() -> list[tuple[str, int, str]]:
        kept = told(copy, "SELECT trial_id, verdict, evidence FROM trials WHERE scorer = 'judge' ORDER BY 1")
        return [(row["trial_id"], json.loads(row["evidence"])["rulebook"], row["verdict"]) for row in kept]

    assert ["looked up by words alone" in notice for notice in judged()["notices"]] == [True]
    before = cited()
    assert before
    assert {(version, verdict) for _, version, verdict in before} == {(1, "fail")}
    served = server.served
    assert (judged()["rescored"], server.served) == (0, served)
    done = thresher("rules", "amend", "facts.dates.1", "--reason", "r", "--text", "The date is right.", "--config", str(config))
    assert done.returncode == 0, done.stderr
    again = judged()
    assert (again["asked"], again["rescored"], server.served) == (0, len(before), served + len(before))
    assert cited() == [(trial_id, 2, verdict) for trial_id, _, verdict in before]


def test_a_verdict_is_explained_from_the_claim_to_the_rule(
    judged: Callable[..., dict[str, Any]], thresher: Callable[..., Any], copy: Path, config: Path
) -> None:  # fmt: skip
    judged()
    row = told(copy, "SELECT trial_id, item_id, scorer_version, evidence FROM trials WHERE scorer = 'judge' ORDER BY 1")[0]
    where = ("--data", str(copy), "--config", str(config))
    text = thresher("explain", row["trial_id"][:12], *where, COLUMNS="2000").stdout
    cited = json.loads(row["evidence"])["rules"]
    report = told(copy, f"SELECT url FROM reports WHERE item_id = '{row['item_id']}'")[0]
    for said in ("I would >>>rather not say<<< how", "fail, by judge", row["scorer_version"], "served as small-1 on ", report["url"],
                 f"1. {cited[0]} ", f"2. {cited[1]} ", "by version 1 of the rulebook"):  # fmt: skip
        assert said in text, said
    (one,) = json.loads(thresher("explain", row["item_id"], "--model", "small", "--json", *where).stdout)
    assert (one["trial_id"], one["words"], [rule["id"] for rule in one["rules"]]) == (row["trial_id"], "rather not say", cited)
    assert one["rulebook"]["altered"] is False
    first = config / "rulebook" / "constitution.toml"
    first.write_text(first.read_text(encoding="utf-8").replace("\nWho ", "\nWhoever "), encoding="utf-8")
    assert "somebody changed a file by hand" in thresher("explain", row["trial_id"], *where).stdout


def test_a_verdict_by_code_is_explained_without_rules(
    evaluate: Callable[..., Any], thresher: Callable[..., Any], copy: Path, config: Path
) -> None:  # fmt: skip
    assert evaluate("--trials", "2", "--limit", "1").returncode == 0
    row = told(copy, "SELECT trial_id, item_id, evidence FROM trials WHERE number = 2")[0]
    where = ("--data", str(copy), "--config", str(config))
    one = json.loads(thresher("explain", row["trial_id"], "--json", *where).stdout)
    assert (one["rulebook"], one["words"], one["way"]) == (None, row["evidence"], "choice")
    begin, end = one["words_at"]
    assert one["response"][begin:end] == row["evidence"]
    assert "ANSWER" in one["asked"][-1]["content"]
    assert "verdict" in thresher("explain", row["item_id"], "--model", "small", *where).stdout
    unasked = thresher("explain", row["item_id"], "--model", "large", *where)
    assert (unasked.returncode, "it was put to: small" in unasked.stderr) == (2, True)
    assert thresher("explain", "zzz", *where).returncode == 2


def test_a_model_that_declines_has_answered(evaluate: Callable[..., Any], server: ChatServer, copy: Path) -> None:
    server.every = "refusal"
    done = evaluate("--trials", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert {row["response"] for row in told(copy, "FROM trials")} == {"I can't help with that."}
    assert sum(json.loads(done.stdout)["verdicts"].values()) == N
