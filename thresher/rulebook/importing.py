"""A rulebook of others made ours: Markdown or JSON with sections and ids, decomposed into tenets with ids.

Markdown as the OpenAI Model Spec is written: headings with ``{#id authority=root}``, prose, lists, and examples in fences of ``<user>``,
``<assistant> <!-- GOOD -->`` and ``<!-- BAD -->``; or as Claude's constitution: headings without ids, prose. JSON: nested objects with
``id``, ``title``, ``text`` and children.

A tenet is a sentence that says what ought to be, with those after it that only explain it; a list item counts with the sentence that leads
in. Prose that demands nothing is commentary: counted, and left in the original.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from thresher.disk import may_be_written, sync
from thresher.errors import UsageError
from thresher.rulebook import writing
from thresher.rulebook.model import Chapter, Rule

AUTHORITIES = ("root", "system", "developer", "user", "guideline")
"""As the Model Spec ranks them, highest first."""
_OUGHT = re.compile(
    r"\b(?:should|must|shall|may not|must not|ought|never|always|needs? to|has to|have to|is to|are to|cannot|do not|don't|avoid|refuse|"
    r"required?|prohibited|forbidden|(?:we|I) (?:want|expect|ask|hope|would like|'d like)|by default|aims? to|tries to|will not|won't)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]*_]*\s+(?=[\"'(\[*_]*[A-Z0-9])")
_CAPTION = re.compile(r"Examples?\b.{0,3}:|Examples?$")
"""What stands above an example."""
_ATTRIBUTES = re.compile(r"\s*\{([^{}]*)\}\s*$")
_TURN = re.compile(r"<(system|developer|user|assistant)\b[^>]*>(.*?)</\1>", re.DOTALL)
_MARK = re.compile(r"<!--\s*(GOOD|BAD)\b.*?-->", re.DOTALL)
_TITLE, _TEXT = ("title", "name", "heading"), ("text", "content", "body", "description", "principle", "rule")
_CHILDREN = ("sections", "children", "items", "rules", "tenets", "principles", "subsections")


@dataclass
class Section:
    """A heading with what stands under it up to the next."""

    slug: str
    title: str
    level: int
    rank: int = 0
    tenets: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Imported:
    """The chapters of a rulebook, with what of its source did not become a tenet."""

    chapters: list[Chapter]
    commentary: int = 0
    examples: int = 0
    """Of those that found a tenet without one in their section."""


def read_rulebook(path: Path) -> Imported:
    """The rulebook in a Markdown or JSON file. UsageError where it cannot be read, or holds no tenet."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    if path.suffix.lower() == ".json":
        try:
            stated = json.loads(text)
        except ValueError as error:
            raise UsageError(f"{path}: is no JSON: {error}") from error
        text = _as_markdown(stated, path)
    imported = Imported([])
    sections = list(_sections(text, imported))
    imported.chapters = _chapters(sections)
    if not imported.chapters:
        raise UsageError(f"{path}: holds no tenet: no sentence under a heading says what should or must be")
    return imported


def _sections(text: str, imported: Imported) -> Iterator[Section]:
    tree = SyntaxTreeNode(MarkdownIt("commonmark").parse(_without_front_matter(text)))
    section, lead = Section("preamble", "Preamble", 1), ""
    ranks: dict[int, int] = {}
    """Of the headings that are open, by level: what states no authority has that of the heading above it."""
    for node in tree.children:
        if node.type == "heading":
            yield section
            section, lead = _headed(node), ""
            ranks = {level: rank for level, rank in ranks.items() if level < section.level}
            section.rank = section.rank or next((rank for _, rank in sorted(ranks.items(), reverse=True) if rank), 0)
            ranks[section.level] = section.rank
        elif node.type == "paragraph":
            prose = _prose(node)
            lead = prose if prose.endswith(":") else ""
            if not lead and not _CAPTION.match(prose):
                imported.commentary += not _add(section, prose)
        elif node.type in ("bullet_list", "ordered_list"):
            for item in node.children:
                words = " ".join(_prose(part) for part in item.walk() if part.type == "paragraph")
                imported.commentary += not _add(section, f"{lead} {words}".strip(), whole=True)
            lead = ""
        elif node.type == "fence":
            imported.examples += _exemplify(section, node.content)
    yield section


def _headed(node: SyntaxTreeNode) -> Section:
    title = _prose(node)
    rank, slug = 0, ""
    if stated := _ATTRIBUTES.search(title):
        title = title[: stated.start()].strip()
        for word in stated[1].split():
            if word.startswith("#"):
                slug = _slug(word[1:])
            elif word.startswith("authority=") and word[10:] in AUTHORITIES:
                rank = AUTHORITIES.index(word[10:]) + 1
    return Section(slug or _slug(title), title, int(node.tag[1:]), rank)


def _prose(node: SyntaxTreeNode) -> str:
    """The words of a block, without marks, links and notes."""
    inline = next((part for part in node.children if part.type == "inline"), None)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|\[\^[^\]]*\]", lambda match: match[1] or "", inline.content if inline else "")
    return re.sub(r"\s+", " ", re.sub(r"\*\*|__|`", "", text)).strip()


def _add(section: Section, text: str, whole: bool = False) -> bool:
    """The tenets of a paragraph into its section; False where it has none. ``whole`` is one tenet, if it is any."""
    if not _OUGHT.search(text):
        return False
    if whole:
        section.tenets.append({"text": text})
        return True
    parts: list[str] = []
    for sentence in _SENTENCE.split(text):
        begun = bool(parts) and bool(_OUGHT.search(parts[-1]))
        if parts and not (begun and _OUGHT.search(sentence)):
            parts[-1] += " " + sentence  # explains the tenet before it, or leads in to the first one
        else:
            parts.append(sentence)
    section.tenets += [{"text": part} for part in parts]
    return True


def _exemplify(section: Section, body: str) -> bool:
    """An example into the last tenet before it that has none; the first good and the first bad answer are taken."""
    if not section.tenets:
        return False
    asked, answers = [], {"GOOD": "", "BAD": ""}
    for role, words in _TURN.findall(body):
        mark = _MARK.search(words)
        said = re.sub(r"<!--.*?-->", "", words, flags=re.DOTALL).strip()
        if mark and not answers[mark[1]]:
            answers[mark[1]] = said
        elif role != "assistant":
            asked.append(said if role == "user" else f"({role.capitalize()}: {said})")
    tenet = next((one for one in reversed(section.tenets) if "asked" not in one), None)
    if tenet is None or not asked or not any(answers.values()):
        return False
    tenet |= {"asked": "\n\n".join(asked), "keeps": answers["GOOD"], "breaks": answers["BAD"]}
    return True


def _chapters(sections: list[Section]) -> list[Chapter]:
    """A chapter for each section of the highest level that occurs more than once; below it, a rule's id names its own section."""
    filled = [section for section in sections if section.tenets]
    levels = [section.level for section in sections if section.slug != "preamble"]
    top = next((level for level in sorted(set(levels)) if levels.count(level) > 1), 1)
    made: dict[str, tuple[str, list[Rule]]] = {}
    chapter, title, used = "preamble", "Preamble", set[str]()
    for section in sections:
        if section.level <= top:
            chapter, title = section.slug, section.title
        if section not in filled:
            continue
        base = f"{chapter}.{section.slug}" if section.slug != chapter else f"{chapter}.general"
        if base in used:
            base = next(other for number in range(2, len(sections) + 2) if (other := f"{base}_{number}") not in used)
        used.add(base)
        rules = made.setdefault(chapter, (title, []))[1]
        for number, tenet in enumerate(section.tenets, 1):
            rules.append(Rule.model_validate({**tenet, "id": f"{base}.{number}", "rank": section.rank, "chapter": chapter}))
    return [Chapter(chapter=name, layer="legislation", title=said, rules=tuple(rules)) for name, (said, rules) in made.items()]


def write_rulebook(folder: Path, chapters: Sequence[Chapter]) -> None:
    """A new folder with a file for each chapter, there as a whole or not at all. UsageError where there is one already."""
    if folder.exists():
        raise UsageError(f"{folder}: is there already; give another --name, or move it away")
    partial = folder.with_name(f".{folder.name}.partial")
    with may_be_written(folder):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for chapter in chapters:
            path = partial / f"{chapter.chapter}.toml"
            path.write_text(writing.of_chapter(chapter), encoding="utf-8", newline="\n")
            sync(path)
        sync(partial)
        partial.rename(folder)
        sync(folder.parent)


def _as_markdown(stated: Any, path: Path) -> str:
    """Nested JSON as the headings and paragraphs that it stands for."""
    lines: list[str] = []
    roots = stated if isinstance(stated, list) else [stated]
    for root in roots:
        _walk(root, 1, lines, path)
    return "\n\n".join(lines)


def _walk(node: Any, level: int, lines: list[str], path: Path) -> None:
    if isinstance(node, str):
        lines.append(node)
        return
    if not isinstance(node, Mapping):
        raise UsageError(f"{path}: expected objects with id, title and text, and lists of them; there is {str(node)[:60]!r}")
    title = next((str(node[key]) for key in _TITLE if node.get(key)), "")
    if title or node.get("id"):
        authority = str(node.get("authority", node.get("level", "")))
        attributes = f" {{#{_slug(str(node['id']))} authority={authority}}}" if node.get("id") else ""
        lines.append("#" * min(level, 6) + f" {title or node['id']}{attributes}")
    lines += [node[key] for key in _TEXT if isinstance(node.get(key), str)]
    for key in _CHILDREN:
        children = node.get(key, [])
        for child in children.values() if isinstance(children, Mapping) else children if isinstance(children, list) else []:
            _walk(child, level + bool(title or node.get("id")), lines, path)


def _without_front_matter(text: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n", "", text, count=1, flags=re.DOTALL)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60] or "section"
