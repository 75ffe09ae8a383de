"""suite.analysis.comparison: a run joined with a reference."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_cell, make_header, make_launch, make_result, make_row, make_run

from suite.analysis.assemble import assemble
from suite.analysis.bands import Band
from suite.analysis.comparison import compare, compare_run
from suite.analysis.ratios import log_ratio_to_constant
from suite.analysis.scaling import scaling_of, time_to_train_hours, times_of
from suite.analysis.summary import summarize
from suite.model.cell import Data, KernelName, Mode, Precision
from suite.model.errors import NotComparableError
from suite.model.launch import Caution, CautionKind, Status
from suite.model.reference import Metric, Reference, ReferenceRow, ReferenceTable
from suite.model.report import Comparison, Side, Word
from suite.model.run import CellResult
from suite.model.summary import Summary


def row(batch_size: int, throughput: float) -> ReferenceRow:
    return make_row(
        precision=Precision.AMP,
        batch_size=batch_size,
        throughput_img_s=throughput,
        latency_avg_ms=10.0,
        latency_p90_ms=20.0,
        latency_p95_ms=30.0,
    )


def result(
    batch_size: int,
    step_seconds: list[float],
    data: Data = Data.SYNTHETIC,
    cautions: tuple[Caution, ...] = (),
) -> CellResult:
    cell = make_cell(precision=Precision.AMP, batch_size=batch_size, data=data)
    return make_result(cell, *step_seconds, cautions=cautions)


def test_ratios_use_the_published_estimator() -> None:
    """Throughput is compared as a mean of rates, which is not images / elapsed time."""
    (cell,) = compare([result(8, [0.1, 0.3])], ReferenceTable("t4", (row(8, 100.0),)), [])

    assert cell.measured(Metric.THROUGHPUT) == pytest.approx((80 + 8 / 0.3) / 2)
    assert cell.ratio(Metric.THROUGHPUT) == pytest.approx((80 + 8 / 0.3) / 200)
    assert cell.measured(Metric.LATENCY_AVG) == pytest.approx(200.0)
    assert cell.ratio(Metric.LATENCY_AVG) == pytest.approx(20.0)
    assert cell.ratio(Metric.LATENCY_P99) is None


def test_cells_of_one_side_only_are_kept_and_told_apart() -> None:
    """Nothing measured and nothing published disappears from the comparison."""
    table = ReferenceTable("t4", (row(1, 50.0), row(8, 100.0)))
    cells = compare([result(8, [0.1]), result(3, [0.1])], table, [])

    assert [(cell.key.batch_size, cell.side) for cell in cells] == [
        (1, Side.PUBLISHED),
        (3, Side.MEASURED),
        (8, Side.BOTH),
    ]


def test_a_failed_cell_is_on_both_sides_without_a_ratio() -> None:
    """A crash is shown beside the published number, not left out."""
    (cell,) = compare([result(8, [])], ReferenceTable("t4", (row(8, 100.0),)), [])

    assert cell.side is Side.BOTH
    assert cell.ratio(Metric.THROUGHPUT) is None
    assert cell.judgement(Metric.THROUGHPUT) is None
    assert cell.numbers[Metric.THROUGHPUT].samples == 0


def test_another_kind_of_work_does_not_join_a_published_row() -> None:
    """A DALI cell has the published batch size but not the published pipeline."""
    table = ReferenceTable("t4", (row(8, 100.0), row(1, 1.0)))
    cells = compare([result(8, [0.1], Data.DALI), result(1, [0.1])], table, [])

    assert [cell.side for cell in cells] == [Side.BOTH, Side.MEASURED, Side.PUBLISHED]


@pytest.mark.parametrize("results", [[], [result(3, [0.1])]])
def test_nothing_in_common_is_not_comparable(results: list[CellResult]) -> None:
    """Two sides without a common cell are an error of their own, exit code 4."""
    table = ReferenceTable("t4", (row(8, 100.0),))
    reference = Reference(table=table, accuracy=(), scaling=(), times=())
    with pytest.raises(NotComparableError, match="no cell in common") as caught:
        compare_run(0, make_header(), results, {}, reference, [])

    assert caught.value.exit_code == 4


def test_latencies_are_enclosed_in_milliseconds() -> None:
    """As far as there are samples for an interval; a throughput and a mean have none."""
    steps = [0.1 + step % 7 * 0.01 for step in range(100)]
    doubt = Caution(CautionKind.QUICK, "cut")
    (cell,) = compare(
        [result(8, steps, cautions=(doubt,))], ReferenceTable("t4", (row(8, 100.0),)), []
    )
    assert cell.result is not None
    assert cell.result.summary is not None
    low, high = cell.result.summary.p90_interval_seconds or (0, 0)
    number = cell.numbers[Metric.LATENCY_P90]

    assert number.interval == pytest.approx((low * 1000, high * 1000))
    assert (number.unit, number.samples, number.cautions) == ("ms", 100, (doubt,))
    assert number.is_whole
    for metric in (Metric.THROUGHPUT, Metric.LATENCY_AVG, Metric.LATENCY_P99):
        assert cell.numbers[metric].interval is None
    assert [cell.measured(metric) for metric in list(Metric)[1:]] == pytest.approx(
        [1000 * float(np.mean(steps)), *(1000 * np.quantile(steps, (0.9, 0.95, 0.99)))]
    )


def summaries(*launches: tuple[float, ...]) -> list[Summary]:
    """The summaries of launches of eight images a step."""
    return [summary for steps in launches if (summary := summarize(steps, 8))]


def test_ratios_of_means_are_enclosed_by_their_launches() -> None:
    """One number a launch, by the published estimator; a percentile has no such interval."""
    launches = ((0.1, 0.3), (0.1, 0.28))
    both = result(8, [step for steps in launches for step in steps])
    table = ReferenceTable("t4", (row(8, 100.0),))
    (cell,) = compare([both], table, [], {both.cell: summaries(*launches)})
    rates = [(80 + 8 / 0.3) / 2, (80 + 8 / 0.28) / 2]

    assert cell.numbers[Metric.THROUGHPUT].ratio_interval == pytest.approx(
        log_ratio_to_constant(rates, 100.0)
    )
    assert cell.numbers[Metric.LATENCY_AVG].ratio_interval == pytest.approx(
        log_ratio_to_constant([200.0, 190.0], 10.0)
    )
    assert cell.numbers[Metric.LATENCY_P90].ratio_interval is None


def test_a_single_launch_encloses_no_ratio() -> None:
    """However many steps it had."""
    one = result(8, [0.1, 0.3] * 50)
    table = ReferenceTable("t4", (row(8, 100.0),))
    (cell,) = compare([one], table, [], {one.cell: summaries((0.1, 0.3) * 50)})

    assert {number.ratio_interval for number in cell.numbers.values()} == {None}


def test_an_interval_that_lies_elsewhere_than_the_ratio_is_not_shown() -> None:
    """Nine short launches and a long, slow one: pooled steps tell of the long one alone."""
    launches = (*[(0.1, 0.1001)] * 9, (0.2,) * 2000)
    pooled = result(8, [step for steps in launches for step in steps])
    table = ReferenceTable("t4", (row(8, 100.0),))
    (cell,) = compare([pooled], table, [], {pooled.cell: summaries(*launches)})

    assert cell.ratio(Metric.THROUGHPUT) == pytest.approx(0.4, rel=0.02)
    assert cell.numbers[Metric.THROUGHPUT].ratio_interval is None


def test_only_launches_that_are_ok_enclose_a_ratio() -> None:
    """An interrupted one measured something, but not what the cell declares."""
    steps = ((0.1, 0.12), (0.11, 0.1), (0.3, 0.3))
    launches = [
        make_launch(launch=number, step_seconds=seconds) for number, seconds in enumerate(steps)
    ]
    launches[2] = replace(launches[2], status=Status.INTERRUPTED)
    table = ReferenceTable("t4", (make_row(),))
    reference = Reference(table=table, accuracy=(), scaling=(), times=())
    report = assemble([make_run(*launches)], [reference])
    (cell,) = report.comparisons[0].cells

    rates = [(8 / 0.1 + 8 / 0.12) / 2, (8 / 0.11 + 8 / 0.1) / 2]
    assert cell.numbers[Metric.THROUGHPUT].ratio_interval == pytest.approx(
        log_ratio_to_constant(rates, 100.0)
    )


TRAINING = make_cell(mode=Mode.TRAINING, batch_size=32)
AMP = replace(TRAINING, precision=Precision.AMP)
ROWS = tuple(
    make_row(
        system="mine", mode=Mode.TRAINING, precision=precision, gpus=gpus, batch_size=32,
        throughput_img_s=rate,
    )
    for gpus, precision, rate in [
        (1, Precision.FP32, 400.0),
        (1, Precision.AMP, 1000.0),
        (2, Precision.FP32, 760.0),
        (2, Precision.AMP, 1800.0),
    ]
)  # fmt: skip
REFERENCE = Reference(
    table=ReferenceTable("mine", ROWS), accuracy=(), scaling=scaling_of(ROWS), times=times_of(ROWS)
)


def beside(*results: CellResult) -> Comparison:
    """A run on one device beside the reference."""
    devices = {each.cell: "Tesla V100" for each in results}
    return compare_run(0, make_header(), results, devices, REFERENCE, [])


def test_training_is_set_beside_the_pages_own_columns() -> None:
    """Speedup of AMP, weak scaling of each precision and hours, by the published estimator."""
    doubt = Caution(CautionKind.UNSTEADY, "drift")
    (table,) = beside(
        make_result(TRAINING, 0.1, cautions=(doubt,)),
        make_result(AMP, 0.04),
        make_result(replace(TRAINING, gpus=2), 0.125, 0.125),
        make_result(replace(AMP, gpus=2), 0.05),
    ).training
    one, two = table.lines

    assert (table.base_precision, table.xla) == (Precision.FP32, False)
    assert [(line.gpus, line.batch_size_base, line.batch_size_amp) for line in table.lines] == [
        (1, 32, 32),
        (2, 32, 32),
    ]
    assert (one.base.measured, one.base.published) == pytest.approx((320, 400))
    assert one.base.ratio == pytest.approx(0.8)
    assert (one.speedup.unit, one.speedup.samples, one.speedup.cautions) == ("x", 2, (doubt,))
    assert one.speedup.measured == pytest.approx(2.5)
    assert one.speedup.ratio == pytest.approx(1.0)
    assert (one.base_weak_scaling.measured, one.base_weak_scaling.cautions) == (1.0, ())
    assert two.base_weak_scaling.measured == pytest.approx(512 / 320)
    assert (two.base_weak_scaling.samples, two.base_weak_scaling.cautions) == (2, (doubt,))
    assert two.base_weak_scaling.ratio == pytest.approx(1.6 / 1.9)
    assert two.amp_weak_scaling.measured == pytest.approx(1280 / 800)
    assert two.amp_hours.unit == "h"
    assert two.amp_hours.measured == pytest.approx(time_to_train_hours(1280))
    assert two.amp_hours.ratio == pytest.approx(1800 / 1280)
    assert two.base_hours.samples == 2


def test_a_training_line_of_which_a_side_is_missing_keeps_the_other() -> None:
    """Nothing derived is made up; lines of which nothing was measured are left out."""
    unfinished = replace(
        make_result(TRAINING, 0.1), ended_launches=1, planned_launches=2, ok_launches=1
    )
    (table,) = beside(unfinished, make_result(AMP)).training
    (line,) = table.lines

    assert line.gpus == 1
    assert line.base.measured == pytest.approx(320)
    assert not line.base.is_whole
    assert (line.amp.measured, line.amp.published, line.amp.ratio) == (None, 1000, None)
    assert (line.speedup.measured, line.speedup.samples, line.speedup.ratio) == (None, 0, None)
    assert (line.speedup.published, line.speedup.is_whole) == (2.5, False)
    assert (line.amp_weak_scaling.measured, line.amp_weak_scaling.samples) == (None, 0)
    assert (line.amp_hours.measured, line.base_hours.is_whole) == (None, False)

    (part,) = beside(unfinished, make_result(AMP, 0.04)).training
    assert (part.lines[0].speedup.is_whole, part.lines[0].amp_hours.is_whole) == (False, True)
    (alone,) = beside(make_result(AMP, 0.04)).training
    assert (alone.lines[0].base.measured, alone.lines[0].base.published) == (None, 400)
    (alone,) = beside(make_result(TRAINING, 0.1)).training
    assert (alone.lines[0].amp.measured, alone.lines[0].amp.published) == (None, 1000)


def test_the_device_is_the_systems_only_if_it_is_the_very_gpu() -> None:
    """A table of one's own is of no published system; its row says what it is for."""
    mine = beside(make_result(AMP, 0.04))
    rows = (replace(ROWS[1], system="t4"),)
    published = replace(REFERENCE, table=ReferenceTable("t4", rows), scaling=(), times=())
    results = [make_result(AMP, 0.04)]
    named = {
        gpu: compare_run(0, make_header(gpu=gpu, device=gpu), results, {}, published, [])
        for gpu in ("Tesla T4", "NVIDIA L4", None)
    }

    assert (mine.published_for, mine.same_gpu) == ("mine (T4 16G)", False)
    assert [each.same_gpu for each in named.values()] == [True, False, False]
    assert named["Tesla T4"].published_for == "NVIDIA T4 (1x T4 16G)"
    assert named["NVIDIA L4"].device == "NVIDIA L4"


def test_scaling_alone_makes_a_run_comparable() -> None:
    """Where batch sizes differ from the page's, factors still stand beside each other."""
    other = [
        make_result(replace(TRAINING, batch_size=8, gpus=gpus), seconds)
        for gpus, seconds in ((1, 0.1), (2, 0.125))
    ]

    assert beside(*other).training == ()
    with pytest.raises(NotComparableError, match="no cell in common"):
        beside(other[0])


def test_the_simulated_kernel_scales_beside_nothing() -> None:
    """Its factors are no measurement of the network."""
    simulated = [
        make_result(replace(TRAINING, gpus=gpus, kernel=KernelName.SIMULATED), 0.1)
        for gpus in (1, 2)
    ]

    with pytest.raises(NotComparableError, match="no cell in common"):
        beside(*simulated)


def test_a_cell_that_names_its_gpu_stands_beside_that_gpus_system_only() -> None:
    """On a machine with several types the device is the one on which the compared cells ran."""
    t4, v100 = (make_result(make_cell(gpu=gpu), 0.1) for gpu in ("t4", "dgx1"))
    devices = {t4.cell: "Tesla T4", v100.cell: "Tesla V100-SXM2-16GB"}
    table = ReferenceTable("t4", (make_row(),))
    reference = Reference(table=table, accuracy=(), scaling=(), times=())
    comparison = compare_run(
        0, make_header(gpu=None, device="several"), [t4, v100], devices, reference, []
    )

    assert [cell.cell_id for cell in comparison.cells] == [t4.cell.id]
    assert (comparison.device, comparison.same_gpu) == ("Tesla T4", True)
    with pytest.raises(NotComparableError, match="no cell in common"):
        compare_run(0, make_header(), [v100], devices, reference, [])


def test_the_typical_ratio_is_of_cells_beyond_doubt_on_the_very_gpu() -> None:
    """Ratios of 0.8, 1.0 and 1.5; a caution, a missing launch and an unsteady row do not count.

    One image in 10 ms, as published, is 100 img/s.
    """
    sizes = (1, 2, 4, 8, 16, 32)
    *steady, unsteady = [row(size, size * 100.0) for size in sizes]
    table = ReferenceTable("t4", (*steady, replace(unsteady, latency_avg_ms=11.0)))
    reference = Reference(table=table, accuracy=(), scaling=(), times=())
    paces = (0.8, 1.0, 1.5, 3.0, 4.0, 5.0)
    results = [result(size, [0.01 / pace]) for size, pace in zip(sizes, paces, strict=True)]
    doubt = (Caution(CautionKind.UNSTEADY, "why"),)
    results[3] = replace(results[3], cautions=doubt)
    results[4] = replace(results[4], planned_launches=2)

    found = {
        gpu: compare_run(0, make_header(gpu=gpu), results, {}, reference, []).typical
        for gpu in ("Tesla T4", "NVIDIA L4")
    }

    typical = found["Tesla T4"]
    assert typical is not None
    assert [typical.lowest, typical.median, typical.highest] == pytest.approx([0.8, 1.0, 1.5])
    assert typical.cells == 3
    assert found["NVIDIA L4"] is None
    nothing = compare_run(0, make_header(gpu="Tesla T4"), results[3:], {}, reference, [])
    assert nothing.typical is None


def test_a_ratio_to_another_gpu_is_not_judged() -> None:
    """It tells how two devices differ; a table of one's own may be of the very device."""
    band = Band(
        metric=Metric.THROUGHPUT, gpus=1, xla=False, batch_size_from=1, batch_size_to=None,
        tolerance=0.1, pairs=4,
    )  # fmt: skip
    published = ReferenceTable("t4", (row(1, 100.0),))
    mine = ReferenceTable("mine", (replace(row(1, 100.0), system="mine"),))

    def word(table: ReferenceTable, gpu: str) -> tuple[Word, str]:
        reference = Reference(table=table, accuracy=(), scaling=(), times=())
        comparison = compare_run(
            0, make_header(gpu=gpu), [result(1, [0.01])], {}, reference, [band]
        )
        judgement = comparison.cells[0].judgement(Metric.THROUGHPUT)
        assert judgement is not None
        return judgement.word, judgement.reason

    assert word(published, "Tesla T4")[0] is Word.WITHIN
    assert word(mine, "NVIDIA L4")[0] is Word.WITHIN
    assert word(published, "NVIDIA L4") == (
        Word.NOT_JUDGED,
        "the reference is for another GPU",
    )
