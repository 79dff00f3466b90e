"""Pixels out of a checked body. Needs the extra ``pictures``."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np

from thresher.errors import PayloadError
from thresher.pictures.structure import inspect

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
"""Height, width, and red, green, blue."""

MIN_SIDE = 48
"""A smaller picture is a face, a badge or a counter."""
PORTRAIT_WIDTH = 800
LANDSCAPE_WIDTH = 1280
"""Pictures of high resolution are made this wide: their letters are larger than OCR needs, and its time grows with the pixels."""


def decode(body: bytes, declared: str, max_pixels: int) -> Pixels:
    """The picture, upright, on white where it is transparent, and no wider than needed. PayloadError with a reason where it is refused:
    those of ``structure.inspect``, ``too_small``, and ``broken`` or ``truncated`` where the decoder finds it so."""
    from PIL import Image, ImageFile, ImageOps

    found = inspect(body, declared, max_pixels)
    if min(found.width, found.height) < MIN_SIDE:
        raise PayloadError(f"{found.width} x {found.height} pixels", reason="too_small")
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise PayloadError("Pillow was told to take what is cut for whole", reason="broken")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=(found.kind.upper(),)) as image:
                if image.size != (found.width, found.height):
                    raise PayloadError(f"its header says {found.width} x {found.height}, its pixels {image.size}", reason="broken")
                if getattr(image, "is_animated", False):
                    raise PayloadError("the picture moves", reason="animated")
                image.load()
                upright = ImageOps.exif_transpose(image)
                flat = _on_white(upright)
    except PayloadError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PayloadError(str(error), reason="too_many_pixels") from error
    except Exception as error:  # a decoder raises whatever its format makes it: OSError, ValueError, SyntaxError, struct.error
        words = str(error)
        raise PayloadError(words[:200], reason="truncated" if "truncated" in words else "broken") from error
    widest = PORTRAIT_WIDTH if flat.height > 1.2 * flat.width else LANDSCAPE_WIDTH
    if flat.width > widest:
        flat = flat.resize((widest, max(1, round(flat.height * widest / flat.width))), Image.Resampling.LANCZOS)
    return np.asarray(flat)


def _on_white(image: Any) -> Any:
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        shown = image.convert("RGBA")
        white = Image.new("RGBA", shown.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, shown).convert("RGB")
    return image.convert("RGB")
