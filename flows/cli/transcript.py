"""``thresher transcript``: what stands out in how a run reached its answer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.shared import AsJson, print_json

if TYPE_CHECKING:
    from thresher.process.steps import Note, Transcript


def transcript(
    files: Annotated[list[Path], typer.Argument(help="OpenAI chat messages (.json, .jsonl) or Inspect logs (.eval, .json).")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say what stands out in transcripts: loops, ignored errors, claims of work that was not done.

    Each note has the message, the words as they stand there and the rule that it concerns (`thresher rules show RULE`). By code alone: no
    benchmark and no model is needed. With --json one object a transcript.
    """
    from thresher.characters import printable
    from thresher.process import notes
    from thresher.process.reading import transcripts

    for path in files:
        for run in transcripts(path):
            noted = notes.notes(run)
            if as_json:
                print_json(_told(path, run, noted))
            else:
                print(printable("\n".join(_lines(run, noted))))


def _told(path: Path, run: Transcript, noted: list[Note]) -> dict[str, Any]:
    from thresher.process.steps import verdict

    return {
        "file": str(path), "name": run.name, "verdict": verdict(noted), "steps": dict(Counter(step.kind for step in run.steps)),
        "notes": [
            {"kind": note.kind, "message": note.step.message, "part": note.step.kind, "tool": note.step.tool, "begin": note.begin,
             "end": note.end, "words": note.words, "rule": note.rule_id, "why": note.why}
            for note in noted
        ],
    }  # fmt: skip


def _lines(run: Transcript, noted: list[Note]) -> list[str]:
    from thresher.process.steps import verdict

    counts = ", ".join(f"{n:,} {kind}" for kind, n in Counter(step.kind for step in run.steps).items())
    lines = [f"{run.name}: {verdict(noted)} ({counts})"]
    for note in noted:
        part = f"{note.step.kind} {note.step.tool}".strip()
        lines.append(f"  message {note.step.message}, {part}: {note.kind}, {note.why} ({note.rule_id})")
        lines += [f"    {line}" for line in note.words.splitlines()[:3]]
    return lines
