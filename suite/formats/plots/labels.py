"""Words in a chart of curves: where they stand, so that nothing covers anything else."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from suite.formats.placement import Box, around, clearest, spread
from suite.formats.plots import pen
from suite.formats.plots.area import Area
from suite.formats.plots.curves import Curve, Gap, Mark
from suite.formats.plots.pen import Point
from suite.formats.plots.style import INK, text_width

# Where the glyphs of cells without a number stand above the axis.
_ON_AXIS = 9.0
# From the edge of the area to the labels right of it.
_BESIDE = 8.0
# How close two labels may stand, one above the other.
_LABEL_LINE = 12.5
# From a point to its word.
_CLOSE = 7.0
# How far words may reach out of the area.
_OUTSIDE, _ABOVE = 40.0, 14.0


@dataclass(frozen=True, slots=True)
class _End:
    """What stands at the end of a line: a measured one in its colour, a published one in grey."""

    x: float
    y: float
    text: str
    colour: str
    is_bold: bool


def label(area: Area, curves: Sequence[Curve], text: Callable[[float], str]) -> None:
    """The ends of curves, the doubts about points, and why there are none, all in words.

    Numbers at ends and failures are always there; a doubt has its word where there is room.
    """
    taken = _Taken(area, curves)
    for curve in curves:
        _write_gaps(area, curve.gaps, taken)
    _write_ends(area, [end for curve in curves for end in _ends(curve, text)], taken)
    for curve in curves:
        _write_doubts(area, curve.marks, taken)


class _Taken:
    """What is drawn already: marks and words, which nothing may cover, and lines, if need be."""

    def __init__(self, area: Area, curves: Sequence[Curve]) -> None:
        self.solid: list[Box] = []
        self.lines: list[Box] = []
        box = area.box
        self._room = Box(box.left, box.bottom, box.right + _OUTSIDE, box.top + _ABOVE)
        for curve in curves:
            marks = [(mark.x, mark.y) for mark in curve.marks]
            for points in (area.places(marks), area.places(curve.published)):
                self.solid += (Box(x - 4, y - 4, x + 4, y + 4) for x, y in points)
                self.lines += _along(points)

    def clearest(self, places: Sequence[Box]) -> Box:
        """Take the place that covers least."""
        self.solid.append(clearest(places, [*self.solid, *self.lines], self._room))
        return self.solid[-1]

    def free(self, places: Sequence[Box]) -> Box | None:
        """Take the place that covers least of lines, and nothing else; None if there is none."""
        free = [
            place
            for place in places
            if place.is_within(self._room)
            and not any(place.common_area(solid) for solid in self.solid)
        ]
        if not free:
            return None
        self.solid.append(clearest(free, self.lines, self._room))
        return self.solid[-1]


def _along(points: Sequence[Point]) -> Iterator[Box]:
    """Small boxes along the line through these points."""
    for (x, y), (to_x, to_y) in pairwise(points):
        count = max(1, int(max(abs(to_x - x), abs(to_y - y)) / 4))
        for step in range(count):
            middle_x, middle_y = x + (to_x - x) * step / count, y + (to_y - y) * step / count
            yield Box(middle_x - 2, middle_y - 2, middle_x + 2, middle_y + 2)


def _ends(curve: Curve, text: Callable[[float], str]) -> Iterator[_End]:
    if curve.marks:
        last = curve.marks[-1]
        yield _End(last.x, last.y, curve.label or text(last.y), curve.look.light, True)
    if curve.published:
        x, y = curve.published[-1]
        yield _End(x, y, curve.published_label or text(y), INK["ink-2"], False)


def _write_ends(area: Area, ends: Sequence[_End], taken: _Taken) -> None:
    """Right of the area where a curve leads there, else close to its end."""
    inside = area.box
    at_edge = [end for end in ends if area.place(end.x, end.y)[0] > inside.right - 12]
    wanted = [area.place(end.x, end.y)[1] for end in at_edge]
    lowest, highest = inside.bottom + 4, inside.top + 8
    for end, middle in zip(at_edge, spread(wanted, _LABEL_LINE, lowest, highest), strict=True):
        left, half = inside.right + _BESIDE, pen.TEXT_HEIGHT / 2
        box = Box(left, middle - half, left + _width(end), middle + half)
        taken.solid.append(box)
        _write_end(area, box, end)
    for end in ends:
        if end not in at_edge:
            below, above, *beside = around(
                *area.place(end.x, end.y), _width(end), pen.TEXT_HEIGHT, _CLOSE
            )
            _write_end(area, taken.clearest([above, below, *beside]), end)


def _width(end: _End) -> float:
    return text_width(end.text, bold=end.is_bold)


def _write_end(area: Area, box: Box, end: _End) -> None:
    weight = "bold" if end.is_bold else "normal"
    pen.write_in(area.figure, box, end.text, color=end.colour, weight=weight)


def _write_gaps(area: Area, gaps: Sequence[Gap], taken: _Taken) -> None:
    """A glyph on the axis for each, and a word for neighbours with the same reason."""
    middle = area.box.bottom + _ON_AXIS
    for gap in gaps:
        x, _ = area.place(gap.x, area.up.low)
        pen.without_number(area.figure, x, middle, is_failure=gap.is_failure)
        taken.solid.append(Box(x - 7, middle - 7, x + 7, middle + 7))
    for (word, is_failure), alike in groupby(gaps, key=lambda gap: (gap.word, gap.is_failure)):
        x, _ = area.place(next(alike).x, area.up.low)
        box = taken.clearest(_beside_glyph(x, middle, text_width(word)))
        colour = INK["failed" if is_failure else "ink-2"]
        pen.write_in(area.figure, box, word, color=colour)


def _beside_glyph(x: float, middle: float, width: float) -> list[Box]:
    """Where the word of a glyph on the axis may stand: left of it, right of it, and above."""
    height = pen.TEXT_HEIGHT
    level, above = middle - height / 2, middle + 8
    lefts = [
        (x - 9 - width, level),
        (x + 7 - width, above),
        (x - width / 2, above),
        (x - 7, above),
        (x + 9, level),
    ]
    return [
        Box(left, bottom + up, left + width, bottom + up + height)
        for up in (0, height, 2 * height)
        for left, bottom in lefts
    ]


def _write_doubts(area: Area, marks: Sequence[Mark], taken: _Taken) -> None:
    """A glyph and a word beside the first of neighbours alike, a glyph beside the others.

    Where a word has no room a glyph may have, and the mark is hollow in any case.
    """
    before = ""
    for mark in marks:
        word = mark.doubt.word
        said = [word, ""] if word and word != before else [""] * bool(word)
        for text in said:
            width = pen.word_width(text) if text else pen.GLYPH_WIDTH
            x, y = area.place(mark.x, mark.y)
            box = taken.free(around(x, y, width, pen.TEXT_HEIGHT, _CLOSE))
            if box is not None:
                pen.doubted(area.figure, box.left + 6, box.bottom + 6.5)
                left = box.left + pen.GLYPH_WIDTH
                pen.write(area.figure, left, box.bottom, text, color=INK["doubt"])
                before = text or before
                break
        if not word:
            before = ""
