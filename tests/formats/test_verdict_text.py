"""suite.formats.verdict: a verdict in words."""

from builders import make_cell, make_result

from suite.analysis.verdict import JudgedCell, Standing, Verdict
from suite.formats.verdict import verdict_text
from suite.model.launch import Caution, CautionKind, Status
from suite.model.run import DamagedRecord

DOUBTS = (Caution(CautionKind.CONTENDED, "why"), Caution(CautionKind.UNSTEADY, "why"))


def judged(batch_size: int, ratio: float, standing: Standing, *doubts: Caution) -> JudgedCell:
    """A cell of this batch size."""
    return JudgedCell(
        make_result(make_cell(batch_size=batch_size), 0.1, cautions=doubts), ratio, standing
    )


def test_every_cell_that_a_verdict_turns_on_is_named() -> None:
    """Losses come first, then doubts, then what is missing; a cell that is well needs no word."""
    verdict = Verdict(
        limit=0.9,
        judged=(
            judged(1, 0.95, Standing.REACHED),
            judged(2, 0.95, Standing.REACHED, *DOUBTS),
            judged(4, 0.5, Standing.BELOW),
            judged(8, 0.5, Standing.UNDECIDED, *DOUBTS),
            judged(16, 1.5, Standing.UNDECIDED, DOUBTS[0]),
        ),
        failed=(make_result(make_cell(batch_size=32)),),
        unfinished=(make_result(make_cell(batch_size=64), 0.1, planned_launches=3),),
        not_run=("inference-fp32-bs128-1gpu",),
        skipped=(
            make_result(make_cell(batch_size=256), status=Status.SKIPPED, reason="needs 9 GPUs"),
        ),
        damaged=(DamagedRecord("cells/x.0.json", "is not JSON; remove the file"),),
    )

    both = "contended, unsteady"
    assert verdict_text(verdict).splitlines() == [
        "below 0.9x: inference-fp32-bs4-1gpu: 0.500x",
        f"undecided: inference-fp32-bs8-1gpu: 0.500x is below 0.9x, but is in doubt: {both}",
        "undecided: inference-fp32-bs16-1gpu: 1.50x reaches 0.9x, but is in doubt: contended",
        f"reached in spite of a doubt: inference-fp32-bs2-1gpu: 0.950x: {both}",
        "failed: inference-fp32-bs32-1gpu: crashed: why",
        "missing: inference-fp32-bs64-1gpu: not finished (1 of 3 launches ok)",
        "missing: inference-fp32-bs128-1gpu: not run",
        "cells/x.0.json: damaged: is not JSON; remove the file",
        "no failure: inference-fp32-bs256-1gpu: skipped: needs 9 GPUs",
        (
            "regression: 2 of 5 judged cells at 0.9x or more, 1 below, 2 in doubt; 3 failed or"
            " missing, 1 damaged"
        ),
    ]
