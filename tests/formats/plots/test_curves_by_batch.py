"""Curves by batch size: which conditions have one, and what stands beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from builders import make_cell, make_launch, make_run, make_telemetry
from drawn import described

from suite.analysis.assemble import assemble
from suite.formats.plots import MostRows, chart_groups
from suite.formats.plots.chart import ChartGroup
from suite.formats.plots.figures import chart_figure
from suite.formats.plots.series import plotted_run
from suite.formats.plots.style import drawing
from suite.model.cell import Mode, Precision
from suite.model.launch import Launch, Status
from suite.store.references import read_system

T4 = Path(__file__).parents[3] / "reference" / "t4.csv"
FP32, AMP = Precision.FP32, Precision.AMP
TIMES = "\N{MULTIPLICATION SIGN}"


def measured(precision: Precision, sizes: Sequence[int], joules: float = 0.0) -> list[Launch]:
    """A launch of each batch size that takes 10 ms an image, and so much energy, if it is known."""
    telemetry = make_telemetry(
        energy_joules=joules, energy_source="a meter", images_per_joule=1 / joules
    ) if joules else None  # fmt: skip
    return [
        make_launch(
            cell=make_cell(precision=precision, batch_size=size),
            step_seconds=(0.01 * size,) * 3,
            telemetry=telemetry,
        )
        for size in sizes
    ]


def failed(precision: Precision, sizes: Sequence[int]) -> list[Launch]:
    """A launch of each batch size that crashed."""
    return [
        make_launch(
            cell=make_cell(precision=precision, batch_size=size),
            status=Status.CRASHED,
            reason="why",
        )
        for size in sizes
    ]


def groups(launches: Sequence[Launch], gpu: str | None = None) -> Mapping[str, ChartGroup]:
    """The groups of charts of a run by their names, beside the published T4."""
    report = assemble([make_run(*launches, gpu=gpu)], [read_system(T4)] if gpu else [])
    found = chart_groups(plotted_run(report, 0), MostRows(cells=8, steps=8))
    return {group.name: group for group in found}


def test_energy_has_a_curve_from_three_batch_sizes_on() -> None:
    """Of conditions that were metered, each at the sizes where it was."""
    two = [*measured(FP32, (1, 2), 0.5), *measured(FP32, (4,))]
    three = [*measured(FP32, (1, 2, 4), 0.5), *measured(FP32, (8,)), *measured(AMP, (1, 2, 4))]

    assert "energy_inference" not in groups(two)
    (chart,) = groups(three)["energy_inference"].charts
    assert chart.says == (
        "Images per joule by batch size, inference: FP32, measured 2.00 images/J at batch 1 to 2.00"
        " at batch 4."
    )


def test_a_ratio_has_a_curve_from_three_common_batch_sizes_on() -> None:
    """Two of them are no curve."""
    two = groups([*measured(FP32, (1, 2, 4)), *measured(AMP, (1, 2))])
    three = groups([*measured(FP32, (1, 2, 4)), *measured(AMP, (1, 2, 4))])

    assert "ratios_inference" not in two
    assert [chart.title for chart in three["ratios_inference"].charts] == ["AMP / FP32"]


def test_ratios_near_one_look_near() -> None:
    """The axis reaches from 0.95 to 1.05 at least."""
    found = groups([*measured(FP32, (1, 2, 4)), *measured(AMP, (1, 2, 4))])
    with drawing():
        figure = chart_figure(found["ratios_inference"].charts[0])
    texts = {text.get_text() for text in figure.texts}

    assert {f"{tick}{TIMES}" for tick in ("0.95", "0.975", "1", "1.025", "1.05")} <= texts
    assert not {f"{tick}{TIMES}" for tick in ("0.9", "1.1", "1.5", "2")} & texts


def test_published_numbers_are_drawn_as_far_as_the_measured() -> None:
    """The page has batch sizes from 1 to 256."""
    charts = groups(measured(FP32, (2, 4, 8)), "Tesla T4")["throughput_inference"].charts

    assert charts[0].says.endswith(
        "measured 100 img/s at batch 2 to 100 at batch 8;"
        " published 215 at batch 2 to 342 at batch 8."
    )


def test_only_what_was_published_stands_beside_it() -> None:
    """Another condition of the run has its curve, and no ratio to the published one."""
    found = groups([*measured(FP32, (2, 4, 8)), *measured(Precision.TF32, (2, 4, 8))], "Tesla T4")
    beside = found["ratios_inference"].charts[0]

    assert beside.title == "Measured / published"
    assert beside.says.count("at batch 8") == 1
    assert len(found["throughput_inference"].charts) == 2


def test_a_condition_that_failed_throughout_says_so() -> None:
    """Its chart has its gaps and the other curves."""
    found = groups([*measured(FP32, (1, 2, 4)), *failed(AMP, (1, 2))])
    chart = found["throughput_inference"].charts[1]

    assert chart.says == (
        "Throughput by batch size, inference: AMP, crashed at batch 1; crashed at batch 2."
    )


def test_the_band_up_to_p99_needs_three_numbers() -> None:
    """Like the line within it; two points have no band either."""
    found = groups([*measured(FP32, (1, 2, 4)), *measured(AMP, (1, 2)), *failed(AMP, (4,))])
    with drawing():
        bands = [
            described(chart_figure(chart)).count("  shape ")
            for chart in found["latency_inference"].charts
        ]

    assert bands == [1, 0]


def test_a_mode_without_curves_has_its_own_cells_side_by_side() -> None:
    """Neither the rows nor the axes of the other mode are in the way."""
    training = make_launch(
        cell=make_cell(mode=Mode.TRAINING),
        step_seconds=(0.1, 0.1),
        telemetry=make_telemetry(energy_joules=9, energy_source="a meter", images_per_joule=0.25),
    )
    found = groups([*measured(FP32, (1, 2, 4), 0.01), training])
    *_, energy = found["cells"].charts
    with drawing():
        texts = {text.get_text() for text in chart_figure(energy).texts}

    assert "throughput_training" not in found
    assert energy.says == "Images per joule in images/J: FP32 bs8 0.250."
    assert {"0", "0.1", "0.2"} <= texts
