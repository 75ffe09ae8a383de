"""suite.analysis.change_points: where a series goes to another level, and only there."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from suite.analysis.change_points import FEWEST, change_points


def series(*levels: tuple[float, int], sd: float = 0.01, seed: int = 1) -> list[float]:
    """So many numbers at each level, with noise."""
    chance = np.random.default_rng(seed)
    means = [level for level, count in levels for _ in range(count)]
    return [mean * float(np.exp(sd * chance.standard_normal())) for mean in means]


def places(numbers: Sequence[float]) -> list[int]:
    return [point.place for point in change_points(numbers)]


def test_a_change_is_found_with_its_place_and_size() -> None:
    """The levels are geometric means of what is before and after."""
    numbers = series((100, 8), (95, 5))
    (point,) = change_points(numbers)

    assert (point.place, point.before, point.after) == (8, 8, 5)
    assert point.ratio == pytest.approx(
        np.exp(np.log(numbers[8:]).mean() - np.log(numbers[:8]).mean())
    )
    assert point.change == pytest.approx(-0.05, abs=0.02)


def test_a_gain_is_found_as_a_loss_is() -> None:
    """The mirror image has the same place and the inverse ratio."""
    numbers = series((100, 7), (94, 7))
    (loss,) = change_points(numbers)
    (gain,) = change_points([1e4 / number for number in numbers])

    assert gain.place == loss.place
    assert gain.ratio == pytest.approx(1 / loss.ratio)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([(100, 10), (95, 10), (90, 10)], [10, 20]),
        ([(100, 10), (94, 10), (100, 10)], [10, 20]),
        ([(100, 12), (94, 4), (100, 12)], [12, 16]),
        ([(100, 8), (94, 8), (99, 8), (88, 8)], [8, 16, 24]),
    ],
    ids=["stairs", "a loss that was mended", "a short one", "several"],
)
def test_several_changes_are_found(levels: list[tuple[float, int]], expected: list[int]) -> None:
    """Each with the numbers up to its neighbours."""
    found = change_points(series(*levels))

    assert [point.place for point in found] == expected
    for one, two in pairwise(found):
        assert one.after == two.before == two.place - one.place


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        [100.0],
        [100.0] * (2 * FEWEST - 1),
        [100.0] * 3 + [80.0] * 2,
        [*series((100, 10)), 70.0],
        [*series((100, 10)), 70.0, 70.5],
        [100 * 1.01**number for number in range(30)],
        series((100, 20)),
        series((100, 10), (100.5, 10), sd=0.0005),
    ],
    ids=[
        "nothing", "one", "few", "fewer than three after", "a stray", "two strays", "a drift",
        "noise", "a change of half a percent",
    ],
)  # fmt: skip
def test_what_is_no_change_of_level_has_none(numbers: list[float]) -> None:
    """A stray at the end may be the first of a level; three tell."""
    assert change_points(numbers) == ()


@pytest.mark.parametrize("numbers", [[100.0] * 12, [100.0] * 6 + [90.0] * 6])
def test_numbers_that_do_not_vary_have_none(numbers: list[float]) -> None:
    """How far runs differ is unknown then, not zero."""
    assert change_points(numbers) == ()


def test_the_unit_does_not_matter() -> None:
    """Ratios are judged: the same series in thousandths has the same."""
    numbers = series((100, 8), (95, 8))

    assert places(numbers) == places([number / 1000 for number in numbers]) == [8]


def test_the_same_series_has_the_same() -> None:
    """Nothing is drawn by chance."""
    numbers = series((100, 15), (96, 15), sd=0.02)

    assert change_points(numbers) == change_points(numbers)


def test_a_long_history_is_searched() -> None:
    """Years of nightly runs, of which not every pair of places is looked at."""
    assert places(series((100, 900), (95, 300))) == [900]
