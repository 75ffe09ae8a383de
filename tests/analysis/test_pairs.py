"""suite.analysis.pairs: a run beside another, or beside saved results."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from builders import (
    make_cell,
    make_launch,
    make_protocol,
    make_result,
    make_run,
)

from suite.analysis.assemble import assemble
from suite.analysis.pairs import paired
from suite.analysis.ratios import log_ratio_interval
from suite.model.cell import Cell
from suite.model.comparability import Value
from suite.model.errors import NotComparableError
from suite.model.facts import Facts
from suite.model.launch import Launch, Status
from suite.model.report import RunPair
from suite.model.run import Run, SavedResults

CELL = make_cell()
SLOW = ((0.1, 0.3, 0.11), (0.1, 0.32, 0.12))
FAST = ((0.05, 0.2, 0.055), (0.052, 0.18, 0.06), (0.05, 0.19, 0.05))


def launches(steps: Sequence[tuple[float, ...]], cell: Cell = CELL, **facts: Any) -> list[Launch]:
    """A launch of the cell for each of these."""
    return [
        make_launch(cell=cell, launch=number, step_seconds=seconds, **facts)
        for number, seconds in enumerate(steps)
    ]


def pair(*runs: Run) -> RunPair:
    """The only pair of two runs."""
    (found,) = paired(assemble(runs)).pairs
    return found


def told(found: RunPair) -> tuple[tuple[str, Value, Value], ...]:
    """What differs, and on either side how."""
    assert found.differences is not None
    return tuple((each.name, each.base, each.other) for each in found.differences)


def test_a_ratio_is_of_the_run_over_the_base_with_an_interval_from_launches() -> None:
    """Throughput by images / elapsed time, and the median step; each launch counts once."""
    found = pair(make_run(*launches(SLOW)), make_run(*launches(FAST)))
    (cell,) = found.cells
    slow, fast = ([8 * 3 / sum(steps) for steps in each] for each in (SLOW, FAST))

    assert (found.base.run, found.other.run) == (0, 1)
    assert cell.cell_id == CELL.id
    assert cell.throughput.base == pytest.approx(8 * 6 / 1.05)
    assert cell.throughput.other == pytest.approx(8 * 9 / 0.887)
    assert cell.throughput.ratio == pytest.approx(1.05 / 6 / (0.887 / 9))
    assert cell.throughput.ratio_interval == pytest.approx(log_ratio_interval(fast, slow))
    assert cell.latency_p50.unit == "ms"
    assert cell.latency_p50.base == pytest.approx(115)
    assert cell.latency_p50.ratio == pytest.approx(55 / 115)
    assert cell.latency_p50.ratio_interval == pytest.approx(
        log_ratio_interval([0.055, 0.06, 0.05], [0.11, 0.12])
    )


def test_a_single_launch_on_either_side_gives_no_interval() -> None:
    """However many the other side has."""
    few, many = make_run(*launches(SLOW[:1])), make_run(*launches(FAST))

    for one, two in ((few, many), (many, few)):
        (cell,) = pair(one, two).cells
        assert cell.throughput.ratio is not None
        assert cell.throughput.ratio_interval is None
        assert cell.latency_p50.ratio_interval is None


def test_a_launch_that_is_not_ok_does_not_count() -> None:
    """Neither in the ratio nor in its interval."""
    broken = launches(FAST)
    broken[1:] = [replace(each, status=Status.INTERRUPTED) for each in broken[1:]]
    (cell,) = pair(make_run(*launches(SLOW)), make_run(*broken)).cells

    assert cell.throughput.other == pytest.approx(8 * 3 / sum(FAST[0]))
    assert cell.throughput.ratio_interval is None
    assert cell.other.ok_launches == 1


def test_a_cell_without_a_number_stays_without_a_ratio() -> None:
    """It is on both sides, and says why."""
    crashed = make_launch(status=Status.CRASHED, reason="why")
    (cell,) = pair(make_run(*launches(SLOW)), make_run(crashed)).cells

    assert cell.throughput.base == pytest.approx(8 * 6 / 1.05)
    assert cell.throughput.other is None
    assert (cell.throughput.ratio, cell.latency_p50.ratio) == (None, None)
    assert cell.other.reason == "why"


def test_cells_of_one_side_are_named() -> None:
    """Nothing that was measured disappears."""
    one, two = make_cell(batch_size=1), make_cell(batch_size=2)
    found = pair(
        make_run(*launches(SLOW), *launches(SLOW, one)),
        make_run(*launches(FAST), *launches(FAST, two)),
    )

    assert [cell.cell_id for cell in found.cells] == [CELL.id]
    assert (found.only_base, found.only_other) == ((one.id,), (two.id,))


def test_all_runs_stand_beside_the_first() -> None:
    """Pairs share one base, in the order in which runs were named."""
    runs = [make_run(*launches(steps)) for steps in (SLOW, FAST, SLOW)]
    pairs = paired(assemble(runs)).pairs

    assert [(each.base.run, each.other.run) for each in pairs] == [(0, 1), (0, 2)]
    assert pairs[1].cells[0].throughput.ratio == pytest.approx(1)


def test_runs_without_a_common_cell_are_not_comparable() -> None:
    """Exit code 4; but one of several runs that has none hides no other."""
    mine, others = make_run(*launches(SLOW)), make_run(*launches(SLOW, make_cell(batch_size=1)))

    with pytest.raises(NotComparableError, match="no cell in common") as caught:
        paired(assemble([mine, others]))
    assert caught.value.exit_code == 4
    pairs = paired(assemble([mine, others, mine])).pairs
    assert [len(each.cells) for each in pairs] == [0, 1]


def test_a_cell_for_one_type_of_gpu_stands_beside_the_same_for_another() -> None:
    """As long as a run has a single type; several of one run are told apart."""
    t4, v100 = (make_run(*launches(SLOW, make_cell(gpu=gpu))) for gpu in ("t4", "dgx1"))
    both = make_run(*launches(SLOW, make_cell(gpu="t4")), *launches(SLOW, make_cell(gpu="dgx1")))

    assert [cell.cell_id for cell in pair(t4, v100).cells] == [CELL.id]
    assert [cell.cell_id for cell in pair(both, both).cells] == list(assemble([both]).runs[0].cells)
    with pytest.raises(NotComparableError):
        pair(t4, both)


def test_only_what_differs_is_listed() -> None:
    """Device, software, machine, protocol and selection, each by its name; equal facts are not."""
    base = make_run(
        *launches(SLOW),
        environment={"python": "3.12.0", "driver": "535", "variables": {"TF_X": "1"}},
        machine={"gpus": [{"name": "T4", "index": 0, "memory_bytes": 1}], "nvml": "", "cpu": {}},
        data={"data_dir": "/a"},
    )
    other = make_run(
        *launches(SLOW),
        device="NVIDIA L4",
        environment={"python": "3.12.0", "driver": "550", "variables": {"TF_X": "2"}},
        machine={"gpus": [{"name": "L4", "index": 1, "memory_bytes": 1}], "nvml": "", "cpu": None},
        protocol=make_protocol(launches=3),
        selection="--only 'x'",
        data={"data_dir": "/b"},
    )

    assert told(pair(base, base)) == ()
    assert told(pair(base, other)) == (
        ("device", "Tesla T4", "NVIDIA L4"),
        ("selection", None, "--only 'x'"),
        ("driver", "535", "550"),
        ("variables.TF_X", "1", "2"),
        ("gpus.0.name", "T4", "L4"),
        ("launches", 1, 3),
        ("data.data_dir", "/a", "/b"),
    )


def test_what_really_ran_is_told_where_it_differs_in_a_common_cell() -> None:
    """Measured facts and those of cells of one side are not conditions that differ."""
    other_cell = make_cell(batch_size=1)
    base = make_run(
        *launches(SLOW, conditions=Facts(compute_type="float16", casts=3, loss=1.0)),
        *launches(SLOW, other_cell, conditions=Facts(compute_type="float32", layouts=("NHWC",))),
    )
    other = make_run(
        *launches(SLOW, conditions=Facts(compute_type="bfloat16", casts=3, loss=2.0)),
        *launches(SLOW, other_cell, conditions=Facts(compute_type="float32", layouts=("NCHW",))),
    )

    assert told(pair(base, other)) == (
        ("compute_type", "float16", "bfloat16"),
        ("layouts", "NHWC", "NCHW"),
    )


def test_what_ran_is_that_of_the_first_launch_that_is_ok() -> None:
    """A crash on the way proves nothing."""
    crashed = make_launch(status=Status.CRASHED, conditions=Facts(compute_type="float64"))
    ok, again = (
        make_launch(launch=number, step_seconds=(0.1,), conditions=Facts(compute_type=kind))
        for number, kind in ((1, "float16"), (2, "bfloat16"))
    )
    base = make_run(*launches(SLOW, conditions=Facts(compute_type="float32")))

    assert told(pair(base, make_run(crashed, ok, again))) == (
        ("compute_type", "float32", "float16"),
    )


def test_saved_results_are_a_base_that_tells_no_conditions() -> None:
    """Ratios without intervals, as launches are not in the table."""
    saved = SavedResults(
        matrix="old", device="Tesla T4", started_at="then", results=(make_result(CELL, 0.1),)
    )
    (found,) = paired(assemble([make_run(*launches(FAST))]), saved).pairs
    (cell,) = found.cells

    assert (found.base.run, found.base.matrix, found.base.started_at) == (None, "old", "then")
    assert found.other.run == 0
    assert found.differences is None
    assert cell.throughput.ratio == pytest.approx(0.9 / 0.887)
    assert cell.throughput.ratio_interval is None
