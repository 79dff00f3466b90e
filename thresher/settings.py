"""What may be set: config/ and the environment, read once, validated, frozen, passed down.

``load(config_dir)`` reads ``thresher.toml``, ``dedupe.toml``, ``export.toml``, ``rules.toml`` and ``sources/*.toml``. An environment variable
``THRESHER_<SECTION>_<KEY>`` stands over a file (``THRESHER_NETWORK_CONTACT``). Secrets come from the environment alone.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(_Section):
    """The door to the network; see ``thresher.client``."""

    contact: str = ""
    """An address where a site's operator reaches a person; every request carries it, and nothing is fetched without it."""
    project_url: str = "https://github.com/thresher-evals/thresher"
    deadline_s: float = Field(60.0, gt=0)
    """For one whole response, from the first byte sent to the last one read, redirects and all; waits between tries are not in it."""
    connect_timeout_s: float = Field(10.0, gt=0)
    max_wire_bytes: int = Field(10 * 2**20, gt=0)
    max_body_bytes: int = Field(50 * 2**20, gt=0)
    """After decompression."""
    max_ratio: float = Field(100.0, gt=1)
    """Decompressed to compressed, judged above 1 MiB."""
    tries: int = Field(5, ge=1, le=20)
    backoff_base_s: float = Field(2.0, gt=0)
    backoff_cap_s: float = Field(120.0, gt=0)
    wait_cap_s: float = Field(900.0, gt=0)
    """The longest wait that a server may ask for; more stops the source as rate_limited."""
    max_redirects: int = Field(5, ge=0, le=20)
    ports: tuple[int, ...] = (80, 443)
    allow_addresses: tuple[str, ...] = ()
    """``host:port`` pairs that are reached although their address is private, such as ``127.0.0.1:8017`` for a server of your own."""


class Pace(_Section):
    """How politely one source is harvested."""

    min_interval_s: float = Field(1.0, ge=0)
    """Between the starts of two requests to one host."""
    max_requests: int = Field(2000, ge=1)
    """In one run of the source."""
    max_minutes: float = Field(30.0, gt=0)
    max_pages: int = Field(1000, ge=1)
    """In one listing; more is a tarpit or a mistake."""


class Expect(_Section):
    """What a first harvest of this source should bring; fewer records raise an alarm."""

    min_records: int = Field(0, ge=0)
    max_dead_share: float = Field(0.2, ge=0, le=1)
    """A larger share of dead letters fails the source and its cursor stays where it was."""


class Source(_Section):
    """One file in config/sources/: what to harvest. ``sites`` is validated by the scraper's own ``Site`` model."""

    name: str
    enabled: bool = True
    why_off: str = ""
    """Shown where ``enabled`` is false: what it needs."""
    needs: tuple[str, ...] = ()
    """Environment variables without which the source is off."""
    pace: Pace = Pace()
    expect: Expect = Expect()
    sites: tuple[dict[str, Any], ...] = Field(min_length=1)


class Embedding(_Section):
    """Which model turns a text into a vector."""

    model: str = "all-MiniLM-L6-v2"
    """The bundled model, or any sentence-transformers name or folder."""
    engine: str = "auto"
    """``auto``, ``openvino`` or ``torch``."""
    max_tokens: int = Field(256, ge=16, le=8192)
    threads: int = Field(0, ge=0)
    """0 takes what the machine has."""


class Dedupe(_Section):
    """How duplicates are decided; see ``dedupe.decide``."""

    version: str
    embedding: Embedding = Embedding()
    neighbours: int = Field(20, ge=1, le=1000)
    same_threshold: float = Field(gt=0, le=1)
    related_threshold: float = Field(gt=0, le=1)


class Export(_Section):
    """What leaves in a snapshot."""

    version: str
    classes: tuple[str, ...] = ("full", "derived")
    canary: str = ""
