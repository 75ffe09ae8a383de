"""suite.formats.plots.area: where data are, in units."""

import re

import pytest
from drawn import described
from matplotlib.figure import Figure

from suite.formats.placement import Box
from suite.formats.plots.area import Area, Span, ticks_below, ticks_beside
from suite.formats.plots.style import text_width


def square(**spans: Span) -> Area:
    """A box of 100 units."""
    usual = {"across": Span(low=0, high=1), "up": Span(low=0, high=1)}
    return Area(figure=Figure(dpi=72), box=Box(50, 50, 150, 150), **{**usual, **spans})


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


@pytest.mark.parametrize(("apart", "written"), [(13.0, "01234"), (12.9, "024")])
def test_words_beside_an_axis_have_the_height_of_a_line(apart: float, written: str) -> None:
    """Else every other one is left out; the uppermost is there."""
    area = square(up=Span(low=0, high=100 / apart))
    ticks_beside(area, [(tick, f"{tick}") for tick in range(5)])

    assert [text.get_text() for text in area.figure.texts] == [*written]


@pytest.mark.parametrize(("spare", "written"), [(5.1, ["10", "20"]), (4.9, ["20"])])
def test_words_below_an_axis_have_a_space_between(spare: float, written: list[str]) -> None:
    """Five units at least; a line of the grid stands above each that is written."""
    area = square(across=Span(low=0, high=100))
    ticks_below(area, [(10, "10"), (10 + text_width("10") + spare, "20")], grid=True)

    assert [text.get_text() for text in area.figure.texts] == written
    (grid,) = re.findall(r"  line .*", described(area.figure))
    assert grid.count("(nan, nan)") == len(written) - 1
