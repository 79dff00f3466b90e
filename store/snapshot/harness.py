"""What runs a snapshot in the harnesses that people use: files made of which configurations there are, and of nothing else.

``eval.yaml`` is read by Inspect and the Hub: any key beside these is refused there, a sample gets no id (``item_id`` goes as metadata),
rows cannot be left out, and an empty target scores every answer as right. So there is a task for each configuration whose rows a program
can score, and none for others. Rows that a model has to score have ``inspect_judged.py``, which refuses to start without a judge.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import yaml

from store.snapshot.files import FILE
from store.snapshot.tasks import CONFIGS, way_of
from thresher.scorers.asking import LAST_LINES
from thresher.scorers.ways import Way

EVAL: Final = "eval.yaml"
FOLDER: Final = "harness"
JUDGED: Final = "inspect_judged.py"

_ANSWER: Final = r"(?is)\A.*ANSWER\s*:[\s*`$\\(]*(.{1,200}?)[\s*`$\\).]*\Z"
"""The last answer, without the marks around it; nothing may follow it. It is compared as a whole, without regard to case. Anchored and
bounded, so that the time is linear in what a model that repeats itself says."""
_LETTER: Final = r"(?is)\A.*ANSWER\s*:[\s*`$\\(]*([A-Z])(?![A-Z0-9])"
_VOTE: Final = r"(?is)\A[\W_]*(?:response\s+)?([AB])[\W_]*\Z"

_METADATA: Final = ["item_id", "version", "tier", "licence", "attribution"]

_INSPECT: Final[dict[Way, dict[str, Any]]] = {
    "choice": {
        "field_spec": {"input": "question", "target": "answer", "choices": "choices", "metadata": _METADATA},
        "solvers": [{"name": "multiple_choice", "args": {"cot": True}}],
        "scorers": [{"name": "choice"}],
    },
    "keyed": {
        "field_spec": {"input": "messages", "target": "answer", "metadata": _METADATA},
        "solvers": [{"name": "prompt_template", "args": {"template": f"{{prompt}}\n\n{LAST_LINES['keyed']}"}}, {"name": "generate"}],
        "scorers": [{"name": "pattern", "args": {"pattern": _ANSWER}}],
    },
    "maths": {
        "field_spec": {"input": "messages", "target": "answer", "metadata": _METADATA},
        "solvers": [{"name": "prompt_template", "args": {"template": f"{{prompt}}\n\n{LAST_LINES['maths']}"}}, {"name": "generate"}],
        "scorers": [{"name": "math"}],
    },
    "preference": {
        "field_spec": {"input": "messages", "target": "answer", "metadata": _METADATA},
        "solvers": [{"name": "generate"}],
        "scorers": [{"name": "pattern", "args": {"pattern": _VOTE}}],
    },
}

_OPTIONS: Final = '{% for choice in choices %}\n{{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[loop.index0] }}) {{ choice }}{% endfor %}'
_LM_EVAL: Final[dict[Way, tuple[str, str]]] = {
    "choice": (f"{{{{question}}}}\n{_OPTIONS}\n\n{LAST_LINES['choice']}", _LETTER),
    "keyed": (f"{{{{input}}}}\n\n{LAST_LINES['keyed']}", _ANSWER),
    "preference": ("{{input}}", _VOTE),
}
"""What is asked, and where in the response the answer is. ``maths`` is missing: lm-eval has no algebra without code of one's own."""


def harness_files(name: str, configs: Collection[str]) -> dict[str, bytes]:
    """The files by path that run the snapshot's configurations; none where there is nothing to run."""
    ways = {config: way for config in CONFIGS if config in configs and (way := way_of(config))}
    files = {f"{FOLDER}/lm_eval/{lm_eval_task(c)}.yaml": _yaml(_lm_eval(c, *_LM_EVAL[w])) for c, w in ways.items() if w in _LM_EVAL}
    if tasks := [{"id": c, "config": c, "split": "test", **_INSPECT[w]} for c, w in ways.items() if w in _INSPECT]:
        files[EVAL] = _yaml(
            {
                "name": f"thresher {name}",
                "description": "Where language models fail, and hard questions with a key.",
                "evaluation_framework": "inspect-ai",
                "tasks": tasks,
            }
        )
    if "judged" in ways.values():
        files[f"{FOLDER}/{JUDGED}"] = Path(__file__).with_name(JUDGED).read_bytes()
    return files


def lm_eval_task(config: str) -> str:
    """The name of a configuration's task for lm-evaluation-harness."""
    return f"thresher_{config.replace('-', '_')}"


def _lm_eval(config: str, asked: str, pattern: str) -> dict[str, Any]:
    return {
        "task": lm_eval_task(config),
        "dataset_path": "parquet",
        "dataset_kwargs": {"data_files": {"test": f"{config}/{FILE}"}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": asked,
        "doc_to_target": "answer",
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": 4096},
        "filter_list": [
            {"name": "answer", "filter": [{"function": "regex", "regex_pattern": pattern, "group_select": -1}, {"function": "take_first"}]}
        ],
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True, "ignore_case": True}],
        "metadata": {"version": 1},
    }


def _yaml(value: dict[str, Any]) -> bytes:
    unshared = json.loads(json.dumps(value))  # else YAML writes anchors, which not every reader of task files knows
    return str(yaml.safe_dump(unshared, sort_keys=False, allow_unicode=True, width=140)).encode()


def how_to_run(configs: Collection[str]) -> list[str]:
    """Lines of a card: how each harness runs the configurations."""
    ways = {config: way for config in CONFIGS if config in configs and (way := way_of(config))}
    ran = next((c for c, w in ways.items() if w in _INSPECT), "")
    eligible = next((c for c, w in ways.items() if w in _LM_EVAL), "")
    judged = next((c for c, w in ways.items() if w == "judged"), "")
    lines = []
    if ran:
        lines += [
            "With [Inspect](https://inspect.aisi.org.uk), by `eval.yaml`, one task for each configuration that a program can score:",
            "",
        ]
        lines += [f"    inspect eval hf/OWNER/NAME/{ran}@REVISION --model MODEL", ""]
        if "maths" in ways.values():
            lines += ["The `maths` tasks need `pip install latex2sympy2-extended==1.11.0 antlr4-python3-runtime==4.13.2` beside it.", ""]
    if eligible or judged:
        lines += ["The others begin with `hf download OWNER/NAME --repo-type dataset --revision REVISION --local-dir D && cd D`.", ""]
    if judged:
        lines += [
            "Rows whose key is prose or a rubric are scored by a model, the `grader`; without one the run does not start:",
            "",
            f"    inspect eval {FOLDER}/{JUDGED} -T config={judged} --model MODEL --model-role grader=JUDGE",
            "",
        ]
    if eligible:
        lines += ["With lm-evaluation-harness (`item_id` is in the `doc` of each logged sample):", ""]
        lines += [
            f"    lm_eval --include_path {FOLDER}/lm_eval --tasks {lm_eval_task(eligible)} --log_samples -o out \\",
            "      --model local-chat-completions --model_args model=MODEL,base_url=URL/v1/chat/completions --apply_chat_template",
            "",
            "With promptfoo, the columns as `{{question}}`, `{{input}}`, `{{choices}}`, `{{answer}}`:",
            "",
            f"    tests: huggingface://datasets/OWNER/NAME?split=test&config={eligible}",
            "",
        ]
    if ran:
        lines += ['With verifiers: `load_dataset(...).rename_column("messages", "prompt")`; `answer` is there.', ""]
    return lines
