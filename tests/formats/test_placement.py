"""suite.formats.placement: ticks and labels of plots."""

import pytest

from suite.formats.placement import round_numbers, spread


@pytest.mark.parametrize(
    ("lowest", "highest", "ticks"),
    [
        (350, 11000, [500, 1000, 2000, 5000, 10000]),
        (4.0, 10.6, [4, 5, 6, 7, 8, 9, 10]),
        (0.09, 2.1, [0.1, 0.2, 0.5, 1, 2]),
        (1.0, 10.0, [1, 2, 5, 10]),
    ],
)
def test_ticks_are_round_and_enough(lowest: float, highest: float, ticks: list[float]) -> None:
    """A wide range has 1-2-5 steps, a narrow one closer ones."""
    assert round_numbers(lowest, highest) == ticks


def test_labels_with_room_stay_where_they_belong() -> None:
    """Nothing moves that need not."""
    assert spread([80.0, 20.0, 50.0], 10.0, 0.0, 100.0) == [80.0, 20.0, 50.0]


def test_crowded_labels_stand_around_their_middle_in_order() -> None:
    """Labels a gap apart, the upper one above, around where both wished to be."""
    assert spread([52.0, 50.0, 10.0], 10.0, 0.0, 100.0) == [56.0, 46.0, 10.0]


def test_labels_stay_between_the_limits() -> None:
    """A crowd at the top grows downwards, and what it meets joins it."""
    assert spread([99.0, 98.0, 97.0, 84.0], 10.0, 5.0, 95.0) == [95.0, 85.0, 75.0, 65.0]
