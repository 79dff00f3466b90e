"""Keys and tokens, kept out of the archive, the log, the exceptions and the pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
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
    """The secret values that this request carries, so that an answer which echoes one can be scrubbed. Of a log-in in a header
    (``Basic``) also the name with the password, and the password alone."""
    sent = {value for name, value in parse_qsl(urlsplit(url).query) if is_secret_name(name)}
    sent |= {value for name, value in parse_qsl(body.decode("latin-1")) if is_secret_name(name)} if len(body) < 10_000 else set()
    for name, value in headers.items():
        if is_secret_header(name) and name.lower() != "api-username":
            sent |= {value, value.rpartition(" ")[2], *_log_in(value), *_cookies(name, value)}
    return tuple(sorted((v for v in sent if len(v) >= _SHORTEST and v != REDACTED), key=len, reverse=True))


def _log_in(header: str) -> tuple[str, ...]:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        pair = base64.b64decode(coded, validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        return ()
    return pair, pair.partition(":")[2]


def _cookies(name: str, value: str) -> tuple[str, ...]:
    return tuple(pair.partition("=")[2] for pair in value.split("; ")) if name.lower() == "cookie" else ()


def scrub(body: bytes, secrets: Iterable[str]) -> bytes:
    """The body with every echoed secret replaced, however it is written: percent-encoded (once or twice, as a whole or in parts), as JSON
    or HTML writes it, in base64."""
    for secret in secrets:
        for plain in _plain_forms(secret):
            if plain in body:
                body = body.replace(plain, REDACTED.encode())
        if b"%" in body or b"&" in body or b"\\" in body:
            body = _escaped(secret).sub(REDACTED.encode(), body)
    return body


def scrub_text(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced; for messages and header values."""
    scrubbed = scrub(text.encode("utf-8", "surrogatepass"), secrets).decode("utf-8", "surrogatepass")
    return redact_url(scrubbed)


@lru_cache(maxsize=64)
def _plain_forms(secret: str) -> tuple[bytes, ...]:
    """The secret itself, and what every base64 of a text that holds it has in common: three ways, by where in the text it begins."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {raw}
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        # the characters at both ends hold bits of what stands beside the secret
        inner = coded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        forms |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))} if len(inner) >= _SHORTEST else set()
    return tuple(sorted(forms, key=len, reverse=True))


@lru_cache(maxsize=64)
def _escaped(secret: str) -> re.Pattern[bytes]:
    """The secret with any of its characters escaped: as ``%28``, ``%2528``, ``\\u0028``, ``\\x28``, ``&#40;``, ``&#x28;``, ``&amp;``."""
    return re.compile(b"".join(map(_ways, secret)))


def _ways(char: str) -> bytes:
    raw = char.encode("utf-8", "surrogatepass")
    code = ord(char)
    percent = [b"".join(sign + b"%02X" % byte for byte in raw) for sign in (b"%", b"%25")]
    ways = [re.escape(raw), *(b"(?i:%s)" % way for way in percent), b"\\\\u(?i:%04x)" % code, b"(?i:&#0*%d;|&#x0*%x;)" % (code, code)]
    if code < 256:
        ways.append(b"\\\\x(?i:%02x)" % code)
    if char == " ":
        ways.append(re.escape(b"+"))
    if not char.isalnum():
        ways.append(b"\\\\" + re.escape(raw))
    ways += [re.escape(name.encode()) for name in _ENTITIES.get(char, ())]
    return b"(?:%s)" % b"|".join(ways)


_ENTITIES = {"&": ("&amp;",), "<": ("&lt;",), ">": ("&gt;",), '"': ("&quot;",), "'": ("&apos;",)}


def is_token_exchange(method: str, url: str, body: bytes) -> bool:
    """Whether this is a log-in: its answer *is* a secret, so it is archived without its body."""
    return method == "POST" and (_TOKEN_PATH.search(urlsplit(url).path) is not None or _TOKEN_BODY.search(body[:65536]) is not None)
