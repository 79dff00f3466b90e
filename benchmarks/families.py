"""Pairs with a known answer: easy duplicates that must be merged, and near misses that must stay two items.

A family is a pure function from a text and a source of chance to a changed text, or None where it does not apply. ``EASY`` are copies of
the same item; ``benchmarks.manners`` has more of them, by what people write around a question. ``TUNED`` are the six near misses that the
dedupe was built against. ``HELD_BACK`` (``benchmarks.held_back``) are near misses that nobody who writes a rule, a word list, a threshold
or training data may look at or tune on: their figures are the ones that tell how the dedupe does on what it has not seen, and they are
worth nothing once somebody has mended a rule for one of them. Judge them as a whole, and replace a family that was looked at by a new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

Change = Callable[[str, Random], str | None]

LONGEST = 1500
"""Characters of a real text that is changed: what lies beyond the encoder's limit is not seen, and a change there says nothing of it."""


@dataclass(frozen=True, slots=True)
class Family:
    """``templates`` make own texts to which ``change`` applies; ``real`` says whether it may also be tried on texts of other people,
    where a word has many uses."""

    name: str
    change: Change
    templates: tuple[str, ...]
    real: bool = True

    def apply(self, text: str, chance: Random) -> str | None:
        """The changed text; None where the family does not apply."""
        changed = self.change(text, chance)
        return None if changed is None or changed == text else changed

    def own(self, chance: Random) -> Iterator[tuple[str, str]]:
        """Pairs on generated texts, without end; the same text may come again."""
        while True:
            text = filled(chance.choice(self.templates), chance)
            changed = self.apply(text, chance)
            if changed is not None:
                yield text, changed


SLOTS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split("|"))
    for name, words in {
        "name": "Anna|Tomás|Priya|Kofi|Mei|Ivan|Leila|George|Ingrid|Mateo|Aisha|Henrik|Chloe|Rafael|Yuki|Nadia|Oscar|Zainab",
        "city": "Lisbon|Nairobi|Osaka|Toronto|Cairo|Prague|Lima|Hanoi|Oslo|Chicago|Mumbai|Perth|Seville|Riga|Dakar|Quito",
        "animal": "horse|otter|falcon|spider|salmon|goat|python|bat|camel|penguin|beetle|wolf|parrot|whale|hamster|octopus",
        "food": "bread|rice pudding|tomato soup|pancakes|lentil curry|apple pie|dumplings|hummus|risotto|goulash|ceviche|ramen",
        "topic": "photosynthesis|the French Revolution|inflation|black holes|vaccination|plate tectonics|the stock market|neural networks"
        "|soil erosion|the Silk Road|sleep apnoea|supply chains|coral reefs|jazz harmony|urban planning|antibiotics|tax law"
        "|quantum tunnelling",
        "job": "nurse|plumber|pilot|teacher|lawyer|baker|farmer|surgeon|translator|librarian|carpenter|chemist|editor|gardener",
        "thing": "bicycle|washing machine|laptop|violin|greenhouse|passport|sofa|camera|kettle|wardrobe|tent|bookshelf|drone|battery",
        "word": "strawberry|committee|parallel|rhythm|necessary|bookkeeper|banana|Mississippi|occurrence|lighthouse|umbrella|zucchini",
        "var": "total|items|price|index|buffer|count|rows|token|width|score|nodes|queue|level|offset",
        "let": "x|y|t|z|u|k|w|r",
    }.items()
}
_SLOT = re.compile(r"<(\w+?)\d?>")


def filled(template: str, chance: Random) -> str:
    """The template with words in its slots: <n> is a number from 2 to 99, <name2> another name than <name>."""
    used: dict[str, str] = {}

    def word(match: re.Match[str]) -> str:
        slot, name = match.group(), match.group(1)
        if name not in SLOTS and name != "n":
            return slot
        while slot not in used:
            filling = str(chance.randint(2, 99)) if name == "n" else chance.choice(SLOTS[name])
            if filling not in used.values():
                used[slot] = filling
        return used[slot]

    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", _SLOT.sub(word, template))


def like(word: str, model: str) -> str:
    """``word`` in the case of ``model``."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def swaps(*groups: str, before: str = "", after: str = "", case: bool = False, edge: str = r"\w") -> Change:
    """Replaces one word (or phrase) by another of its group, "a|b|c". ``before`` and ``after`` are patterns around it. A word is left
    alone where its replacement is in the text already: "larger or smaller" would become "larger or larger"."""
    others: dict[str, list[str]] = {}
    for group in groups:
        members = group.split("|")
        for member in members:
            others.setdefault(member if case else member.lower(), []).extend(m for m in members if m != member)
    words = "|".join(re.escape(word) for word in sorted(others, key=len, reverse=True))
    pattern = re.compile(rf"({before})(?<![{edge}])({words})(?![{edge}])({after})", 0 if case else re.IGNORECASE)

    def change(text: str, chance: Random) -> str | None:
        matches = list(pattern.finditer(text))
        chance.shuffle(matches)
        for match in matches:
            word = match.group(2)
            choices = others[word if case else word.lower()]
            choices = [c for c in choices if not re.search(rf"(?<!\w){re.escape(c)}(?!\w)", text, re.IGNORECASE)]
            if choices:
                new = chance.choice(choices)
                return text[: match.start(2)] + (new if case else like(new, word)) + text[match.end(2) :]
        return None

    return change


def rewrites(*rules: tuple[str, str | Callable[[re.Match[str], Random], str]]) -> Change:
    """Applies one of the rules (pattern, replacement) at one place."""
    compiled = [(re.compile(pattern), new) for pattern, new in rules]

    def change(text: str, chance: Random) -> str | None:
        choices = [(match, new) for pattern, new in compiled for match in pattern.finditer(text)]
        if not choices:
            return None
        match, new = chance.choice(choices)
        return text[: match.start()] + (match.expand(new) if isinstance(new, str) else new(match, chance)) + text[match.end() :]

    return change


def any_of(*changes: Change) -> Change:
    """The first of the changes, in an order by chance, that applies."""

    def change(text: str, chance: Random) -> str | None:
        for one in chance.sample(changes, len(changes)):
            changed = one(text, chance)
            if changed is not None:
                return changed
        return None

    return change


# ---- easy duplicates ------------------------------------------------------------------------------------------------------------------

_PLAIN_WORD = re.compile(r"(?<![\w\\{}_^'`/.$@-])[a-z]{6,}(?![\w'`/(={}@-])")


def typo(text: str, chance: Random) -> str | None:
    """A slip in each 120 letters, at least one, inside ordinary long words; numbers, names, code, formulas stay as they are."""
    spans = list(_PLAIN_WORD.finditer(text)) if "```" not in text else []
    if not spans:
        return None
    letters = list(text)
    for match in chance.sample(spans, min(len(spans), max(1, len(text) // 120))):
        at = match.start() + chance.randint(1, len(match.group()) - 3)
        kind = chance.randrange(3)
        if kind == 0 and letters[at] != letters[at + 1]:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif kind == 1:
            letters[at] = ""
        else:
            letters[at] *= 2
    return "".join(letters)


def layout(text: str, chance: Random) -> str | None:
    """The same words in another layout: bold, a heading, a quotation, other quotation marks and dashes, other bullets."""
    ways: list[Callable[[str], str]] = [
        lambda t: f"**{t}**" if "\n" not in t and "*" not in t else t.replace("**", "__"),
        lambda t: f"> {t}".replace("\n", "\n> "),
        lambda t: f'"{t}"' if '"' not in t else re.sub(r'"(.*?)"', "\u201c\\1\u201d", t),
        lambda t: t.replace("'", "\u2019").replace(" - ", " \u2014 ") if "'" in t or " - " in t else f"# {t}",
        lambda t: re.sub(r"(?m)^[-*] ", "\u2022 ", t),
        lambda t: re.sub(r"(?<=[.?!])\s+(?=[A-Z])", "\n\n", t),
    ]
    return next((new for way in chance.sample(ways, len(ways)) if (new := way(text)) != text), None)


def label(text: str, chance: Random) -> str | None:
    """A word in front that asks nothing."""
    return chance.choice(("Question: ", "Q: ", "Prompt: ", "Please answer: ", "Hi! ", "Exercise. ")) + text


def spacing(text: str, chance: Random) -> str | None:
    """Other white space and case; code and formulas, where case means something, are left alone."""
    if "```" in text or "\\" in text or "$" in text:
        return None
    cased = chance.choice((str.lower, str.upper, str.title))(text)
    return re.sub(r" ", lambda _: chance.choice((" ", " ", "  ", "\n")), cased)


def truncation(text: str, chance: Random) -> str | None:
    """Cut off inside the last sentence of a text of some length, as a scraper's limit does; most of the sentence stays."""
    words = text.split(" ")
    if len(words) < 20 or "\\" in text[-80:] or "```" in text:
        return None
    cut = " ".join(words[: -chance.randint(2, 3)])
    lost = text[len(cut) :]
    return None if re.search(r"[\d?]|\bnot\b|\n|[.!:;] ", lost[:-1]) else cut.rstrip(" ,;:.") + chance.choice(("", "...", "\u2026"))


_PROSE = (
    "Explain to a <job> in <city> why <topic> matters for the price of a <thing>, and "
    "mention one common misunderstanding about it that people repeat.",
    "My <animal> refuses to eat <food> since we moved to <city> last winter; what "
    "should <name> try before calling somebody for professional help?",
    "Write the beginning of a story in which a <job> called <name> finds a <thing> in <city> "
    "and slowly understands that it belonged to a stranger.",
    "The assistant told <name> that a <animal> can live on <food> alone, which "
    "contradicts everything known about <topic> and seems rather dangerous.",
    "Compare how a <job> and a <job2> would describe <topic> when "
    "somebody asks them during dinner in <city> with friends who know nothing about it.",
)

EASY = (
    Family("typo", typo, _PROSE),
    Family("format", layout, _PROSE),
    Family("label", label, _PROSE),
    Family("spacing", spacing, _PROSE),
    Family("truncation", truncation, _PROSE),
)

# ---- near misses that rules and thresholds were tuned on --------------------------------------------------------------------------------

_FIRST_NAMES = "|".join(SLOTS["name"]) + "|Alice|Bob|John|Mary|Peter|Sarah|David|Maria|James|Emma|Tom|Lucy|Michael|Susan|Paul|Laura"


def _other_number(match: re.Match[str], chance: Random) -> str:
    old = match.group()
    return str(int(old) + chance.choice((1, 2, 3, 10)))


def order(text: str, chance: Random) -> str | None:
    """The two sides of "from a to b", "a and then b", "a - b" change places."""
    pattern = re.compile(r"\b(from) ([\w ]{2,20}?) (to) (\w{2,20})\b|\b(\w{1,12}) (-|/|>|<|then|beats|before) (\w{1,12})\b")
    matches = [m for m in pattern.finditer(text) if (m.group(2) or m.group(5)).lower() != (m.group(4) or m.group(7)).lower()]
    if not matches:
        return None
    m = chance.choice(matches)
    new = f"{m[1]} {m[4]} {m[3]} {m[2]}" if m[1] else f"{m[7]} {m[6]} {m[5]}"
    return text[: m.start()] + new + text[m.end() :]


def negation(text: str, chance: Random) -> str | None:
    """A "not" put in or taken out."""
    taken = re.sub(r"(?<=\b(?:is|do) )not |(?<=\b(?:are|was|can|did) )not |(?<=\bdoes )not |(?<=\bshould )not ", "", text, count=1)
    if taken != text:
        return taken
    return rewrites(
        (r"(?i)\b(does|did|should|would|will|can) (it|he|she|they|we|I) ", r"\1 \2 not "),
        (r"(?i)\b(is the \w+) (?=afraid|older|safe)", r"\1 not "),
    )(text, chance)


_SUBSTITUTES = SLOTS["animal"] + SLOTS["thing"] + SLOTS["food"]


def one_word(text: str, chance: Random) -> str | None:
    """One noun after "the", "a" or "my" becomes quite another."""
    pattern = re.compile(r"\b(the|a|my|this) ([a-z]{4,12})(?=[.,?!;]|$| (?:is|was|in|on|of|and|to|that|has|can|will)\b)")
    matches = list(pattern.finditer(text))
    if not matches or "```" in text:
        return None
    match = chance.choice(matches)
    new = chance.choice([w for w in _SUBSTITUTES if w not in text and w[0] not in "aeiou"])
    return text[: match.start(2)] + new + text[match.end(2) :]


def arithmetic(text: str, chance: Random) -> str | None:
    """Another operand or another operator in a sum."""
    match = re.search(r"\b(\d+) ([-+*/\u00d7]) (\d+)\b", text)
    if not match:
        return None
    a, operator, b = match.groups()
    if chance.random() < 0.5:
        operator = chance.choice([o for o in "+-*/" if o != operator])
    else:
        b = str(int(b) + chance.choice((1, 2, 9)))
    return text[: match.start()] + f"{a} {operator} {b}" + text[match.end() :]


TUNED = (
    Family("number", rewrites((r"(?<![\w.,/^_{-])[1-9]\d{0,3}(?![\w.,/:}%-])", _other_number)), (
        "A <job> sells <n> <food> a day in <city>. How many in <n2> days?",
        "How long does a <animal> of <n> kg need for <n2> km?",
        "<name> pays <n> coins for a <thing> and <n2> for a <thing2>. How much is left of <n3> coins?",
    )),
    Family("name", swaps(_FIRST_NAMES, case=True), (
        "<name> gave the <thing> to a <job> in <city>. Who has it now?",
        "Write a letter from <name> to a <job> about <topic>.",
        "Did <name> see the <animal> that ate the <food>?",
    )),
    Family("negation", negation, (
        "Which of these is not a reason why a <animal> eats <food>?",
        "Name a <thing> that does not work in <city>.",
        "Explain why a <job> should not talk about <topic> with <name>.",
        "Is the <animal> afraid of a <job>?",
    ), real=False),
    Family("order", order, (
        "How do I travel from <city> to <city2> with a <animal>?",
        "What happens to a <thing> when I boil <n> then <n2> eggs?",
        "What is <n> - <n2>?",
        "In a game, <name> beats <name2>. Who plays the final in <city>?",
    ), real=False),
    Family("one_word", one_word, (
        "How do I clean the <thing>? My neighbour is a <job>.",
        "Tell <name> a joke about the <animal>, one that mentions <topic>.",
        "What should a <job> in <city> pay for a <thing>?",
    ), real=False),
    Family("arithmetic", arithmetic, (
        "What is <n> * <n2>?",
        "Compute <n> + <n2> and explain it to a <job>.",
        "The model said that <n> - <n2> is <n3>. What is it really?",
        "<name> says: <n> / <n2>. Give the result to two places.",
    ), real=False),
)  # fmt: skip
