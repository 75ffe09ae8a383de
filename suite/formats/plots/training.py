"""A training as a plot: loss, learning rate and accuracy over its epochs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from suite.formats.palette import Look, look
from suite.formats.placement import Box, even_numbers
from suite.formats.plots import pen
from suite.formats.plots.area import Area, Span, lower_edge, ticks_below, ticks_beside
from suite.formats.plots.chart import Chart, ChartGroup, Margins
from suite.formats.plots.figures import group_figure
from suite.formats.plots.style import INK, drawing, text_width
from suite.formats.plots.svg import png_bytes, svg_bytes
from suite.model.text import shown
from suite.model.training_course import CoursePoint, TrainingCourse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 230.0
_MARGINS = Margins(left=44, right=58, top=12, bottom=42)
_NOTE = (
    "Loss: the mean of neighbouring steps, and in a paler tone their range. Top-1: with the 95 %"
    " interval by the number of validation images; dashed: published after the last epoch."
)
_DASHES = (3.2, 2.4)
# From a point to the word beside it.
_BESIDE = 6.0
# Both ends of an axis stay off the edges by this share of it.
_ROOM = 0.05


def training_plots(course: TrainingCourse) -> Mapping[str, bytes]:
    """`training.svg` and `training.png`; none for a training without a step."""
    if not course.points:
        return {}
    training = course.header.training
    about = shown(f"{training.name}, {training.cell.id} on {course.header.device}")
    with drawing():
        figure = group_figure(training_charts(course), about)
        return {"training.svg": svg_bytes(figure), "training.png": png_bytes(figure)}


def training_charts(course: TrainingCourse) -> ChartGroup:
    """A chart each of loss and learning rate, and one of accuracy once there was an evaluation."""
    cell = course.header.training.cell
    condition = look(cell.precision, xla=cell.xla)
    return ChartGroup(
        name="training",
        title="Training",
        note=_NOTE,
        charts=tuple(_charts(course, condition)),
    )


def _charts(course: TrainingCourse, condition: Look) -> Iterator[Chart]:
    points = course.points
    first, last = points[0], points[-1]
    yield Chart(
        title="Loss",
        unit="weight decay included",
        says=f"The training loss goes from {first.loss:.3g} to {last.loss:.3g}.",
        height=_HEIGHT,
        draw=_loss(course, condition),
    )
    yield Chart(
        title="Learning rate",
        unit=f"for a global batch of {course.header.training.cell.global_batch_size}",
        says=f"The learning rate reaches {max(point.learning_rate for point in points):.3g}.",
        height=_HEIGHT,
        draw=_rate(course, condition),
    )
    if course.last and course.last.accuracy:
        share = course.last.accuracy.top1
        yield Chart(
            title="Accuracy",
            unit="% of the validation images; grey: top-5",
            says=f"Top-1 is {share:.1%} after epoch {course.last.number}.",
            height=_HEIGHT,
            draw=_accuracy(course, condition),
        )


def _loss(course: TrainingCourse, condition: Look) -> Callable[["Figure", Box], None]:
    points = course.points

    def draw(figure: "Figure", box: Box) -> None:
        area = _area(figure, box, course, _values(points))
        upper = [(point.epochs, point.highest) for point in points]
        lower = [(point.epochs, point.lowest) for point in reversed(points)]
        pen.fill(figure, area.places([*upper, *lower]), condition.light, opacity=0.18, over=2)
        _line(area, condition, [(point.epochs, point.loss) for point in points], "{:.3g}")

    return draw


def _values(points: Sequence[CoursePoint]) -> list[float]:
    return [value for point in points for value in (point.lowest, point.highest)]


def _rate(course: TrainingCourse, condition: Look) -> Callable[["Figure", Box], None]:
    rates = [(point.epochs, point.learning_rate) for point in course.points]

    def draw(figure: "Figure", box: Box) -> None:
        area = _area(figure, box, course, [0.0, *(rate for _, rate in rates)])
        _line(area, condition, rates, "{:.2g}")

    return draw


def _accuracy(course: TrainingCourse, condition: Look) -> Callable[["Figure", Box], None]:
    told = [(epoch.number, each) for epoch in course.epochs if (each := epoch.accuracy)]
    published = course.header.training.published_top1

    def draw(figure: "Figure", box: Box) -> None:
        ends = [share for _, each in told for share in (each.top1_low, each.top1_high, each.top5)]
        extra = [] if published is None else [published]
        area = _area(figure, box, course, [100 * share for share in (*ends, *extra)])
        if published is not None:
            line = [(area.across.low, 100 * published), (area.across.high, 100 * published)]
            pen.stroke(figure, [area.places(line)], INK["ink-3"], 1.3, dashes=_DASHES)
        whiskers = [
            area.places([(number, 100 * each.top1_low), (number, 100 * each.top1_high)])
            for number, each in told
        ]
        pen.stroke(figure, whiskers, condition.light, 1.0, over=4)
        fives = area.places([(number, 100 * each.top5) for number, each in told])
        pen.stroke(figure, [fives], INK["others"], 1.3, over=3)
        top1 = [(number, 100 * each.top1) for number, each in told]
        pen.mark(figure, area.places(top1), condition.marker, condition.light, size=3.5)
        _line(area, condition, top1, "{:.2f}")

    return draw


def _area(figure: "Figure", box: Box, course: TrainingCourse, values: Sequence[float]) -> Area:
    """The axes: epochs from 0 to the last one planned, and the range of these values."""
    low, high = min(values), max(values)
    room = (high - low or abs(high) or 1.0) * _ROOM
    low, high = low - room, high + room
    epochs = course.header.training.epochs
    area = Area(
        figure=figure,
        box=_MARGINS.inside(box),
        across=Span(low=0, high=epochs),
        up=Span(low=low, high=high),
    )
    ticks_beside(area, [(tick, f"{tick:g}") for tick in even_numbers(low, high)])
    ticks_below(area, [(tick, f"{tick:g}") for tick in even_numbers(0, epochs)], grid=False)
    lower_edge(area, "epochs")
    return area


def _line(area: Area, condition: Look, points: Sequence[tuple[float, float]], form: str) -> None:
    """A curve with its last number beside its end."""
    places = area.places(points)
    pen.stroke(area.figure, [places], condition.light, 1.6, over=5)
    x, y = places[-1]
    text = form.format(points[-1][1])
    left = min(x, area.box.right + _MARGINS.right - text_width(text, bold=True) - _BESIDE)
    pen.write(
        area.figure,
        left + _BESIDE,
        y - pen.TEXT_HEIGHT / 2,
        text,
        color=condition.light,
        weight="bold",
    )
