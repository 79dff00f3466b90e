"""A site of static pages over a frozen snapshot: one for each item and each failure that may be shown, and an index that searches itself.

What may be shown was decided, and looked at, when the snapshot was frozen; of an item that left as an id there is a row and no text. No
page loads anything, and none but the index runs anything.
"""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reporting import charts
from reporting.html import page
from store.file.database import Connection
from store.snapshot import shown
from store.snapshot.files import IDS
from thresher import __version__
from thresher.errors import UsageError

MARK = "site.json"
"""Stands in a folder that may be replaced."""
_ID = re.compile(r"[0-9a-f-]{1,64}")
_HEAD, _WORDS = 110, 400
_MANY = 3


@dataclass(slots=True)
class Site:
    """What was written."""

    folder: str
    items: int = 0
    without_text: int = 0
    failures: int = 0


def build(con: Connection, snapshot: Path, folder: Path, repository: str = "") -> Site:
    """Write the site into ``folder``, in place of the one that is there; UsageError where something else is."""
    manifest = shown.manifest(snapshot)
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UsageError(f"{folder}: holds something else than a site; give another folder by --out")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for part in ("items", "failures"):
        (partial / part).mkdir(parents=True)
    made = _Pages(con, snapshot, partial, manifest, repository).write()
    (partial / MARK).write_text(json.dumps({"snapshot": manifest["name"]}) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    made.folder = str(folder)
    return made


class _Pages:
    """Pages of one snapshot. Two passes over its rows: which items there are, then a page for each."""

    def __init__(self, con: Connection, snapshot: Path, folder: Path, manifest: dict[str, Any], repository: str) -> None:
        self._snapshot, self._folder = snapshot, folder
        self._told = {"snapshot": manifest["name"], "repository": repository or "OWNER/NAME", "version": __version__}
        self._heads: dict[str, str] = {}
        self._bare: dict[str, dict[str, Any]] = {}
        for config, row in shown.rows(snapshot):
            if not _ID.fullmatch(row["item_id"]):
                continue
            if config == IDS:
                self._bare.setdefault(row["item_id"], row)
            else:
                self._heads[row["item_id"]] = _head(row["question"] or row["input"])
        ids = [*self._heads, *self._bare]
        self._failures = {name: row for name, row in shown.failures(con, ids).items() if _ID.fullmatch(name) and self._may_be_shown(row)}
        self._of_item: dict[str, list[str]] = {}
        for name, row in self._failures.items():
            for item_id in row["items"]:
                self._of_item.setdefault(item_id, []).append(name)
        self._reports, self._related = shown.reports(con, ids), shown.related(con, ids)

    def _may_be_shown(self, failure: dict[str, Any]) -> bool:
        """A failure that few report, all of them in texts that stay at their source, is called by the words of one: it has no page."""
        return bool(failure["items"]) and (failure["reports"] >= _MANY or any(item_id in self._heads for item_id in failure["items"]))

    def write(self) -> Site:
        made, entries = Site(""), list[dict[str, str]]()
        canary = ""
        for config, row in shown.rows(self._snapshot):
            if row["item_id"] in self._heads and config != IDS:
                canary = row["canary"]
                self._put(f"items/{row['item_id']}.html", "item.html", self._item(config, row))
                entries.append(self._entry(row))
                made.items += 1
        for name, failure in self._failures.items():
            self._put(f"failures/{name}.html", "failure.html", self._failure(failure))
            made.failures += 1
        made.without_text = len(self._bare)
        self._put("index.html", "index.html", {**self._index(entries), "canary": canary})
        return made

    def _put(self, path: str, template: str, values: dict[str, Any]) -> None:
        (self._folder / path).write_text(page(template, **self._told, **values), encoding="utf-8")

    def _item(self, config: str, row: dict[str, Any]) -> dict[str, Any]:
        item_id = row["item_id"]
        return {
            "row": row, "config": config, "head": self._heads[item_id], "reports": self._reports.get(item_id, []),
            "failures": [self._failures[name] for name in self._of_item.get(item_id, [])],
            "related": [(other, self._heads[other]) for other in self._related.get(item_id, []) if other in self._heads],
        }  # fmt: skip

    def _failure(self, failure: dict[str, Any]) -> dict[str, Any]:
        texts = [(item_id, self._heads[item_id]) for item_id in failure["items"] if item_id in self._heads]
        bare = [self._bare[item_id] for item_id in failure["items"] if item_id in self._bare]
        return {"failure": failure, "texts": texts, "bare": bare, "spark": charts.spark}

    def _entry(self, row: dict[str, Any]) -> dict[str, str]:
        labels = [row["kind"], row["tier"], row["source"], f"key {row['key_status']}", row["language"], *row["tags"]]
        failures = [self._failures[name]["label"] for name in self._of_item.get(row["item_id"], [])]
        words = textwrap.shorten(row["question"] or row["input"], _WORDS, placeholder="")
        return {
            "path": f"items/{row['item_id']}.html",
            "title": self._heads[row["item_id"]],
            "about": " · ".join(filter(None, [row["kind"], row["tier"], row["source"], *failures])),
            "words": " ".join([words, row["item_id"], row["site"], *labels, *failures]),
        }

    def _index(self, entries: list[dict[str, str]]) -> dict[str, Any]:
        order = sorted(
            self._failures.values(), key=lambda f: (f["trend"] not in ("growing", "resurfaced", "new"), -f["reports"], f["label"])
        )
        trends = Counter(failure["trend"] for failure in order)
        return {
            "rows": _data(entries), "count": len(entries), "bare": len(self._bare), "failures": order, "trends": trends,
            "spark": charts.spark,
        }  # fmt: skip


def _head(text: str) -> str:
    return textwrap.shorten(text, _HEAD, placeholder=" ...") or "(no text)"


def _data(value: Any) -> Markup:
    """JSON that nothing in it can end: no ``<`` stands in it as such."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
