"""Rows out of CSV as spreadsheets save it: between commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO, Final

from scrapers.common.json_rows import MAX_ROW_BYTES, UNREADABLE, Rows

_SEPARATORS: Final = ",;\t|"


def csv_rows(raw: IO[bytes]) -> Rows:
    """The rows below a header, from UTF-8. Cells may be long: whole conversations stand in them."""
    csv.field_size_limit(MAX_ROW_BYTES)
    text = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    try:
        lines = _lines(text)
        header = next(lines, "")
        if header.lower().startswith("sep=") and len(header.strip()) == 5:
            separator, header = header.strip()[4], _whole(next(lines, ""), lines)
        else:
            header = _whole(header, lines)
            separator = max(_SEPARATORS, key=header.count)
        names = next(csv.reader([header], delimiter=separator), [])
        yield from csv.DictReader(lines, fieldnames=[name.strip() for name in names], delimiter=separator)
    except csv.Error as error:
        yield {UNREADABLE: f"the CSV breaks off: {error}"}
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MAX_ROW_BYTES + 1):
        if len(line) > MAX_ROW_BYTES:
            raise csv.Error(f"a line of more than {MAX_ROW_BYTES} characters")
        yield line


def _whole(header: str, lines: Iterator[str]) -> str:
    """A header may have lines in its names."""
    parts, length = [header], len(header)
    is_open = header.count('"') % 2
    while is_open and length <= MAX_ROW_BYTES and (more := next(lines, "")):
        parts.append(more)
        length += len(more)
        is_open ^= more.count('"') % 2
    return "".join(parts)
