"""The parts of the dedupe that any number of processes can share: embedding texts, and finding the neighbours of vectors.

Both are pure: a text has the same vector in any process, and a query the same neighbours in any company. So parts are cut by item id, done
anywhere, and put together again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dedupe.settings import Embedding
from dedupe.vectors.encoder import Encoder
from dedupe.vectors.engines import open_encoder
from dedupe.vectors.exact import Bytes, Floats
from dedupe.vectors.index import Index, Shortlist, State
from thresher.errors import EncoderError


class Spread(Protocol):
    """Does one function on many parts; results come in the order of the parts."""

    @property
    def shards(self) -> int: ...

    def __call__(self, function: Callable[..., Any], parts: Iterable[tuple[Any, ...]]) -> Iterator[Any]: ...


class Here:
    """One after another in this process."""

    shards = 1

    def __call__(self, function: Callable[..., Any], parts: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        return (function(*part) for part in parts)


def cut(count: int, shards: int) -> list[slice]:
    """So many rows in about equal parts; none is empty."""
    edges = np.linspace(0, count, min(shards, count) + 1).astype(int).tolist() if count else [0]
    return [slice(first, last) for first, last in pairwise(edges)]


def embed(spread: Spread, encoder: Encoder, settings: Embedding, cache: Path, texts: Sequence[str]) -> Floats:
    """The vectors of the texts, by the workers. EncoderError where one of them has another encoder than this process."""
    parts = [(settings, str(cache.resolve()), list(texts[place])) for place in cut(len(texts), spread.shards)]
    encoded = list(spread(embed_part, parts))
    strange = {name for name, _ in encoded if name != encoder.id}
    if strange:
        raise EncoderError(f"a worker embeds with {', '.join(sorted(strange))} and not with {encoder.id}: give all the same thresher")
    return np.concatenate([vectors for _, vectors in encoded]) if encoded else np.zeros((0, encoder.dim), np.float32)


def embed_part(settings: Embedding, cache: str, texts: Sequence[str]) -> tuple[str, Floats]:
    """In a worker: the id of its encoder, and the vectors."""
    encoder = _encoder(settings.model_dump_json(), cache)
    return encoder.id, encoder.encode(texts)


@lru_cache(maxsize=1)
def _encoder(settings: str, cache: str) -> Encoder:
    one_thread = Embedding.model_validate_json(settings).model_copy(update={"threads": 1})
    return open_encoder(one_thread, Path(cache))


class SpreadIndex:
    """An index whose searches are shared. The workers open the same files, which nobody changes."""

    def __init__(self, spread: Spread, index: Index) -> None:
        self._spread, self._index = spread, index

    def search(self, queries: Bytes, floor: float, count: int) -> Shortlist:
        """As ``Index.search``."""
        if self._spread.shards == 1 or not len(queries):
            return self._index.search(queries, floor, count)
        places = cut(len(queries), self._spread.shards)
        parts = [(str(self._index.folder.resolve()), self._index.state, queries[place], floor, count) for place in places]
        shortlists = [s._replace(query=s.query + place.start) for place, s in zip(places, self._spread(search_part, parts), strict=True)]
        return Shortlist(*(np.concatenate(columns) for columns in zip(*shortlists, strict=True)))


def search_part(folder: str, state: State, queries: Bytes, floor: float, count: int) -> Shortlist:
    """In a worker: the neighbours of some of the queries."""
    return Index(Path(folder), state, threads=1).search(queries, floor, count)
