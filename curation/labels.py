"""Items as the files of labelling tools, and the labels that come back in them as verdicts.

Argilla: the list that ``dataset.records.to_json`` writes and ``from_json`` reads (``Record.to_dict`` of its SDK, 2.x). What persons said
already goes as the suggestion of a question, since only users of that server can have responses; of what comes back the responses count.

Label Studio: a list of tasks, as its import takes and its export of kind JSON gives (labelstud.io/guide/task_format). What was said already
goes as a prediction; of what comes back the annotations count, those that were skipped apart.

An item is known again by its id and its version. Both tools have a question ``verdict``, a choice of one, and may have a text ``reason``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from curation.opinions import TAKEN_BACK
from store.verdicts import VERDICTS, Verdict
from thresher.text import content_hash

Tool = Literal["argilla", "label-studio"]
Row = dict[str, Any]

CONFIG: Final = """<View>
  <Text name="text" value="$prompt"/>
  <Header value="Key"/><Text name="key" value="$target"/>
  <Header value="Rubric"/><Text name="criteria" value="$rubric"/>
  <Header value="Answers that failed"/><Text name="failed" value="$failing"/>
  <Choices name="verdict" toName="text" choice="single" required="true">{choices}</Choices>
  <TextArea name="reason" toName="text" maxSubmissions="1"/>
</View>""".format(choices="".join(f'<Choice value="{word}"/>' for word in VERDICTS))
"""The labelling interface of a Label Studio project that takes the tasks."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of an item in another tool; ``stamp`` tells apart what was said twice, where the tool says when."""

    item_id: str
    version: int
    author: str
    word: str
    reason: str = ""
    stamp: str = ""

    @property
    def verdict_id(self) -> str:
        """The same whenever the same label is read again."""
        return content_hash("label", self.item_id, str(self.version), self.author, self.word, self.reason, self.stamp)[:16]


def exported(tool: Tool, items: Sequence[Row]) -> list[Row]:
    """Items (``store.labels.items``) as the tool imports them."""
    return [_WRITERS[tool](item) for item in items]


def labels(tool: Tool, rows: Any, names: Mapping[str, str]) -> Iterator[Label | str]:
    """Each label of an export of the tool, or the reason why something in it is none. ``names`` are those of persons by their id there."""
    for row in rows if isinstance(rows, list) else [rows]:
        try:
            yield from (_named(one, names) if isinstance(one, Label) else one for one in _READERS[tool](row))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            yield "not_of_this_format"


def usable(label: Label, versions: Mapping[str, int], known: frozenset[str]) -> Verdict | str:
    """The verdict that a label is, or why it is none. ``versions`` are those of the items as they are, ``known`` the ids of verdicts."""
    if label.word not in VERDICTS:
        return "no_such_verdict"
    if label.item_id not in versions:
        return "no_such_item"
    if label.verdict_id in known:
        return "said_already"
    if label.version != versions[label.item_id]:
        return "item_changed"
    reason = label.reason if label.reason != TAKEN_BACK else f"{label.reason}, says the label"  # else it would be an undo
    return Verdict(label.item_id, label.word, label.author, reason, label.version)


def _named(label: Label, names: Mapping[str, str]) -> Label:
    return Label(label.item_id, label.version, names.get(label.author, label.author), label.word, label.reason, label.stamp)


def _to_argilla(item: Row) -> Row:
    fields = ("prompt", "target", "rubric", "failing")
    said = {"verdict": {"value": item["said"], "score": None, "agent": item["said_by"]}} if item["said"] else {}
    return {
        "id": item["item_id"],
        "fields": {name: item[name] or "-" for name in fields},
        "metadata": {name: item[name] for name in ("version", "kind", "tier", "status", "source", "url")},
        "suggestions": said,
        "responses": {},
        "vectors": {},
    }


def _of_argilla(row: Row) -> Iterator[Label | str]:
    reasons = {one["user_id"]: one["value"] for one in row["responses"].get("reason", ())}
    for one in row["responses"].get("verdict", ()):
        user = one["user_id"]
        yield Label(str(row["id"]), int(row["metadata"]["version"]), str(user), str(one["value"]), str(reasons.get(user) or ""))


def _to_label_studio(item: Row) -> Row:
    said = {"from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": [item["said"]]}}
    predictions = [{"model_version": item["said_by"], "result": [said]}] if item["said"] else []
    data = {name: value for name, value in item.items() if name not in ("said", "said_by")}
    return {"data": data, "predictions": predictions}


def _of_label_studio(row: Row) -> Iterator[Label | str]:
    for annotation in row["annotations"]:
        if annotation.get("was_cancelled"):
            yield "skipped_there"
            continue
        given = {one["from_name"]: one["value"] for one in annotation["result"]}
        if "verdict" not in given or len(given["verdict"]["choices"]) != 1:
            yield "no_verdict_given"
            continue
        by = annotation.get("completed_by")
        author = str((by.get("email") or by["id"]) if isinstance(by, dict) else by)
        reason = "\n".join(given.get("reason", {}).get("text", ()))
        data, stamp = row["data"], str(annotation.get("updated_at") or "")
        yield Label(str(data["item_id"]), int(data["version"]), author, str(given["verdict"]["choices"][0]), reason, stamp)


_WRITERS: Final[dict[Tool, Callable[[Row], Row]]] = {"argilla": _to_argilla, "label-studio": _to_label_studio}
_READERS: Final[dict[Tool, Callable[[Row], Iterator[Label | str]]]] = {"argilla": _of_argilla, "label-studio": _of_label_studio}
