"""What may be set: config/ and the environment, read once, validated, frozen, passed down.

``load(folder)`` reads ``thresher.toml``, ``dedupe.toml``, ``clusters.toml``, ``export.toml`` and ``sources/*.toml`` (``rules.toml`` is
read by ``thresher.rules``). An environment variable ``THRESHER_<SECTION>_<KEY>`` stands over ``thresher.toml``
(``THRESHER_NETWORK_CONTACT``). Secrets come from the environment alone.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from thresher.errors import SettingsError

Model = TypeVar("Model", bound=BaseModel)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(_Section):
    """The door to the network; see ``thresher.net.client``."""

    contact: str = ""
    """An address where a site's operator reaches a person; every request carries it, and nothing is fetched without it."""
    project_url: str = "https://github.com/thresher-evals/thresher"
    deadline_s: float = Field(60.0, gt=0)
    """For one whole response, from the first byte sent to the last one read, redirects and all; waits between tries are not in it."""
    connect_timeout_s: float = Field(10.0, gt=0)
    max_wire_bytes: int = Field(10 * 2**20, gt=0)
    max_body_bytes: int = Field(50 * 2**20, gt=0)
    """After decompression."""
    max_ratio: float = Field(100.0, gt=1)
    """Decompressed to compressed, judged above 1 MiB."""
    tries: int = Field(5, ge=1, le=20)
    backoff_base_s: float = Field(2.0, gt=0)
    backoff_cap_s: float = Field(120.0, gt=0)
    wait_cap_s: float = Field(900.0, gt=0)
    """The longest wait that a server may ask for; more stops the source as rate_limited."""
    max_redirects: int = Field(5, ge=0, le=20)
    ports: tuple[int, ...] = (80, 443)
    allow_addresses: tuple[str, ...] = ()
    """``host:port`` pairs that are reached although their address is private, such as ``127.0.0.1:8017`` for a server of your own."""


class Pace(_Section):
    """How politely one source is harvested."""

    min_interval_s: float = Field(1.0, ge=0)
    """Between the starts of two requests to one host."""
    max_requests: int = Field(2000, ge=1)
    """In one run of the source."""
    max_minutes: float = Field(30.0, gt=0)
    max_pages: int = Field(1000, ge=1)
    """In one listing; more is a tarpit or a mistake."""


FillName = Literal["text", "title", "author", "created_at", "parent", "language", "licence", "solution", "vote"]
"""What a record can be filled with; see ``flows.line.expectations``."""


class Share(_Section):
    """Of all records: at least, and where it makes sense at most."""

    min: float = Field(0.0, ge=0, le=1)
    max: float = Field(1.0, ge=0, le=1)


class Expect(_Section):
    """What a source should bring. Anything else is an alarm: what came is kept, and the run says what to look at."""

    min_records: int = Field(0, ge=0)
    """In a first harvest of all sites."""
    max_records: int = Field(0, ge=0)
    """In a first harvest of all sites; 0 for no limit."""
    max_dead_share: float = Field(0.2, ge=0, le=1)
    """A larger share of dead letters fails the source and its cursor stays where it was."""
    fill: dict[FillName, Share] = {}
    """The share of the records of a harvest that have an author, a date, ..."""


class Source(_Section):
    """One file in config/sources/: what to harvest. ``sites`` is validated by the scraper's own ``Site`` model."""

    name: str
    what: str = ""
    """In one line, what it brings; shown in the README's table."""
    enabled: bool = True
    why_off: str = ""
    """Shown where ``enabled`` is false: what it needs."""
    needs: tuple[str, ...] = ()
    """Environment variables without which the source is off."""
    pace: Pace = Pace()
    expect: Expect = Expect()
    sites: tuple[dict[str, Any], ...] = Field(min_length=1)


class Embedding(_Section):
    """Which model turns a text into a vector."""

    model: str = "all-MiniLM-L6-v2"
    """The bundled model, or any sentence-transformers name or folder."""
    engine: str = "auto"
    """``auto``, ``openvino`` or ``torch``."""
    max_tokens: int = Field(256, ge=16, le=8192)
    threads: int = Field(0, ge=0)
    """0 takes what the machine has."""


class Dedupe(_Section):
    """How duplicates are decided; see ``dedupe.decide``."""

    version: str
    embedding: Embedding = Embedding()
    neighbours: int = Field(20, ge=1, le=1000)
    shortlist_threshold: float = Field(gt=0, le=1)
    same_threshold: float = Field(gt=0, le=1)
    related_threshold: float = Field(gt=0, le=1)


class Distiller(_Section):
    """A language model that puts claimed failures into short phrases, behind the OpenAI chat API; off while ``base_url`` is empty."""

    base_url: str = ""
    """Up to and with the version: ``http://127.0.0.1:8000/v1``. Its host must be in network.allow_addresses where it is a private one."""
    model: str = ""
    key_variable: str = "THRESHER_MODEL_KEY"
    """The environment variable that holds the key; without one no key is sent."""
    max_requests: int = Field(2000, ge=1)
    """In one pass; further claims get the phrase of the rules."""


class Clusters(_Section):
    """How complaints become failure clusters; see ``dedupe.failures.clusters``."""

    version: str = "1"
    join_threshold: float = Field(0.55, gt=0, lt=1)
    """Least mean cosine between the phrases of two groups that become one."""
    anchor_threshold: float = Field(0.4, gt=0, le=1)
    """Least cosine of an extracted phrase to one that the rules know, for it to get that one's category."""
    reach: float = Field(0.15, ge=0, lt=1)
    """How far below ``join_threshold`` a cluster is looked at again when something comes near it."""
    dissolve_at_most: int = Field(400, ge=2)
    """Clusters of more phrases are halved, not taken apart, when they are looked at again."""
    published_authors: int = Field(3, ge=1)
    """Distinct authors without which a cluster is not fit to be published."""
    distiller: Distiller = Distiller()


class Export(_Section):
    """What leaves in a snapshot."""

    version: str
    classes: tuple[str, ...] = ("full", "derived")
    canary: str = ""


class Schedule(_Section):
    """When ``thresher serve`` harvests."""

    cron: str = "0 3 * * *"
    timezone: str = "UTC"


class Workers(_Section):
    """Who embeds and searches; see ``flows.spread``."""

    runner: Literal["here", "dask"] = "here"
    count: int = Field(2, ge=1, le=1024)
    """Shards by item id, and processes of a cluster on this machine."""
    address: str = ""
    """Of a running Dask scheduler, such as tcp://10.0.0.1:8786. Its workers must see the data folder under the same path."""


class General(_Section):
    """``thresher.toml``."""

    network: Network = Network()
    schedule: Schedule = Schedule()
    workers: Workers = Workers()


class Settings(_Section):
    """Everything that may be set, with the folder it was read from."""

    folder: Path
    network: Network
    schedule: Schedule
    workers: Workers
    dedupe: Dedupe
    clusters: Clusters = Clusters()
    export: Export
    sources: dict[str, Source]
    salt: str = Field("", repr=False)
    """The secret with which authors' names are hashed (``THRESHER_SALT``); empty: one is made for each benchmark and kept beside it."""

    def source(self, name: str) -> Source:
        """The source called ``name``; SettingsError names those that are configured."""
        if name not in self.sources:
            known = ", ".join(sorted(self.sources)) or "none"
            raise SettingsError(f"{self.folder / 'sources'}: no source {name!r}; configured are: {known}")
        return self.sources[name]


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check a whole config folder. SettingsError names file, key and what is allowed."""
    environ = os.environ if environ is None else environ
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder; give the one with thresher.toml by --config")
    general = _validated(General, _overridden(_read(folder / "thresher.toml"), General, environ), folder / "thresher.toml")
    sources: dict[str, Source] = {}
    for path in sorted((folder / "sources").glob("*.toml")):
        source = _validated(Source, _read(path), path)
        if source.name != path.stem:
            raise SettingsError(f"{path}: name = {source.name!r} must be the name of the file, {path.stem!r}")
        sources[source.name] = source
    return Settings(
        folder=folder,
        network=general.network,
        schedule=general.schedule,
        workers=general.workers,
        dedupe=_validated(Dedupe, _read(folder / "dedupe.toml"), folder / "dedupe.toml"),
        clusters=_validated(Clusters, _optional(folder / "clusters.toml"), folder / "clusters.toml"),
        export=_validated(Export, _read(folder / "export.toml"), folder / "export.toml"),
        sources=sources,
        salt=environ.get("THRESHER_SALT", ""),
    )


def validated_site(model: type[Model], source: Source, place: Mapping[str, Any], folder: Path) -> Model:
    """One entry of ``[[sites]]`` as the scraper's own model."""
    number = source.sites.index(dict(place)) + 1 if dict(place) in source.sites else 0
    return _validated(model, dict(place), folder / "sources" / f"{source.name}.toml", f"sites[{number}]." if number else "")


def missing_needs(source: Source, environ: Mapping[str, str] | None = None) -> list[str]:
    """The environment variables that the source needs and that are not set."""
    environ = os.environ if environ is None else environ
    return [name for name in source.needs if not environ.get(name)]


def flat(settings: Settings, environ: Mapping[str, str] | None = None) -> Iterator[tuple[str, str, str]]:
    """(key, value as TOML would show it, where it comes from) for each setting, secrets masked."""
    environ = os.environ if environ is None else environ
    files = {
        "network": "thresher.toml",
        "schedule": "thresher.toml",
        "workers": "thresher.toml",
        "dedupe": "dedupe.toml",
        "clusters": "clusters.toml",
        "export": "export.toml",
    }
    for section, file in files.items():
        held = _read(settings.folder / file) if (settings.folder / file).is_file() else {}
        held = held.get(section, {}) if file == "thresher.toml" else held
        yield from _flat(section, getattr(settings, section), held, file, environ)
    for name, source in settings.sources.items():
        file = f"sources/{name}.toml"
        yield from _flat(f"sources.{name}", source, _read(settings.folder / file), file, environ)
    yield "salt", "***" if settings.salt else '""', "environment" if settings.salt else "made for each benchmark"


def _flat(
    prefix: str, section: BaseModel, held: Mapping[str, Any], file: str, environ: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, BaseModel):
            inner = held.get(key, {})
            yield from _flat(f"{prefix}.{key}", value, inner if isinstance(inner, dict) else {}, file, environ)
            continue
        name = variable(prefix, key)
        origin = f"environment ({name})" if name in environ else file if key in held else "default"
        yield f"{prefix}.{key}", json.dumps(value, ensure_ascii=False, default=str), origin


def variable(section: str, key: str) -> str:
    """The environment variable that stands over a key of ``thresher.toml``."""
    return f"THRESHER_{section}_{key}".upper()


def _overridden(held: dict[str, Any], model: type[BaseModel], environ: Mapping[str, str]) -> dict[str, Any]:
    for section, about in model.model_fields.items():
        inner = about.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            continue
        for key in inner.model_fields:
            if (name := variable(section, key)) in environ:
                held.setdefault(section, {})[key] = _value(environ[name], inner.model_fields[key].annotation)
    return held


def _value(text: str, wanted: Any) -> Any:
    """A string as it is; anything else as TOML writes it, such as ``[80, 443]``."""
    if wanted is str:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _optional(path: Path) -> dict[str, Any]:
    """A file that a config folder made before it was known does not hold: then the defaults count."""
    return _read(path) if path.is_file() else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: missing; take it from the project's config/ folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error


def _validated(model: type[Model], held: dict[str, Any], path: Path, prefix: str = "") -> Model:
    try:
        return model.model_validate(held)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False):
            key = prefix + ".".join(str(part) for part in problem["loc"])
            allowed = f"; allowed keys: {', '.join(_keys(model, problem['loc']))}" if problem["type"] == "extra_forbidden" else ""
            given = "" if problem["type"] in ("missing", "extra_forbidden") else f" (given: {problem['input']!r})"
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
