"""A run beside a reference table: one entry per cell of either side, joined on the conditions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import pandas as pd

from suite.analysis.bands import Band, Judgement, judge
from suite.analysis.measured_scaling import Estimator, ScalingKind, ScalingLine, scaling_lines
from suite.analysis.scaling import scaling_of
from suite.model.cell import KernelName
from suite.model.errors import NotComparableError
from suite.model.launch import Status
from suite.model.reference import Key, Metric, ReferenceRow, ReferenceTable, key_of
from suite.model.run import CellResult
from suite.model.summary import Summary
from suite.model.text import spreadsheet_text

# The page's columns by the page's own definitions: throughput is the mean of per-step rates,
# latencies are ms per step with linearly interpolated percentiles.
_MEASURED: Mapping[Metric, Callable[[Summary], float]] = {
    Metric.THROUGHPUT: lambda summary: summary.mean_of_rates,
    Metric.LATENCY_AVG: lambda summary: summary.mean_seconds * 1e3,
    Metric.LATENCY_P90: lambda summary: summary.p90_seconds * 1e3,
    Metric.LATENCY_P95: lambda summary: summary.p95_seconds * 1e3,
    Metric.LATENCY_P99: lambda summary: summary.p99_seconds * 1e3,
}


# Begins the titles of a reference's further columns in comparison.csv; no title of ours does.
_EXTRA = "reference_"


class Side(str, Enum):
    """Where a cell was found."""

    BOTH = "both"
    MEASURED = "measured"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCell:
    """A cell of a run, of a reference, or of both. `judgements` has the metrics with a ratio."""

    key: Key
    side: Side
    result: CellResult | None
    row: ReferenceRow | None
    judgements: Mapping[Metric, Judgement]

    def measured(self, metric: Metric) -> float | None:
        """The measured number in the page's units (img/s, ms), or None."""
        summary = self.result.summary if self.result else None
        return _MEASURED[metric](summary) if summary else None

    def published(self, metric: Metric) -> float | None:
        """The published number in the page's units, or None."""
        return self.row.value(metric) if self.row else None

    def ratio(self, metric: Metric) -> float | None:
        """Measured / published, or None where one of them is missing."""
        return _ratio(self.measured(metric), self.published(metric))


def compare(
    results: Sequence[CellResult], table: ReferenceTable, bands: Sequence[Band]
) -> tuple[ComparedCell, ...]:
    """Join the cells of a run with the rows of a reference, in the page's order.

    A measured cell that does other work than the published (DALI, a batch kept on the GPU, another
    image size, the simulated kernel) joins no row.

    Raises:
        NotComparableError: no cell is on both sides, nor is any weak scaling.
    """
    measured = [
        _compared(key_of(result.cell), result, table.find(result.cell), bands) for result in results
    ]
    joined = {cell.key for cell in measured if cell.row is not None}
    unjoined = [row for row in table.rows if row.key not in joined]
    cells = [*measured, *(_compared(row.key, None, row, bands) for row in unjoined)]
    common = any(cell.side is Side.BOTH for cell in cells)
    if not common and not _both_scale(cells, table):
        raise NotComparableError(
            f"the run and reference {table.name} have no cell in common; run the matrix that names"
            " this reference"
        )
    return tuple(sorted(cells, key=_order))


def weak_scaling_of(cells: Sequence[ComparedCell]) -> tuple[ScalingLine, ...]:
    """The measured weak scaling of the real network, by the published estimator."""
    results = [cell.result for cell in cells if cell.result is not None]
    real = [result for result in results if result.cell.kernel is KernelName.RESNET50]
    return scaling_lines(real, ScalingKind.WEAK, Estimator.MEAN_OF_RATES)


def comparison_frame(cells: Sequence[ComparedCell]) -> pd.DataFrame:
    """One line per cell for comparison.csv; numbers in the page's units, ratios and words.

    The last columns are those that the reference's file has beyond the published ones.
    """
    lines = [
        {
            name: spreadsheet_text(value) if isinstance(value, str) else value
            for name, value in _line(cell).items()
        }
        for cell in cells
    ]
    frame = pd.DataFrame(lines).astype(
        dict.fromkeys(("samples", "launches", "launches_planned"), "Int64")
    )
    return frame.rename(columns=spreadsheet_text)


def _both_scale(cells: Sequence[ComparedCell], table: ReferenceTable) -> bool:
    """Whether several GPUs were set over one, at whatever batch size, in both."""
    published = any(
        line.gpus > 1 and (line.weak_scaling_base or line.weak_scaling_amp)
        for line in scaling_of(table.rows)
    )
    return published and any(line.factor for line in weak_scaling_of(cells))


def _compared(
    key: Key, result: CellResult | None, row: ReferenceRow | None, bands: Sequence[Band]
) -> ComparedCell:
    side = Side.BOTH if result and row else Side.MEASURED if result else Side.PUBLISHED
    cell = ComparedCell(key=key, side=side, result=result, row=row, judgements={})
    ratios = [(metric, cell.ratio(metric)) for metric in Metric]
    judgements = {
        metric: judge(ratio, metric, row, bands)
        for metric, ratio in ratios
        if ratio is not None and row is not None
    }
    return ComparedCell(key=key, side=side, result=result, row=row, judgements=judgements)


def _ratio(measured: float | None, published: float | None) -> float | None:
    return None if measured is None or published is None else measured / published


def _order(cell: ComparedCell) -> tuple[object, ...]:
    """The page's order; among cells alike, those that joined no row first."""
    return (cell.key.page_order, cell.row is not None)


def _line(cell: ComparedCell) -> dict[str, object]:
    key, result, row = cell.key, cell.result, cell.row
    status = result.status if result else None
    line: dict[str, object] = {
        "mode": key.mode.value,
        "precision": key.precision.value,
        "xla": str(key.xla).lower(),
        "gpus": key.gpus,
        "batch_size": key.batch_size,
        "side": cell.side.value,
        "cell": result.cell.id if result else None,
        "status": status.value if status else None,
        "reason": result.reason if result and status is not Status.OK else None,
        "samples": result.summary.count if result and result.summary else None,
        "launches": result.ok_launches if result else None,
        "launches_planned": result.planned_launches if result else None,
        "cautions": _kinds(result) if result else None,
    }
    for metric in Metric:
        judgement = cell.judgements.get(metric)
        line[f"{metric.value}_measured"] = cell.measured(metric)
        line[f"{metric.value}_published"] = cell.published(metric)
        line[f"{metric.value}_ratio"] = cell.ratio(metric)
        line[f"{metric.value}_word"] = judgement.word.value if judgement else None
    line["note"] = row.note if row else None
    line.update({f"{_EXTRA}{title}": text for title, text in row.extra.items()} if row else {})
    return line


def _kinds(result: CellResult) -> str:
    """The kinds of its cautions, each once, separated by a space."""
    return " ".join(dict.fromkeys(caution.kind.value for caution in result.cautions))
