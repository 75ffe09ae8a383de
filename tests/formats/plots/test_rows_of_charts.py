"""Charts with a row for each cell: what has room at the left, and what at the right."""

import pytest
from builders import make_cell, make_launch, make_run
from matplotlib.figure import Figure

from suite.analysis.assemble import assemble
from suite.formats.palette import LOOKS
from suite.formats.placement import Box
from suite.formats.plots.area import Span
from suite.formats.plots.chart import CHART_WIDTH
from suite.formats.plots.rows import Row, Section, by_mode, cell_rows, frame, laid_out, write_number
from suite.formats.plots.series import NO_DOUBT, Doubt, plotted_run
from suite.formats.plots.style import drawing, text_width
from suite.model.cell import Mode

LONG = "FP32 + XLA, synthetic device, image size 160, nchw, jit compile"


def row(label: str, *, doubt: str = "") -> Row:
    """A row of batch size 8."""
    known = Doubt(is_there=True, word=doubt) if doubt else NO_DOUBT
    return Row(label=label, size=" bs8", look=LOOKS[0], doubt=known)


def section(*rows: Row, title: str = "") -> Section:
    return Section(title=title, rows=rows)


def written(only: Row) -> dict[str, float]:
    """The words of a chart of one row with the number 98.76, and where they begin."""
    figure = Figure(figsize=(CHART_WIDTH / 72, 1), dpi=72)
    rows = laid_out([section(only)])
    with drawing():
        area, (y,) = frame(
            figure, Box(0, 0, CHART_WIDTH, rows.height), rows, Span(low=0, high=1), []
        )
        write_number(area, rows, y, only, "98.76")
    return {text.get_text(): text.get_position()[0] * 72 for text in figure.texts}


def test_names_and_doubts_take_what_they_need() -> None:
    """By the mean width of their letters; a doubt has a glyph before its word."""
    margins = laid_out([section(row("FP32"), row("AMP + XLA"))]).margins
    doubted = laid_out([section(row("FP32"), row("AMP", doubt="hot"))]).margins

    assert (margins.left, margins.right) == (round(13 * 6.2 + 12), 54)
    assert (doubted.left, doubted.right) == (round(8 * 6.2 + 12), round(54 + 14 + 3 * 6.2))


def test_marks_keep_their_room_beside_the_longest_names() -> None:
    """72 units; a long doubt gets 78 of them at most."""
    named = laid_out([section(row(LONG))]).margins
    doubted = laid_out([section(row(LONG, doubt="throttled, unsteady, incomplete"))]).margins

    assert (named.left, named.right) == (CHART_WIDTH - 54 - 72, 54)
    assert (doubted.left, doubted.right) == (CHART_WIDTH - 54 - 78 - 72, 54 + 78)


def test_a_heading_takes_a_line() -> None:
    """An empty one takes none."""
    plain = laid_out([section(row("a"), row("b"))]).height

    assert laid_out([section(row("a"), title="training"), section(row("b"))]).height == plain + 18
    assert laid_out([section(row("a")), section(row("b"))]).height == plain == 4 + 22 + 2 * 18


@pytest.mark.parametrize("letters", range(40, len(LONG)))
def test_a_long_name_is_shortened_to_its_room(letters: int) -> None:
    """Its batch size stays whole, eight units before the axis are free, and no letter more fits."""
    label = LONG[:letters]
    first = next(iter(written(row(label))))
    room = laid_out([section(row(label))]).margins.left - 8

    assert first.endswith(" bs8")
    kept = first.removesuffix(" bs8").removesuffix("\N{HORIZONTAL ELLIPSIS}")
    assert label.startswith(kept)
    assert text_width(first) <= room + 0.5
    if kept != label:
        more = label[: len(kept) + 2]
        assert text_width(f"{more}\N{HORIZONTAL ELLIPSIS} bs8") > room - 0.5


def test_a_doubt_follows_its_number() -> None:
    """After its glyph; a long one is shortened where the chart ends."""
    short = written(row("FP32", doubt="hot"))
    long = written(row("FP32", doubt="throttled, unsteady, incomplete"))
    after = text_width("98.76", bold=True) + 4

    assert short["hot"] == pytest.approx(short["98.76"] + after + 14)
    right = laid_out([section(row("FP32", doubt="hot"))]).margins.right
    assert short["98.76"] == pytest.approx(CHART_WIDTH - right + 8)
    (word,) = (text for text in long if text.startswith("throttled"))
    assert word.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert CHART_WIDTH - 12 < long[word] + text_width(word) <= CHART_WIDTH


def test_rows_are_of_the_modes_that_were_asked_for() -> None:
    """Below headings where there are both."""
    cells = make_cell(), make_cell(mode=Mode.TRAINING)
    launches = [make_launch(cell=cell, step_seconds=(0.1, 0.1)) for cell in cells]
    plotted = plotted_run(assemble([make_run(*launches)]), 0)
    both, training = cell_rows(plotted, Mode), cell_rows(plotted, [Mode.TRAINING])

    assert [each.result.cell for each in training] == [cells[1]]
    assert [each.title for each in by_mode(training)] == [""]
    assert [each.title for each in by_mode(both)] == ["inference", "training"]
