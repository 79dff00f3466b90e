"""The dataset card of a snapshot: front matter by huggingface_hub, so that no text can break out of it, and a body of numbers alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from store.snapshot.difference import Difference
from store.snapshot.files import FILE, IDS
from store.snapshot.harness import how_to_run
from store.snapshot.tasks import CONFIGS, way_of
from thresher.scorers.ways import Way

_ASKED: dict[Way, str] = {
    "choice": "`question` and `choices`; `answer` is the letter of the right one",
    "keyed": "`answer` is a number or up to three words: compare them as they stand",
    "maths": "`answer` is a formula: compare it by algebra",
    "preference": "two responses to a conversation; `answer` is the letter of the one that people found better",
    "judged": "`answer` is a key in prose, a worked solution or a rubric: no string comparison can score it, let a model compare",
    "unkeyed": "no key: for graders that need none (an empty target makes `match` call every answer right)",
}
_LICENCES: dict[str, str] = {
    "cc-by-sa": "share-alike: what you make of it carries the same licence",
    "nc": "for non-commercial use only",
}
_IDS = "no text: where a record is, its hash and our labels; `thresher hydrate` fills them in from the source, with your own access"
_METHOD = (
    "Public posts, logs of conversations and textbooks are harvested with every answer archived. Rules and readers",
    "decide what of them can be asked again (the columns `rule` and `rule_version`), a model of sentence similarity",
    "with a trained judge merges what is asked twice, and persons reject, waive, verify and part. Before it was",
    "frozen each row was looked at for duplicates, missing and constant keys, keys that the question tells, broken",
    "letters, missing licences, personal data, and words of texts that must not leave. `croissant.json` describes",
    "the columns for machines, with the fields for responsible AI.",
)
_LIMITS = (
    "A report is what somebody said: only `witnessed` and `reproduced` rows have the answer that failed.",
    "A key is the source's unless `key_status` says `verified`.",
    "People report what annoys them, in the languages of the sites that are read: no random sample of what models are asked.",
    "Near-duplicates of what models were trained on are not taken out.",
)
_NOBODY = "No person has judged items of it yet, so its share of bad items is not known."
_COLUMNS = {
    "messages": "what a model is asked",
    "input": "the same as one text",
    "question": "in `choice`, the same without its options",
    "answer": "what a scorer compares, as the table of configurations says",
    "target": "the key as its source has it, one string; empty where there is none",
    "choices": "the options; of a `preference` both responses, A first",
    "response_hashes, better": "in `ids`, of a `preference`: hashes of the responses, A first, and the letter of the better one",
    "tier": "evidence that models fail: untested, claimed, witnessed, reproduced",
    "key_status": "how far the key of this row can be trusted: none (no key leaves), sourced, agreed, verified, disputed",
    "source, site, native_id, thread_id": "where the record is",
    "key_at_source": "the same of the item that a row of `ids` points at: its key stays where the record is",
    "tags": "what a case is about; `gradable:` fact, derivation, procedure, opinion or recommendation says how far an answer can be graded",
    "failing_hashes": "of the responses that failed; their texts stay",
    "licence, attribution": "of this row; the attribution must be shown beside the text",
    "content_hash": "of the record as it was read, for noticing edits",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a card says beside the numbers of its rows."""

    difference: Difference = field(default_factory=Difference)
    contact: str = ""
    estimates: tuple[str, ...] = ()


def card(name: str, rows: Mapping[str, int], licences: Mapping[str, Mapping[str, int]], canary: str, about: About | None = None) -> str:
    """README.md. Holds no text of any item, and no time. The config that opens by itself is the freest one that has rows."""
    from huggingface_hub import DatasetCardData

    about = about or About()
    first = next((config for config in (*CONFIGS, IDS) if rows.get(config)), None)
    data = DatasetCardData(
        pretty_name=f"thresher {name}",
        license="other",
        license_name="per-row",
        tags=["benchmark", "evaluation"],
        configs=[
            {"config_name": c, "data_files": [{"split": "test", "path": f"{c}/{FILE}"}], **({"default": True} if c == first else {})}
            for c in sorted(rows)
        ],
    )
    lines = ["---", data.to_yaml(), "---", "", f"# thresher {name}", "", "Where language models fail, and hard questions with a key.", ""]
    lines += ["| config | rows | what |", "| --- | ---: | --- |", *(f"| `{c}` | {rows[c]} | {_what(c)} |" for c in sorted(rows)), ""]
    if run := how_to_run(rows):
        lines += ["## Running it", "", *run]
    lines += ["## Licences", "", "Each row names its own.", "", "| config | licence | rows |", "| --- | --- | ---: |"]
    lines += [f"| `{c}` | {_cell(licence)} | {n} |" for c in sorted(licences) for licence, n in sorted(licences[c].items())]
    lines += ["", "## Columns", "", *(f"- **{column}**: {what}" for column, what in _COLUMNS.items()), ""]
    lines += ["## How it was made", "", *_METHOD, ""]
    lines += ["## Known limits", "", *(f"- {line}" for line in (*_LIMITS, *(about.estimates or (_NOBODY,)))), ""]
    lines += ["## Since the snapshot before", "", *_since(about.difference), ""]
    lines += ["## Removal", "", f"Whoever wrote a text here can have it removed: {_asks(about.contact)} with the `item_id`.", ""]
    lines += ["## Citation", "", *(f"    {line}" for line in citation(name, about.difference.version).splitlines()), ""]
    if canary:
        lines += [
            "## Canary",
            "",
            "This benchmark must not be trained on. A corpus that holds this string holds it:",
            "",
            f"    {_cell(canary)}",
            "",
        ]
    return "\n".join(lines)


def citation(name: str, version: str) -> str:
    """BibTeX."""
    key = re.sub(r"[^a-z0-9]", "", name)
    return f"@misc{{thresher{key},\n  title = {{thresher {name}: where language models fail}},\n  version = {{{version}}},\n}}"


def _since(difference: Difference) -> list[str]:
    version = f"Version {difference.version}. MAJOR rises where rows were removed, MINOR where some came, PATCH where some changed."
    if difference.since is None:
        return [version, "", "This is the first one."]
    counts = ", ".join(f"{len(getattr(difference, part)):,} {part}" for part in ("added", "removed", "changed"))
    return [version, "", f"Since `{_cell(difference.since)}`: {counts}. `difference.json` lists them."]


def _asks(contact: str) -> str:
    return f"write to {re.sub(r'[^A-Za-z0-9@:/._+-]', '', contact)}" if contact else "open a discussion on this repository"


def _what(config: str) -> str:
    way = way_of(config)
    return "; ".join(filter(None, (_ASKED[way], _LICENCES.get(config.removesuffix(f"-{way}"))))) if way else _IDS


def _cell(value: Any) -> str:
    """Text that can neither end a table cell nor begin markup."""
    return re.sub(r"[^\w .:+-]", " ", str(value))[:200]
