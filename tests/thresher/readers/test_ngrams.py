from __future__ import annotations

import numpy as np
import pytest

from thresher.readers.ngrams import BUCKETS, MAX_CHARS, ngrams

TEXTS = ["It counted the letters wrong, twice.", "", "数え方が間違っています。", "a", "The very same text 123 https://example.org/a?b=1"]


def test_a_text_has_the_same_row_alone_and_among_others() -> None:
    together = ngrams(TEXTS)
    for i, text in enumerate(TEXTS):
        alone = ngrams([text])
        part = slice(together.starts[i], together.starts[i + 1])
        assert np.array_equal(alone.buckets, together.buckets[part])
        assert np.array_equal(alone.values, together.values[part])


def test_every_row_has_length_one_and_no_bucket_twice() -> None:
    grams = ngrams(TEXTS)
    for begin, end in zip(grams.starts[:-1], grams.starts[1:], strict=True):
        assert len(set(grams.buckets[begin:end].tolist())) == end - begin
        assert float((grams.values[begin:end] ** 2).sum()) == pytest.approx(1.0, abs=1e-4)
    assert 0 <= grams.buckets.min() <= grams.buckets.max() < BUCKETS


def test_digits_and_addresses_count_as_one_sign_each() -> None:
    one, other = ngrams(["see 41 at https://one.example/x"]), ngrams(["see 97 at https://other.example/yy/z"])
    assert np.array_equal(one.buckets, other.buckets)


def test_of_a_long_text_beginning_and_end_count() -> None:
    long = "word " * MAX_CHARS
    assert not np.array_equal(ngrams([long]).buckets, ngrams([f"{long}It is wrong."]).buckets)


def test_no_text_gives_no_row() -> None:
    grams = ngrams([])
    assert grams.starts.tolist() == [0]
    assert len(grams.dot(np.ones(BUCKETS, np.float32))) == 0
