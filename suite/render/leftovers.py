"""What of a comparison has no ratio, and why."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from suite.core import page
from suite.core.comparison import ComparedCell, Side, weak_scaling_of
from suite.core.launch import Status
from suite.core.reference import Metric


def leftovers(cells: Sequence[ComparedCell]) -> Iterator[tuple[str, list[str]]]:
    """Cells that have no ratio, and why: a heading and its lines for each kind."""
    failed = [
        f"{cell.result.cell.id}: {cell.result.status.value.replace('_', ' ')}: {cell.result.reason}"
        for cell in cells
        if cell.side is Side.BOTH and cell.result and cell.result.status is not Status.OK
    ]
    if failed:
        yield "Published, but without a whole measurement:", failed
    unscaled = [
        f"{line.cell.id}: {line.problem}" for line in weak_scaling_of(cells) if line.problem
    ]
    if unscaled:
        yield "Without weak scaling:", unscaled
    unjudged = {
        f"batch {cell.key[4]}, {page.precision_title(cell.key[1])}{' + XLA' * cell.key[2]}:"
        f" {cell.judgements[Metric.THROUGHPUT].reason}"
        for cell in cells
        if cell.row and not cell.row.estimators_agree and Metric.THROUGHPUT in cell.judgements
    }
    if unjudged:
        yield "Not judged:", sorted(unjudged)
    for side, heading in (
        (Side.MEASURED, "Measured, but not published:"),
        (Side.PUBLISHED, "Published, but not in this run:"),
    ):
        rows = [cell for cell in cells if cell.side is side]
        if rows:
            yield heading, list(_by_condition(rows))


def _by_condition(cells: Sequence[ComparedCell]) -> Iterator[str]:
    for (mode, precision, xla, gpus), group in groupby(cells, key=lambda cell: cell.key[:4]):
        several = f", {gpus} GPUs" if gpus > 1 else ""
        sizes = ", ".join(str(cell.key[4]) for cell in group)
        name = page.precision_title(precision)
        yield f"{mode.value}, {name}{' + XLA' * xla}{several}: batch {sizes}"
