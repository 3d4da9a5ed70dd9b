"""Charts as SVG and PNG, drawn here without a browser or a network: data goes in, a picture comes
out.

Nothing is told by colour alone: what is named stands beside its mark, uncertain values have hollow
marks, moments have shapes. Lets-Plot draws SVG in a few milliseconds (docs/adr says why it and no
other); Typst, which draws the posters, makes PNG of it. Both are loaded when the first chart is
drawn. Pages have them drawn by rolecast.drawing.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

Ticks = tuple[tuple[float, str], ...]  # place on the axis, what is written there
WIDTH, PHONE = 640, 264  # pixels
PPI = 144  # of a PNG: two dots a pixel
FONT = "system-ui, Noto Sans, Noto Sans CJK SC, DejaVu Sans, sans-serif"


@dataclass(frozen=True)
class Interval:
    """A value and where the true one lies. text: as it is written beside. firm: whether there is
    enough to go by."""

    name: str
    value: float
    low: float
    high: float
    text: str
    firm: bool = True


@dataclass(frozen=True)
class Intervals:
    """Compares groups, from top to bottom."""

    axis: str
    rows: tuple[Interval, ...]
    ticks: Ticks


@dataclass(frozen=True)
class Bar:
    """One step of a funnel. value None: not measured, and no bar."""

    name: str
    value: float | None
    text: str


@dataclass(frozen=True)
class Bars:
    """A funnel, from top to bottom."""

    rows: tuple[Bar, ...]


@dataclass(frozen=True)
class Mark:
    """A post on a time line. kind: what its shape tells, such as announce."""

    at: float
    name: str
    kind: str


@dataclass(frozen=True)
class Line:
    """A time line: `values` side by side, each one step of the axis wide, and marks below."""

    axis: str
    values: tuple[float, ...]
    marks: tuple[Mark, ...]
    ticks: Ticks  # of the values
    times: Ticks  # of the steps, from 0
    kinds: tuple[tuple[str, str], ...] = ()  # kind → its name, in the legend's order


@dataclass(frozen=True)
class Curve:
    """A share that rises in steps. points: (time, share); note: (time, share, words) of the place
    to look at."""

    axis: str
    points: tuple[tuple[float, float], ...]
    ended: tuple[tuple[float, float], ...]
    ticks: Ticks
    times: Ticks
    note: tuple[float, float, str] | None = None


Chart = Intervals | Bars | Line | Curve


@dataclass(frozen=True)
class Look:
    """Colours, as in rolecast.css."""

    ink: str
    soft: str
    line: str
    accent: str
    paper: str


LIGHT = Look("#1c2430", "#55606f", "#d9dee5", "#0b5c6b", "#ffffff")
DARK = Look("#e8eaed", "#a9b3bf", "#36404c", "#7cc7d4", "#1b2128")
# Triangle, diamond, square, circle, triangle on its head.
SHAPES = {"announce": 24, "remind": 23, "closing": 22, "change": 21, "filled": 25}


def svg(chart: Chart, dark: bool = False, phone: bool = False) -> bytes:
    """The chart for a page: on nothing, in light or dark colours, for a wide or a narrow screen."""
    look = DARK if dark else LIGHT
    plot = _DRAWN[type(chart)](chart, look, PHONE if phone else WIDTH)
    return plot.to_svg().encode()


def png(chart: Chart, title: str) -> bytes:
    """The chart for elsewhere: on white, under its title."""
    import tempfile
    from pathlib import Path

    import typst

    with tempfile.TemporaryDirectory(prefix="rolecast-chart-") as folder:
        root = Path(folder)
        (root / "chart.svg").write_bytes(svg(chart))
        (root / "chart.typ").write_text(TYPST, "utf-8")
        made = typst.compile(
            root / "chart.typ", root=root, format="png", ppi=PPI, sys_inputs={"title": title}
        )
    assert isinstance(made, bytes)
    return made


TYPST = """
#set page(width: auto, height: auto, margin: 14pt)
#set text(font: ("Noto Sans", "Noto Sans CJK SC", "DejaVu Sans", "Libertinus Serif"), size: 12pt)
#box(width: 510pt)[#strong(sys.inputs.title)]

#image("chart.svg")
"""


@cache
def _lp() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning of its source's, where it is not compiled yet
        import lets_plot

    return lets_plot


def _plot(data: dict[str, list], look: Look, width: int, height: int) -> Any:
    lp = _lp()
    none = lp.element_blank()
    theme = lp.theme_minimal() + lp.theme(
        plot_background=none,
        panel_background=none,
        legend_background=none,
        legend_title=none,
        text=lp.element_text(color=look.ink, family=FONT, size=13),
        axis_text=lp.element_text(color=look.soft, size=12),
        axis_title=lp.element_text(color=look.soft, size=12),
        legend_text=lp.element_text(color=look.soft, size=12),
        panel_grid_major=lp.element_line(color=look.line, size=0.6),
        panel_grid_minor=none,
        axis_line=none,
        axis_ticks=none,
        axis_text_x=lp.element_text(color=look.soft, size=12, angle=0),
        legend_position="bottom",
        plot_margin=[4, 10, 8, 4],
    )
    return lp.ggplot(data) + theme + lp.ggsize(width, height)


def _rows(names: Sequence[str]) -> list[int]:
    """Places from top to bottom."""
    return [len(names) - number for number in range(len(names))]


def _beside(plot: Any, names: Sequence[str], phone: bool, look: Look) -> Any:
    """Names of rows at the left; on a narrow screen above them, where there is room."""
    lp, places = _lp(), _rows(names)
    if not phone:
        return plot + lp.scale_y_continuous(
            breaks=places, labels=[_cut(name, 30) for name in names], limits=[0.4, len(names) + 0.6]
        )
    shown = {
        "nx": [0.0] * len(names),
        "ny": [place + 0.36 for place in places],
        "name": [_cut(name, 38) for name in names],
    }
    label = lp.aes("nx", "ny", label="name")
    return (
        plot
        + lp.geom_text(label, data=shown, hjust=0, size=5.8, color=look.ink, family=FONT)
        + lp.scale_y_continuous(breaks=[], limits=[0.5, len(names) + 0.65])
    )


def _named(plot: Any, rows: Sequence[Any], end: str, limit: float, phone: bool, look: Look) -> Any:
    """Each row's name, and its text: beside the mark, which ends at `end`; on a narrow screen with
    the name."""
    if phone:
        return _beside(plot, [f"{row.name}: {row.text}" for row in rows], phone, look)
    lp = _lp()
    plot += lp.geom_text(
        lp.aes(end, "y", label="text"), hjust=0, nudge_x=limit * 0.014, size=6,
        color=look.ink, family=FONT,
    )  # fmt: skip
    return _beside(plot, [row.name for row in rows], phone, look)


def _intervals(chart: Intervals, look: Look, width: int) -> Any:
    lp, phone = _lp(), width == PHONE
    places, top = _rows(chart.rows), chart.ticks[-1][0]
    high = [min(row.high, top) for row in chart.rows]
    data = {
        "y": places,
        "value": [row.value for row in chart.rows],
        "low": [row.low for row in chart.rows],
        "high": high,
        "text": [row.text for row in chart.rows],
        "firm": ["yes" if row.firm else "no" for row in chart.rows],
    }
    limit = top if phone else _room([*zip(high, chart.rows, strict=True)], top, width)
    axis = textwrap.wrap(chart.axis, 34 if phone else 200)
    height = 52 + len(chart.rows) * (44 if phone else 30) + 16 * (len(axis) - 1)
    plot = _plot(data, look, width, max(96, height))  # room for the axis and its name
    soft: dict[str, Any] = {"color": look.soft, "size": 1.3}
    plot += lp.geom_segment(lp.aes(x="low", xend="high", y="y", yend="y"), **soft)
    ends = {"x": data["low"] + high, "a": [p - 0.13 for p in places * 2],
            "b": [p + 0.13 for p in places * 2]}  # fmt: skip
    plot += lp.geom_segment(lp.aes(x="x", xend="x", y="a", yend="b"), data=ends, **soft)
    plot += lp.geom_point(
        lp.aes("value", "y", fill="firm"), shape=21, size=4.5, color=look.accent, stroke=1.6
    ) + lp.scale_fill_manual(values={"yes": look.accent, "no": look.paper}, guide="none")
    plot = _named(plot, chart.rows, "high", limit, phone, look)
    return plot + _across(chart.ticks, phone, limit) + lp.labs(x="\n".join(axis), y="")


def _room(ends: Sequence[tuple[float, Any]], top: float, width: int) -> float:
    """How far the axis has to go for what is written beside each row, seven pixels a letter."""
    inner = width - 40 - 7 * max(_width(row.name) for _, row in ends)
    needs = [
        end / top if inner <= 8 * len(row.text) else end / top / (1 - 7.8 * len(row.text) / inner)
        for end, row in ends
    ]
    return top * max([1.0, *needs])


def _across(ticks: Ticks, phone: bool, limit: float, margin: float = 0.01) -> Any:
    shown = ticks[::2] if phone and len(ticks) > 4 else ticks
    places, names = [at for at, _ in shown], [name for _, name in shown]
    return _lp().scale_x_continuous(
        breaks=places, labels=names, limits=[0, limit], expand=[margin, 0]
    )


def _bars(chart: Bars, look: Look, width: int) -> Any:
    lp, phone = _lp(), width == PHONE
    places = _rows(chart.rows)
    lengths, cut = _lengths([row.value or 0 for row in chart.rows])
    top = max(lengths, default=0) or 1
    data = {"y": places, "value": lengths, "text": [row.text for row in chart.rows]}
    limit = top if phone else _room([*zip(lengths, chart.rows, strict=True)], top, width)
    plot = _plot(data, look, width, 16 + len(chart.rows) * (44 if phone else 36))
    plot += lp.geom_bar(
        lp.aes("value", "y"), stat="identity", orientation="y", width=0.34 if phone else 0.62,
        fill=look.accent, color=look.accent, size=0.5,
    )  # fmt: skip
    if cut:
        plot += _broken(top * 0.93, places[0], limit, 0.17 if phone else 0.31, look)
    plot = _named(plot, chart.rows, "value", limit, phone, look)
    blank = lp.element_blank()
    return (
        plot
        + lp.scale_x_continuous(breaks=[], limits=[0, limit], expand=[0.01, 0])
        + lp.theme(panel_grid_major=blank)
        + lp.labs(x="", y="")
    )


CUT = 4  # times longer than the next bar, and the first one is drawn broken


def _lengths(values: Sequence[float]) -> tuple[list[float], bool]:
    """How long bars are drawn, and whether the first is broken: else the others were not seen."""
    rest = max(values[1:], default=0)
    if rest and values[0] > CUT * rest:
        return [rest * 1.5, *values[1:]], True
    return list(values), False


def _broken(x: float, y: float, limit: float, half: float, look: Look) -> Any:
    """Two slanting gaps in a bar: it is longer than it is drawn."""
    lp, step = _lp(), limit * 0.012
    data = {
        "ax": [x - step, x + step], "bx": [x + step, x + 3 * step],
        "ay": [y - half * 1.25] * 2, "by": [y + half * 1.25] * 2,
    }  # fmt: skip
    return lp.geom_segment(
        lp.aes(x="ax", xend="bx", y="ay", yend="by"), data=data, color=look.paper, size=1.8
    )


def _line(chart: Line, look: Look, width: int) -> Any:
    lp, phone = _lp(), width == PHONE
    count = len(chart.values)
    top = chart.ticks[-1][0]
    data = {"x": [n + 0.5 for n in range(count)], "value": list(chart.values)}
    below = 26 * len(chart.kinds) if phone else 0  # of the legend, which is a list there
    plot = _plot(data, look, width, (300 if chart.marks else 240) + below)
    if phone:
        plot += lp.theme(legend_direction="vertical")
    plot += lp.geom_bar(
        lp.aes("x", "value"), stat="identity", width=0.82 if count < 120 else 1.0, fill=look.accent,
        color=look.accent, size=0.2,
    )  # fmt: skip
    if chart.marks:
        plot = _marked(plot, chart, top, look)
    plot += _across(chart.times, phone, count, 0.02)
    plot += lp.scale_y_continuous(
        breaks=[at for at, _ in chart.ticks], labels=[name for _, name in chart.ticks],
        limits=[-top * 0.22 if chart.marks else 0, top * 1.04], expand=[0, 0],
    )  # fmt: skip
    return plot + lp.labs(x="", y=chart.axis)


def _marked(plot: Any, chart: Line, top: float, look: Look) -> Any:
    """The posts under the line. Those of one moment are on one height."""
    lp = _lp()
    names = dict(chart.kinds)
    kinds = list(names)
    data = {
        "mx": [mark.at for mark in chart.marks],
        "my": [-top * (0.06 + 0.12 * kinds.index(mark.kind) / max(1, len(kinds) - 1))
               if len(kinds) > 1 else -top * 0.1 for mark in chart.marks],
        "kind": [names[mark.kind] for mark in chart.marks],
    }  # fmt: skip
    shapes = {names[kind]: SHAPES.get(kind, 21) for kind in kinds}
    return (
        plot
        + lp.geom_hline(yintercept=0, color=look.soft, size=0.8)
        + lp.geom_point(
            lp.aes("mx", "my", shape="kind"), data=data, size=4, color=look.ink, fill=look.paper,
            stroke=1.2,
        )
        + lp.scale_shape_manual(values=shapes, breaks=[names[kind] for kind in kinds])
    )  # fmt: skip


def _curve(chart: Curve, look: Look, width: int) -> Any:
    lp, phone = _lp(), width == PHONE
    last = chart.times[-1][0]
    points = [(0.0, 0.0), *chart.points]
    points.append((last, points[-1][1]))
    data = {"x": [x for x, _ in points], "y": [y for _, y in points]}
    plot = _plot(data, look, width, 260)
    plot += lp.geom_step(lp.aes("x", "y"), color=look.accent, size=1.4)
    if chart.ended:
        ended = {"x": [x for x, _ in chart.ended], "y": [y for _, y in chart.ended]}
        plot += lp.geom_text(
            lp.aes("x", "y"), data=ended, label="|", size=4, color=look.soft, family=FONT
        )
    if chart.note:
        x, y, words = chart.note
        left = x > last * 0.55
        note = {"x": [x], "y": [y], "text": [words]}
        plot += lp.geom_point(
            lp.aes("x", "y"), data=note, shape=21, size=5, stroke=1.4, color=look.ink,
            fill=look.paper,
        ) + lp.geom_text(
            lp.aes("x", "y", label="text"), data=note, hjust=1 if left else 0, vjust=1,
            nudge_x=(-1 if left else 1) * last * 0.025, nudge_y=-0.02, size=6, color=look.ink,
            family=FONT,
        )  # fmt: skip
    plot += _across(chart.times, phone, last, 0.02)
    plot += lp.scale_y_continuous(
        breaks=[at for at, _ in chart.ticks], labels=[name for _, name in chart.ticks],
        limits=[0, 1.02], expand=[0, 0.01],
    )  # fmt: skip
    return plot + lp.labs(x=chart.axis, y="")


_DRAWN = {Intervals: _intervals, Bars: _bars, Line: _line, Curve: _curve}


def _width(text: str) -> float:
    """Letters' widths, in those of Latin ones: Chinese, Japanese and Korean ones take two."""
    import unicodedata

    return min(30, sum(1.8 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text))


def _cut(text: str, most: int) -> str:
    return text if _width(text) <= most and len(text) <= most else text[: most - 1] + "…"
