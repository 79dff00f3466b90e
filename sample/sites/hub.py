"""A Hugging Face Hub with two datasets of arena battles, enough of it for ``datasets.load_dataset`` with ``HF_ENDPOINT`` at it.

The files are built from ``world/battles*.toml`` at the first request that needs them: building Parquet needs pyarrow, and its import takes
longer than the whole rest of the world.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from sample.content import Entry, blob_id, number, reveal, tables
from sample.wire import Answer, Asked, Fault, instead, json_answer, tagged, text_answer

NEW_LAYOUT = "sample/arena-battles"
"""Parquet, with the columns of lmarena-ai/arena-human-preference-140k."""
OLD_LAYOUT = "sample/arena-conversations"
"""JSON lines, with the columns of lmsys/chatbot_arena_conversations."""
REVISIONS = {NEW_LAYOUT: hashlib.sha1(b"arena-battles 1").hexdigest(), OLD_LAYOUT: hashlib.sha1(b"arena-conversations 1").hexdigest()}
_CARD = """---
license: cc-by-4.0
configs:
- config_name: default
  data_files:
  - split: train
    path: {path}
---
# Battles of an arena

Made up for thresher's sample world.
"""
_CARDS = {NEW_LAYOUT: _CARD.format(path="data/train-*"), OLD_LAYOUT: _CARD.format(path="conversations.jsonl")}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Hub:
    """The Hub's API and its files."""

    def __init__(self) -> None:
        self.night = 1

    def faults(self) -> list[Fault]:
        """A 503 at the first download of data."""
        broken = text_answer("Service Unavailable", 503, {"Retry-After": "1"})
        return [Fault(lambda a: a.method == "GET" and "/resolve/" in a.path and not a.path.endswith(".md"), instead(broken))]

    def respond(self, asked: Asked) -> Answer:
        parts = asked.path.strip("/").split("/")
        match parts:
            case ["api", "datasets", owner, name, *rest]:
                answer = _api(f"{owner}/{name}", rest, asked)
                return tagged(answer, asked) if answer.status == 200 and asked.method == "GET" else answer
            case ["datasets", owner, name, "resolve", revision, *path]:
                return _file(f"{owner}/{name}", revision, "/".join(path), asked)
            case ["api", "whoami-v2"]:
                return json_answer({"error": "Invalid username or password."}, 401)
        return _missing("RepoNotFound", "Repository not found")


@cache
def files(dataset: str) -> dict[str, bytes]:
    """Path to content of one dataset."""
    card = {"README.md": _CARDS[dataset].encode(), ".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"}
    if dataset == NEW_LAYOUT:
        return {**card, "data/train-00000-of-00001.parquet": _parquet([_new_row(b) for b in tables("battles") if b["set"] == "new"])}
    rows = [_old_row(b) for b in tables("battles") if b["set"] == "old"]
    return {**card, "conversations.jsonl": "".join(json.dumps(r) + "\n" for r in rows).encode()}


def _turns(battle: Entry, side: str) -> list[tuple[str, str]]:
    turns = [("user", reveal(battle["prompt"])), ("assistant", reveal(battle[side]))]
    if "then" in battle:
        turns += [("user", reveal(battle["then"])), ("assistant", reveal(battle[f"{side}2"]))]
    return turns


def _new_row(battle: Entry) -> dict[str, Any]:
    """The columns of the 140k set: what is said is a list of parts."""

    def part(text: str) -> dict[str, Any]:
        return {"type": "text", "text": text, "image": None, "mimeType": None}

    sides: dict[str, list[dict[str, Any]]] = {
        s: [{"role": role, "content": [part(text)], "num_tokens": len(text) // 4} for role, text in _turns(battle, s)] for s in "ab"
    }
    full = [
        {
            "user": {"role": "user", "content": sides["a"][i]["content"]},
            "model_side_a": sides["a"][i + 1],
            "model_side_b": sides["b"][i + 1],
        }
        for i in range(0, len(sides["a"]), 2)
    ]
    tags = battle.get("tags", [])
    tokens: dict[str, int] = {s: sum(t["num_tokens"] for t in sides[s] if t["role"] == "assistant") for s in "ab"}
    meta: dict[str, Any] = {f"sum_assistant_{s}_tokens": tokens[s] for s in "ab"}
    meta |= {
        "header_count_a": 0,
        "header_count_b": 0,
        "sum_user_tokens": sum(t["num_tokens"] for t in sides["a"] if t["role"] == "user"),
        "turns": len(full),
    }
    return {
        "id": _uuid(battle["id"]), "model_a": battle["model_a"], "model_b": battle["model_b"], "winner": battle["winner"],
        "evaluation_session_id": _uuid("session" + battle["id"]), "evaluation_order": 1 + number(battle["id"], 3),
        "conversation_a": sides["a"], "conversation_b": sides["b"], "full_conversation": full, "conv_metadata": meta,
        "category_tag": {"creative_writing_v0.1": {"creative_writing": False, "score": "no"}, "math_v0.1": {"math": "math" in tags}},
        "language": battle.get("language", "en"), "is_code": "code" in tags,
        "timestamp": 1_763_000_000 + number(battle["id"], 500_000),
    }  # fmt: skip


def _old_row(battle: Entry) -> dict[str, Any]:
    """The columns of the 33k set: ``tie (bothbad)`` and the language by its English name."""
    said = {s: [{"content": text, "role": role} for role, text in _turns(battle, s)] for s in "ab"}
    flags = {"roberta-large": {"flagged": False, "probability": 0.01}, "t5-large": {"flagged": False, "score": 0.01}}
    return {
        "question_id": hashlib.md5(battle["id"].encode(), usedforsecurity=False).hexdigest(), "model_a": battle["model_a"],
        "model_b": battle["model_b"],
        "winner": battle["winner"], "judge": f"arena_user_{number(battle['id'], 9000)}", "conversation_a": said["a"],
        "conversation_b": said["b"],
        "turn": len(said["a"]) // 2, "anony": True, "language": battle.get("language", "English"),
        "tstamp": 1_685_000_000.5 + number(battle["id"], 500_000),
        "openai_moderation": {"categories": {"violence": False}, "category_scores": {"violence": 0.0001}, "flagged": False},
        "toxic_chat_tag": flags,
    }  # fmt: skip


def _uuid(seed: str) -> str:
    digits = hashlib.sha256(seed.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
    import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]

    text, small, flag = pa.string(), pa.int32(), pa.bool_()
    parts: Any = pa.list_(pa.struct([("type", text), ("text", text), ("image", text), ("mimeType", text)]))
    turn = pa.struct([("role", text), ("content", parts), ("num_tokens", small)])
    full = pa.list_(pa.struct([("user", pa.struct([("role", text), ("content", parts)])), ("model_side_a", turn), ("model_side_b", turn)]))
    meta = pa.struct([(n, small) for n in rows[0]["conv_metadata"]])
    tags = pa.struct(
        [("creative_writing_v0.1", pa.struct([("creative_writing", flag), ("score", text)])), ("math_v0.1", pa.struct([("math", flag)]))]
    )
    types: dict[str, pa.DataType] = dict.fromkeys(("id", "model_a", "model_b", "winner", "evaluation_session_id", "language"), text)
    types |= {"evaluation_order": small, "conversation_a": pa.list_(turn), "conversation_b": pa.list_(turn), "full_conversation": full}
    types |= {"conv_metadata": meta, "category_tag": tags, "is_code": flag}
    for row in rows:
        row["timestamp"] = row["timestamp"] * 1_000_000_000
    types["timestamp"] = pa.timestamp("ns")
    schema = pa.schema([(name, types[name]) for name in rows[0]])
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out, row_group_size=32)
    return out.getvalue()


def _api(dataset: str, rest: list[str], asked: Asked) -> Answer:
    if dataset not in REVISIONS:
        return _missing("RepoNotFound", "Repository not found")
    sha = REVISIONS[dataset]
    match rest:
        case [] | ["revision"]:
            return json_answer(_info(dataset, sha))
        case ["revision", revision]:
            return (
                json_answer(_info(dataset, sha))
                if revision in {"main", sha}
                else _missing("RevisionNotFound", f"Invalid rev id: {revision}")
            )
        case ["tree", revision, *folder]:
            return (
                json_answer(_tree(dataset, "/".join(folder), asked))
                if revision in {"main", sha}
                else _missing("RevisionNotFound", "Invalid rev id")
            )
        case ["paths-info", revision]:
            fields = json.loads(asked.body or b"{}") if "json" in asked.headers.get("content-type", "") else None
            wanted = set(fields["paths"]) if fields else {v for k, v in parse_qsl(asked.body.decode()) if k == "paths"}
            return json_answer([r for r in _tree(dataset, "", asked, deep=True) if r["path"] in wanted])
        case ["refs"]:
            return json_answer({"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": sha}], "converts": [], "tags": []})
    return _missing("EntryNotFound", "Not found")


def _info(dataset: str, sha: str) -> dict[str, Any]:
    return {
        "_id": sha[:24], "id": dataset, "author": dataset.split("/")[0], "sha": sha, "lastModified": "2026-11-20T09:00:00.000Z",
        "private": False,
        "gated": False, "disabled": False, "tags": ["license:cc-by-4.0"], "downloads": 7, "likes": 1,
        "createdAt": "2026-11-20T08:00:00.000Z",
        "cardData": {"license": "cc-by-4.0"}, "siblings": [{"rfilename": p} for p in files(dataset)],
    }  # fmt: skip


def _tree(dataset: str, folder: str, asked: Asked, deep: bool = False) -> list[dict[str, Any]]:
    deep = deep or asked.one("recursive").lower() in {"1", "true"}
    rows: dict[str, dict[str, Any]] = {}
    for path, data in files(dataset).items():
        if folder and not path.startswith(folder + "/"):
            continue
        below = path[len(folder) + 1 if folder else 0 :]
        if "/" in below:
            top = (folder + "/" if folder else "") + below.split("/")[0]
            rows[top] = {"type": "directory", "oid": hashlib.sha1(top.encode()).hexdigest(), "size": 0, "path": top}
        if deep or "/" not in below:
            rows[path] = _entry(path, data)
    return list(rows.values())


def _entry(path: str, data: bytes) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "file", "oid": blob_id(data), "size": len(data), "path": path}
    if _large(path):
        row["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 132}
    return row


def _large(path: str) -> bool:
    return path.endswith((".parquet", ".jsonl"))


def _file(dataset: str, revision: str, path: str, asked: Asked) -> Answer:
    if dataset not in REVISIONS:
        return _missing("RepoNotFound", "Repository not found")
    if revision not in {"main", REVISIONS[dataset]}:
        return _missing("RevisionNotFound", f"Invalid rev id: {revision}")
    if path not in files(dataset):
        return _missing("EntryNotFound", "Entry not found")
    data = files(dataset)[path]
    tag = hashlib.sha256(data).hexdigest() if _large(path) else blob_id(data)
    headers = {
        "ETag": f'"{tag}"', "X-Repo-Commit": REVISIONS[dataset], "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream" if _large(path) else "text/plain; charset=utf-8",
    }  # fmt: skip
    if _large(path):
        headers |= {"X-Linked-Etag": f'"{tag}"', "X-Linked-Size": str(len(data))}
    if tag in asked.headers.get("if-none-match", ""):
        return Answer(304, b"", headers)
    return _ranged(data, headers, asked.headers.get("range", ""))


def _ranged(data: bytes, headers: dict[str, str], wanted: str) -> Answer:
    found = _RANGE.fullmatch(wanted)
    if not found or not (found[1] or found[2]):
        return Answer(200, data, headers)
    start = int(found[1]) if found[1] else max(len(data) - int(found[2]), 0)
    end = min(int(found[2]), len(data) - 1) if found[1] and found[2] else len(data) - 1
    if start > end:
        return Answer(416, b"", {**headers, "Content-Range": f"bytes */{len(data)}"})
    return Answer(206, data[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(data)}"})


def _missing(code: str, message: str) -> Answer:
    status = 401 if code == "RepoNotFound" else 404
    return json_answer({"error": message}, status, {"X-Error-Code": code, "X-Error-Message": message})
