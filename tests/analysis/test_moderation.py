"""suite.analysis.moderation: variances of few launches, steadied by those of other cells."""

import math
from statistics import variance

import numpy as np
import pytest
from scipy.special import polygamma

from suite.analysis.moderation import (
    MeasuredVariance,
    Moderation,
    moderate,
    moderated_spreads,
    pooled_unless_noisier,
    trigamma_inverse,
)

# A worked example, in %: variances that differ by more than chance.
EXAMPLE = [
    [5.1, 4.2, 5.9, 4.6, 5.2],
    [0.3, -0.8, 0.9, -0.2, 0.5],
    [2.4, -1.9, 3.8, 0.6, -3.1],
]


def prior_of(moderation: Moderation) -> tuple[float, float]:
    """The prior's standard deviation and degrees of freedom."""
    assert moderation.prior is not None
    return math.sqrt(moderation.prior.variance), moderation.prior.freedom


def test_the_worked_example() -> None:
    """Standard deviations of 0.64, 0.66 and 2.88 draw near each other as worked out by hand."""
    moderation = moderate([variance(row) for row in EXAMPLE], [4, 4, 4])

    assert prior_of(moderation) == pytest.approx((0.8440, 1.5995), abs=1e-4)
    deviations = [math.sqrt(cell.variance) for cell in moderation.cells]
    assert deviations == pytest.approx([0.7071, 0.7161, 2.4740], abs=1e-4)
    assert [cell.freedom for cell in moderation.cells] == pytest.approx([5.5995] * 3, abs=1e-4)
    assert not any(cell.is_noisier for cell in moderation.cells)


def test_the_example_does_not_depend_on_its_unit() -> None:
    """Hundredths of a per cent give the same degrees of freedom and scaled variances."""
    whole = moderate([variance(row) for row in EXAMPLE], [4, 4, 4])
    small = moderate([variance(row) * 1e-8 for row in EXAMPLE], [4, 4, 4])

    assert prior_of(small) == pytest.approx((prior_of(whole)[0] * 1e-4, prior_of(whole)[1]))
    assert [cell.variance * 1e8 for cell in small.cells] == pytest.approx(
        [cell.variance for cell in whole.cells]
    )


def test_cells_that_do_not_differ_are_pooled() -> None:
    """Where chance explains all, each has the mean weighted by degrees of freedom, and all of it.

    No cell may count more degrees of freedom than were measured.
    """
    moderation = moderate([1.0, 1.1, 0.9, 1.0], [4, 4, 4, 9])

    assert prior_of(moderation)[1] == math.inf
    pooled = (4 * 1.0 + 4 * 1.1 + 4 * 0.9 + 9 * 1.0) / 21
    assert [cell.variance for cell in moderation.cells] == pytest.approx([pooled] * 4)
    assert [cell.freedom for cell in moderation.cells] == pytest.approx([21] * 4)


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_cells_keep_their_own(count: int) -> None:
    """How cells differ cannot be told from two."""
    moderation = moderate([1.0, 50.0][:count], [4, 9][:count])

    assert moderation.prior is None
    assert [cell.variance for cell in moderation.cells] == [1.0, 50.0][:count]
    assert [cell.freedom for cell in moderation.cells] == [4, 9][:count]


def test_a_cell_that_is_noisier_is_not_judged_by_its_siblings() -> None:
    """Beyond the 99 % point of the others, it keeps its variance and its degrees of freedom."""
    quiet = [1.0, 1.3, 0.8, 1.1, 0.9, 1.2, 0.7, 1.0, 1.1, 0.9] * 2
    *others, noisy = moderate([*quiet, 30.0], [4] * 21).cells

    assert noisy.is_noisier
    assert (noisy.variance, noisy.freedom) == (30.0, 4)
    assert not any(cell.is_noisier for cell in others)


def test_the_guard_is_the_99_percent_point_of_f() -> None:
    """F(4, infinite) has it at 13.2767 / 4: just below it a cell borrows, just above it does not.

    A thousand equal siblings make the prior theirs, whatever one cell adds.
    """
    bound = 13.2767 / 4
    below = moderate([1.0] * 1000 + [bound * 0.99], [4] * 1001)
    above = moderate([1.0] * 1000 + [bound * 1.01], [4] * 1001)

    assert prior_of(above)[1] == math.inf
    assert not below.cells[-1].is_noisier
    assert above.cells[-1].is_noisier


def test_a_cell_that_hardly_varies_does_not_govern_the_others() -> None:
    """A variance of 0 counts as a hundred-thousandth of the median, not as minus infinity."""
    floored = moderate([0.0, 1.0, 2.0], [4, 4, 4])

    assert floored == moderate([1e-5, 1.0, 2.0], [4, 4, 4])
    assert floored.cells[0].variance > 1e-5


def test_a_clock_too_coarse_for_most_cells_leaves_a_floor() -> None:
    """Where the median is 0 as well, the floor is that of the cells that vary."""
    assert moderate([0.0, 0.0, 2.0], [4, 4, 4]) == moderate([2e-5, 2e-5, 2.0], [4, 4, 4])


def test_cells_of_which_none_varies_borrow_nothing() -> None:
    """Nothing is made up where nothing was seen."""
    moderation = moderate([0.0, 0.0, 1e-33], [4, 4, 4])

    assert moderation.prior is None
    assert [cell.variance for cell in moderation.cells] == [0.0, 0.0, 1e-33]


def test_a_known_prior_is_found() -> None:
    """4,000 cells have variances from a prior with 6 degrees of freedom and a deviation of 2."""
    chance = np.random.default_rng(1)
    true = 4 * 6 / chance.chisquare(6, 4000)
    measured = true * chance.chisquare(4, 4000) / 4

    assert prior_of(moderate(measured.tolist(), [4] * 4000)) == pytest.approx((2, 6), rel=0.1)


@pytest.mark.parametrize("value", [1e-9, 1e-4, 0.1, 1.0, 1.6449340668, 30.0, 1e6])
def test_the_inverse_of_trigamma(value: float) -> None:
    """Trigamma of it is the value again, to a millionth; trigamma of 1 is pi squared / 6."""
    assert polygamma(1, trigamma_inverse(value)) == pytest.approx(value, rel=1e-6)
    if value == 1.6449340668:
        assert trigamma_inverse(value) == pytest.approx(1)


def test_a_variance_is_pooled_with_what_was_measured_before() -> None:
    """8 times 2 and 4 times 3 on 12 degrees of freedom."""
    pooled = pooled_unless_noisier(
        MeasuredVariance(variance=3.0, freedom=4), MeasuredVariance(variance=2.0, freedom=8)
    )

    assert (pooled.variance, pooled.freedom) == pytest.approx((28 / 12, 12))


@pytest.mark.parametrize(("ratio", "freedom"), [(3.8, 12), (3.9, 4), (0.001, 12)])
def test_a_larger_variance_stands_alone(ratio: float, freedom: int) -> None:
    """Above 3.84, the 95 % point of F of 4 and 8 degrees of freedom; a smaller one never does."""
    own = MeasuredVariance(variance=ratio * 2.0, freedom=4)

    assert pooled_unless_noisier(own, MeasuredVariance(variance=2.0, freedom=8)).freedom == freedom


def test_a_side_without_degrees_of_freedom_does_not_count() -> None:
    """Its variance is not known; and what never varied lends nothing to what does."""
    known, unknown = (
        MeasuredVariance(variance=2.0, freedom=4),
        MeasuredVariance(variance=math.nan, freedom=0),
    )

    assert pooled_unless_noisier(known, unknown) == known
    assert pooled_unless_noisier(unknown, known) == known
    assert pooled_unless_noisier(unknown, unknown) == unknown
    assert pooled_unless_noisier(known, MeasuredVariance(variance=0.0, freedom=8)) == known


def test_cells_are_moderated_by_name() -> None:
    """Those of which nothing is known are left out, and lend nothing."""
    rows = {name: variance(row) for name, row in zip("abc", EXAMPLE, strict=True)}
    measured = {
        "unknown": MeasuredVariance(variance=math.nan, freedom=0),
        **{name: MeasuredVariance(variance=each, freedom=4) for name, each in rows.items()},
    }
    expected = moderate(list(rows.values()), [4, 4, 4]).cells

    assert moderated_spreads(measured) == dict(zip("abc", expected, strict=True))
    assert moderated_spreads({"still": MeasuredVariance(variance=0.0, freedom=4)}) == {}
