"""``thresher split``: a snapshot in a part to train on and one to test on."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, benchmark, print_json


def split(
    name: Annotated[str, typer.Argument(help="A snapshot that was frozen.")],
    train: Annotated[float, typer.Option("--train", help="The share of its items to train on.", min=0.01, max=0.99)] = 0.8,
    seed: Annotated[int, typer.Option("--seed", help="Decides between items that would do as well.")] = 0,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Part a snapshot into what may be trained on and what it is tested on.

    The parts share no thread, no failure cluster, no near-duplicate and no question, over any number of steps. `thresher verdict trainable`
    and `eval_only`, and [split] in thresher.toml, say where an item must go. Each check is printed with its number; where the training set
    would leak nothing is written, and the pair is named. What leaves is what the snapshot lets out.
    """
    from flows.line import splitting

    made = splitting.split(benchmark(data, config), name, train=train, seed=seed)
    if as_json:
        print_json(made.told())
        return
    to_train, to_test = made.items["train"], made.items["test"]
    share = to_train / (to_train + to_test)
    print(f"{made.path}: {to_train:,} items to train on ({share:.1%}, wanted {train:.0%}), {to_test:,} to test on")
    print(f"{made.components:,} components, the largest of {made.largest:,} items; seed {seed}")
    print(", ".join(f"marked {word}: {n:,}" for word, n in made.marked.items()))
    if made.left_out:
        print(f"left out: {made.left_out:,} items of the snapshot that left the benchmark, or were waived or rejected, since")
    print("looked at in the files as written, and in both parts:")
    for check in made.checks:
        print(f"  {check['looked_at']:9,d}  {check['check']:16}  0")
    configs = sorted(name for name, rows in made.rows.items() if all(rows.values()))
    print("\n".join(f'  datasets.load_dataset("{made.path}/{c}")' for c in configs))
