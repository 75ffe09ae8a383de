"""A published table as data: what somebody else measured, under conditions stated in full."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from suite.model.cell import (
    PUBLISHED_IMAGE_SIZE,
    Cell,
    Data,
    Graph,
    KernelName,
    Mode,
    Precision,
)
from suite.model.systems import system_by_key

# A row whose throughput and average latency disagree by more is no yardstick.
ESTIMATOR_LIMIT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The conditions that tell the rows of one system apart; `batch_size` is per GPU."""

    mode: Mode
    precision: Precision
    xla: bool
    gpus: int
    batch_size: int

    @property
    def on_one_gpu(self) -> "Key":
        """The same on one GPU, which weak scaling is relative to."""
        return replace(self, gpus=1)

    @property
    def page_order(self) -> tuple[int, int, int, bool, int]:
        """What rows are sorted by to stand as on the page, one mode after the other."""
        mode, precision = list(Mode).index(self.mode), list(Precision).index(self.precision)
        return (mode, self.gpus, precision, self.xla, self.batch_size)


def key_of(conditions: "Cell | ReferenceRow") -> Key:
    """The key of a cell, or of a row."""
    return Key(
        mode=conditions.mode,
        precision=conditions.precision,
        xla=conditions.xla,
        gpus=conditions.gpus,
        batch_size=conditions.batch_size,
    )


def reference_key(cell: Cell) -> str | None:
    """The key of the published system whose GPU a cell names, which is where its reference is.

    None for a cell that names no GPU, or one of which nothing was published.
    """
    return cell.gpu if cell.gpu and system_by_key(cell.gpu) else None


class Printed(float):
    """A number that keeps the digits it was printed with: 6.940 is shown as 6.940, not as 6.94."""

    digits: str

    def __new__(cls, digits: str) -> "Printed":
        """The number that the digits stand for."""
        number = super().__new__(cls, digits)
        number.digits = digits
        return number


class Metric(str, Enum):
    """A number of a reference row; the value is the name of its column and of its field."""

    THROUGHPUT = "throughput_img_s"
    LATENCY_AVG = "latency_avg_ms"
    LATENCY_P90 = "latency_p90_ms"
    LATENCY_P95 = "latency_p95_ms"
    LATENCY_P99 = "latency_p99_ms"

    @property
    def is_mean(self) -> bool:
        """Whether it is a mean over steps, whose ratio launches can enclose."""
        return self in {Metric.THROUGHPUT, Metric.LATENCY_AVG}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """One published row under one full condition; a line of a reference CSV, field by column.

    `batch_size` is per GPU. Throughput is in images/s over all GPUs and latencies are in
    milliseconds per step, the page's own units. None stands for a number that was not published
    (training has no latencies). `note` says where the source itself has a slip. `extra` is the text
    of any further columns of the file, by title.
    """

    system: str
    gpu: str
    gpu_memory_gb: int
    mode: Mode
    precision: Precision
    xla: bool
    gpus: int
    batch_size: int
    throughput_img_s: float
    latency_avg_ms: float | None
    latency_p90_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    note: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> Key:
        """What tells this row from the others of its system."""
        return key_of(self)

    @property
    def estimator_ratio(self) -> float | None:
        """Published throughput over images / average latency; None without a latency.

        The published throughput is the mean of per-step rates, so the ratio is 1 for steady
        steps and grows by about the square of their coefficient of variation. Far from 1, the
        two columns of the row describe different things.
        """
        if self.latency_avg_ms is None:
            return None
        images = self.batch_size * self.gpus
        return self.throughput_img_s * self.latency_avg_ms / 1000 / images

    @property
    def estimators_agree(self) -> bool:
        """Whether the two estimators, where both are there, are within 2 % of each other."""
        ratio = self.estimator_ratio
        return ratio is None or abs(ratio - 1) <= ESTIMATOR_LIMIT

    def value(self, metric: Metric) -> float | None:
        """The number published for a metric, in the page's units."""
        number: float | None = getattr(self, metric.value)
        return number


def printed_rounding(row: ReferenceRow, metric: Metric) -> float:
    """Half a unit of the last place to which the page prints a number, in the number's own unit.

    Inference tables print two decimals, here and there three. Training tables print whole img/s
    whose trailing zeros beyond three digits are rounding: 909 +- 0.5, 17400 +- 50, 7000 +- 5.
    """
    number = row.value(metric)
    if row.mode is Mode.INFERENCE or number is None:
        return 0.005
    place: int = 10 ** max(0, len(str(int(number))) - 3)
    while number % place and place > 1:
        place //= 10
    return place / 2


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """The rows of one system, each key once; `name` is the stem of the file they came from."""

    name: str
    rows: tuple[ReferenceRow, ...]
    by_key: Mapping[Key, ReferenceRow] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {row.key: row for row in self.rows})

    def rate(self, key: Key | None) -> float | None:
        """Throughput in images/s under these conditions; None where it was not published."""
        row = self.by_key.get(key) if key else None
        return row.throughput_img_s if row else None

    def find(self, cell: Cell) -> ReferenceRow | None:
        """The row published for a cell, or None.

        A row stands for the real network on images of the published size fed by tf.data or from
        memory: the published scripts read TFRecords and the page offers synthetic images for the
        same commands, so both are set beside the row. DALI is a configuration of its own, for
        which no number was published; a batch that stays on the GPU leaves out the copy that the
        published runs made for every step; another image size, another graph or the simulated
        kernel is other work. Both modes of XLA are set beside the published auto-clustering, and
        both layouts beside the row: the tables were made in NCHW, and the published commands have
        computed in NHWC since April 2021. Neither changes what is computed. A cell that names the
        GPU of a published system is not set beside another one's.
        """
        as_published = (
            cell.kernel is KernelName.RESNET50
            and cell.image_size == PUBLISHED_IMAGE_SIZE
            and cell.data in {Data.SYNTHETIC, Data.TFRECORD}
            and cell.graph is Graph.EVALUATION
        )
        if not as_published:
            return None
        row = self.by_key.get(key_of(cell))
        own = reference_key(cell)
        if row is None or own in {None, row.system} or system_by_key(row.system) is None:
            return row
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyRow:
    """Top-1 accuracy in percent after training a system's GPUs for some epochs."""

    system: str
    epochs: int
    precision: Precision
    gpus: int
    batch_size: int
    top1_percent: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingRow:
    """The derived columns of one line of a training table.

    A line pairs a base precision (fp32 or tf32) with AMP on the same number of GPUs, each at its
    own batch size. `throughput_speedup` is AMP over base; the weak scalings are throughput on
    `gpus` over throughput on one. None stands for a side that is absent.
    """

    system: str
    gpus: int
    xla: bool
    base_precision: Precision
    batch_size_base: int | None
    batch_size_amp: int | None
    throughput_speedup: float | None
    weak_scaling_base: float | None
    weak_scaling_amp: float | None
    note: str = ""

    @property
    def base_key(self) -> Key | None:
        """The row of the base precision."""
        return self._key(self.base_precision, self.batch_size_base)

    @property
    def amp_key(self) -> Key | None:
        """The row of AMP."""
        return self._key(Precision.AMP, self.batch_size_amp)

    def _key(self, precision: Precision, batch_size: int | None) -> Key | None:
        if batch_size is None:
            return None
        return Key(
            mode=Mode.TRAINING,
            precision=precision,
            xla=self.xla,
            gpus=self.gpus,
            batch_size=batch_size,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToTrainRow:
    """Hours of training for some epochs of ImageNet, estimated from throughput.

    The published estimates name no batch size (None); it is that of the training table.
    """

    system: str
    gpus: int
    precision: Precision
    xla: bool
    batch_size: int | None
    epochs: int
    hours: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """All that is known of one system: its rows and the columns derived from them.

    `scaling` and `times` are as published where the table is, else derived from its rows.
    """

    table: ReferenceTable
    accuracy: tuple[AccuracyRow, ...]
    scaling: tuple[ScalingRow, ...]
    times: tuple[TimeToTrainRow, ...]

    def hours(self, key: Key | None) -> float | None:
        """Hours to train under the conditions of a row; a published time names no batch size."""
        if key is None:
            return None
        for time in self.times:
            same = (time.precision, time.xla, time.gpus) == (key.precision, key.xla, key.gpus)
            if same and time.batch_size in {None, key.batch_size}:
                return time.hours
        return None
