"""The clustering step: complaints from several sites, kills, deletions, and a language model that answers well or badly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from driver import Command
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner
from werkzeug import Request, Response

from dedupe.settings import Clusters, Distiller
from dedupe.vectors.encoder import Encoder
from dedupe.vectors.engines import open_encoder
from flows.cli.clusters import app
from flows.line import settings
from flows.line.clustering import Before, Clustered, cluster_claims
from flows.line.distilling import FILE
from flows.line.run import Run
from flows.line.workspace import Workspace
from store import cluster_journal, items, pages, queries, runs
from store.doctor import doctor
from thresher.archive import history
from thresher.model import Candidate, Claim, Message, Page, Record, Span
from thresher.net.settings import Network
from thresher.rules import Rules

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config"
NIGHT = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
COMPLAINTS = (
    ("reddit", "ChatGPT thinks there are 2 r's in strawberry"),
    ("discourse", "Count the letters of banana: it gets that wrong every single time"),
    ("reddit", "Miscounted the vowels of queue again, sigh"),
    ("reddit", "Half of the references in my thesis do not exist"),
    ("discourse", "The DOI is fake, no such paper was ever published"),
    ("discourse", "It draws hexagonal wheels on every tractor"),
    ("reddit", "Tractors with hexagonal wheels, every tractor I ask for"),
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The bundled one, opened once."""
    return open_encoder(settings.load(CONFIG).dedupe.embedding, Path("unused"))


@cache
def rules() -> Rules:
    return Rules.load(CONFIG / "rules.toml")


def workspace(folder: Path, encoder: Encoder, **changes: Any) -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    work = Workspace(folder, settings.load(CONFIG, {}).model_copy(update=changes), rules())
    work.__dict__["encoder"] = encoder
    return work


def land(work: Workspace, said: Sequence[tuple[str, str]], start: int = 0, status: str = "live") -> str:
    """Each complaint as a report of an item of its own; returns the run."""
    with work.database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1", dedupe_version="1")
    for n, (source, words) in enumerate(said, start):
        text = words if status == "live" else ""
        written = NIGHT - timedelta(days=n)
        record = Record(source, "bugs", f"c{n}", f"https://example.org/{n}", "post", text, created_at=written, status=status,
                        author_key=f"author {n}", licence="cc-by-4.0", export_class="full")  # fmt: skip
        page = Page(source, "bugs", f"https://example.org/{n}", 200, {}, f"{record}".encode(), NIGHT)
        with work.database.transaction() as con:
            pages.land_batch(con, run_id, [pages.PageResult(page, [record])])
            if text:
                claim = Claim(Span(record.key, 0, len(text), text))
                asked = (Message("user", f"Task {n} of the day"),)
                made = Candidate(record.key, "complaint", asked, "rule", "1", tier="claimed", claim=claim, licence="cc-by-4.0",
                                 export_class="full")  # fmt: skip
                items.land_outcomes(con, run_id, source, [made], [record])
    return run_id


def partition(work: Workspace) -> set[frozenset[str]]:
    with work.database.reader() as con:
        rows = con.execute("SELECT cluster_id, list(record_key) FROM cluster_members GROUP BY 1").fetchall()
    return {frozenset(key.rsplit(":c", 1)[1] for key in keys) for _, keys in rows}


def tables(work: Workspace) -> dict[str, list[Any]]:
    """What the clusters are, without which run made them so."""
    kept = {"claims": "* EXCLUDE (run_id)", "phrases": "*", "clusters": "*", "cluster_history": "* EXCLUDE (run_id)"}
    with work.database.reader() as con:
        return {name: con.execute(f"SELECT {columns} FROM {name} ORDER BY ALL").fetchall() for name, columns in kept.items()}


@pytest.fixture
def work(tmp_path: Path, encoder: Encoder) -> Iterator[Workspace]:
    made = workspace(tmp_path / "data", encoder)
    with made.database.writer():
        yield made


def test_one_failure_in_different_words_on_two_sites_is_one_cluster(work: Workspace) -> None:
    run_id = land(work, COMPLAINTS)
    assert cluster_claims(Run(work, run_id)) == Clustered(assigned=7, opened=3, merged=0, split=0)
    assert partition(work) == {frozenset("012"), frozenset("34"), frozenset("56")}
    with work.database.reader() as con:
        found = {c["label"]: c for c in queries.failure_clusters(con)}
    assert (found["miscounts letters in a word"]["sources"], found["miscounts letters in a word"]["authors"]) == (2, 3)
    assert doctor(work.folder).healthy


def test_a_second_pass_changes_nothing_and_is_not_noted(work: Workspace) -> None:
    run_id = land(work, COMPLAINTS)
    cluster_claims(Run(work, run_id))
    before = tables(work)
    assert cluster_claims(Run(work, run_id)) == Clustered(0, 0, 0, 0)
    assert tables(work) == before
    assert [e["event"] for e in history.events(work.archive)] == ["clustered"]


def test_several_nights_in_another_order_give_the_same_clusters(tmp_path: Path, encoder: Encoder) -> None:
    found = []
    for name, order in {"one": (0, 1, 2, 3, 4, 5, 6), "other": (6, 3, 0, 5, 2, 4, 1)}.items():
        work = workspace(tmp_path / name, encoder)
        for n in order:
            cluster_claims(Run(work, land(work, [COMPLAINTS[n]], start=n)))
        found.append(partition(work))
    assert found[0] == found[1] == {frozenset("012"), frozenset("34"), frozenset("56")}


def test_the_command_lists_and_shows_clusters_as_json(work: Workspace) -> None:
    cluster_claims(Run(work, land(work, COMPLAINTS)))
    common = ["--data", str(work.folder), "--config", str(CONFIG), "--json"]
    listed = [json.loads(line) for line in CliRunner().invoke(app, ["list", *common]).stdout.splitlines()]
    assert [(row["reports"], row["publishable"]) for row in listed] == [(3, True), (2, False), (2, False)]
    shown = json.loads(CliRunner().invoke(app, ["show", listed[0]["cluster_id"][:9], *common]).stdout)
    assert {member["words"] for member in shown["members"]} == {words for _, words in COMPLAINTS[:3]}


def test_what_a_site_deleted_leaves_its_cluster_and_an_empty_cluster_goes(work: Workspace) -> None:
    cluster_claims(Run(work, land(work, COMPLAINTS)))
    for n in (0, 5, 6):
        land(work, [(COMPLAINTS[n][0], "")], start=n, status="deleted")
    cluster_claims(Run(work, land(work, [])))
    assert partition(work) == {frozenset("12"), frozenset("34")}
    with work.database.reader() as con:
        assert con.execute("SELECT count(*) FROM cluster_history ANTI JOIN clusters USING (cluster_id)").fetchall() == [(0,)]
        assert "hexagonal" not in str(con.execute("FROM phrases").fetchall() + con.execute("FROM clusters").fetchall())


def test_a_rebuild_calls_a_cluster_as_before_though_the_phrase_that_named_it_was_deleted(tmp_path: Path, encoder: Encoder) -> None:
    work, anew = workspace(tmp_path / "data", encoder), workspace(tmp_path / "anew", encoder)
    first = land(work, COMPLAINTS[5:], start=5)
    cluster_claims(Run(work, first))
    second = land(work, [(COMPLAINTS[5][0], "")], start=5, status="deleted")
    cluster_claims(Run(work, second))
    for run_id, said in ((first, COMPLAINTS[6:]), (second, ())):
        passed = {name: past for (at, name), past in cluster_journal.passes(work.archive).items() if at == run_id}
        cluster_claims(Run(anew, land(anew, said, start=6)), before=Before(work.archive, passed))
    assert len(tables(work)["clusters"]) == 1
    assert tables(anew) == tables(work)
    deleted = cluster_journal.phrase_hash("other", "draws hexagonal wheels on every tractor")
    kept = work.archive / cluster_journal.FILE
    with work.database.reader() as con:
        was_there = deleted in kept.read_text(encoding="utf-8")
        cluster_journal.purge(con, work.archive)
    assert (was_there, deleted in kept.read_text(encoding="utf-8")) == (True, False)


PASS = """
import sys
from pathlib import Path
from flows.line.clustering import cluster_claims
from flows.line.run import Run
from flows.line.workspace import Workspace
work = Workspace.open(Path(sys.argv[1]), Path(sys.argv[2]))
with work.database.writer():
    cluster_claims(Run(work, sys.argv[3]))
"""


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> tuple[Path, str, dict[str, list[Any]]]:
    """A benchmark whose complaints wait, its run, and the tables that a pass makes of it that nobody kills."""
    folder = tmp_path_factory.mktemp("unkilled")
    run_id = land(workspace(folder / "waiting", encoder), COMPLAINTS)
    whole = workspace(shutil.copytree(folder / "waiting", folder / "whole"), encoder)
    cluster_claims(Run(whole, run_id))
    return folder / "waiting", run_id, tables(whole)


@pytest.mark.parametrize("place", ["clustering.distilled", "clusters.category:2", "store.before_commit", "clustering.saved"])
def test_a_killed_pass_that_is_repeated_ends_as_one_that_was_not(
    place: str, tmp_path: Path, command: Command, encoder: Encoder, unkilled: tuple[Path, str, dict[str, list[Any]]]
) -> None:
    waiting, run_id, whole = unkilled
    killed = workspace(shutil.copytree(waiting, tmp_path / "killed"), encoder)
    assert command.run(killed.folder, CONFIG, run_id, program=PASS, failpoint=place).rc == -9
    cluster_claims(Run(killed, run_id))
    assert tables(killed) == whole


class Model:
    """A chat model on a real port: ``say`` decides what it answers to each complaint."""

    def __init__(self, server: HTTPServer) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.say: Any = lambda words: json.dumps({"phrase": f"says {words.split()[0]} wrongly", "category": "style", "evidence": words[:9]})
        server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(self._answer)
        self.settings = {
            "clusters": Clusters(distiller=Distiller(base_url=server.url_for("/v1"), model="small-1")),
            "network": Network(contact="ops@example.org", allow_addresses=(f"{server.host}:{server.port}",), tries=1),
        }

    def _answer(self, request: Request) -> Response:
        body = json.loads(request.data)
        self.asked.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        said = self.say(body["messages"][-1]["content"].split("The complaint:\n")[1])
        if isinstance(said, int):
            return Response(status=said)
        return Response(json.dumps({"choices": [{"message": {"content": said}}]}), content_type="application/json")


@pytest.fixture
def model(httpserver: HTTPServer) -> Model:
    return Model(httpserver)


def phrases_of(work: Workspace) -> dict[str, tuple[str, str]]:
    with work.database.reader() as con:
        return {key[-1]: (phrase, by) for key, phrase, by in con.execute("SELECT record_key, phrase, made_by FROM claims").fetchall()}


def test_a_model_is_asked_once_in_the_life_of_a_claim_and_not_by_a_rebuild(
    tmp_path: Path, encoder: Encoder, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THRESHER_MODEL_KEY", "secret")
    work = workspace(tmp_path / "data", encoder, **model.settings)
    done = cluster_claims(Run(work, land(work, COMPLAINTS[:3])))
    assert (done.asked, done.unusable) == (3, 0)
    assert model.keys == ["Bearer secret"] * 3
    assert [body["temperature"] for body in model.asked] == [0, 0, 0]
    assert phrases_of(work)["0"] == ("says chatgpt wrongly", "small-1")
    cluster_claims(Run(work, land(work, COMPLAINTS[3:4], start=3)))
    assert len(model.asked) == 4
    anew = workspace(tmp_path / "anew", encoder, **model.settings)
    cluster_claims(Run(anew, land(anew, COMPLAINTS[:3])), before=Before(work.archive))
    cluster_claims(Run(anew, land(anew, COMPLAINTS[3:4], start=3)), before=Before(work.archive))
    assert len(model.asked) == 4
    assert tables(anew) == tables(work)
    assert "secret" not in (work.archive / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "bad",
    [
        "It miscounts letters.",
        '{"phrase": "miscounts letters"}',
        '{"phrase": "miscounts letters", "category": "alphabet", "evidence": "strawberry"}',
        '{"phrase": "miscounts letters", "category": "counting", "evidence": "words that nobody said"}',
        '{"phrase": "' + "very " * 20 + 'long", "category": "counting", "evidence": "strawberry"}',
        '{"phrase": 3, "category": "counting", "evidence": "strawberry"}',
        "null",
        "[" * 5000,
        404,
        500,
    ],
)
def test_a_bad_answer_is_counted_and_the_phrase_of_the_rules_taken(bad: Any, tmp_path: Path, encoder: Encoder, model: Model) -> None:
    model.say = lambda words: bad
    work = workspace(tmp_path / "data", encoder, **model.settings)
    done = cluster_claims(Run(work, land(work, COMPLAINTS[:1])))
    assert (done.asked, done.unusable) == (1, 1)
    phrase, made_by = phrases_of(work)["0"]
    assert phrase == "miscounts letters in a word"
    assert made_by.startswith("rules")


def test_a_model_that_is_down_is_left_alone_after_a_few_failures(tmp_path: Path, encoder: Encoder, model: Model) -> None:
    model.say = lambda words: 500
    work = workspace(tmp_path / "data", encoder, **model.settings)
    done = cluster_claims(Run(work, land(work, [*COMPLAINTS, *COMPLAINTS])))
    assert done.assigned == 14
    assert done.asked == done.unusable == 5


def test_an_answer_may_not_smuggle_in_what_the_complaint_does_not_say(tmp_path: Path, encoder: Encoder, model: Model) -> None:
    model.say = lambda words: json.dumps({"phrase": "call 555 1234 now", "category": "style", "evidence": ""})
    work = workspace(tmp_path / "data", encoder, **model.settings)
    assert cluster_claims(Run(work, land(work, COMPLAINTS[:1]))).unusable == 1
