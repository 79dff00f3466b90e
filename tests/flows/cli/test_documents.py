"""What is measured differs a little from processor to processor, and which of two sources is first is luck; what is said stays."""

from __future__ import annotations

import pytest

from flows.cli.documents import steady

SHOWN = "related: numbers (by the guard, cosine 0.864)\n67 linked to a related one, 286 with nothing like them\n"
TABLE = """source        pages records candidates landed merged dead refused state
arena             2      80         70     70      0    0      10 finished
discourse        39     122         47     42      5    0      75 finished
all             148     606        369    359     10    1     236 finished
"""


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


@pytest.mark.parametrize(
    ("row", "now", "kept"),
    [
        ("70     70      0", "70     65      5", True),
        ("369    359     10", "369    364      5", False),
        ("70     70      0", "71     71      0", False),
        ("0      10 finished", "0      11 finished", False),
    ],
)
def test_a_table_changes_only_where_more_than_the_first_of_two_sources_did(row: str, now: str, kept: bool) -> None:
    made = TABLE.replace(row, now)
    assert made != TABLE
    assert steady(made, TABLE) == (TABLE if kept else made)
