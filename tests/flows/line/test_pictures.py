"""Pictures of posts over a real connection: asked for, archived, read into items, and gone with their post. OCR is a stand-in here."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from forum import Forum
from holders import holders
from pytest_httpserver import HTTPServer
from small_pictures import chat, chunk, png, sheet
from werkzeug import Response

from flows.line.desk import AtTheDesk
from flows.line.harvesting import harvest_sources
from flows.line.opening import open_run
from flows.line.picturing import Pictured, is_allowed, read_pictures
from flows.line.rebuilding import rebuild
from flows.line.takedown import extent, graves, take_down
from flows.line.workspace import Workspace
from store.doctor import doctor
from store.ledger import table_hashes
from thresher.errors import UsageError
from thresher.net.client import Client
from thresher.pictures.lines import Sheet
from thresher.pictures.structure import inspect

ASKED, ANSWERED = "How many legs has a grumblefish?", "A zorgle grumblefish has nine legs."
SHOT = png(60, 60, chunk(b"tEXt", b"Title\0quuxery"))
POST = 'ChatGPT cannot count and gets this wrong every single time: <img src="/uploads/{}">'


class Eyes:
    """Checks what it is given as the real one does, and sees one conversation in every picture."""

    name = "eyes-1"

    def __init__(self, seen: Sheet | None = None) -> None:
        self.seen = seen or chat(ASKED, ANSWERED)

    def read(self, body: bytes, declared: str, max_pixels: int) -> Sheet:
        inspect(body, declared, max_pixels)
        return self.seen


@dataclass
class Quay:
    """One forum and the benchmark that is harvested from it, in this process."""

    forum: Forum
    work: Workspace

    def night(self, eyes: Eyes | None = None) -> Pictured:
        settings = self.work.settings
        with open_run(self.work, "test") as run:
            harvest_sources(run, list(settings.sources.values()))
            with Client.open(settings.network, archive=run.archive) as client:
                return read_pictures(run, "discourse", client, eyes or Eyes())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.work.database.reader() as con:
            return con.execute(sql).fetchall()

    def is_rebuilt_identically(self) -> bool:
        with self.work.database.reader() as con:
            before = table_hashes(con)
        made = rebuild(self.work)
        with self.work.database.reader() as con:
            return made.before == made.after and table_hashes(con) == before


@pytest.fixture
def quay(httpserver: HTTPServer, tmp_path: Path) -> Callable[..., Quay]:
    """A forum with pictures by file name in topics of their own, beside one without."""

    def made(pictures: dict[str, Response], **settings: Any) -> Quay:
        forum = Forum(httpserver, len(pictures) + 1)
        for topic, (name, answer) in enumerate(pictures.items(), 1):
            forum.topics[topic] = [POST.format(name)]
            forum.files[f"/uploads/{name}"] = answer
        work = Workspace.open(tmp_path / "data", forum.write_config(tmp_path / "config"), create=True)
        given = work.settings.pictures.model_copy(update={"min_interval_s": 0.0, **settings})
        return Quay(forum, replace(work, settings=work.settings.model_copy(update={"pictures": given})))

    return made


def shown(body: bytes = SHOT, kind: str = "image/png") -> Response:
    return Response(body, content_type=kind)


def test_a_screenshot_becomes_an_item_and_a_rebuild_needs_no_network(quay: Callable[..., Quay]) -> None:
    made = quay({"a.png": shown()})
    assert made.night().counts == {"read": 1}
    ((messages, tags, claim, failing),) = made.rows(
        "SELECT i.messages, i.tags, r.claim, r.failing FROM items i JOIN reports r USING (item_id)"
    )
    assert [m["content"] for m in json.loads(messages)] == [ASKED]
    assert "from_picture" in tags
    assert json.loads(claim)["prompt"]["part"] == "picture"
    assert [r["text"] for r in json.loads(failing)] in ([], [ANSWERED])
    ((address, digest),) = made.rows("SELECT address, sha256 FROM item_pictures")
    assert json.loads(claim)["pictures"] == [[address, digest]]
    assert made.rows(f"SELECT count(*) FROM pages WHERE sha256 = '{digest}'") == [(1,)]
    desk = AtTheDesk(made.work, lambda *_: None)
    assert [
        picture["position"] for post in desk.evidence(made.rows("SELECT item_id FROM items")[0][0]) for picture in post["pictures"]
    ] == [0]
    asked = list(made.forum.asked)
    assert made.is_rebuilt_identically()
    assert made.forum.asked == asked
    assert doctor(made.work.folder).healthy


def test_the_page_shows_the_pixels_of_a_picture_and_nothing_else_of_its_file(quay: Callable[..., Quay]) -> None:
    pytest.importorskip("PIL", reason='pictures: the extra is not installed: pip install -e ".[pictures]"')
    made = quay({"a.png": shown()})
    made.night()
    ((key,),) = made.rows("SELECT record_key FROM pictures")
    drawn = AtTheDesk(made.work, lambda *_: None).picture(key, 0)
    assert drawn.startswith(b"\x89PNG")
    assert b"quuxery" not in drawn, "the pixels alone are shown"


@pytest.mark.skipif(find_spec("PIL") is not None, reason="the extra for pictures is installed")
def test_without_the_extra_the_page_says_what_it_lacks(quay: Callable[..., Quay]) -> None:
    made = quay({"a.png": shown()})
    made.night()
    ((key,),) = made.rows("SELECT record_key FROM pictures")
    with pytest.raises(UsageError, match="need the extra"):
        AtTheDesk(made.work, lambda *_: None).picture(key, 0)


@pytest.mark.parametrize("label", ["picturing.archived", "picturing.landed"])
def test_a_night_that_is_killed_at_its_pictures_ends_like_another_when_it_is_repeated(quay: Callable[..., Quay], label: str) -> None:
    made = quay({"a.png": shown(), "b.png": shown()})
    pid = os.fork()
    if pid == 0:
        os.environ["THRESHER_FAILPOINT"] = label
        try:
            made.night()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    made.night()
    assert made.rows("SELECT count(*), count(DISTINCT address) FROM pictures WHERE refused = ''") == [(2, 2)]
    assert made.rows("SELECT count(*) FROM items WHERE list_contains(tags, 'from_picture')") == [(1,)]
    assert made.is_rebuilt_identically()


def test_a_picture_is_asked_for_once(quay: Callable[..., Quay]) -> None:
    made = quay({"a.png": shown()})
    made.night(Eyes(sheet()))
    assert made.rows("SELECT refused FROM pictures") == [("no_text",)]
    made.forum.bump(1)
    assert made.night().counts == {}
    assert made.forum.asked.count("/uploads/a.png") == 1


def test_each_picture_that_cannot_be_read_is_counted_and_costs_its_post_nothing(quay: Callable[..., Quay]) -> None:
    made = quay(
        {
            "gone.png": Response("", 404),
            "page.png": shown(b"<html>please log in</html>", "text/html"),
            "two.png": shown(SHOT + b"PK\x05\x06" + bytes(18)),
            "moves.png": shown(png(60, 60, chunk(b"acTL", bytes(8)))),
            "bomb.png": shown(png(40_000, 40_000, pixels=b"x")),
            "cut.png": shown(SHOT[:-9]),
            "large.png": shown(SHOT + bytes(70_000)),
            "down.png": Response("", 503),
            "fine.png": shown(),
        },
        max_bytes=60_000,
    )  # fmt: skip
    counts = made.night().counts
    assert counts == {"http_status": 1, "no_picture": 1, "polyglot": 1, "animated": 1, "too_many_pixels": 1, "truncated": 1, "too_large": 1,
                      "transient": 1, "read": 1}  # fmt: skip
    assert made.rows("SELECT count(*) FROM records WHERE is_latest AND judged_by IS NULL") == [(0,)]
    assert made.rows("SELECT count(*) FROM pictures") == [(8,)], "what may pass is asked for again"
    assert made.night().counts == {"transient": 1}
    assert made.is_rebuilt_identically()


def test_a_run_asks_for_so_many_and_the_next_for_the_rest(quay: Callable[..., Quay]) -> None:
    made = quay({f"{n}.png": shown() for n in range(3)}, max_per_run=2)
    first = made.night()
    assert (first.counts, first.left) == ({"read": 2}, "1 pictures wait for the next run: pictures.max_per_run is 2")
    assert made.night().counts == {"read": 1}


def test_a_deleted_post_takes_its_picture_along(quay: Callable[..., Quay]) -> None:
    made = quay({"a.png": shown(), "b.png": shown(png(61, 60))})
    made.night()
    words = ("quuxery", "zorgle")
    assert all(holders(made.work.folder, *words).values())
    made.forum.topics[1] = [None]
    made.forum.bump(1)
    made.night(Eyes(chat("Is seven even?", "Yes, it is.")))
    assert holders(made.work.folder, "quuxery") == {"quuxery": []}
    assert [key for (key,) in made.rows("SELECT record_key FROM pictures")] == ["discourse:hollow:2/1"]
    assert made.is_rebuilt_identically()
    assert doctor(made.work.folder).healthy


def test_a_takedown_takes_the_picture_along(quay: Callable[..., Quay]) -> None:
    made = quay({"a.png": shown()})
    made.night()
    wanted = graves(made.work, ["discourse:hollow:1/1"], author="", source="", authors_of=[])
    before = extent(made.work, wanted)
    assert before.pages >= 2, "the page of the post and the picture"
    with open_run(made.work, "takedown") as run:
        take_down(run, wanted, "asked for")
    assert holders(made.work.folder, "quuxery", "zorgle") == {"quuxery": [], "zorgle": []}
    assert made.rows("SELECT count(*) FROM pictures") == [(0,)]
    assert made.is_rebuilt_identically()


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://forum.example.org/uploads/a.png", True),
        ("https://i.redd.it/a.png", True),
        ("https://us1.discourse-cdn.com/a.png", True),
        ("https://discourse-cdn.com.example.net/a.png", False),
        ("https://i.redd.it.example.net/a.png", False),
        ("https://router.local/a.png", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_hosts_that_show_pictures_are_asked(address: str, may: bool) -> None:
    assert is_allowed(address, "https://forum.example.org/t/1", ("i.redd.it", "*.discourse-cdn.com")) is may
