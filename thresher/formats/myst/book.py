"""Which files of a repository are a book of MyST Markdown or notebooks, and what it says of itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from thresher.errors import PayloadError
from thresher.formats.books.exercise import About, Book, BookExercise, Files, Read
from thresher.formats.books.licence import Licence, licence_in
from thresher.formats.books.macros import Macro
from thresher.formats.myst.exercise import exercises
from thresher.formats.myst.render import Writer
from thresher.formats.myst.source import Source, mapping, read_source
from thresher.model import Dead

_TOCS = ("_toc.yml", "myst.yml", "_toc.yaml", "myst.yaml")
_CONFIGS = ("_config.yml", "_config.yaml", "myst.yml", "myst.yaml")
_SUFFIXES = (".md", ".ipynb")
_NO_SOURCE = re.compile(
    r"(?:^|/)(?:_build|_site|node_modules|\.[^/]*)/|(?:^|/)(?:README|LICEN[CS]E|CONTRIBUTING|CHANGELOG|CODE_OF_CONDUCT)[^/]*$"
)
_SIGN = re.compile(rb"^[ \t]*(?:`{3,}|:{3,}|~{3,})\s?\{exercise(?:-start)?\}", re.MULTILINE)
_NOTEBOOK_SIGN = re.compile(rb"(?:`{3,}|:{3,}|~{3,})\s?\{exercise(?:-start)?\}")
_LOOKED_INTO = 80
"""Files that are looked into for exercises, where no table of contents says that this is a book."""
_FIRST = ("intro.md", "index.md", "index.ipynb", "intro.ipynb", "preface.md")


def mains(paths: Collection[str], read: Read) -> list[str]:
    """The tables of contents; without one, the first of the files that hold an ``exercise`` directive."""
    tocs = [p for p in sorted(paths, key=lambda p: (p.count("/"), p)) if posixpath.basename(p) in _TOCS and not _NO_SOURCE.search(p)]
    if tocs:
        folders: dict[str, str] = {}
        for path in tocs:
            folders.setdefault(posixpath.dirname(path), path)
        return list(folders.values())
    sources = _sources(paths, "")[:_LOOKED_INTO]
    with_exercises = [
        p for p in sources if (body := read(p)) is not None and (_NOTEBOOK_SIGN if p.endswith(".ipynb") else _SIGN).search(body)
    ]
    if not with_exercises:
        return []
    folder = (
        posixpath.commonpath([posixpath.dirname(p) for p in with_exercises])
        if len(with_exercises) > 1
        else posixpath.dirname(with_exercises[0])
    )
    first = next((f for name in _FIRST if (f := posixpath.join(folder, name)) in sources), with_exercises[0])
    return [first]


def _sources(paths: Collection[str], folder: str) -> list[str]:
    below = f"{folder}/" if folder else ""
    return [p for p in sorted(paths) if p.startswith(below) and p.endswith(_SUFFIXES) and not _NO_SOURCE.search(p)]


def files(main: str, paths: Collection[str], read: Read) -> list[str]:
    """The settings of a book, then its files: those that its table of contents lists, or all where it lists none."""
    folder = posixpath.dirname(main)
    configs = [p for name in (*_CONFIGS, *_TOCS) if (p := posixpath.join(folder, name)) in paths]
    listed: list[str] = []
    if posixpath.basename(main) in _TOCS and (body := read(main)) is not None:
        for name in _named(body):
            place = posixpath.normpath(posixpath.join(folder, name))
            listed += [p for p in (place, f"{place}.md", f"{place}.ipynb") if p in paths and p.endswith(_SUFFIXES)]
    return list(dict.fromkeys([*configs, *(listed or _sources(paths, folder))]))


def _named(body: bytes) -> Iterator[str]:
    """The files that a table of contents names, in its order, in any of its layouts."""
    text = body.decode("utf-8", "replace")
    value: Any = mapping(text) or mapping("toc:\n" + text)
    project = value.get("project")
    waiting: list[Any] = [project.get("toc") if isinstance(project, dict) and "toc" in project else value]
    seen = 0
    while waiting and seen < 20_000:
        part = waiting.pop(0)
        seen += 1
        if isinstance(part, dict):
            yield from (str(part[k]) for k in ("root", "file") if isinstance(part.get(k), str))
            waiting[:0] = [part[k] for k in ("toc", "parts", "chapters", "sections", "children") if k in part]
        elif isinstance(part, list):
            waiting[:0] = part


def read_book(main: str, files: Files) -> Book:
    """All files of the book; one that cannot be read is dead and costs itself."""
    folder = posixpath.dirname(main)
    sources: list[Source] = []
    dead: list[Dead] = []
    for path in (p for p in files if p.endswith(_SUFFIXES) and not _NO_SOURCE.search(p)):
        try:
            sources.append(read_source(path, files[path]))
        except (PayloadError, RecursionError) as error:
            dead.append(Dead(error.reason if isinstance(error, PayloadError) else "too_deep", f"{path}: {error}", path))
    config: dict[str, Any] = {}
    for name in _CONFIGS:
        stated = mapping(files.get(posixpath.join(folder, name), b"").decode("utf-8", "replace"))
        project = stated.pop("project", None)
        config = {**(project if isinstance(project, dict) else {}), **stated, **config}
    about = _about(config, main, sources)
    licences = {s.path: _licence(s.head) for s in sources if s.head.get("license")}
    return Book(about, _parts(dead, sources, _macros(config), about.title, licences))


def _parts(
    dead: list[Dead], sources: list[Source], macros: dict[str, Macro], title: str, licences: Mapping[str, Licence]
) -> Iterator[BookExercise | Dead]:
    yield from dead
    yield from (d for s in sources for d in s.dead)
    yield from exercises(sources, macros, title, licences)


def _about(config: Mapping[str, Any], main: str, sources: list[Source]) -> About:
    first = next((s for s in sources if s.path == main), sources[0] if sources else None)
    heading = next((n for n in first.nodes if n.type == "heading"), None) if first else None
    title = str(config.get("title") or "") or (Writer({}, {}).text(heading.children) if heading is not None else "")
    authors = config.get("author") or config.get("authors") or ""
    named = [str(a.get("name", "")) if isinstance(a, dict) else str(a) for a in authors] if isinstance(authors, list) else [str(authors)]
    html = config.get("html")
    url = str(html.get("baseurl") or "") if isinstance(html, dict) else ""
    return About(
        title=title,
        language=_language(config),
        authors=", ".join(n for n in named if n),
        web_url=url if url.startswith("http") else "",
        licence=_licence(config),
        licence_file=next((n for n in _CONFIGS if n in main), "_config.yml"),
    )


def _language(config: Mapping[str, Any]) -> str:
    sphinx = config.get("sphinx")
    inner = sphinx.get("config") if isinstance(sphinx, dict) else None
    return str((inner.get("language") if isinstance(inner, dict) else "") or config.get("language") or "")


def _licence(stated: Mapping[str, Any]) -> Licence:
    """The licence of the content in ``license``, which may name that of the code beside it."""
    value = stated.get("license") or stated.get("licence")
    if isinstance(value, dict):
        value = value.get("content") or value.get("id")
    if isinstance(value, dict):
        value = value.get("id") or value.get("url")
    return licence_in(str(value)) if isinstance(value, str) else Licence()


def _macros(config: Mapping[str, Any]) -> dict[str, Macro]:
    """Commands for mathematics: ``math`` of ``myst.yml``, ``mathjax3_config`` of ``_config.yml``."""
    stated: dict[str, Any] = {}
    for path in (
        ("math",),
        ("sphinx", "config", "mathjax3_config", "tex", "macros"),
        ("sphinx", "config", "mathjax_config", "TeX", "Macros"),
    ):
        value: Any = config
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            stated |= {str(k): v for k, v in value.items()}
    return {name.lstrip("\\"): macro for name, value in stated.items() if (macro := _macro(value)) is not None}


def _macro(value: object) -> Macro | None:
    if isinstance(value, str):
        used = [int(d) for d in re.findall(r"#(\d)", value)]
        return Macro(max(used, default=0), None, value)
    if isinstance(value, list) and len(value) >= 2 and isinstance(value[0], str) and isinstance(value[1], int) and 0 <= value[1] <= 9:
        default = value[2] if len(value) > 2 and isinstance(value[2], str) else None
        return Macro(value[1], default, value[0])
    return None
