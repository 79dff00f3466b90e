"""Whether a verdict that cites may count: code looks at what it cites, whoever gave it. A verdict with a fault is no verdict."""

from __future__ import annotations

from collections.abc import Iterator

from thresher.rulebook.model import Rulebook, Ruled

_OF_TWO = ("first", "second", "tie")
_OF_ONE = ("pass", "fail")


def faults(book: Rulebook, ruled: Ruled) -> list[str]:
    """What is wrong with a verdict, each in a sentence; empty for one that counts."""
    return [*_of_version(book, ruled), *_of_form(ruled), *_of_words(ruled), *_of_precedence(book, ruled)]


def _of_version(book: Rulebook, ruled: Ruled) -> Iterator[str]:
    if ruled.version != book.version:
        yield f"it was given by version {ruled.version} and is checked against version {book.version}"
    for rule_id in ruled.rules:
        if rule_id not in book.rules:
            yield f"it cites {rule_id}, which version {book.version} does not have"


def _of_form(ruled: Ruled) -> Iterator[str]:
    two = len(ruled.responses) == 2
    if ruled.verdict in (_OF_ONE if two else _OF_TWO):
        yield f"the verdict {ruled.verdict!r} does not fit {len(ruled.responses)} response{'s' if two else ''}"
    if twice := sorted({rule_id for rule_id in ruled.rules if ruled.rules.count(rule_id) > 1}):
        yield f"it cites {', '.join(twice)} more than once"


def _of_words(ruled: Ruled) -> Iterator[str]:
    """Verbatim means character for character: whoever cites has the text before them."""
    for number, response in enumerate(ruled.responses, 1):
        for words in response.decides:
            if not words.strip():
                yield f"the deciding words of response {number} are empty"
            elif words not in response.text:
                yield f"response {number} does not hold the words {words[:80]!r}"
    if not any(response.decides for response in ruled.responses) and any(response.text.strip() for response in ruled.responses):
        yield "it names no words of a response that decide"


def _of_precedence(book: Rulebook, ruled: Ruled) -> Iterator[str]:
    cited = [rule_id for rule_id in ruled.rules if rule_id in book.rules]
    for at, later in enumerate(cited):
        for earlier in cited[:at]:
            if later != earlier and book.precedes(later, earlier):
                yield f"{later} stands above {earlier} and must be cited before it"
