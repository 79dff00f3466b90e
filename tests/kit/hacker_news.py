"""The search of a Hacker News on a loopback port, over posts that a test gives: all words of a query must stand in a post, those in double
quotes side by side."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

CONFIG = Path(__file__).resolve().parents[2] / "config"
_BEGIN = 1_790_000_000


class Post(NamedTuple):
    """A story with a text of its own."""

    title: str
    text: str


class HackerNews:
    """``asked`` are the queries in the order in which they came; ``requests`` counts all."""

    def __init__(self, server: HTTPServer, posts: Sequence[Post]) -> None:
        self.posts = list(posts)
        self.asked: list[str] = []
        self.requests = 0
        self.server = server
        server.expect_request(re.compile("/.*")).respond_with_handler(self._answer)

    def write_config(self, folder: Path, *, share: float, most: int = 12) -> Path:
        """A config folder with this site as the only source that searches, its threads and known hits not looked at."""
        folder.mkdir(parents=True)
        for file in CONFIG.glob("*.toml"):
            shutil.copy(file, folder)
        shutil.copytree(CONFIG / "rulebook", folder / "rulebook")
        address = f"{self.server.host}:{self.server.port}"
        general = f'[network]\ncontact = "ops@example.org"\nallow_addresses = ["{address}"]\ntries = 1\n'
        (folder / "thresher.toml").write_text(f"{general}[seek]\nshare = {share}\nmost = {most}\n", encoding="utf-8")
        (folder / "sources").mkdir()
        shutil.copy(CONFIG / "sources" / "posts.toml", folder / "sources")
        place = f'search_url = "http://{address}/s"\nitem_url = "http://{address}/i"\nparents = 0\nreplies = 0\nknown = 0\ndays = 3650'
        (folder / "sources" / "hackernews.toml").write_text(
            f'name = "hackernews"\n[pace]\nmin_interval_s = 0\n[[sites]]\nname = "hackernews"\nlanguages = ["en"]\n{place}\n',
            encoding="utf-8",
        )
        return folder

    def _answer(self, request: Request) -> Response:
        self.requests += 1
        if request.path == "/robots.txt":
            return Response("", 404)
        if not request.path.endswith("/search_by_date"):
            return Response("null", content_type="application/json")
        words = request.args["query"]
        self.asked.append(words)
        hits = [self._hit(number, post) for number, post in enumerate(self.posts) if _matches(words, f"{post.title}\n{post.text}")]
        return Response(json.dumps({"hits": hits[:100], "nbHits": len(hits), "page": 0}), content_type="application/json")

    def _hit(self, number: int, post: Post) -> dict[str, Any]:
        story = 1_000 + number
        return {
            "objectID": str(story), "_tags": ["story", f"author_a{number}", f"story_{story}"], "author": f"a{number}", "story_id": story,
            "created_at_i": _BEGIN + 60 * number, "title": post.title, "points": 1, "num_comments": 0, "story_text": post.text,
        }  # fmt: skip


def _matches(query: str, text: str) -> bool:
    parts = re.findall(r'"([^"]+)"|(\S+)', query)
    return all(re.search(rf"(?<!\w){re.escape(quoted or word)}(?!\w)", text, re.IGNORECASE) for quoted, word in parts)
