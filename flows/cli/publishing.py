"""``thresher snapshot``, ``thresher publish`` and ``thresher withdraw``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, Wait, benchmark, print_json, warn

if TYPE_CHECKING:
    from flows.line.workspace import Workspace
    from store.snapshot.remote import Remote

SHOWN = 40
"""Findings of a snapshot that is refused; ``--json`` gives all."""
To = Annotated[str, typer.Option("--to", help="The dataset repository, OWNER/NAME; else `repository` of config/export.toml.")]


def snapshot(
    name: Annotated[str, typer.Argument(help="a-z, 0-9, '.', '_', '-'; for example 2026-11-24.")],
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Freeze without the rows that are not fit to leave.")] = False,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Freeze what the licences let out.

    data/snapshots/NAME holds Parquet, a dataset card and a manifest with checksums. Only what the export class allows leaves; made twice,
    it is byte for byte the same. Rows are looked at first (asked twice, no key or always the same, told by the question, broken letters,
    no licence): where any is not fit nothing is frozen, and each is listed.
    """
    from store.snapshot.freeze import freeze
    from store.snapshot.registry import MANIFEST

    work = benchmark(data, config)
    with listing(as_json), work.database.writer(wait):
        made = freeze(work.database, name, work.snapshots, work.settings.export, leave_out=leave_out)
    withheld = json.loads((Path(made.path) / MANIFEST).read_bytes())["withheld"]
    left_out = {reason.removeprefix("lint_"): count for reason, count in withheld.items() if reason.startswith("lint_")}
    if as_json:
        print_json({"name": made.name, "path": made.path, "items": made.items, "sha256": made.sha256, "left_out": left_out})
        return
    configs = sorted(p.parent.name for p in Path(made.path).glob("*/*.parquet"))
    print(f"{made.path}: {made.items:,} items, manifest sha256 {made.sha256}")
    if left_out:
        print(f"Left out, not fit to leave: {', '.join(f'{rule} {count:,}' for rule, count in sorted(left_out.items()))}")
    if not configs:
        print("Nothing leaves: no item has a licence and a class that let it out.")
    print("\n".join(f'  datasets.load_dataset("{made.path}", "{c}", split="test")' for c in configs))


@contextmanager
def listing(as_json: bool) -> Iterator[None]:
    """Where a snapshot is refused, every finding with its item; the error goes on, in one line."""
    from store.snapshot.lint import SnapshotRefused

    try:
        yield
    except SnapshotRefused as refused:
        if as_json:
            print_json({"refused": refused.listed})
        else:
            for finding in refused.findings[:SHOWN]:
                warn(finding.line)
            if len(refused.findings) > SHOWN:
                warn(f"and {len(refused.findings) - SHOWN:,} more: --json lists all")
        raise


def publish(
    name: Annotated[str, typer.Argument(help="A snapshot that was frozen.")],
    to: To = "",
    public: Annotated[bool, typer.Option("--public", help="Where the repository is made now: for everybody to see.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Give up what was changed on the Hub since.")] = False,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Send a snapshot to the Hugging Face Hub.

    One commit, and a tag of the snapshot's name; what is there in the end is compared with the manifest by hash. Run twice it changes
    nothing. The token comes from HF_TOKEN, or from `hf auth login`.
    """
    from store.snapshot.freeze import check_name
    from store.snapshot.publishing import publish as send

    work = benchmark(data, config)
    settings = work.settings.export.publish
    private = settings.private and not public
    with listing(as_json):
        made = send(work.snapshots / check_name(name), _remote(work, to), private=private, overwrite=overwrite)
    if as_json:
        print_json(asdict(made))
        return
    print(f"{made.url}: {made.name} at {made.revision}")
    configs = sorted(path.parent.name for path in (work.snapshots / name).glob("*/*.parquet"))
    print("\n".join(f'  datasets.load_dataset("{made.repository}", "{c}", split="test", revision="{made.name}")' for c in configs))
    if made.kept:
        print(f"Files there that are none of thresher's stay: {', '.join(made.kept)}")


def withdraw(
    names: Annotated[list[str], typer.Argument(help="Snapshots that were published.")],
    to: Annotated[str, typer.Option("--from", help="The dataset repository; else `repository` of config/export.toml.")] = "",
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take published snapshots out of the Hub, from every revision.

    After a takedown: publish a new snapshot, then withdraw those that the report of the takedown names. Their tags go, and each data file
    that no other snapshot there has is deleted for good. Revisions get other names by it; the tags that stay are put on the new ones.
    """
    from store.snapshot.publishing import withdraw as take_out

    work = benchmark(data, config)
    done = take_out(names, _remote(work, to), work.snapshots)
    if as_json:
        print_json(asdict(done))
        return
    print(f"{done.repository}: withdrawn {', '.join(done.names)}; {len(done.files)} data files deleted for good, history rewritten.")
    if done.tagged_anew:
        print(f"On commits of other names now: {', '.join(done.tagged_anew)}.")
    print(f"The folders in {work.snapshots} stay: delete those of {', '.join(done.names)}. Copies that others made are out of reach.")


def _remote(work: Workspace, repository: str) -> Remote:
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from store.snapshot.remote import Remote
    from thresher.errors import UsageError

    if not sys.stderr.isatty():
        disable_progress_bars()

    settings = work.settings.export.publish
    if not (repository or settings.repository):
        raise UsageError("which repository? give --to OWNER/NAME, or set `repository` under [publish] in config/export.toml")
    return Remote(repository or settings.repository, settings.endpoint)
