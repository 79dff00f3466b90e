"""Every text of a record passes, and what a tag hides still tells records apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from thresher.model import Battle, Dead, Exercise, Message, Quote, Record, Response
from thresher.redaction.records import REPLACED, REPLACED_ID, private, private_dead

SALT = "a salt for these tests alone"
KEY = "glpat-" + "a1B2c3D4e5F6g7H8i9J0"
EMAIL = "wren@example.org"
SECRETS = f"{KEY} {EMAIL}"
OURS = {"source", "site", "role", "status", "export_class", "vote", "shown"}
"""What thresher itself writes; a source cannot put its words there."""

EXERCISE = Exercise("1 + 1", choices=("2",), figures=("a.png",))
BATTLE = Battle((Message("user", "Hi"),), (Response("model", "Hello"),), "none", "human", reference_by="a teacher", rubric="greets back")


def record(**more: Any) -> Record:
    """A record with a value in every field."""
    values = {
        "source": "forum",
        "site": "rivers",
        "native_id": "p1",
        "url": "https://example.org/p/1",
        "role": "post",
        "text": "text",
        "quotes": (Quote("words", "p0"),),
        "parent_id": "p0",
        "author_key": "wren",
        "marks": {"links": ["https://example.org"], "n": {"a": 1}},
    }
    return Record(**{**values, **more})


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string in it with where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from strings(key, f"{path}.key")
            yield from strings(one, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one, path)
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings(getattr(value, field.name), f"{path}.{field.name}")


def planted(value: Any, name: str = "") -> Any:
    """The same with the secrets in every string that a source can fill."""
    if isinstance(value, str):
        return value if name in OURS else f"{value} {SECRETS} more"
    if isinstance(value, Mapping):
        return {planted(key): planted(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(planted(one, name) for one in value)
    if is_dataclass(value):
        return replace(value, **{f.name: planted(getattr(value, f.name), f.name) for f in fields(value)})  # type: ignore[type-var]
    return value


@pytest.mark.parametrize("detail", [None, EXERCISE, BATTLE], ids=["text", "exercise", "battle"])
def test_no_field_lets_anything_through(detail: Any) -> None:
    kept = private(planted(record(detail=detail)), SALT)
    left = [(path, text) for path, text in strings(kept) if KEY in text or EMAIL in text]
    assert left == []
    assert kept.marks[REPLACED]["KEY"] == kept.marks[REPLACED]["EMAIL"] > 10


def test_a_dead_letter_is_redacted_too() -> None:
    kept = private_dead(Dead("bad_row", f"row {SECRETS}", f"id {KEY}"), SALT)
    assert KEY not in kept.detail
    assert EMAIL not in kept.detail
    assert kept.native_id != private_dead(Dead("bad_row", "", f"id {KEY}0"), SALT).native_id


def test_an_identifier_with_a_key_in_it_stays_the_same_wherever_it_stands() -> None:
    question = private(record(native_id=KEY, thread_id=KEY, parent_id=None, marks={"accepted_id": KEY}), SALT)
    answer = private(record(native_id="a1", parent_id=KEY, thread_id=KEY, quotes=(Quote("so", of=KEY),)), SALT)
    assert question.native_id == question.thread_id == answer.parent_id == answer.quotes[0].of == question.marks["accepted_id"]
    assert question.native_id != private(record(native_id=KEY + "0"), SALT).native_id


def test_a_record_without_anything_personal_is_the_same_object() -> None:
    plain = record(author_key=None)
    assert private(plain, SALT) is plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("call 415-555-2671", "call 415-555-2672"),
        ("call 415-555-2671 not 415-555-2672", "call 415-555-2672 not 415-555-2671"),
        ("is wren@example.org an address?", "is wolf@example.org an address?"),
        ("literally [PHONE]", "call 415-555-2671"),
    ],
)
def test_what_is_hidden_tells_records_apart(one: str, other: str) -> None:
    first, second = (private(record(text=text), SALT).marks[REPLACED_ID] for text in (one, other))
    assert first != second
    assert first == private(record(text=one), SALT).marks[REPLACED_ID]
    assert first != private(record(text=one), SALT + "another").marks[REPLACED_ID]


def test_a_tag_that_the_source_wrote_itself_is_the_same_for_no_two_records() -> None:
    first, second = (private(record(native_id=n, text="mail [EMAIL]"), SALT).marks[REPLACED_ID] for n in ("p1", "p2"))
    assert first != second


def test_what_models_answered_is_no_part_of_what_was_asked() -> None:
    def battle(answer: str) -> Record:
        asked = Battle((Message("user", "Who is wren@example.org?"),), (Response("m", answer),), "none", "human")
        return private(record(role="battle", text=f"User: Who is wren@example.org?\n\nResponse: {answer}", detail=asked), SALT)

    one, other = battle("Write to a@example.org"), battle("Write to b@example.org")
    assert one.marks[REPLACED_ID] == other.marks[REPLACED_ID]
    assert "@example.org" not in str(one)


def test_the_hash_does_not_give_the_words_away() -> None:
    kept = private(record(text="call 415-555-2671"), SALT)
    assert "2671" not in str(kept.marks)
