"""``thresher takedown``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, PARTLY, AsJson, Config, Data, NoEmbed, Wait, benchmark, print_json, warn

if TYPE_CHECKING:
    from flows.line.takedown import Extent


def takedown(
    what: Annotated[list[str] | None, typer.Argument(help="Records by id (SOURCE:SITE:NATIVE_ID), or addresses.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept for good, so name nobody.")] = "",
    author: Annotated[str, typer.Option("--author", help="An author, as --source knows them: by number where it has numbers.")] = "",
    source: Annotated[str, typer.Option("--source", help="Whose author.")] = "",
    author_of: Annotated[list[str] | None, typer.Option("--author-of", help="A record of the author.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; change nothing.")] = False,
    data: Data = DEFAULT_DATA, config: Config = None, no_embed: NoEmbed = False, as_json: AsJson = False, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Take records out of the benchmark for good.

    They leave the database, the archive, the index and later snapshots, and are never harvested again; only a hash of what was named is
    kept. Says which snapshots hold them, and where those were published.
    """
    from flows.line.opening import open_run
    from flows.line.takedown import extent, graves, take_down
    from thresher.errors import UsageError

    # a name is hashed and then forgotten: not even the lock that names its holder's command line, or the run's, may have it
    sys.argv[1:] = ["takedown"]
    if not reason.strip() and not dry_run:
        raise UsageError("--reason: say why, it is kept with the tombstone")
    work = benchmark(data, config)
    wanted = graves(work, what or [], author=author, source=source, authors_of=author_of or [])
    concerned = extent(work, wanted)
    if dry_run:
        _tell(concerned, as_json, pages=concerned.pages, files=concerned.files, done=False)
        return
    with open_run(work, "thresher takedown", wait_s=wait) as run:
        take_down(run, wanted, reason)
        if not no_embed:
            from flows.spread import deduplicate_spread

            deduplicate_spread(run)
    _tell(concerned, as_json, pages=run.purged.pages, files=run.purged.files, done=True)
    for text in run.partly:
        warn(text)
    if run.partly:
        raise typer.Exit(PARTLY)


def _tell(concerned: Extent, as_json: bool, *, pages: int, files: int, done: bool) -> None:
    covered = concerned.covered
    if as_json:
        print_json({
            "done": done, "records": covered.records, "answers": covered.answers, "reports": covered.reports, "items": len(covered.items),
            "items_dropped": covered.dropped, "vectors": covered.vectors, "archive_pages": pages, "archive_files": files,
            "snapshots": [str(path) for path in concerned.snapshots], "published": [asdict(made) for made in concerned.published],
            "copies": [str(path) for path in concerned.copies],
        })  # fmt: skip
        return
    print(
        f"{'Taken down' if done else 'Would be taken down'}: {len(covered.records)} records, {covered.reports} reports, "
        f"{len(covered.dropped)} items ({len(covered.items) - len(covered.dropped)} more stay, which others report too), "
        f"{covered.vectors} vectors, {pages} pages of {files} archive files."
    )
    if not done:
        print("\n".join(covered.records))
    if covered.answers:
        print(f"{len(covered.answers)} other records of their threads stay, and may repeat a title or words: {_some(covered.answers)}. "
              "Name those to be taken down too.")  # fmt: skip
    if not covered.records:
        print("Nothing of it is here now. An author may be known by a number: give --author-of RECORD to name them by a record.")
    if concerned.snapshots:
        named = ", ".join(map(str, concerned.snapshots))
        print(f"Snapshots that hold it: {named}. Freeze a new one, which is without, and delete these.")
    for made in concerned.published:
        withdraw = f"thresher withdraw {made.name} --from {made.repository}"
        print(f"{made.name} was published at {made.url}: publish the new one there, then `{withdraw}`.")
    if concerned.copies:
        print(f"Older copies of the database may hold it: {', '.join(map(str, concerned.copies))}. Delete them.")


def _some(keys: Sequence[str], most: int = 5) -> str:
    return ", ".join(keys[:most]) + (", ..." if len(keys) > most else "")
