"""The rulebook of a benchmark, ready for its judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flows.line.workspace import Workspace
from store import cases
from thresher.errors import EncoderError
from thresher.rulebook.model import Rulebook
from thresher.rulebook.reading import load
from thresher.rulebook.searching import Encode, Floats, word_encoder
from thresher.scorers.citing import Court


def court(work: Workspace, notice: Callable[[str], None]) -> Court:
    """The newest version of the rulebook that the settings name, with what the benchmark knows of its items. SettingsError where it cannot
    be read, before anybody is asked. ``notice`` hears where rules have to be looked up by words."""
    book = load(work.settings.rulebook.path(work.settings.folder))
    with work.database.reader() as con:
        items = {item.item_id: item for item in cases.evidence(con)}
    return Court(book, _encoder(work, book, notice), items)


def _encoder(work: Workspace, book: Rulebook, notice: Callable[[str], None]) -> Encode:
    """That of the dedupe, opened at the first text; where it cannot be had, by words for the whole run: two encoders cannot be compared."""
    chosen: list[Encode] = []

    def encode(texts: Sequence[str]) -> Floats:
        if not chosen:
            try:
                chosen.append(work.encoder.encode)
            except EncoderError as error:
                notice(f"rules for the judge were looked up by words alone: {error}")
                chosen.append(word_encoder([*(rule.in_words for rule in book.rules.values()), *(case.asked for case in book.precedents)]))
        return chosen[0](texts)

    return encode
