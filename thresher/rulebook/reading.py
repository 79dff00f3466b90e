"""A rulebook from its folder: ``*.toml`` (chapters as enacted), ``amendments/*.toml`` (each a version), ``cases/*.toml`` (case law).

The chapters are version 1. Each amendment is one file that is never changed again; a version is the chapters with all amendments up to it,
so that a verdict can be checked against the very words by which it was given. Every error names the file and the line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from thresher.errors import SettingsError, UsageError
from thresher.rulebook.model import Amendment, Case, Chapter, Noun, Rule, Rulebook, Scope

N = TypeVar("N", bound=Noun)
AMENDMENTS, CASES = "amendments", "cases"
_HEADER = re.compile(r"^\[\[(rule|response)\]\]")
_AT = re.compile(r" \(at line (\d+), column (\d+)\)$")


def load(folder: Path, version: int | None = None) -> Rulebook:
    """The rulebook in a folder, in its newest version or another. SettingsError where a file is wrong, UsageError for no such version."""
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if not paths:
        raise SettingsError(f"{folder}: holds no rulebook; take config/rulebook from the project, or import one by `thresher rules import`")
    chapters = [_chapter(path) for path in paths]
    amendments = [_amendment(path, number) for number, path in enumerate(sorted((folder / AMENDMENTS).glob("*.toml")), 2)]
    cases = [_case(path) for path in sorted((folder / CASES).glob("*.toml"))]
    _refuse_twice(paths, [[rule.id for rule in chapter.rules] for chapter in chapters])
    newest = len(amendments) + 1
    wanted = newest if version is None else version
    if not 1 <= wanted <= newest:
        raise UsageError(f"{folder}: there is no version {wanted}; versions are 1 to {newest}")
    in_force = amendments[: wanted - 1]
    for amendment in in_force:
        chapters = amended(chapters, amendment, folder / AMENDMENTS / name_of(amendment.version))
    decided = tuple(case for case in cases if case.version <= wanted)
    return Rulebook(version=wanted, chapters=tuple(chapters), amendments=tuple(in_force), cases=decided)


def altered(folder: Path, book: Rulebook) -> int | None:
    """The first version whose words are no longer those that its amendment amended: somebody changed a file by hand. None where all are."""
    for amendment in book.amendments:
        if load(folder, amendment.version - 1).digest != amendment.upon:
            return amendment.version - 1
    return None


def name_of(version: int) -> str:
    """The file of the amendment that made a version."""
    return f"{version:04d}.toml"


def amended(chapters: Sequence[Chapter], amendment: Amendment, path: Path) -> list[Chapter]:
    """Chapters with the rules of an amendment in the place of their older wordings, new ones at the end of their chapter.

    SettingsError where it repeals a rule that there is not, or adds to a chapter that there is not."""
    new = {rule.id: rule for rule in amendment.rules}
    missing = set(amendment.repeals) - {rule.id for chapter in chapters for rule in chapter.rules}
    if missing:
        raise SettingsError(f"{path}: repeals {', '.join(sorted(missing))}, which version {amendment.version - 1} does not have")
    if astray := {rule_id for rule_id in new if rule_id.split(".")[0] not in {chapter.chapter for chapter in chapters}}:
        raise SettingsError(f"{path}: {', '.join(sorted(astray))}: there is no such chapter; begin the id with that of a chapter")
    made = []
    for chapter in chapters:
        kept = [new.pop(rule.id, rule) for rule in chapter.rules if rule.id not in amendment.repeals]
        added = [new.pop(rule_id) for rule_id in list(new) if rule_id.split(".")[0] == chapter.chapter]
        placed = tuple(rule.model_copy(update={"layer": chapter.layer, "chapter": chapter.chapter}) for rule in (*kept, *added))
        made.append(chapter.model_copy(update={"rules": placed}))
    return made


def rule_of(stated: Mapping[str, Any], text: str, path: Path) -> Rule:
    """One rule as a file of its own states it (``thresher rules amend --file``), under ``[[rule]]``. SettingsError where it is none."""
    tables = stated.get("rule", [])
    if not isinstance(tables, list) or len(tables) != 1 or set(stated) != {"rule"}:
        raise SettingsError(f"{path}: state one rule, under [[rule]], and nothing else")
    return _valid(Rule, tables[0], path, _lines(text, "rule", 1)[0], text)


def read(path: Path) -> tuple[dict[str, Any], str]:
    """A TOML file and its text. SettingsError names the line at which it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        place = _AT.search(str(error))
        line = place[1] if place else str(text.count("\n") + 1)
        raise SettingsError(f"{path}:{line}: not valid TOML: {_AT.sub('', str(error))}") from error


def _chapter(path: Path) -> Chapter:
    stated, text = read(path)
    scope = _valid(Scope, stated.pop("scope", {}), path, 1, text)
    tables = _tables(stated, "rule", path)
    name, layer = stated.get("chapter"), stated.get("layer")
    if name != path.stem:
        raise SettingsError(f'{path}:1: chapter = {name!r} must be the name of the file, "{path.stem}"')
    chapter = _valid(Chapter, stated, path, 1, text)
    rules = []
    for table, line in zip(tables, _lines(text, "rule", len(tables)), strict=True):
        inherited = {key: getattr(scope, key) for key in Scope.model_fields if key not in table}
        rule = _valid(Rule, {**inherited, **table, "layer": layer, "chapter": name}, path, line, text)
        if rule.id.split(".")[0] != name:
            raise SettingsError(f'{path}:{line}: the id {rule.id} must begin with the chapter, "{name}."')
        rules.append(rule)
    return chapter.model_copy(update={"rules": tuple(rules)})


def _amendment(path: Path, version: int) -> Amendment:
    stated, text = read(path)
    tables = _tables(stated, "rule", path)
    rules = tuple(_valid(Rule, table, path, line, text) for table, line in zip(tables, _lines(text, "rule", len(tables)), strict=True))
    amendment = _valid(Amendment, {**stated, "rules": rules}, path, 1, text)
    if amendment.version != version or path.name != name_of(version):
        raise SettingsError(
            f"{path}:1: amendments count from 0002.toml without a gap; expected {name_of(version)} with version = {version}"
        )
    return amendment


def _case(path: Path) -> Case:
    stated, text = read(path)
    stated["responses"] = _tables(stated, "response", path)
    case = _valid(Case, stated, path, 1, text)
    if case.id != path.stem:
        raise SettingsError(f'{path}:1: id = {case.id!r} must be the name of the file, "{path.stem}"')
    return case


def _tables(stated: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    tables = stated.pop(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsError(f"{path}: {key}: write each under a line [[{key}]]")
    return tables


def _lines(text: str, key: str, count: int) -> list[int]:
    """The line of each ``[[key]]``; the first line for all where the file writes its tables in another way. Inside a multi-line string such
    a line would be taken for one, so those are blanked first."""
    bare = re.sub(r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'', lambda match: "\n" * match[0].count("\n"), text)
    found = [number for number, line in enumerate(bare.splitlines(), 1) if (m := _HEADER.match(line)) and m[1] == key]
    return found if len(found) == count else [1] * count


def _valid(model: type[N], stated: Mapping[str, Any], path: Path, line: int, text: str) -> N:
    try:
        return model.model_validate(stated)
    except ValidationError as error:
        said = []
        for problem in error.errors(include_url=False):
            key = str(problem["loc"][0]) if problem["loc"] else ""
            allowed = f"; allowed keys: {', '.join(model.model_fields)}" if problem["type"] == "extra_forbidden" else ""
            given = "" if problem["type"] in ("missing", "extra_forbidden") else f" (given: {str(problem['input'])[:80]!r})"
            label = f" of {stated['id']}" if key != "id" and isinstance(stated.get("id"), str) else ""
            said.append(f"{path}:{_line_of(text, key, line)}: {key}{label}: {problem['msg']}{given}{allowed}")
        raise SettingsError("\n".join(said)) from None


def _line_of(text: str, key: str, begin: int) -> int:
    """The line that states a key in the table that begins at ``begin``; the beginning where it states none."""
    for number, line in enumerate(text.splitlines()[begin:], begin + 1):
        if _HEADER.match(line):
            break
        if re.match(rf"{re.escape(key)}\s*=", line):
            return number
    return begin


def _refuse_twice(paths: Sequence[Path], ids: Sequence[Iterable[str]]) -> None:
    places: dict[str, Path] = {}
    for path, of_file in zip(paths, ids, strict=True):
        for rule_id in of_file:
            if rule_id in places:
                raise SettingsError(f"{path}: the id {rule_id} is there twice (also in {places[rule_id].name}); an id is never used again")
            places[rule_id] = path
