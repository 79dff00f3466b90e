"""Whether two formulas say the same: by their values at points, to 40 digits, so that no simplification can run away or go wrong.

Two different formulas of the length that is allowed agree at all of these points only by an accident that nobody will see. A value is a
number of bounded size at every step (9^9^9 is refused before it is computed, a factorial above 1,000 too), so each comparison ends
within milliseconds, in any thread, without a timer.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from mpmath.ctx_mp import MPContext

from thresher.scorers.formula import Tree

DIGITS: Final = 40
POINTS: Final = 7
_MOST_BITS: Final = 4000
"""A value lies between 2^-4000 and 2^4000."""
_MOST_ARGUMENT: Final = 2000
"""Of exponentials and factorials."""
_NEAR: Final = 0.02
"""Values that differ by less may be the same rounded in another way."""
_local = threading.local()


class Undefined(ArithmeticError):
    """No value at this point, or one beyond the bounds."""


def context() -> Any:
    """The numbers of this thread: mpmath keeps its precision in them, so that they are not shared."""
    if not hasattr(_local, "context"):
        _local.context = MPContext()
        _local.context.dps = DIGITS
    return _local.context


def symbols(tree: Tree) -> set[str]:
    """The names that stand for something."""
    own = {tree.name} if tree.op == "symbol" and tree.name not in ("pi", "inf", "e") else set()
    return own.union(*(symbols(part) for part in tree.parts))


def points(names: set[str]) -> list[dict[str, Any]]:
    """Values for the names, the same for ever: most positive and small, some large, some of either sign, no whole numbers."""
    ctx = context()
    drawn = []
    for n in range(POINTS):
        rng = random.Random(f"point {n}")
        values = {}
        for name in sorted(names):
            size = Fraction(rng.randrange(300_000, 3_000_000), 1_000_003) * (17 if n in (3, 4) else 1)
            sign = -1 if n >= POINTS - 2 and rng.random() < 0.6 else 1
            values[name] = ctx.mpf(sign * size.numerator) / size.denominator
        drawn.append(values)
    return drawn


def value(tree: Tree, at: Mapping[str, Any]) -> Any:
    """A real or complex number. Undefined where there is none."""
    ctx = context()
    if tree.op == "number":
        return _bounded(ctx.mpf(tree.number.numerator) / tree.number.denominator)
    if tree.op == "symbol":
        if tree.name in at:
            return at[tree.name]
        if tree.name in ("pi", "e"):
            return +(ctx.pi if tree.name == "pi" else ctx.e)
        raise Undefined(tree.name)
    if tree.op not in _OPERATIONS:
        raise Undefined(tree.op)
    parts = [value(part, at) for part in tree.parts]
    try:
        if tree.op == "^" and (exponent := rational(tree.parts[1])) and exponent.denominator % 2 and exponent.denominator > 1:
            return _bounded(_power(ctx, _root(ctx, parts[0], exponent.denominator), exponent.numerator))
        return _bounded(_OPERATIONS[tree.op](ctx, *parts))
    except (ZeroDivisionError, ValueError, OverflowError, TypeError) as error:
        raise Undefined(str(error)) from error


def rational(tree: Tree) -> Fraction | None:
    """The fraction that a tree is written as: ``3``, ``-0.5``, ``2/3``."""
    if tree.op == "number":
        return tree.number
    if tree.op == "neg":
        inner = rational(tree.parts[0])
        return None if inner is None else -inner
    if tree.op == "/":
        over, under = rational(tree.parts[0]), rational(tree.parts[1])
        return over / under if over is not None and under else None
    return None


def _bounded(number: Any) -> Any:
    ctx = context()
    if not ctx.isfinite(number) or (number != 0 and abs(ctx.mag(number)) > _MOST_BITS):
        raise Undefined("out of bounds")
    return number


def _power(ctx: Any, base: Any, exponent: Any) -> Any:
    if base == 0:
        if ctx.re(exponent) <= 0:
            raise Undefined("a power of nothing")
        return ctx.mpf(0)
    if abs(exponent) > _MOST_ARGUMENT or abs(exponent) * max(1, abs(ctx.mag(base))) > _MOST_BITS:
        raise Undefined("out of bounds")
    return ctx.power(base, exponent)


def _small(function: str) -> Callable[..., Any]:
    def apply(ctx: Any, argument: Any) -> Any:
        if abs(argument) > _MOST_ARGUMENT:
            raise Undefined("out of bounds")
        return getattr(ctx, function)(argument)

    return apply


def _factorial(ctx: Any, number: Any) -> Any:
    if ctx.im(number) != 0 or number < 0 or number > 1000 or number != int(number):
        raise Undefined("not a whole number from 0 to 1000")
    return ctx.factorial(number)


def _root(ctx: Any, number: Any, index: Any) -> Any:
    if ctx.im(index) != 0 or index != int(index) or not 1 <= index <= 100:
        raise Undefined("no root")
    if ctx.im(number) == 0 and ctx.re(number) < 0 and int(index) % 2:
        return -ctx.root(-number, int(index))  # the real one, as books have it
    return ctx.root(number, int(index))


def _log(ctx: Any, number: Any, base: Any = 10) -> Any:
    if number == 0:
        raise Undefined("no logarithm")
    return ctx.log(number) / ctx.log(base)


def _ln(ctx: Any, number: Any) -> Any:
    return _log(ctx, number, ctx.e)


def _sum(ctx: Any, *terms: Any) -> Any:
    return sum(terms, ctx.mpf(0))


_OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "+": _sum,
    "*": lambda ctx, one, other: one * other,
    "/": lambda ctx, one, other: one / other,
    "neg": lambda ctx, one: -one,
    "^": _power,
    "!": _factorial,
    "root": _root,
    "sqrt": lambda ctx, one: ctx.sqrt(one),
    "abs": lambda ctx, one: abs(one),
    "ln": _ln,
    "log": _log,
    "logb": lambda ctx, base, one: _log(ctx, one, base),
    **{name: _small(name) for name in ("exp", "sinh", "cosh", "tanh", "sin", "cos", "tan", "sec", "csc", "cot")},
    "arcsin": lambda ctx, one: ctx.asin(one),
    "arccos": lambda ctx, one: ctx.acos(one),
    "arctan": lambda ctx, one: ctx.atan(one),
}


def agree(one: Tree, other: Tree) -> bool | None:
    """Whether two expressions have the same value wherever they have one; None where they agree at some points and differ at others, are
    nearly the same everywhere, or have no values to compare. ``i`` is taken for the imaginary unit and for a name, and both must say the
    same."""
    names = symbols(one) | symbols(other)
    results = {_agree(one, other, names, imaginary) for imaginary in ((False, True) if "i" in names else (False,))}
    return results.pop() if len(results) == 1 else None


def _agree(one: Tree, other: Tree, names: set[str], imaginary: bool) -> bool | None:
    same = different = near = 0
    for at in points(names):
        if imaginary:
            at["i"] = context().mpc(0, 1)
        try:
            first, second = value(one, at), value(other, at)
        except Undefined:
            continue
        gap, size = abs(first - second), max(abs(first), abs(second))
        if gap <= context().mpf(10) ** (8 - DIGITS) * max(size, 1):
            same += 1
        else:
            different += 1
            near += gap <= _NEAR * size
    if same + different < 3 or (same and different) or (near and near == different):
        return None
    return same > 0


def proportional(one: Tree, other: Tree) -> bool | None:
    """Whether one is the other times a number that is not nothing, so that both are nought at the same places."""
    names = symbols(one) | symbols(other)
    ratios = []
    for at in points(names):
        try:
            first, second = value(one, at), value(other, at)
            ratios.append(_bounded(first / second))
        except (Undefined, ZeroDivisionError):
            continue
    if len(ratios) < 3:
        return None
    spread = max(abs(ratio - ratios[0]) for ratio in ratios)
    return bool(spread <= context().mpf(10) ** (8 - DIGITS) * abs(ratios[0]))
