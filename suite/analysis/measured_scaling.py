"""How training throughput grows with GPUs: lines and curves from measured or published cells."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from suite.analysis.scaling import time_to_train_hours
from suite.model.cell import Cell, Mode
from suite.model.launch import Caution, Status
from suite.model.reference import Reference
from suite.model.run import CellResult


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
    is also the ratio of step times; None where `problem` says what is missing. `hours` are those
    of 90 epochs of ImageNet at `img_s`. `cautions` are the doubts attached to either number.
    """

    cell: Cell
    base: Cell
    base_img_s: float | None
    img_s: float | None
    factor: float | None
    hours: float | None
    problem: str = ""
    cautions: tuple[Caution, ...] = ()

    @property
    def of_linear(self) -> float | None:
        """The share of linear scaling that was reached; 1.0 is a factor equal to the GPUs."""
        return None if self.factor is None else self.factor / self.cell.gpus


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Throughput in images/s on this many GPUs."""

    gpus: int
    img_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingCurve:
    """Throughput by GPUs, from one GPU on; `base` tells its conditions.

    `factor` is that of its last point, as the line states it.
    """

    base: Cell
    points: tuple[CurvePoint, ...]
    factor: float


def base_of(cell: Cell, kind: ScalingKind) -> Cell:
    """The cell on one GPU that is alike in everything that scaling of this kind keeps equal."""
    size = cell.batch_size if kind is ScalingKind.WEAK else cell.global_batch_size
    return replace(cell, gpus=1, batch_size=size)


def scaling_lines(
    results: Sequence[CellResult], kind: ScalingKind, estimator: Estimator
) -> tuple[ScalingLine, ...]:
    """A line for every training cell on several GPUs, by base and then by GPUs.

    A cell whose only base belongs to the other kind has no line in this one. Nothing at all
    where the run has a single number of GPUs.
    """
    training = {result.cell: result for result in results if result.cell.mode is Mode.TRAINING}
    if len({cell.gpus for cell in training}) < 2:
        return ()
    several = [cell for cell in training if cell.gpus > 1 and _belongs(cell, kind, training)]
    bases = list(dict.fromkeys(base_of(cell, kind) for cell in several))
    several.sort(key=lambda cell: (bases.index(base_of(cell, kind)), cell.gpus))
    return tuple(
        _line(training[cell], base_of(cell, kind), training.get(base_of(cell, kind)), estimator)
        for cell in several
    )


def published_lines(reference: Reference) -> tuple[ScalingLine, ...]:
    """The weak scaling of a reference, with its own factors and hours."""
    table = reference.table
    lines: dict[Cell, ScalingLine] = {}
    for row in reference.scaling:
        sides = (
            (row.base_key, row.weak_scaling_base),
            (row.amp_key, row.weak_scaling_amp),
        )
        for key, factor in sides:
            if row.gpus == 1 or key is None or factor is None:
                continue
            cell = Cell(
                mode=key.mode,
                precision=key.precision,
                xla=key.xla,
                batch_size=key.batch_size,
                gpus=key.gpus,
            )
            lines[cell] = ScalingLine(
                cell=cell,
                base=base_of(cell, ScalingKind.WEAK),
                base_img_s=table.rate(key.on_one_gpu),
                img_s=table.rate(key),
                factor=factor,
                hours=reference.hours(key),
            )
    return tuple(lines.values())


def scaling_curves(lines: Iterable[ScalingLine]) -> tuple[ScalingCurve, ...]:
    """A curve for each base; lines without both throughputs are left out."""
    whole: dict[Cell, list[ScalingLine]] = {}
    for line in lines:
        if None not in {line.base_img_s, line.img_s, line.factor}:
            whole.setdefault(line.base, []).append(line)
    return tuple(_curve(base, alike) for base, alike in whole.items())


def _curve(base: Cell, lines: Sequence[ScalingLine]) -> ScalingCurve:
    rates = {1: lines[0].base_img_s, **{line.cell.gpus: line.img_s for line in lines}}
    last = max(lines, key=lambda line: line.cell.gpus)
    return ScalingCurve(
        base=base,
        points=tuple(
            CurvePoint(gpus, rate) for gpus, rate in sorted(rates.items()) if rate is not None
        ),
        factor=last.factor or 0.0,
    )


def _belongs(cell: Cell, kind: ScalingKind, cells: Collection[Cell]) -> bool:
    """Whether a cell has its base here, or has none at all and this kind is what was meant."""
    based = [one for one in ScalingKind if base_of(cell, one) in cells]
    if based:
        return kind in based
    strong_only = _alone(cell, ScalingKind.WEAK, cells) and not _alone(
        cell, ScalingKind.STRONG, cells
    )
    return kind is (ScalingKind.STRONG if strong_only else ScalingKind.WEAK)


def _alone(cell: Cell, kind: ScalingKind, cells: Collection[Cell]) -> bool:
    return all(other == cell or base_of(other, kind) != base_of(cell, kind) for other in cells)


def _line(
    result: CellResult, base: Cell, base_result: CellResult | None, estimator: Estimator
) -> ScalingLine:
    rate, base_rate = _rate(result, estimator), _rate(base_result, estimator)
    cautions = (*(base_result.cautions if base_result else ()), *result.cautions)
    problem = ""
    if rate is None:
        problem = _lack(result)
    elif base_rate is None:
        problem = f"base {_lack(base_result)}"
    return ScalingLine(
        cell=result.cell,
        base=base,
        base_img_s=base_rate,
        img_s=rate,
        factor=rate / base_rate if rate is not None and base_rate is not None else None,
        hours=None if rate is None else time_to_train_hours(rate),
        problem=problem,
        cautions=tuple(dict.fromkeys(cautions)),
    )


def _rate(result: CellResult | None, estimator: Estimator) -> float | None:
    """The throughput of a whole measurement; a cell that lacks a launch has none."""
    if result is None or not result.is_whole or result.summary is None:
        return None
    rate: float = getattr(result.summary, estimator.value)
    return rate


def _lack(result: CellResult | None) -> str:
    """Why a cell has no throughput, in the words of its status."""
    if result is None:
        return "not run"
    if result.status is not Status.OK:
        return str(result.status.value).replace("_", " ")
    return "no sample" if result.is_finished else "not finished"
