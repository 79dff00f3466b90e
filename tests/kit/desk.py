"""The page for curation on a port of its own, over items that a test makes."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import uvicorn

from curation.acts import Line
from curation.queue import Queue
from curation.server import make_app
from store.curating import VerdictLog


def item(number: int, **more: Any) -> dict[str, Any]:
    """An item as ``store.curating.items`` gives it."""
    made = {
        "item_id": f"{number:032x}", "version": 1, "kind": "complaint", "messages": [{"role": "user", "content": f"What is {number} + 1?"}],
        "target": "", "aliases": [], "choices": [], "rubric": "", "tier": "claimed", "key_status": "none",
        "status": "proposed", "language": "en", "tags": ["arithmetic"], "licence": "CC-BY-4.0", "export_class": "full", "attribution": "me",
        "source": "forum", "site": "x", "native_id": f"n{number}", "url": f"https://example.org/{number}", "rule": "r", "rule_version": "1",
        "report_count": 1, "source_count": 1, "strength": 0.5, "reports": [], "merged": [], "neighbours": [],
        "cluster": None, "verdicts": [],
    }  # fmt: skip
    made |= more
    harvested = {name: made[name] for name in ("version", "messages", "target", "aliases", "rubric", "tags", "key_status")}
    return {**made, "harvested": more.get("harvested", harvested)}


class Desk:
    """A server of the page on a port of its own, in a thread."""

    def __init__(self, folder: Path, items: list[dict[str, Any]], line: Line | None = None) -> None:
        self.folder = folder
        self.queue = Queue()
        self.queue.replace(items)
        self._server = uvicorn.Server(uvicorn.Config(lambda: None, host="127.0.0.1", port=0, log_level="warning"))
        socket = self._server.config.bind_socket()
        socket.listen()
        self.host = f"127.0.0.1:{socket.getsockname()[1]}"
        self._server.config.app = make_app(self.queue, VerdictLog(folder), {self.host}, line)
        self._thread = threading.Thread(target=self._server.run, args=([socket],), daemon=True)
        self._thread.start()
        self.token = self.ask("/")[1].partition('name="thresher-token" content="')[2].partition('"')[0]

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and text. A body is posted as the page would, unless the headers say otherwise."""
        given = {"Content-Type": "application/json", "Origin": f"http://{self.host}", "X-Thresher-Token": getattr(self, "token", "")}
        data = None if body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(f"http://{self.host}{path}", data, {**(given if data else {}), **sent})
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def json(self, path: str, body: Any = None) -> Any:
        """What is answered to the page, which must go well."""
        status, text = self.ask(path, body)
        assert status == 200, text
        return json.loads(text)

    def lines(self) -> list[dict[str, Any]]:
        """The journal of verdicts."""
        file = self.folder / "verdicts.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    def close(self) -> None:
        """End the server."""
        self._server.should_exit = True
        self._thread.join()
