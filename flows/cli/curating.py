"""The commands by which a person decides: what an item is worth, and that two items are not one."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, Config, Data, Wait, benchmark, command_line

_WORDS = (
    "active, rejected, waived, retired, proposed; verified, disputed, unverified for its key; trainable, eval_only, either for "
    "`thresher split`."
)
Author = Annotated[str, typer.Option("--author", help="Who says so; else the user of this machine.", envvar="THRESHER_AUTHOR")]


def verdict(
    word: Annotated[str, typer.Argument(help=_WORDS)],
    items: Annotated[list[str], typer.Argument(help="Items, or the beginnings of their ids.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the verdict.")] = "",
    author: Author = "", data: Data = DEFAULT_DATA, config: Config = None, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Say what items are worth.

    A verdict has an author, a time and a reason. It is added to those before it and overwrites nothing; the last one counts, in snapshots
    and in a rebuild too.
    """
    from flows.line.opening import open_run
    from store import queries, verdicts
    from store.verdicts import Verdict

    work = benchmark(data, config)
    with work.database.reader() as con:
        stored = [queries.item(con, item) for item in items]
    given = [Verdict(item["item_id"], word, author or getpass.getuser(), reason, item["version"]) for item in stored]
    verdicts.refuse_unknown(given)
    with open_run(work, command_line(), wait_s=wait):
        verdicts.save_verdicts(work.database, given)
    for one in given:
        print(f"{one.item_id} is {one.verdict}, says {one.author}")


def unmerge(
    item: Annotated[str, typer.Argument(help="The merged item, or the beginning of its id; `thresher show` names what was merged.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the two are not one; kept with the verdict.")],
    author: Author = "", data: Data = DEFAULT_DATA, config: Config = None, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Part an item from the one it was merged into, for good.

    The dedupe never merges the two again, nor does a rebuild.
    """
    from flows.line.opening import open_run
    from store import queries, verdicts

    work = benchmark(data, config)
    with work.database.reader() as con:
        item_id = queries.item(con, item)["item_id"]
        canonical = verdicts.canonical_of(con, item_id)
    with open_run(work, command_line(), wait_s=wait) as run:
        verdicts.unmerge(work.database, run.run_id, item_id, author or getpass.getuser(), reason)
    print(f"{item_id} is an item of its own again, parted from {canonical}")
