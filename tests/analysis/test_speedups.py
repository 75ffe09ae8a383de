"""suite.analysis.speedups: which cells are set over which, and by what numbers."""

import pytest
from builders import make_cell, make_launch, make_run

from suite.analysis.assemble import assemble
from suite.analysis.ratios import log_ratio_interval
from suite.analysis.results import cell_results
from suite.analysis.speedups import speedups
from suite.analysis.summary import launch_summary
from suite.model.cell import Cell, Graph, Layout, Mode, Precision, XlaMode
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.report import Estimator, Speedup
from suite.store.references import REFERENCE_DIRECTORY, read_system

QUICK = Caution(CautionKind.QUICK, "quick")
CUT = Caution(CautionKind.TRUNCATED, "cut")


def found(*launches: Launch, estimator: Estimator = Estimator.ELAPSED) -> list[Speedup]:
    summaries: dict[Cell, list[object]] = {}
    for launch in launches:
        if launch.status is Status.OK:
            summaries.setdefault(launch.cell, []).append(launch_summary(launch))
    return list(speedups(cell_results(launches), summaries, estimator))  # type: ignore[arg-type]


def launch(
    *steps: float, number: int = 0, cautions: tuple[Caution, ...] = (), **axes: object
) -> Launch:
    cell = make_cell(**axes)
    if not steps:
        return make_launch(cell=cell, launch=number, status=Status.CRASHED, reason="why")
    return make_launch(cell=cell, launch=number, step_seconds=steps, cautions=cautions)


def pairs(*cells: Cell) -> list[tuple[str, str]]:
    launches = [make_launch(cell=cell, step_seconds=(0.1,)) for cell in cells]
    return [(each.numerator, each.denominator) for each in found(*launches)]


def test_amp_is_set_over_both_precisions_and_xla_over_none() -> None:
    """A cell over every one that differs from it in precision or in XLA alone, that way round."""
    fp32, amp = make_cell(), make_cell(precision=Precision.AMP)
    tf32 = make_cell(precision=Precision.TF32)
    amp_xla = make_cell(precision=Precision.AMP, xla=True)
    fp32_xla = make_cell(xla=True)

    assert pairs(fp32, tf32, amp, fp32_xla, amp_xla) == [
        (amp.id, fp32.id),
        (amp.id, tf32.id),
        (fp32_xla.id, fp32.id),
        (amp_xla.id, fp32_xla.id),
        (amp_xla.id, amp.id),
    ]


@pytest.mark.parametrize(
    "axes",
    [
        {"batch_size": 16},
        {"mode": Mode.TRAINING},
        {"layout": Layout.NCHW},
        {"graph": Graph.FORWARD},
        {"image_size": 96},
    ],
)
def test_cells_that_differ_in_anything_else_have_no_ratio(axes: dict[str, object]) -> None:
    """What is not the same work is never divided."""
    amp = make_cell(precision=Precision.AMP)

    assert pairs(amp, make_cell(**axes)) == []


def test_both_ways_of_xla_are_set_over_the_cell_without() -> None:
    """Each beside its own cell of FP32 as well."""
    none = make_cell()
    both = [make_cell(xla=True, xla_mode=mode) for mode in XlaMode]

    assert pairs(none, *both) == [(cell.id, none.id) for cell in both]


def test_a_ratio_is_of_the_estimator_that_was_asked_for() -> None:
    """Images / elapsed time: 0.4 s over 0.2 s; the mean of rates weighs short steps more."""
    launches = launch(0.1, 0.3), launch(0.1, 0.1, precision=Precision.AMP)
    (elapsed,) = found(*launches)
    (rates,) = found(*launches, estimator=Estimator.MEAN_OF_RATES)

    assert elapsed.ratio == pytest.approx(2.0)
    assert rates.ratio == pytest.approx(10 / ((10 + 10 / 3) / 2))


def test_an_interval_comes_from_launches() -> None:
    """One number a launch, by the same estimator; None if a side has a single launch."""
    base = [launch(0.2, number=0), launch(0.21, number=1), launch(0.2, number=2)]
    amp = [
        launch(0.1, number=number, precision=Precision.AMP) if number else
        launch(0.105, number=number, precision=Precision.AMP)
        for number in range(2)
    ]  # fmt: skip
    (several,) = found(*base, *amp)
    (single,) = found(*base, amp[0])

    assert several.interval == log_ratio_interval(
        [8 / 0.105, 8 / 0.1], [8 / 0.2, 8 / 0.21, 8 / 0.2]
    )
    assert single.interval is None
    assert single.ratio is not None


def test_an_interval_that_does_not_enclose_the_ratio_is_not_claimed() -> None:
    """The ratio pools steps: a long slow launch outweighs what each launch tells alone."""
    fast = [launch(0.1 + number / 10_000, number=number) for number in range(8)]
    slow = launch(*[0.2] * 50, number=8)
    amp = [
        launch(0.1 + number / 10_000, number=number, precision=Precision.AMP)
        for number in range(3)
    ]  # fmt: skip
    (alike,) = found(*fast, *amp)
    (unlike,) = found(*fast, slow, *amp)

    assert alike.interval is not None
    assert unlike.ratio == pytest.approx(1.87, abs=0.01)
    assert unlike.interval is None


def test_a_failed_side_leaves_no_ratio_but_is_named() -> None:
    """So that a plot can say why there is none."""
    (speedup,) = found(launch(0.1), launch(precision=Precision.AMP))

    assert (speedup.ratio, speedup.interval, speedup.is_whole) == (None, None, False)
    assert speedup.numerator == make_cell(precision=Precision.AMP).id


def test_doubts_of_both_sides_are_there_once() -> None:
    """A ratio is no better than either of its numbers."""
    (speedup,) = found(
        launch(0.1, cautions=(QUICK,)), launch(0.1, precision=Precision.AMP, cautions=(CUT, QUICK))
    )

    assert speedup.cautions == (CUT, QUICK)
    assert speedup.is_whole


def test_a_ratio_without_some_launch_is_not_whole() -> None:
    """The number is there, and so is what it lacks."""
    amp = [launch(0.1, precision=Precision.AMP), launch(number=1, precision=Precision.AMP)]
    (speedup,) = found(launch(0.2), *amp)

    assert speedup.ratio == pytest.approx(2.0)
    assert not speedup.is_whole


def test_a_run_beside_a_table_has_the_published_ratio() -> None:
    """By the published estimator, and only where both cells are published."""
    run = make_run(
        launch(0.1, 0.2),
        launch(0.1, 0.1, precision=Precision.AMP),
        launch(0.1, 0.1, precision=Precision.AMP, batch_size=3),
        launch(0.1, 0.1, batch_size=3),
        launch(0.1, xla=True),
    )
    report = assemble([run], [read_system(REFERENCE_DIRECTORY / "t4.csv")])
    ours = {(each.numerator, each.denominator): each for each in report.runs[0].speedups}
    beside = {(each.numerator, each.denominator): each for each in report.comparisons[0].speedups}
    pair = (make_cell(precision=Precision.AMP).id, make_cell().id)
    unpublished = (make_cell(precision=Precision.AMP, batch_size=3).id, make_cell(batch_size=3).id)

    assert ours.keys() == beside.keys()
    assert ours[pair].ratio == pytest.approx(1.5)
    assert ours[pair].published is None
    assert beside[pair].ratio == pytest.approx(10 / 7.5)
    assert beside[pair].published == pytest.approx(791.12 / 341.77)
    assert beside[unpublished].published is None
    assert beside[make_cell(xla=True).id, make_cell().id].published is None
