"""Every shape in which a server says *wait*."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from thresher.net import delay

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


SLOW_DOWN = b"Slow down, you're making too many requests.\nPlease retry again in 9 seconds.\n"
DISCOURSE = body({"errors": ["too often"], "error_type": "rate_limit", "extras": {"wait_seconds": 23, "time_left": "23 s"}})
THROTTLED = body({"error_id": 502, "error_name": "throttle_violation", "error_message": "Violation of backoff parameter"})
SECONDARY = body({"message": "You have exceeded a secondary rate limit. Please wait a few minutes."})

ROWS: list[tuple[str, int, dict[str, str], bytes, bool, float | None]] = [
    ("seconds", 429, {"retry-after": "7"}, b"", True, 7),
    ("seconds with a fraction", 429, {"retry-after": "2.5"}, b"", True, 2.5),
    ("http date", 429, {"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, b"", True, 30),
    ("http date of RFC 850", 429, {"retry-after": "Sunday, 01-Mar-26 12:00:30 GMT"}, b"", True, 30),
    ("http date in the past", 429, {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, b"", True, 1),
    ("http date without a year", 429, {"retry-after": "Sun, 01 Mar"}, b"", True, None),
    ("no header", 429, {}, b"", True, None),
    ("minus one", 429, {"retry-after": "-1"}, b"", True, 1),
    ("zero", 429, {"retry-after": "0"}, b"", True, 1),
    ("letters", 429, {"retry-after": "abc"}, b"", True, None),
    ("not a number", 429, {"retry-after": "nan"}, b"", True, None),
    ("infinity", 429, {"retry-after": "inf"}, b"", True, None),
    ("more than a day", 429, {"retry-after": "99999999"}, b"", True, 99999999),
    ("a thousand digits", 429, {"retry-after": "9" * 1000}, b"", True, None),
    ("unavailable with a wait", 503, {"retry-after": "40"}, b"", False, 40),
    ("unavailable without", 503, {}, b"<html>", False, None),
    ("reddit: seconds to go", 429, {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "100", "x-ratelimit-reset": "120"}, b"", True, 120),
    (
        "reddit: spent on a 200",
        200,
        {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "100", "x-ratelimit-reset": "120"},
        b"{}",
        False,
        120,
    ),
    ("reddit: some left on a 200", 200, {"x-ratelimit-remaining": "57.0", "x-ratelimit-reset": "120"}, b"{}", False, None),
    (
        "reddit: odd headers on a 200",
        200,
        {"x-ratelimit-remaining": "abc", "x-ratelimit-used": "-", "x-ratelimit-reset": "nan"},
        b"{}",
        False,
        None,
    ),
    (
        "github: primary, 403",
        403,
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 600)},
        body({"message": "rate limit"}),
        True,
        600,
    ),
    ("github: primary, 429", 429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 600)}, b"", True, 600),
    ("github: secondary", 403, {"x-ratelimit-remaining": "4000", "x-ratelimit-reset": str(EPOCH + 3000)}, SECONDARY, True, 60),
    ("github: secondary with a wait", 403, {"retry-after": "33", "x-ratelimit-remaining": "4000"}, SECONDARY, True, 33),
    ("github: forbidden for good", 403, {"x-ratelimit-remaining": "4000"}, body({"message": "Resource not accessible"}), False, None),
    ("reset in the past", 429, {"x-ratelimit-reset": str(EPOCH - 600)}, b"", True, 1),
    ("reset in milliseconds", 429, {"x-ratelimit-reset": str((EPOCH + 30) * 1000)}, b"", True, 30),
    ("mastodon: ISO time", 429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-03-01T12:05:00.123456Z"}, b"", True, 300.123456),
    ("mastodon: ISO time without zone", 429, {"x-ratelimit-reset": "2026-03-01T12:05:00"}, b"", True, 300),
    ("x: own header name", 429, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(EPOCH + 800)}, b"", True, 800),
    ("bluesky: draft headers", 429, {"ratelimit-remaining": "0", "ratelimit-reset": str(EPOCH + 90)}, b"", True, 90),
    ("draft: one header", 429, {"ratelimit": "limit=100, remaining=0, reset=50"}, b"", True, 50),
    ("draft: structured", 429, {"ratelimit": '"default";r=0;t=31'}, b"", True, 31),
    ("discourse: text", 429, {"retry-after": "9", "discourse-rate-limit-error-code": "ip_10_secs_limit"}, SLOW_DOWN, True, 9),
    ("discourse: json", 429, {"retry-after": "20"}, DISCOURSE, True, 23),
    ("discourse: json without header", 429, {}, DISCOURSE, True, 23),
    ("wait_seconds as text", 429, {}, body({"extras": {"wait_seconds": "4"}}), True, 4),
    ("wait_seconds of no use", 429, {}, body({"extras": {"wait_seconds": None}, "backoff": True}), True, None),
    ("extras of another shape", 429, {}, body({"extras": [1]}), True, None),
    ("stack exchange: backoff in a 200", 200, {}, body({"items": [], "backoff": 10}), False, 10),
    ("stack exchange: backoff inside a text", 200, {}, body({"items": [{"body": 'set "backoff": 99'}]}), False, None),
    ("stack exchange: backoff of an item", 200, {}, body({"items": [{"backoff": 99}]}), False, None),
    ("stack exchange: throttled, 502", 502, {}, THROTTLED, True, 60),
    ("stack exchange: throttled, 400", 400, {}, THROTTLED, True, 60),
    ("stack exchange: bad parameter", 400, {}, body({"error_id": 400, "error_name": "bad_parameter"}), False, None),
    ("lemmy: 400", 400, {}, body({"error": "rate_limit_error"}), True, None),
    ("lemmy: 429 with nothing", 429, {}, b"", True, None),
    ("codeforces: 200", 200, {}, body({"status": "FAILED", "comment": "Call limit exceeded"}), True, 2),
    ("codeforces: 400", 400, {}, body({"status": "FAILED", "comment": "Call limit exceeded"}), True, 2),
    ("codeforces: another failure", 400, {}, body({"status": "FAILED", "comment": "contestId: not found"}), False, None),
    ("the longest counts", 429, {"retry-after": "5", "x-ratelimit-reset": "11"}, body({"backoff": 8}), True, 11),
    ("deep JSON", 429, {}, b"[" * 100_000, True, None),
    ("JSON that is no object", 429, {}, b"[1]", True, None),
    ("not found says nothing", 404, {"retry-after": "9"}, b"", False, None),
]


@pytest.mark.parametrize(("status", "headers", "content", "limited", "wait_s"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_a_wait_is_read(status: int, headers: dict[str, str], content: bytes, limited: bool, wait_s: float | None) -> None:
    told = delay.read(status, headers, content, NOW)
    assert told.limited is limited
    assert told.wait_s == (None if wait_s is None else pytest.approx(wait_s))
