"""Rows whose key is prose or a rubric, for Inspect: a model compares the answer with it.

    inspect eval harness/inspect_judged.py -T config=judged --model MODEL --model-role grader=JUDGE

Here and not in eval.yaml, because there a run without a judge lets the model under test judge itself.
"""

from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import Sample, hf_dataset
from inspect_ai.model import ModelRole, get_model
from inspect_ai.scorer import model_graded_qa
from inspect_ai.solver import generate


@task
def judged(config: str = "judged") -> Task:
    """The rows of a configuration of that kind, each under its ``item_id``. Without a model in the role ``grader`` it does not start."""
    get_model(role="grader", required=True)  # the scorer asks for it too, but only when every answer has been paid for
    file = Path(__file__).parents[1] / config / "test-00000-of-00001.parquet"
    return Task(
        dataset=hf_dataset("parquet", split="test", data_files={"test": str(file)}, sample_fields=sample),
        solver=generate(),
        scorer=model_graded_qa(include_history=True, model_role=ModelRole("grader", required=True)),
    )


def sample(row):  # type: ignore[no-untyped-def]
    """A sample of a row; its target is the key, with the rubric where there is one."""
    return Sample(id=row["item_id"], input=row["messages"], target=row["answer"], metadata={"item_id": row["item_id"], "tier": row["tier"]})
