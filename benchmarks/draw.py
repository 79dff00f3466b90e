"""Curves and tables from the measured figures: docs/*.svg and the generated part of docs/benchmarks.md.

    python benchmarks/draw.py

Reads benchmarks/results/*.json and nothing else: no figure is typed by hand. A file that is not there leaves its table and curve out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, NullFormatter

ROOT = Path(__file__).resolve().parents[1]
RESULTS, DOCS = ROOT / "benchmarks" / "results", ROOT / "docs"
START, END = "<!-- figures: python benchmarks/draw.py -->", "<!-- end of figures -->"
COLOURS = {"thresher": "#e8590c", "semhash": "#1c7ed6", "minhash (rensa)": "#2b9e44", "cosine .90": "#9c6ade", "cosine .80": "#c255a0"}
GREY = "#808890"
"""Readable on white and on black; the background is transparent."""
Row = dict[str, Any]


def read(name: str) -> Any:
    """A file of results, or an empty list."""
    path = RESULTS / name
    return json.loads(path.read_text("utf-8")) if path.exists() else []


def picture(name: str, title: str, draw: Callable[[Axes], None]) -> None:
    """One small SVG; the same figures give the same file."""
    matplotlib.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10})
    plt.switch_backend("svg")
    figure, axes = plt.subplots(figsize=(6.2, 3.6))
    draw(axes)
    axes.set_title(title, color=GREY, fontsize=11, loc="left")
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)
    axes.tick_params(colors=GREY, which="both")
    axes.xaxis.label.set_color(GREY)
    axes.yaxis.label.set_color(GREY)
    axes.grid(True, color=GREY, alpha=0.25, linewidth=0.5)
    axes.legend(frameon=False, labelcolor=GREY, fontsize=9)
    figure.tight_layout()
    figure.savefig(DOCS / f"{name}.svg", transparent=True, metadata={"Date": None})
    plt.close(figure)


def colour(engine: str) -> str:
    """Of an engine; another way of running one has that one's colour."""
    return next((value for key, value in COLOURS.items() if engine.startswith(key)), GREY)


def curves(rows: Sequence[Row], field: str, unit: str) -> Callable[[Axes], None]:
    """A line for each engine and size of night, against the number of known items, on logarithmic axes."""

    def draw(axes: Axes) -> None:
        nights = sorted({row["night"] for row in rows})
        for engine in dict.fromkeys(row["engine"] for row in rows):
            for night, style in zip(nights, ("-", "--", ":", "-."), strict=False):
                points = sorted((row["known"], row[field]) for row in rows if row["engine"] == engine and row["night"] == night)
                if points:
                    name = engine if len(nights) == 1 else f"{engine}, {night:,} new"
                    axes.plot(*zip(*points, strict=True), style, marker="o", markersize=4, color=colour(engine), label=name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(EngFormatter(sep=""))
            axis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("items known before the night")
        axes.set_ylabel(unit)

    return draw


def easy(row: Row) -> float:
    """Of the planted easy duplicates, the part that was found."""
    parts = [row["quality"][kind] for kind in ("exact", "typo", "format", "label", "truncation")]
    return float(sum(part["merged"] for part in parts) / max(1, sum(part["pairs"] for part in parts)))


def wrong(row: Row) -> float:
    """Of the planted near misses, the part that was merged."""
    parts = [row["quality"][kind] for kind in ("tuned", "held back")]
    return float(sum(part["merged"] for part in parts) / max(1, sum(part["pairs"] for part in parts)))


def scatter(rows: Sequence[Row]) -> Callable[[Axes], None]:
    """Good is the lower right."""

    def draw(axes: Axes) -> None:
        for row in rows:
            axes.scatter(100 * easy(row), 100 * wrong(row), s=55, color=colour(row["engine"]), label=row["engine"], zorder=3)
        axes.set_xlim(min(60.0, 100 * min(map(easy, rows)) - 5), 101)
        axes.set_ylim(-4, 104)
        axes.set_xlabel("easy duplicates found, %")
        axes.set_ylabel("near misses merged, %")

    return draw


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def percent(part: Row) -> str:
    """A rate with its count; a dash where nothing was tried."""
    return f"{100 * part['rate']:.1f} % of {part['pairs']:,}" if part["pairs"] else "-"


def bounds(part: Row) -> str:
    """A rate with its 95 % interval."""
    return f"{100 * part['rate']:.2f} % ({100 * part['low']:.2f} to {100 * part['high']:.2f})" if part["pairs"] else "-"


def cost(row: Row) -> list[object]:
    """The columns that every run has."""
    return [row["engine"], f"{row['wall_s']:,.1f}", f"{row['cpu_s']:,.1f}", f"{row['peak_mb']:,}", f"{row['beyond_model_mb']:,}"]


COST = ["engine", "wall s", "CPU s", "peak MB", "MB beyond libraries and model"]


def nights_table(rows: Sequence[Row]) -> str:
    """Nights by size, with the stages of ours."""
    table = markdown(
        ["new", "known", *COST, "stages, s"],
        (
            [f"{row['night']:,}", f"{row['known']:,}", *cost(row), ", ".join(f"{k} {v:,.1f}" for k, v in row.get("stages", {}).items())]
            for row in sorted(rows, key=lambda row: (row["night"], row["known"], row["engine"] != "thresher"))
        ),
    )
    return f"## A night against a benchmark that grows\n\n![wall time](night-time.svg)\n![memory](night-memory.svg)\n\n{table}"


def peers_table(rows: Sequence[Row]) -> str:
    """Cost and quality of each engine, for each scenario."""
    parts = ["## Beside its peers\n\n![near misses merged against duplicates found](quality.svg)"]
    for night, known in dict.fromkeys((row["night"], row["known"]) for row in rows):
        inside = [row for row in rows if (row["night"], row["known"]) == (night, known)]
        first = inside[0]
        told = f"{night:,} newcomers against {known:,} known items" if known else f"{night:,} texts at once"
        kinds = list(first["quality"])[:-1]
        table = markdown(COST, (cost(row) for row in inside))
        found = markdown(
            ["engine", *kinds, "other texts merged"],
            (
                [row["engine"], *(percent(row["quality"][kind]) for kind in kinds),
                 f"{row['quality']['others']['merged']:,} of {row['quality']['others']['texts']:,}"]
                for row in inside
            ),
        )  # fmt: skip
        parts.append(
            f"### {told}\n\n{first['real']:,} of the texts are real ones, unchanged; {first['threads']} threads.\n\n{table}\n\n"
            f"Planted pairs that were merged (*tuned* and *held back* are near misses: less is better):\n\n{found}"
        )
    return "\n\n".join(parts)


def quality_table(groups: Row) -> str:
    """The rates of pairs judged one by one."""
    pooled = markdown(
        ["group", "pairs", "merged", "on real texts", "on own texts"],
        (
            [name, f"{one['pooled']['pairs']:,}", bounds(one["pooled"]), bounds(one["real"]), bounds(one["own"])]
            for name, one in groups.items()
        ),
    )
    families = markdown(
        ["group", "family", "pairs", "merged"],
        (
            [group, name.replace("_", " "), f"{one['pairs']:,}", f"{100 * one['rate']:.1f} %"]
            for group, found in groups.items()
            for name, one in found["families"].items()
        ),
    )
    strata = markdown(
        ["group", "kind of text", "pairs", "merged"],
        ([group, name, f"{one['pairs']:,}", bounds(one)] for group, found in groups.items() for name, one in found["strata"].items()),
    )
    return (
        "## Pairs judged one by one\n\n*easy* must be merged; *tuned* and *held back* must not; *reworded* and *look-alike* are public "
        "pairs that people labelled the same and not the same. In brackets Wilson's 95 % interval.\n\n"
        f"{pooled}\n\n### By kind of text\n\n{strata}\n\n"
        f"<details><summary>Every family</summary>\n\n{families}\n\n</details>"
    )


def encoding_table(found: Row) -> str:
    """Encoding beside sentence-transformers, and what int8 costs."""
    speed = markdown(
        ["texts", "characters", "tokens", "theirs a second", "ours", "ratio, wall", "ratio, CPU", "cosine to float32, mean", "least"],
        (
            [name, row["characters"], row["tokens"], row["st_per_s"], row["ours_per_s"], row["ratio_wall"], row["ratio_cpu"],
             row["cosine_mean"], row["cosine_min"]]
            for name, row in found["speed"].items()
        ),
    )  # fmt: skip
    alone = markdown(
        ["engine", "first vector after, s", "peak MB"], ([n, r["first_vector_s"], r["peak_mb"]] for n, r in found["alone"].items())
    )
    parts = [
        "## Encoding",
        f"The default `encode` of sentence-transformers and ours in turn, medians of {found['rounds']} rounds, {found['threads']} threads.",
        speed,
        alone,
    ]
    if "auc" in found:
        sets = markdown(
            ["pairs of", "tried", "AUC, int8", "AUC, float32"], ([n, r["pairs"], r["int8"], r["f32"]] for n, r in found["auc"].items())
        )
        parts += ["What int8 costs: the area under the curve of the cosine on labelled pairs.", sets]
    return "\n\n".join(parts)


def index_table(rows: Sequence[Row]) -> str:
    """The index beside faiss."""
    names = ["engine", "known", "cells_visited", "build_cpu_s", "queries_per_cpu_s", "recall", "near", "mb"]
    heads = [
        "engine",
        "known",
        "cells visited",
        "build, CPU s",
        "queries a CPU s",
        "ten nearest found",
        "nearest from .7 found",
        "MB on disk",
    ]
    table = markdown(heads, ([f"{row[n]:,}" if isinstance(row[n], int) else row[n] for n in names] for row in rows))
    return f"## The index\n\n`benchmarks/index.py`: the same vectors and queries, one thread.\n\n{table}"


def ingest_table(found: Row) -> str:
    """Records per CPU-second of an ingest, beside another checkout where there was one."""
    heads = ["input", "records", "CPU s", "records a CPU s"]
    fields = ["records", "cpu_s", "records_per_cpu_s"]
    if all("ratio" in row for row in found["inputs"]):
        heads += ["CPU s before", "records a CPU s before", "ratio", "same tables"]
        fields += ["other_cpu_s", "other_records_per_cpu_s", "ratio"]
    rows = []
    for row in found["inputs"]:
        cells = [f"{row[name]:,}" for name in fields]
        rows.append([row["input"], *cells, *(["yes" if row["same_tables"] else "no"] if "same_tables" in row else [])])
    rounds = found["inputs"][0]["rounds"]
    return (
        "## Ingest\n\n`thresher ingest --no-embed` on recorded data, start-up included: medians of "
        f"{rounds} rounds in which both took turns, the ratio that of each round. *Before* is the checkout given by `--against`; load "
        f"at the end {found['machine']['load_1_min']}.\n\n{markdown(heads, rows)}"
    )


def machine_line(about: Row) -> str:
    """The machine in one sentence."""
    packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    return (
        f"Measured on {about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, Python {about['python']} "
        f"({packages}); load at the end {about['load_1_min']}."
    )


def main() -> None:
    """Draws what there is, and writes the tables between the markers."""
    nights, peers, quality, machine = read("night.json"), read("peers.json"), read("quality.json"), read("machine.json")
    parts = [machine_line(machine)] if machine else []
    drawn = {(row["engine"], row["night"], row["known"]) for row in nights}
    against = nights + [row for row in peers if row["known"] and (row["engine"], row["night"], row["known"]) not in drawn]
    if against:
        picture("night-time", "Wall time of a night", curves(against, "wall_s", "seconds"))
        picture("night-memory", "Memory of a night beyond libraries and model", curves(against, "beyond_model_mb", "MB"))
        parts.append(nights_table(against))
    if peers:
        largest = max(row["night"] + row["known"] for row in peers)
        chosen = [row for row in peers if row["night"] + row["known"] == largest]
        picture("quality", "Near misses merged against duplicates found", scatter(chosen))
        parts.append(peers_table(peers))
    if quality:
        parts.append(quality_table(quality["groups"]))
    if encoding := read("encode.json"):
        parts.append(encoding_table(encoding))
    if index := read("index.json"):
        parts.append(index_table(index))
    if ingest := read("ingest.json"):
        parts.append(ingest_table(ingest))
    path = DOCS / "benchmarks.md"
    text = path.read_text("utf-8")
    head, rest = text.split(START)
    path.write_text(head + START + "\n\n" + "\n\n".join(parts) + "\n\n" + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
