"""Read the failures that posts report, labelled by hand: the posts in place, by id, with the claim that the local reader takes of each."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from complaints_read import LABELS

from flows.line.reading import read_posts
from thresher.model import Candidate, Lead
from thresher.readers import open_chain
from thresher.readers.completion import Outcome
from thresher.rules import Rules

RULES = Path(__file__).resolve().parents[1] / "config" / "rules.toml"

LABEL_OF = {
    "refuses a harmless request": "refuses_harmless",
    "answers in the wrong language": "wrong_reply_language",
    "slips words of another language or script into the answer": "switches_to_other_script_or_foreign_words",
    "translates wrongly": "mistranslates",
    "gets a multiplication, sum or other calculation wrong": "wrong_arithmetic",
    "gives a false proof or false mathematics": "false_proof_or_number_theory",
    "fails a logic puzzle or riddle": "fails_a_logic_puzzle",
    "plays an illegal or bad move in a game": "wrong_as_chess_or_game",
    "miscounts letters in a word": "miscounts_letters_or_words",
    "ignores the word or length limit": "misses_a_length_limit",
    "invents a citation": "invents_sources",
    "invents facts about a person": "invents_a_life_or_person",
    "ascribes a work to the wrong author or invents what is in it": "wrong_author_or_work",
    "states a wrong fact": "wrong_fact",
    "gives outdated information as current": "outdated_knowledge",
    "says it is another model or wrong about itself": "wrong_about_itself",
    "says that it did an action which it did not do": "claims_edits_or_work_it_never_did",
    "does not do the work but talks about it": "does_not_do_the_work",
    "goes on to play the user's part or never stops": "invents_user_turns_or_keeps_talking",
    "repeats itself in a loop": "repeats_without_end",
    "puts out gibberish": "gibberish",
    "drifts into unrelated text": "unrelated_text",
    "does what was forbidden": "does_what_was_forbidden",
    "ignores an explicit instruction": "ignores_instructions",
    "changes things that nobody asked to change": "changes_what_nobody_asked",
    "destroys files, code or data": "destroys_files_or_data",
    "writes code that does not compile or run": "generated_code_does_not_work",
    "invents a function that the library does not have": "invents_api_or_command",
    "goes round in circles with tools or fixes": "tool_loop_or_useless_calls",
    "forgets what was said earlier in the conversation": "loses_context",
    "does not read the file or misreads it": "ignores_or_misreads_a_file",
    "makes up content": "invents_content",
    "agrees with whatever the user says and gives up a right answer": "gives_in_or_flatters",
    "changes a picture in another way than asked": "changes_the_picture",
    "writes in an unfitting style or tone": "cold_or_stiff_style",
    "gives different answers to the same question": "different_answers_each_time",
    "stops in the middle of the answer": "stops_in_the_middle",
}
"""The label of each kind of ``dedupe/failures/kinds.toml``; one label has no kind, one kind no label."""


@dataclass(frozen=True, slots=True)
class LabelledPost:
    """``split`` is by thread; ``claim`` are the words that the reader takes, the title or the beginning where it takes none."""

    title: str
    text: str
    claim: str
    prompt: str
    label: str
    split: str


@lru_cache(maxsize=1)
def labelled_posts(realdata: Path) -> tuple[LabelledPost, ...]:
    """Those of failures.csv, as posts of REALDATA/complaints. KeyError where one is missing."""
    file = realdata / "complaints" / "labelled.jsonl"
    with file.open(encoding="utf-8") as lines:
        posts = {row["id"]: row for row in map(json.loads, lines)}
    rules = Rules.load(RULES)
    read = {one.native_id: one for one in read_posts(file, rules, open_chain(rules))}
    with (LABELS / "failures.csv").open(newline="", encoding="utf-8") as labels:
        made = []
        for row in csv.DictReader(labels):
            post, reading = posts[row["id"]], read[row["id"]].reading
            title, text = post["title"] or "", post["text"] or ""
            claim = _claim(read[row["id"]].outcome) or (reading.claim.span.text if reading and reading.claim else "")
            prompt = reading.prompt.span.text if reading and reading.prompt else ""
            made.append(LabelledPost(title, text, claim or title or text[:400], prompt, row["label"], row["split"]))
    return tuple(made)


def _claim(outcome: Outcome | None) -> str:
    if isinstance(outcome, Candidate):
        return outcome.claim.words.text if outcome.claim else ""
    return outcome.claim.text if isinstance(outcome, Lead) and outcome.claim else ""
