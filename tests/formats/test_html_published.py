"""The forest plot of a table: ratios, their intervals and bands on one logarithmic axis."""

from collections.abc import Sequence

import pytest
from builders import make_cell, make_launch, make_row, make_run

from suite.analysis.assemble import assemble
from suite.analysis.bands import Band
from suite.formats.html.published import (
    FOREST_WIDTH,
    InferenceTable,
    caveats,
    inference_tables,
)
from suite.model.launch import Status
from suite.model.reference import Metric, Reference, ReferenceTable
from suite.model.report import Comparison

BAND = Band(
    metric=Metric.THROUGHPUT, gpus=1, xla=False, batch_size_from=1, batch_size_to=None,
    tolerance=0.25, pairs=4,
)  # fmt: skip


def compared(
    *ratios: float, gpu: str = "Tesla T4", launches: int = 1, bands: Sequence[Band] = (BAND,)
) -> Comparison:
    """Cells of batch 1, 2, ... with these ratios to a published throughput of 100 img/s."""
    made = [
        make_launch(
            cell=make_cell(batch_size=size),
            launch=number,
            step_seconds=(size / 100 / ratio * (1 + 0.01 * number),) * 2,
        )
        for size, ratio in enumerate(ratios, 1)
        for number in range(launches)
    ]
    rows = tuple(make_row(batch_size=size) for size in range(1, len(ratios) + 1))
    reference = Reference(table=ReferenceTable("t4", rows), accuracy=(), scaling=(), times=())
    run = make_run(*made, gpu=gpu)
    (comparison,) = assemble([run], [reference], bands).comparisons
    return comparison


def table(comparison: Comparison, *ratios: float) -> InferenceTable:
    """The only table."""
    launches = [
        make_launch(cell=make_cell(batch_size=size), step_seconds=(0.1, 0.1))
        for size in range(1, len(ratios) + 1)
    ]
    (run,) = assemble([make_run(*launches)]).runs
    (found,) = inference_tables(comparison, run)
    return found


@pytest.mark.parametrize(
    ("ratios", "ticks"),
    [
        ((1.0, 1.0), ["1×", "1.25×"]),
        ((0.5, 2.0), ["0.5×", "1×", "1.5×"]),
        ((0.1, 1.0), ["0.1×", "0.2×", "0.5×", "1×"]),
        ((0.05, 10.0), ["0.05×", "0.2×", "1×", "5×"]),
    ],
)
def test_the_axis_has_round_ratios_that_fit_beside_each_other(
    ratios: tuple[float, ...], ticks: list[str]
) -> None:
    """With 1 first of all."""
    found = table(compared(*ratios), *ratios)

    assert [tick.text for tick in sorted(found.ticks, key=lambda tick: tick.place)] == ticks
    assert all(17 <= tick.place <= FOREST_WIDTH - 17 for tick in found.ticks)


@pytest.mark.parametrize(
    ("ratios", "ticks"),
    [
        ((0.9, 1.1), ["0.9×", "1×", "1.1×"]),
        ((0.75, 1.5), ["0.75×", "1×", "1.25×", "1.5×"]),
        ((1.0, 10.0), ["1×", "2×", "5×", "10×"]),
        ((1.0, 20.0), ["1×", "5×", "20×"]),
        ((0.01, 1.0), ["0.01×", "0.05×", "0.2×", "1×"]),
        ((0.02, 6.0), ["0.02×", "0.2×", "1×", "5×"]),
    ],
)
def test_an_axis_that_ends_at_a_round_ratio_says_so(
    ratios: tuple[float, ...], ticks: list[str]
) -> None:
    """From a hundredth to twenty times as fast; without a band it reaches no further."""
    found = table(compared(*ratios, bands=()), *ratios)

    assert [tick.text for tick in sorted(found.ticks, key=lambda tick: tick.place)] == ticks


@pytest.mark.parametrize(("highest", "has_room"), [(3.85, True), (3.92, True), (3.97, False)])
def test_a_label_of_the_axis_takes_34_pixels(highest: float, has_room: bool) -> None:  # noqa: FBT001
    """With 1 in the middle of 134 pixels, 2 is 67 * log(2) / log(highest) right of it."""
    ratios = 1 / highest, highest
    texts = [tick.text for tick in table(compared(*ratios), *ratios).ticks]

    assert ("2×" in texts) is has_room


def test_a_point_lies_by_its_logarithm_with_its_band_and_its_interval() -> None:
    """0.5 to 2 take the width less a margin of 8 pixels on either side, 1 its middle."""
    found = table(compared(0.5, 1.0, 2.0), 0.5, 1.0, 2.0)
    points = [row.point for row in found.rows]
    inner = FOREST_WIDTH - 16

    assert found.centre == FOREST_WIDTH / 2
    assert [point.place for point in points if point] == [8, FOREST_WIDTH / 2, FOREST_WIDTH - 8]
    assert points[1] is not None
    assert points[1].interval is None
    assert points[1].band is not None
    assert points[1].band.begin == pytest.approx(FOREST_WIDTH / 2 - 0.322 / 2 * inner, abs=0.1)
    assert points[1].band.end == pytest.approx(FOREST_WIDTH / 2 + 0.322 / 2 * inner, abs=0.1)

    (row,) = table(compared(1.0, launches=3), 1.0).rows
    assert row.point is not None
    assert row.point.interval is not None
    assert row.point.interval.begin < row.point.place < row.point.interval.end
    assert row.interval.count(" to ") == 1


def test_an_axis_of_equal_ratios_still_has_a_width() -> None:
    """Five percent either side, unless a band reaches further."""
    found = table(compared(1.0, bands=()), 1.0)

    assert found.centre == FOREST_WIDTH / 2
    assert [tick.text for tick in found.ticks] == ["1×"]
    assert found.rows[0].point is not None


def test_without_a_ratio_there_is_no_axis() -> None:
    """Cells that failed stand in the table with their reason alone."""
    failed = make_launch(cell=make_cell(batch_size=1), status=Status.CRASHED, reason="ended")
    run = make_run(failed, gpu="Tesla T4")
    rows = (make_row(batch_size=1),)
    reference = Reference(table=ReferenceTable("t4", rows), accuracy=(), scaling=(), times=())
    report = assemble([run], [reference], [BAND])
    (found,) = inference_tables(report.comparisons[0], report.runs[0])

    assert (found.ticks, found.centre) == ((), 0.0)
    assert [(row.words, row.point) for row in found.rows] == [("crashed", None)]


def test_on_another_gpu_there_is_no_plot_and_no_word() -> None:
    """The ratio itself is there."""
    found = table(compared(0.5, gpu="NVIDIA L4"), 0.5)

    assert (found.ticks, found.rows[0].point) == ((), None)
    assert found.rows[0].columns[0].ratio == "0.500×"
    assert found.rows[0].columns[0].word == ""
    assert table(compared(0.5), 0.5).rows[0].columns[0].word == "below"


def test_percentiles_without_an_interval_are_marked() -> None:
    """Throughput and the average never are."""
    (row,) = table(compared(1.0), 1.0).rows

    assert [column.measured[:1] for column in row.columns] == ["1", "1", "~", "~", "~"]
    assert row.columns[0].value == pytest.approx(100.0)


def test_a_table_of_ones_own_has_no_caveats_of_the_page() -> None:
    """But rows that disagree with themselves are named."""
    unsteady = make_row(latency_avg_ms=200.0)
    launch = make_launch(step_seconds=(0.1, 0.1))
    found = {}
    for name, system in (("mine", "mine"), ("t4", "t4")):
        rows = (make_row(batch_size=1), unsteady)
        reference = Reference(table=ReferenceTable(name, rows), accuracy=(), scaling=(), times=())
        (comparison,) = assemble(
            [make_run(launch, gpu=None, device=system)], [reference]
        ).comparisons
        found[name] = [caveat.title for caveat in caveats(comparison)]

    assert found["mine"] == ["Some rows disagree with themselves."]
    assert found["t4"][-1] == "Some rows disagree with themselves."
    assert len(found["t4"]) == 5
