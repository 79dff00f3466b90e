"""What may be set of the dedupe: ``dedupe.toml`` and ``clusters.toml``."""

from __future__ import annotations

from pydantic import Field

from thresher.settings import Section


class Embedding(Section):
    """Which model turns a text into a vector."""

    model: str = "all-MiniLM-L6-v2"
    """The bundled model, or any sentence-transformers name or folder."""
    engine: str = "auto"
    """``auto``, ``openvino`` or ``torch``."""
    max_tokens: int = Field(256, ge=16, le=8192)
    """What of a text is embedded; the rest is cut off, and the guard still compares it."""
    threads: int = Field(0, ge=0)
    """0 takes what the machine has."""


class Dedupe(Section):
    """How duplicates are decided; see ``dedupe.decide``."""

    version: str
    """Stands beside every decision; raise it when a decision can change."""
    embedding: Embedding = Embedding()
    neighbours: int = Field(20, ge=1, le=1000)
    shortlist_threshold: float = Field(gt=0, le=1)
    same_threshold: float = Field(gt=0, le=1)
    related_threshold: float = Field(gt=0, le=1)


class Distiller(Section):
    """A language model that puts claimed failures into short phrases, behind the OpenAI chat API; off while ``base_url`` is empty."""

    base_url: str = ""
    """Up to and with the version: ``http://127.0.0.1:8000/v1``. Its host must be in network.allow_addresses where it is a private one."""
    model: str = ""
    """What the API calls the model."""
    key_variable: str = "THRESHER_MODEL_KEY"
    """The environment variable that holds the key; without one no key is sent."""
    max_requests: int = Field(2000, ge=1)
    """In one pass; further claims get the phrase of the rules."""


class Clusters(Section):
    """How complaints become failure clusters; see ``dedupe.failures.clusters``."""

    version: str = "1"
    """Stands beside every pass of the clustering; raise it when an outcome can change."""
    join_threshold: float = Field(0.55, gt=0, lt=1)
    """Least mean cosine between the phrases of two groups that become one."""
    anchor_threshold: float = Field(0.4, gt=0, le=1)
    """Least cosine of an extracted phrase to one that the rules know, for it to get that one's category."""
    reach: float = Field(0.15, ge=0, lt=1)
    """How far below ``join_threshold`` a cluster is looked at again when something comes near it."""
    dissolve_at_most: int = Field(400, ge=2)
    """Clusters of more phrases are halved, not taken apart, when they are looked at again."""
    published_authors: int = Field(3, ge=1)
    """Distinct authors without which a cluster is not fit to be published."""
    distiller: Distiller = Distiller()


class Usage(Section):
    """What ``thresher usage facets`` may say of talks; see ``dedupe.facets``."""

    min_users: int = Field(5, ge=2)
    """Distinct users without which nothing is said of a cluster, of a word in its name, of a way in which it fails."""
    join_threshold: float = Field(0.4, gt=0, lt=1)
    """Least mean cosine between what was asked in two clusters that become one."""
    group_threshold: float = Field(0.3, gt=0, lt=1)
    """Least mean cosine between clusters that stand under one branch of the tree."""
    most_talks: int = Field(20_000, ge=1)
    """The newest so many are told of."""
