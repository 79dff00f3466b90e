"""The form of ``config/rules.toml`` and of ``exercises.toml`` beside it: what may stand in it, checked before anything is compiled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from thresher.cues import pattern_of
from thresher.rules.outcome import REASONS


def _cue(phrase: str) -> str:
    pattern_of(phrase)
    return phrase


Phrases = tuple[Annotated[str, AfterValidator(_cue)], ...]
Words = tuple[str, ...]
EXERCISES = "exercises.toml"
"""The part of the rules that stands in a file of its own."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Section):
    """Numbers that decide; each is explained where it stands in the file."""

    min_chars: int = Field(ge=1)
    max_chars: int = Field(ge=1000, le=1_000_000)
    min_prompt_words: int = Field(ge=1)
    max_prompt_chars: int = Field(ge=100)
    max_claim_chars: int = Field(ge=40)
    min_exercise_words: int = Field(ge=1)
    transcript_min_messages: int = Field(ge=3)
    question_min_score: int
    answer_min_score: int
    answer_min_chars: int = Field(ge=1)
    alternate_min_score: int
    alternate_min_chars: int = Field(ge=1)
    reply_max_chars: int = Field(ge=10)
    reply_parent_max_chars: int = Field(ge=10)
    max_link_share: float = Field(gt=0, le=1)
    max_links: int = Field(ge=1)


class Tasks(_Section):
    """Words around what a model is asked, where the source does not say the task."""

    alternate: str
    reply: str
    reply_between: str
    program: str
    program_rubric: str
    several_outputs: str
    alternate_program: str
    review_program: str
    step: str
    review_rubric: str

    @field_validator("alternate", "alternate_program", "review_program")
    @classmethod
    def _names_the_solution(cls, text: str) -> str:
        if "{solution}" not in text:
            raise ValueError("must hold {solution}")
        return text

    @field_validator("reply")
    @classmethod
    def _names_parent_and_reply(cls, text: str) -> str:
        if "{parent}" not in text or "{reply}" not in text:
            raise ValueError("must hold {parent} and {reply}")
        return text


class About(_Section):
    """Who and what counts as speaking of a language model."""

    sites: Words
    sources: Words
    collecting_sites: Words
    collects: Phrases
    words: Phrases
    ambiguous: Phrases
    other_fields: Phrases
    not_names: Phrases
    weak: Phrases
    closing: Phrases
    share_links: Words


class Model(_Section):
    """One family of models; see ``thresher.names.Family``."""

    name: str = Field(min_length=1)
    aliases: Words = Field(min_length=1)
    variants: Words = ()
    joiner: str = " "
    variant_first_from: float = 100.0
    ambiguous: bool = False


class Vote(_Section):
    """What one vote of a set is worth as a key. A set that is worth nothing says why."""

    worth: float = Field(ge=0, le=1)
    why: str = ""

    @model_validator(mode="after")
    def _says_why_not(self) -> Self:
        if not self.worth and not self.why:
            raise ValueError('says that a vote is worth nothing, but not why; add why = "..."')
        return self


class LabelWords(_Section):
    """Who speaks in a transcript."""

    user: Phrases
    assistant: Phrases
    other: Phrases
    asked: Phrases
    answered: Phrases
    openers: Phrases


class Language(_Section):
    """The cues of one language."""

    subjects: Phrases
    ask: Phrases
    answer: Phrases
    claim: Phrases
    not_claim: Phrases
    service: Phrases
    praise: Phrases
    user_error: Phrases
    joke: Phrases
    correct: Phrases
    commentary: Phrases
    dissatisfied: Phrases
    pictures: Phrases
    absent: Phrases
    contrast: Phrases
    ask_indirect: Phrases
    question_words: Phrases
    infinitive: Phrases
    deictic: Phrases
    indirect_end: Phrases


class TurnLanguage(_Section):
    """How the users of one language say that an answer let them down, and how answers decline."""

    corrects: Phrases
    gives_up: Phrases
    declines: Phrases
    fillers: Phrases


class ExerciseLanguage(_Section):
    """How the exercises of one language ask, and how they point at what they do not hold."""

    elsewhere: Phrases
    addressees: Phrases
    cites: Phrases
    asides: Phrases
    recaps: Phrases
    link_cues: Phrases
    no_key: Phrases
    sample: Phrases
    instructions: Phrases
    setting: Phrases
    ambiguous: Phrases
    drawing: Phrases
    beside_drawing: Phrases
    unnamed: Phrases
    needs_data: Phrases
    illustrated: Phrases


class Exercises(_Section):
    """What an exercise may lean on, and what is no key. Languages that are not listed are not covered."""

    headings: Words
    languages: dict[str, ExerciseLanguage] = Field(min_length=1)


class Gradable(_Section):
    """What says how far an answer can be graded, and what makes an accepted answer no key; see ``thresher.rules.gradable``."""

    languages: Words = Field(min_length=1)
    recommendation: Phrases
    taste: Phrases
    opinion: Phrases
    explanation: Phrases
    advice: Phrases
    derivation: Phrases
    yes_or_no: Phrases
    procedure: Phrases
    recommendation_tags: Phrases
    opinion_tags: Phrases
    recommendation_sites: Phrases
    opinion_sites: Phrases
    hedged: Phrases
    unsure: Phrases
    dated: Phrases
    tells_solution: Phrases
    own_machine: Phrases
    own_trouble: Phrases
    one_way: Phrases


class Replies(_Section):
    """How people ask what a reply alludes to, and how others explain it."""

    asks: Phrases
    explains: Phrases
    most: int = Field(ge=1)


class Programs(_Section):
    """Of problems that programs solve: which verdicts are keys, and how many programs of one problem are asked about."""

    verdicts: dict[str, str] = Field(min_length=1)
    reviews_most: int = Field(ge=0)
    alternates_most: int = Field(ge=0)
    max_program_chars: int = Field(ge=100)
    max_test_chars: int = Field(ge=10)
    max_key_chars: int = Field(ge=10)


class Spam(_Section):
    """Advertising."""

    phrases: Phrases
    min_phrases: int = Field(ge=1)
    min_repeats: int = Field(ge=2)


class RulesFile(_Section):
    """The whole of ``config/rules.toml``, with ``exercises.toml``."""

    version: str = Field(min_length=1)
    limits: Limits
    tasks: Tasks
    reasons: dict[str, str]
    about: About
    votes: dict[str, Vote]
    models: tuple[Model, ...] = Field(min_length=1)
    labels: LabelWords
    cues: dict[str, Language]
    turns: dict[str, TurnLanguage]
    exercises: Exercises
    gradable: Gradable
    replies: Replies
    programs: Programs
    not_allowed: dict[str, Phrases]
    spam: Spam
    tags: dict[str, Phrases]

    @field_validator("reasons")
    @classmethod
    def _explains_every_reason(cls, reasons: dict[str, str]) -> dict[str, str]:
        missing, unknown = sorted(REASONS - reasons.keys()), sorted(reasons.keys() - REASONS)
        if missing or unknown:
            raise ValueError(
                f"must explain each reason once; missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
            )
        return reasons

    @field_validator("votes")
    @classmethod
    def _covers_any_set(cls, votes: dict[str, Vote]) -> dict[str, Vote]:
        if missing := sorted({"any_other", "a_model"} - votes.keys()):
            raise ValueError(f"must say what a vote is worth of {' and of '.join(missing)}")
        return votes

    @model_validator(mode="after")
    def _english_is_there(self) -> Self:
        if "en" not in self.cues:
            raise ValueError("cues.en is missing; allowed: one table of cues per language, English among them")
        if "en" not in self.turns or not self.turns.keys() <= self.cues.keys():
            raise ValueError(f"turns: allowed are tables for English and the other languages that have cues ({', '.join(self.cues)})")
        return self


def explain(path: Path, error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"]) or "the file"
        where = path.with_name(EXERCISES) if problem["loc"][:1] == ("exercises",) else path
        if problem["type"] == "extra_forbidden":
            lines.append(f"{where}: {key}: is not a setting; allowed: {_allowed(problem['loc'])}")
        else:
            lines.append(f"{where}: {key}: {problem['msg']}")
    return "\n".join(lines)


def _allowed(location: tuple[Any, ...]) -> str:
    model: Any = RulesFile
    for part in location[:-1]:
        annotation = model.model_fields[part].annotation if isinstance(part, str) and part in getattr(model, "model_fields", {}) else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
        elif part == "cues":
            model = Language
        elif part == "turns":
            model = TurnLanguage
        elif part == "languages":
            model = ExerciseLanguage
        elif part == "models":
            model = Model
        elif part == "votes":
            model = Vote
    return ", ".join(sorted(model.model_fields))
