from __future__ import annotations

import numpy as np

from thresher.readers.kinds import KINDS, kind_of
from thresher.readers.weights import FORMAT, load


def test_a_kind_is_named_only_where_it_is_probable() -> None:
    chances = np.full(len(KINDS), 0.1)
    chances[KINDS.index("refusal")] = 0.6
    assert (kind_of(chances, 0.6), kind_of(chances, 0.61)) == ("refusal", "")


def test_the_version_of_a_reader_names_the_format_of_its_features() -> None:
    assert load().version.startswith(f"{FORMAT}-")
