"""Keys and tokens, kept out of the archive, the log, the exceptions and the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, unquote_plus, urlsplit, urlunsplit

REDACTED = "REDACTED"

_NAMES = frozenset(
    {
        "access_token",
        "accesstoken",
        "api-key",
        "api_key",
        "api_sig",
        "apikey",
        "apisig",
        "auth",
        "authorization",
        "client_secret",
        "id_token",
        "jwt",
        "key",
        "pass",
        "passwd",
        "password",
        "pwd",
        "refresh_token",
        "secret",
        "sig",
        "signature",
        "token",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
        "x-api-key",
        "x-goog-signature",
    }
)
_REQUEST_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "api-key", "api-username", "x-api-key", "private-token", "x-auth-token"}
)
_PAIR = re.compile(r"([?&;])([^=&;#\s]+)=([^&;#\s]*)")
_TOKEN_PATH = re.compile(r"(access_?token|oauth2?|/token\b|create_?session|refresh_?session|/login\b)", re.IGNORECASE)
_TOKEN_BODY = re.compile(rb'"(access_token|refresh_token|accessJwt|refreshJwt|id_token)"\s*:')
_SHORTEST = 10
"""A shorter value is not looked for in bodies: it would be found by accident."""


def is_secret_name(name: str) -> bool:
    """Whether a query parameter of this name holds a secret; Codeforces' ``apiKey`` and Stack Exchange's ``key`` do."""
    return unquote_plus(name).lower() in _NAMES


def redact_url(url: str) -> str:
    """The same address with the values of secret parameters replaced by ``REDACTED`` and without ``user:password@``."""
    url = _PAIR.sub(lambda m: f"{m[1]}{m[2]}={REDACTED}" if is_secret_name(m[2]) else m[0], url)
    head, at, tail = url.partition("://")
    if not at or "@" not in tail.split("/", 1)[0]:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.netloc else head + at + tail.rpartition("@")[2]


def is_secret_header(name: str) -> bool:
    """Whether a request header holds a credential: never archived, and dropped when a redirect leaves the host."""
    return name.lower() in _REQUEST_HEADERS


def sent_secrets(url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[str, ...]:
    """The secret values that this request carries, so that an answer which echoes one can be scrubbed."""
    found = {value for name, value in parse_qsl(urlsplit(url).query) if is_secret_name(name)}
    found |= {value for name, value in parse_qsl(body.decode("latin-1")) if is_secret_name(name)} if len(body) < 10_000 else set()
    for name, value in headers.items():
        if is_secret_header(name) and name.lower() != "api-username":
            found |= {value, value.rpartition(" ")[2]}
    return tuple(sorted((v for v in found if len(v) >= _SHORTEST and v != REDACTED), key=len, reverse=True))


def scrub(body: bytes, secrets: Iterable[str]) -> bytes:
    """The body with every echoed secret replaced."""
    for secret in secrets:
        needle = secret.encode("utf-8", "surrogatepass")
        if needle in body:
            body = body.replace(needle, REDACTED.encode())
    return body


def scrub_text(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced; for messages and header values."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return redact_url(text)


def is_token_exchange(method: str, url: str, body: bytes) -> bool:
    """Whether this is a log-in: its answer *is* a secret, so it is archived without its body."""
    return method == "POST" and (_TOKEN_PATH.search(urlsplit(url).path) is not None or _TOKEN_BODY.search(body[:65536]) is not None)
