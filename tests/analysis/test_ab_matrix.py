"""suite.analysis.ab_matrix: whether a whole matrix became slower or faster."""

import math

import pytest

from suite.analysis.ab_matrix import matrix_shift
from suite.model.ab import MatrixShift


def found(*pairs: list[float | None]) -> MatrixShift:
    shift = matrix_shift(pairs)
    assert shift is not None
    return shift


def test_rounds_are_the_sample() -> None:
    """Means of rounds of 1, 2, 3 and 2 %: t of 3 degrees of freedom, however many cells there are.

    Their standard error is 0.0041 and t is 4.9, whose probability any table gives as 0.0081.
    """
    one: list[float | None] = [0.00, 0.03, 0.01, 0.04]
    other: list[float | None] = [0.02, 0.01, 0.05, 0.00]
    shift = found(one, other)

    assert (shift.cells, shift.rounds) == (2, 4)
    assert shift.mean == pytest.approx(0.02)
    assert shift.standard_error == pytest.approx(math.sqrt(0.0002 / 3 / 4))
    assert shift.p_slower == pytest.approx(0.0081, abs=1e-4)
    assert not shift.is_slower
    assert found(one, other, one, other).p_slower == pytest.approx(shift.p_slower)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_small_change_that_cells_share_is_found(sign: int) -> None:
    """2 % in each cell is below what may be called of one, and plain in all together."""
    cells: list[list[float | None]] = [
        [sign * (0.02 + 0.004 * (-1) ** (cell + turn)) for turn in range(5)] for cell in range(5)
    ]
    shift = found(*cells)

    assert (shift.is_slower, shift.is_faster) == (sign > 0, sign < 0)
    assert shift.loss == pytest.approx(math.expm1(sign * 0.02), abs=0.001)


def test_a_change_below_one_percent_is_not_called() -> None:
    """However plain it is."""
    shift = found([0.009, 0.0091, 0.009, 0.0091], [0.009, 0.009, 0.0091, 0.009])

    assert shift.p_slower < 0.001
    assert not shift.is_slower


def test_only_rounds_that_every_cell_has_count() -> None:
    """A failed launch leaves its round out, and so does a cell that was decided earlier."""
    whole: list[float | None] = [0.01, 0.02, 0.03, 0.02, 0.5, 0.7]
    failed: list[float | None] = [0.01, None, 0.03, 0.02, 0.5, 0.7]
    decided: list[float | None] = [0.01, 0.02, 0.03, 0.02]
    shift = found(whole, failed, decided)

    assert (shift.cells, shift.rounds) == (3, 3)
    assert shift.mean == pytest.approx(0.02)


def test_a_cell_that_never_ran_does_not_silence_the_others() -> None:
    """It has no pairs, and is not among the cells that were averaged."""
    one: list[float | None] = [0.01, 0.02, 0.03]
    shift = found(one, one, [None, None, 0.9], [None, None, None])

    assert (shift.cells, shift.rounds) == (2, 3)


def test_too_little_says_nothing() -> None:
    """One cell, two rounds in common, and rounds that do not vary have no matrix line."""
    one: list[float | None] = [0.01, 0.02, 0.03]

    assert matrix_shift([]) is None
    assert matrix_shift([one]) is None
    assert matrix_shift([[*one, None], [None, *one]]) is None
    assert matrix_shift([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]]) is None
