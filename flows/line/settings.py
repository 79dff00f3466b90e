"""All that may be set, put together: each section stands beside the code that it sets.

``load(folder)`` reads ``thresher.toml``, ``dedupe.toml``, ``clusters.toml``, ``export.toml``, ``models.toml``, ``readers.toml``,
``queries.toml`` and ``sources/*.toml`` (``rules.toml`` is read by ``thresher.rules``). An environment variable
``THRESHER_<SECTION>_<KEY>`` stands over ``thresher.toml`` (``THRESHER_NETWORK_CONTACT``). Secrets come from the environment alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from dedupe.settings import Clusters, Dedupe, Usage
from reporting.settings import Report
from scrapers.common.queries import Queries, Query
from scrapers.settings import Source
from store.snapshot.settings import Export
from thresher.errors import SettingsError
from thresher.models.settings import Models
from thresher.net.settings import Network
from thresher.pictures.settings import Pictures
from thresher.readers.settings import Readers
from thresher.rulebook.settings import Judging
from thresher.settings import Model, Section, origins, overridden, read_optional_toml, read_toml, validated

CHECKOUT_CONFIG = Path(__file__).resolve().parents[2] / "config"


class Schedule(Section):
    """When ``thresher serve`` harvests, and when it asks after what was harvested before."""

    cron: str = "0 3 * * *"
    recheck_cron: str = "0 5 * * *"
    """When ``thresher serve`` rechecks: after the harvest, which shows part of what would be asked after. One waits for the other."""
    evaluate_cron: str = "0 7 * * *"
    """When it evaluates models, where ``evaluate.models`` names any: after both, since they bring what is to be asked."""
    timezone: str = "UTC"
    """The named time zone of all; summer time is followed."""


class Recheck(Section):
    """What ``thresher recheck`` asks after; how much of it in one run is bounded by the pace of each source."""

    after_days: float = Field(7.0, ge=0)
    """A record is asked after when its site has not shown it for so many days."""


class Evaluate(Section):
    """Who is asked items, and within which limits: ``thresher evaluate`` and the flow of that name."""

    models: tuple[str, ...] = ()
    """Names of ``models.toml``. The flow asks the first two about every item, besides the one that is blamed; it is off while none is
    named."""
    judge: str = ""
    """A name of ``models.toml``: who scores what no program can. Without one such items are not asked."""
    by_rules: bool = True
    """The judge is given the rules of the rulebook and the precedents that concern an item, and has to cite them."""
    trials: int = Field(5, ge=1, le=100)
    """Of each item and model; two that fail make it reproduced."""
    max_usd: Decimal = Field(Decimal(5), ge=0)
    """What one run may spend at most, on all models and the judge together."""
    max_output_tokens: int = Field(2048, ge=1)
    """Of one answer. One that is cut here counts for nothing."""
    items_per_night: int = Field(200, ge=1)
    """Items that the flow takes up in one night, claimed failures first."""
    again_after_days: float = Field(30.0, ge=0)
    """The flow asks an item anew where its last trials are older: models change under their names."""
    max_hours: float = Field(6.0, gt=0)
    """After so long the flow asks no more, so that the next harvest finds nobody before it."""


class Seek(Section):
    """How far the harvest follows weakness: phrases besides the queries of ``queries.toml``, for sources that search."""

    share: float = Field(0.3, ge=0, lt=1)
    """Of the queries of a place, for phrases made of what is thin and what fails; the rest goes on exploring. 0 turns it off."""
    most: int = Field(12, ge=0)
    """Phrases in one run."""


class Split(Section):
    """Where items go in ``thresher split`` of which no person says it, by conditions as those of ``thresher gate --block``."""

    trainable: tuple[str, ...] = ()
    """An item on which one of these holds is trained on, with all that hangs on it."""
    eval_only: tuple[str, ...] = ()
    """An item on which one of these holds is never trained on, nor is what hangs on it. Where both hold, nothing is written."""


class Workers(Section):
    """Who embeds and searches; see ``flows.spread``."""

    runner: Literal["here", "dask"] = "here"
    count: int = Field(2, ge=1, le=1024)
    """Shards by item id, and processes of a cluster on this machine."""
    address: str = ""
    """Of a running Dask scheduler, such as tcp://10.0.0.1:8786. Its workers must see the data folder under the same path."""


class General(Section):
    """``thresher.toml``."""

    network: Network = Network()
    schedule: Schedule = Schedule()
    recheck: Recheck = Recheck()
    evaluate: Evaluate = Evaluate()
    workers: Workers = Workers()
    pictures: Pictures = Pictures()
    report: Report = Report()
    rulebook: Judging = Judging()
    usage: Usage = Usage()
    split: Split = Split()
    seek: Seek = Seek()


FILES = {
    "network": "thresher.toml", "schedule": "thresher.toml", "recheck": "thresher.toml", "workers": "thresher.toml",
    "pictures": "thresher.toml", "report": "thresher.toml", "rulebook": "thresher.toml", "split": "thresher.toml", "seek": "thresher.toml",
    "evaluate": "thresher.toml", "usage": "thresher.toml",
    "dedupe": "dedupe.toml", "clusters": "clusters.toml", "export": "export.toml", "models": "models.toml", "readers": "readers.toml",
}  # fmt: skip
"""The file of each section of Settings."""


class Settings(Section):
    """Everything that may be set, with the folder it was read from."""

    folder: Path
    network: Network
    schedule: Schedule
    recheck: Recheck = Recheck()
    evaluate: Evaluate = Evaluate()
    workers: Workers
    pictures: Pictures = Pictures()
    report: Report = Report()
    rulebook: Judging = Judging()
    usage: Usage = Usage()
    split: Split = Split()
    seek: Seek = Seek()
    dedupe: Dedupe
    clusters: Clusters = Clusters()
    export: Export
    models: Models = Models()
    readers: Readers = Readers()
    sources: dict[str, Source]
    queries: Queries = Queries()
    salt: str = Field("", repr=False)
    """The secret with which authors' names are hashed (``THRESHER_SALT``); empty: one is made for each benchmark and kept beside it."""

    def source(self, name: str) -> Source:
        """The source called ``name``; SettingsError names those that are configured."""
        if name not in self.sources:
            configured = ", ".join(sorted(self.sources)) or "none"
            raise SettingsError(f"{self.folder / 'sources'}: no source {name!r}; configured are: {configured}")
        return self.sources[name]


def config_folder(given: Path | None) -> Path:
    """The config folder: the one that is given, ``./config``, else the checkout's."""
    return given or (Path("config") if Path("config/thresher.toml").is_file() else CHECKOUT_CONFIG)


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check a whole config folder. SettingsError names file, key and what is allowed."""
    environ = os.environ if environ is None else environ
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder; give the one with thresher.toml by --config")
    general = validated(General, overridden(read_toml(folder / "thresher.toml"), General, environ), folder / "thresher.toml")
    sources: dict[str, Source] = {}
    for path in sorted((folder / "sources").glob("*.toml")):
        source = validated(Source, read_toml(path), path)
        if source.name != path.stem:
            raise SettingsError(f"{path}: name = {source.name!r} must be the name of the file, {path.stem!r}")
        sources[source.name] = source
    return Settings(
        folder=folder,
        network=general.network,
        schedule=general.schedule,
        recheck=general.recheck,
        evaluate=general.evaluate,
        workers=general.workers,
        pictures=general.pictures,
        report=general.report,
        rulebook=general.rulebook,
        usage=general.usage,
        split=general.split,
        seek=general.seek,
        dedupe=validated(Dedupe, read_toml(folder / "dedupe.toml"), folder / "dedupe.toml"),
        clusters=validated(Clusters, read_optional_toml(folder / "clusters.toml"), folder / "clusters.toml"),
        export=validated(Export, read_toml(folder / "export.toml"), folder / "export.toml"),
        models=load_models(folder),
        readers=load_readers(folder),
        sources=sources,
        queries=validated(Queries, read_optional_toml(folder / "queries.toml"), folder / "queries.toml"),
        salt=environ.get("THRESHER_SALT", ""),
    )


def load_models(folder: Path) -> Models:
    """The models of a config folder."""
    return validated(Models, read_optional_toml(folder / "models.toml"), folder / "models.toml")


def load_readers(folder: Path) -> Readers:
    """The readers of a config folder."""
    return validated(Readers, read_optional_toml(folder / "readers.toml"), folder / "readers.toml")


def validated_site(model: type[Model], source: Source, place: Mapping[str, Any], folder: Path, queries: tuple[Query, ...] = ()) -> Model:
    """One entry of ``[[sites]]`` as the scraper's own model; one that searches asks the shared ``queries`` where it states none itself."""
    from scrapers.common.searching import Searching  # brings the network, which who only looks at settings does without

    number = source.sites.index(dict(place)) + 1 if dict(place) in source.sites else 0
    shared = {"queries": queries} if issubclass(model, Searching) else {}
    return validated(model, shared | dict(place), folder / "sources" / f"{source.name}.toml", f"sites[{number}]." if number else "")


def missing_needs(source: Source, environ: Mapping[str, str] | None = None) -> list[str]:
    """The environment variables that the source needs and that are not set."""
    environ = os.environ if environ is None else environ
    return [name for name in source.needs if not environ.get(name)]


def why_off(source: Source, environ: Mapping[str, str] | None = None) -> str:
    """What keeps a source from being harvested; empty for one that is on."""
    lacking = missing_needs(source, environ)
    return f"set {', '.join(lacking)}" if lacking else "" if source.enabled else source.why_off or "enabled = false"


def flat(settings: Settings, environ: Mapping[str, str] | None = None) -> Iterator[tuple[str, str, str]]:
    """(key, value as TOML would show it, where it comes from) for each setting, secrets masked."""
    environ = os.environ if environ is None else environ
    for section, file in FILES.items():
        stated = read_optional_toml(settings.folder / file)
        stated = stated.get(section, {}) if file == "thresher.toml" else stated
        yield from origins(section, getattr(settings, section), stated, file, environ)
    for name, source in settings.sources.items():
        file = f"sources/{name}.toml"
        yield from origins(f"sources.{name}", source, read_toml(settings.folder / file), file, environ)
    yield "salt", "***" if settings.salt else '""', "environment" if settings.salt else "made for each benchmark"
