"""Which engine encodes: the bundled all-MiniLM-L6-v2 on OpenVINO, or any sentence-transformers model on torch.

``python -m dedupe.vectors.engines --prepare`` checks the model's files and this machine's arithmetic, prints the encoder's id, and says
where the processor has no fast 8-bit products.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from dedupe.settings import Embedding
from dedupe.vectors import minilm
from dedupe.vectors.encoder import Encoder, importable
from thresher.errors import EncoderError


def open_encoder(settings: Embedding, cache: Path) -> Encoder:
    """The encoder that the settings name; ``auto`` is OpenVINO for the bundled model and torch for any other.

    ``auto`` means one id on every processor: a benchmark that moves to another machine would otherwise get another encoder id and all its
    vectors anew. So it never looks for a GPU for the bundled model, nor takes a recipe that would be faster on one kind of processor.
    ``engine = "torch"`` is the choice of a GPU: torch takes the one that it sees, else the processor, under two ids.
    ``cache`` is where a model named by its Hub name is kept once downloaded; the bundled model needs no file there.
    """
    bundled = settings.model.removeprefix("sentence-transformers/") == minilm.NAME
    if settings.engine not in ("auto", "openvino", "torch"):
        raise EncoderError(f"engine {settings.engine!r} is not known: use auto, openvino or torch")
    if settings.engine == "openvino" and not bundled:
        raise EncoderError(f'the openvino engine runs {minilm.NAME} only; set engine = "torch" for {settings.model}')
    if bundled and settings.engine != "torch":
        if not importable("openvino"):
            raise EncoderError('openvino is not installed: pip install openvino, or set engine = "torch" (other vectors, another id)')
        from dedupe.vectors.openvino_engine import open_minilm

        return open_minilm(settings)
    from dedupe.vectors.torch_engine import TorchEncoder

    return TorchEncoder(settings, cache)


def main(arguments: Sequence[str]) -> int:
    """``--prepare``: open the default encoder once."""
    if list(arguments) != ["--prepare"]:
        print("usage: python -m dedupe.vectors.engines --prepare", file=sys.stderr)
        return 2
    try:
        encoder = open_encoder(Embedding(), Path("cache"))
    except EncoderError as error:
        print(error, file=sys.stderr)
        return 1
    print(encoder.id)
    if getattr(encoder, "arithmetic", "") == "float32":
        print("no VNNI here: the same vectors are computed in float32, which takes about 2.5 times as long", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
