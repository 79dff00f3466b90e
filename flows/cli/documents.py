"""What the documents show of the command, made by the command: cog puts it between the marks in README.md and docs/ (``make docs``)."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.models import CommandInfo

from flows.cli.app import app
from flows.line.settings import CHECKOUT_CONFIG, FILES, Settings, load, why_off
from scrapers.settings import Source
from thresher.models.settings import Model

ROOT = CHECKOUT_CONFIG.parent
WIDTH = 80


def commands() -> str:
    """A table of all commands, each with the first sentence of its help."""
    return _table(("command", "what it does"), [(f"`{name}`", about) for name, about in _commands()])


def _commands() -> Iterator[tuple[str, str]]:
    yield from (_named(info) for info in app.registered_commands)
    for group in app.registered_groups:
        for info in group.typer_instance.registered_commands if group.typer_instance else ():
            name, about = _named(info)
            yield f"{group.name} {name}", about


def _named(info: CommandInfo) -> tuple[str, str]:
    name = info.name or getattr(info.callback, "__name__", "")
    return str(name), (inspect.getdoc(info.callback) or "").partition("\n")[0]


def help_pages() -> str:
    """What ``--help`` prints, of the program and of each command."""
    pages = [output("--help")]
    pages += [f"## {name}\n\n{output(*name.split(), '--help')}" for name, _ in _commands()]
    return "\n".join(pages)


def sources() -> str:
    """A table of all sources: what each is, what of it may leave, and whether it is on where no variable is set."""
    rows = []
    for name, source in load(CHECKOUT_CONFIG, {}).sources.items():
        off = f"off until it has {' and '.join(f'`{need}`' for need in source.needs)}" if source.needs else why_off(source, {})
        rows.append((f"`{name}`", source.what, source.rights, off or "on"))
    return _table(("source", "what", "licence, and what leaves", "on?"), rows)


def output(*arguments: str) -> str:
    """A command with all that it prints, as on a terminal of 80 columns, in a Markdown block."""
    command = [sys.executable, "-m", "flows.cli", *arguments]
    printed = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=True).stdout
    printed = printed.replace("python -m flows.cli", "thresher")
    shown = " ".join(a if re.fullmatch(r"[\w./-]+", a) else f'"{a}"' for a in arguments)
    return _block(f"$ thresher {shown}", *printed.splitlines())


def demo() -> str:
    """The heart of what ``make demo`` prints: the table of the first night, what the dedupe said, and the first of the items."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sample.demo"]
        lines = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=True).stdout.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("$ thresher harvest"))
    table = next(n for n in range(begin, len(lines)) if lines[n].startswith("source "))
    why = next(n for n in range(table, len(lines)) if lines[n].startswith("why records"))
    decided = next(n for n in range(why, len(lines)) if "texts embedded" in lines[n])
    night = next(n for n in range(decided, len(lines)) if lines[n].startswith("night 2"))
    item = next(n for n in range(night, len(lines)) if lines[n].startswith("╭"))
    end = next(n for n in range(item, len(lines)) if lines[n].startswith("╰"))
    shown = _block(lines[begin], *lines[table:why], *lines[decided:night], "", *lines[item : end + 1])
    return re.sub(r"127\.0\.0\.1:\d{5}", "127.0.0.1:40001", shown)


_MEASURED = re.compile(r"(?<=cosine )0\.\d+|\d+(?= linked| with nothing| opened)")
"""Numbers that depend on the last digits of vectors, in which processors differ."""


_FIRST_COME = re.compile(r"^((?!all )\w+(?: +\d+){3}) +\d+ +\d+", re.MULTILINE)
"""What one source landed and merged: of a text that two of them bring side by side, the first to be judged lands it. The sums stay."""


def steady(made: str, before: str) -> str:
    """``before`` where nothing differs but what is measured, by no more than processors do, and which source came first."""
    same_words = _words(made) == _words(before)
    pairs = zip(map(float, _MEASURED.findall(made)), map(float, _MEASURED.findall(before)), strict=False)
    return before if same_words and all(abs(a - b) <= (0.01 if a < 1 else 5) for a, b in pairs) else made


def _words(shown: str) -> list[str]:
    return _FIRST_COME.sub(r"\1", _MEASURED.sub("", shown)).split()


def _environment() -> dict[str, str]:
    """Without what a person has set for thresher."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("THRESHER_")}
    return {**ours, "COLUMNS": str(WIDTH), "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TERM": "dumb"}


def settings() -> str:
    """A table for each file of the settings: every key with its default and what it means."""
    parts = []
    for section, file in FILES.items():
        model = _model(Settings.model_fields[section])
        assert model is not None, section
        named = section if file == "thresher.toml" else ""
        parts.append(_section(f"{file}, [{named}]" if named else file, model, _comments(CHECKOUT_CONFIG / file), named))
    parts.append(_section("models.toml, each of [[models]]", Model, {}, ""))
    parts.append(_section("sources/NAME.toml", Source, {}, ""))
    return "\n".join(parts)


def _section(title: str, model: type[BaseModel], comments: dict[str, str], prefix: str) -> str:
    rows = [(f"`{key}`", f"`{default}`" if default else "", about) for key, default, about in _keys(model, comments, prefix, "")]
    return f"## {title}\n\n{inspect.cleandoc(model.__doc__ or '').replace('``', '`')}\n\n{_table(('key', 'default', 'what'), rows)}"


def _keys(model: type[BaseModel], comments: dict[str, str], section: str, prefix: str) -> Iterator[tuple[str, str, str]]:
    """(key, default, what it means) of a section and of those inside it: the docstring, else the comment in the file."""
    docstrings = _docstrings(model)
    for key, field in model.model_fields.items():
        inner, path = _model(field), f"{prefix}{key}"
        if inner is not None:
            yield from _keys(inner, comments, section, f"{path}.")
            continue
        about = docstrings.get(key) or comments.get(f"{section}.{path}" if section else path, "")
        yield (
            path,
            "" if field.is_required() else str(field.get_default(call_default_factory=True)),
            " ".join(about.split()).replace("``", "`"),
        )


def _model(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The string below each field, which Python itself forgets."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    strings = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            strings[field.target.id] = str(ast.literal_eval(below.value))
    return strings


def _comments(path: Path) -> dict[str, str]:
    """The comment above each key of a TOML file."""
    comments: dict[str, str] = {}
    section, above = "", list[str]()
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            above.append(line.removeprefix("#").strip())
            continue
        if match := re.match(r"\[(\w+)\]", line):
            section = f"{match.group(1)}."
        elif above and (match := re.match(r"(\w+)\s*=", line)):
            comments[section + match.group(1)] = " ".join(above)
        above = []
    return comments


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _block(*lines: str) -> str:
    return "\n".join(("```", *(line.rstrip() for line in lines), "```", ""))
