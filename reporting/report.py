"""The report on a benchmark: gathered once, then shown as a page, as Markdown, or as one JSON object; and what of it is an alert."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from reporting import charts
from reporting.html import moment, number, page
from store import growth, overview
from store.file.database import Connection
from store.growth import FEW
from thresher import __version__

RISING = ("growing", "resurfaced", "new")
_FEW_REPORTS = 3
"""A new failure that fewer reported is not worth a message."""


def gather(con: Connection, sources: Sequence[Mapping[str, Any]], *, name: str, now: datetime, stale_after_h: float) -> dict[str, Any]:
    """All that the report says, JSON-ready. ``sources`` are those that are configured or were read: ``source``, ``off``, and of the last
    visit ``last_visit``, ``state`` and ``error``."""
    status = overview.status(con)
    report: dict[str, Any] = {
        "name": name,
        "made_at": now.isoformat(),
        "stale_after_h": stale_after_h,
        "version": __version__,
        "status": status,
        "by_day": growth.by_day(con),
        "tags": growth.tags(con),
        "languages": growth.languages(con),
        "refused": growth.refused(con),
        "duplicates": growth.duplicates(con),
        "clusters": growth.clusters(con),
        "unmade": growth.unmade(con),
        "dead_letters": overview.dead_letters(con),
    }
    report["sources"] = _sources(sources, growth.newest_pages(con), status["by_source"], now, stale_after_h)
    report["alerts"] = alerts(report)
    return report


def alerts(report: Mapping[str, Any]) -> dict[str, str]:
    """What somebody should look at, by a key that stays the same as long as it lasts."""
    told: dict[str, str] = {}
    for source in report["sources"]:
        if "failed" in source["states"]:
            told[f"failed {source['source']}"] = f"{source['source']} failed: {source['error'] or 'no reason was noted'}"
        if "stale" in source["states"]:
            told[f"stale {source['source']}"] = f"{source['source']} is stale: its last page came {moment(source['last_page'])}"
    for cluster in report["clusters"]:
        if cluster["trend"] in RISING and cluster["reports"] >= _FEW_REPORTS:
            what = f"{cluster['label']!r} is {cluster['trend']}: {cluster['reports']:,} reports, {cluster['last_7']:,} in 7 days"
            told[f"{cluster['trend']} {cluster['cluster_id']}"] = what
    for row in report["dead_letters"]:
        told[f"unread {row['source']} {row['reason']}"] = f"{row['source']}: {row['letters']:,} parts could not be read ({row['reason']})"
    return told


def as_html(report: Mapping[str, Any]) -> str:
    """One page that needs nothing else."""
    status = report["status"]
    days, series = _series(report["by_day"])
    refused = _ranked(report["refused"], "reason", "records")[:15]
    leads = _named(status["leads"])
    so_far = [*accumulate(day["landed"] for day in days)]
    names = [day["day"] for day in days]
    return page(
        "report.html",
        **{**report, "alerts": list(report["alerts"].values()), "refused": refused},
        figures=_figures(status), days=days, growing=list(series),
        nights=charts.stacked(names, series, "New items by source"), so_far=charts.line(names, so_far, "Items so far"),
        kinds=_named(status["by_kind"]), tiers=_named(status["by_tier"]), keys=_named(status["by_key_status"]),
        classes=_named(status["by_export_class"]), leads=leads, thin=thin(report), few=FEW,
        snapshots=[{**one, "places": report.get("published", {}).get(one["name"], [])} for one in status["snapshots"]],
        bar=charts.bar, spark=charts.spark,
    )  # fmt: skip


def as_markdown(report: Mapping[str, Any]) -> str:
    """The same in short, for the artifact of a flow or a chat."""
    status = report["status"]
    days, _ = _series(report["by_day"])
    lines = [f"# {_plain(report['name'])}", "", ", ".join(f"{number(value)} {label}" for label, value in _figures(status)), ""]
    lines += [f"- **{_plain(alert)}**" for alert in report["alerts"].values()]
    lines += ["", "| day | records | new items | merged | refused |", "|---|---:|---:|---:|---:|"]
    lines += [f"| {d['day']} | {d['records']:,} | {d['landed']:,} | {d['merged']:,} | {d['refused']:,} |" for d in days[-14:]]
    lines += ["", "| source | items | last page | state |", "|---|---:|---|---|"]
    lines += [
        f"| {_plain(s['source'])} | {s['items']:,} | {moment(s['last_page'])} | {', '.join(s['states'])} |" for s in report["sources"]
    ]
    lines += ["", "| failure | trend | reports | in 7 days |", "|---|---|---:|---:|"]
    lines += [f"| {_plain(c['label'])} | {c['trend']} | {c['reports']:,} | {c['last_7']:,} |" for c in report["clusters"][:15]]
    lines += ["", *(f"- thin: {_plain(line)}" for line in thin(report))]
    return "\n".join(lines) + "\n"


def thin(report: Mapping[str, Any]) -> list[str]:
    """Where there is too little to say anything by."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in report["status"]["composition"]:
        sums[row["kind"], row["tier"]] += row["items"]
    lines = [f"{kind}, {tier}: {number(count)} items" for (kind, tier), count in sorted(sums.items()) if count < FEW]
    lines += [f"{s['source']}: on, and gave no item" for s in report["sources"] if not s["off"] and s["last_visit"] and not s["items"]]
    lines += [f"{row['label']!r}: {number(row['reports'])} reports, and no item asks it" for row in report["unmade"]]
    return lines


def _figures(status: Mapping[str, Any]) -> list[tuple[str, int]]:
    keyed = sum(count for key, count in status["by_key_status"].items() if key not in ("none", "disputed"))
    return [
        ("items", status["items"]), ("with a key", keyed), ("reports", status["reports"]), ("records", status["records"]),
        ("duplicates merged", status["merged"]), ("leads wait", sum(status["leads"].values())), ("verdicts", status["verdicts"]),
    ]  # fmt: skip


def _sources(
    sources: Sequence[Mapping[str, Any]], pages: Sequence[Mapping[str, Any]], items: Mapping[str, int], now: datetime, stale_after_h: float
) -> list[dict[str, Any]]:
    """Each source with its newest page, by which alone it is judged whether it is stale."""
    rows = []
    for source in sources:
        own = [page["last_fetched"] for page in pages if page["source"] == source["source"]]
        newest = max(own, default=None)
        age = now - datetime.fromisoformat(newest) if newest else None
        states = ["off"] if source["off"] else []
        states += {"failed": ["failed"], "partial": ["partial"], "finished": ["ok"], "running": ["running"]}.get(str(source["state"]), [])
        if not source["off"] and age is not None and age > timedelta(hours=stale_after_h):
            states = ["stale", *(state for state in states if state != "ok")]
        rows.append(
            {
                **{key: source[key] for key in ("source", "off", "last_visit", "state")},
                "error": textwrap.shorten(source["error"] or "", 300, placeholder=" ..."),
                "items": items.get(source["source"], 0),
                "sites": len(own),
                "last_page": newest,
                "age": _age(age),
                "states": states or (["never asked"] if newest is None else []),
            }
        )
    return rows


def _age(age: timedelta | None) -> str:
    if age is None:
        return ""
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} h ago" if hours < 72 else f"{hours / 24:.0f} days ago"


def _series(rows: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, list[int]]]:
    """The sums of each day; and for each source, the largest first, its new items on these days."""
    names = sorted({row["day"] for row in rows})
    place = {day: n for n, day in enumerate(names)}
    days = [{"day": day, "records": 0, "landed": 0, "merged": 0, "refused": 0} for day in names]
    series: dict[str, list[int]] = {}
    for row in rows:
        for column in ("records", "landed", "merged", "refused"):
            days[place[row["day"]]][column] += row[column]
        series.setdefault(row["source"], [0] * len(names))[place[row["day"]]] += row["landed"]
    return days, {name: values for name, values in sorted(series.items(), key=lambda s: (-sum(s[1]), s[0])) if sum(values)}


def _named(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in counts.items()]


def _ranked(rows: Sequence[Mapping[str, Any]], name: str, count: str) -> list[dict[str, Any]]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row[name]] += row[count]
    return _named(dict(sums.most_common()))


def _plain(text: str) -> str:
    """Text that begins no markup and ends no cell."""
    return "".join(" " if c in "\n\r|" else f"\\{c}" if c in "\\`*_{}[]<>#" else c for c in text)
