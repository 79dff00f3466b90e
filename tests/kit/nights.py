"""Nights over one small forum: harvests, rechecks and rebuilds in processes of their own, and what they left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driver import Command, Done
from forum import Forum

from store.file.database import Database
from store.ledger import table_hashes


@dataclass
class Nights:
    """Harvests of one forum in processes of their own."""

    command: Command
    forum: Forum
    config: Path
    data: Path

    def harvest(self, *more: object, **limits: Any) -> Done:
        return self.command.run("harvest", "--no-embed", *more, "--data", self.data, "--config", self.config, **limits)

    def recheck(self, *more: object, after_days: float = 0, **limits: Any) -> Done:
        env = {"THRESHER_RECHECK_AFTER_DAYS": str(after_days)}
        return self.command.run("recheck", "--no-embed", *more, "--data", self.data, "--config", self.config, env=env, **limits)

    def well(self, *more: object) -> Done:
        done = self.harvest(*more)
        assert done.rc == 0, (done.err, done.out)
        return done

    def rebuild(self) -> dict[str, Any]:
        done = self.command.run("rebuild", "--json", "--data", self.data, "--config", self.config)
        assert done.rc == 0, done.err
        return dict(json.loads(done.out))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with Database(self.data).reader() as con:
            return con.execute(sql).fetchall()

    def live(self) -> int:
        (count,) = self.rows("SELECT count(*) FROM records WHERE is_latest AND status = 'live' AND text LIKE 'Post %'")[0]
        return int(count)

    def cursor(self) -> str:
        return str(self.rows("SELECT value FROM cursors"))

    def tables(self) -> dict[str, str]:
        with Database(self.data).reader() as con:
            return table_hashes(con)
