"""What the gate says, for people (text, Markdown with a section for each new failure) and for CI (JUnit XML)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from flows.line.gating import Gate, Row
from thresher.characters import printable
from thresher.paired import POWER

_SHOWN = 2_000
"""Characters of a question or an answer."""


def as_text(gate: Gate) -> str:
    """A few lines."""
    c = gate.comparison
    lines = [f"{gate.model} against {gate.baseline}: {'may pass' if gate.passes else 'blocked'}"]
    lines += [f"  {reason}" for reason in gate.reasons]
    lines += [
        f"  {c.items:,} items compared, in {gate.clusters:,} failure clusters and alone",
        f"  new failures   {c.new_failures:,}" + _flaky(gate.of("new", flaky=True)),
        f"  fixed          {c.fixed:,}" + _flaky(gate.of("fixed", flaky=True)),
        f"  unchanged      {c.both_pass + c.both_fail:,} ({c.both_fail:,} fail with both)",
        f"  difference     {c.difference:+.1%} of the items fail more, 95 % interval {c.low:+.1%} to {c.high:+.1%}; p = {c.p:.4f}",
        f"  could have seen {_smallest(gate)}",
        f"  cost           {', '.join(f'{name} ${usd:.4f}' for name, usd in gate.usd.items())}",
    ]
    lines += [f"  not compared   {n:,} items: {reason}" for reason, n in gate.skipped.items()]
    for row in gate.of("new"):
        lines.append(f"  new failure    {row.item['item_id'][:12]} {_k_of_n(row)}{' (flaky)' if row.flaky else ''}")
    return printable("\n".join(lines))


def as_markdown(gate: Gate) -> str:
    """A page: the outcome, the numbers, and each new failure with the item, both answers and why."""
    c = gate.comparison
    lines = [f"# {gate.model} against {gate.baseline}: {'may pass' if gate.passes else 'blocked'}", ""]
    lines += [f"- **blocks**: {reason}" for reason in gate.reasons] + ([""] if gate.reasons else [])
    lines += [
        "| | |", "| --- | ---: |",
        f"| items compared | {c.items:,} |",
        f"| new failures | {c.new_failures:,} ({len(gate.of('new', flaky=True)):,} flaky) |",
        f"| fixed | {c.fixed:,} ({len(gate.of('fixed', flaky=True)):,} flaky) |",
        f"| fail with both | {c.both_fail:,} |",
        f"| pass with both | {c.both_pass:,} |",
        f"| difference | {c.difference:+.1%} (95 % interval {c.low:+.1%} to {c.high:+.1%}) |",
        f"| exact McNemar, clustered | p = {c.p:.4f}, of a worse model {c.p_worse:.4f} |",
        f"| smallest difference to be seen | {_smallest(gate)} |",
        *(f"| cost of {name} | ${usd:.4f} |" for name, usd in gate.usd.items()),
        *(f"| not compared: {reason} | {n:,} |" for reason, n in gate.skipped.items()),
        "",
    ]  # fmt: skip
    for title, rows in (
        ("New failures", gate.of("new", flaky=False)), ("Flaky: failed now and then, by one of the two", gate.of("new", flaky=True)),
    ):  # fmt: skip
        if rows:
            lines += [f"## {title}", ""]
        for row in rows:
            lines += _section(gate, row)
    if fixed := gate.of("fixed"):
        lines += ["## Fixed", "", *(f"- `{row.item['item_id'][:12]}` {_k_of_n(row)}" for row in fixed), ""]
    return printable("\n".join(lines))


def _section(gate: Gate, row: Row) -> list[str]:
    item = row.item
    lines = [f"### {item['item_id']}", "", f"{item['kind']}, {item['tier']}, key {item['key_status']}; {_k_of_n(row)}"]
    lines += [f"; blocks by `{', '.join(row.blocked_by)}`" if row.blocked_by else "", ""]
    lines += ["Asked:", "", *_quoted(item["prompt"]), ""]
    if item["target"]:
        lines += ["Key:", "", *_quoted(item["target"]), ""]
    for name, answers, verdict in ((gate.model, row.new_answers, "fail"), (gate.baseline, row.old_answers, "pass")):
        shown = next((answer for answer in answers if answer["verdict"] == verdict), None)
        if shown:
            lines += [f"{name}, served as {shown['served_id']}: **{verdict}**, {shown['why']}", "", *_quoted(shown["response"]), ""]
    return lines


def as_junit(gate: Gate) -> str:
    """A test case for each item that was compared, one for the comparison as a whole. Flaky new failures are skipped ones."""
    suite = ElementTree.Element("testsuite", name=f"thresher gate {gate.model} against {gate.baseline}")
    whole = ElementTree.SubElement(suite, "testcase", classname="gate", name=f"{gate.model} is no worse than {gate.baseline}")
    if gate.comparison.worse:
        ElementTree.SubElement(whole, "failure", message=_clean(gate.reasons[0]))
    failures, skipped = int(gate.comparison.worse), 0
    for row in gate.rows:
        case = ElementTree.SubElement(suite, "testcase", classname=f"items.{row.item['kind']}", name=row.item["item_id"])
        if row.change == "new" and row.flaky:
            skipped += 1
            ElementTree.SubElement(case, "skipped", message=_clean(f"flaky: {_k_of_n(row)}"))
        elif row.change == "new":
            failures += 1
            failure = ElementTree.SubElement(case, "failure", message=_clean(f"new failure: {_k_of_n(row)}"))
            failure.text = _clean("\n".join(_section(gate, row)))
    for name, count in (("tests", len(gate.rows) + 1), ("failures", failures), ("skipped", skipped), ("errors", 0)):
        suite.set(name, str(count))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(c for c in printable(text) if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))


def _quoted(text: str) -> list[str]:
    """As a block of code, so that nothing in it is taken for Markdown."""
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + " ..."
    return [f"    {line}" for line in shown.splitlines()] or ["    "]


def _k_of_n(row: Row) -> str:
    def told(side: Mapping[str, Any]) -> str:
        return f"{side['k']} of {side['n']} failed"

    return f"{told(row.new)}, before {told(row.old)}"


def _flaky(rows: Sequence[Row]) -> str:
    return f" ({len(rows):,} of them flaky)" if rows else ""


def _smallest(gate: Gate) -> str:
    smallest = gate.comparison.smallest
    if smallest is None:
        return "no difference, however great: too few items"
    return f"{smallest:.1%} of the items, in {POWER:.0%} of all cases"
