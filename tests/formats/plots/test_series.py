"""suite.formats.plots.series: what stands in one curve, what it is called, and what is doubted."""

from dataclasses import replace

import pytest
from builders import make_cell, make_launch, make_run
from plotted import t4_report

from suite.analysis.assemble import assemble
from suite.formats.palette import LOOKS
from suite.formats.plots.chart import CHART_WIDTH, Chart, ChartGroup
from suite.formats.plots.figures import group_figure
from suite.formats.plots.series import NO_DOUBT, Doubt, PlottedRun, plotted_run, sizes_of
from suite.formats.plots.style import drawing, shortened, text_width
from suite.model.cell import Cell, Data, Layout, Mode, Precision
from suite.model.launch import Caution, CautionKind, Status
from suite.model.report import Estimator

QUICK = Caution(CautionKind.QUICK, "quick")
CUT = Caution(CautionKind.TRUNCATED, "cut")
THROTTLED = Caution(CautionKind.THROTTLED, "hot")
TRAINING = make_cell(mode=Mode.TRAINING)


def plotted(*cells: Cell, gpu: str | None = "Tesla T4") -> PlottedRun:
    launches = [make_launch(cell=cell, step_seconds=(0.1,)) for cell in cells]
    return plotted_run(assemble([make_run(*launches, gpu=gpu)]), 0)


def test_a_curve_has_cells_that_differ_in_batch_size_alone() -> None:
    """In order of batch size; anything else makes another curve."""
    cells = [
        make_cell(batch_size=16),
        make_cell(batch_size=2),
        make_cell(layout=Layout.NCHW),
        make_cell(mode=Mode.TRAINING),
        make_cell(mode=Mode.TRAINING, gpus=2),
        make_cell(precision=Precision.AMP),
    ]
    series = plotted(*cells).series
    found = [
        (each.mode, each.title, [result.cell.batch_size for result in each.results])
        for each in series
    ]

    assert found == [
        (Mode.INFERENCE, "FP32", [2, 16]),
        (Mode.INFERENCE, "FP32, nchw", [8]),
        (Mode.INFERENCE, "AMP", [8]),
        (Mode.TRAINING, "FP32, 1 GPU", [8]),
        (Mode.TRAINING, "FP32, 2 GPUs", [8]),
    ]
    assert sizes_of(series) == (2, 8, 16)
    assert [*series[0].summaries] == [2, 16]


def test_what_all_have_in_common_is_not_part_of_a_name() -> None:
    """It is said once of the run, and by mode where only one mode has it."""
    dali = [
        make_cell(data=Data.DALI),
        make_cell(data=Data.DALI, precision=Precision.AMP, layout=Layout.NCHW),
        replace(TRAINING, data=Data.DALI, image_size=96),
    ]
    run = plotted(*dali)

    assert [each.title for each in run.series] == ["FP32", "AMP, nchw", "FP32"]
    assert run.common_conditions == ("dali",)
    assert plotted().common_conditions == ()


def test_a_pair_names_what_both_have_once() -> None:
    """Before the fraction line what only the upper one has, below it what only the lower has."""
    base = replace(TRAINING, data=Data.DALI, gpus=2)
    amp = replace(base, precision=Precision.AMP)
    run = plotted(base, amp, replace(amp, xla=True), TRAINING)

    assert run.pair(amp, base) == "AMP / FP32, dali, 2 GPUs"
    assert run.pair(replace(base, layout=Layout.NCHW), base) == "FP32, nchw / FP32, dali, 2 GPUs"
    assert run.condition(amp) == "AMP, dali"
    assert run.name(amp) == "AMP, dali, 2 GPUs"


def test_ranks_on_a_cpu_are_not_called_gpus() -> None:
    """A machine without a GPU has none."""
    run = plotted(TRAINING, replace(TRAINING, gpus=2), gpu=None)

    assert [each.title for each in run.series] == ["FP32, 1 rank", "FP32, 2 ranks"]


def test_a_doubt_of_every_number_is_said_once_for_all() -> None:
    """Beside a number stands what is special about it, and what it lacks."""
    launches = [
        make_launch(step_seconds=(0.1,), cautions=(QUICK,)),
        make_launch(cell=TRAINING, step_seconds=(0.1,), cautions=(CUT, QUICK, THROTTLED)),
        make_launch(cell=replace(TRAINING, xla=True), status=Status.CRASHED, reason="why"),
    ]
    run = plotted_run(assemble([make_run(*launches)]), 0)

    assert run.common_doubts == (QUICK,)
    assert run.doubt((QUICK,)) == Doubt(is_there=True)
    assert run.doubt((CUT, QUICK, THROTTLED)) == Doubt(is_there=True, word="truncated, throttled")
    assert run.doubt((), is_whole=False) == Doubt(is_there=True, word="incomplete")
    assert run.doubt((CUT,), is_whole=False).word == "truncated, incomplete"
    assert run.doubt(()) == NO_DOUBT
    assert run.doubt_of(run.run.cells[TRAINING.id]).word == "truncated, throttled"
    assert plotted(TRAINING).common_doubts == ()


def test_published_numbers_stand_beside_those_of_their_own_gpu_alone() -> None:
    """With them comes the estimator by which they were made; on other hardware there is neither."""
    report = t4_report()
    (comparison,) = report.comparisons
    elsewhere = replace(report, comparisons=(replace(comparison, same_gpu=False),))
    other = replace(report, comparisons=(replace(comparison, run=1),))
    beside = plotted_run(report, 0)

    assert [*beside.series[0].published] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert beside.estimator is Estimator.MEAN_OF_RATES
    assert beside.speedups == comparison.speedups
    assert beside.beside_published[make_cell().id].published == 341.77
    for run in (plotted_run(elsewhere, 0), plotted_run(other, 0)):
        assert not run.series[0].published
        assert not run.beside_published
        assert run.estimator is Estimator.ELAPSED
        assert run.speedups == report.runs[0].speedups


def test_a_condition_that_was_not_published_has_no_published_curve() -> None:
    """Other work has none although its precision was published."""
    launches = [
        make_launch(cell=make_cell(layout=layout, data=data), step_seconds=(0.1,))
        for layout in Layout
        for data in (Data.SYNTHETIC, Data.SYNTHETIC_DEVICE)
    ]
    report = t4_report()
    (reference,) = report.comparisons
    run = assemble([make_run(*launches)]).runs[0]
    cells = tuple(cell for cell in reference.cells if cell.key.precision is Precision.FP32)
    bare = replace(reference, cells=tuple(replace(c, result=None, cell_id=None) for c in cells))

    assert not any(each.published for each in PlottedRun(run, bare).series)


@pytest.mark.parametrize("bold", [False, True])
def test_a_shortened_text_fits(bold: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """As much as there is room for, and an ellipsis for the rest; whole where it fits."""
    text = "FP32 + XLA, synthetic device, nchw"
    whole = text_width(text, 12, bold=bold)
    cut = shortened(text, whole - 0.1, 12, bold=bold)

    assert shortened(text, whole, 12, bold=bold) == text
    assert cut.endswith("…")
    assert text.startswith(cut[:-1])
    assert whole / 2 < text_width(cut, 12, bold=bold) <= whole
    assert text_width(text, 12, bold=True) > text_width(text, 12) > text_width(text, 11)


def test_a_long_title_goes_on_in_the_line_below() -> None:
    """Charts side by side do not write into each other, and nothing of a name is lost."""

    def heads(title: str) -> list[str]:
        chart = Chart(title=title, unit="img/s", says="", height=10, draw=lambda *_: None)
        group = ChartGroup(name="", title="", note="", charts=(chart, chart))
        with drawing():
            texts = [text.get_text() for text in group_figure(group, "").texts]
        return [text for text in texts if text][:2]

    long = "FP32 + XLA / FP32, synthetic device, image size 160, nchw"
    fits = "FP32 + XLA, synthetic device, nchw"

    assert text_width(long, 12.5, bold=True) > CHART_WIDTH > text_width(fits, 12.5, bold=True)
    assert heads(fits) == [fits, "img/s"]
    assert heads(long) == [
        "FP32 + XLA / FP32", "synthetic device, image size 160, nchw; img/s",
    ]  # fmt: skip


def test_a_title_leaves_room_for_its_shape() -> None:
    """Fourteen units before it, where it has one."""
    title = "A, "
    while text_width(f"{title}x", 12.5, bold=True) <= CHART_WIDTH:
        title += "x"
    for look, expected in ((None, title), (LOOKS[0], "A")):
        chart = Chart(title=title, unit="", says="", height=10, draw=lambda *_: None, look=look)
        group = ChartGroup(name="", title="", note="", charts=(chart,))
        with drawing():
            texts = [text.get_text() for text in group_figure(group, "").texts]
        assert next(filter(None, texts)) == expected


def test_steps_are_those_of_launches_that_went_well() -> None:
    """As in every number of a cell: an interrupted launch has steps, and is left out."""
    launches = [
        make_launch(step_seconds=(0.1,)),
        make_launch(launch=1, status=Status.INTERRUPTED, reason="why", step_seconds=(0.2,)),
        make_launch(launch=2, step_seconds=(0.3,)),
    ]
    run = plotted_run(assemble([make_run(*launches)]), 0)

    assert {cell: [row.record.launch for row in rows] for cell, rows in run.launches.items()} == {
        make_cell().id: [0, 2]
    }
