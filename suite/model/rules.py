"""What a gate calls a loss, which differences it allows, and what it takes for a sign of noise."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from suite.model.bounds import Bounds
from suite.model.cell import Cell
from suite.model.gate import Metric

# In percent: below a tenth of one no machine here repeats itself, and above 100 % time doubles.
LOSS_PERCENT = Bounds(0.1, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallBatches:
    """The minimum loss of cells of up to this batch size per GPU, as a share."""

    up_to: int
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumLoss:
    """The smallest loss that is worth a verdict, as a share: 0.05 for 5 %.

    `usual` is that of all cells but those of small batches, which spend their time in launching and
    vary by more: the first of `small_batches`, which rise, that takes a cell's batch size counts.
    """

    usual: float
    small_batches: tuple[SmallBatches, ...] = ()

    def of(self, cell: Cell) -> float:
        """That of a cell."""
        small = (each.loss for each in self.small_batches if cell.batch_size <= each.up_to)
        return next(small, self.usual)


# Across days, which differ by about 1 % where nothing changed; tests/gate_rates.py has the rates.
_LOSS = MinimumLoss(usual=0.05, small_batches=(SmallBatches(up_to=2, loss=0.10),))
_MINIMUM_LOSSES = {
    Metric.THROUGHPUT: _LOSS,
    Metric.LATENCY_P50: _LOSS,
    Metric.LATENCY_P99: MinimumLoss(usual=0.10),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """The rules of a gate beside a stored baseline.

    `gated` are the metrics that decide; others are shown. `allowed` names the differences that may
    change times and are allowed all the same; the version of the suite always is. `canary` is the
    id of a cell that no change of the code touches, None for none. `wanted_loss` is the loss, as a
    share, that a comparison has to be able to find; None for one that follows from the minimum
    loss.
    """

    minimum_losses: Mapping[Metric, MinimumLoss] = field(default_factory=_MINIMUM_LOSSES.copy)
    gated: tuple[Metric, ...] = (Metric.THROUGHPUT,)
    allowed: tuple[str, ...] = ()
    canary: str | None = None
    wanted_loss: float | None = None
