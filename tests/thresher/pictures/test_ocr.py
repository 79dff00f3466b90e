"""Screenshots of our own making, read by the real OCR. ``benchmarks/chat_pictures.py --fixtures`` renders them."""

from __future__ import annotations

import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from thresher.errors import PayloadError
from thresher.pictures.ocr import RapidReader, why_not
from thresher.pictures.turns import Conversation, conversation

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"pictures: {why_not()}")

FOLDER = Path(__file__).parents[2] / "fixtures" / "pictures"
TRUTH: list[dict[str, Any]] = [json.loads(line) for line in (FOLDER / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


def plain(text: str) -> str:
    """Without white space and the marks of lists."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if not c.isspace() and c not in "-\u2022")


@pytest.mark.parametrize("shown", TRUTH, ids=lambda shown: str(shown["file"]))
def test_a_screenshot_gives_its_turns_and_what_is_none_gives_none(rules: Any, reader: RapidReader, shown: dict[str, Any]) -> None:
    found = conversation(reader.read((FOLDER / shown["file"]).read_bytes(), "", 12_000_000), rules.names, 0.6)
    turns = [(turn.speaker, turn.text) for turn in found.turns] if isinstance(found, Conversation) else []
    assert [speaker for speaker, _ in turns] == [speaker for speaker, _ in shown["turns"]]
    for (_, text), (_, wanted) in zip(turns, shown["turns"], strict=True):
        assert Levenshtein.distance(plain(text), plain(wanted)) <= 0.05 * len(plain(wanted)), text


def test_pixels_that_are_nonsense_are_refused_by_the_decoder(reader: RapidReader) -> None:
    from small_pictures import jpeg, png

    for body, declared, reasons in [
        (png(200, 200, pixels=b"no zlib"), "image/png", {"broken", "truncated"}),
        (png(30, 400), "image/png", {"too_small"}),
        (jpeg(200, 200), "image/jpeg", {"broken", "truncated"}),
    ]:
        with pytest.raises(PayloadError) as caught:
            reader.read(body, declared, 12_000_000)
        assert caught.value.reason in reasons


def test_a_transparent_picture_is_read_on_white(rules: Any, reader: RapidReader) -> None:
    from PIL import Image

    with Image.open(FOLDER / "crop-capital.png") as image:
        clear = image.convert("RGBA")
    pixels = np.array(clear)
    pixels[(pixels[:, :, :3] == 255).all(axis=2)] = 0  # white is black, and transparent
    clear = Image.fromarray(pixels)
    out = io.BytesIO()
    clear.save(out, "PNG")
    found = conversation(reader.read(out.getvalue(), "image/png", 12_000_000), rules.names, 0.6)
    assert isinstance(found, Conversation)
    assert found.turns[0].text == "What is the capital of Australia?"
