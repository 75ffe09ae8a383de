"""Where the words of a chart may stand: beside what they are of, and on nothing else."""

import re

import pytest
from drawn import described
from matplotlib.figure import Figure

from suite.formats.palette import look
from suite.formats.placement import Box
from suite.formats.plots.area import Area, Span
from suite.formats.plots.curves import Curve, Gap, Mark
from suite.formats.plots.labels import _along, _beside_glyph, _Taken, label
from suite.formats.plots.series import Doubt
from suite.formats.plots.style import INK, drawing
from suite.model.cell import Precision

LOOK = look(Precision.FP32, xla=False)


def area() -> Area:
    """A square of 100 units in which the data are in units, 50 from the edges of the figure."""
    whole = Span(low=0, high=100)
    figure = Figure(figsize=(200 / 72, 200 / 72), dpi=72)
    return Area(figure=figure, box=Box(50, 50, 150, 150), across=whole, up=whole)


def words(*curves: Curve) -> dict[str, tuple[float, float, str]]:
    """The middle, the lower edge and the colour of every word that labels curves."""
    where = area()
    with drawing():
        label(where, curves, lambda number: f"{number:g}")
    return {
        text.get_text(): (
            round(text.get_position()[0] * 72, 1),
            round(text.get_position()[1] * 72 - 3, 1),
            str(text.get_color()),
        )
        for text in where.figure.texts
    }


def test_a_line_is_in_the_way_along_its_whole_length() -> None:
    """A box of four units for every four of the longer direction, and one for a short line."""
    assert list(_along([(0, 0), (12, 6)])) == [
        Box(-2, -2, 2, 2),
        Box(2, 0, 6, 4),
        Box(6, 2, 10, 6),
    ]
    assert list(_along([(0, 0), (3, 8)])) == [Box(-2, -2, 2, 2), Box(-0.5, 2, 3.5, 6)]
    assert list(_along([(5, 5), (6, 5)])) == [Box(3, 3, 7, 7)]
    assert list(_along([(5, 5)])) == []


def test_the_word_of_a_glyph_stands_beside_or_above_it() -> None:
    """Left on its level first, right last; then the same a line higher, and another."""
    first = [
        Box(61, 2.5, 91, 15.5),
        Box(77, 17, 107, 30),
        Box(85, 17, 115, 30),
        Box(93, 17, 123, 30),
        Box(109, 2.5, 139, 15.5),
    ]
    higher = [
        Box(box.left, box.bottom + up, box.right, box.top + up) for up in (13, 26) for box in first
    ]

    assert _beside_glyph(100, 9, 30) == [*first, *higher]


def test_a_word_takes_the_place_that_covers_least() -> None:
    """Marks of eight units and lines count as covered, and so does what was placed before."""
    marks = (Mark(x=20, y=20), Mark(x=60, y=20))
    taken = _Taken(area(), [Curve(look=LOOK, marks=marks)])
    on_mark, on_line, free = Box(112, 68, 120, 72), Box(86, 68, 94, 72), Box(86, 80, 94, 84)

    assert taken.solid == [Box(66, 66, 74, 74), Box(106, 66, 114, 74)]
    assert taken.clearest([on_line, free]) == free
    assert taken.clearest([on_line, free]) == on_line
    assert taken.free([free]) is None
    assert taken.free([on_mark]) is None
    assert taken.free([Box(114, 66, 122, 74)]) == Box(114, 66, 122, 74)


@pytest.mark.parametrize(
    ("place", "is_free"),
    [
        (Box(180, 60, 190, 70), True),
        (Box(180, 60, 190.5, 70), False),
        (Box(60, 154, 70, 164), True),
        (Box(60, 154, 70, 164.5), False),
        (Box(49.5, 60, 60, 70), False),
        (Box(60, 49.5, 70, 60), False),
    ],
)
def test_words_reach_a_little_out_of_the_area(place: Box, is_free: bool) -> None:  # noqa: FBT001
    """40 units to the right and 14 above, where a chart has room; not over the ticks."""
    found = _Taken(area(), []).free([place])

    assert (found is not None) is is_free


def test_the_end_of_a_curve_has_its_number_beside_the_area() -> None:
    """On the level of its last mark, where that is within 12 units of the edge."""
    at_edge = words(Curve(look=LOOK, marks=(Mark(x=10, y=30), Mark(x=88.5, y=40))))
    before = words(Curve(look=LOOK, marks=(Mark(x=10, y=30), Mark(x=87.5, y=40))))

    (middle, bottom, colour) = at_edge["40"]
    assert middle > 158
    assert (bottom, colour) == (90 - 6.5, LOOK.light)
    # Above the mark, since the line leads there from below.
    assert before["40"] == (137.5, 97.0, LOOK.light)


def test_numbers_at_the_edge_stay_between_the_limits() -> None:
    """From 4 units above the lower edge to 8 above the upper one, 12.5 apart."""
    low = words(Curve(look=LOOK, marks=(Mark(x=100, y=0),), published=((100, 1),)))
    marks = [(Mark(x=100, y=y),) for y in (97, 98, 99, 100)]
    high = words(*(Curve(look=LOOK, marks=mark) for mark in marks))

    assert [low[text][1] for text in ("0", "1")] == [54 - 6.5, 54 + 12.5 - 6.5]
    assert low["1"][2] == INK["ink-2"]
    assert [high[text][1] for text in ("100", "99", "98", "97")] == [
        round(158 - 6.5 - 12.5 * place, 1) for place in range(4)
    ]


def test_neighbours_without_a_number_have_one_word() -> None:
    """Each has a glyph; another reason has a word of its own, and a failure its own colour."""
    gaps = (
        Gap(x=40, word="skipped", is_failure=False),
        Gap(x=60, word="skipped", is_failure=False),
        Gap(x=80, word="failed", is_failure=True),
    )
    where = area()
    with drawing():
        label(where, [Curve(look=LOOK, marks=(), gaps=gaps)], str)
    places = re.findall(r"line (\(.*\)) marks", described(where.figure))

    assert places == ["(90.0, 59.0)", "(110.0, 59.0)", "(130.0, 59.0)"]
    assert [(text.get_text(), text.get_color()) for text in where.figure.texts] == [
        ("skipped", INK["ink-2"]),
        ("failed", INK["failed"]),
    ]


def test_a_doubt_of_neighbours_is_said_once() -> None:
    """Beside the first of them; a sound one between asks for the word again."""
    doubt = Doubt(is_there=True, word="hot")
    marks = [
        Mark(x=10, y=10, doubt=doubt),
        Mark(x=30, y=30, doubt=doubt),
        Mark(x=50, y=50),
        Mark(x=70, y=70, doubt=doubt),
    ]
    where = area()
    with drawing():
        label(where, [Curve(look=LOOK, marks=tuple(marks))], str)
    said = [text.get_text() for text in where.figure.texts]

    assert said == ["70", "hot", "", "hot"]
    assert len(where.figure.artists) == 3
