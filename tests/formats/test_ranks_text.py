"""The ranks of a launch in the report."""

from dataclasses import replace

from builders import make_run

from suite.analysis.assemble import assemble
from suite.formats.launches import rank_notes, ranks_table
from suite.model.cell import Cell, Mode, Precision, Protocol
from suite.model.launch import Caution, CautionKind, Launch, RankRecord, Status
from suite.model.report import ReportedRun

CELL = Cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=False, batch_size=4, gpus=2)
LAUNCH = Launch(
    cell=CELL,
    protocol=Protocol(warmup_steps=1, measured_steps=2),
    launch=0,
    status=Status.OK,
    device="NVIDIA A100",
    step_seconds=(0.2, 0.25),
    cautions=(Caution(CautionKind.MIXED_DEVICES, "mixed"),),
    ranks=(
        RankRecord(
            rank=0,
            host="node1",
            step_seconds=(0.2, 0.2),
            all_reduce_seconds=(0.01, 0.02, 0.09),
        ),
        RankRecord(rank=1, host="node2", device="NVIDIA H100", step_seconds=(0.16, 0.25)),
    ),
)


def reported(launch: Launch) -> ReportedRun:
    """A run of this launch, assembled."""
    return assemble([make_run(launch)]).runs[0]


def test_each_rank_has_a_row() -> None:
    """Its own steps, its host and its device; what it has not is a dash."""
    table = ranks_table(reported(LAUNCH))
    cell = CELL.id

    assert table is not None
    assert table.rows == [
        (cell, "0", "0", "node1", "NVIDIA A100", "40.00", "200.00", "200.00", "2", "20.00", "m"),
        (cell, "0", "1", "node2", "NVIDIA H100", "41.00", "205.00", "250.00", "2", "-", "m"),
    ]


def test_the_notes_say_how_far_ranks_are_apart() -> None:
    """20 % in either step, and an all-reduce of 20 ms in a step of 225 ms."""
    assert rank_notes(reported(LAUNCH)) == [
        "training-amp-bs4-2gpu, launch 0: ranks 20.0% apart in a step; all-reduce alone 8.9% of one"
    ]


def test_launches_of_one_rank_have_no_table() -> None:
    """Nor a launch whose ranks never came to be."""
    alone = replace(LAUNCH, ranks=())

    assert ranks_table(reported(alone)) is None
    assert rank_notes(reported(alone)) == []


def test_a_rank_that_never_stepped_has_dashes() -> None:
    """A launch that failed in its startup still names its ranks."""
    bare = replace(LAUNCH, ranks=(RankRecord(rank=0, host="node1"),))
    table = ranks_table(reported(bare))

    assert table is not None
    assert table.rows[0][5:] == ("-", "-", "-", "0", "-", "m")
