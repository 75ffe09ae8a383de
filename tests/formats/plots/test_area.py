"""suite.formats.plots.area: where data are, in units."""

import pytest
from matplotlib.figure import Figure

from suite.formats.placement import Box
from suite.formats.plots.area import Area, Span


def test_an_axis_is_even_in_numbers_or_in_ratios() -> None:
    """From 0 at its low end to 1 at its high one."""
    even, log = Span(low=10, high=1000), Span(low=10, high=1000, is_log=True)

    assert [even.share(value) for value in (10, 505, 1000)] == [0, 0.5, 1]
    assert [log.share(value) for value in (10, 100, 1000)] == pytest.approx([0, 0.5, 1])


def test_what_is_beyond_an_axis_is_drawn_at_its_end() -> None:
    """On either side."""
    span = Span(low=0.5, high=2)

    assert [span.within(value) for value in (0.1, 0.5, 1.3, 2, 9)] == [0.5, 0.5, 1.3, 2, 2]


def test_a_point_is_where_both_axes_say() -> None:
    """In units from the lower left corner of the figure."""
    area = Area(
        figure=Figure(),
        box=Box(100, 50, 300, 150),
        across=Span(low=1, high=16, is_log=True),
        up=Span(low=0, high=10),
    )

    assert area.places([(1, 0), (4, 5), (16, 10)]) == [
        pytest.approx((100, 50)),
        pytest.approx((200, 100)),
        pytest.approx((300, 150)),
    ]
