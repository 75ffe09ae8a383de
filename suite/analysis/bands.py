"""How far two honest measurements of one published cell lie apart, and the word that earns.

The page has no variance of its own, but it holds one replication: the same code on the V100s of
two systems. Bands are the widest factors between those two, per class of cells.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from suite.model.cell import Cell
from suite.model.reference import Metric, ReferenceRow, ReferenceTable, printed_rounding
from suite.model.report import Judgement, Word

# Cells that behave alike: (xla, smallest batch size, largest or None). Without XLA the two
# systems part at batch sizes 1 and 2, with XLA up to 8: there the host sets the pace.
CLASSES = ((False, 1, 3), (False, 4, None), (True, 1, 15), (True, 16, None))

# The 99th percentile is left out: the published tables have at most 350 samples per row, and a
# two-sided 95 % interval on it needs 368 (its upper end, the slowest sample, lies below the true
# percentile with probability 0.99^n, which is 2.5 % at n = 368).
JUDGED = (Metric.THROUGHPUT, Metric.LATENCY_AVG, Metric.LATENCY_P90, Metric.LATENCY_P95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The factor by which a metric may differ from the reference, for a class of cells.

    A measured / published ratio is within the band from 1 / (1 + tolerance) to 1 + tolerance.
    Batch sizes are inclusive, None for no upper limit. `pairs` counts the replicated cells
    behind the tolerance, and `note` names the widest of them.
    """

    metric: Metric
    gpus: int
    xla: bool
    batch_size_from: int
    batch_size_to: int | None
    tolerance: float
    pairs: int
    note: str = ""

    def overlaps(self, other: "Band") -> bool:
        """Whether some cell has both bands for one metric."""
        first, second = sorted((self, other), key=lambda band: band.batch_size_from)
        limit = math.inf if first.batch_size_to is None else first.batch_size_to
        return (
            (self.metric, self.gpus, self.xla) == (other.metric, other.gpus, other.xla)
        ) and second.batch_size_from <= limit

    def holds(self, subject: Cell | ReferenceRow, metric: Metric) -> bool:
        """Whether this band is the one for a metric of a cell or of a reference row."""
        limit = math.inf if self.batch_size_to is None else self.batch_size_to
        return (
            (metric, subject.gpus, subject.xla) == (self.metric, self.gpus, self.xla)
        ) and self.batch_size_from <= subject.batch_size <= limit


@dataclass(frozen=True, slots=True)
class ReplicatedCell:
    """The same cell published for two systems with the same GPU silicon."""

    first: ReferenceRow
    second: ReferenceRow

    def factor(self, metric: Metric) -> float | None:
        """The larger over the smaller value, at least 1; None where one was not published."""
        first, second = self.first.value(metric), self.second.value(metric)
        return max(first, second) / min(first, second) if first and second else None

    def widest_factor(self, metric: Metric) -> float | None:
        """The largest factor that the two printed, hence rounded, numbers allow."""
        rows = sorted((self.first, self.second), key=lambda row: row.value(metric) or 0.0)
        smaller, larger = (row.value(metric) for row in rows)
        if not smaller or not larger:
            return None
        return (larger + printed_rounding(rows[1], metric)) / (
            smaller - printed_rounding(rows[0], metric)
        )


def replicated_cells(first: ReferenceTable, second: ReferenceTable) -> tuple[ReplicatedCell, ...]:
    """The cells that two tables share, in the order of the first."""
    others = second.by_key
    return tuple(ReplicatedCell(row, others[row.key]) for row in first.rows if row.key in others)


def derive_bands(replicated: Sequence[ReplicatedCell]) -> tuple[Band, ...]:
    """One band per metric, GPU count and class: the widest factor of its replicated cells.

    The factor includes the rounding of both printed numbers and is rounded up to a whole percent
    above 1. Every cell counts, in both modes and all precisions, also where a row's estimators
    disagree: unsteadiness is part of what separates two machines. A class without any has no
    band.
    """
    unfilled = (
        Band(
            metric=metric,
            gpus=gpus,
            xla=xla,
            batch_size_from=smallest,
            batch_size_to=largest,
            tolerance=0.0,
            pairs=0,
        )
        for metric in JUDGED
        for gpus in sorted({cell.first.gpus for cell in replicated})
        for xla, smallest, largest in CLASSES
    )
    filled = (_filled(band, replicated) for band in unfilled)
    return tuple(band for band in filled if band is not None)


def _filled(band: Band, replicated: Sequence[ReplicatedCell]) -> Band | None:
    metric = band.metric
    factors = {
        cell: factor
        for cell in replicated
        if band.holds(cell.first, metric) and (factor := cell.widest_factor(metric)) is not None
    }
    if not factors:
        return None
    widest = max(factors, key=lambda cell: factors[cell])
    factor = factors[widest]
    percent = math.ceil(round((factor - 1) * 100, 6))  # a float a hair over 12 is 12
    row = widest.first
    note = (
        f"widest: {row.mode.value} {row.precision.value} batch {row.batch_size},"
        f" {row.value(metric)} on {row.system} and {widest.second.value(metric)} on"
        f" {widest.second.system}"
    )
    return replace(band, tolerance=percent / 100, pairs=len(factors), note=note)


def band_for(subject: Cell | ReferenceRow, metric: Metric, bands: Sequence[Band]) -> Band | None:
    """The first band that holds for a metric of a cell or of a reference row, or None."""
    return next((band for band in bands if band.holds(subject, metric)), None)


def judge(
    ratio: float, metric: Metric, row: ReferenceRow, bands: Sequence[Band] | None
) -> Judgement:
    """The word for measured / published of one metric of one reference row.

    It says how the ratio stands to what separates two machines with the same GPU; it is context,
    never a pass or a fail. Without bands the ratio is one to another GPU.
    """
    if bands is None:
        return Judgement(Word.NOT_JUDGED, "the reference is for another GPU")
    if metric not in JUDGED:
        return Judgement(
            Word.NOT_JUDGED,
            "the published p99 rests on 350 samples or fewer, an interval needs 368",
        )
    if not row.estimators_agree:
        return Judgement(
            Word.NOT_JUDGED,
            "the reference row disagrees with itself: its throughput is"
            f" {row.estimator_ratio:.3f} x batch size / average latency",
        )
    band = band_for(row, metric, bands)
    if band is None:
        return Judgement(Word.NOT_JUDGED, "no reference band for this cell")
    lowest, highest = 1 / (1 + band.tolerance), 1 + band.tolerance
    word = Word.BELOW if ratio < lowest else Word.ABOVE if ratio > highest else Word.WITHIN
    reason = f"band {lowest:.2f} to {highest:.2f} from {band.pairs} replicated cells"
    return Judgement(word, reason, (lowest, highest))
