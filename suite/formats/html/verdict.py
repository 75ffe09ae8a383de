"""The top of the page: what a run is, what to be careful about, four facts and every cell."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from suite.formats.html.text import (
    cell_look,
    cell_name,
    conditions,
    day,
    moment,
    state_words,
    times,
)
from suite.formats.numbers import rate
from suite.formats.palette import Look
from suite.formats.scaling import rank_word
from suite.model.cell import Cell
from suite.model.reference import Metric
from suite.model.report import CellState, ComparedCell, Comparison, Report, ReportedRun, Side
from suite.model.run import CellResult
from suite.model.systems import system_by_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """A cell in the grid: its number, what that is (empty for the usual), and its state."""

    cell_id: str
    text: str
    unit: str
    state: CellState
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """Cells that differ in batch size alone; None where the matrix has no such cell."""

    look: Look
    conditions: str
    squares: tuple[Square | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every cell of a run that has a record; `of` says what their numbers are."""

    of: str
    batch_sizes: tuple[int, ...]
    rows: tuple[GridRow, ...]


def compared_cells(report: Report, place: int) -> Mapping[str, ComparedCell]:
    """The cells of a run that stand beside published numbers of the GPU that they ran on."""
    return {
        cell.cell_id: cell
        for comparison in comparisons_of(report, place)
        if comparison.same_gpu
        for cell in comparison.cells
        if cell.side is Side.BOTH and cell.cell_id is not None
    }


def comparisons_of(report: Report, place: int) -> list[Comparison]:
    """The published systems beside which a run stands."""
    return [comparison for comparison in report.comparisons if comparison.run == place]


def protocol_words(run: ReportedRun) -> str:
    """How cells were measured: `3 launches each, 50 warm-up and 350 measured steps a launch`."""
    protocol = run.header.protocol
    launches = "1 launch" if protocol.launches == 1 else f"{protocol.launches} launches"
    cap = f", at most {protocol.max_seconds:g} s" if protocol.max_seconds else ""
    return (
        f"{launches} each, {protocol.warmup_steps} warm-up and {protocol.measured_steps} measured"
        f" steps a launch{cap}"
    )


def when(run: ReportedRun) -> tuple[str, str]:
    """The day on which a run began, and its hours."""
    began, ended = moment(run.header.started_at), moment(run.ended_at)
    if began is None:
        return "", ""
    until = ""
    if ended is not None:
        later = f" on {day(ended)}" if ended.date() != began.date() else ""
        until = f" to {ended:%H:%M}{later}"
    return day(began), f"{began:%H:%M}{until} UTC"


def cautions_line(report: Report, place: int) -> str:
    """What a reader has to know before any number: `1 cell crashed; one launch each: ...`."""
    run = report.runs[place]
    return "; ".join(_cautions(run, comparisons_of(report, place)))


def _cautions(run: ReportedRun, comparisons: Sequence[Comparison]) -> Iterator[str]:
    header, coverage = run.header, run.coverage
    if not coverage.is_finished:
        yield (
            f"not finished: {coverage.ended_launches} of {coverage.planned_launches} launches have"
            " ended"
        )
    if coverage.damaged:
        count = len(coverage.damaged)
        yield f"{count} damaged {'record is' if count == 1 else 'records are'} left out"
    if header.protocol.quick:
        yield "quick protocol: a first look, not numbers to quote"
    lacking = Counter(result.status for result in run.results if result.summary is None)
    parts = [f"{count} {_cells(count)} {status.words}" for status, count in lacking.items()]
    kinds = Counter(
        kind for result in run.results for kind in {caution.kind for caution in result.cautions}
    )
    parts += [
        f"{count} {_cells(count)} {kind.value.replace('_', ' ')}" for kind, count in kinds.items()
    ]
    if parts:
        yield ", ".join(parts)
    if header.protocol.launches == 1 and run.results:
        yield "one launch each, so no interval says how launches differ"
    for comparison in comparisons:
        if not comparison.same_gpu:
            yield (
                f"the published numbers are for other hardware, {comparison.published_for}, so"
                " ratios are not judged"
            )
    if any(system_by_key(each.reference) for each in comparisons if each.same_gpu):
        yield "the published side is TensorFlow 1.15 of 2020"


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"


def grid(report: Report, place: int) -> Grid:
    """The cells of a run by condition and batch size; a failed one keeps its place."""
    run = report.runs[place]
    compared = compared_cells(report, place)
    sizes = tuple(sorted({result.cell.batch_size for result in run.results}))
    rows: dict[Cell, dict[int, Square]] = {}
    rank = rank_word(run.header)
    for result in run.results:
        alike = rows.setdefault(replace(result.cell, batch_size=1), {})
        alike[result.cell.batch_size] = _square(result, run, compared, rank)
    return Grid(
        of=(
            "Throughput of every cell, measured / published."
            if compared
            else "Throughput of every cell in img/s, images / elapsed time."
        ),
        batch_sizes=sizes,
        rows=tuple(
            GridRow(
                look=cell_look(cell),
                conditions=conditions(cell, rank),
                squares=tuple(squares.get(size) for size in sizes),
            )
            for cell, squares in rows.items()
        ),
    )


def _square(
    result: CellResult, run: ReportedRun, compared: Mapping[str, ComparedCell], rank: str
) -> Square:
    cell_id, state = result.cell.id, run.glance.states[result.cell.id]
    beside = compared.get(cell_id)
    ratio = beside.ratio(Metric.THROUGHPUT) if beside else None
    measured = rate(result.summary.images_per_second) if result.summary else ""
    told = f"{times(ratio)} of published" if ratio is not None else measured and f"{measured} img/s"
    words = [cell_name(result.cell, rank), told, state_words(result, state)]
    return Square(
        cell_id=cell_id,
        text=f"{ratio:.2f}" if ratio is not None else measured,
        unit="img/s" if compared and ratio is None and measured else "",
        state=state,
        title=": ".join(filter(None, words)),
    )
