"""``thresher judge``: how far a judge agrees with people."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.shared import FAILED, AsJson, Config, print_json
from thresher.errors import UsageError

app = typer.Typer(help="Judges: models that score what no program can.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """A group of its own, though it has one command."""


@app.command()
def calibrate(
    file: Annotated[Path, typer.Argument(help="Verdicts of people: JSON lines, CSV or Parquet, also .gz.")],
    judge: Annotated[str, typer.Option("--judge", help="A name of models.toml.")],
    answers: Annotated[
        Path, typer.Option("--answers", help="Where its answers are kept, so that none is paid for twice.")
    ] = Path("judge_answers.jsonl"),
    max_usd: Annotated[float, typer.Option("--max-usd", help="The most that may be spent.")] = 5.0,
    config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Measure a judge against verdicts of people.

    Columns of FILE: prompt, response, and verdict (pass, fail, borderline); reference, rubric or complaint to judge by; optionally id and
    family (of the model that answered). Rows with other and better (A, B, tie) are pairs, which are asked in both orders. Every answer is
    judged twice. Exit code 1 where the judge may not gate.
    """
    from flows.line.calibrating import labelled, measure
    from flows.line.settings import config_folder, load_models
    from scrapers.common.json_rows import UNREADABLE
    from scrapers.common.rows import rows_of
    from thresher.models.ask import Asker
    from thresher.models.budget import Budget
    from thresher.models.kept import Kept
    from thresher.scorers.judge import Judge

    if not file.is_file():
        raise UsageError(f"{file}: no such file")
    model = load_models(config_folder(config)).named(judge)
    model.key()
    rows = list(rows_of(file))
    if broken := next((row[UNREADABLE] for row in rows if UNREADABLE in row), None):
        raise UsageError(f"{file}: {broken}")
    if not rows:
        raise UsageError(f"{file} has no rows")
    given = [labelled(row, number) for number, row in enumerate(rows, 1)]
    budget = Budget(Decimal(str(max_usd)))
    with Asker(model, budget=budget, kept=Kept(answers)) as asker, Asker(model, budget=budget) as again:
        report = measure(given, Judge(asker), Judge(again))
    if as_json:
        print_json(report)
    else:
        _print(report)
    if not report["may_gate"]:
        raise typer.Exit(FAILED)


def _print(report: dict[str, Any]) -> None:
    by_people = f"{report['answers']}, of which people pass {report['passes']} and fail {report['fails']}"
    lines = [
        ("judge", f"{report['judge']} ({report['version']})"),
        ("answers", f"{by_people}; no verdict on {report['open']}"),
        ("TPR", _shown(report["tpr"])),
        ("TNR", _shown(report["tnr"])),
        ("kappa", _shown(report["kappa"])),
        ("pass rate", f"observed {_plain(report['observed'])}, corrected {_shown(report['corrected'])}"),
        ("retest", f"the same verdict {_shown(report['retest_same'])}, kappa {_plain(report['retest_kappa'])}"),
    ]
    if report["pairs"]:
        agreement = f"{report['pairs']}, open {report['pairs_open']}; as people {_shown(report['pairs_agree'])}"
        lines.append(("pairs", f"{agreement}; flipped with the order {_shown(report['pairs_flipped'])}"))
        lines.append(("longer won", _shown(report["pairs_longer_won"])))
    for name, value in lines:
        print(f"{name:<12}{value}")
    for row in report["disagreements"][:10]:
        print(f"  {row['id']}: people {row['person']}, judge {row['judge'] or 'no verdict'}: {row['why']}")
    if len(report["disagreements"]) > 10:
        print(f"  and {len(report['disagreements']) - 10} more; --json has all")
    print("It may gate." if report["may_gate"] else "It may not gate:")
    for reason in report["why_not"]:
        print(f"  {reason}")


def _shown(estimate: dict[str, float] | None) -> str:
    return "unknown" if estimate is None else f"{estimate['value']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"


def _plain(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"
