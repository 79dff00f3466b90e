"""Listings that loop or never end."""

from __future__ import annotations

import pytest

from thresher.errors import PaginationError
from thresher.net.client import PageGuard


def test_a_cycle_of_cursors_is_a_loop() -> None:
    guard = PageGuard(100)
    guard.check(cursor="A", body_sha256="1")
    guard.check(cursor="B", body_sha256="2")
    with pytest.raises(PaginationError) as caught:
        guard.check(cursor="A", body_sha256="3")
    assert caught.value.reason == "pagination_loop"


def test_the_same_page_under_new_cursors_is_a_loop() -> None:
    guard = PageGuard(100)
    guard.check(cursor={"page": 2}, body_sha256="1")
    with pytest.raises(PaginationError, match="same page"):
        guard.check(cursor={"page": 3}, body_sha256="1")


def test_a_second_empty_page_with_a_cursor_is_a_loop() -> None:
    guard = PageGuard(100)
    guard.check(cursor=1, empty=True)
    guard.check(cursor=2)
    guard.check(cursor=3, empty=True)
    with pytest.raises(PaginationError, match="empty pages"):
        guard.check(cursor=4, empty=True)


def test_pages_that_look_new_for_ever_meet_the_cap() -> None:
    guard = PageGuard(3)
    guard.check(cursor=1, body_sha256="1")
    guard.check(cursor=2, body_sha256="2")
    with pytest.raises(PaginationError) as caught:
        guard.check(cursor=3, body_sha256="3")
    assert caught.value.reason == "page_cap"


def test_a_listing_that_ends_is_fine() -> None:
    guard = PageGuard(2)
    guard.check(cursor=1, body_sha256="1")
    guard.check(cursor=None, body_sha256="1", empty=True)
