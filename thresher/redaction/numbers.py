"""Numbers that name a person or an account: cards, IBAN, national numbers, network addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from thresher.redaction.context import Cue, Lazy, Listed, Number, calculates
from thresher.redaction.span import Span

_NO_LEFT = r"\w.+/=#%&-"
_SPACE = r" \u00a0\u202f"
_CARD = Lazy(rf"\d(?<![{_NO_LEFT}]\d)(?:[{_SPACE}.-]?\d){{11,18}}(?![\w]|[.-]\d)")
_EMBOSSED = Lazy(rf"\d{{4}}([{_SPACE}.-])\d{{4}}\1\d{{4}}\1\d{{4}}(?:\1\d{{3}})?|\d{{4}}([{_SPACE}-])\d{{6}}\2\d{{4,5}}")
_GROUP_BEFORE = Lazy(rf"\d{{4}}[{_SPACE}.-]$|\d{{4}}[{_SPACE}]\d{{4}}\n$")
_GROUP_AFTER = Lazy(rf"[{_SPACE}.-]\d{{4}}(?![\d/])|\n\d{{4}}[{_SPACE}]\d{{4}}")
"""More groups of four beside it, or rows of them: a table."""
_ISSUERS = Lazy(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|3(?:0[0-5]|[68])|35(?:2[89]|[3-8])|6(?:011|4[4-9]|5)|62|50|5[6-9]|6[0-9]"
)
"""First figures of Visa, Mastercard, Amex, Diners, JCB, Discover, UnionPay, Maestro (ISO/IEC 7812)."""
_CARD_CUE = Cue("card")


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812; a number of one repeated figure is none."""
    values = [int(c) for c in digits]
    total = sum(values[-1::-2]) + sum(sum(divmod(2 * d, 10)) for d in values[-2::-2])
    return total % 10 == 0 and len(set(digits)) > 1


def find_cards(text: str) -> Iterator[Span]:
    """Payment cards: check digit, issuer, and either the grouping that is embossed or a word."""
    listed = Listed()
    for match in _CARD.finditer(text):
        start, end = match.span()
        digits = "".join(c for c in match.group() if c.isdigit())
        if not 13 <= len(digits) <= 19 or not _ISSUERS.match(digits) or not luhn(digits):
            continue
        embossed = _EMBOSSED.fullmatch(match.group()) and not (
            _GROUP_BEFORE.search(text[max(0, start - 10) : start]) or _GROUP_AFTER.match(text, end)
        )
        said = _CARD_CUE.beside(text, start, end) or listed.follows(text, start)
        if said or (embossed and not calculates(text, start, end)):
            yield listed.add(start, end, "CARD")


_IBAN = Lazy(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \u00a0-]?[A-Za-z0-9]{4}){2,7}(?:[ \u00a0-]?[A-Za-z0-9]{1,3})?(?![A-Za-z0-9])")
_IBAN_GATE = Lazy(r"\d\d(?<=[A-Za-z]{2}\d\d)(?<![A-Za-z0-9][A-Za-z]{2}\d\d)")
"""How one begins, from its first figures on: a look for figures is several times as fast as one for letters."""
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA",
        30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""Of the IBAN registry (ISO 13616, swift.com)."""


def find_ibans(text: str) -> Iterator[Span]:
    """International account numbers: their country's length and the check of ISO 7064."""
    for match in _IBAN.finditer(text) if _IBAN_GATE.search(text) else ():
        written = match.group()
        ends = [place for place in range(len(written), 14, -1) if place == len(written) or not written[place].isalnum()]
        for end in ends:  # words of the sentence may look like more groups
            if _is_iban("".join(c for c in written[:end] if c.isalnum()).upper()):
                yield Span(match.start(), match.start() + end, "IBAN")
                break


def _is_iban(compact: str) -> bool:
    if _IBAN_LENGTHS.get(compact[:2]) != len(compact):
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


_SSN = Lazy(r"(?!000|666|9)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?![\w-])")
_SSN_CUE = Cue("social_security")
_IDENTITY = Lazy(r"(?:[A-Z]{1,3} )?[A-Za-z0-9]{1,6}(?:[ ./-]?[A-Za-z0-9]*\d[A-Za-z0-9]*){0,6}(?:[ -]?[A-D]\b)?(?!\w)")
_IDENTITY_CUE = Cue("identity")
_LETTERS_BEFORE = Lazy(r"(?<![A-Za-z])[A-Z]{1,3} $")


def find_identities(text: str, numbers: Sequence[Number]) -> Iterator[Span]:
    """Numbers that a state or a bank gave a person, where a word says so."""
    for number in numbers:
        ssn = _SSN.match(text, number.digits)
        if ssn and _SSN_CUE.beside(text, *ssn.span()):
            yield Span(*ssn.span(), "ID")
            continue
        if not _IDENTITY_CUE.before(text, number.start):
            continue
        letters = _LETTERS_BEFORE.search(text, max(0, number.start - 4), number.start)
        start = letters.start() if letters and _IDENTITY_CUE.before(text, letters.start()) else number.start
        match = _IDENTITY.match(text, start)
        if match and sum(c.isdigit() for c in match.group()) >= 6:
            yield Span(*match.span(), "ID")


_IPV4 = Lazy(r"(?<![\w.+-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV4_GATE = Lazy(r"\.\d{1,3}\.\d{1,3}")
_IPV6 = Lazy(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_IPV6_GATE = Lazy(r":[0-9A-Fa-f]{0,4}:")
_ADDRESS_CUE = Cue("address")
_VERSION_CUE = Cue("version")
_WELL_KNOWN = frozenset(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "4.4.4.4", "1.2.3.4", "4.3.2.1"))
"""Public resolvers, and what stands in every manual."""
_EVERYBODYS = [ipaddress.ip_network(n) for n in ("0.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "fc00::/7")]
"""Private networks, multicast, masks."""


def find_addresses(text: str) -> Iterator[Span]:
    """Network addresses of a host. Those that every network has (private, loopback, masks), networks (``/24``) and versions stay."""
    if _IPV4_GATE.search(text):
        for match in _IPV4.finditer(text):
            if _names_a_host(match.group()) and _is_address(text, *match.span()):
                yield Span(*match.span(), "IP")
    if _IPV6_GATE.search(text):
        for match in _IPV6.finditer(text):
            written = match.group()
            if any(c.isdigit() for c in written) and sum(map(bool, written.split(":"))) >= 3 and _names_a_host(written):
                yield Span(*match.span(), "IP")


def _is_address(text: str, start: int, end: int) -> bool:
    network = text[end : end + 1] == "/" and text[end + 1 : end + 2].isdigit()
    if network or text[start:end].endswith(".0") or _is_section(text, start):
        return False
    if _VERSION_CUE.before(text, start):
        return False
    if _ADDRESS_CUE.before(text, start):
        return True
    octets = text[start:end].split(".")
    telling = any(len(o) == 3 for o in octets) or sum(len(o) == 2 for o in octets) >= 3
    return telling and not calculates(text, start, end)


def _is_section(text: str, start: int) -> bool:
    return text[max(0, start - 2) : start].rstrip().endswith(("\u00a7", "^", "~", ">", "<"))


def _names_a_host(written: str) -> bool:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    if written in _WELL_KNOWN or address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
        return False
    return not any(address in network for network in _EVERYBODYS if network.version == address.version)
