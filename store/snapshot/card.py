"""The dataset card of a snapshot: front matter by huggingface_hub, so that no text can break out of it, and a body of numbers alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from store.snapshot.export import FILE, IDS

_CONFIGS = {
    "default": "Texts under open licences (public domain, CC BY and alike)",
    "cc-by-sa": "Texts under share-alike licences: what you make of them carries the same licence",
    "nc": "Texts for non-commercial use only",
    "unkeyed": "As `default`, without a key: for graders that need none (an empty target makes `match` call every answer right)",
    "cc-by-sa-unkeyed": "As `cc-by-sa`, without a key",
    "nc-unkeyed": "As `nc`, without a key",
    IDS: "No text: where a record is, its hash and our labels; fetch it from its source with your own access",
}
_COLUMNS = {
    "messages": "what a model is asked",
    "input": "the same as one text",
    "target": "the key, one string; of a `preference` the letter of the better response. Empty in the `unkeyed` configs alone",
    "choices": "the options; of a `preference` both responses, A first",
    "response_hashes, better": "in `ids`, of a `preference`: hashes of the responses, A first, and the letter of the better one",
    "tier": "evidence that models fail: untested, claimed, witnessed, reproduced",
    "key_status": "how far the key of this row can be trusted: none (no key leaves), sourced, agreed, verified, disputed",
    "key_at_source": "the same of the item that a row of `ids` points at: its key stays where the record is",
    "tags": "what a case is about; `gradable:` fact, derivation, procedure, opinion or recommendation says how far an answer can be graded",
    "failing_hashes": "of the responses that failed; their texts stay",
    "licence, attribution": "of this row; the attribution must be shown beside the text",
    "content_hash": "of the record as it was read, for noticing edits",
}


def card(name: str, rows: Mapping[str, int], licences: Mapping[str, Mapping[str, int]], canary: str) -> str:
    """README.md. Holds no text of any item, and no time. The config that opens by itself is the freest one that has rows."""
    from huggingface_hub import DatasetCardData

    first = next((config for config in _CONFIGS if rows.get(config)), None)
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
    lines += ["| config | rows | what |", "| --- | ---: | --- |", *(f"| `{c}` | {rows[c]} | {_CONFIGS[c]} |" for c in sorted(rows)), ""]
    lines += ["## Licences", "", "Each row names its own.", "", "| config | licence | rows |", "| --- | --- | ---: |"]
    lines += [f"| `{c}` | {_cell(licence)} | {n} |" for c in sorted(licences) for licence, n in sorted(licences[c].items())]
    lines += ["", "## Columns", "", *(f"- **{column}**: {what}" for column, what in _COLUMNS.items()), ""]
    lines += [
        "## Removal",
        "",
        "Whoever wrote a text here can have it removed: open a discussion on this repository with the `item_id`.",
        "",
    ]
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


def _cell(value: Any) -> str:
    """Text that can neither end a table cell nor begin markup."""
    return re.sub(r"[^\w .:+-]", " ", str(value))[:200]
