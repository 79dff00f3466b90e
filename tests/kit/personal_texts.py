"""Texts with personal data and keys in them, all made up: what is planted, its kind, and a sentence around it."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Iterator
from typing import NamedTuple

from thresher.redaction.keys import FORMATS


class Planted(NamedTuple):
    """``text`` holds ``secret``, which must go."""

    tag: str
    secret: str
    text: str


_SETTINGS = (
    "{}",
    "my key is {} and it does not work",
    "OPENAI_API_KEY={}",
    'client = Client("{}")',
    "`{}`",
    "old_{}",
    "schl\u00fcssel {}, bitte l\u00f6schen",
    "\u5bc6\u94a5{}\u3002",
    "https://api.example.org/v1/chat?key={}&n=2",
    "curl -H 'X-Auth: {}' https://example.org",
    "[{}](https://example.org)",
    "> {}\n> was quoted",
    "{}.",
    "({})",
    "a,{},b",
    '{{"k": "{}"}}',
    "line one\\n{}\\nline three",
    "<b>{}</b>",
)


def listed_keys() -> Iterator[Planted]:
    """Every prefix of the documented list, each in two surroundings."""
    for number, key_format in enumerate(FORMATS):
        for setting in (_SETTINGS[number % len(_SETTINGS)], _SETTINGS[(number * 7 + 3) % len(_SETTINGS)]):
            key = key_format.example()
            yield Planted("KEY", key, setting.format(key))


def drawn_keys(seed: int = 7) -> Iterator[Planted]:
    """The same prefixes with bodies drawn at random, as an issuer draws them."""
    chance = random.Random(seed)
    letters = string.ascii_letters + string.digits
    for number, key_format in enumerate(FORMATS):
        alphabet = string.hexdigits.lower()[:16] if "f" in key_format.alphabet else letters
        if "a" not in key_format.alphabet:
            alphabet = string.ascii_uppercase + string.digits
        body = "".join(chance.choice(alphabet) for _ in range(max(key_format.shortest, 32)))
        key = key_format.prefix + body
        yield Planted("KEY", key, _SETTINGS[number % len(_SETTINGS)].format(key))


def _random(length: int, alphabet: str = string.ascii_letters + string.digits, seed: int = 3) -> str:
    chance = random.Random(seed * 1000 + length)
    return "".join(chance.choice(alphabet) for _ in range(length))


_HEX = "0123456789abcdef"
_AWS_SECRET = _random(20) + "/" + _random(19, seed=4)
_BLOCK = base64.b64encode(bytes(range(40, 136))).decode()
_BODY = "\n".join(_BLOCK[n : n + 64] for n in range(0, len(_BLOCK), 64))


def other_keys() -> Iterator[Planted]:
    """Secrets without a prefix: what stands beside them gives them away."""
    yield Planted("KEY", _AWS_SECRET, f"aws_secret_access_key = {_AWS_SECRET}")
    yield Planted("KEY", _AWS_SECRET, f"AWS secret: {_AWS_SECRET}")
    yield Planted("KEY", _AWS_SECRET, f"AKIAQ2W3E4R5T6Y7U8I9 / {_AWS_SECRET}")
    token = f"{_random(10, _HEX[:10])}:AA{_random(33)}"
    yield Planted("KEY", token, f"the bot answers at {token}")
    account = base64.b64encode(bytes(range(64))).decode()
    yield Planted("KEY", account, f"DefaultEndpointsProtocol=https;AccountName=store;AccountKey={account};EndpointSuffix=core.example.org")
    yield Planted("KEY", account[:44], f"Endpoint=sb://bus.example.org/;SharedAccessKeyName=Root;SharedAccessKey={account[:44]}")
    for setting in ("Authorization: Bearer {}", 'headers = {{"Authorization": "Bearer {}"}}', "-H 'authorization: bearer {}'"):
        yield Planted("KEY", _random(40, seed=5), setting.format(_random(40, seed=5)))
    yield Planted("KEY", "d3JlbjpmZWF0aGVyOTk=", "Authorization: Basic d3JlbjpmZWF0aGVyOTk=")
    for scheme in ("postgres", "mysql+pymysql", "mongodb+srv", "redis", "amqp", "https", "ftp"):
        yield Planted("KEY", "tr0ub4dor", f"DSN is {scheme}://wren:tr0ub4dor@db.example.org:5432/orders")
    yield Planted("KEY", "tr@ub4dor", "redis://:tr@ub4dor@cache.example.org:6379/0")
    for name in ("api_key", "apikey", "access_token", "token", "password", "client_secret", "key", "sig", "X-Amz-Signature", "auth"):
        value = _random(28, seed=6)
        yield Planted("KEY", value, f"it fails at https://api.example.org/v2/items?page=2&{name}={value}#top")
    for name, sign in (
        ("api_key", " = "),
        ("API-KEY", ": "),
        ("secret", "="),
        ("client_secret", '": "'),
        ("SECRET_KEY", " = '"),
        ("auth_token", " => "),
        ("private-token", ": "),
        ("token", ": "),
        ("x-api-key", ": "),
        ("WANDB_API_KEY", "="),
        ("discordToken", ' := "'),
    ):
        value = _random(36, seed=8)
        yield Planted("KEY", value, f"config:\n  {name}{sign}{value}\n")
    yield Planted("KEY", "123e4567-e89b-42d3-a456-426614174000", "HEROKU_API_KEY=123e4567-e89b-42d3-a456-426614174000")
    for sentence in (
        "password: {}",
        "PASSWORD={}",
        "my password is {} by the way",
        "Passwort: {}",
        "contrase\u00f1a: {}",
        "pwd={};",
        '"passwd": "{}"',
    ):
        yield Planted("KEY", "Gl4ss-Owl77", sentence.format("Gl4ss-Owl77"))
    for kind in (
        "RSA PRIVATE KEY",
        "PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ):
        yield Planted("KEY", _BLOCK[:40], f"look:\n-----BEGIN {kind}-----\n{_BODY}\n-----END {kind}-----\nwhat now?")
        yield Planted("KEY", _BLOCK[-20:], f"cut off: -----BEGIN {kind}-----\n{_BODY}")
    yield Planted("KEY", _BLOCK[-20:], "> -----BEGIN PRIVATE KEY-----\n> " + _BODY.replace("\n", "\n> "))
    yield Planted("KEY", _BLOCK[:64], 'key = "-----BEGIN PRIVATE KEY-----\\n' + _BODY.replace("\n", "\\n") + '\\n"')
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ3cmVuIn0." + _random(43, seed=9)
    yield Planted("KEY", token, f"the session cookie {token} is refused")
    yield Planted("KEY", _random(27, seed=10), f"bot token M{_random(23)}.{_random(6)}.{_random(27, seed=10)}")
    hook = f"T{_random(8, string.ascii_uppercase)}/B{_random(8, string.ascii_uppercase)}/{_random(24)}"
    yield Planted("KEY", hook, f"posts go to https://hooks.slack.com/services/{hook}")
    yield Planted("KEY", _random(68), f"https://discord.com/api/webhooks/{_random(18, _HEX[:10])}/{_random(68)}")
    yield Planted("KEY", _random(32, _HEX), f"mailchimp {_random(32, _HEX)}-us14")
    yield Planted("KEY", _random(48), f"1//0{_random(48)}")


def personal() -> Iterator[Planted]:
    """Addresses, numbers of telephones, cards and accounts, each with what one writes around it."""
    for tag, secret, sentence in (
        ("EMAIL", "wren@example.org", "write to {}"),
        ("EMAIL", "wren.fox+news@mail.example.co.uk", "Cc: {}, others"),
        ("EMAIL", "j\u00f6rg.m\u00fcller@b\u00fccher-stra\u00dfe.example", "Mail an {}"),
        ("EMAIL", "\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444", "{}"),
        ("EMAIL", "wren (at) example (dot) org", "reach me: {}"),
        ("EMAIL", "wren[at]example[dot]org", "<{}>"),
        ("EMAIL", "wren at example dot org", "I am {}"),
        ("EMAIL", "wren(at)example.org", "({})"),
        ("EMAIL", "wren {at} example {dot} org", "{}!"),
        ("EMAIL", "wren%40example.org", "https://example.org/unsubscribe?email={}"),
        ("EMAIL", "wren@example.org", "mailto:{}?subject=hi"),
        ("EMAIL", "wren@example.org", "\u90ae\u7bb1{}\u8bf7\u8054\u7cfb"),
        ("EMAIL", "wren@xn--bcher-kva.example", "{}."),
        ("EMAIL", "wren_fox@example.museum", '"{}"'),
        ("EMAIL", "o'wren@example.ie", "is {} right"),
        ("EMAIL", "wren\uff20example.org", "{}"),
        ("PHONE", "+49 170 1234567", "{}"),
        ("PHONE", "+1 415-555-2671", "my number {} since May"),
        ("PHONE", "+14155552671", "SMS to {}"),
        ("PHONE", "+44 20 7946 0958", "London office {}"),
        ("PHONE", "+33 1 42 68 53 00", "({})"),
        ("PHONE", "0049 170 1234567", "{} geht auch"),
        ("PHONE", "+49 (0)170 1234567", "Handy: {}"),
        ("PHONE", "030/1234567", "Tel. {}"),
        ("PHONE", "0171 1234567", "Ruf mich an: {}"),
        ("PHONE", "0151-23456789", "Du erreichst mich unter {}"),
        ("PHONE", "(030) 123456-78", "Telefon {}"),
        ("PHONE", "089 1234567", "Rufnummer {}"),
        ("PHONE", "555-010-0199", "call {} today"),
        ("PHONE", "(415) 555-2671", "{}"),
        ("PHONE", "415.555.2671", "cell {}"),
        ("PHONE", "415 555 2671", "text me at {} please"),
        ("PHONE", "4155552671", "phone: {}"),
        ("PHONE", "01 42 68 53 00", "t\u00e9l : {}"),
        ("PHONE", "612 34 56 78", "ll\u00e1mame al {}"),
        ("PHONE", "98765 43210", "WhatsApp {}"),
        ("PHONE", "138 1234 5678", "\u624b\u673a\uff1a{}"),
        ("PHONE", "06 1234 5678", "telefoon: {}"),
        ("PHONE", "020 7946 0958", "phone number is {}"),
        ("PHONE", "555-0100", "call me on {}"),
        ("PHONE", "+49170\u20111234567", "mobil {}"),
        ("PHONE", "14155552671", "https://wa.me/{}"),
        ("PHONE", "+1-415-555-2671", "tel:{}"),
        ("PHONE", "415-555-2671", "{} is my cell phone"),
        ("PHONE", "415-555-2671", "{} (mobile)"),
        ("CARD", "4111 1111 1111 1111", "{}"),
        ("CARD", "5500-0055-5555-5559", "charged {} twice"),
        ("CARD", "4012888888881881", "my card {} was declined"),
        ("CARD", "378282246310005", "Amex: {}"),
        ("CARD", "3782 822463 10005", "paid with {}"),
        ("CARD", "6011000990139424", "card number {}"),
        ("CARD", "5555555555554444", "Kreditkarte {}"),
        ("CARD", "4222222222222", "visa {}"),
        ("IBAN", "DE89 3704 0044 0532 0130 00", "send it to {} please"),
        ("IBAN", "GB82WEST12345698765432", "IBAN {}"),
        ("IBAN", "FR14 2004 1010 0505 0001 3M02 606", "virement {}"),
        ("IBAN", "NL91ABNA0417164300", "{}"),
        ("IBAN", "CH93 0076 2011 6238 5295 7", "Konto {}."),
        ("ID", "123-45-6789", "my SSN is {}"),
        ("ID", "123 45 6789", "social security number: {}"),
        ("ID", "QQ 12 34 56 C", "National Insurance {}"),
        ("ID", "C01X00T47", "Reisepass {}"),
        ("ID", "12 345 678 901", "Steuer-ID: {}"),
        ("ID", "12345678Z", "DNI {}"),
        ("ID", "123.456.789-09", "CPF: {}"),
        ("ID", "2345 6789 0123", "Aadhaar number {}"),
        ("ID", "11010519491231002X", "\u8eab\u4efd\u8bc1\u53f7\uff1a{}"),
        ("IP", "203.0.113.77", "my IP is {}"),
        ("IP", "84.16.23.91", "from {} port 22"),
        ("IP", "198.51.100.23", "ssh root@{}"),
        ("IP", "198.51.100.23", "http://{}:8080/login"),
        ("IP", "2001:db8:85a3::8a2e:370:7334", "inet6 {}"),
        ("IP", "91.198.174.192", "{} - - [GET /]"),
        ("IP", "203.0.113.9", "blocked {} again"),
        ("IP", "5.9.88.12", "ping {}"),
    ):
        yield Planted(tag, secret, sentence.format(secret))
