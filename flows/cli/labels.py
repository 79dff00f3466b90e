"""``thresher labels``: items to the labelling tools that people have, and their labels back as verdicts."""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.shared import DEFAULT_DATA, PARTLY, AsJson, Config, Data, Wait, benchmark, command_line, print_json, reader, warn

app = typer.Typer(no_args_is_help=True, help="Items to other labelling tools, and labels back.")


class Tool(StrEnum):
    """A tool whose files are read and written."""

    ARGILLA = "argilla"
    LABEL_STUDIO = "label-studio"


Format = Annotated[Tool, typer.Option("--format", help="Whose files.")]


@app.command("export")
def export_labels(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    tool: Format,
    status: Annotated[str, typer.Option("--status", help="Of which items: proposed, active, rejected, waived, retired.")] = "proposed",
    data: Data = DEFAULT_DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write items for a labelling tool.

    Argilla reads the file by `records.from_json`, Label Studio by its import; for the latter the labelling interface is written beside it
    (.xml). The texts of all items are in it, as on the page: the file is for your own reviewers.
    """
    from curation.labels import CONFIG, exported
    from store.labels import items
    from store.verdicts import LIFE
    from thresher.disk import write_whole
    from thresher.errors import UsageError

    if status not in LIFE:
        raise UsageError(f"{status!r} is no status; there are: {', '.join(LIFE)}")
    with reader(data) as con:
        made = exported(tool.value, items(con, status))
    write_whole(out, (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode())
    if tool is Tool.LABEL_STUDIO:
        write_whole(out.with_suffix(".xml"), CONFIG.encode())
    if as_json:
        print_json({"path": str(out), "items": len(made)})
    else:
        print(f"{out}: {len(made):,} items, {status}")


@app.command("import")
def import_labels(
    file: Annotated[Path, typer.Argument(help="What the tool exported, as JSON.")],
    tool: Format,
    person: Annotated[list[str] | None, typer.Option("--person", help="ID=NAME: who a user there is; else the id is the name.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Take labels of persons as their verdicts.

    A label is taken once, however often its file is read. One of an item that changed since it was exported, of no item, or of no verdict
    is counted with its reason and not taken; then the command ends with 3.
    """
    from curation.labels import labels, usable
    from flows.line.opening import open_run
    from store import verdicts
    from store.labels import verdict_ids, versions
    from store.verdicts import Verdict

    work = benchmark(data, config)
    read = [*labels(tool.value, _rows(file), _names(person or []))]
    reasons = Counter(one for one in read if isinstance(one, str))
    given: dict[str, Verdict] = {}
    with open_run(work, command_line(), wait_s=wait):
        with work.database.reader() as con:
            now, known = versions(con), verdict_ids(con)
        for one in read:
            if isinstance(one, str):
                continue
            verdict = usable(one, now, known)
            if isinstance(verdict, str):
                reasons[verdict] += 1
            else:
                given[one.verdict_id] = verdict
        verdicts.save_verdicts(work.database, [*given.values()], ids=[*given])
    said_already = reasons.pop("said_already", 0)
    if as_json:
        print_json({"taken": len(given), "said_already": said_already, "not_taken": dict(reasons)})
    else:
        print(f"{len(given):,} verdicts taken, {said_already:,} were there already")
    for reason, count in sorted(reasons.items()):
        warn(f"not taken: {count:,} {reason}")
    if reasons:
        raise typer.Exit(PARTLY)


def _rows(file: Path) -> Any:
    from thresher.errors import UsageError

    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{file}: cannot be read as JSON ({error}); give the file that the tool exported") from error


def _names(persons: list[str]) -> dict[str, str]:
    from thresher.errors import UsageError

    pairs = [person.partition("=") for person in persons]
    if odd := [given for given, (one, _, name) in zip(persons, pairs, strict=True) if not (one and name)]:
        raise UsageError(f"--person {odd[0]!r}: give ID=NAME")
    return {one: name for one, _, name in pairs}
