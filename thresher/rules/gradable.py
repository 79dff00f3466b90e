"""How far an answer to a question can be graded: a scale of five, told by the form of the question, its site's tags and what answers it.

fact            something is so or not, has a name, a value, a reason
derivation      it follows by calculation or proof
procedure       how something is done: doing it shows whether it works
opinion         it depends on who is asked: taste, worth, policy, what will be
recommendation  which thing to take, read, buy or use

The first three are gradable. A question of one of them still has no key where its accepted answer is none: unsure, from experience alone,
in a picture or behind a link, less than was asked, or not what the voters stand behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from thresher.cues import fold
from thresher.model import Record
from thresher.rules.settings import Grading, Rules
from thresher.rules.standing import IMAGE, LINK

Grade = Literal["fact", "derivation", "procedure", "opinion", "recommendation"]
GRADABLE: frozenset[Grade] = frozenset({"fact", "derivation", "procedure"})

FORMULA = re.compile(r"\$\$[^$]{1,2000}\$\$|(?<![\w$])\$[^$\n]{1,400}\$(?![\w$])|\\\(.{1,400}?\\\)|\\\[.{1,2000}?\\\]", re.DOTALL)
"""Mathematics as posts write it. Two sums of money in one line look alike, so one formula shows nothing."""
_IS_MATHEMATICS = re.compile(r"[\\^_=<>+*/]|^.?[a-zA-Z].?$")
CODE_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_INLINE_CODE = re.compile(r"`[^`\n]+`")
_QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_LINKED = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,1000}\)")
_CITED = re.compile(
    r"\"[^\"\n]{1,200}\"|\u201c[^\u201d\n]{1,200}\u201d|\u201e[^\u201c\u201d\n]{1,200}[\u201c\u201d]|\*[^*\n]{1,80}\*|(?<!\w)'[^'\n]{1,80}'(?!\w)"
)
"""Examples of words, in which nobody speaks."""
_ELSEWHERE = re.compile(r"(?:jsfiddle|codepen|pastebin|gist\.github|plnkr|jsbin|codesandbox|dropbox|drive\.google|repl\.it)", re.IGNORECASE)
"""Hosts to which people upload what they ask about."""
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?\n]*")
_ASKS = re.compile(
    r"\?|^\W*(?:any|please|looking for|i'?m looking for|i am looking for|i'?m wondering|i wonder|i was wondering|let me know)\b", re.I
)
_FIRST_PERSON = re.compile(
    r"(?<!\w)(?:i|i've|i'm|i'd|i'll|my|we|our|ich|wir|mein\w*|unser\w*|je|j'ai|nous|mon|ma|mes|yo|mi|mis|(?<!the )eu|meu|io|mio)(?!\w)"
)
_ANYBODY = re.compile(
    r"(?<!\w)(?:(?:how|can|could|when|where|long|if|that|what) (?:(?:do|can|could|should|would|might|will|must) )?(?:i|we)"
    r"|(?:kann|könnte|muss|soll|sollte|bekomme|mache|finde|berechne) (?:ich|wir)|(?:puis|peux|dois|devrais|comment)[ -]je)(?!\w)"
)
"""In questions, I and we stand for anybody: *how do I*, *can we*."""
_ASKS_WHICH = re.compile(r"(?:(?:in|on|at|to|from|by|for|with|of) )?(?:which|what|whose|who|where|when)(?!\w)")
_WANTS_TO_KNOW = re.compile(
    r"(?<!\w)(?:(?:and |so |but )?my (?:main |actual )?questions? (?:is|are)|(?:i'm|i am|i was|i've been|i have been) (?:just )?"
    r"(?:wondering|curious|asking|interested|confused|aware|looking|trying to understand)|i (?:just )?"
    r"(?:wonder|wondered|know|understand|want to know|would like to know|need to know|don't understand|can't find|couldn't find"
    r"|(?:have |often |always |recently |just )*(?:wondered|heard|read|seen|noticed|saw|learned|found|thought|think|believe|assume)))(?!\w)"
)
"""In which somebody says that they ask, and nothing of themselves."""
_OPENERS = " *_\"'([¿"
_OPENING = 150
"""Characters of an answer in which one word of doubt is enough."""
_TOLD = 400
"""Characters in which somebody says what is wrong with a thing of theirs."""
_MOSTLY = 0.5
"""Share of sentences in the first person from which an answer tells of its author."""
_MANY_ASKED = 4
"""Questions in one post from which an answer of ordinary length leaves some open."""
_EACH = 200
_OUTVOTED = 3
"""Votes by which another answer must lead to be what the site thinks."""
_SPREAD_ANSWERS = 4
_SPREAD_SHARE = 0.45
"""With so many answers, none of which has this share of the votes, there is no one answer."""
_LEAST_BESIDE_LINKS = 80


def grade(question: Record, answer: Record, rules: Rules) -> Grade:
    """Where on the scale a question stands."""
    cues = rules.grading
    if said := _by_site(question, cues):
        return said
    sentences = [fold(s) for s in asks(question)]
    title, asked = fold(prose(question.title)), " ".join(sentences)
    if cues.recommendation.search(title) or cues.recommendation.search(asked):
        return "recommendation"
    formal = is_technical(question, answer)
    advice = any(cues.advice.match(s.lstrip(_OPENERS)) for s in (title, *sentences))
    if advice or cues.taste.search(title) or cues.taste.search(asked) or (not formal and _is_opinion(title, asked, cues)):
        return "opinion"
    if _is_derivation(question, answer, title, asked, cues):
        return "derivation"
    fixed = cues.explanation.search(title) or cues.yes_or_no.match(title.lstrip(_OPENERS))
    if cues.procedure.search(title) or (not fixed and cues.procedure.search(asked)):
        return "procedure"
    return "fact"


def unfirm(question: Record, answer: Record, answers: Sequence[Record], rules: Rules) -> str:
    """Why an accepted answer is no key, in a word; empty where it is one. ``answers`` are all that the thread holds."""
    if _contested(answer, answers):
        return "contested"
    own_words = prose(answer.text)
    if IMAGE.search(answer.text):
        return "picture"
    if LINK.search(answer.text) and len(LINK.sub("", own_words).strip()) < _LEAST_BESIDE_LINKS and not CODE_BLOCK.search(answer.text):
        return "link"
    technical = is_technical(question, answer)
    if _is_own_case(question, rules.grading, technical=technical):
        return "own_case"
    opening = fold(own_words)[: 2 * _OPENING]
    if rules.grading.dated.search(opening):
        return "dated"
    if _hedges(fold(own_words), formal=technical, cues=rules.grading):
        return "unsure"
    if rules.grading.tells_solution.search(fold(own_words)) or (not technical and _is_anecdote(fold(own_words))):
        return "anecdote"
    asked = len(asks(question))
    if asked >= _MANY_ASKED and len(answer.text) < _EACH * asked:
        return "partial"
    return ""


def is_technical(question: Record, answer: Record) -> bool:
    """Whether question or answer holds code or mathematics, and the answer at least a piece of it."""
    return bool(formulas(answer) or _has_block(answer) or (_INLINE_CODE.search(answer.text) and _has_block(question)))


def _has_block(record: Record) -> bool:
    return "```" in record.text and CODE_BLOCK.search(record.text) is not None


def _is_derivation(question: Record, answer: Record, title: str, asked: str, cues: Grading) -> bool:
    """Whether an answer holds more mathematics than a symbol or two, and is asked for by formulas or by name; why something is so is
    explained and not derived."""
    if formulas(answer) < (1 if formulas(question) else 2) or cues.explanation.match(title.lstrip(_OPENERS)):
        return False
    return formulas(question) > 0 or cues.derivation.search(f"{title} {asked}") is not None


def formulas(record: Record) -> int:
    """Formulas in title and text; sums of money are none."""
    text = f"{record.title}\n{record.text}"
    if "$" not in text and "\\(" not in text and "\\[" not in text:
        return 0  # as in most posts; the pattern is tried at every character
    text = _INLINE_CODE.sub(" ", _without_blocks(text, " "))
    return sum(1 for m in FORMULA.finditer(text) if _IS_MATHEMATICS.search(m.group().strip("$\\()[] \n")))


def asks(record: Record) -> list[str]:
    """The sentences of a post that ask something, its title among them where it does; quotations and code are left out."""
    return [s for s in _sentences(f"{prose(record.title)}\n{prose(record.text)}") if _ASKS.search(s)]


def _by_site(question: Record, cues: Grading) -> Grade | None:
    """What the site and its own tags say of a question."""
    site = question.site.lower().split(".")
    if "meta" in site or cues.opinion_sites.search(site[0]):
        return "opinion"
    if cues.recommendation_sites.search(site[0]):
        return "recommendation"
    tags = question.marks.get("tags")
    words = fold(" ".join(str(t).replace("-", " ") for t in tags)) if isinstance(tags, list) else ""
    if cues.recommendation_tags.search(words):
        return "recommendation"
    return "opinion" if cues.opinion_tags.search(words) else None


def _is_opinion(title: str, asked: str, cues: Grading) -> bool:
    if cues.opinion.search(title):
        return True
    fixed = cues.explanation.search(title) or cues.procedure.search(title) or cues.yes_or_no.match(title.lstrip(_OPENERS))
    return not fixed and cues.opinion.search(asked) is not None


def _contested(answer: Record, answers: Sequence[Record]) -> bool:
    """Whether the voters stand behind another answer, or behind none."""
    own = _score(answer)
    others = [_score(a) for a in answers if a is not answer]
    best = max(others, default=0)
    if best >= own + _OUTVOTED and best >= 1.5 * own:
        return True
    votes = max(own, 0) + sum(max(s, 0) for s in others)
    return len(others) + 1 >= _SPREAD_ANSWERS and votes > 0 and own < _SPREAD_SHARE * votes


def _is_own_case(question: Record, cues: Grading, *, technical: bool) -> bool:
    """Whether a question is about something that nobody but who asks can see: a machine that broke, a program that is not shown, a choice
    in their life. Where no code and no formula is at stake, the title asks something of everybody, or the text does and tells nothing of
    who asks."""
    title, text = fold(prose(question.title)), fold(prose(question.text))
    if cues.own_machine.search(f"{title}\n{text}"[:_TOLD]):
        return True
    if _has_block(question) or formulas(question):
        return False
    if cues.own_trouble.search(f"{title}\n{text}"[:_TOLD]) or _ELSEWHERE.search(question.text):
        return True
    if technical or _is_general(title, cues):
        return False
    return _tells_of_asker(text) or not any(_is_general(fold(s), cues) for s in asks(question))


def _is_general(asked: str, cues: Grading) -> bool:
    """Whether a title or sentence asks why, what, when, whether or how, and nobody's own in particular."""
    opens = asked.lstrip(_OPENERS)
    asks_so = cues.yes_or_no.match(opens) or _ASKS_WHICH.match(opens) or cues.explanation.search(asked) or cues.procedure.search(asked)
    return asks_so is not None and not _tells_of_asker(asked)


def _tells_of_asker(folded: str) -> bool:
    return _FIRST_PERSON.search(_CITED.sub(" ", _ANYBODY.sub(" ", _WANTS_TO_KNOW.sub(" ", folded)))) is not None


def _hedges(folded: str, *, formal: bool, cues: Grading) -> bool:
    if cues.unsure.search(folded, 0, 4 * _OPENING):
        return True
    if formal:
        return False
    doubts = [m.start() for m in cues.hedged.finditer(folded)]
    return bool(doubts) and (doubts[0] < _OPENING or len(doubts) > 1 + len(folded) // 1500)


def _is_anecdote(folded: str) -> bool:
    """Whether an answer tells what its author does or met: from its first sentence on, or in most."""
    sentences = [s for s in _sentences(_CITED.sub(" ", folded)) if len(s.split()) > 2]
    personal = [_FIRST_PERSON.search(s) is not None for s in sentences]
    return len(sentences) > 0 and (personal[0] or sum(personal) >= max(1, _MOSTLY * len(sentences)))


def _sentences(text: str) -> Iterator[str]:
    return (s for m in _SENTENCE.finditer(text) if (s := m.group().strip()))


def prose(text: str) -> str:
    """Own words: without code, quoted lines, and the addresses of links. What every match holds is looked for first: most posts hold none,
    and the patterns are tried at every character."""
    text = _INLINE_CODE.sub(" ", _without_blocks(text, ""))
    if ">" in text:
        text = _QUOTED.sub("", text)
    return _LINKED.sub(r"\1", text) if "](" in text else text


def _without_blocks(text: str, instead: str) -> str:
    return CODE_BLOCK.sub(instead, text) if "```" in text else text


def _score(record: Record) -> int:
    for name in ("score", "likes"):
        value = record.marks.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0
