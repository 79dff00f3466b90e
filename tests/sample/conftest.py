"""A running sample world, and small ways to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sample import World

Get = Callable[..., requests.Response]


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


@pytest.fixture
def get(world: World) -> Iterator[Get]:
    """``get("discourse", "/posts.json", before=3)``."""
    with requests.Session() as session:

        def ask(host: str, path: str, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
            return session.get(world.urls[host] + path, params=query, headers=headers, timeout=5)

        yield ask


@pytest.fixture
def reddit(world: World, get: Get) -> Callable[..., Any]:
    """What the sample Reddit says to a client that has a token, as JSON."""
    who = tuple(world.environment().values())
    token = requests.post(
        world.urls["reddit"] + "/api/v1/access_token", data={"grant_type": "client_credentials"}, auth=(who[0], who[1]), timeout=5
    ).json()["access_token"]

    def ask(path: str, **query: Any) -> Any:
        return get("reddit", path, {"Authorization": f"bearer {token}"}, raw_json=1, **query).json()

    return ask
