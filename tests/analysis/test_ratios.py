"""suite.analysis.ratios: how sure a ratio is, from launches."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from suite.analysis.ratios import log_ratio_interval, log_ratio_to_constant

# Student's t for 95 %, two-sided, with 1 and 2 degrees of freedom, as printed in any table.
T1, T2 = 12.7062, 4.3027


def powers(*exponents: float) -> list[float]:
    """Numbers with these natural logarithms."""
    return [math.exp(exponent) for exponent in exponents]


def test_a_ratio_to_a_constant_is_enclosed_as_worked_by_hand() -> None:
    """Logarithms 0.1 and 0.3: mean 0.2, standard error 0.1; the constant is divided by."""
    low, high = log_ratio_to_constant(powers(0.1, 0.3), 2.0) or (0, 0)

    assert low == pytest.approx(math.exp(0.2 - T1 * 0.1) / 2, rel=1e-5)
    assert high == pytest.approx(math.exp(0.2 + T1 * 0.1) / 2, rel=1e-5)


def test_a_ratio_of_two_sides_is_enclosed_as_worked_by_hand() -> None:
    """Both sides vary alike, so Welch's degrees of freedom are 2 and the variances add up."""
    low, high = log_ratio_interval(powers(0.1, 0.3), powers(0.0, 0.2)) or (0, 0)
    half = T2 * math.sqrt(0.01 + 0.01)

    assert low == pytest.approx(math.exp(0.1 - half), rel=1e-4)
    assert high == pytest.approx(math.exp(0.1 + half), rel=1e-4)


def test_sides_that_vary_unequally_have_the_degrees_of_freedom_of_satterthwaite() -> None:
    """A side that does not vary adds none: the interval is that of the other against a constant."""
    varied = powers(0.1, 0.3, 0.2)
    both = log_ratio_interval(varied, powers(0.5, 0.5, 0.5))

    assert both == pytest.approx(log_ratio_to_constant(varied, math.exp(0.5)))


def test_many_launches_of_one_side_do_not_vouch_for_the_other() -> None:
    """Two launches that happen to agree, beside twenty: t of 2 degrees of freedom, not of 19."""
    few, many = powers(0.0, 0.001), powers(*[0.01 * (-1) ** number for number in range(20)])
    low, high = log_ratio_interval(few, many) or (0, 0)
    error = math.sqrt(0.001**2 / 4 + 0.01**2 * 20 / 19 / 20)

    assert math.log(high / low) / 2 == pytest.approx(T2 * error, rel=1e-4)


def test_swapping_the_sides_inverts_the_ratio() -> None:
    """A is as sure to be slower than B as B to be faster than A."""
    one, other = [100.0, 104.0, 99.0], [80.0, 83.0]
    low, high = log_ratio_interval(one, other) or (0, 0)

    assert log_ratio_interval(other, one) == pytest.approx((1 / high, 1 / low))


def test_more_confidence_takes_a_wider_interval() -> None:
    """The confidence asked for is the one given."""
    launches = [100.0, 104.0, 99.0]
    narrow, wide = (
        log_ratio_to_constant(launches, 100.0, confidence) or (0, 0) for confidence in (0.8, 0.99)
    )

    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [([], [1.0, 2.0]), ([1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0]), ([2.0, 2.0], [3.0, 3.0])],
)
def test_too_few_or_equal_launches_have_no_interval(
    one: Sequence[float], other: Sequence[float]
) -> None:
    """How far launches differ is then unknown, which is not the same as not at all."""
    assert log_ratio_interval(one, other) is None


@pytest.mark.parametrize("launches", [[], [1.0], [2.0, 2.0, 2.0]])
def test_too_few_or_equal_launches_have_none_against_a_constant(launches: Sequence[float]) -> None:
    """One launch says nothing about the next."""
    assert log_ratio_to_constant(launches, 1.0) is None


@pytest.mark.parametrize(
    ("sizes", "spreads", "least"),
    [
        ((2, 2), (0.01, 0.01), 0.94),
        ((3, 3), (0.01, 0.02), 0.94),
        ((5, 5), (0.03, 0.01), 0.94),
        ((2, 5), (0.01, 0.01), 0.94),
        ((3, 10), (0.01, 0.01), 0.94),
        ((2, 5), (0.04, 0.01), 0.90),
    ],
)
def test_the_interval_contains_the_true_ratio_as_often_as_promised(
    sizes: tuple[int, int], spreads: tuple[float, float], least: float
) -> None:
    """1.25, of launches whose logarithms are normal; the docstring has the figures."""
    random = np.random.default_rng(7)
    one, other = (
        np.exp(random.normal(mean, spread, (3000, size))).tolist()
        for mean, size, spread in zip((math.log(1.25), 0.0), sizes, spreads, strict=True)
    )
    found = [log_ratio_interval(a, b) or (0, 0) for a, b in zip(one, other, strict=True)]
    hits = sum(low <= 1.25 <= high for low, high in found)

    assert least <= hits / 3000 <= 0.985


@pytest.mark.parametrize("size", [2, 3, 8])
def test_the_interval_to_a_constant_is_exact(size: int) -> None:
    """95 % whatever the number of launches, within what 3,000 draws can tell."""
    random = np.random.default_rng(7)
    launches = np.exp(random.normal(math.log(1.25), 0.02, (3000, size))).tolist()
    found = [log_ratio_to_constant(each, 1.0) or (0, 0) for each in launches]
    hits = sum(low <= 1.25 <= high for low, high in found)

    assert hits / 3000 == pytest.approx(0.95, abs=0.012)
