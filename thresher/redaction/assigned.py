"""Secrets without a form of their own, which what stands beside them gives away: ``password=``, ``Bearer``, ``user:pw@``, a PEM header."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from thresher.redaction.context import Lazy, holds
from thresher.redaction.keys import looks_random
from thresher.redaction.span import Span

_PEM = Lazy(r"(?i)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = Lazy(r"(?i)-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = Lazy(
    r"(?:(?:\\[nrt]|[\s>|*\"'+,])*(?:(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset)\s?:[^\n\\]*|[A-Za-z0-9+/=]{16,}|=[A-Za-z0-9+/]{4}\b))*"
    r"(?:(?:\\[nrt]|[\s>|*\"'+,])*[A-Za-z0-9+/]{1,15}={1,2})?"
)
"""Lines of base64 and of headers, as in a file, a quotation or a string of a program: what there is of a key that was cut off."""

_DSN = Lazy(r"(?<=://)[^\s/@\"'<>`:\[\](){}]*:[^\s/\"'<>`]*(?=@[\w.\[-])")
"""``user:password`` in an address (RFC 3986, 3.2.1), whatever the scheme."""

_PARAMETER_GATE = Lazy(r"[?&;#](?=[A-Za-z0-9_.\[\]-]{1,40}=)")
"""A pattern that begins with characters is several times as fast as one that begins with a look behind."""
_PARAMETER = Lazy(r"(?<=[?&;#])([A-Za-z0-9_.\[\]-]{1,40})=([^&;#\s\"'<>`)\]}|]{4,})")
_SURE = r"api[_-]?key|apikey|access[_-]?token|auth[_-]?token|refresh[_-]?token|client[_-]?secret|passw(?:or)?d|passwd|pwd"
"""Parameters whose value is secret whatever it looks like."""
_SURE_PARAMETER = Lazy(rf"(?i)(?:.*[_.-])?(?:{_SURE})")
_SECRET_PARAMETER = Lazy(
    rf"(?i)(?:.*[_.-])?(?:{_SURE}|id[_-]?token|token|secret|jwt|session[_-]?(?:id|token)|sessionid|sid|sig|signature"
    r"|x-amz-(?:signature|security-token|credential)|x-goog-signature|private[_-]?token|auth|key|code|otp|pass)"
)

_SEPARATORS = tuple(
    Lazy(mark + r"[\s\"'`*>]{0,5}[^\s\"'`,;<>&|]{6})")
    for mark in (r":(?=[=\uff1a]?", r"=(?=[=>]?", r",(?=\s?[\"']", r" (?=(?:is|ist|es|est|->)[\s:]{1,3}", r"\uff1a(?=")
)
"""What stands between a name and its value."""
_NAME = Lazy(
    r"(?i)(?P<name>(?:api|access|account|auth|encryption|private|secret|signing|master|subscription)[ _-]?key(?:[ _-]?id)?"
    r"|secret|token|passw(?:or)?[dt]|passwd|passphrase|pwd|credentials?|kennwort|contraseña|mot de passe|senha|密码|密钥|パスワード|пароль)"
    r"[\"'`*_\])]{0,3}\s{0,3}$"
)
_NAME_READ = 32
_VALUE = Lazy(r"(?i)(?:[:=,\uff1a]?[=>]?| ?(?:is|ist|es|est|->))[\s:\uff1a]{0,4}[\"'`*]{0,3}(?P<value>[^\s\"'`,;<>&|]{6,512})")
_PASSWORD = Lazy(r"(?i)pass|pwd|kennwort|contraseña|senha|密码|パスワード|пароль")
_EXPRESSION = Lazy(
    r"[(){}$]|^(?:os|process|config|self|this|settings|env|args|request|user|data|props|options)[.\[]|\.\.\.|^[A-Za-z_]+\.[A-Za-z_.]+$"
    r"|^[*\u2022.xX#_-]+$"
)
"""A value that a program computes, or one that is crossed out."""
_PLACEHOLDER = Lazy(
    r"(?i)^(?:(?:your|my|the|some|insert|enter|example|changeme|placeholder|redacted|none|null|true|false|undefined)\b|\[[A-Z]+)"
)

_BEARER = Lazy(r"(?i)\b(?:bearer|authorization:\s{0,2}(?:basic|token|digest|apikey)|x-api-key:?)\s{1,2}([A-Za-z0-9._~+/=-]{12,})")
_FORTY = Lazy(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_AWS = Lazy(r"(?i)aws|secret|(?-i:A[KS]IA[A-Z0-9]{16})")
_AWS_READ = 120
_may_be_aws = holds("aws", "secret", "akia", "asia")

_NAMES = tuple(
    (word, Lazy(rf"{word}{rest}[\"'`*_\])]{{0,3}}\s{{0,3}}(?:[:=,\uff1a]| (?:is|ist|es|est|->)[\s:])"))
    for word, rest in {
        "key": "(?:[ _-]?id)?", "secret": "", "token": "", "pass": "(?:w(?:or)?[dt]|phrase|e)", "pwd": "", "credential": "s?",
        "kennwort": "", "senha": "",
    }.items()
)  # fmt: skip
"""What the names in ``_NAME`` that are ASCII end in, and the same with what separates it from a value: most texts that hold a name assign
nothing, and a look behind each name is a fraction of one at each separator."""
_names_a_secret_elsewhere = holds("contraseña", "密码", "密钥", "パスワード", "пароль")


def find_assigned(text: str, folded: str) -> Iterator[Span]:
    """Secrets by what stands beside them, in no order. ``folded`` is the text in lower case."""
    if "-----BEGIN" in text or "-----begin" in text:
        yield from _pem(text)
    if "://" in text and "@" in text:
        yield from (Span(*m.span(), "KEY") for m in _DSN.finditer(text) if m.group() != ":")
    if "=" in text and _PARAMETER_GATE.search(text):
        yield from _parameters(text)
    plain = text.isascii()  # else a letter may be one of a name in capitals or small letters alone
    names = [assigned for word, assigned in _NAMES if word in folded]
    if names or (not plain and _names_a_secret_elsewhere(folded)):
        if not plain or any(assigned.search(folded) for assigned in names):
            yield from _assignments(text)
        if not plain or _may_be_aws(folded):  # (?i) makes a pattern slow
            yield from _aws(text)
    elif "IA" in text and ("AKIA" in text or "ASIA" in text):
        yield from _aws(text)
    if "bearer" in folded or "authorization" in folded or "x-api-key" in folded:
        yield from (Span(*m.span(1), "KEY") for m in _BEARER.finditer(text) if _is_secret(m[1], 16))


def _pem(text: str) -> Iterator[Span]:
    """Private keys to their end, or, where that is missing, as far as they go."""
    begins = [*_PEM.finditer(text)]
    ends = [end.span() for end in _PEM_END.finditer(text)]
    for begin, following in zip(begins, [*(b.start() for b in begins[1:]), len(text)], strict=True):
        place = bisect_left(ends, (begin.end(),))
        if place < len(ends) and ends[place][0] < following:
            yield Span(begin.start(), ends[place][1], "KEY")
        else:
            body = _PEM_BODY.match(text, begin.end(), following)
            yield Span(begin.start(), body.end() if body else begin.end(), "KEY")


def _parameters(text: str) -> Iterator[Span]:
    for match in _PARAMETER.finditer(text):
        name, value = match[1], match[2].rstrip(".,:!?*")
        if not _SECRET_PARAMETER.fullmatch(name) or value == "REDACTED" or _PLACEHOLDER.match(value) or _EXPRESSION.search(value):
            continue
        if _SURE_PARAMETER.fullmatch(name) or _is_secret(value, 16):
            yield Span(match.start(2), match.start(2) + len(value), "KEY")


def _assignments(text: str) -> Iterator[Span]:
    for separator in _SEPARATORS:
        for match in separator.finditer(text):
            name = _NAME.search(text[max(0, match.start() - _NAME_READ) : match.start()])
            given = _VALUE.match(text, match.start()) if name else None
            if name is None or given is None:
                continue
            value = given["value"].rstrip(".,:)]}*_\\")
            # what is said in a sentence ("the token is ...") must look more like a secret than what is assigned
            if _is_given_away(name["name"], value, shortest=20 if match.group() == " " else 16):
                yield Span(given.start("value"), given.start("value") + len(value), "KEY")


def _is_given_away(name: str, value: str, shortest: int) -> bool:
    if _PLACEHOLDER.match(value) or _EXPRESSION.search(value):
        return False
    return _is_password(value) if _PASSWORD.search(name) else _is_secret(value, shortest)


def _is_password(value: str) -> bool:
    """Letters with digits or signs among them; a word alone may be of the sentence."""
    if not any(c.isalpha() for c in value) or "://" in value:
        return False
    return any(c.isdigit() for c in value) or bool(re.search(r"[A-Za-z][!@#$%^&*+=?][A-Za-z!@#$%^&*+=?]", value))


def _is_secret(value: str, shortest: int) -> bool:
    return len(value) >= shortest and looks_random(value)


def _aws(text: str) -> Iterator[Span]:
    """AWS's secret has no form but its length, so it needs the word, or its access key, before it."""
    for match in _FORTY.finditer(text):
        value = match.group()
        named = _AWS.search(text, max(0, match.start() - _AWS_READ), match.start())
        if named and looks_random(value) and not value.islower() and not value.isupper():
            yield Span(*match.span(), "KEY")
