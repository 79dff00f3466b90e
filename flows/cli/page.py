"""The page of ``thresher status``: tables that fit 80 columns and say the same without colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from flows.cli.advice import counted
from flows.summary import console, moment

RUNS = 7
REASONS = 4
BAR = 20


def print_page(overview: Mapping[str, Any], data: Path) -> None:
    """All of it, the heading first and what to do next last, where the eye ends up."""
    out, status = console(), overview["status"]
    out.print(f"[bold]{escape(str(data))}[/]: {_heading(status)}")
    if status["items"]:
        _section(out, "what it holds", _composition(status))
    if overview["growth"]:
        _section(out, "growth, run by run", _growth(overview["growth"], out.options.ascii_only))
    _section(out, "sources", _sources(overview))
    if overview["rising"]:
        _section(out, "failures on the rise", _rising(overview["rising"]))
    if status["trials"]["by_model"]:
        _section(out, "what models made of it", _trials(status["trials"]))
    _section(out, "besides", _facts(overview))
    _section(out, "what to do next", _steps(overview["next"]))


def _section(out: Console, title: str, body: RenderableType) -> None:
    out.print(f"\n[bold]{title}[/]")
    out.print(Padding(body, (0, 0, 0, 2)))


def _heading(status: Mapping[str, Any]) -> str:
    parts = [(status["items"], "item"), (status["reports"], "report"), (status["records"], "record")]
    return ", ".join(counted(n, noun) for n, noun in parts) + (f", {status['merged']:,} merged" if status["merged"] else "")


def _composition(status: Mapping[str, Any]) -> Table:
    """A row for each kind; how sure the failure is, then how sure the key."""
    tiers, keys = list(status["by_tier"]), list(status["by_key_status"])
    cells: dict[tuple[str, str], int] = {}
    for row in status["composition"]:
        for column in (row["tier"], f"key {row['key_status']}"):
            for kind in (row["kind"], "all"):
                cells[kind, column] = cells.get((kind, column), 0) + row["items"]
    columns = [*tiers, *(f"key {key}" for key in keys)]
    table = _table("", *columns, "items")
    for kind, items in [*status["by_kind"].items(), ("all", status["items"])]:
        numbers = [_number(cells.get((kind, column), 0)) for column in columns]
        table.add_row(kind, *numbers, f"{items:,}", style="bold" if kind == "all" else None)
    return table


def _growth(rows: Sequence[Mapping[str, Any]], ascii_only: bool) -> Table:
    most = max(int(row["landed"] or 0) for row in rows[-RUNS:]) or 1
    table = _table("started", "landed", "merged", "refused", "so far")
    table.add_column()
    for row in rows[-RUNS:]:
        numbers = (_number(int(row[column] or 0)) for column in ("landed", "merged", "refused", "landed_so_far"))
        length = -(-BAR * int(row["landed"] or 0) // most)
        table.add_row(moment(row["started_at"]), *numbers, ("#" if ascii_only else "█") * length)
    return table


def _sources(overview: Mapping[str, Any]) -> Table:
    """A row for each source, and one for each of its sites."""
    table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column("source", no_wrap=True)
    table.add_column("records", justify="right")
    table.add_column("last visit", no_wrap=True)
    table.add_column("state")
    for source in overview["sources"]:
        sites = [site for site in overview["sites"] if site["source"] == source["source"]]
        records = sum(site["records"] for site in sites)
        table.add_row(source["source"], _number(records), moment(source["last_visit"]), _state(source), style="bold")
        for site in sites:
            table.add_row(f"  {escape(site['site'])}", _number(site["records"]), moment(site["last_fetched"]), "")
    return table


def _state(source: Mapping[str, Any]) -> str:
    """How the last visit ended, and whether there will be another one."""
    ended = {"failed": "[red]failed[/]", "partial": "[yellow]stopped early[/]", "finished": "ok", None: ""}.get(
        source["state"], source["state"]
    )
    return ", ".join(part for part in (ended, "off" if source["off"] else "" if ended else "never asked") if part)


def _rising(failures: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column("failure")
    for column in ("reports", "in 7 days"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("trend", "cluster"):
        table.add_column(column, no_wrap=True)
    for row in failures:
        table.add_row(escape(row["label"]), f"{row['reports']:,}", f"{row['last_7']:,}", row["trend"], row["cluster_id"][:8])
    return table


def _trials(told: Mapping[str, Any]) -> Table:
    """A row for each model, under each id that it was served as."""
    table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column("model, served as", overflow="fold")
    for column in ("items", "passed", "failed", "left out", "$"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("last asked", no_wrap=True)
    for row in told["by_model"]:
        numbers = (_number(row[column]) for column in ("items", "passed", "failed", "left_out"))
        table.add_row(escape(f"{row['model']}, {row['served_id']}"), *numbers, f"{row['usd']:.4f}", moment(row["last_asked"]))
    return table


def _snapshot(snapshot: Mapping[str, Any], repositories: Sequence[str]) -> str:
    places = f", at {', '.join(repositories)}" if repositories else ""
    return escape(f"{snapshot['name']} ({snapshot['items']:,}{places})")


def _facts(overview: Mapping[str, Any]) -> Table:
    status, last = overview["status"], overview["status"]["last_run"]
    facts = {
        "last run": f"{escape(last['command'])}, {moment(last['started_at'])}, {last['state']}" if last else "none",
        "leads": _most(status["leads"]),
        "refused": _most(status["refused"]),
        "dead letters": _most({f"{row['source']} {row['reason']}": row["letters"] for row in overview["dead_letters"]}),
        "waiting": _waiting(status),
        "may leave": _most(status["by_export_class"]),
        "snapshots": ", ".join(_snapshot(s, overview["published"].get(s["name"], [])) for s in status["snapshots"][-3:]) or "none",
        "trials say": _most(status["trials"]["by_state"]) if status["trials"]["by_state"] else "",
        "key queue": f"{status['trials']['key_queue']:,} items: `thresher keys list`" if status["trials"]["key_queue"] else "",
        "verdicts": f"{status['verdicts']:,}" if status["verdicts"] else "",
        "completed": f"{status['leads_completed']:,} leads by persons" if status["leads_completed"] else "",
        "on disk": ", ".join(f"{name} {_size(size)}" for name, size in overview["disk"].items() if size),
    }
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, fact in facts.items():
        if fact:
            table.add_row(name, fact)
    return table


def _waiting(status: Mapping[str, Any]) -> str:
    waits = {"to embed": status["embedding_pending"], "to compare": status["undecided"], "to judge": status["records_due"]}
    return ", ".join(f"{n:,} {what}" for what, n in waits.items() if n) or "nothing"


def _steps(steps: Sequence[Mapping[str, str]]) -> RenderableType:
    if not steps:
        return "Nothing waits. `thresher show` shows some of the items."
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for step in steps:
        table.add_row("-", escape(step["why"]) + (f"\n[cyan]{escape(step['command'])}[/]" if step["command"] else ""))
    return table


def _table(first: str, *numbers: str) -> Table:
    table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column(first, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _most(counts: Mapping[str, int]) -> str:
    """The commonest, and how many are of others."""
    if not counts:
        return "none"
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(n for _, n in ranked[REASONS:])
    shown = [f"{escape(name)} {n:,}" for name, n in ranked[:REASONS]] + ([f"others {rest:,}"] if rest else [])
    return f"{sum(counts.values()):,}: {', '.join(shown)}"


def _number(n: int) -> str:
    return f"{n:,}" if n else "-"


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
