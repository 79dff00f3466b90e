"""A small Discourse on a loopback port whose posts a test can edit, delete, or lose, and the configuration that harvests it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

CONFIG = Path(__file__).resolve().parents[2] / "config"
SITE = "hollow"


class Forum:
    """``topics`` maps a topic to the texts of its posts (None: deleted by its author); ``answers`` gives other statuses to topics, or to
    all of them by the key 0; ``files`` is what else it serves, by path. Every change in ``bumped`` makes the forum list the topic as
    news."""

    def __init__(self, server: HTTPServer, topics: int, posts: int = 1) -> None:
        self.topics: dict[int, list[str | None]] = {t: [f"Post {p} of topic {t} of the hollow." for p in range(1, posts + 1)]
                                                    for t in range(1, topics + 1)}  # fmt: skip
        self.bumped = dict.fromkeys(self.topics, 1)
        self.answers: dict[int, Response] = {}
        self.files: dict[str, Response] = {}
        self.asked: list[str] = []
        self.server = server
        server.expect_request(re.compile("/.*")).respond_with_handler(self._answer)

    def bump(self, *topics: int) -> None:
        """Something happened in these topics, or in all."""
        for topic in topics or tuple(self.bumped):
            self.bumped[topic] += 1

    def write_config(self, folder: Path, **expect: float) -> Path:
        """A config folder with this forum as the only source."""
        folder.mkdir(parents=True)
        for file in CONFIG.glob("*.toml"):
            shutil.copy(file, folder)
        address = f"{self.server.host}:{self.server.port}"
        general = f'[network]\ncontact = "ops@example.org"\nallow_addresses = ["{address}"]\ntries = 1\n'
        (folder / "thresher.toml").write_text(general, encoding="utf-8")
        (folder / "sources").mkdir()
        expected = "\n".join(f"{key} = {value}" for key, value in expect.items())
        licence = 'licence = "CC0-1.0"\nlicence_evidence = "the terms"\nexport_class = "full"'
        (folder / "sources" / "discourse.toml").write_text(
            f'name = "discourse"\n[pace]\nmin_interval_s = 0\n[expect]\n{expected}\n[[sites]]\nname = "{SITE}"\n'
            f'base_url = "http://{address}"\n{licence}\n', encoding="utf-8",
        )  # fmt: skip
        return folder

    def _answer(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response("", 404)
        self.asked.append(request.path)
        if request.path in self.files:
            return self.files[request.path]
        parts = request.path.removesuffix(".json").strip("/").split("/")
        if parts == ["posts"]:
            before = request.args.get("before", type=int)
            posts = [self._post(t, n) for t in self.topics for n in range(1, len(self.topics[t]) + 1)]
            newest = sorted((p for p in posts if before is None or p["id"] < before), key=lambda p: -p["id"])
            return _json({"latest_posts": newest[:50]})
        if parts == ["latest"]:
            topics = [{"id": t, "bumped_at": f"2026-03-{n:02}T00:{t:02}:00Z"} for t, n in self.bumped.items()]
            return _json({"topic_list": {"topics": sorted(topics, key=lambda t: t["bumped_at"], reverse=True)}})
        topic = int(parts[1])
        if answer := self.answers.get(topic, self.answers.get(0)):
            return answer
        if topic not in self.topics:
            return Response(json.dumps({"errors": ["gone"]}), 404, content_type="application/json")
        shown = [self._post(topic, n) for n in range(1, len(self.topics[topic]) + 1)]
        return _json({"id": topic, "title": f"The title of topic {topic}", "post_stream": {"posts": shown, "stream": []},
                      "posts_count": len(shown), "highest_post_number": len(shown)})  # fmt: skip

    def _post(self, topic: int, number: int) -> dict[str, Any]:
        text = self.topics[topic][number - 1]
        gone = text is None
        return {
            "id": 100 * topic + number, "topic_id": topic, "post_number": number, "version": self.bumped[topic], "username": f"user{topic}",
            "user_id": topic, "created_at": "2026-02-01T00:00:00Z", "updated_at": "2026-02-02T00:00:00Z",
            "cooked": "<p>(post deleted by author)</p>" if gone else f"<p>{text}</p>", "user_deleted": gone,
        }  # fmt: skip


def _json(value: Any) -> Response:
    return Response(json.dumps(value), content_type="application/json")
