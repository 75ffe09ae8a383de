"""What a run comes to at a glance: the state of every cell, and the cells that stand out."""

from collections.abc import Callable, Mapping, Sequence

from suite.model.cell import Mode
from suite.model.launch import Status
from suite.model.report import CellState, Glance
from suite.model.run import CellResult, Coverage
from suite.model.summary import Summary


def glance(results: Sequence[CellResult], coverage: Coverage) -> Glance:
    """The states of all planned cells, and for each mode the fastest cell and the least latency."""
    states = {result.cell.id: _state(result) for result in results}
    return Glance(
        states=states | dict.fromkeys(coverage.not_run, CellState.NOT_MEASURED),
        best_throughput=_first(results, states, lambda summary: -summary.images_per_second),
        lowest_latency=_first(results, states, lambda summary: summary.p50_seconds),
    )


def _state(result: CellResult) -> CellState:
    if result.status.is_failure:
        return CellState.FAILED
    if result.summary is None:
        return CellState.NOT_MEASURED
    is_sound = result.status is Status.OK and result.is_whole and not result.cautions
    return CellState.OK if is_sound else CellState.DOUBTED


def _first(
    results: Sequence[CellResult],
    states: Mapping[str, CellState],
    order: Callable[[Summary], float],
) -> Mapping[Mode, str]:
    """For each mode the id of the cell that comes first; a doubted one only where none is ok."""
    found = {}
    for mode in Mode:
        numbers = {
            (states[result.cell.id] is CellState.DOUBTED, order(result.summary)): result.cell.id
            for result in reversed(results)
            if result.cell.mode is mode
            and result.summary is not None
            and states[result.cell.id] is not CellState.FAILED
        }
        if numbers:
            found[mode] = numbers[min(numbers)]
    return found
