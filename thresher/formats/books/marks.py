"""Letters and Roman numerals before the items of a list and the parts of a problem."""

from __future__ import annotations

_ROMAN = ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def letter(n: int) -> str:
    """1 is a, 26 is z, 27 is aa."""
    return letter((n - 1) // 26) + chr(97 + (n - 1) % 26) if n > 0 else ""


def roman(n: int) -> str:
    """Lower-case Roman numerals, up to the length that lists have."""
    out = ""
    for value, sign in _ROMAN:
        while n >= value:
            out, n = out + sign, n - value
    return out
