"""suite.formats.placement: ticks and labels of plots."""

import pytest

from suite.formats.placement import (
    Box,
    around,
    clearest,
    even_numbers,
    round_numbers,
    spread,
    thinned,
)


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


@pytest.mark.parametrize(
    ("limits", "most", "ticks"),
    [
        ((0, 1465), 6, [0, 250, 500, 750, 1000, 1250]),
        ((0, 1250), 5, [0, 250, 500, 750, 1000, 1250]),
        ((0, 0.7), 4, [0, 0.2, 0.4, 0.6]),
        ((0.94, 1.06), 5, [0.95, 0.975, 1, 1.025, 1.05]),
        ((-2.2, 2.2), 4, [-2, 0, 2]),
        ((0, 9.9), 1, [0]),
        ((0, 23), 3, [0, 10, 20]),
    ],
)
def test_even_ticks_are_round_and_few(
    limits: tuple[float, float], most: int, ticks: list[float]
) -> None:
    """Steps of 1, 2, 2.5 or 5 from zero, both limits included."""
    assert even_numbers(*limits, most) == ticks


def test_labels_that_do_not_fit_are_left_out_from_the_end() -> None:
    """The last is always there; two may stand exactly a gap apart."""
    assert thinned([0, 15, 30], [10, 10, 10], 5) == [0, 1, 2]
    assert thinned([0, 15, 29.9], [10, 10, 10], 5) == [0, 2]
    assert thinned([0, 15, 30], [10, 20, 10], 5) == [0, 2]
    assert thinned([3], [100], 5) == [0]
    assert thinned([], [], 5) == []


def test_the_common_area_of_boxes() -> None:
    """What two boxes share; nothing where they only touch."""
    box = Box(0, 0, 4, 2)

    assert box.area == 8
    assert box.common_area(Box(3, -1, 9, 1)) == 1
    assert box.common_area(Box(1, 0.5, 2, 1.5)) == 1
    assert box.common_area(Box(4, 0, 5, 2)) == 0
    assert box.common_area(Box(6, 5, 7, 6)) == 0


def test_a_box_is_within_another_up_to_its_sides() -> None:
    """All four count."""
    box = Box(0, 0, 4, 2)

    assert box.is_within(box)
    assert not any(
        box.is_within(other)
        for other in (Box(1, 0, 4, 2), Box(0, 1, 4, 2), Box(0, 0, 3, 2), Box(0, 0, 4, 1))
    )


def test_places_around_a_point_do_not_cover_it() -> None:
    """A label below first, then above, right and left, and all of the size that was asked for."""
    places = around(100, 50, 40, 10, 5)

    assert places[:4] == [
        Box(80, 35, 120, 45),
        Box(80, 55, 120, 65),
        Box(105, 45, 145, 55),
        Box(55, 45, 95, 55),
    ]
    assert places[4:] == [
        Box(100, 35, 140, 45),
        Box(60, 35, 100, 45),
        Box(100, 55, 140, 65),
        Box(60, 55, 100, 65),
        Box(80, 25, 120, 35),
        Box(80, 65, 120, 75),
    ]


def test_a_label_takes_the_first_free_place() -> None:
    """Else the one that covers least; to leave the picture is worse than to cover something."""
    first, second, third = Box(0, 0, 10, 10), Box(20, 0, 30, 10), Box(40, 0, 50, 10)
    inside = Box(0, 0, 100, 100)

    assert clearest([first, second], [], inside) == first
    assert clearest([first, second], [Box(9, 9, 11, 11)], inside) == second
    assert clearest([first, second], [Box(5, 0, 22, 10)], inside) == second
    assert clearest([second, third], [Box(20, 0, 25, 10)], Box(0, 0, 48, 100)) == second
    assert clearest([second, third], [Box(20, 0, 29, 10)], Box(0, 0, 48, 100)) == third
