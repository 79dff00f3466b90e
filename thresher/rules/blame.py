"""Which model a post blames, as a mention that stands in it."""

from __future__ import annotations

from dataclasses import dataclass

from thresher.names import Named
from thresher.rules.claims import Words
from thresher.rules.conversation import Asked
from thresher.rules.settings import Rules

_MODEL_REACH = 400
"""How far before an answer the name of its model may stand, where the text names several."""


_OBJECT_REACH = 80
_VERB_REACH = 20


@dataclass(frozen=True, slots=True)
class Part:
    """The text of a record or its title, and what was found in it."""

    name: str
    text: str
    folded: str
    asked: Asked | None


def blamed_model(rules: Rules, parts: tuple[Part, ...], source: Part, asked: Asked, part: Part, claim: Words) -> tuple[Part, Named] | None:
    """The mention of the model that failed: in the label of the answer, in the claim, the only one there is, or the nearest before."""
    mentions = [(p, n) for p in parts for n in rules.names.find(p.folded)]
    if asked.response is not None:
        within = [x for x in mentions if x[0] is source and asked.response.label_start <= x[1].start < asked.response.start]
        if within:
            return _fullest(within[-1], mentions)
    if named := _asked_model(mentions, source, asked, rules):
        return _fullest(named, mentions)
    outside = [x for x in mentions if not any(s <= x[1].start < e for s, e in (x[0].asked.taken if x[0].asked else ()))] or mentions
    in_claim = [x for x in outside if x[0] is part and claim.start <= x[1].start < claim.end]
    if len({n.name for _, n in in_claim}) == 1:
        return _fullest(in_claim[0], mentions)
    if outside and all(_same_family(outside[0][1].name, n.name) for _, n in outside):
        return _fullest(outside[0], mentions)
    place = asked.response.start if asked.response else asked.prompt[0]
    before = [x for x in outside if x[0] is source and 0 <= place - x[1].end < _MODEL_REACH]
    return before[-1] if before else None


def _asked_model(mentions: list[tuple[Part, Named]], source: Part, asked: Asked, rules: Rules) -> tuple[Part, Named] | None:
    """The model that is the object of the verb before the prompt: ``asked Siri (which asks ChatGPT): "..."``."""
    begin = source.folded.rfind("\n", 0, asked.prompt[0]) + 1
    for part, named in mentions:
        if part is source and begin <= named.start < asked.prompt[0] and asked.prompt[0] - named.end < _OBJECT_REACH:
            verb = rules.cues["en"].ask.pattern.search(source.folded, max(begin, named.start - _VERB_REACH), named.start)
            if verb and source.folded[verb.end() : named.start].strip() in {"", "to", "for", "the", "my"}:
                return part, named
    return None


def _fullest(found: tuple[Part, Named], mentions: list[tuple[Part, Named]]) -> tuple[Part, Named]:
    """The most exact mention of the same model: ``Gemini`` in a label and ``Gemini 2.5 Flash`` in the first line are one."""
    longer = [m for m in mentions if m[1].name.startswith(found[1].name) and len(m[1].name) > len(found[1].name)]
    return longer[0] if longer and len({m[1].name for m in longer}) == 1 else found


def _same_family(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
