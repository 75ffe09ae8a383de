"""An A/B from the records of its sides: which launches make pairs, and what is open."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_cell, make_launch, make_run

from suite.analysis.ab import SideRun, ab_report
from suite.model.ab import AB_SEQUENTIAL, VerdictKind, fixed
from suite.model.ab_report import AbCell, AbReport
from suite.model.cell import Cell
from suite.model.launch import Launch, Status

CELL, OTHER = make_cell(), make_cell(xla=True)
SECOND = make_cell(batch_size=64)


def launch(number: int, *step_seconds: float, cell: Cell = CELL, **facts: Any) -> Launch:
    """A launch with these steps; without any it crashed."""
    status = Status.OK if step_seconds else Status.CRASHED
    usual = {"cell": cell, "launch": number, "status": status, "step_seconds": step_seconds}
    return make_launch(**{**usual, **facts})


def side(name: str, *launches: Launch, cells: tuple[Cell, ...] = (CELL,)) -> SideRun:
    return SideRun(
        name=name,
        title=f"{name} in words",
        run=make_run(*launches, cells=tuple(cell.id for cell in cells)),
        cells=cells,
    )


def report(a: SideRun, b: SideRun, rounds: int = 3) -> AbReport:
    return ab_report(a, b, fixed(rounds))


def only_cell(a: SideRun, b: SideRun, rounds: int = 3) -> AbCell:
    (cell,) = report(a, b, rounds).cells
    return cell


def test_a_pair_is_the_mean_step_of_b_over_that_of_a_in_one_round() -> None:
    """Launches count once each, however many steps they have."""
    a = [launch(0, 0.1, 0.3), launch(1, 0.1), launch(2, 0.2)]
    b = [launch(0, 0.4, 0.4, 0.4), launch(1, 0.1), launch(2, 0.1)]

    cell = only_cell(side("a", *a), side("b", *b))

    assert cell.ratios == pytest.approx((2.0, 1.0, 0.5))
    assert cell.verdict.pairs == 3
    assert cell.a is not None
    assert cell.a.summary is not None
    assert cell.a.summary.count == 4


def test_a_cell_of_one_side_stands_beside_the_cell_in_its_place_on_the_other() -> None:
    """The sides may differ in a condition."""
    a = [launch(number, 0.1) for number in range(3)]
    b = [launch(number, 0.2, cell=OTHER) for number in range(3)]

    found = report(side("a", *a), side("b", *b, cells=(OTHER,)))

    (cell,) = found.cells
    assert (cell.cell_id, cell.other_id) == (CELL.id, OTHER.id)
    assert cell.ratios == pytest.approx((2.0, 2.0, 2.0))
    assert (found.a, found.b) == ("a in words", "b in words")


def test_a_round_of_which_a_launch_failed_has_no_pair() -> None:
    """One failure may be chance; the cell goes on."""
    a = [launch(number, 0.1) for number in range(4)]
    b = [launch(0, 0.1), launch(1), launch(2, 0.1), launch(3, 0.1)]

    cell = only_cell(side("a", *a), side("b", *b), rounds=4)

    assert cell.ratios == pytest.approx((1.0, None, 1.0, 1.0))
    assert (cell.verdict.pairs, cell.given_up) == (3, "")


def test_a_cell_that_fails_twice_on_a_side_is_given_up_and_holds_up_no_other() -> None:
    """No look waits for it; its failure is told with the reason."""
    a = [launch(0, 0.1), launch(1, 0.1)]
    b = [launch(0, reason="killed"), launch(1, reason="killed again")]
    sound = [launch(number, 0.1 + 0.001 * number, cell=SECOND) for number in range(3)]
    cells = (CELL, SECOND)

    found = report(side("a", *a, *sound, cells=cells), side("b", *b, *sound, cells=cells))

    lost, kept = found.cells
    assert lost.given_up == "b crashed: killed again"
    assert not lost.is_open
    assert lost.verdict.verdict is VerdictKind.INCONCLUSIVE
    assert lost.ratios == (None, None, None)
    assert kept.verdict.look == 3


def test_a_skipped_side_is_given_up_at_once() -> None:
    """A machine that cannot run a cell never will."""
    skipped = launch(0, status=Status.SKIPPED, reason="needs Ampere")

    cell = only_cell(side("a", skipped), side("b"))

    assert cell.given_up == "a skipped: needs Ampere"
    assert (cell.b, cell.is_open) == (None, False)


def test_an_interrupted_launch_has_not_ended() -> None:
    """It is measured again when the A/B goes on."""
    stopped = launch(1, 0.1, status=Status.INTERRUPTED)

    cell = only_cell(side("a", launch(0, 0.1), launch(1, 0.1)), side("b", launch(0, 0.1), stopped))

    assert cell.ratios == pytest.approx((1.0,))
    assert cell.is_open


def test_a_round_that_one_side_lacks_is_no_pair_yet() -> None:
    """Whichever side it is that goes first."""
    for a, b in ((1, 2), (2, 1)):
        cell = only_cell(
            side("a", *(launch(number, 0.1) for number in range(a))),
            side("b", *(launch(number, 0.1) for number in range(b))),
        )
        assert cell.ratios == pytest.approx((1.0,))


def test_nothing_measured_is_open_and_says_nothing() -> None:
    """Before the first launch."""
    found = ab_report(side("a"), side("b"), AB_SEQUENTIAL)

    (cell,) = found.cells
    assert (cell.a, cell.b, cell.ratios) == (None, None, ())
    assert cell.is_open
    assert found.count(VerdictKind.INCONCLUSIVE) == 1


def test_what_the_sides_recorded_otherwise_is_told() -> None:
    """But for the flags that say which side it is."""
    a, b = side("a"), side("b")
    header = replace(
        b.run.header, selection="--b x", environment={"python": "3.13.0", "dirty": False}
    )
    b = replace(b, run=replace(b.run, header=header))

    assert [(each.name, each.base, each.other) for each in report(a, b).differences] == [
        ("python", "3.12.0", "3.13.0")
    ]
