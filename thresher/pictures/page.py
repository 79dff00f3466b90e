"""A picture as a page of its post's site: its bytes in the archive, and beside them, in the context, the lines that OCR read.

Turns are made of the lines whenever the page is parsed, so that better rules for turns need neither the picture again nor OCR.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from thresher.model import PICTURE_OF, Page, Picture, Record
from thresher.names import Names
from thresher.pictures.lines import Colour, Line, Sheet
from thresher.pictures.transcript import as_text
from thresher.pictures.turns import NoConversation, conversation
from thresher.redaction.records import REPLACED_ID, private

ADDRESS, REFUSED, READER, LINES = "address", "refused", "reader", "lines"
"""Of a picture's context: as the post gives its address, why it was not read, by what it was, and what was read."""


def context_of(native_id: str, address: str, *, refused: str = "", reader: str = "", sheet: Sheet | None = None) -> dict[str, str]:
    """The context of the page of a picture."""
    context = {PICTURE_OF: native_id, ADDRESS: address, REFUSED: refused, READER: reader}
    return context if sheet is None else {**context, LINES: _dumped(sheet)}


def is_picture(page: Page) -> bool:
    """Whether a page is a picture of a post."""
    return PICTURE_OF in page.context


def picture_of(page: Page, names: Names, confidence: float, salt: str) -> Picture:
    """What the page of a picture says, without personal data and keys."""
    context = page.context
    key = Record(page.source, page.site, context[PICTURE_OF], "", "post", "").key
    refused = Picture(key, context[ADDRESS], page.first_sha256, context.get(REFUSED, ""), reader=context.get(READER, ""))
    return refused if LINES not in context else read(refused, _loaded(context[LINES]), names, confidence, salt)


def read(picture: Picture, sheet: Sheet, names: Names, confidence: float, salt: str) -> Picture:
    """The picture with what its lines say."""
    seen = conversation(sheet, names, confidence)
    if isinstance(seen, NoConversation):
        return Picture(picture.record_key, picture.address, picture.sha256, seen.reason, reader=picture.reader)
    kept = private(Record("pictures", "", picture.record_key, "", "post", as_text(seen)), salt)
    sure = min(turn.confidence for turn in seen.turns if turn.speaker == "assistant")
    return Picture(picture.record_key, picture.address, picture.sha256, "", kept.text, sure, picture.reader,
                   str(kept.marks.get(REPLACED_ID, "")))  # fmt: skip


def _dumped(sheet: Sheet) -> str:
    lines = [
        [line.text, round(line.left), round(line.top), round(line.right), round(line.bottom), round(line.confidence, 3), *line.ground,
         round(line.flat, 2)]
        for line in sheet.lines
    ]  # fmt: skip
    return json.dumps({"size": [sheet.width, sheet.height], "ground": list(sheet.ground), "lines": lines}, ensure_ascii=False)


def _loaded(text: str) -> Sheet:
    value: Mapping[str, Any] = json.loads(text)
    lines = tuple(
        Line(said, left, top, right, bottom, sure, Colour(red, green, blue), flat)
        for said, left, top, right, bottom, sure, red, green, blue, flat in value["lines"]
    )
    width, height = value["size"]
    return Sheet(width, height, Colour(*value["ground"]), lines)
