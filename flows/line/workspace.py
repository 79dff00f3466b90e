"""Where a benchmark lives, and everything that its steps need: settings, rules, database, archive, index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from flows.line import salt
from flows.line import settings as configuration
from flows.line.settings import Settings
from scrapers import base
from scrapers.base import Place
from scrapers.settings import Source
from store.file.database import Database, existing_benchmark
from thresher.errors import SettingsError, StoreError
from thresher.rules import Rules

if TYPE_CHECKING:
    from dedupe.decide import Judge
    from dedupe.vectors.encoder import Encoder
    from thresher.models.ask import Asker
    from thresher.readers import Chain


@dataclass(frozen=True)
class Workspace:
    """One benchmark: ``benchmark.duckdb``, ``archive/``, ``index/`` and ``snapshots/`` in ``folder``."""

    folder: Path
    settings: Settings
    rules: Rules
    answers_from: Path | None = None
    """The archive of the benchmark that is being rebuilt here: answers of models are taken from there, and nobody is asked."""

    @classmethod
    def open(cls, data: Path, config: Path | None = None, *, create: bool = False) -> Workspace:
        """The benchmark in ``data`` with the settings in ``config`` (``./config``, else the checkout's). ``create`` makes the folder."""
        folder = configuration.config_folder(config)
        loaded = configuration.load(folder)
        if create:
            try:
                data.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{data}: cannot be made: {error.strerror or error}; give another folder by --data") from error
        else:
            existing_benchmark(data)
        work = cls(data, loaded, Rules.load(folder / "rules.toml"))
        for place in (work.archive, work.index, work.snapshots):
            if place.exists() and not place.is_dir():
                raise StoreError(f"{place}: is a file, where a folder belongs; move it away, and put the folder back if there is a copy")
        return work

    @cached_property
    def database(self) -> Database:
        """The one database object of this process."""
        return Database(self.folder)

    @cached_property
    def encoder(self) -> Encoder:
        """Opened on first use: a command that embeds nothing never loads a model, nor the dedupe."""
        from dedupe.vectors.engines import open_encoder

        return open_encoder(self.settings.dedupe.embedding, self.models)

    @cached_property
    def chain(self) -> Chain:
        """The readers of posts, opened on first use."""
        from flows.line.asking import chain_of

        return chain_of(self.rules, self.settings.readers, self.asker)

    @cached_property
    def asker(self) -> Asker | None:
        """Who asks the language model that reads posts; None where none is configured."""
        from flows.line.asking import open_asker
        from thresher.models.kept import FILE

        place = (self.answers_from or self.archive) / FILE
        return open_asker(self.settings.readers, self.settings.models, place, offline=self.answers_from is not None)

    @property
    def judged_by(self) -> str:
        """What decides what becomes of a record: the rules and the readers. Another one judges all records again."""
        return f"{self.rules.version} {self.chain.version}"

    @property
    def models(self) -> Path:
        """Where a model that is named by its Hub name is kept."""
        return self.folder / "models"

    @cached_property
    def judge(self) -> Judge:
        """Who says whether two items are the same."""
        from dedupe.judges import judge_for

        return judge_for(self.settings.dedupe)

    @property
    def archive(self) -> Path:
        """WARC files, one for each run."""
        return self.folder / "archive"

    @property
    def index(self) -> Path:
        """Disposable: rebuilt from the database."""
        return self.folder / "index"

    @property
    def snapshots(self) -> Path:
        """Frozen sets."""
        return self.folder / "snapshots"

    @property
    def splits(self) -> Path:
        """Where snapshots lie in parts to train and to test on."""
        return self.folder / "splits"

    @cached_property
    def salt(self) -> str:
        """The secret of the keyed hashes: ``THRESHER_SALT``, else one made at random and kept in ``salt`` (mode 0600)."""
        if self.settings.salt:
            return salt.checked(self.settings.salt, place="THRESHER_SALT")
        return salt.of(self.folder, self.archive)

    def chosen(self, names: list[str], environ: Mapping[str, str] | None = None) -> tuple[list[Source], dict[str, str]]:
        """The sources to harvest, and why others are left out. Named ones must be there and ready; without names it is all that are on."""
        sources, off = [], {}
        for source in [self.settings.source(n) for n in names] or self.settings.sources.values():
            reason = configuration.why_off(source, environ)
            if not reason:
                sources.append(source)
            elif names:
                raise SettingsError(f"source {source.name} is off: {reason}")
            else:
                off[source.name] = reason
        return sources, off

    def sites(self, source: Source) -> list[BaseModel]:
        """The places of a source, each as the scraper's own ``Site``."""
        scraper = base.load(source.name)
        folder, queries = self.settings.folder, self.settings.queries.queries
        return [configuration.validated_site(scraper.Site, source, place, folder, queries) for place in source.sites]

    def local_site(self, source: str, name: str, keys: Mapping[str, Any]) -> Place:
        """The place to which a local file belongs: the configured one of that name, or one made of ``keys`` and of what the source itself
        puts in the place of keys that it requires (``Place.for_files``)."""
        scraper = base.load(source)
        configured = self.settings.sources.get(source)
        for place in configured.sites if configured else ():
            if place.get("name") == name and configured:
                return configuration.validated_site(scraper.Site, configured, {**place, **keys}, self.settings.folder)
        values = {**scraper.Site.for_files(name), "name": name, **keys}
        made = Source(name=source, sites=(values,))
        return configuration.validated_site(scraper.Site, made, values, self.settings.folder)
