"""What is measured differs a little from processor to processor; what is said does not."""

from __future__ import annotations

import pytest

from flows.cli.documents import steady

SHOWN = "related: numbers (by the guard, cosine 0.864)\n67 linked to a related one, 286 with nothing like them\n"


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        (SHOWN.replace("0.864", "0.866"), True),
        (SHOWN.replace("67 linked", "66 linked"), True),
        (SHOWN.replace("67 linked to", "67 linked\nto"), True),
        (SHOWN.replace("0.864", "0.961"), False),
        (SHOWN.replace("67 linked", "93 linked"), False),
        (SHOWN.replace("numbers", "names"), False),
    ],
)
def test_a_document_changes_only_where_more_than_the_last_digits_did(now: str, kept: bool) -> None:
    assert steady(now, SHOWN) == (SHOWN if kept else now)
