"""How well screenshots are read: turns that are right, and what a picture costs.

    python benchmarks/chat_pictures.py FOLDER && python benchmarks/pictures.py FOLDER

A picture counts as right where every turn has its speaker and a character error rate of at most .05 (white space made single, marks of
lists aside, wide forms of signs like narrow ones). For pictures that show no conversation, right is to see none.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import time
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from flows.line.settings import config_folder
from thresher.pictures.ocr import RapidReader
from thresher.pictures.turns import Conversation, conversation
from thresher.rules import Rules

MOST_ERRORS = 0.05
MAX_PIXELS = 12_000_000
_MARKS = re.compile(r"(?:^|\n)\s*(?:[-*\u2022\u00b7]|\d+\.)\s+")


def plain(text: str) -> str:
    """A text as it is compared."""
    return " ".join(_MARKS.sub("\n", unicodedata.normalize("NFKC", text)).split())


def errors(said: str, shown: str) -> float:
    """Characters to change, to those that the picture shows."""
    return Levenshtein.distance(plain(said), plain(shown)) / max(1, len(plain(shown)))


def is_right(turns: Sequence[tuple[str, str]], shown: Sequence[Sequence[str]]) -> bool:
    """Whether all turns are."""
    if len(turns) != len(shown):
        return False
    return all(who == wanted and errors(said, text) <= MOST_ERRORS for (who, said), (wanted, text) in zip(turns, shown, strict=True))


def main() -> None:
    """Read all pictures of a folder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="", help="open, unseen, fresh or no_chat")
    parser.add_argument("--wrong", action="store_true", help="show what was read where it is wrong")
    given = parser.parse_args()
    names = Rules.load(config_folder(None) / "rules.toml").names
    reader = RapidReader()
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    seconds, pixels = [], []
    for row in map(json.loads, (given.folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()):
        if given.part and row["part"] != given.part:
            continue
        began = time.process_time()
        sheet = reader.read((given.folder / row["file"]).read_bytes(), "", MAX_PIXELS)
        seen = conversation(sheet, names, 0.6)
        seconds.append(time.process_time() - began)
        pixels.append(sheet.width * sheet.height)
        turns = [(turn.speaker, turn.text) for turn in seen.turns] if isinstance(seen, Conversation) else []
        right[row["part"], row["style"]].append(is_right(turns, row["turns"]))
        if given.wrong and not right[row["part"], row["style"]][-1]:
            print(row["file"], seen)
    parts: dict[str, list[bool]] = defaultdict(list)
    for (part, style), those in right.items():
        parts[part] += those
        print(f"{part:8} {style:16} {sum(those)}/{len(those)}")
    for part, those in parts.items():
        print(f"{part:8} {'all':16} {sum(those)}/{len(those)}")
    seconds, pixels = seconds[1:], pixels[1:]  # the first one opens the models
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sum(seconds) / len(seconds):.2f} s of CPU a picture of {sum(pixels) / len(pixels) / 1e6:.2f} megapixels, {peak:.0f} MB in all")


if __name__ == "__main__":
    main()
