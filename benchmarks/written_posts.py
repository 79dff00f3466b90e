"""Posts of this project's own writing as labelled posts, which every reader is trained on.

    python benchmarks/written_posts.py OUT.jsonl

``labels/posts.txt`` holds them with their spans marked; they are made up, in seventeen languages, and nothing is measured on them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("labels") / "posts.txt"
_MARK = re.compile(r"<<([?!])(.*?)>>", re.DOTALL)


def written() -> Iterator[dict[str, Any]]:
    """One labelled row for each post."""
    text = FILE.read_text(encoding="utf-8")
    for number, block in enumerate(text.split("\n=== ")[1:]):
        head, _, body = block.partition("\n")
        language, role, what = head.split()
        if what not in ("failure", "none"):
            raise SystemExit(f"{FILE}: post {number} is neither failure nor none but {what!r}")
        title, _, rest = body.partition("\n") if body.startswith("title: ") else ("", "", body)
        spans = {sign: next((words for s, words in _MARK.findall(body) if s == sign), None) for sign in "?!"}
        yield {
            "id": f"written-{number}",
            "kind": "written",
            "thread": f"written-{number}",
            "role": "comment" if role == "comment" else "post",
            "lang": language,
            "draw": "written",
            "made": "written",
            "title": _MARK.sub(r"\2", title.removeprefix("title: ")),
            "text": _MARK.sub(r"\2", rest).strip(),
            "label": {
                "failure": what == "failure",
                "vague": False,
                "borderline": False,
                "usable": spans["?"] is not None,
                "model": "",
                "report": "",
                "prompt": spans["?"],
                "response": spans["!"],
            },
        }


def write(path: Path) -> None:
    """All of them, one a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in written()), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(Path(sys.argv[1]))
