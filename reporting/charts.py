"""Small SVG charts, as markup: nothing but numbers and escaped words goes in, and colours come from the classes of the style sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

COLOURS = 8
"""Classes ``c0`` to ``c7``; what is beyond shares the last one."""
_WIDTH, _HEIGHT, _LEFT, _FOOT = 760, 200, 52, 22


def stacked(days: Sequence[str], series: Mapping[str, Sequence[int]], label: str) -> Markup:
    """Columns, one for each day, of the values of each series on top of one another; the newest days where there is no room for all."""
    shown = min(len(days), 120)
    days, series = days[-shown:], {name: values[-shown:] for name, values in series.items()}
    totals = [sum(values[n] for values in series.values()) for n in range(shown)]
    top = nice(max(totals, default=0))
    step = (_WIDTH - _LEFT) / max(1, shown)
    wide = max(1.0, min(46.0, step * 0.8))
    parts = [_frame(top, label)]
    for n, day in enumerate(days):
        x, y = _LEFT + n * step + (step - wide) / 2, float(_HEIGHT)
        for place, (name, values) in enumerate(series.items()):
            if values[n]:
                high = values[n] / top * _HEIGHT
                y -= high
                tip = escape(f"{day}: {name} {values[n]:,} of {totals[n]:,}")
                parts.append(Markup('<rect class="c{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>')
                             .format(min(place, COLOURS - 1), x, y, wide, max(high, 0.5), tip))  # fmt: skip
    return _closed(parts, days, step)


def line(days: Sequence[str], values: Sequence[int], label: str) -> Markup:
    """A sum over time, its area filled."""
    top, step = nice(max(values, default=0)), (_WIDTH - _LEFT) / max(1, len(days))
    points = [(_LEFT + (n + 0.5) * step, _HEIGHT - value / top * _HEIGHT) for n, value in enumerate(values)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts = [_frame(top, label)]
    if points:
        area = f"{points[0][0]:.1f},{_HEIGHT} {path} {points[-1][0]:.1f},{_HEIGHT}"
        parts.append(Markup('<polygon class="area" points="{}"/><polyline class="line" points="{}"/>').format(area, path))
        parts += [Markup('<circle class="c0" cx="{:.1f}" cy="{:.1f}" r="3"><title>{}: {:,}</title></circle>').format(x, y, day, value)
                  for (x, y), day, value in zip(points, days, values, strict=True)]  # fmt: skip
    return _closed(parts, days, step)


def spark(values: Sequence[int], label: str) -> Markup:
    """Weeks in a row of small columns, the newest on the right."""
    top = max(values, default=0) or 1
    bars = Markup("").join(
        Markup('<rect x="{}" y="{:.1f}" width="4" height="{:.1f}"/>').format(n * 5, 20 - 20 * value / top, 20 * value / top)
        for n, value in enumerate(values)
        if value
    )
    size = 5 * len(values)
    return Markup('<svg class="spark" viewBox="0 0 {} 20" width="{}" height="20" role="img" aria-label="{}">{}</svg>').format(
        size, size, label, bars
    )


def bar(value: float, most: float, place: int = 0) -> Markup:
    """A horizontal bar beside a number that says the same."""
    wide = 160 * value / most if most else 0
    return Markup('<svg class="bar" viewBox="0 0 160 10" width="160" height="10" aria-hidden="true"><rect class="c{}" width="{:.1f}" '
                  'height="10" rx="2"/></svg>').format(place, max(wide, 1.0 if value else 0.0))  # fmt: skip


def nice(most: int) -> int:
    """A round number that is not less, for the top of an axis."""
    power = 1
    while power * 10 <= most:
        power *= 10
    return next((step * power for step in (1, 2, 4, 5, 10) if step * power >= most), power) if most > 0 else 1


def _frame(top: int, label: str) -> Markup:
    opened = Markup('<svg class="chart" viewBox="0 -8 {} {}" role="img" aria-label="{}">').format(_WIDTH, _HEIGHT + _FOOT + 8, label)
    marks = sorted({0, top // 2, top})
    lines = (Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text x="{}" y="{:.1f}" text-anchor="end">{:,}</text>')
             .format(_LEFT, _WIDTH, (y := _HEIGHT - mark / top * _HEIGHT), y, _LEFT - 6, y + 4, mark) for mark in marks)  # fmt: skip
    return opened + Markup("").join(lines)


def _closed(parts: list[Markup], days: Sequence[str], step: float) -> Markup:
    every = max(1, -(-len(days) // 8))
    names = (Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(_LEFT + (n + 0.5) * step, _HEIGHT + 16, day[5:])
             for n, day in enumerate(days) if n % every == 0)  # fmt: skip
    return Markup("").join([*parts, *names, Markup("</svg>")])
