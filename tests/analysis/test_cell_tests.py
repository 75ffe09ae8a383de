"""suite.analysis.cell_tests: a t test of one cell, and Holm's procedure over all cells."""

import math

import pytest
from scipy import stats

from suite.analysis.cell_tests import cell_test, holm
from suite.analysis.moderation import ModeratedVariance


def test_a_cell_is_tested_on_either_side() -> None:
    """As scipy's own test of the same five numbers says, with the bound of a printed table."""
    numbers = [0.051, 0.042, 0.059, 0.046, 0.052]
    spread = ModeratedVariance(variance=stats.tvar(numbers), freedom=4)
    test = cell_test(0.05, math.sqrt(spread.variance / 5), spread)
    expected = stats.ttest_1samp(numbers, 0, alternative="greater")

    assert test.p_slower == pytest.approx(expected.pvalue)
    assert test.p_faster == pytest.approx(1 - expected.pvalue)
    assert test.reach(0.05) == pytest.approx(2.1318 * test.error, rel=1e-4)


def test_holm_steps_down_and_stops() -> None:
    """The second smallest p has one test fewer beside it; after a failure no other counts."""
    assert holm({"a": 0.0016, "b": 0.0024, "c": 0.0049}, 0.005, 3) == {"a", "b", "c"}
    assert holm({"a": 0.0016, "b": 0.0026, "c": 0.0049}, 0.005, 3) == {"a"}
    assert holm({"a": 0.0017, "b": 0.0024, "c": 0.0049}, 0.005, 3) == set()


def test_the_family_includes_tests_without_a_p() -> None:
    """Cells that are decided, or have no pairs, keep the level as strict as it was."""
    assert holm({"a": 0.001}, 0.005, 4) == {"a"}
    assert holm({"a": 0.001}, 0.005, 6) == set()


def test_nothing_is_significant_without_alpha() -> None:
    """Not even a p that is too small to tell from 0."""
    assert holm({"a": 0.0}, 0.0, 3) == set()
