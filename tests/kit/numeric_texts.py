"""Texts full of numbers in which nothing is personal: the same ones at every call, of many kinds in equal parts."""

from __future__ import annotations

import hashlib
import random
import string
import uuid
from collections.abc import Callable
from typing import NamedTuple

Chance = random.Random


class NumericText(NamedTuple):
    """A text that must stay as it is, and its kind."""

    kind: str
    text: str


def numeric_texts(count: int = 2400, seed: int = 11) -> list[NumericText]:
    """``count`` texts, the kinds in turn."""
    chance = random.Random(seed)
    return [NumericText(make.__name__.strip("_"), make(chance)) for make in (_KINDS[n % len(_KINDS)] for n in range(count))]


def _n(chance: Chance, digits: int) -> int:
    return chance.randrange(10 ** (digits - 1), 10**digits)


def _arithmetic(chance: Chance) -> str:
    signs = [" + ", " - ", " * ", "-", "+", "*", " / ", "^", " \u00d7 ", " \u2212 "]
    parts = [str(_n(chance, chance.choice((1, 3, 4, 7, 10, 12))))]
    for _ in range(chance.randint(1, 3)):
        parts += (chance.choice(signs), str(_n(chance, chance.choice((3, 4, 10, 11, 13)))))
    return chance.choice(("What is {}?", "Calculate {}.", "{} =", "Compute ({}) mod 7", "Was ist {}?", "{}", "Evaluate: {}")).format(
        "".join(parts)
    )


def _dashed(chance: Chance) -> str:
    return f"What is {_n(chance, 3)}-{_n(chance, 3)}-{_n(chance, 4)}?"


def _signed(chance: Chance) -> str:
    return (
        f"{chance.randint(2, 99)} * +{_n(chance, 10)}"
        if chance.random() < 0.5
        else f"x = {_n(chance, 3)} + {_n(chance, 11)}; y = -{_n(chance, 11)}"
    )


def _prime(chance: Chance) -> str:
    number = _n(chance, chance.randint(13, 16))
    return chance.choice(
        (
            "Is {} prime?",
            "Factor {}.",
            "Is {} divisible by 7?",
            "What is the square root of {}?",
            "Round {} to the nearest million",
            "{} in words",
        )
    ).format(number)


def _known_card_number(chance: Chance) -> str:
    number = chance.choice((4242424242424242, 4111111111111111, 5555555555554444, 378282246310005, 6011111111111117))
    return chance.choice(("Is {} prime?", "What is {} + 1?", "How many digits has {}?", "{} mod 97", "sort 3, {}, 12")).format(number)


def _table(chance: Chance) -> str:
    rows = [[_n(chance, chance.choice((2, 3, 4, 6, 8))) for _ in range(4)] for _ in range(4)]
    mark = chance.choice((" | ", "\t", ",", "  ", " & "))
    return "\n".join(mark.join(map(str, row)) for row in rows)


def _four_by_four(chance: Chance) -> str:
    return " ".join(str(_n(chance, 4)) for _ in range(chance.choice((5, 6, 8, 12))))


def _years(chance: Chance) -> str:
    start = chance.randint(1900, 2010)
    return " ".join(str(year) for year in range(start, start + 6)) + f" and {start}-{start + 20}"


def _hash(chance: Chance) -> str:
    digest = hashlib.new(chance.choice(("md5", "sha1", "sha256")), chance.randbytes(9)).hexdigest()
    return chance.choice(
        ("commit {}", "sha256: {}", "checksum={}", "{}  file.tar.gz", "git checkout {}", "the md5 is {}", 'etag: "{}"')
    ).format(digest)


def _uuid(chance: Chance) -> str:
    return chance.choice(("id {}", "request {} failed", "uuid: {}", "/items/{}", "trace_id={}")).format(
        uuid.UUID(int=chance.getrandbits(128), version=4)
    )


def _doi(chance: Chance) -> str:
    return chance.choice(
        (
            f"doi:10.{_n(chance, 4)}/s{_n(chance, 5)}-020-{_n(chance, 4)}-{chance.randint(1, 9)}",
            f"https://doi.org/10.{_n(chance, 4)}/j.cell.2019.{_n(chance, 2)}.{_n(chance, 3)}",
            f"arXiv:{_n(chance, 4)}.{_n(chance, 5)}v2",
            f"PMID: {_n(chance, 8)}",
            f"10.1145/{_n(chance, 7)}.{_n(chance, 7)}",
        )
    )


def _date(chance: Chance) -> str:
    y, m, d = chance.randint(1950, 2030), chance.randint(1, 12), chance.randint(1, 28)
    clock = f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}"
    return chance.choice(
        (
            f"{y}-{m:02}-{d:02}T{clock}Z",
            f"{d:02}.{m:02}.{y} {clock}",
            f"{m:02}/{d:02}/{y}",
            f"{y}{m:02}{d:02}{clock.replace(':', '')}",
            f"from {y}-{m:02}-{d:02} to {y + 1}-{m:02}-{d:02}",
            f"timestamp {_n(chance, 10)}",
            f"epoch_ms={_n(chance, 13)}",
            f"called on {y}-{m:02}-{d:02} at {clock}",
        )
    )


def _coordinates(chance: Chance) -> str:
    lat, lon = chance.uniform(-90, 90), chance.uniform(-180, 180)
    return chance.choice(
        (
            f"{lat:.6f}, {lon:.6f}",
            f"({lat:.4f},{lon:.4f})",
            f"N {abs(lat):.5f} E {abs(lon):.5f}",
            f"{int(abs(lat))}\u00b0 {chance.randint(0, 59)}' {chance.uniform(0, 59):.2f}\"",
        )
    )


def _isbn(chance: Chance) -> str:
    body = f"978{_n(chance, 9)}"
    check = (10 - sum(int(c) * (1, 3)[i % 2] for i, c in enumerate(body)) % 10) % 10
    return chance.choice(("ISBN {0}-{1}-{2}-{3}-{4}", "ISBN-13: {0}{1}{2}{3}{4}", "isbn {0} {1} {2} {3} {4}")).format(
        body[:3], body[3], body[4:6], body[6:], check
    )


def _sku(chance: Chance) -> str:
    letters = "".join(chance.choice(string.ascii_uppercase) for _ in range(3))
    return chance.choice(
        (
            f"SKU {letters}-{_n(chance, 4)}-{_n(chance, 3)}",
            f"part no. {_n(chance, 3)}-{_n(chance, 4)}",
            f"order #{_n(chance, 9)}",
            f"invoice {_n(chance, 4)}-{_n(chance, 6)}",
            f"ticket {_n(chance, 7)}, model {_n(chance, 4)}-{_n(chance, 2)}",
            f"EAN {_n(chance, 13)}",
        )
    )


def _chess(chance: Chance) -> str:
    moves = " ".join(
        f"{n}. {chance.choice('abcdefgh')}{chance.randint(2, 6)} N{chance.choice('abcdefgh')}{chance.randint(3, 7)}" for n in range(1, 8)
    )
    return chance.choice(
        (moves, "r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5N2/PPPP1PPP/RNBQK2R b KQkq - 3 3", f"Elo {_n(chance, 4)} against {_n(chance, 4)}, 1-0")
    )


def _log(chance: Chance) -> str:
    day = f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    stamp = f"{day} {chance.randint(0, 23):02}:00:{chance.randint(0, 59):02},{_n(chance, 3)}"
    return chance.choice(
        (
            f"{stamp} INFO worker-{chance.randint(1, 9)} took {_n(chance, 4)} ms, id={_n(chance, 10)}",
            f"[{_n(chance, 7)}.{_n(chance, 6)}] usb 1-1.4: new device number {chance.randint(2, 99)}",
            f"ERROR 0x{chance.getrandbits(64):016x} at line {_n(chance, 4)}",
            f'127.0.0.1 - - "GET /a/{_n(chance, 8)} HTTP/1.1" 200 {_n(chance, 6)}',
            f"step {_n(chance, 6)}/{_n(chance, 7)} loss 0.{_n(chance, 8)}",
            f"pid {_n(chance, 5)} rss {_n(chance, 9)} kB",
            f"10.0.{chance.randint(0, 255)}.{chance.randint(1, 254)}:8080 up",
        )
    )


def _version(chance: Chance) -> str:
    quad = ".".join(str(chance.randint(0, 255)) for _ in range(4))
    return chance.choice(
        (
            f"version {quad}",
            f"v{quad}",
            f"driver {quad} installed",
            f"upgrade from version {quad}",
            f"Chrome/{_n(chance, 3)}.0.{_n(chance, 4)}.{_n(chance, 3)}",
            f"package=={chance.randint(0, 30)}.{chance.randint(0, 30)}.{_n(chance, 8)}",
            f"section {chance.randint(1, 20)}.{chance.randint(1, 20)}.{chance.randint(1, 20)}.{chance.randint(1, 20)}",
            f"build {quad} is out",
            f"Release {quad}",
            f"numpy 1.26.4 / torch 2.{chance.randint(0, 9)}.1+cu121",
        )
    )


def _code(chance: Chance) -> str:
    return chance.choice(
        (
            f"x = [{', '.join(str(_n(chance, chance.choice((1, 4, 10)))) for _ in range(6))}]",
            f"for i in range({_n(chance, 10)}):\n    print(i * {_n(chance, 4)})",
            f"call f({_n(chance, 7)}, {_n(chance, 7)})",
            f"mask = 0x{chance.getrandbits(32):08x} & {_n(chance, 10)}",
            f"assert fib({_n(chance, 2)}) == {_n(chance, 12)}",
            f"A@B.sum() + x@y[{_n(chance, 3)}]",
            f"seed({_n(chance, 9)})  # token_count = {_n(chance, 5)}",
            f"max_tokens={_n(chance, 4)}, password_length={_n(chance, 2)}",
            "api_key = os.environ['API_KEY']",
            "token = tokenizer.encode(text)[0]",
            'password = input("password: ")',
            "const key = `item-${index}-row`",
            f'cache_key = "row_{_n(chance, 6)}"',
            f"return phone[{_n(chance, 1)}:{_n(chance, 2)}]",
            "secret = config.get_secret_value()",
            "git clone git@github.com:example/project.git",
            "@app.route('/items/<int:item_id>')",
            ".sk-cube-grid-item-large-2 { width: 33% }",
            "icon@2x.png 512x512",
        )
    )


def _latex(chance: Chance) -> str:
    return chance.choice(
        (
            rf"\({_n(chance, 3)}-{_n(chance, 3)}-{_n(chance, 4)}\)",
            rf"\frac{{{_n(chance, 10)}}}{{{_n(chance, 11)}}}",
            rf"$x^{{{_n(chance, 3)}}} + {_n(chance, 10)} \times {_n(chance, 10)}$",
            rf"\[ \sum_{{i=1}}^{{{_n(chance, 8)}}} i = {_n(chance, 14)} \]",
            rf"{_n(chance, 3)}.{_n(chance, 10)}\ldots \cdot 10^{{{_n(chance, 2)}}}",
            rf"$(415) 555 \cdot 2671$ and ${_n(chance, 4)} \, {_n(chance, 4)}$",
        )
    )


def _address(chance: Chance) -> str:
    number = _n(chance, 14)
    return chance.choice(
        (
            f"https://web.archive.org/web/{number}/https://example.org/a",
            f"https://example.org/questions/{_n(chance, 8)}/{_n(chance, 9)}#{_n(chance, 9)}",
            f"https://example.org/p?id={_n(chance, 10)}&page={_n(chance, 2)}&v=a1b2c3d4",
            f"https://example.org/i/{chance.getrandbits(40):x}.png?width={_n(chance, 4)}&height={_n(chance, 4)}&auto=webp",
            f"t3_{chance.getrandbits(30):x} and t1_{chance.getrandbits(30):x}",
            f"#post-{_n(chance, 7)}",
            f"https://example.org/@wren/{_n(chance, 17)}",
            f"/dp/B0{_n(chance, 8)}/ref=sr_1_{_n(chance, 1)}",
        )
    )


def _digits_of_pi(chance: Chance) -> str:
    return f"{chance.choice(('3.14159265358979', '2.718281828', '1.41421356237', '6.02214076'))}{_n(chance, 9)}e{chance.randint(-40, 40)}"


def _sequence(chance: Chance) -> str:
    start, step = chance.randint(0, 99999), chance.randint(1, 999)
    return chance.choice(("What comes next: {}?", "Sort {}", "[{}]", "sequence: {} ...", "{}")).format(
        ", ".join(str(start + step * n) for n in range(7))
    )


def _money(chance: Chance) -> str:
    return chance.choice(
        (
            f"${_n(chance, 3)},{_n(chance, 3)},{_n(chance, 3)}.00",
            f"{chance.randint(1, 999)} {_n(chance, 3)} {_n(chance, 3)} \u20ac",
            f"a budget of {_n(chance, 3)}.{_n(chance, 3)}.{_n(chance, 3)} EUR",
            f"{_n(chance, 10)} users and {_n(chance, 7)} calls",
            f"{_n(chance, 9)} bytes in {_n(chance, 3)} files",
        )
    )


def _about_phones(chance: Chance) -> str:
    return chance.choice(
        (
            f"The phone has {_n(chance, 4)} mAh and {_n(chance, 3)} GB.",
            f"He phoned {_n(chance, 2)} times in {chance.randint(1980, 2020)}-{chance.randint(2021, 2029)}.",
            f"I call {_n(chance, 6)} a big number",
            f"call 911 or 112 within {_n(chance, 2)} s",
            f"The model was called at step {_n(chance, 6)}",
            f"my card has {_n(chance, 2)} GB of VRAM and {_n(chance, 5)} cores",
            "contact us in 2024-2025",
            f"cell {chance.choice('ABCD')}{_n(chance, 3)} = {_n(chance, 6)}",
            f"iPhone 15 Pro, {_n(chance, 4)}x{_n(chance, 4)} px",
            f"mobile phones sold: {_n(chance, 7)} units",
        )
    )


def _about_keys(chance: Chance) -> str:
    return chance.choice(
        (
            f"press key {_n(chance, 2)} and hold token {_n(chance, 5)}",
            f"The context is {_n(chance, 6)} tokens; token: {_n(chance, 6)}",
            "your password must be 8-64 characters",
            "set OPENAI_API_KEY=your-key-here",
            "sk-... is shown as sk-****************",
            "the secret: practise every day for 10000 hours",
            f"primary key: {_n(chance, 10)}",
            "api_key: <YOUR_API_KEY>",
            "Bearer of bad news since 1999",
            f"token id {_n(chance, 5)} is ' the'",
            "the key is (a+b)^2 = a^2+2ab+b^2",
            "https://example.org/?key=title&sort=date",
            "export HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxx",
        )
    )


def _network(chance: Chance) -> str:
    octet = chance.randint(1, 254)
    return chance.choice(
        (
            f"How many hosts are in 192.168.{octet}.0/24?",
            f"ping 192.168.1.{octet}",
            "netmask 255.255.255.0",
            "listen on 0.0.0.0:8000",
            "dns 8.8.8.8",
            f"mac 00:1b:{octet:02x}:3c:4d:5e",
            f"the subnet 172.16.{octet}.0/20",
            "std::vector<int>::iterator",
            f"at {octet % 24:02}:10:59:01",
            f"OID 1.3.6.1.4.1.{_n(chance, 4)}.1",
        )
    )


def _science(chance: Chance) -> str:
    return chance.choice(
        (
            f"C{chance.randint(6, 40)}H{chance.randint(6, 80)}O{chance.randint(1, 9)}, CAS {_n(chance, 5)}-{_n(chance, 2)}-{_n(chance, 1)}",
            f"NGC {_n(chance, 4)} at RA 12h 34m {_n(chance, 2)}s",
            f"n = {_n(chance, 4)}, p = 0.0{_n(chance, 4)}, t({_n(chance, 2)}) = {_n(chance, 1)}.{_n(chance, 3)}",
            f"E = {_n(chance, 1)}.{_n(chance, 9)} \u00d7 10^{_n(chance, 2)} J",
            f"rs{_n(chance, 8)} on chr{chance.randint(1, 22)}:{_n(chance, 8)}-{_n(chance, 8)}",
            f"ATOM {_n(chance, 4)} CA ALA A {_n(chance, 3)} {_n(chance, 2)}.{_n(chance, 3)} -{_n(chance, 2)}.{_n(chance, 3)}",
        )
    )


def _binary(chance: Chance) -> str:
    bits = f"{chance.getrandbits(24):024b}"
    return chance.choice(
        (
            f"Convert {bits} to decimal",
            " ".join(f"{chance.getrandbits(4):04b}" for _ in range(6)),
            f"0b{bits}",
            f"octal {_n(chance, 8)} to binary",
            f"0x{chance.getrandbits(96):024x}",
            " ".join(f"{chance.getrandbits(8):02x}" for _ in range(16)),
        )
    )


def _sport(chance: Chance) -> str:
    return chance.choice(
        (
            f"{_n(chance, 1)}-{_n(chance, 1)}, {_n(chance, 1)}-{_n(chance, 1)} after {_n(chance, 3)} minutes",
            f"lap {_n(chance, 2)} 1:{_n(chance, 2)}.{_n(chance, 3)} +0.{_n(chance, 3)}",
            f"bus 100-200 and 555-{_n(chance, 3)}",
            f"Psalm {_n(chance, 3)}:{_n(chance, 2)}-{_n(chance, 2)}",
            f"pages {_n(chance, 3)}-{_n(chance, 3)}, vol. {_n(chance, 2)}({_n(chance, 1)}), {_n(chance, 4)}",
        )
    )


def _puzzle(chance: Chance) -> str:
    return chance.choice(
        (
            f"A train leaves at {_n(chance, 1)}:{_n(chance, 2)} with {_n(chance, 3)} people; {_n(chance, 3)} get off. How many are left?",
            f"9.11 or 9.9? and {_n(chance, 2)}.{_n(chance, 3)} or {_n(chance, 2)}.{_n(chance, 2)}?",
            f"Count the 7s in {_n(chance, 30)}",
            f"The code has digits {' '.join(str(_n(chance, 1)) for _ in range(10))}.",
            f"Reverse the digits of {_n(chance, 11)}",
            f"Add {_n(chance, 10)} and {_n(chance, 10)}",
            f"{_n(chance, 3)} {_n(chance, 3)} {_n(chance, 4)}",
            f"If f({_n(chance, 3)}) = {_n(chance, 3)}-{_n(chance, 4)}, what is f({_n(chance, 10)})?",
        )
    )


_KINDS: tuple[Callable[[Chance], str], ...] = (
    _arithmetic,
    _dashed,
    _signed,
    _prime,
    _known_card_number,
    _table,
    _four_by_four,
    _years,
    _hash,
    _uuid,
    _doi,
    _date,
    _coordinates,
    _isbn,
    _sku,
    _chess,
    _log,
    _version,
    _code,
    _latex,
    _address,
    _digits_of_pi,
    _sequence,
    _money,
    _about_phones,
    _about_keys,
    _network,
    _science,
    _binary,
    _sport,
    _puzzle,
)
