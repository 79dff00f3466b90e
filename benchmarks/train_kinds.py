"""Train which failure a post reports, from posts labelled by hand (``labels/failures.csv``) and the sentences of ``kinds.toml``.

    python benchmarks/train_kinds.py REALDATA [--write]

prints how often the likeliest kind is the labelled one, trained on each half of the threads and measured on the other. ``--write`` trains
on both halves and writes ``dedupe/failures/kinds.npz``; what the half ``tune`` alone gives goes to ``results/kinds-tune.npz``, for
``clusters.py`` to measure the other half with.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import numpy.typing as npt
from failures_read import LABEL_OF, LabelledPost, labelled_posts

from dedupe.failures import kinds
from dedupe.failures.kinds import Said
from thresher.readers.vectors import UniversalSentenceEncoder

Reals = npt.NDArray[np.float64]
STEPS, RATE, KEEP_SMALL = 400, 0.5, 0.02


def fitted(measured: Reals, truth: npt.NDArray[np.int64]) -> tuple[Reals, Reals]:
    """Weights of the measures, the same for all kinds, and a bias for each: softmax regression by gradient descent."""
    weights, bias = np.ones(measured.shape[1]), np.zeros(measured.shape[2])
    wanted = np.eye(measured.shape[2])[truth]
    for _ in range(STEPS):
        off = (kinds.probabilities(measured, weights, bias) - wanted) / len(truth)
        weights -= RATE * 20 * np.einsum("nk,nfk->f", off, measured)
        bias -= RATE * (off.sum(axis=0) + KEEP_SMALL * bias)
    return weights, bias


def main() -> None:
    """Trains, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("realdata", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    encode = UniversalSentenceEncoder().encode
    names = [LABEL_OF[phrase.text] for phrase in kinds.phrases()]
    posts = [post for post in labelled_posts(arguments.realdata) if post.label in names]
    told = kinds.sentences()
    said = encode([sentence for _, sentence in told])
    mean = np.vstack([encode([post.text[: kinds._WHOLE] for post in posts]), said]).mean(axis=0)
    vectors, owner = kinds.centred(said, mean), np.array([at for at, _ in told])
    vectors = vectors.astype(np.float16).astype(np.float32)
    measured = kinds.measures([Said(p.title, p.claim, p.text) for p in posts], encode, vectors, owner, mean)
    truth = np.array([names.index(post.label) for post in posts])
    for part in ("tune", "held"):
        told_here, asked = _rows(posts, part), [i for i, post in enumerate(posts) if post.split != part]
        weights, bias = fitted(measured[told_here], truth[told_here])
        guessed = kinds.probabilities(measured[asked], weights, bias)
        right = guessed.argmax(axis=1) == truth[asked]
        sure = guessed.max(axis=1) >= kinds.SURE
        print(
            f"trained on {part}: {right.mean():.3f} of {len(asked)} right, of the {sure.mean():.2f} that are sure {right[sure].mean():.3f}"
        )
    for name, rows in (("kinds-tune.npz", _rows(posts, "tune")), ("kinds.npz", list(range(len(posts))))):
        weights, bias = fitted(measured[rows], truth[rows])
        print(name, weights.round(2))
        if arguments.write:
            folder = kinds.WEIGHTS.parent if name == "kinds.npz" else Path(__file__).parent / "results"
            np.savez_compressed(folder / name, vectors=vectors.astype(np.float16), owner=owner, mean=mean, weights=weights, bias=bias)


def _rows(posts: Sequence[LabelledPost], part: str) -> list[int]:
    return [i for i, post in enumerate(posts) if post.split == part]


if __name__ == "__main__":
    main()
