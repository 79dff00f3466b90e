"""How long a server asks us to wait: every shape that the sources use, in one pure place.

Looked for, the longest found counts: a body field (``backoff``, ``extras.wait_seconds``), ``Retry-After`` (seconds or an HTTP date), and
the end of a spent window (``x-ratelimit-reset``: epoch seconds at GitHub, seconds to go at Reddit, an ISO time at Mastodon;
``x-rate-limit-reset`` at X; ``RateLimit-Reset`` and ``RateLimit`` of the IETF drafts).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

FLOOR_S = 1.0
"""The shortest wait: 0, negative numbers and dates in the past mean *at once*, and that would be a busy loop."""

_GITHUB_SECONDARY_S = 60.0
_STACKEXCHANGE_THROTTLE_S = 60.0
_CODEFORCES_CALL_S = 2.0
_EPOCH_FROM = 1e9
_EPOCH_MS_FROM = 1e11
_LARGEST_PARSED_BODY = 1_000_000
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_DRAFT_RESET = re.compile(r"(?:^|[,;\s])(?:reset|t)\s*=\s*(\d+)")
_DRAFT_REMAINING = re.compile(r"(?:^|[,;\s])(?:remaining|r)\s*=\s*(\d+)")
_RESETS = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
_REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")


class Told(NamedTuple):
    """``limited``: the answer says *too fast*, under whatever status. ``wait_s``: how long to stay away from the host (at least FLOOR_S),
    None where nothing usable is said."""

    limited: bool
    wait_s: float | None


def is_retryable(status: int) -> bool:
    """Whether the same request may work later."""
    return status in _RETRYABLE


def read(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Told:
    """What the answer says about pace. ``headers`` has lower-case names; nothing in it or in the body can raise."""
    payload = _object(body) if _worth_parsing(status, body) else {}
    limited, least = _limited(status, headers, body, payload)
    waits = [_body_wait(payload)]
    if limited or is_retryable(status):
        waits += [least, retry_after(headers.get("retry-after"), now)]
    if (limited or status < 400) and _spent(headers, default=limited):
        waits.append(_reset(headers, now))
    known = [w for w in waits if w is not None]
    return Told(limited, max(FLOOR_S, *known) if known else None)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds in a ``Retry-After``, as a number or as an HTTP date; None for nonsense. May be negative."""
    if not value:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds
    try:
        date = parsedate_to_datetime(value.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _until(date, now)


def reset_after(value: str | None, now: datetime) -> float | None:
    """Seconds until the reset that a rate-limit header names: epoch (seconds or milliseconds), seconds to go, or ISO 8601."""
    if not value:
        return None
    number = _number(value)
    if number is not None:
        if number >= _EPOCH_MS_FROM:
            number /= 1000
        return number - now.timestamp() if number >= _EPOCH_FROM else number
    try:
        return _until(datetime.fromisoformat(value.strip()), now)
    except (ValueError, OverflowError):
        return None


def _until(date: datetime, now: datetime) -> float | None:
    try:
        return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    except (OverflowError, ValueError):
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _reset(headers: Mapping[str, str], now: datetime) -> float | None:
    found = [reset_after(headers.get(name), now) for name in _RESETS]
    draft = _DRAFT_RESET.search(headers.get("ratelimit", ""))
    found.append(float(draft[1][:15]) if draft else None)
    known = [f for f in found if f is not None]
    return max(known) if known else None


def _spent(headers: Mapping[str, str], *, default: bool) -> bool:
    """Whether the window's requests are used up; ``default`` where no header says how many remain."""
    draft = _DRAFT_REMAINING.search(headers.get("ratelimit", ""))
    values = [_number(headers.get(name)) for name in _REMAINING] + [float(draft[1][:15]) if draft else None]
    known = [v for v in values if v is not None]
    return min(known) < 1 if known else default


def _worth_parsing(status: int, body: bytes) -> bool:
    if status >= 400:
        return len(body) <= _LARGEST_PARSED_BODY
    return b'"backoff"' in body or (len(body) < 1000 and b"FAILED" in body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _body_wait(payload: Mapping[str, Any]) -> float | None:
    extras = payload.get("extras")
    found = [_number(payload.get("backoff")), _number(extras.get("wait_seconds")) if isinstance(extras, dict) else None]
    known = [f for f in found if f is not None]
    return max(known) if known else None


def _limited(status: int, headers: Mapping[str, str], body: bytes, payload: Mapping[str, Any]) -> tuple[bool, float | None]:
    """Whether this is a rate limit, and the wait that its source documents where the answer itself names none."""
    if payload.get("error_name") == "throttle_violation":
        return True, _STACKEXCHANGE_THROTTLE_S
    if payload.get("status") == "FAILED" and "call limit exceeded" in str(payload.get("comment", "")).lower():
        return True, _CODEFORCES_CALL_S
    if status == 400 and payload.get("error") == "rate_limit_error":
        return True, None
    if status in (403, 429) and b"secondary rate limit" in body[:10_000].lower():
        return True, None if "retry-after" in headers else _GITHUB_SECONDARY_S
    if status == 403:
        return _spent(headers, default=False) or payload.get("error_type") == "rate_limit", None
    return status == 429, None
