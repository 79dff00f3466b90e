"""Whose text still has to leave the archive: noted when it leaves the database, forgotten once the archive is rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import pyarrow as pa

from store import pictures
from store.file.database import Connection
from store.rows import GONE, STAMP, fetch, keys, run, table
from thresher.model import Record

_GONE = ", ".join(f"'{status}'" for status in sorted(GONE))
TOLD = frozenset({"deleted", "removed"})
"""The statuses of a record that its site still shows a place of: it may leave the title standing there, or say who it was."""

_PURGES = {**dict.fromkeys(("record_key", "source", "site", "thread_id"), pa.string()), "since": STAMP, "until": STAMP}


@dataclass(frozen=True, slots=True)
class Purge:
    """A record. What was shown of it up to ``until`` has to go, of a takedown (None) all; it was first seen at ``since``, None where
    that is not known."""

    record_key: str
    source: str
    site: str
    since: datetime | None
    until: datetime | None

    @property
    def is_told_again(self) -> bool:
        """Whether nothing but the archive has it: the text left the database when the site told of the deletion for the first time."""
        return self.since is not None and self.since == self.until


def ask(con: Connection, record_keys: Sequence[str]) -> None:
    """Note records that their source took away, before they lose their text. Those that had none already are passed over."""
    run(
        con,
        f"""INSERT INTO purges
            SELECT record_key, any_value(source), any_value(site), any_value(thread_id), min(first_seen),
                   max(last_seen) FILTER (status IN ({_GONE}))
            FROM records SEMI JOIN gone USING (record_key) GROUP BY record_key
            HAVING bool_or(text <> '' OR title <> '' OR detail IS NOT NULL) AND bool_or(status IN ({_GONE}))""",
        gone=keys("record_key", record_keys),
    )
    pictures.forget(con, record_keys)


def ask_for_takedown(con: Connection, record_keys: Sequence[str]) -> None:
    """Note records that are taken down, before they leave the database."""
    gone = keys("record_key", record_keys)
    run(
        con,
        """INSERT INTO purges SELECT record_key, any_value(source), any_value(site), any_value(thread_id), NULL, NULL
           FROM records SEMI JOIN gone USING (record_key) GROUP BY record_key""",
        gone=gone,
    )
    pictures.forget(con, record_keys)


def ask_again(con: Connection, refused: Sequence[tuple[Record, datetime]]) -> None:
    """Note records that were taken down and that a page showed again at that moment: the page is in the archive by now."""
    if refused:
        rows = [(record.key, record.source, record.site, record.thread_id, seen, None) for record, seen in refused]
        run(con, "INSERT INTO purges SELECT * FROM given", given=table(_PURGES, rows))


def ask_told_again(con: Connection, told: Sequence[tuple[Record, datetime]]) -> None:
    """Note records that a page tells of as deleted, at that moment, where their text left the database before: what the page says beside
    the text has to go this time, too."""
    if told:
        rows = [(record.key, record.source, record.site, record.thread_id, at, at) for record, at in told]
        run(
            con,
            f"""INSERT INTO purges SELECT DISTINCT * FROM told SEMI JOIN (
                    SELECT record_key FROM records SEMI JOIN told USING (record_key) GROUP BY record_key
                    HAVING bool_or(is_latest AND status IN ({_GONE})) AND bool_or(blanked AND status NOT IN ({_GONE}))
                ) USING (record_key)""",
            told=table(_PURGES, rows),
        )


def asked(con: Connection) -> list[Purge]:
    """All that is noted."""
    rows = fetch(con, "SELECT DISTINCT record_key, source, site, since, until FROM purges ORDER BY ALL")
    return [Purge(**row) for row in rows]


def hosts(con: Connection) -> set[str]:
    """The hosts of the sites of these records: their listings show the text, too."""
    urls = con.execute("SELECT DISTINCT url FROM pages SEMI JOIN purges USING (source, site)").fetchall()
    return {host for (url,) in urls if (host := urlsplit(url).netloc)}


def without_listings(con: Connection) -> set[tuple[str, str]]:
    """(archive file, host) of which no listing is left."""
    return set(con.execute("SELECT archive_file, host FROM purged_listings").fetchall())


def done(con: Connection, purges: Sequence[Purge], listings: Sequence[tuple[str, str]]) -> None:
    """Forget what has left the archive."""
    gone = keys("record_key", {purge.record_key for purge in purges})
    run(con, "DELETE FROM purges USING gone WHERE purges.record_key = gone.record_key", gone=gone)
    given = table({"archive_file": pa.string(), "host": pa.string()}, listings)
    run(con, "INSERT INTO purged_listings SELECT * FROM given", given=given)
