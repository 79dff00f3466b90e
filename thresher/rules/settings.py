"""``config/rules.toml`` and ``exercises.toml``, checked: all that the rules know, in one frozen object. Patterns are compiled when used."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thresher.cues import Cue, any_of, pattern_of
from thresher.errors import SettingsError
from thresher.names import Family, Names
from thresher.rules.schema import EXERCISES, Language, Limits, Phrases, Programs, RulesFile, Tasks, Vote, explain

_NO_PROSE = re.compile(r"\w\.ai(?!\w)|https?:|[\\{}_^=$\u2200-\u22ff]")
"""What stands in addresses and formulas, in which two letters are no word."""


@dataclass(frozen=True, slots=True)
class Cues:
    """The compiled cues of one language, English beside it. ``quoted`` finds the word before a quotation that says who speaks."""

    claim: Cue
    not_claim: Cue
    service: Cue
    praise: Cue
    user_error: Cue
    joke: Cue
    correct: Cue
    commentary: Cue
    dissatisfied: Cue
    pictures: Cue
    absent: Cue
    ask: Cue
    answer: Cue
    contrast: Cue
    ask_indirect: Cue
    question_words: Cue
    infinitive: Cue
    deictic: Cue
    indirect_end: Cue


@dataclass(frozen=True, slots=True)
class TurnCues:
    """The compiled cues for the turns of a talk in one language, English beside it."""

    dissatisfied: Cue
    user_error: Cue
    corrects: Cue
    gives_up: Cue
    declines: Cue
    fillers: Cue
    """Words that only carry a sentence: without them a question that is asked again is the same."""


@dataclass(frozen=True, slots=True)
class Grading:
    """The compiled cues by which a question finds its place on the scale of ``thresher.rules.gradable``."""

    recommendation: Cue
    taste: Cue
    """Words that ask for a view whatever else a post holds."""
    opinion: Cue
    """Words that do so outside mathematics and programs, where the best way may be the only one."""
    explanation: Cue
    advice: Cue
    """At the beginning of a question, as is ``yes_or_no``."""
    derivation: Cue
    yes_or_no: Cue
    procedure: Cue
    recommendation_tags: Cue
    opinion_tags: Cue
    recommendation_sites: Cue
    opinion_sites: Cue
    hedged: Cue
    unsure: Cue
    """Doubt that counts beside code and mathematics, too."""
    dated: Cue
    tells_solution: Cue
    """Words of who tells how their own trouble ended."""
    own_machine: Cue
    own_trouble: Cue
    """As ``own_machine``, of what a program or a formula in the question would let others see."""
    one_way: Cue
    """Words of a question that has one answer however it is solved: a diagnosis, a check of somebody's own work."""


@dataclass(frozen=True, slots=True, eq=False)
class ExerciseCues:
    """The compiled cues for the exercises of one language. Compared by identity, so that what they say of a text can be remembered."""

    elsewhere: Cue
    addressees: Cue
    cites: Cue
    asides: Cue
    recaps: Cue
    link_cues: Cue
    no_key: Cue
    sample: Cue
    instructions: Cue
    setting: Cue
    ambiguous: Cue
    drawing: Cue
    beside_drawing: Cue
    unnamed: Cue
    needs_data: Cue
    illustrated: Cue


@dataclass(frozen=True)
class Ending:
    """A pattern for the end of the text before a colon: group 1 is the label. Made when it is first needed, as a Cue is."""

    phrases: Phrases
    anyone: str
    """What stands in for ``<model>``."""
    names: Names | None = None
    """Whose names are labels, too."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The longest phrase first."""
        sources = [pattern_of(p, self.anyone) for p in sorted(set(self.phrases), key=lambda p: (-len(p), p))]
        if self.names is not None:
            sources.append(rf"(?:the\s)?{self.names.source}(?:\s\([^()\n]{{1,30}}\)|\s[\w.-]{{1,12}})?")
        return re.compile(rf"(?<![^\W_])(?<!')({'|'.join(sources)})(?:\s?\([^()\n]{{1,30}}\))?[\s*_`]{{0,3}}$")


@dataclass(frozen=True, slots=True)
class Labels:
    """Who speaks: patterns that are tried on the words before a colon. Names of models are labels of the assistant."""

    user: Ending
    assistant: Ending
    other: Ending
    asked: Ending
    answered: Ending
    last_word: Ending
    """Finds the last word of any label before a colon; without one, and without a model's name, no other pattern need be tried."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What turns records into candidates. ``version`` is written into each candidate."""

    version: str
    limits: Limits
    tasks: Tasks
    reasons: Mapping[str, str]
    names: Names
    about_words: Cue
    """General words for a language model, ``about_ambiguous`` among them."""
    about_sure: Cue
    about_ambiguous: Cue
    """Words that mean one where no word of ``other_fields`` (games, statistics, workshops, programs) stands beside them."""
    other_fields: Cue
    not_names: Cue
    """Phrases in which the name of a model is none: ``to grok``, ``low perplexity``, ``GPT partition``."""
    about_weak: Cue
    closing: Cue
    about_sites: frozenset[str]
    about_sources: frozenset[str]
    """Whose posts were all picked for speaking of models."""
    collecting_sites: tuple[str, ...]
    collects: Cue
    share_links: tuple[str, ...]
    labels: Labels
    cues: Mapping[str, Cues]
    any_language: Cues
    """The cues of all languages in one: where they find nothing, it does not matter which language a text is in."""
    openers: Cue
    headings: frozenset[str]
    grading: Grading
    graded_languages: frozenset[str]
    asks_meaning: Cue
    explains: Cue
    replies_most: int
    programs: Programs
    exercises: Mapping[str, ExerciseCues]
    """By language; an exercise in another one is not covered."""
    not_allowed: Mapping[str, Cue]
    spam: Cue
    spam_min_phrases: int
    spam_min_repeats: int
    tags: Mapping[str, Cue]
    votes: Mapping[str, Vote]
    turns: Mapping[str, TurnCues]
    any_turn: TurnCues
    """Of all languages together."""

    @classmethod
    def load(cls, path: Path) -> Rules:
        """Read and check the file and the one beside it, ``exercises.toml``; a ``rules.toml`` with a table of that name needs no other.
        SettingsError names the file, the key and what is allowed."""
        raw = _read(path)
        if "exercises" not in raw:
            raw |= _read(path.with_name(EXERCISES))
        try:
            return _compile(RulesFile.model_validate(raw))
        except ValidationError as error:
            raise SettingsError(explain(path, error)) from error

    def names_a_model(self, folded: str) -> bool:
        """Whether folded text speaks of a language model, by name or in general words. The AI of a game and the model of a regression are
        none."""
        # most texts name none, and need not be looked through for the many phrases in which a name is none
        if self.names.find(folded, limit=1) and any(n.sure for n in self.names.find(self.not_names.without(folded), limit=5)):
            return True
        if self.about_sure.search(folded):
            return True
        if self.about_ambiguous.search(folded) is None or self.other_fields.search(folded):
            return False
        prose = " ".join(word for word in folded.split() if not _NO_PROSE.search(word))
        return self.about_ambiguous.search(prose) is not None

    def shares(self, text: str) -> bool:
        """Whether a text links to a conversation that somebody shared."""
        return "/" in text and any(link in text for link in self.share_links)

    def vote_worth(self, layout: str) -> tuple[float, str]:
        """What one vote of a set in this layout is worth as a key, 0 to 1, and, where it is nothing, why."""
        vote = self.votes.get(layout) or self.votes["any_other"]
        return vote.worth, vote.why

    def cues_for(self, language: str) -> Cues:
        """The cues of a language, or the English ones where there are none."""
        return self.cues.get(language) or self.cues["en"]

    def turns_for(self, language: str) -> TurnCues:
        """The cues for the turns of a language, or the English ones where there are none."""
        return self.turns.get(language) or self.turns["en"]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); it must be a TOML file with the rules") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from error


def _compile(file: RulesFile) -> Rules:
    names = Names([Family(m.name, m.aliases, m.variants, m.joiner, m.variant_first_from, m.ambiguous) for m in file.models])
    subjects = sorted({s for c in file.cues.values() for s in c.subjects}, key=lambda s: (-len(s), s))
    anyone = f"{names.source}|" + "|".join(pattern_of(s) for s in subjects)
    spoken = {f.name: getattr(file.labels, f.name) for f in fields(Labels) if f.name != "last_word"}
    labels = Labels(
        **{k: Ending(v, anyone, names if k == "assistant" else None) for k, v in spoken.items()},
        last_word=Ending(tuple(sorted({p.split()[-1].removesuffix("?") for phrases in spoken.values() for p in phrases})), anyone),
    )
    exercises = file.exercises
    return Rules(
        version=file.version,
        limits=file.limits,
        tasks=file.tasks,
        reasons=file.reasons,
        names=names,
        about_words=any_of([*file.about.words, *file.about.ambiguous]),
        about_sure=any_of(file.about.words),
        about_ambiguous=any_of(file.about.ambiguous),
        other_fields=any_of(file.about.other_fields),
        not_names=any_of(file.about.not_names),
        about_weak=any_of(file.about.weak),
        closing=any_of(file.about.closing),
        about_sites=frozenset(s.lower() for s in file.about.sites),
        about_sources=frozenset(file.about.sources),
        collecting_sites=tuple(s.lower() for s in file.about.collecting_sites),
        collects=any_of(file.about.collects),
        share_links=file.about.share_links,
        labels=labels,
        cues={code: _language(file.cues["en"], own, anyone) for code, own in file.cues.items()},
        any_language=Cues(**{f.name: any_of([p for c in file.cues.values() for p in getattr(c, f.name)], anyone) for f in fields(Cues)}),
        openers=any_of(file.labels.openers),
        headings=frozenset(h.lower() for h in exercises.headings),
        grading=Grading(**{f.name: any_of(getattr(file.gradable, f.name)) for f in fields(Grading)}),
        graded_languages=frozenset(file.gradable.languages),
        asks_meaning=any_of(file.replies.asks),
        explains=any_of(file.replies.explains),
        replies_most=file.replies.most,
        programs=file.programs,
        exercises={
            code: ExerciseCues(**{f.name: any_of(getattr(own, f.name)) for f in fields(ExerciseCues)})
            for code, own in exercises.languages.items()
        },
        not_allowed={name: any_of(phrases) for name, phrases in file.not_allowed.items()},
        spam=any_of(file.spam.phrases),
        spam_min_phrases=file.spam.min_phrases,
        spam_min_repeats=file.spam.min_repeats,
        tags={name: any_of(phrases) for name, phrases in sorted(file.tags.items())},
        votes=file.votes,
        turns={code: _turns(file, {"en", code}, anyone) for code in file.turns},
        any_turn=_turns(file, set(file.turns), anyone),
    )


def _turns(file: RulesFile, codes: set[str], anyone: str) -> TurnCues:
    parts = [part for code in sorted(codes) for part in (file.cues[code], file.turns[code])]
    return TurnCues(**{f.name: any_of([p for part in parts for p in getattr(part, f.name, ())], anyone) for f in fields(TurnCues)})


def _language(english: Language, own: Language, anyone: str) -> Cues:
    def both(name: str) -> Cue:
        return any_of([*getattr(english, name), *getattr(own, name)], anyone)

    return Cues(**{f.name: both(f.name) for f in fields(Cues)})
