"""Whether a formula that a response gives is the key: equations, intervals, points, lists and plain expressions.

Yes and no are said only where they are sure; else None, and a judge looks at it. Equal value is not enough where the question itself holds
an expression of that value: who is asked to factor it and gives it back has not answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd
from typing import Final

from thresher.scorers.algebra import agree, proportional, rational, symbols
from thresher.scorers.formula import Tree

_MIRRORED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_BRACKETS: Final = frozenset({"()", "[]", "(]", "[)", "{}"})
_MOST_PARTS: Final = 12
"""Of a list that is compared in any order."""


def same(key: Tree, given: Tree, asked: Sequence[Tree] = ()) -> tuple[bool | None, str]:
    """Whether the given formula is the key, and why. ``asked`` are the formulas of the question."""
    if canonical(key) == canonical(given):
        return True, "the same formula"
    (key, calculated), (given, _) = result(key), result(given)
    asked = [*asked, *filter(None, [calculated])]
    verdict = _compare(key, given)
    if not verdict:
        return verdict, "another value" if verdict is False else "formulas of which code cannot say whether they are the same"
    bare_key, bare = _unnamed(key), _unnamed(given)
    if canonical(bare_key) == canonical(bare):
        return True, "the same formula"
    if rational(bare_key) is not None and (rational(bare) is None or not isinstance(canonical(bare)[1], Fraction)):
        return None, "a calculation of the right value"
    if any(_compare(bare_key, formula) for formula in asked):
        return None, "the right value, which the question gives in another form"
    if _size(bare) > 2 * _size(bare_key) + 8:
        return None, "the right value in a much longer form"
    return True, "the same value at every point"


def _compare(key: Tree, given: Tree) -> bool | None:
    if "list" in (key.op, given.op) or _has(key, "pm") or _has(given, "pm"):
        return _lists(key, given)
    if key.op in _MIRRORED or given.op in _MIRRORED:
        return _inequality(key, given)
    if key.op == "=" or given.op == "=":
        return _equation(key, given)
    if "union" in (key.op, given.op):
        parts, others = (tree.parts if tree.op == "union" else (tree,) for tree in (key, given))
        return _all(map(_compare, parts, others)) if len(parts) == len(others) else None
    if key.op in _BRACKETS or given.op in _BRACKETS:
        if key.op not in _BRACKETS or given.op not in _BRACKETS or len(key.parts) != len(given.parts):
            return None
        inside = _all(map(_compare, key.parts, given.parts))
        return False if inside and key.op != given.op else inside
    if "call" in (key.op, given.op) or _has(key, "call") or _has(given, "call"):
        return True if canonical(key) == canonical(given) else None
    infinite = [_infinite(tree) for tree in (key, given)]
    return infinite[0] == infinite[1] if any(infinite) else agree(key, given)


def _infinite(tree: Tree) -> int:
    """1 or -1 for an infinity, else 0."""
    if tree.op == "neg":
        return -_infinite(tree.parts[0])
    return int(tree.op == "symbol" and tree.name == "inf")


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    seen = list(verdicts)
    return False if False in seen else None if None in seen else True


def _equation(key: Tree, given: Tree) -> bool | None:
    """A value under a name (``x = 5``, ``f(x) = ...``) by its value; any other equation by whether both sides differ by the same factor."""
    names = [_name(tree) for tree in (key, given)]
    if key.op == "=" and given.op == "=" and None in names:
        difference, other = (Tree("+", (tree.parts[0], Tree("neg", (tree.parts[1],)))) for tree in (key, given))
        varies = all(symbols(tree) and not _has(tree, "call") for tree in (difference, other))
        return (proportional(difference, other) or None) if varies else None
    if (key.op == "=" and names[0] is None) or (given.op == "=" and names[1] is None):
        return None
    if None not in names and names[0] != names[1] and not _interchangeable(str(names[0]), str(names[1])):
        return None
    return _compare(_unnamed(key), _unnamed(given))


def _interchangeable(one: str, other: str) -> bool:
    """``f(x) =`` and ``y =`` say the same; ``x =`` and ``y =`` do not, nor do ``f`` and its inverse."""
    return "y" in (one, other) and {one, other} & {"f(x)", "g(x)", "h(x)"} != set()


def _name(tree: Tree) -> str | None:
    """The left side of an equation that only names the right one."""
    left = tree.parts[0] if tree.op == "=" else tree
    if tree.op != "=" or left.op not in ("symbol", "call") or left.name in symbols(tree.parts[1]):
        return None
    if left.op == "symbol":
        return left.name
    return f"{left.name}({left.parts[0].name})" if left.parts[0].op == "symbol" else f"{left.name}({canonical(left.parts[0])})"


def _unnamed(tree: Tree) -> Tree:
    return tree.parts[1] if tree.op == "=" and _name(tree) is not None else tree


def result(tree: Tree) -> tuple[Tree, Tree | None]:
    """The right side of an equation that calculates (``\\sqrt{125} = 5\\sqrt{5}``), and its left side; any other tree as it is."""
    if tree.op != "=" or _name(tree) is not None or any(_has(tree, op) for op in ("call", "pm")):
        return tree, None
    return (tree.parts[1], tree.parts[0]) if _compare(*tree.parts) else (tree, None)


def _inequality(key: Tree, given: Tree) -> bool | None:
    if key.op not in _MIRRORED or given.op not in _MIRRORED:
        return None
    if key.op == given.op:
        sides = given.parts
    elif _MIRRORED[key.op] == given.op:
        sides = given.parts[::-1]
    else:
        return None
    return _all(map(_compare, key.parts, sides)) or None


def _lists(key: Tree, given: Tree) -> bool | None:
    """In the order given; in another order nobody knows whether it matters, but that of plus and minus does not."""
    wanted, offered = _expanded(key), _expanded(given)
    if wanted is None or offered is None or max(len(wanted), len(offered)) > _MOST_PARTS:
        return None
    if len(wanted) != len(offered):
        return None
    in_order = [_compare(*pair) for pair in zip(wanted, offered, strict=True)]
    if all(in_order):
        return True
    table = [[_compare(one, other) for other in offered] for one in wanted]
    if any(all(cell is False for cell in row) for row in table):
        return False
    if _matched(table) and (_has(key, "pm") or _has(given, "pm")):
        return True
    return None


def _matched(table: list[list[bool | None]]) -> bool:
    """Whether each of one list is exactly one of the other."""
    columns = list(zip(*table, strict=True))
    return all(sum(cell is True for cell in line) == 1 for line in (*table, *columns))


def _expanded(tree: Tree) -> list[Tree] | None:
    """The members of a list; one with a plus-minus is two."""
    members: list[Tree] = []
    for part in tree.parts if tree.op == "list" else (tree,):
        signs = _count(part, "pm")
        if signs > 1:
            return None
        members += [_signed(part, sign) for sign in ("+", "neg")] if signs else [part]
    return members


def _signed(tree: Tree, sign: str) -> Tree:
    if tree.op == "pm":
        return tree.parts[0] if sign == "+" else Tree("neg", tree.parts)
    return Tree(tree.op, tuple(_signed(part, sign) for part in tree.parts), tree.name, tree.number, tree.decimals)


def _count(tree: Tree, op: str) -> int:
    return (tree.op == op) + sum(_count(part, op) for part in tree.parts)


def _has(tree: Tree, op: str) -> bool:
    return _count(tree, op) > 0


def _size(tree: Tree) -> int:
    return 1 + sum(map(_size, tree.parts))


Canonical = tuple[object, ...]


def canonical(tree: Tree) -> Canonical:
    """One spelling of what is written in several: order of terms and factors, signs, fractions as products, roots as powers. Nothing is
    calculated: 6/8 is not 3/4, a half is not 0.5, and 2 times 3 is not 6."""
    if tree.op == "number":
        return ("decimal" if tree.decimals else "number", tree.number)
    if tree.op == "+":
        return ("+", tuple(sorted((term for part in tree.parts for term in _terms(part)), key=repr)))
    if tree.op in ("*", "/", "neg"):
        return _product(tree)
    if tree.op in ("sqrt", "root"):
        index = tree.parts[1] if tree.op == "root" else Tree("number", number=Fraction(2))
        return ("^", canonical(tree.parts[0]), canonical(Tree("/", (Tree("number", number=Fraction(1)), index))))
    return (tree.op, tree.name, *map(canonical, tree.parts))


def _terms(tree: Tree) -> list[Canonical]:
    return [term for part in tree.parts for term in _terms(part)] if tree.op == "+" else [canonical(tree)]


def _product(tree: Tree) -> Canonical:
    sign = 1
    numbers: dict[int, list[Fraction]] = {1: [], -1: []}
    factors: list[tuple[str, int]] = []
    decimal = False
    waiting = [(tree, 1)]
    while waiting:
        part, power = waiting.pop()
        if part.op == "number":
            decimal = decimal or part.decimals > 0
            numbers[power].append(part.number)
        elif part.op == "neg":
            sign = -sign
            waiting.append((part.parts[0], power))
        elif part.op in ("*", "/"):
            waiting += [(part.parts[0], power), (part.parts[1], power if part.op == "*" else -power)]
        else:
            factors.append((repr(canonical(part)), power))
    over, under = ([number for number in numbers[power] if number != 1] for power in (1, -1))
    reduced = len(over) <= 1 and len(under) <= 1 and (not under or decimal or gcd(int(over[0]) if over else 1, int(under[0])) == 1)
    value = (
        Fraction(sign) * (over[0] if over else 1) / (under[0] if under and under[0] else 1)
        if reduced
        else (sign, tuple(over), tuple(under))
    )
    if not factors:
        return ("decimal" if decimal else "number", value)
    return ("*", "decimal" if decimal else "number", value, tuple(sorted(factors)))
