"""What a run says when it ends: for a person in a terminal, and as Markdown for Prefect."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table

from thresher.characters import printable
from thresher.pairwise import LETTERS, winner

if TYPE_CHECKING:  # a page over the store needs nothing of the line
    from flows.line.clustering import Clustered
    from flows.line.deciding import Decided

COLUMNS = ("pages", "records", "candidates", "landed", "merged", "leads", "dead")


TAKEN_DOWN = "A takedown covers it (`thresher takedown`)."


def numbers(report: Mapping[str, Any]) -> list[tuple[str, list[int], dict[str, int]]]:
    """(source, its numbers in the order of COLUMNS, its refusals by reason) and a last row of sums."""
    rows = [(name, [int(s[c]) for c in COLUMNS], dict(s["refused"])) for name, s in sorted(report["sources"].items())]
    reasons: dict[str, int] = {}
    for _, _, refused in rows:
        for reason, n in refused.items():
            reasons[reason] = reasons.get(reason, 0) + n
    sums = [sum(row[1][i] for row in rows) for i in range(len(COLUMNS))]
    return [*rows, ("all", sums, reasons)]


def run_table(report: Mapping[str, Any]) -> RenderableType:
    """The numbers of a run, and a line for each source that did not finish."""
    table = Table(title=f"run {report['run_id']}", title_justify="left", header_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("source", no_wrap=True)
    for column in (*COLUMNS, "refused"):
        table.add_column(column, justify="right")
    table.add_column("state")
    rows = numbers(report)
    for name, counts, refused in rows:
        state = report["sources"][name]["state"] if name in report["sources"] else report["state"]
        table.add_row(name, *(f"{n:,}" for n in counts), f"{sum(refused.values()):,}", state, style="bold" if name == "all" else None)
    errors = [f"[red]{escape(name)}[/]: {escape(s['error'])}" for name, s in sorted(report["sources"].items()) if s.get("error")]
    return Group(table, *errors)


def refusals(report: Mapping[str, Any], reasons: Mapping[str, str], most: int = 12) -> RenderableType:
    """Why records gave no item: the commonest reasons with what they mean."""
    reasons = {**reasons, "taken_down": TAKEN_DOWN}
    counts = sorted(numbers(report)[-1][2].items(), key=lambda r: (-r[1], r[0]))
    table = Table(title="why records were refused", title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column(style="bold")
    table.add_column()
    for reason, n in counts[:most]:
        table.add_row(f"{n:,}", reason, escape(textwrap.shorten(reasons.get(reason, ""), 90, placeholder=" ...")))
    if len(counts) > most:
        table.add_row(f"{sum(n for _, n in counts[most:]):,}", f"{len(counts) - most} other reasons", "")
    return table


def decided_line(decided: Decided) -> str:
    """What the dedupe did."""
    if not decided.same + decided.related + decided.new:
        return "nothing new to embed or to compare"
    return (
        f"{decided.embedded:,} texts embedded: {decided.same:,} found to be the same as a known item, {decided.related:,} linked to a "
        f"related one, {decided.new:,} with nothing like them"
    )


def clustered_line(clustered: Clustered) -> str:
    """What the clustering did."""
    counts = {"opened": clustered.opened, "merged": clustered.merged, "split": clustered.split}
    events = ", ".join(f"{n:,} {event}" for event, n in counts.items() if n)
    return f"{clustered.assigned:,} complaints put into failure clusters" + (f": {events}" if events else "")


def sought_lines(report: Mapping[str, Any]) -> list[str]:
    """What was searched for besides the fixed queries, and where each phrase came from."""
    return [f"searched for: {query['words']} ({query['language']}; {query['why']})" for query in report.get("sought", ())]


def asked_lines(row: dict[str, Any]) -> str:
    """What a language model was asked and what it cost, and what went wrong."""
    from thresher.models.tally import in_words

    return "\n".join((in_words(row), *(f"  {n:,} times: {why}" for why, n in row["troubles"].items())))


def item_panel(item: Mapping[str, Any]) -> RenderableType:
    """One item in full."""
    lines = [
        f"[dim]{item['kind']} | {item.get('tier', '')} | key {item['key_status']} | {escape(str(item.get('licence', '')))} | "
        f"exports {item.get('export_class', 'none')}[/]",
        "",
    ]
    for message in item["messages"]:
        lines.append(f"[bold]{message['role']}[/]: {escape(message['content'])}")
    if item["kind"] == "preference":
        better = winner(item["choices"], item["target"])
        lines += [f"[bold]response {letter}[/]: {escape(text)}" for letter, text in zip(LETTERS, item["choices"], strict=False)]
        lines += ["", f"[green]better[/]: {better}"]
    elif item.get("target"):
        lines += ["", f"[green]target[/]: {escape(item['target'])}"]
    if item.get("rubric"):
        lines += ["", f"[yellow]rubric[/]: {escape(item['rubric'])}"]
    for report in item.get("reports", []):
        lines += ["", f"[cyan]report[/] by {report['source']} ({report['tier']}): {escape(report['url'] or report['native_id'])}"]
        lines += [f"  failing: {escape(textwrap.shorten(r['text'], 400, placeholder=' ...'))}" for r in report.get("failing") or []]
    for added in item.get("completions", []):
        what = " and ".join(name for name in ("context", "prompt") if added[name])
        lines += ["", f"[cyan]{what}[/] by {escape(added['author'])}, {moment(added['given_at'])}, added to {escape(added['record_key'])}"]
    lines += [f"\n[magenta]trials[/] {escape(trial_line(state))}" for state in item.get("trials", [])]
    lines += [f"\n[red]key queue[/]: {doubt['reason']}: {escape(doubt['why'])}" for doubt in item.get("key_queue", [])]
    return Panel("\n".join(lines), title=item["item_id"], title_align="left")


def trial_line(state: Mapping[str, Any]) -> str:
    """What the trials of one model say of an item: ``small: still failing, 4 of 5 failed on 2026-11-28 (served as small-1)``."""
    day = state["last_asked"][:10]
    if state["state"] == "not reproduced":
        return f"not reproduced on {state['model']}, {day}: 0 of {state['n']} failed (served as {state['served_id']})"
    seen = f"{state['k']} of {state['n']} failed on {day} (served as {state['served_id']})"
    if state["last_failed"] and not state["k"]:
        seen += f"; last seen failing on {state['last_failed'][:10]} (served as {state['failed_as']})"
    return f"{state['model']}: {state['state']}, {seen}"


def moment(stamp: str | None) -> str:
    """A moment of the store to the minute, in UTC; a dash where it never was."""
    return stamp[:16].replace("T", " ") if stamp else "-"


def as_markdown(report: Mapping[str, Any], decided: Decided | None, clustered: Clustered | None = None) -> str:
    """The run as a Prefect artifact."""
    lines = ["| source | " + " | ".join(COLUMNS) + " | refused |", "|---|" + "---:|" * (len(COLUMNS) + 1)]
    for name, counts, refused in numbers(report):
        lines.append(f"| {name} | " + " | ".join(map(str, counts)) + f" | {sum(refused.values())} |")
    lines += ["", *(f"- {reason}: {n}" for reason, n in sorted(numbers(report)[-1][2].items(), key=lambda r: -r[1]))]
    lines += ["", decided_line(decided)] if decided else []
    lines += ["", clustered_line(clustered)] if clustered and clustered.assigned else []
    lines += [line for told in sought_lines(report) for line in ("", told)]
    lines += [line for row in report.get("readers", {}).values() for line in ("", asked_lines(row))]
    lines += ["", *(f"- **{name}**: {s['error']}" for name, s in report["sources"].items() if s.get("error"))]
    return "\n".join(lines)


class _Screen(Console):
    """What a text of somebody else holds is shown and never obeyed."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The segments, those that hold text without controls."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


def console() -> Console:
    """Where people read. What a text holds is shown as it stands, ``:tada:`` too."""
    return _Screen(highlight=False, emoji=False)
