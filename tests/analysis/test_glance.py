"""What a run comes to at a glance: the state of each cell, and the cells that stand out."""

from dataclasses import replace

import pytest
from builders import make_cell, make_header, make_result

from suite.analysis.glance import glance
from suite.model.cell import Cell, Mode
from suite.model.launch import Caution, CautionKind, Status
from suite.model.report import CellState, Glance
from suite.model.run import CellResult, Coverage

FIRST, SECOND, THIRD = (make_cell(batch_size=size) for size in (1, 2, 4))
TRAINING = make_cell(mode=Mode.TRAINING)
DOUBT = (Caution(CautionKind.UNSTEADY, "why"),)


def seen(*results: CellResult, not_run: tuple[str, ...] = ()) -> Glance:
    return glance(results, Coverage(ended_launches=1, planned_launches=1, not_run=not_run))


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (make_result(FIRST, 0.1), CellState.OK),
        (make_result(FIRST, 0.1, cautions=DOUBT), CellState.DOUBTED),
        (make_result(FIRST, 0.1, ended_launches=1, planned_launches=2), CellState.DOUBTED),
        (make_result(FIRST, 0.1, status=Status.INTERRUPTED), CellState.DOUBTED),
        (make_result(FIRST, 0.1, status=Status.SKIPPED), CellState.DOUBTED),
        (make_result(FIRST, 0.1, status=Status.CRASHED), CellState.FAILED),
        (make_result(FIRST, status=Status.OUT_OF_MEMORY), CellState.FAILED),
        (make_result(FIRST, status=Status.SKIPPED), CellState.NOT_MEASURED),
        (make_result(FIRST, status=Status.INTERRUPTED), CellState.NOT_MEASURED),
    ],
)
def test_the_state_of_a_cell_is_its_status_and_what_is_to_be_doubted(
    result: CellResult, state: CellState
) -> None:
    """A number that is not whole or has a caution is doubted; a failure stays one."""
    assert seen(result).states == {FIRST.id: state}


def test_a_planned_cell_without_a_record_was_not_measured() -> None:
    """Every planned cell has a state."""
    assert make_header().cells == (make_cell().id,)
    states = seen(make_result(FIRST, 0.1), not_run=("elsewhere",)).states
    assert states == {FIRST.id: CellState.OK, "elsewhere": CellState.NOT_MEASURED}


def best(*results: CellResult) -> tuple[str | None, str | None]:
    found = seen(*results)
    return (
        found.best_throughput.get(Mode.INFERENCE),
        found.lowest_latency.get(Mode.INFERENCE),
    )


def test_the_cell_with_most_images_a_second_and_that_with_the_shortest_step_stand_out() -> None:
    """10, 20 and 16 images/s; steps of 100, 100 and 250 ms, of which the first is taken."""
    results = [make_result(FIRST, 0.1), make_result(SECOND, 0.1), make_result(THIRD, 0.25)]
    assert best(*results) == (SECOND.id, FIRST.id)
    assert best(*reversed(results)) == (SECOND.id, SECOND.id)


def test_a_doubted_cell_stands_out_only_where_none_is_ok() -> None:
    """A throttled clock or a quick look must not win."""
    fast, slow = make_result(SECOND, 0.01), make_result(FIRST, 0.1)
    doubted = replace(fast, cautions=DOUBT)
    assert best(fast, slow) == (SECOND.id, SECOND.id)
    assert best(doubted, slow) == (FIRST.id, FIRST.id)
    assert best(doubted, replace(slow, cautions=DOUBT)) == (SECOND.id, SECOND.id)


def test_what_failed_or_has_no_number_never_stands_out() -> None:
    """A launch that did not fail says little of a cell whose other launches did."""
    failed = make_result(FIRST, 0.1, status=Status.CRASHED)
    assert best(failed, make_result(SECOND, status=Status.SKIPPED)) == (None, None)


def test_modes_are_not_mixed() -> None:
    """An image of training costs about three of inference."""
    training: Cell = TRAINING
    found = seen(make_result(FIRST, 0.1), make_result(training, 0.4))
    assert found.best_throughput == {Mode.INFERENCE: FIRST.id, Mode.TRAINING: training.id}
    assert found.lowest_latency == found.best_throughput
