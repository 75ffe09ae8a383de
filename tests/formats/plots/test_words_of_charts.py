"""Words, numbers and lengths that several charts share."""

import pytest
from builders import make_cell, make_launch, make_run
from matplotlib.figure import Figure

from suite.analysis.assemble import assemble
from suite.formats.placement import Box
from suite.formats.plots import pen
from suite.formats.plots.style import text_width
from suite.formats.plots.words import gap, left_out, short, status_word
from suite.model.launch import Status


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1234"),
        (100.0, "100"),
        (99.94, "99.9"),
        (10.0, "10.0"),
        (9.994, "9.99"),
        (1.0, "1.00"),
        (0.9994, "0.999"),
        (0.0123, "0.012"),
    ],
)
def test_numbers_at_the_end_of_a_curve_are_short(value: float, text: str) -> None:
    """Three digits, four at most."""
    assert short(value) == text


def test_what_is_not_drawn_is_counted() -> None:
    """One is one, several are several, and none is not mentioned."""
    assert left_out(2, "cell") == ["2 more cells are not drawn."]
    assert left_out(1, "cell") == ["1 more cell is not drawn."]
    assert left_out(0, "cell") == left_out(-3, "cell") == []


def test_a_cell_without_all_its_launches_is_not_finished() -> None:
    """Any other one without a number has its status."""
    cells = make_cell(), make_cell(batch_size=2)
    failed = make_launch(cell=cells[1], status=Status.CRASHED, reason="why")
    results = assemble([make_run(make_launch(cell=cells[0]), failed)]).runs[0].results

    assert [status_word(result) for result in results] == ["not finished", "crashed"]
    assert [gap(result, 3).is_failure for result in results] == [False, True]


def test_a_dollar_sign_is_as_wide_as_it_is_written() -> None:
    """It begins no formula, which would be narrower."""
    assert text_width("$x^2$") > text_width("x^2") + text_width("$")


def test_a_word_with_its_glyph_takes_the_place_of_both() -> None:
    """The glyph has room for itself and a space."""
    assert pen.word_width("hot") == text_width("hot") + pen.GLYPH_WIDTH
    assert pen.word_width("hot", bold=True) == text_width("hot", bold=True) + pen.GLYPH_WIDTH
    assert text_width("hot", bold=True) > text_width("hot")


def test_a_line_is_written_into_the_middle_of_its_box() -> None:
    """Its lower edge is that of the box, three units below the baseline."""
    figure = Figure(figsize=(1, 1), dpi=72)
    pen.write_in(figure, Box(10, 20, 40, 33), "here")
    (text,) = figure.texts

    assert [place * 72 for place in text.get_position()] == pytest.approx([25, 23])
    assert text.get_horizontalalignment() == "center"


def test_nothing_is_drawn_without_points() -> None:
    """A figure of no lines or marks is empty."""
    figure = Figure()
    pen.stroke(figure, [], "#000000", 1)
    pen.mark(figure, [], "o", "#000000")

    assert figure.artists == []
