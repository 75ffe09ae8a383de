"""Every step of a launch as a small drawing: integer SVG paths, so that many fit a page.

Coordinates are in units of half a CSS pixel. A path begins at an absolute point and goes on in
relative moves, which costs about six bytes a step.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from suite.formats.numbers import milliseconds
from suite.model.report import LaunchRow

# Of a launch's drawing: the area of its steps, that of the histogram beside it, and the height of a
# series under it.
STEPS_WIDTH, STEPS_HEIGHT = 496, 180
HISTOGRAM_WIDTH, _BINS = 54, 30
SERIES_HEIGHT = 40
# Of the drawing in the list of cells.
SPARK_WIDTH, SPARK_HEIGHT = 216, 40

# The window of times reaches at least this far from the median, so that noise of 1 % looks like
# it. It may leave this share of the steps outside on either side, if these lie far from the rest.
_REACH, _OUTSIDE = 0.10, 0.01
# Values of one column that are closer than this are drawn as one stroke.
_TOUCHING = 3
# So few steps have room for larger dots.
FEW_STEPS = 40
# So few readings are drawn as dots.
_DOTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The times that a drawing spans, in seconds, and its height."""

    lowest: float
    highest: float
    height: int

    def place(self, seconds: float) -> int:
        """The distance of a time from the top."""
        return round((self.highest - seconds) / (self.highest - self.lowest) * self.height)

    def holds(self, seconds: float) -> bool:
        """Whether the drawing spans a time."""
        return self.lowest <= seconds <= self.highest


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Readings of one quantity under the steps; `dots` says that they are drawn one by one."""

    name: str
    path: str
    dots: bool
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsDrawing:
    """A launch's steps: paths for warm-up and measured ones, a histogram, labels and series.

    `boundary` is the place of the first measured step; `outside` says in words what the window
    leaves out, and `per_column` how many steps share a column. `few` says that there is room for
    larger dots.
    """

    warm_up: str
    measured: str
    histogram: str
    boundary: int
    middle: int
    lowest: str
    median: str
    highest: str
    first_measured: int
    last: int
    outside: tuple[str, ...]
    per_column: int
    few: bool
    series: tuple[Series, ...]


def window(step_seconds: Sequence[float], middle: float, height: int) -> Window:
    """The span of the times to draw, around their median."""
    narrow, ordered = fixed_window(middle, height), sorted(step_seconds)
    skipped = int(len(ordered) * _OUTSIDE)
    lowest = min(narrow.lowest, ordered[skipped])
    highest = max(narrow.highest, ordered[-1 - skipped])
    span = highest - lowest
    lowest = min(lowest, ordered[0]) if ordered[0] > lowest - span else lowest
    highest = max(highest, ordered[-1]) if ordered[-1] < highest + span else highest
    return Window(lowest=lowest, highest=highest, height=height)


def fixed_window(middle: float, height: int) -> Window:
    """10 % either side of the median, whatever lies outside."""
    lowest, highest = middle * (1 - _REACH), middle * (1 + _REACH)
    return Window(lowest=lowest, highest=highest, height=height)


def draw_steps(launch: LaunchRow) -> StepsDrawing:
    """The drawing of a launch that has measured steps; of several ranks, the readings of rank 0."""
    warm_up, steps = launch.record.warmup_seconds, launch.record.step_seconds
    assert launch.summary is not None  # noqa: S101 - it has steps
    middle = launch.summary.p50_seconds
    span = window(steps, middle, STEPS_HEIGHT)
    count = len(warm_up) + len(steps)
    per_column = -(-count // (STEPS_WIDTH // 2))
    columns = -(-count // per_column)
    places = [round((column + 0.5) / columns * STEPS_WIDTH) for column in range(columns)]
    boundary = round(len(warm_up) / count * STEPS_WIDTH)
    return StepsDrawing(
        warm_up=_path(_columns(warm_up, 0, per_column, places, span)),
        measured=_path(_columns(steps, len(warm_up), per_column, places, span)),
        histogram=_histogram(steps, span),
        boundary=boundary,
        middle=span.place(middle),
        lowest=milliseconds(span.lowest),
        median=milliseconds(middle),
        highest=milliseconds(span.highest),
        first_measured=len(warm_up) + 1,
        last=count,
        outside=tuple(_outside(warm_up, steps, span)),
        per_column=per_column,
        few=count <= FEW_STEPS,
        series=tuple(_series(launch, len(warm_up), count)),
    )


# What is drawn under the steps, the first two that were read.
_SERIES = {
    "gpu_sm_clock_mhz": "SM MHz",
    "gpu_power_watts": "power W",
    "cpu_frequency_mhz": "CPU MHz",
    "cores_busy": "cores busy",
}
_SERIES_SHOWN = 2


def _series(launch: LaunchRow, warm_up: int, count: int) -> list[Series]:
    points = launch.telemetry[0].telemetry.series if launch.telemetry else ()
    drawn = []
    for quantity, name in _SERIES.items():
        readings = {
            round((warm_up + point.step) / count * STEPS_WIDTH): point.values[quantity]
            for point in points
            if quantity in point.values
        }
        if readings:
            drawn.append(_one_series(name, readings))
    return drawn[:_SERIES_SHOWN]


def _one_series(name: str, readings: Mapping[int, float]) -> Series:
    """Readings by their place from the left, on a scale of their own."""
    span = _span(list(readings.values()), SERIES_HEIGHT)
    places = [(x, span.place(value)) for x, value in readings.items()]
    dots = len(places) <= _DOTS
    last = [*readings.values()][-1]
    return Series(
        name=name,
        path=(
            _path(_Stroke(x, y, 0) for x, y in places)
            if dots
            else "M" + "L".join(f"{x} {y}" for x, y in places)
        ),
        dots=dots,
        last=f"{last:.0f}" if last >= _WHOLE else f"{last:.2f}",
    )


# From here on a reading is written without decimals.
_WHOLE = 10


def _span(values: Sequence[float], height: int) -> Window:
    """A span from the lowest to the highest, and 10 % either side of the middle at least."""
    middle = (min(values) + max(values)) / 2
    reach = max(max(values) - middle, middle * _REACH) or 1.0
    return Window(lowest=middle - reach, highest=middle + reach, height=height)


def spark(step_seconds: Sequence[float], middle: float) -> str:
    """The path of measured steps with this median; what lies outside stands at the edge."""
    span = fixed_window(middle, SPARK_HEIGHT)
    kept = [min(max(seconds, span.lowest), span.highest) for seconds in step_seconds]
    per_column = -(-len(kept) // (SPARK_WIDTH // 2))
    columns = -(-len(kept) // per_column)
    places = [round((column + 0.5) / columns * SPARK_WIDTH) for column in range(columns)]
    return _path(_columns(kept, 0, per_column, places, span))


@dataclass(frozen=True, slots=True)
class _Stroke:
    """An upright stroke from its top down; a dot has no length."""

    x: int
    top: int
    length: int


def _columns(
    seconds: Sequence[float], first: int, per_column: int, places: Sequence[int], span: Window
) -> Iterable[_Stroke]:
    """The strokes of some steps, of which the first has this number from 0."""
    by_column: dict[int, set[int]] = {}
    for number, value in enumerate(seconds, first):
        if span.holds(value):
            by_column.setdefault(number // per_column, set()).add(span.place(value))
    for column, found in by_column.items():
        yield from _strokes(places[column], sorted(found))


def _strokes(x: int, places: Sequence[int]) -> Iterable[_Stroke]:
    """Places that touch as one stroke: far-apart ones stay apart, or two levels look like noise."""
    top = bottom = places[0]
    for place in places[1:]:
        if place - bottom > _TOUCHING:
            yield _Stroke(x, top, bottom - top)
            top = place
        bottom = place
    yield _Stroke(x, top, bottom - top)


def _path(strokes: Iterable[_Stroke]) -> str:
    parts, x, y = [], 0, 0
    for stroke in strokes:
        across, down = stroke.x - x, stroke.top - y
        parts.append(f"m{across}{'' if down < 0 else ' '}{down}v{stroke.length}")
        x, y = stroke.x, stroke.top + stroke.length
    return "".join(parts)


def _histogram(steps: Sequence[float], span: Window) -> str:
    """Bars that lie on the scale of the steps, the longest as long as there is room for."""
    size = span.height // _BINS
    counts: dict[int, int] = {}
    for seconds in steps:
        if span.holds(seconds):
            bin_ = min(span.place(seconds) // size, _BINS - 1)
            counts[bin_] = counts.get(bin_, 0) + 1
    most = max(counts.values())  # of which the median is one
    return "".join(
        f"M0 {place * size}h{max(1, round(count / most * HISTOGRAM_WIDTH))}v{size}H0z"
        for place, count in sorted(counts.items())
    )


def _outside(warm_up: Sequence[float], steps: Sequence[float], span: Window) -> Iterable[str]:
    for seconds, of in ((steps, ""), (warm_up, " of the warm-up")):
        above = [value for value in seconds if value > span.highest]
        below = [value for value in seconds if value < span.lowest]
        if above:
            yield f"▲ {len(above)}{of} above, to {milliseconds(max(above))} ms"
        if below:
            yield f"▼ {len(below)}{of} below, to {milliseconds(min(below))} ms"
