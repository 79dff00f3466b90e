"""Bodies that call themselves pictures: whole still ones pass, the others are refused before a decoder sees them."""

from __future__ import annotations

import struct

import pytest
from small_pictures import chunk, jpeg, png, webp

from thresher.errors import PayloadError
from thresher.pictures.structure import inspect

ZIP = b"PK\x05\x06" + bytes(18)


@pytest.mark.parametrize(
    ("body", "declared", "kind"),
    [
        (png(70, 61), "image/png", "png"),
        (jpeg(70, 61), "image/jpeg; charset=binary", "jpeg"),
        (jpeg(70, 61, scans=12), "", "jpeg"),
        (webp(70, 61), "application/octet-stream", "webp"),
        (png(70, 61) + bytes(7), "image/png", "png"),
    ],
)
def test_a_whole_picture_tells_its_size(body: bytes, declared: str, kind: str) -> None:
    found = inspect(body, declared, 10_000)
    assert (found.kind, found.width, found.height) == (kind, 70, 61)


@pytest.mark.parametrize(
    ("body", "declared", "reason"),
    [
        (b"GIF89a" + bytes(40), "image/gif", "no_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "no_picture"),
        (b"", "image/png", "no_picture"),
        (jpeg(), "image/png", "lying_type"),
        (png(), "text/html", "lying_type"),
        (png()[:-6], "image/png", "truncated"),
        (png()[:20], "image/png", "truncated"),
        (jpeg()[:-4], "image/jpeg", "truncated"),
        (webp()[:-3], "image/webp", "truncated"),
        (png() + b"%PDF-1.7 and a document", "image/png", "polyglot"),
        (png(60, 60, chunk(b"tEXt", b"%PDF-1.7")), "image/png", "polyglot"),
        (png() + b"MZ and a program", "image/png", "polyglot"),
        (jpeg() + b"MZ and a program", "image/jpeg", "polyglot"),
        (webp() + b"MZ and a program", "image/webp", "polyglot"),
        (jpeg() + ZIP, "image/jpeg", "polyglot"),
        (png(60, 60, chunk(b"tEXt", b"Comment\0<script>alert(1)</script>")), "image/png", "polyglot"),
        (jpeg(comment=b"<?php system($_GET[0]);"), "image/jpeg", "polyglot"),
        (png(60, 60, chunk(b"acTL", bytes(8))), "image/png", "animated"),
        (webp(moves=True), "image/webp", "animated"),
        (png(50_000, 50_000, pixels=b"x"), "image/png", "too_many_pixels"),
        (jpeg(60_000, 60_000), "image/jpeg", "too_many_pixels"),
        (webp(16_000, 16_000), "image/webp", "too_many_pixels"),
        (jpeg(scans=200), "image/jpeg", "too_many_scans"),
        (png(0, 0, pixels=b"x"), "image/png", "broken"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b""), "image/png", "broken"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31) + b"IHDR", "image/png", "truncated"),
    ],
)
def test_what_is_no_whole_still_picture_is_refused_with_its_reason(body: bytes, declared: str, reason: str) -> None:
    with pytest.raises(PayloadError) as caught:
        inspect(body, declared, 12_000_000)
    assert caught.value.reason == reason
