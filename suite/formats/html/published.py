"""The page's tables of NVIDIA as measured, as published, and their ratio, with a forest plot."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from suite.formats.html.text import conditions, from_to, state_words, times
from suite.formats.numbers import page_number
from suite.formats.palette import Look, look
from suite.formats.scaling import rank_word
from suite.model import page
from suite.model.cell import Mode
from suite.model.reference import Metric
from suite.model.report import (
    CellState,
    ComparedCell,
    ComparedNumber,
    Comparison,
    ReportedRun,
    Side,
    TrainingTable,
)
from suite.model.summary import Interval
from suite.model.systems import system_by_key

# The forest plot of a table, in CSS pixels.
FOREST_WIDTH = 150
_MARGIN = 8
# It reaches at least this far from 1 on either side, as a factor.
_REACH = 1.05


@dataclass(frozen=True, slots=True)
class Span:
    """Places on an axis, in pixels."""

    begin: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Ratios on a logarithmic axis that the rows of a table share."""

    lowest: float
    highest: float

    def place(self, ratio: float) -> float:
        """Pixels from the left, with one decimal."""
        span = math.log(self.highest / self.lowest)
        share = math.log(ratio / self.lowest) / span
        return round(_MARGIN + share * (FOREST_WIDTH - 2 * _MARGIN), 1)

    def span(self, interval: Interval | None) -> Span | None:
        """Where an interval begins and ends."""
        return Span(self.place(interval[0]), self.place(interval[1])) if interval else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled place on the axis."""

    place: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A ratio on the axis: its place, and those of its interval and of the reference's band."""

    place: float
    interval: Span | None
    band: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple:
    """A number as measured, as published, and their ratio with its word; `value` as it sorts."""

    value: float | None
    measured: str
    published: str
    ratio: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table of inference: a cell, its state and cautions, its columns and its point."""

    cell: ComparedCell
    label: str
    conditions: str
    state: CellState
    words: str
    columns: tuple[Triple, ...]
    interval: str
    point: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceTable:
    """A table of the page; `centre` is the place of a ratio of 1, if there are ticks."""

    title: str
    look: Look
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    centre: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLine:
    """A line of a table of training: its labels and its columns."""

    labels: tuple[str, ...]
    columns: tuple[Triple, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPart:
    """A training table of the page, or its table of hours."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[TrainingLine, ...]


def inference_tables(comparison: Comparison, run: ReportedRun) -> list[InferenceTable]:
    """A table for each precision with and without XLA, of cells that are on both sides."""
    both = [
        cell
        for cell in comparison.cells
        if cell.side is Side.BOTH and cell.key.mode is Mode.INFERENCE
    ]
    grouped = groupby(both, key=lambda cell: (cell.key.precision, cell.key.xla))
    return [
        _inference_table(
            page.inference_subtitle(precision, xla=xla),
            look(precision, xla=xla),
            list(cells),
            run,
            judges=_judges(comparison),
        )
        for (precision, xla), cells in grouped
    ]


def _judges(comparison: Comparison) -> bool:
    """Whether ratios are to the very GPU, or a user's own table may be of it."""
    return comparison.same_gpu or not system_by_key(comparison.reference)


def _inference_table(
    title: str, colour: Look, cells: Sequence[ComparedCell], run: ReportedRun, *, judges: bool
) -> InferenceTable:
    scale = _scale(cells) if judges else None
    return InferenceTable(
        title=title,
        look=colour,
        rows=tuple(_row(cell, run, scale) for cell in cells),
        ticks=tuple(_ticks(scale)) if scale else (),
        centre=scale.place(1.0) if scale else 0.0,
    )


def _row(cell: ComparedCell, run: ReportedRun, scale: Scale | None) -> Row:
    result = cell.result
    assert result is not None  # noqa: S101 - it is on both sides
    throughput = cell.numbers[Metric.THROUGHPUT]
    state = run.glance.states[result.cell.id]
    return Row(
        cell=cell,
        label=str(cell.key.batch_size),
        conditions=conditions(result.cell, rank_word(run.header)),
        state=state,
        words=state_words(result, state),
        columns=tuple(
            _triple(
                cell.numbers[metric],
                judges=scale is not None,
                is_percentile=metric not in {Metric.THROUGHPUT, Metric.LATENCY_AVG},
            )
            for metric in Metric
        ),
        interval=from_to(throughput.ratio_interval),
        point=_point(throughput, scale) if scale else None,
    )


def _triple(value: ComparedNumber, *, judges: bool, is_percentile: bool = False) -> Triple:
    mark = "~" if is_percentile and value.measured is not None and value.interval is None else ""
    return Triple(
        value=value.measured,
        measured=mark + page_number(value.measured),
        published=page_number(value.published),
        ratio=times(value.ratio),
        word=value.judgement.said if judges and value.judgement else "",
    )


def _scale(cells: Sequence[ComparedCell]) -> Scale | None:
    """A scale that has room for every ratio and its interval; None without a ratio."""
    numbers = [cell.numbers[Metric.THROUGHPUT] for cell in cells]
    found = [number.ratio for number in numbers if number.ratio]
    if not found:
        return None
    bands = [
        bound
        for number in numbers
        if number.ratio and number.judgement and number.judgement.band
        for bound in number.judgement.band
    ]
    intervals = [bound for number in numbers for bound in number.ratio_interval or ()]
    values = [*found, *intervals, *bands, 1 / _REACH, _REACH]
    return Scale(lowest=min(values), highest=max(values))


_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 5.0, 10.0, 20.0)
_TICK_DISTANCE = 34


def _ticks(scale: Scale) -> Iterator[Tick]:
    """Round ratios on the axis, 1 first of all, and others that have room beside it."""
    taken: list[float] = []
    for ratio in sorted(_TICKS, key=lambda ratio: abs(math.log(ratio))):
        if not scale.lowest <= ratio <= scale.highest:
            continue
        place = scale.place(ratio)
        if all(abs(place - other) >= _TICK_DISTANCE for other in taken):
            taken.append(place)
            edge = _TICK_DISTANCE / 2
            yield Tick(place=min(max(place, edge), FOREST_WIDTH - edge), text=f"{ratio:g}×")


def _point(value: ComparedNumber, scale: Scale) -> Point | None:
    if not value.ratio:
        return None
    return Point(
        place=scale.place(value.ratio),
        interval=scale.span(value.ratio_interval),
        band=scale.span(value.judgement.band if value.judgement else None),
    )


def training_parts(comparison: Comparison) -> list[TrainingPart]:
    """The page's training tables and its tables of hours."""
    return [
        part
        for table in comparison.training
        for part in _training_parts(table, judges=_judges(comparison))
    ]


def _training_parts(table: TrainingTable, *, judges: bool) -> Iterator[TrainingPart]:
    base, xla = table.base_precision, table.xla
    rates, hours = [], []
    for line in table.lines:
        sizes = page.batch_sizes_text(base, line.batch_size_base, line.batch_size_amp)
        gpus = str(line.gpus)
        rates.append(
            TrainingLine(labels=(gpus, sizes), columns=_triples(line.performance, judges=judges))
        )
        hours.append(TrainingLine(labels=(gpus,), columns=_triples(line.hours, judges=judges)))
    yield TrainingPart(
        title="Training performance", heads=page.training_titles(base, xla=xla), lines=tuple(rates)
    )
    yield TrainingPart(
        title="Training time for 90 epochs, in hours",
        heads=page.time_titles(base, xla=xla),
        lines=tuple(hours),
    )


def _triples(numbers: Sequence[ComparedNumber], *, judges: bool) -> tuple[Triple, ...]:
    return tuple(_triple(value, judges=judges) for value in numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """What a reader has to know of a published table."""

    title: str
    text: str


# Of the published page; where each comes from is in reference/README.md.
_OF_THE_PAGE = (
    Caveat(
        title="Years of software lie between.",
        text="The page labels its tables with the container 20.06-tf1-py3 (TensorFlow 1.15);"
        " inference on DGX-1, DGX-2 and T4 was first published with 20.03.",
    ),
    Caveat(
        title="The estimator is theirs.",
        text="The published throughput is the mean of per-step rates, which is never below images"
        " / elapsed time; beside it the same is taken of the measured steps.",
    ),
    Caveat(
        title="Few steps.",
        text="The scripts ran 350 measured steps of inference and 300 of training, from TFRecords"
        " by tf.data. A 99 % latency needs 368 steps for an interval, so ratios to it get no word.",
    ),
    Caveat(
        title="No variance was published.",
        text="Bands are the widest factors between two systems with the same GPU that published"
        " the same cells: what was observed, not how likely a ratio is.",
    ),
)


def caveats(comparison: Comparison) -> list[Caveat]:
    """What is to be said of a reference, and of its rows that disagree with themselves."""
    found = list(_OF_THE_PAGE) if system_by_key(comparison.reference) else []
    unsteady = [cell for cell in comparison.cells if cell.row and not cell.row.estimators_agree]
    if unsteady:
        rows = (
            f"{look(cell.key.precision, xla=cell.key.xla).name} batch {cell.key.batch_size}"
            for cell in unsteady
        )
        found.append(
            Caveat(
                title="Some rows disagree with themselves.",
                text="Their throughput and average latency differ by more than 2 %, so their steps"
                f" were unsteady and ratios to them get no word: {', '.join(rows)}.",
            )
        )
    return found
