"""Step times: how they are distributed, how they went on, and how launches of a cell differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from suite.formats.numbers import percent
from suite.formats.placement import even_numbers, round_numbers
from suite.formats.plots import pen
from suite.formats.plots.chart import Chart, ChartGroup
from suite.formats.plots.rows import (
    CellRow,
    by_mode,
    cell_rows,
    frame,
    laid_out,
    ticks_that_fit,
    write_number,
)
from suite.formats.plots.series import PlottedRun
from suite.formats.plots.style import INK
from suite.formats.plots.words import TIMES, about_all, tail
from suite.model.cell import Mode
from suite.model.launch import Status
from suite.model.report import Spread
from suite.model.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The window of step times about their median: noise of 1 % looks like 1 %.
_WINDOW = 0.10
# How far a step at the edge of the window is from the middle of its row, in units.
_REACH = 8.0
# How many units a dot is wide and high, where steps are close together and where they are not.
_DOT, _LARGE_DOT = 1.0, 2.0
# Between launches, in units.
_BETWEEN = 4.0


def step_charts(plotted: PlottedRun, most: int) -> Iterator[ChartGroup]:
    """A row for each cell, or for those with the longest tails where there are too many."""
    every = [row for row in cell_rows(plotted, Mode) if row.result.summary]
    if not every:
        return
    rows = _longest_tails(every, most)
    spreads = {spread.cell_id: spread for spread in plotted.run.spreads}
    spread_rows = [row for row in every if row.result.cell.id in spreads]
    chosen = sorted(spread_rows, key=lambda row: -spreads[row.result.cell.id].apart)[:most]
    spread_rows = [row for row in spread_rows if row in chosen]
    cut = len(every) > len(rows)
    note = [
        "Step times against the median of their cell.",
        f"Only the {len(rows)} of {len(every)} cells whose p99 is furthest above p50." * cut,
        *about_all(plotted),
    ]
    yield ChartGroup(
        name="steps",
        title="Step times",
        note=" ".join(filter(None, note)),
        charts=(
            _distribution(rows),
            _course(plotted, rows),
            *([_launches(plotted, spread_rows, spreads)] if spread_rows else []),
        ),
    )


def _longest_tails(every: Sequence[CellRow], most: int) -> list[CellRow]:
    """At most so many of the rows, in their order."""
    tails = [row.result.summary.tail if row.result.summary else 0.0 for row in every]
    longest = sorted(range(len(every)), key=lambda index: -tails[index])[:most]
    return [every[index] for index in sorted(longest)]


def _summary(row: CellRow) -> Summary:
    """The numbers of a row that has some."""
    if row.result.summary is None:
        raise ValueError(f"{row.label} has no number")
    return row.result.summary


def _distribution(cells: Sequence[CellRow]) -> Chart:
    """From the shortest step to the longest, with the percentiles, against p50."""
    rows = laid_out(by_mode(cells))
    found = [_summary(row) for row in cells]
    lowest = min(0.95, *(each.min_seconds / each.p50_seconds for each in found)) / 1.01
    highest = max(1.1, *(each.max_seconds / each.p50_seconds for each in found)) * 1.02
    limits = (lowest, highest)

    def draw(axes: "Axes") -> None:
        round_ones = _round_factors(limits)
        texts = [f"{each:g}{TIMES}" for each in round_ones]
        ticks = ticks_that_fit(axes.bbox.width, limits, round_ones, texts)
        middles = frame(axes, rows, limits, ticks, is_log=True)
        for look, alike in groupby(
            zip(middles, cells, found, strict=True), key=lambda item: item[1].look
        ):
            parts: dict[float, list[list[tuple[float, float]]]] = {1.0: [], 3.0: [], 8.0: []}
            longest, medians = [], []
            for y, row, each in alike:
                p50 = each.p50_seconds
                parts[1.0].append([(each.min_seconds / p50, y), (each.max_seconds / p50, y)])
                parts[3.0].append([(each.p90_seconds / p50, y), (each.tail, y)])
                parts[8.0].append([(1, y), (each.p90_seconds / p50, y)])
                longest.append((each.max_seconds / p50, y))
                medians.append([(1.0, y - 6), (1.0, y + 6)])
                write_number(axes, rows, y, row, tail(each))
            for width, lines in parts.items():
                axes.plot(*pen.broken(lines), color=look.light, linewidth=width, zorder=3)
            axes.plot(*pen.broken(medians), color=INK["ink"], linewidth=1.6, zorder=4)
            axes.plot(
                *zip(*longest, strict=True),
                color=look.light,
                linestyle="none",
                marker=look.marker,
                markersize=4,
                zorder=4,
            )

    said = [f"{row.label} {tail(each)}" for row, each in zip(cells, found, strict=True)]
    return Chart(
        title="Distribution, and p99 over p50",
        unit="thin: shortest to longest step; thick: p50 to p90 to p99",
        says=f"p99 over p50 of step times: {'; '.join(said)}.",
        height=rows.height,
        margins=rows.margins,
        draw=draw,
    )


def _round_factors(limits: tuple[float, float]) -> list[float]:
    low, high = limits
    if high / low < 3:
        return even_numbers(low, high, 4)
    return round_numbers(low, high)


def _course(plotted: PlottedRun, cells: Sequence[CellRow]) -> Chart:
    """Every step of every launch in order, warm-up in grey, against p50 of the cell."""
    rows = laid_out(by_mode([replace(row, doubt=replace(row.doubt, word="")) for row in cells]))
    launches = {
        row.result.cell.id: [
            launch.record
            for launch in plotted.run.launches
            if launch.cell_id == row.result.cell.id and launch.record.status is Status.OK
        ]
        for row in cells
    }
    most_launches = max(len(each) for each in launches.values())
    longest = max(
        len(launch.warmup_seconds) + len(launch.step_seconds)
        for each in launches.values()
        for launch in each
    )

    def draw(axes: "Axes") -> None:
        width = axes.bbox.width
        one = (width - _BETWEEN * (most_launches - 1)) // most_launches
        size = _LARGE_DOT if one / longest > _LARGE_DOT else _DOT
        starts = [place * (one + _BETWEEN) for place in range(most_launches)]
        named = [(start + one / 2, str(place + 1)) for place, start in enumerate(starts)]
        middles = frame(axes, rows, (0, width), named if most_launches > 1 else [])
        axes.grid(visible=False)
        axes.hlines(middles, 0, width, color=INK["grid"], linewidth=0.8, zorder=1)
        for look, alike in groupby(zip(middles, cells, strict=True), key=lambda pair: pair[1].look):
            measured, warm = [], []
            for y, row in alike:
                p50 = _summary(row).p50_seconds
                beyond = 0
                for start, launch in zip(starts, launches[row.result.cell.id], strict=False):
                    course = _Course(start, one / longest, y, p50, size)
                    warm += course.dots(launch.warmup_seconds, 0)
                    measured += course.dots(launch.step_seconds, len(launch.warmup_seconds))
                    beyond += course.beyond(launch.step_seconds)
                text = f"{beyond} beyond" if beyond else ""
                inside = pen.edges(axes)
                pen.write(axes, inside.right + 8, inside.top - y - 6, text, color=INK["ink-2"])
            axes.plot(*pen.broken(warm), color=INK["ink-3"], linewidth=size, zorder=3)
            axes.plot(*pen.broken(measured), color=look.light, linewidth=size, zorder=3)

    return Chart(
        title="Every step in order",
        unit=f"{longest} steps a launch, warm-up grey; rows are p50 ± {_WINDOW:.0%} high",
        says="Every step of every launch in order, as a deviation from the median of its cell.",
        height=rows.height,
        margins=rows.margins,
        draw=draw,
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """Where the steps of a launch are drawn: from `start` on, `width` units each, about `middle`.

    A step is a square dot of `size` units; those that would be drawn onto another are one.
    """

    start: float
    width: float
    middle: float
    p50: float
    size: float

    def dots(self, seconds: Sequence[float], first: int) -> list[list[tuple[float, float]]]:
        """A vertical line for dots that touch each other, of all steps; `first` is their number."""
        places = sorted(
            {
                (int((first + index) * self.width / self.size), self._up(each))
                for index, each in enumerate(seconds)
            }
        )
        lines: list[list[tuple[float, float]]] = []
        for place, (column, up) in enumerate(places):
            if place and places[place - 1] == (column, up - 1):
                lines[-1][1] = (lines[-1][1][0], self.middle - (up + 0.5) * self.size)
            else:
                x = self.start + (column + 0.5) * self.size
                low, high = ((up + end) * self.size for end in (-0.5, 0.5))
                lines.append([(x, self.middle - low), (x, self.middle - high)])
        return lines

    def beyond(self, seconds: Sequence[float]) -> int:
        """How many steps are outside the window."""
        return sum(abs(each / self.p50 - 1) > _WINDOW for each in seconds)

    def _up(self, seconds: float) -> int:
        """How many dots above the middle, at most at the edge of the window."""
        share = max(-1.0, min((seconds / self.p50 - 1) / _WINDOW, 1.0))
        return round(share * _REACH / self.size)


def _launches(
    plotted: PlottedRun, cells: Sequence[CellRow], spreads: Mapping[str, Spread]
) -> Chart:
    """The throughput of each launch, against the median of its cell."""
    rows = laid_out(by_mode(cells))
    rates = {
        row.result.cell.id: [
            launch.summary.images_per_second
            for launch in plotted.run.launches
            if launch.cell_id == row.result.cell.id
            and launch.record.status is Status.OK
            and launch.summary
        ]
        for row in cells
    }
    shares = {
        cell: [rate / spreads[cell].median - 1 for rate in found] for cell, found in rates.items()
    }
    reach = max(0.02, *(abs(share) for each in shares.values() for share in each)) * 1.1

    def draw(axes: "Axes") -> None:
        ticks = [
            (each, f"{each:+.3g}%".replace("+0%", "0"))
            for each in even_numbers(-reach * 100, reach * 100, 4)
        ]
        middles = frame(axes, rows, (-reach * 100, reach * 100), ticks)
        axes.axvline(0, color=INK["ink-3"], linewidth=1, zorder=1.5)
        for y, row in zip(middles, cells, strict=True):
            cell = row.result.cell.id
            axes.plot(
                [share * 100 for share in shares[cell]],
                [y] * len(shares[cell]),
                color=row.look.light,
                linestyle="none",
                marker=row.look.marker,
                markersize=5.5,
                markerfacecolor=INK["paper"] if row.doubt.is_there else row.look.light,
                clip_on=False,
                zorder=3,
            )
            write_number(axes, rows, y, row, percent(spreads[cell].apart))

    said = [f"{row.label} {percent(spreads[row.result.cell.id].apart)}" for row in cells]
    return Chart(
        title="Launches, and how far they are apart",
        unit="throughput of a launch against the median of its cell",
        says=f"How far launches are apart in throughput: {'; '.join(said)}.",
        height=rows.height,
        margins=rows.margins,
        draw=draw,
    )
