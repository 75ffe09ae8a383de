"""What runs come to, as numbers: everything that a format shows, and no text that it lays out.

Units are in the names of fields, or beside the number. A number without a sample is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from suite.model.cell import Cell, Mode, Precision
from suite.model.comparability import Difference
from suite.model.launch import Caution, Launch, StartedBy
from suite.model.reference import Key, Metric, ReferenceRow
from suite.model.run import CellResult, Coverage, RunHeader
from suite.model.summary import Interval, Summary
from suite.model.telemetry import Telemetry

if TYPE_CHECKING:
    import pandas as pd

# History of report.json, newest first.
#     1  first version
REPORT_VERSION = 1


class Steadiness(str, Enum):
    """Whether the measured steps of a launch changed; not judged where they are too few."""

    STEADY = "steady"
    UNSTEADY = "unsteady"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRow:
    """One rank of a launch by its own clock; rate, mean and max are None if it took no step.

    `mean_of_rates` is in images/s over all ranks, by the published estimator, which takes rank 0's.
    `all_reduce_seconds` is the median of the all-reduces that were timed alone.
    """

    rank: int
    host: str
    device: str
    steps: int
    mean_of_rates: float | None
    mean_seconds: float | None
    max_seconds: float | None
    all_reduce_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessTelemetry:
    """The telemetry of a process of a launch: of its only one (`rank` is None), or of a rank.

    `others_cpu_share` is the share of the CPUs of its host that processes other than those of the
    launch kept busy; None if unknown.
    """

    rank: int | None
    telemetry: Telemetry
    others_cpu_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRow:
    """A launch: its record with every sample, and what follows from it alone.

    `rank_spread` is how far its ranks are apart in a step, as a share of the slowest;
    `all_reduce_share` is the slowest rank's all-reduce, timed alone, as a share of a mean step.
    """

    cell_id: str
    record: Launch
    summary: Summary | None
    steadiness: Steadiness
    ranks: tuple[RankRow, ...]
    rank_spread: float | None
    all_reduce_share: float | None
    telemetry: tuple[ProcessTelemetry, ...]

    @property
    def name(self) -> str:
        """The cell's id and the number of the launch."""
        return f"{self.cell_id}, launch {self.record.launch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far the ok launches of a cell, two or more, are apart in images/s.

    `apart` is the highest less the lowest as a share of the median.
    """

    cell_id: str
    launches: int
    lowest: float
    median: float
    highest: float
    apart: float
    cautions: tuple[Caution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Median, mean and largest of some numbers, in their unit."""

    median: float
    mean: float
    largest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What isolating launches in processes cost, over those that are ok.

    `seconds` are a launch's outside build, compile and steps, `rank_seconds` the same of launches
    of several ranks; `runner_share` is the runner's own CPU time during steps, as a share of one
    core. `started` counts launches by how they were started, `fork_refused` are the reasons for
    which some were not forked.
    """

    seconds: Distribution | None
    rank_seconds: Distribution | None
    runner_share: Distribution | None
    started: Mapping[StartedBy, int]
    fork_refused: tuple[str, ...]


class HintKind(str, Enum):
    """A likely cause of what a run shows: its name, and a heading that states it."""

    heading: str

    def __new__(cls, value: str, heading: str) -> "HintKind":
        """A member whose value is its name in files."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.heading = heading
        return kind

    HOST_BOUND = ("host_bound", "Steps hardly grow with the batch: a fixed cost dominates them")
    INPUT_BOUND = ("input_bound", "Steps wait for their images")
    COPY_BOUND = ("copy_bound", "Steps begin with copying their images to an idle GPU")
    THROTTLED = ("throttled", "The clock was below its best")
    AMP_SLOWER = ("amp_slower", "AMP is slower than FP32")
    XLA_SLOWER = ("xla_slower", "XLA does not pay")
    FOREIGN_PROCESS = ("foreign_process", "Foreign processes were at work")
    LAUNCHES_DISAGREE = ("launches_disagree", "Launches of a cell disagree")
    MEMORY_NEARLY_FULL = ("memory_nearly_full", "Memory is nearly full")
    CPU_QUOTA = ("cpu_quota", "A quota leaves less CPU time than there are cores")
    ONEDNN_OFF = ("onednn_off", "TensorFlow computed without oneDNN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A likely cause, the numbers that speak for it, and what to try.

    `cells` are the ids of the cells that it is about, in the order of the run.
    """

    kind: HintKind
    cells: tuple[str, ...]
    evidence: str
    remedy: str


class ScalingKind(str, Enum):
    """What stays equal when GPUs are added: the batch size of each, or that of all together."""

    WEAK = "weak"
    STRONG = "strong"


class Estimator(str, Enum):
    """A throughput of a summary, in images/s; the value is the name of its field."""

    ELAPSED = "images_per_second"
    MEAN_OF_RATES = "mean_of_rates"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingLine:
    """Training on several GPUs over training on one, the base.

    Throughputs are in images/s over all GPUs. `factor` is their ratio, which for strong scaling
    is also the ratio of step times; None where `problem` says what is missing. `of_linear` is the
    share of linear scaling that was reached; 1.0 is a factor equal to the GPUs. `hours` are those
    of 90 epochs of ImageNet at `img_s`. `cautions` are the doubts attached to either number.
    """

    cell: Cell
    base: Cell
    base_img_s: float | None
    img_s: float | None
    factor: float | None
    of_linear: float | None
    hours: float | None
    problem: str = ""
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Throughput in images/s on this many GPUs."""

    gpus: int
    img_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingCurve:
    """Throughput by GPUs, from one GPU on; `base` tells its conditions.

    `factor` and `of_linear` are those of its last point, as the line states them.
    """

    base: Cell
    points: tuple[CurvePoint, ...]
    factor: float
    of_linear: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """One kind of scaling, measured or published: a line a cell, and a curve a base.

    `cautions` are those of all lines that have a factor.
    """

    kind: ScalingKind
    estimator: Estimator
    lines: tuple[ScalingLine, ...]
    curves: tuple[ScalingCurve, ...]
    cautions: tuple[Caution, ...]


class CellState(str, Enum):
    """What a cell comes to at a glance.

    A doubted cell has a number and a caution, or not all of its launches. One that failed may have
    the number of those of its launches that did not. One that was not measured was skipped,
    interrupted or never run.
    """

    OK = "ok"
    DOUBTED = "doubted"
    FAILED = "failed"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a run comes to at a glance.

    `states` has every planned cell by its id. `best_throughput` and `lowest_latency` map each mode
    to the id of a cell: the one with most images / elapsed time and the one with the lowest median
    step, among the cells that are ok, or if none is, among those that are doubted.
    """

    states: Mapping[str, CellState]
    best_throughput: Mapping[Mode, str]
    lowest_latency: Mapping[Mode, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speedup:
    """Throughput of one cell over that of another, which differs in precision or in XLA alone.

    Both are named by their ids. `ratio` is None where one of them has no number. `interval`
    encloses it with 95 % confidence; None where one of them has fewer than two launches.
    `cautions` are the doubts about either number, and `is_whole` says whether both are of all
    their launches. `published` is the same ratio of a published table, None where there is none.
    """

    numerator: str
    denominator: str
    ratio: float | None
    interval: Interval | None
    cautions: tuple[Caution, ...]
    is_whole: bool
    published: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRun:
    """A run on one machine.

    `cells` has each cell that has a launch by its id, with its launches pooled; `launches` come in
    planned order. `spreads` has the cells of which two launches or more are ok.
    `overhead` is None where no launch is. `scaling` and `speedups` are by images / elapsed time.
    `images_per_joule` has the cells whose energy was measured, by id, over all their launches.
    `reading_seconds` is what a reading of telemetry took on average, None without any. `ended_at`
    is when the last launch ended, as `started_at` of the header is written; None before. `hints`
    come in the order of their kinds, one of each at most.
    """

    header: RunHeader
    coverage: Coverage
    cells: Mapping[str, CellResult]
    launches: tuple[LaunchRow, ...]
    spreads: tuple[Spread, ...]
    scaling: tuple[Scaling, ...]
    speedups: tuple[Speedup, ...]
    images_per_joule: Mapping[str, float]
    overhead: Overhead | None
    reading_seconds: float | None
    glance: Glance
    ended_at: str | None
    hints: tuple[Hint, ...]

    @property
    def results(self) -> tuple[CellResult, ...]:
        """The cells, in order of their first launch."""
        return tuple(self.cells.values())


class Word(str, Enum):
    """What a ratio of measured to published earns. "Above" a latency is slower, not better."""

    WITHIN = "within"
    ABOVE = "above"
    BELOW = "below"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A word for a ratio, and why; `band` has the ratios that are within, None without a band."""

    word: Word
    reason: str
    band: Interval | None = None

    @property
    def said(self) -> str:
        """The word beside a ratio; empty where it is not judged."""
        return "" if self.word is Word.NOT_JUDGED else self.word.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedNumber:
    """A number of the page as measured and as published, both in `unit`.

    `unit` is the page's: img/s, ms, h, or x for a factor. `interval` encloses the measured number
    with 95 % confidence, None if it is not known; `samples` are the steps behind it. `ratio` is
    measured / published, None where one is missing; `ratio_interval` encloses it with 95 %
    confidence, by the differences between launches (see `suite.analysis.ratios`): None for other
    numbers than throughputs and mean latencies, and for too few launches. `judgement` is None
    without a ratio, or where none is made. `cautions` are the doubts about the measured number,
    which is not of a whole measurement unless `is_whole`.
    """

    unit: str
    measured: float | None
    interval: Interval | None = None
    samples: int = 0
    published: float | None
    ratio: float | None
    ratio_interval: Interval | None = None
    judgement: Judgement | None = None
    cautions: tuple[Caution, ...] = ()
    is_whole: bool = True


class Side(str, Enum):
    """Where a cell was found."""

    BOTH = "both"
    MEASURED = "measured"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCell:
    """A cell of a run, of a reference, or of both, with a number for each metric of the page."""

    key: Key
    side: Side
    cell_id: str | None
    result: CellResult | None
    row: ReferenceRow | None
    numbers: Mapping[Metric, ComparedNumber]

    def measured(self, metric: Metric) -> float | None:
        """The measured number in the page's units (img/s, ms), or None."""
        return self.numbers[metric].measured

    def published(self, metric: Metric) -> float | None:
        """The published number in the page's units, or None."""
        return self.numbers[metric].published

    def ratio(self, metric: Metric) -> float | None:
        """Measured / published, or None where one of them is missing."""
        return self.numbers[metric].ratio

    def judgement(self, metric: Metric) -> Judgement | None:
        """The word for the ratio; None without a ratio."""
        return self.numbers[metric].judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTraining:
    """A line of the page's training table and of its table of hours, of cells that were measured.

    `batch_size_base` is that of the base precision; None where a side is absent from the page.
    """

    gpus: int
    batch_size_base: int | None
    batch_size_amp: int | None
    base: ComparedNumber
    amp: ComparedNumber
    speedup: ComparedNumber
    base_weak_scaling: ComparedNumber
    amp_weak_scaling: ComparedNumber
    base_hours: ComparedNumber
    amp_hours: ComparedNumber

    @property
    def performance(self) -> tuple[ComparedNumber, ...]:
        """The columns of the page's training table, in its order."""
        return (
            self.base,
            self.amp,
            self.speedup,
            self.base_weak_scaling,
            self.amp_weak_scaling,
        )

    @property
    def hours(self) -> tuple[ComparedNumber, ...]:
        """The columns of the page's table of hours, in which mixed precision comes first."""
        return (self.amp_hours, self.base_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTable:
    """A training table of the page: AMP beside a base precision, with or without XLA."""

    base_precision: Precision
    xla: bool
    lines: tuple[ComparedTraining, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypicalRatio:
    """Measured / published throughput of several cells: their median, lowest and highest ratio."""

    median: float
    lowest: float
    highest: float
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run (its place in `Report.runs`) beside a published system.

    `device` is what the compared cells ran on, and `published_for` the system's title; `same_gpu`
    says whether it is the system's GPU, form factor and memory included. Scaling is weak, and it
    and speed-ups are by the published estimator. `typical` is of the cells that are beyond doubt on
    both sides; None on another GPU, or where there is no such cell.
    """

    run: int
    device: str
    reference: str
    published_for: str
    same_gpu: bool
    cells: tuple[ComparedCell, ...]
    training: tuple[TrainingTable, ...]
    measured_scaling: Scaling
    published_scaling: Scaling
    typical: TypicalRatio | None
    speedups: tuple[Speedup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedNumber:
    """A number of two runs, both in `unit`, and what the second is of the first.

    `ratio` is other / base, None where one is missing. `ratio_interval` encloses it with 95 %
    confidence, by the differences between the launches of each side (see
    `suite.analysis.ratios`); None for too few launches.
    """

    unit: str
    base: float | None
    other: float | None
    ratio: float | None
    ratio_interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedCell:
    """A cell of both runs: throughput as images / elapsed time in img/s, median latency in ms.

    `cell_id` is without the type of GPU if the two sides name different ones.
    """

    cell_id: str
    base: CellResult
    other: CellResult
    throughput: PairedNumber
    latency_p50: PairedNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedRun:
    """A side of a pair: its place in `Report.runs`, None for a table that was saved earlier."""

    run: int | None
    matrix: str
    device: str
    started_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPair:
    """A run set beside another, the base; every ratio is the run's number over the base's.

    `differences` are those of device, software, machine, protocol and what really ran in the cells
    of both; None where a side is a saved table, which tells nothing of them. `only_base` and
    `only_other` are the ids of the cells that just one side has.
    """

    base: PairedRun
    other: PairedRun
    differences: tuple[Difference, ...] | None
    cells: tuple[PairedCell, ...]
    only_base: tuple[str, ...]
    only_other: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Runs, of one machine or several, and those of them that are set beside published tables.

    `pairs` are runs set beside each other, all beside the same base.
    """

    runs: tuple[ReportedRun, ...]
    comparisons: tuple[Comparison, ...]
    pairs: tuple[RunPair, ...] = ()
    report_version: int = REPORT_VERSION

    def frame(self) -> "pd.DataFrame":
        """A row for each cell of each run, with its axes, status, cautions and numbers.

        Columns are named as the fields of `Cell` and `Summary`, with their units; `run` is the
        place of the run in this report. Where a cell has a published row, `reference` names the
        table, and each metric has a column for the published number, in the page's unit, and one
        for measured / published; where that is a ratio of means, two more enclose it.
        """
        from suite.model.frames import cell_frame

        return cell_frame(self)

    def samples(self) -> "pd.DataFrame":
        """A row for each step: run, cell, launch, phase (warm-up, measuring), step and seconds."""
        from suite.model.frames import sample_frame

        return sample_frame(self)
