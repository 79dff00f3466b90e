"""One's own talks: which files of an export are read, that nothing else of its owner is kept, and that nothing leaves unasked."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sample.faults import BodyFault
from scrapers import arena, chat_export
from scrapers.chat_export import Site, parse, read
from thresher.errors import UsageError
from thresher.model import UNREADABLE_FILE, Battle, Dead, Record

FOLDER = Path(__file__).parents[1] / "fixtures" / "chat_export"
EXPORT = FOLDER / "conversations.json"


def parts(path: Path, **site: Any) -> list[Any]:
    return [part for page in read(path, Site(name="mine", **site)) for part in parse(page)]


def ids(found: list[Any]) -> list[str]:
    """The ids that rows have of their own, without the hash of what was asked."""
    return [part.native_id.rpartition(":")[0] or part.native_id for part in found if isinstance(part, Record)]


def test_the_zip_of_an_account_gives_the_talks_in_it_and_nothing_else(tmp_path: Path) -> None:
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        out.write(EXPORT, "account/conversations.json")
        out.writestr("account/user.json", '[{"email": "wren@example.org", "messages": []}]')
    assert ids(parts(packed)) == ids(parts(EXPORT))
    assert len(ids(parts(packed))) == 10
    assert b'"email"' not in b"".join(page.body for page in read(packed, Site(name="mine")))


def test_an_unpacked_export_is_read_as_its_zip_is(tmp_path: Path) -> None:
    shutil.copy(EXPORT, tmp_path / "conversations.json")
    (tmp_path / "user.json").write_text('[{"email": "wren@example.org"}]')
    assert (len(parts(tmp_path)), ids(parts(tmp_path))) == (10, ids(parts(EXPORT)))


@pytest.mark.parametrize("content", [b"PK\x03\x04 and nothing more", b""])
def test_a_zip_that_cannot_be_read_is_a_page_that_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "export.zip").write_bytes(content)
    (page,) = read(tmp_path / "export.zip", Site(name="mine"))
    assert "no zip that can be read" in page.context[UNREADABLE_FILE]


def test_a_zip_of_something_else_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as out:
        out.writestr("a.png", b"x")
    (page,) = read(tmp_path / "photos.zip", Site(name="mine"))
    assert "holds no conversations*.json" in page.context[UNREADABLE_FILE]


def test_a_row_that_is_no_talk_is_counted_and_not_kept() -> None:
    (page,) = read(FOLDER / "messages.jsonl", Site(name="mine"))
    assert b"Otter" not in page.body
    dead, first, _ = parse(page)
    assert isinstance(first, Record)
    assert isinstance(dead, Dead)
    assert (*ids([first]), first.author_key, dead.reason) == ("m1", "u-77", "unreadable_row")
    assert "its columns: id, note" in dead.detail


def test_turns_under_another_name_are_named(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(json.dumps({"id": 7, "thread": [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Yes."}]}))
    assert ids(parts(file, turns_column="thread")) == ["7"]
    with pytest.raises(UsageError, match="no column 'talk' for turns_column; it has: id, thread"):
        list(chat_export._pages_of(file, Site(name="mine", turns_column="talk")))


def test_nothing_leaves_before_the_owner_says_so() -> None:
    for file in sorted(FOLDER.iterdir()):
        assert {part.export_class for part in parts(file) if isinstance(part, Record)} == {"none"}
    given = [p for p in parts(FOLDER / "sharegpt.json", export_class="full", licence="CC0-1.0") if isinstance(p, Record)]
    assert {(p.export_class, p.licence) for p in given} == {("full", "CC0-1.0")}


def test_a_talk_that_ends_with_its_user_says_whose_answers_it_holds() -> None:
    (record,) = [p for p in parts(EXPORT) if ids([p]) == ["c-gave-up"]]
    assert isinstance(record.detail, Battle)
    assert (record.detail.responses, record.marks["model"]) == ((), "quay-4")


@pytest.mark.parametrize("name", ["conversations.json", "messages.jsonl", "sharegpt.json"])
def test_whatever_a_talk_holds_gives_records_or_says_why_not(body_fault: BodyFault, name: str) -> None:
    if body_fault.name in {"ids as text", "unknown fields"}:
        pytest.skip("exports name their columns as they like, and ids are text")
    (page,) = read(FOLDER / name, Site(name="mine"))
    body_fault.check(chat_export, page)


def test_talks_of_others_are_read_to_the_last(realdata: Path) -> None:
    found = parts(realdata / "feedback" / "sharegpt_format_fastchat_dummy")
    assert (len(ids(found)), len(found)) == (500, 500)


def test_feedback_is_sent_to_the_source_that_knows_of_consent() -> None:
    events = FOLDER.parent / "feedback" / "events.jsonl"
    (page,) = read(events, Site(name="mine"))
    assert "thresher ingest feedback" in page.context[UNREADABLE_FILE]
    assert page.body == b""


def test_a_row_without_consent_is_not_kept_in_any_layout(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "My secret."}, {"role": "assistant", "content": "Kept."}]
    file = tmp_path / "log.jsonl"
    file.write_text("".join(json.dumps({"id": n, "messages": turns, **more}) + "\n" for n, more in enumerate([{}, {"consent": "none"}])))
    for source in (chat_export, arena):
        (page,) = source.read(file, source.Site(name="mine"))
        assert page.body.count(b"My secret.") == 1
        assert [type(part) for part in source.parse(page)] == [Record, Dead]
