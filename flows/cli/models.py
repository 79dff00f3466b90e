"""``thresher models``: the language models that may be asked, and whether one of them answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.shared import FAILED, AsJson, Config, print_json

if TYPE_CHECKING:
    from thresher.models.settings import Model, Models

app = typer.Typer(help="The language models that may be asked.", invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def _list(context: typer.Context, config: Config = None, as_json: AsJson = False) -> None:
    """List the language models of config/models.toml. None is asked."""
    if context.invoked_subcommand is None:
        _print(_configured(config), as_json)


@app.command(name="list")
def list_models(config: Config = None, as_json: AsJson = False) -> None:
    """List the language models of config/models.toml.

    None is asked, and nothing is sent.
    """
    _print(_configured(config), as_json)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A name of models.toml, or reader: the one that config/readers.toml names.")],
    config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Ask a model one small question and say what came back.

    Under which id it answers, how long it took, the tokens and what they cost, and whether it keeps to a JSON schema. Exit code 1 where it
    cannot be used, with what to do.
    """
    from flows.line.settings import config_folder, load_models, load_readers
    from thresher.errors import UsageError
    from thresher.models.checking import check_model

    folder = config_folder(config)
    models = load_models(folder)
    model = load_readers(folder).model(models) if name == "reader" else models.named(name)
    if model is None:
        raise UsageError("config/readers.toml names no language model: set language_model.model, or endpoint and served_id")
    model.key()
    checked = check_model(model)
    if as_json:
        print_json(checked)
    else:
        _print_check(checked)
    if not checked["usable"]:
        raise typer.Exit(FAILED)


def _configured(config: Any) -> Models:
    from flows.line.settings import config_folder, load_models

    return load_models(config_folder(config))


def _print(models: Models, as_json: bool) -> None:
    if as_json:
        print_json([{**model.model_dump(mode="json"), "url": model.url, "lacks": _lacks(model)} for model in models.models])
        return
    if not models.models:
        print("No model is configured. config/models.toml shows how, for a server on this machine and for a hosted one.")
        return
    from rich.table import Table

    from flows import summary

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("model", "served as", "where", "in / out, $ for 10^6", "at once", "until", "state"):
        table.add_column(column, overflow="fold")
    for model in models.models:
        price = f"{model.input_price} / {model.output_price}"
        table.add_row(
            model.name, model.served_id, model.url, price, str(model.concurrency), str(model.shutdown or "-"), _lacks(model) or "on"
        )
    summary.console().print(table)


def _lacks(model: Model) -> str:
    """Why the model cannot be asked; empty where nothing is in the way."""
    from thresher.errors import SettingsError

    if model.shutdown is not None and datetime.now(UTC).date() >= model.shutdown:
        return "shut down"
    try:
        model.key()
    except SettingsError:
        return f"set {model.api_key_env}"
    return ""


def _print_check(checked: dict[str, Any]) -> None:
    lines = [f"{checked['model']} at {checked['url']}: {'usable' if checked['usable'] else 'cannot be used'}"]
    if checked["detail"]:
        lines.append(f"  {checked['outcome']}: {checked['detail']}")
    if checked["served_id"]:
        lines.append(f"  answers as     {checked['served_id']}")
    if checked["asked"]:
        lines.append(f"  took           {checked['seconds']:.2f} s")
        lines.append(f"  tokens         {checked['sent_tokens']:,} sent, {checked['answered_tokens']:,} answered")
        lines.append(f"  cost           ${checked['usd']:.6f}" + ("" if checked["priced"] else ", as no prices are configured"))
        lines.append(f"  JSON schema    {checked['schema']}")
    lines += [f"  {hint}" for hint in checked["hints"]]
    from thresher.characters import printable

    print(printable("\n".join(lines)))
