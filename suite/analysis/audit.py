"""What the published page derives from itself, derived again; and where the two disagree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from suite.analysis.bands import Band, ReplicatedCell, derive_bands, replicated_cells
from suite.analysis.scaling import time_to_train_hours
from suite.model.cell import Mode
from suite.model.reference import (
    Key,
    Metric,
    ReferenceRow,
    ReferenceTable,
    ScalingRow,
    TimeToTrainRow,
    printed_rounding,
)

# The two systems whose GPUs share one design (V100), hence the page's only replication.
REPLICATED = ("dgx1", "dgx2")

# The page prints ratios to 0.01 and hours to 1 or, where it prints a half, to 0.5. A derived
# number agrees with any value that rounds or is cut to it, so it is good to one such unit.
RATIO_UNIT = 0.01
HOURS_UNIT = 1.0
HALF_HOURS_UNIT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedNumber:
    """A derived number as printed, and what the numbers it derives from give.

    `low` and `high` bound the recomputed number, given the rounding of those it derives from;
    `unit` is the last printed place. `source` shows the numbers.
    """

    system: str
    gpus: int
    quantity: str
    source: str
    printed: float
    unit: float
    recomputed: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether rounding can explain the difference."""
        return self.low - self.unit < self.printed < self.high + self.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The findings over all tables.

    `inference` are the rows with latencies. `unsteady` are those of them whose throughput is off
    batch size / average latency by more than 2 %, and `early_p90` those whose 90 % latency is
    below the average. `ratios` and `hours` are all derived numbers, agreeing or not.
    """

    inference: tuple[ReferenceRow, ...]
    unsteady: tuple[ReferenceRow, ...]
    early_p90: tuple[ReferenceRow, ...]
    ratios: tuple[DerivedNumber, ...]
    hours: tuple[DerivedNumber, ...]
    replicated: tuple[ReplicatedCell, ...]
    bands: tuple[Band, ...]


def audit(
    tables: Mapping[str, ReferenceTable],
    scaling: Sequence[ScalingRow],
    times: Sequence[TimeToTrainRow],
) -> Audit:
    """Check the published tables, by name, against each other.

    A derived number is checked where the throughputs it derives from are in the tables.
    """
    rows = [row for table in tables.values() for row in table.rows]
    by_key = {(row.system, row.key): row for row in rows}
    inference = tuple(row for row in rows if row.estimator_ratio is not None)
    replicated = replicated_cells(*(tables[name] for name in REPLICATED))
    return Audit(
        inference=inference,
        unsteady=tuple(row for row in inference if not row.estimators_agree),
        early_p90=tuple(row for row in inference if _p90_below_average(row)),
        ratios=tuple(number for line in scaling for number in _derived_ratios(line, by_key)),
        hours=tuple(number for time in times for number in _derived_hours(time, rows)),
        replicated=replicated,
        bands=derive_bands(replicated),
    )


def _p90_below_average(row: ReferenceRow) -> bool:
    p90, average = row.latency_p90_ms, row.latency_avg_ms
    return p90 is not None and average is not None and p90 < average


def _derived_ratios(
    line: ScalingRow, rows: Mapping[tuple[str, Key], ReferenceRow]
) -> Iterator[DerivedNumber]:
    def published(key: Key | None) -> ReferenceRow | None:
        return rows.get((line.system, key)) if key else None

    base, base_one = published(line.base_key), published(line.base_key and line.base_key.on_one_gpu)
    amp, amp_one = published(line.amp_key), published(line.amp_key and line.amp_key.on_one_gpu)
    quotients = [("amp speedup", line.throughput_speedup, amp, base)]
    if line.gpus > 1:
        quotients += [
            (f"{line.base_precision.value} weak scaling", line.weak_scaling_base, base, base_one),
            ("amp weak scaling", line.weak_scaling_amp, amp, amp_one),
        ]
    for quantity, printed, row, below in quotients:
        if printed is not None and row is not None and below is not None:
            yield _quotient(line, quantity, printed, row, below)


def _quotient(
    line: ScalingRow, quantity: str, printed: float, row: ReferenceRow, below: ReferenceRow
) -> DerivedNumber:
    above_rounding = printed_rounding(row, Metric.THROUGHPUT)
    below_rounding = printed_rounding(below, Metric.THROUGHPUT)
    return DerivedNumber(
        system=line.system,
        gpus=line.gpus,
        quantity=quantity,
        source=f"{row.throughput_img_s:g} / {below.throughput_img_s:g} img/s",
        printed=printed,
        unit=RATIO_UNIT,
        recomputed=row.throughput_img_s / below.throughput_img_s,
        low=(row.throughput_img_s - above_rounding) / (below.throughput_img_s + below_rounding),
        high=(row.throughput_img_s + above_rounding) / (below.throughput_img_s - below_rounding),
    )


def _derived_hours(time: TimeToTrainRow, rows: Sequence[ReferenceRow]) -> Iterator[DerivedNumber]:
    """One number per training row that the hours can stand for."""
    for row in rows:
        if row.mode is not Mode.TRAINING or (row.system, row.precision, row.xla, row.gpus) != (
            time.system,
            time.precision,
            time.xla,
            time.gpus,
        ):
            continue
        rounding = printed_rounding(row, Metric.THROUGHPUT)
        yield DerivedNumber(
            system=time.system,
            gpus=time.gpus,
            quantity=f"{time.precision.value} hours",
            source=f"{time.epochs} epochs at {row.throughput_img_s:g} img/s",
            printed=time.hours,
            unit=HOURS_UNIT if time.hours.is_integer() else HALF_HOURS_UNIT,
            recomputed=time_to_train_hours(row.throughput_img_s, time.epochs),
            low=time_to_train_hours(row.throughput_img_s + rounding, time.epochs),
            high=time_to_train_hours(row.throughput_img_s - rounding, time.epochs),
        )
