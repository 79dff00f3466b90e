"""Numbers with units, as keys and responses write them.

Equal is what says the same unit and the same number as far as the key gives digits. Other units are never converted: whether 0.3 km will
do where the key says 300 m is for a judge to say.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Final, Literal

_LATEX: Final = (
    (re.compile(r"\\[()\[\]]"), " "),
    (re.compile(r"(?<!\\)\$([^$]+?)(?<!\\)\$"), r" \1 "),
    (re.compile(r"\\(?:text|textbf|mathrm|mathbf|mathit|operatorname|unit)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\[dt]?frac\s*\{(\d+)\}\s*\{(\d+)\}"), r" \1/\2"),
    (re.compile(r"(?<=\d)\{,\}(?=\d{3})"), ","),
    (re.compile(r"\^\s*\{?\s*\\?(?:circ|°)\s*\}?|\\degree|\\textdegree"), "°"),
    (re.compile(r"\\(?:times|cdot)\s*10\s*\^\s*(?:\{\s*([-\u2212+]?\d+)\s*\}|([-\u2212+]?\d+))"), r"e\1\2"),
    (re.compile(r"\s*[\u00d7x*\u00b7]\s*10\s*\^\s*(?:\{\s*([-\u2212+]?\d+)\s*\}|\(\s*([-\u2212+]?\d+)\s*\)|([-\u2212+]?\d+))"), r"e\1\2\3"),
    (re.compile(r"\\mu(?![A-Za-z])\s*"), "µ"),
    (re.compile(r"\\Omega(?![A-Za-z])"), "\u03a9"),
    (re.compile(r"\\cdot(?![A-Za-z])"), "·"),
    (re.compile(r"\\([%$#&])"), r"\1"),
    (re.compile(r"\\[,;:! ]|\\quad(?![A-Za-z])|~"), " "),
    (re.compile(r"\*\*|__|`"), ""),
)
_SUPERSCRIPT: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED = re.compile(r"[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_NUMBER: Final = (
    r"[-+]?(?:\d{1,3}(?:[,\u2009\u202f\u00a0' ]\d{3})+(?![\d])(?:\.\d+)?|\d+(?:[.,]\d+)?|[.]\d+)(?:\s*[eE]\s?[-+]?\d{1,4}(?!\d))?"
)
_QUANTITY = re.compile(
    rf"(?P<money>[$€£])?\s*(?P<number>{_NUMBER})(?:\s*/\s*(?P<under>\d+)(?![\d.]))?\s*(?P<unit>[^\d\s=<>].*)?", re.DOTALL
)
_NAMED = re.compile(
    r"\A(?:[A-Za-z\u03b1-\u03c9\u0391-\u03a9\\]{1,12}(?:_\{?\w{1,12}\}?|\([a-z0-9.]{1,6}\))?)"
    r"\s*(?:=|\u2248|\\approx(?![a-z]))\s*(?=\S)"
)
_ABOUT = re.compile(r"\A(?:about|approximately|approx\.?|roughly|around|~|\u2248|\\approx(?![a-z]))\s*", re.IGNORECASE)
_NAMES: Final = {
    "metre": "m", "meter": "m", "kilometre": "km", "kilometer": "km", "centimetre": "cm", "centimeter": "cm", "millimetre": "mm",
    "millimeter": "mm", "gram": "g", "kilogram": "kg", "milligram": "mg", "second": "s", "sec": "s", "minute": "min", "hour": "h",
    "hr": "h", "newton": "N", "joule": "J", "kilojoule": "kJ", "watt": "W", "kilowatt": "kW", "volt": "V", "ampere": "A", "amp": "A",
    "ohm": "\u03a9", "kelvin": "K", "pascal": "Pa", "hertz": "Hz", "coulomb": "C", "tesla": "T", "farad": "F", "mole": "mol",
    "litre": "L", "liter": "L", "l": "L", "degree": "°", "deg": "°", "percent": "%", "dollar": "$", "usd": "$", "us$": "$", "euro": "€",
    "eur": "€", "year": "yr", "y": "yr", "day": "d", "foot": "ft", "feet": "ft", "inch": "in", "inches": "in", "mile": "mi",
    "pound": "lb", "radian": "rad", "lightyear": "ly", "light-year": "ly",
}  # fmt: skip
"""Spelled units and their symbols; the plural with s too."""
_MONEY: Final = frozenset("$€£")
_LEAST_DIGITS: Final = 3
"""From this many significant digits on the last one is taken for rounded, and one off in it is the same measurement."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """``step`` is one unit in the last place that is given, ``digits`` how many significant ones there are; of a fraction step is 0.
    ``unit`` is in its canonical spelling. ``other`` is the value where a comma means the other thing, ``name`` that of
    which it is said to be the value."""

    value: Fraction
    step: Fraction
    digits: int
    unit: str
    scientific: bool = False
    other: Fraction | None = None
    name: str = ""

    @property
    def measured(self) -> bool:
        """Whether the number comes of measuring: decimals or a power of ten, and a unit other than money or percent."""
        return (self.step < 1 or self.scientific) and self.unit not in _MONEY | {"%", ""}


def plain(text: str) -> str:
    """A line of LaTeX or Markdown as plain text, powers of ten as ``e5``, powers of units as ``^2``."""
    text = text.replace("\u2212", "-").replace("\u2013", "-").replace("\u2126", "\u03a9").replace("\u03bc", "µ")
    text = _RAISED.sub(lambda m: "^" + m[0].translate(_SUPERSCRIPT), text)
    for pattern, to in _LATEX:
        text = pattern.sub(to, text)
    return re.sub(r"[ \t]+", " ", text).strip()


def quantity(text: str, *, comma: Literal["thousands", "decimal"] = "thousands") -> Quantity | None:
    """The one quantity that a text is; None where it is something else or holds another number outside its unit. A name before it
    (``v =``) and a word such as *about* do not count."""
    text = _ABOUT.sub("", plain(text).strip(" .;,"))
    name = ""
    if named := _NAMED.match(text):
        name, text = re.sub(r"[\s={}\u2248]|\\approx", "", named[0]), _ABOUT.sub("", text[named.end() :])
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    unit = unit_of((match["unit"] or "").strip())
    if unit is None or (match["money"] and unit not in ("", match["money"])):
        return None
    read = _number(match["number"], comma)
    if read is None:
        return None
    value, step, digits, scientific, other = read
    if match["under"]:
        if int(match["under"]) == 0 or step != 1 or scientific or gcd(int(value), int(match["under"])) != 1:
            return None  # 6/8 is another form than 3/4, and form may be what was asked for
        return Quantity(value / int(match["under"]), Fraction(0), digits, match["money"] or unit, name=name)
    return Quantity(value, step, digits, match["money"] or unit, scientific, other, name)


def _number(text: str, comma: str) -> tuple[Fraction, Fraction, int, bool, Fraction | None] | None:
    compact = re.sub(r"[\s\u2009\u202f\u00a0']", "", text).lower()
    mantissa, _, power = compact.partition("e")
    whole_groups = re.fullmatch(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", mantissa) is not None
    single = mantissa.count(",") == 1 and "." not in mantissa
    other = None
    if "," in mantissa:
        as_decimal = mantissa.replace(",", ".")
        as_thousands = mantissa.replace(",", "")
        if comma == "decimal" and single:
            mantissa, other = as_decimal, Fraction(as_thousands) if whole_groups else None
        elif whole_groups:
            mantissa, other = as_thousands, Fraction(as_decimal) if single else None
        elif single:
            mantissa = as_decimal
        else:
            return None
    elif comma == "decimal" and re.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}", mantissa):
        other = Fraction(mantissa.replace(".", ""))
    exponent = int(power or 0)
    decimals = len(mantissa.partition(".")[2])
    significant = mantissa.lstrip("+-").replace(".", "").lstrip("0")
    if abs(exponent) > 400 or len(significant) > 60:
        return None
    scale = Fraction(10) ** exponent
    value = Fraction(mantissa) * scale
    return value, scale / 10**decimals, max(1, len(significant)), bool(power), None if other is None else other * scale


def unit_of(text: str) -> str | None:
    """The canonical spelling of a unit, empty for none; None for words, further numbers, and anything else that is no unit."""
    text = unicodedata.normalize("NFC", text.strip().rstrip(".")).replace("^{", "^").replace("}", "").replace("{", "")
    if not text:
        return ""
    if text.lower() in ("per cent", "us dollars", "light years", "degrees celsius", "degrees fahrenheit"):
        return {"per cent": "%", "us dollars": "$", "light years": "ly", "degrees celsius": "°C"}.get(text.lower(), "°F")
    if re.search(r"[;:,?!\\|<>=\"]|(?<!\^)(?<!\^-)\d", text):
        return None
    divided = re.split(r"\s*/\s*|\s+per\s+", text)
    parts = [_product(part) for part in divided]
    return None if any(part is None for part in parts) else "/".join(str(part) for part in parts)


def _product(text: str) -> str | None:
    """Factors in alphabetic order, so that N·m is m·N."""
    factors = []
    for factor in re.split(r"\s*[·•*\u22c5]\s*|\s+", text.strip()):
        match = re.fullmatch(r"([^\W\d_]{1,12}|[°%$€£'\"\u2032\u2033]|°[CFK]|[^\W\d_]{1,10}-[^\W\d_]{1,10})(?:\^?(-?\d))?", factor)
        if match is None:
            return None
        factors.append(_symbol(match[1]) + (f"^{match[2]}" if match[2] else ""))
    return "·".join(sorted(factors)) if len(factors) <= 4 else None


def _symbol(word: str) -> str:
    """The symbol of a spelled unit, and the singular of what is counted; else the word as it is."""
    lower = word.lower()
    singular = lower[:-1] if lower.endswith("s") and len(lower) > 2 else lower
    if len(word) == 1 and word not in "ly":
        return word
    if symbol := _NAMES.get(lower) or (_NAMES.get(singular) if len(word) > 2 else None):
        return symbol
    return singular if len(word) > 4 and word.isalpha() else word


def same(key: Quantity, given: Quantity) -> tuple[bool | None, str]:
    """Whether what is given is the key's quantity, and why; None where only a judge can tell (another unit, digits in doubt)."""
    if key.name and given.name and key.name != given.name:
        return None, f"it is said of {given.name}, the key of {key.name}"
    if key.unit != given.unit:
        if {key.unit, given.unit} == {"%", ""} and _percent(key) == _percent(given):
            return True, "the same share"
        return None, f"its unit is {given.unit or 'missing'}, the key's {key.unit or 'none'}"
    gap = abs(key.value - given.value)
    if gap == 0:
        return (True, "the same number") if bool(key.step) == bool(given.step) else (None, "the same number in another form")
    tolerance = _tolerance(key)
    if gap <= tolerance and given.step <= key.step:
        return True, "the same number, as far as the key gives digits"
    if given.other is not None and abs(key.value - given.other) <= tolerance:
        return None, "a comma or point can be read in two ways"
    percent = abs(key.value) / 100 if key.digits > 1 and key.step else Fraction(0)
    doubt = max(key.step * 3 / 2, given.step / 2 if given.digits > 1 else Fraction(0), percent)
    if gap <= doubt and not _whole(key, given):
        return None, "nearly the same number"
    return False, "another number"


def _tolerance(key: Quantity) -> Fraction:
    if key.digits < _LEAST_DIGITS or (key.step >= 1 and not key.scientific):
        return Fraction(0)
    return key.step if key.measured else key.step / 2


def _whole(key: Quantity, given: Quantity) -> bool:
    """Two small whole numbers that differ do so however near they are."""
    return key.step == 1 and given.step == 1 and key.digits <= _LEAST_DIGITS and not key.unit


def _percent(quantity: Quantity) -> Fraction:
    return quantity.value / 100 if quantity.unit == "%" else quantity.value
