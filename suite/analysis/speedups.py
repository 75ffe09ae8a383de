"""What mixed precision and XLA bring: a cell over the one that differs in that alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from suite.analysis.ratios import log_ratio_interval
from suite.analysis.scaling import speedup
from suite.model.cell import Cell, Precision
from suite.model.reference import ReferenceTable
from suite.model.report import Estimator, Speedup
from suite.model.run import CellResult
from suite.model.summary import Interval, Summary


def speedups(
    results: Sequence[CellResult],
    launches: Mapping[Cell, Sequence[Summary]],
    estimator: Estimator,
    published: ReferenceTable | None = None,
) -> tuple[Speedup, ...]:
    """AMP over FP32 and over TF32, and XLA over none, wherever both cells are in the run.

    `launches` are the summaries of each cell's launches that are ok. `published` is the table that
    the cells stand beside, if any: it has speed-ups of its own, by the estimator of the page.
    """
    by_cell = {result.cell: result for result in results}
    return tuple(
        _speedup(by_cell[over], by_cell[under], launches, estimator, published)
        for over in by_cell
        for under in _bases(over)
        if under in by_cell
    )


def _bases(cell: Cell) -> Iterator[Cell]:
    """The cells without what a cell may have gained by."""
    if cell.precision is Precision.AMP:
        yield replace(cell, precision=Precision.FP32)
        yield replace(cell, precision=Precision.TF32)
    if cell.xla:
        yield replace(cell, xla=False)


def _speedup(
    over: CellResult,
    under: CellResult,
    launches: Mapping[Cell, Sequence[Summary]],
    estimator: Estimator,
    published: ReferenceTable | None,
) -> Speedup:
    ratio = None
    if over.summary is not None and under.summary is not None:
        ratio = speedup(_rate(over.summary, estimator), _rate(under.summary, estimator))
    sides = [
        [_rate(launch, estimator) for launch in launches.get(side.cell, ())]
        for side in (over, under)
    ]
    return Speedup(
        numerator=over.cell.id,
        denominator=under.cell.id,
        ratio=ratio,
        interval=_interval(ratio, *sides),
        cautions=tuple(dict.fromkeys((*over.cautions, *under.cautions))),
        is_whole=over.is_whole and under.is_whole,
        published=_published(over.cell, under.cell, published),
    )


def _rate(summary: Summary, estimator: Estimator) -> float:
    rate: float = getattr(summary, estimator.value)
    return rate


def _interval(
    ratio: float | None, over: Sequence[float], under: Sequence[float]
) -> Interval | None:
    """The interval of a ratio; None where it does not enclose the one that is shown.

    The ratio pools steps and the interval takes each launch once: if launches of very unequal
    lengths differ, the two tell of different things.
    """
    found = log_ratio_interval(over, under)
    return found if ratio is not None and found and found[0] <= ratio <= found[1] else None


def _published(over: Cell, under: Cell, table: ReferenceTable | None) -> float | None:
    rows = [table.find(cell) for cell in (over, under)] if table else []
    found = [row.throughput_img_s for row in rows if row is not None]
    return speedup(*found) if len(found) == 2 else None
