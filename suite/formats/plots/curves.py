"""A curve of one condition among the others, by a number such as the batch size."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from suite.formats.palette import Look
from suite.formats.placement import Box, around, clearest, spread
from suite.formats.plots import pen
from suite.formats.plots.area import Area, Span, lower_edge, ticks_below, ticks_beside
from suite.formats.plots.series import NO_DOUBT, Doubt
from suite.formats.plots.style import INK, text_width
from suite.model.summary import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Fewer points are no curve, and are not joined.
FEWEST = 3
_DASHES = (3.2, 2.4)
_PUBLISHED_MARK = 3.6
# Where the glyphs of cells without a number stand above the axis, and the first of their words.
_ON_AXIS = 9.0
# From the edge of the axes to the labels right of it.
_BESIDE = 8.0
# How close two labels may stand, one above the other.
_LABEL_LINE = 12.5


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
        _, y = area.place(scale.xs[0], scale.line)
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


@dataclass(frozen=True, slots=True)
class _End:
    """What stands at the end of a line: a measured one in its colour, a published one in grey."""

    x: float
    y: float
    text: str
    colour: str
    is_bold: bool


def label(
    area: Area,
    curves: Sequence[Curve],
    text: Callable[[float], str],
) -> None:
    """The ends of curves, the doubts about points, and why there are none, all in words."""
    obstacles = [box for curve in curves for box in _obstacles(area, curve)]
    for curve in curves:
        obstacles += _write_gaps(area, curve.gaps, obstacles)
    ends = [end for curve in curves for end in _ends(curve, text)]
    obstacles += _write_ends(area, ends, obstacles)
    for curve in curves:
        _write_doubts(area, curve.marks, obstacles)


def _ends(curve: Curve, text: Callable[[float], str]) -> Iterator[_End]:
    if curve.marks:
        last = curve.marks[-1]
        yield _End(last.x, last.y, curve.label or text(last.y), curve.look.light, True)
    if curve.published:
        x, y = curve.published[-1]
        yield _End(x, y, curve.published_label or text(y), INK["ink-2"], False)


def _write_ends(area: Area, ends: Sequence[_End], obstacles: Sequence[Box]) -> list[Box]:
    """Right of the axes where a curve leads there, else close to its end."""
    inside = area.box
    at_edge = [end for end in ends if area.place(end.x, end.y)[0] > inside.right - 12]
    wanted = [area.place(end.x, end.y)[1] for end in at_edge]
    lowest, highest = inside.bottom + 4, inside.top + 8
    boxes: list[Box] = []
    for end, middle in zip(at_edge, spread(wanted, _LABEL_LINE, lowest, highest), strict=True):
        left, width = inside.right + _BESIDE, text_width(end.text, bold=end.is_bold)
        boxes.append(Box(left, middle - 6.5, left + width, middle + 6.5))
        _write_end(area, boxes[-1], end)
    for end in ends:
        if end not in at_edge:
            width = text_width(end.text, bold=end.is_bold)
            places = around(*area.place(end.x, end.y), width, pen.TEXT_HEIGHT, 6)
            above = [places[1], *places]
            room = Box(inside.left, inside.bottom, inside.right + 40, inside.top + 14)
            boxes.append(clearest(above, [*obstacles, *boxes], room))
            _write_end(area, boxes[-1], end)
    return boxes


def _write_end(area: Area, box: Box, end: _End) -> None:
    weight = "bold" if end.is_bold else "normal"
    pen.write_in(area.figure, box, end.text, color=end.colour, weight=weight)


def _write_gaps(area: Area, gaps: Sequence[Gap], obstacles: Sequence[Box]) -> list[Box]:
    """A glyph on the axis for each, and a word for neighbours with the same reason."""
    inside = area.box
    middle = inside.bottom + _ON_AXIS
    boxes = []
    for gap in gaps:
        x, _ = area.place(gap.x, area.up.low)
        pen.without_number(area.figure, x, middle, is_failure=gap.is_failure)
        boxes.append(Box(x - 7, middle - 7, x + 7, middle + 7))
    for (word, is_failure), alike in groupby(gaps, key=lambda gap: (gap.word, gap.is_failure)):
        first, *_ = alike
        x, _ = area.place(first.x, area.up.low)
        width, height = text_width(word), pen.TEXT_HEIGHT
        lefts = [x - 9 - width, x + 7 - width, x - width / 2, x - 7, x + 9]
        rows = [middle - 6.5, middle + 8, middle + 8, middle + 8, middle - 6.5]
        places = [
            Box(left, row + up, left + width, row + up + height)
            for up in (0, height, 2 * height)
            for left, row in zip(lefts, rows, strict=True)
        ]
        room = Box(inside.left, inside.bottom, inside.right + 40, inside.top)
        boxes.append(clearest(places, [*obstacles, *boxes], room))
        colour = INK["failed"] if is_failure else INK["ink-2"]
        pen.write_in(area.figure, boxes[-1], word, color=colour)
    return boxes


def _write_doubts(area: Area, marks: Sequence[Mark], obstacles: list[Box]) -> None:
    """A glyph beside each doubted point, and a word beside the first of neighbours alike."""
    inside = area.box
    room = Box(inside.left, inside.bottom, inside.right + 40, inside.top + 10)
    before = ""
    for mark in marks:
        word = mark.doubt.word
        if word:
            shown = word if word != before else ""
            width = pen.word_width(shown) if shown else pen.GLYPH_WIDTH
            places = around(*area.place(mark.x, mark.y), width, pen.TEXT_HEIGHT, 7)
            box = clearest(places, obstacles, room)
            obstacles.append(box)
            pen.doubted(area.figure, box.left + 6, box.bottom + 6.5)
            pen.write(
                area.figure, box.left + pen.GLYPH_WIDTH, box.bottom, shown, color=INK["doubt"]
            )
        before = word


def _obstacles(area: Area, curve: Curve) -> Iterator[Box]:
    """What words should not cover: points, and the lines between them."""
    lines = [
        [area.place(mark.x, mark.y) for mark in curve.marks],
        [area.place(x, y) for x, y in curve.published],
    ]
    for line in lines:
        yield from (Box(x - 5, y - 5, x + 5, y + 5) for x, y in line)
        for (x, y), (to_x, to_y) in pairwise(line):
            count = max(1, int(max(abs(to_x - x), abs(to_y - y)) / 4))
            for step in range(count):
                middle_x = x + (to_x - x) * step / count
                middle_y = y + (to_y - y) * step / count
                yield Box(middle_x - 2, middle_y - 2, middle_x + 2, middle_y + 2)
