"""A curve of one condition among the others, by a number such as the batch size."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from suite.formats.palette import Look
from suite.formats.placement import Box
from suite.formats.plots import pen
from suite.formats.plots.area import Area, Span, lower_edge, ticks_below, ticks_beside
from suite.formats.plots.series import NO_DOUBT, Doubt
from suite.formats.plots.style import INK
from suite.model.summary import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Fewer points are no curve, and are not joined.
FEWEST = 3
_DASHES = (3.2, 2.4)
_PUBLISHED_MARK = 3.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A measured point; the whisker is its interval, if it has one."""

    x: float
    y: float
    doubt: Doubt = NO_DOUBT
    interval: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A place on the axis without a number, and the word for why."""

    x: float
    word: str
    is_failure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What was measured and published under one condition.

    The labels stand at the ends of both; an empty one stands for the number there. Fewer points
    than `fewest` are not joined.
    """

    look: Look
    marks: tuple[Mark, ...]
    gaps: tuple[Gap, ...] = ()
    published: tuple[tuple[float, float], ...] = ()
    label: str = ""
    published_label: str = ""
    fewest: int = FEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The axes of a chart: what is counted along x, and the range and ticks of y.

    `line` is a value of y that all others are set against, such as a ratio of 1.
    """

    along: str
    xs: tuple[float, ...]
    lowest: float
    highest: float
    ticks: tuple[float, ...]
    text: Callable[[float], str]
    is_log: bool = False
    line: float | None = None


def values_of(curves: Sequence[Curve]) -> list[float]:
    """Every measured and published number of these curves."""
    return [
        *(mark.y for curve in curves for mark in curve.marks),
        *(value for curve in curves for _, value in curve.published),
    ]


def area_of(scale: Scale, figure: "Figure", inside: Box) -> Area:
    """The area of a chart with its grid and ticks; x is by powers of two."""
    room = (scale.xs[-1] / scale.xs[0]) ** 0.02
    area = Area(
        figure=figure,
        box=inside,
        across=Span(low=scale.xs[0] / room, high=scale.xs[-1] * room, is_log=True),
        up=Span(low=scale.lowest, high=scale.highest, is_log=scale.is_log),
    )
    ticks_below(area, [(x, f"{x:g}") for x in scale.xs], grid=False)
    ticks_beside(area, [(tick, scale.text(tick)) for tick in scale.ticks])
    lower_edge(area, scale.along)
    if scale.line is not None:
        _, y = area.place(area.across.low, scale.line)
        pen.stroke(figure, [[(inside.left, y), (inside.right, y)]], INK["ink-3"], 1, over=1.5)
    return area


def draw_others(area: Area, curves: Sequence[Curve]) -> None:
    """The curves of other conditions, grey and without a word, for scale."""
    lines = [area.places(line) for curve in curves for line in _lines(curve, is_sound=True)]
    pen.stroke(area.figure, lines, INK["others"], 1.1, over=2)


def draw_curve(area: Area, curve: Curve) -> None:
    """What was published dashed and hollow, what was measured solid; what is doubted is hollow.

    A line from or to a doubted number is thin, and none leads over a cell without a number.
    """
    figure, colour, shape = area.figure, curve.look.light, curve.look.marker
    published = area.places(curve.published)
    pen.stroke(figure, [published] if published else [], colour, 1.3, dashes=_DASHES)
    pen.mark(
        figure, published, shape, colour, size=_PUBLISHED_MARK, inside=INK["paper"], edge=0.9,
        over=3.5,
    )  # fmt: skip
    whiskers = [
        [(mark.x, area.up.within(end)) for end in mark.interval]
        for mark in curve.marks
        if mark.interval
    ]
    thin, solid = (_lines(curve, is_sound=is_sound) for is_sound in (False, True))
    for lines, width in ((whiskers, 1.0), (thin, 0.7), (solid, 1.9)):
        pen.stroke(figure, [area.places(line) for line in lines], colour, width, over=4)
    for is_doubted, inside in ((False, colour), (True, INK["paper"])):
        marks = [(mark.x, mark.y) for mark in curve.marks if mark.doubt.is_there is is_doubted]
        pen.mark(figure, area.places(marks), shape, colour, inside=inside)


def _joined(curve: Curve, *, is_sound: bool) -> Iterator[tuple[Mark, Mark]]:
    """Neighbours that a line joins, none of them doubted or one of them, with no gap between."""
    if len(curve.marks) >= curve.fewest:
        for one, other in pairwise(curve.marks):
            is_whole = not any(one.x < gap.x < other.x for gap in curve.gaps)
            if is_whole and is_sound is not (one.doubt.is_there or other.doubt.is_there):
                yield one, other


def _lines(curve: Curve, *, is_sound: bool) -> list[list[tuple[float, float]]]:
    lines: list[list[tuple[float, float]]] = []
    for one, other in _joined(curve, is_sound=is_sound):
        if not lines or lines[-1][-1] != (one.x, one.y):
            lines.append([(one.x, one.y)])
        lines[-1].append((other.x, other.y))
    return lines
