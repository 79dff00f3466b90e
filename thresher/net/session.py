"""A ``requests.Session`` whose every request goes through the door: for libraries that bring their own session, such as PRAW."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from thresher.net.response import Response

Send = Callable[[str, str, Mapping[str, str], bytes], Response]
"""(method, url, headers, body) through the door, redirects not followed, final statuses returned."""


class DoorSession(requests.Session):
    """No proxies, no netrc, no cookies; redirects are followed by requests, hop by hop through the door."""

    def __init__(self, send: Send, max_redirects: int) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = max_redirects
        adapter = DoorAdapter(send)
        self.mount("http://", adapter)
        self.mount("https://", adapter)


class DoorAdapter(BaseAdapter):
    """Retries, waits, caps and the archive are the door's; what is left is returned (final statuses) or raised (NetworkError)."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """``timeout`` and the rest are ignored: the door has its own deadline and always verifies certificates."""
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        headers = {str(name): _text(value) for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        answer = self._send(request.method or "GET", request.url or "", headers, body)
        return _as_requests(answer, request)

    def close(self) -> None:
        """The connections belong to the door."""


_OWN_HEADERS = frozenset({"accept-encoding", "connection", "content-length", "cookie", "host", "transfer-encoding"})


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _as_requests(answer: Response, request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(_safe_headers(answer))
    body = _safe_body(answer)
    response.headers["content-length"] = str(len(body))
    response._content = body
    response._content_consumed = True  # type: ignore[attr-defined]
    response.raw = io.BytesIO(body)
    response.url = request.url or ""
    response.request = request
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.reason = http.client.responses.get(answer.status, "")
    return response


def _safe_headers(answer: Response) -> dict[str, str]:
    """Headers that prawcore 4 can read. It calls ``int()`` on ``x-ratelimit-*`` and sleeps by itself: the door has obeyed them already,
    so they are left out. Of ``WWW-Authenticate`` it knows two errors and fails on any other, or on a 401 without one: those are put in
    its words."""
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("x-ratelimit") and name != "www-authenticate"}
    challenge = answer.headers.get("www-authenticate", "")
    if answer.status in (401, 403) and "insufficient_scope" in challenge:
        headers["www-authenticate"] = 'Bearer error="insufficient_scope"'
    elif answer.status == 401:
        headers["www-authenticate"] = 'Bearer error="invalid_token"'
    return headers


def _safe_body(answer: Response) -> bytes:
    """PRAW takes it for granted that a 400 is a JSON object with a ``reason``; one that is not is put in the words it passes on."""
    if answer.status != 400:
        return answer.body
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and "reason" in value and len(value.get("fields", "1")) == 1:
        return answer.body
    return b'{"error": 400, "message": "Bad Request"}'
