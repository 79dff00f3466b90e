"""``thresher new-source``: the files of a source that works, to be changed step by step into the one that is wanted."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import Annotated

import typer

import scrapers
from thresher.errors import UsageError

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


def new_source(
    name: Annotated[str, typer.Argument(help="A Python name in small letters: hackernews, github_issues.")],
    folder: Annotated[Path | None, typer.Option("--checkout", help="The checkout to write into; by default the one that runs.")] = None,
) -> None:
    """Write a source that works from a template: module, settings, fixture and tests. CONTRIBUTING.md says how to go on."""
    root = folder or Path(scrapers.__file__).resolve().parents[1]
    files = planned(name, root)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(root))
    print(f"Next: python -m pytest tests/scrapers/test_{name}.py; then change the files one by one, as CONTRIBUTING.md explains.")


def planned(name: str, root: Path) -> dict[Path, str]:
    """The files of a new source with what stands in them. UsageError for a name that cannot be, or is taken; nothing is overwritten."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in scrapers.NOT_SOURCES:
        raise UsageError(f"{name!r} cannot be a source: take 2 to 31 small letters, digits and _, such as github_issues")
    if not all((root / place).is_dir() for place in ("scrapers", "config/sources", "tests/scrapers")):
        raise UsageError(
            f"{root} is no checkout of thresher: a source is written where its tests are. Clone the repository and give its folder "
            f"by --checkout"
        )
    targets = {
        root / "scrapers" / f"{name}.py": "source.py.txt",
        root / "config" / "sources" / f"{name}.toml": "source.toml.txt",
        root / "tests" / "scrapers" / f"test_{name}.py": "test_source.py.txt",
        root / "tests" / "fixtures" / name / "page.json": "page.json.txt",
    }
    taken = [path for path in (*targets, root / "scrapers" / name) if path.exists()]
    if taken:
        raise UsageError(f"there is a source {name!r} already: {taken[0].relative_to(root)}")
    return {path: (TEMPLATES / template).read_text(encoding="utf-8").replace("NAME", name) for path, template in targets.items()}
