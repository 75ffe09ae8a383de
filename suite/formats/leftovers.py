"""What of a comparison has no ratio, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from suite.analysis.comparison import ComparedCell, Side, weak_scaling_of
from suite.formats.marks import named_not_run, shortfall
from suite.model import page
from suite.model.reference import Metric
from suite.model.run import Coverage


def leftovers(cells: Sequence[ComparedCell], coverage: Coverage) -> Iterator[tuple[str, list[str]]]:
    """Cells that have no ratio, or one that is not whole, and why: a heading and lines a kind."""
    lacking = [
        f"{cell.result.cell.id}: {shortfall(cell.result)}"
        for cell in cells
        if cell.result and not cell.result.is_whole
    ]
    if lacking or coverage.not_run:
        yield "Without a whole measurement:", lacking + named_not_run(coverage.not_run)
    unscaled = [
        f"{line.cell.id}: {line.problem}" for line in weak_scaling_of(cells) if line.problem
    ]
    if unscaled:
        yield "Without weak scaling:", unscaled
    unjudged = {
        f"batch {cell.key.batch_size}, {page.precision_title(cell.key.precision)}"
        f"{' + XLA' * cell.key.xla}: {cell.judgements[Metric.THROUGHPUT].reason}"
        for cell in cells
        if cell.row and not cell.row.estimators_agree and Metric.THROUGHPUT in cell.judgements
    }
    if unjudged:
        yield "Not judged:", sorted(unjudged)
    for side, heading in (
        (Side.MEASURED, "Measured, but not published:"),
        (Side.PUBLISHED, "Published, but not in this run:"),
    ):
        rows = [cell for cell in cells if cell.side is side and _has_a_number(cell)]
        if rows:
            yield heading, list(_by_condition(rows))


def _has_a_number(cell: ComparedCell) -> bool:
    return cell.row is not None or (cell.result is not None and cell.result.summary is not None)


def _by_condition(cells: Sequence[ComparedCell]) -> Iterator[str]:
    for alike, group in groupby(cells, key=lambda cell: replace(cell.key, batch_size=1)):
        several = f", {alike.gpus} GPUs" if alike.gpus > 1 else ""
        sizes = ", ".join(str(cell.key.batch_size) for cell in group)
        name = page.precision_title(alike.precision)
        yield f"{alike.mode.value}, {name}{' + XLA' * alike.xla}{several}: batch {sizes}"
