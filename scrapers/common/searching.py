"""A place that is searched; the line fills ``queries`` in from the shared file (``scrapers.common.queries``)."""

from __future__ import annotations

from scrapers.base import Place
from scrapers.common.queries import Query
from thresher.errors import SettingsError


class Searching(Place):
    """A place that is searched. ``asked`` is what for."""

    queries: tuple[Query, ...] = ()
    """Those of ``config/queries.toml`` where the entry names none of its own."""
    languages: tuple[str, ...] = ()
    """Only queries in these languages; empty takes all."""

    @property
    def searches(self) -> bool:
        """Whether this place asks its queries at all."""
        return True

    @property
    def asked(self) -> tuple[Query, ...]:
        """The queries of this place; SettingsError where there is none."""
        asked = tuple(query for query in self.queries if not self.languages or query.language in self.languages)
        if not asked:
            in_languages = f" in {', '.join(self.languages)}" if self.languages else ""
            raise SettingsError(
                f"{self.name}: nothing to search for{in_languages}: put queries into config/queries.toml, or into its entry"
            )
        return asked
