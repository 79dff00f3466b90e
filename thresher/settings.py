"""How settings are read: TOML files, the environment over them, validated and frozen, with errors that name file, key and what is allowed.

What may be set stands beside the code that it sets (``thresher.net.settings``, ``dedupe.settings``, ...).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from thresher.errors import SettingsError

Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """A part of the settings: frozen, and a key that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def origins(
    prefix: str, section: BaseModel, stated: Mapping[str, Any], file: str, environ: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """(key, value as TOML would show it, where it comes from) for each key of a section, given what its file states."""
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, BaseModel):
            inner = stated.get(key, {})
            yield from origins(f"{prefix}.{key}", value, inner if isinstance(inner, dict) else {}, file, environ)
            continue
        name = variable(prefix, key)
        origin = f"environment ({name})" if name in environ else file if key in stated else "default"
        yield f"{prefix}.{key}", json.dumps(value, ensure_ascii=False, default=str), origin


def variable(section: str, key: str) -> str:
    """The environment variable that stands over a key of ``thresher.toml``."""
    return f"THRESHER_{section}_{key}".upper()


def overridden(stated: dict[str, Any], model: type[BaseModel], environ: Mapping[str, str]) -> dict[str, Any]:
    """What a file states, with the variables of the environment over it."""
    for section, about in model.model_fields.items():
        inner = about.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            continue
        for key in inner.model_fields:
            if (name := variable(section, key)) in environ:
                stated.setdefault(section, {})[key] = _value(environ[name], inner.model_fields[key].annotation)
    return stated


def _value(text: str, wanted: Any) -> Any:
    """A string as it is; anything else as TOML writes it, such as ``[80, 443]``."""
    if wanted is str:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def read_optional_toml(path: Path) -> dict[str, Any]:
    """A file that a config folder made before it was known does not hold: then the defaults count."""
    return read_toml(path) if path.is_file() else {}


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. SettingsError where it is missing, cannot be read, or is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: missing; take it from the project's config/ folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error


def validated(model: type[Model], stated: dict[str, Any], path: Path, prefix: str = "") -> Model:
    """A section of what its file states. SettingsError has a line for each wrong key: file, key, what is wrong, what is allowed."""
    try:
        return model.model_validate(stated)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False):
            key = prefix + ".".join(str(part) for part in problem["loc"])
            allowed = f"; allowed keys: {', '.join(_keys(model, problem['loc']))}" if problem["type"] == "extra_forbidden" else ""
            shown = problem["type"] not in ("missing", "extra_forbidden") and "key" not in str(problem["loc"][-1:])
            given = f" (given: {problem['input']!r})" if shown else ""
            lines.append(f"{path}: {key}: {problem['msg']}{given}{allowed}")
        raise SettingsError("\n".join(lines)) from None


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the section of ``loc`` may have."""
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return []
        model = field.annotation
    return list(model.model_fields)
